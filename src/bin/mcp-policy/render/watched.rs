//! Files that Envoy reads again when another one is moved into their place.

use std::{path::Path, str::FromStr};

use serde::Serialize;

/// A file that Envoy watches, as it is written in Envoy's configuration: relative to the folder in which Envoy starts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct WatchedFile {
    path: String,
    /// Its folder: Envoy sees the files that are moved into it.
    folder: String,
}

impl WatchedFile {
    pub(super) fn path(&self) -> &str {
        &self.path
    }
}

impl FromStr for WatchedFile {
    type Err = String;

    /// # Errors
    /// For a text that names no file.
    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || "not the path of a file".to_owned();
        let path = Path::new(text);
        if text.ends_with('/') || text.contains(char::is_control) || path.file_name().is_none() {
            return Err(expected());
        }
        let folder = path.parent().and_then(Path::to_str).ok_or_else(expected)?;
        let folder = if folder.is_empty() { "." } else { folder };
        Ok(Self { path: text.to_owned(), folder: folder.to_owned() })
    }
}

/// A folder with a file that Envoy watches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WatchedFolder(String);

impl WatchedFolder {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// The file of this name in the folder.
    ///
    /// # Errors
    /// If the name is not a file name.
    pub(super) fn file(&self, name: &str) -> Result<WatchedFile, String> {
        format!("{}/{name}", self.0.trim_end_matches('/')).parse()
    }
}

impl FromStr for WatchedFolder {
    type Err = String;

    /// # Errors
    /// For a text that names no folder.
    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() || text.contains(char::is_control) {
            return Err("not the path of a folder".to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::{WatchedFile, WatchedFolder};

    #[test]
    fn envoy_watches_the_folder_of_a_file() {
        for (path, folder) in [("a.json", "."), ("b/a.json", "b"), ("/a.json", "/"), ("/b/c/a.json", "/b/c")] {
            assert_eq!(path.parse(), Ok(WatchedFile { path: path.to_owned(), folder: folder.to_owned() }));
        }
        for path in ["", "a/", "/", "..", "a\nb"] {
            assert_eq!(path.parse::<WatchedFile>(), Err("not the path of a file".to_owned()), "{path:?}");
        }
    }

    #[test]
    fn a_file_is_in_its_folder() {
        for (folder, path) in [("d", "d/a.json"), ("/d/", "/d/a.json"), (".", "./a.json"), ("/", "/a.json")] {
            assert_eq!(folder.parse::<WatchedFolder>().unwrap().file("a.json").unwrap().path(), path);
        }
        assert!("".parse::<WatchedFolder>().is_err());
    }
}
