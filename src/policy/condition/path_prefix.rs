//! `path_within`: paths under folders, absolute or joined to a base.
//!
//! Links are not resolved and nothing is looked up: this compares texts, and the server opens files. A server whose
//! file system ignores case reads `/ETC` as `/etc`; that is why folders are for `require` rather than for `deny_if`.

/// Folders, each with a `/` at its end.
#[derive(Clone, Debug)]
pub struct AllowedFolders {
    folders: Vec<String>,
    /// Where a relative path starts: the folder in which the server runs.
    base: Option<String>,
}

impl AllowedFolders {
    /// Takes folders that [`read_folder`] has made.
    pub(super) fn new(folders: Vec<String>, base: Option<String>) -> Self {
        Self { folders, base }
    }

    /// All folders, in the order of the policy.
    pub fn folders(&self) -> impl Iterator<Item = &str> {
        self.folders.iter().map(String::as_str)
    }

    /// The folder to which relative paths are joined.
    #[must_use]
    pub fn base(&self) -> Option<&str> {
        self.base.as_deref()
    }

    /// Whether a path is one of the folders or lies under one; `None` if the text is not a path to compare.
    pub(super) fn contains_path(&self, text: &str) -> Option<bool> {
        let path = match &self.base {
            Some(base) if !text.starts_with('/') => normalize(&join_base(base, text)?)?,
            _ => normalize(text)?,
        };
        Some(self.folders.iter().any(|folder| path.starts_with(folder.as_str())))
    }
}

/// A folder as a policy writes it: already normal, with or without a `/` at its end.
pub(super) fn read_folder(text: &str) -> Option<String> {
    let normal = normalize(text)?;
    (text == normal || normal.strip_suffix('/') == Some(text)).then_some(normal)
}

/// A relative path behind its base; `None` for one that some server takes for a home folder (`~`), a drive or a URL, or
/// trims.
fn join_base(base: &str, text: &str) -> Option<String> {
    let first = text.split('/').next()?;
    let is_relative = !first.is_empty() && !first.starts_with('~') && !first.contains(':') && text.trim() == text;
    is_relative.then(|| [base, text].concat())
}

/// An absolute path without `.`, `..` and empty parts, with a `/` at its end; `None` for any other text.
///
/// As POSIX resolves a path, but for links: `..` at the root stays there (4.16, Pathname Resolution). `\` separates on
/// some systems, `%` begins an escape that some servers decode once more, and a NUL ends the text in C. Some servers trim
/// white space, so a last part such as `.. ` becomes `..`.
fn normalize(text: &str) -> Option<String> {
    let plain = text.trim() == text && !text.contains(|c: char| c == '\\' || c == '%' || c.is_control());
    if !text.starts_with('/') || !plain {
        return None;
    }
    let mut path = String::with_capacity(text.len().saturating_add(1));
    path.push('/');
    for part in text.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                // Cuts the last part off but keeps the `/` before it; the root stays.
                let parent = path.strip_suffix('/').and_then(|path| path.rfind('/')).unwrap_or(0);
                path.truncate(parent.saturating_add(1));
            }
            part => {
                path.push_str(part);
                path.push('/');
            }
        }
    }
    Some(path)
}
