//! What one run of the editor holds: the two files as they were read or saved last, the servers, and what they list.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use serde::Serialize;
use serde_json::Value;

use crate::{
    Stop, catalog::embedded::Catalog, file::Locked, schema, source::SourceFile, test::default_cases, tools::Sources,
};

use super::{listed::Listed, places};

/// One run of the editor.
pub(super) struct Session {
    /// The policy's file, as the user named it.
    pub(super) file: String,
    /// The case file beside it.
    pub(super) cases_file: String,
    /// The texts of both, as they were read or saved last: empty for a file that does not exist.
    pub(super) saved: Mutex<Texts>,
    /// The servers, to ask them again.
    sources: Sources,
    catalog: Catalog,
    listed: Mutex<Arc<Listed>>,
}

/// The texts of the policy's file and of the case file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Texts {
    pub(super) policy: String,
    pub(super) cases: String,
}

/// What the page needs once.
#[derive(Serialize)]
pub(super) struct Opened<'a> {
    file: &'a str,
    cases_file: &'a str,
    /// What the page starts with: what the file holds, or else a policy that denies everything.
    text: String,
    saved: Texts,
    #[serde(flatten)]
    listed: Arc<Listed>,
    schema: Value,
    /// The addresses of the servers, without paths: where a gateway would send its requests.
    upstreams: Vec<String>,
}

impl Session {
    /// Reads the files, and asks the servers.
    ///
    /// # Errors
    /// A file that cannot be read, of the policy or of a server.
    pub(super) fn new(file: &str, sources: Sources) -> Result<Self, Stop> {
        if file == "-" {
            return Err(Stop::usage("stdin cannot be edited; name a file"));
        }
        let servers = sources.read_everything()?;
        let cases_file = default_cases(file);
        let saved = Texts { policy: read(file)?, cases: read(&cases_file)? };
        let catalog = Catalog::load().map_err(Stop::usage)?;
        let listed = Mutex::new(Arc::new(Listed::new(servers, &catalog)));
        Ok(Self { file: file.to_owned(), cases_file, saved: Mutex::new(saved), sources, catalog, listed })
    }

    /// What the page needs once.
    pub(super) fn opened(&self) -> Opened<'_> {
        let (saved, listed) = (self.saved(), self.listed());
        let names: Vec<&str> = listed.servers().iter().map(|server| server.name.as_str()).collect();
        let is_empty = saved.policy.trim().is_empty();
        let text = if is_empty { places::initial_text(&names) } else { saved.policy.clone() };
        Opened {
            file: &self.file,
            cases_file: &self.cases_file,
            text,
            saved,
            listed,
            schema: schema::generate().to_value(),
            upstreams: self.sources.origins(),
        }
    }

    /// What the servers listed when they were asked last.
    pub(super) fn listed(&self) -> Arc<Listed> {
        Arc::clone(&self.listed.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Asks the servers again.
    ///
    /// # Errors
    /// A sentence on a file that cannot be read; what was listed before stays.
    pub(super) fn ask_again(&self) -> Result<Arc<Listed>, String> {
        let servers = self.sources.read_everything().map_err(|stop| stop.message)?;
        let listed = Arc::new(Listed::new(servers, &self.catalog));
        *self.listed.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&listed);
        Ok(listed)
    }

    /// The texts as they were read or saved last.
    pub(super) fn saved(&self) -> Texts {
        // A thread that panicked while it held them has changed nothing.
        self.saved.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads both files again.
    ///
    /// # Errors
    /// Why one cannot be read.
    pub(super) fn reload(&self) -> Result<Texts, String> {
        let texts = Texts {
            policy: read(&self.file).map_err(|stop| stop.message)?,
            cases: read(&self.cases_file).map_err(|stop| stop.message)?,
        };
        *self.saved.lock().unwrap_or_else(PoisonError::into_inner) = texts.clone();
        Ok(texts)
    }

    /// Writes both files, each whole or not at all, unless one of them is not as it was read.
    ///
    /// # Errors
    /// A sentence on what is in the way.
    pub(super) fn save(&self, new: Texts) -> Result<(), String> {
        let mut saved = self.saved.lock().unwrap_or_else(PoisonError::into_inner);
        // Neither is written if one has changed.
        for (file, text) in [(&self.file, &saved.policy), (&self.cases_file, &saved.cases)] {
            if read(file).map_err(|stop| stop.message)? != *text {
                return Err(changed(file));
            }
        }
        if new.cases != saved.cases {
            replace(&self.cases_file, &saved.cases, &new.cases)?;
            saved.cases = new.cases;
        }
        if new.policy != saved.policy {
            replace(&self.file, &saved.policy, &new.policy)?;
            saved.policy = new.policy;
        }
        Ok(())
    }
}

/// The mode of a file that the editor creates.
const NEW_MODE: u32 = 0o644;

/// Replaces a file, unless it is not as it was read.
fn replace(file: &str, old: &str, new: &str) -> Result<(), String> {
    let locked = Locked::open_or_create(file, NEW_MODE)?;
    if locked.text() == old { locked.replace(new) } else { Err(changed(file)) }
}

fn changed(file: &str) -> String {
    format!(
        "`{file}` has changed on disk since it was read; nothing was saved. Copy what you need, and load the file again"
    )
}

/// Refuses a file whose folder does not exist: what is written on the page could not be saved.
pub(super) fn check_folder(file: &str) -> Result<(), Stop> {
    let folder = Path::new(file).parent().filter(|folder| !folder.as_os_str().is_empty());
    match folder.filter(|folder| !folder.is_dir()) {
        Some(folder) => Err(Stop::usage(format!(
            "`{file}` could not be saved: there is no folder `{0}`; create it (`mkdir -p {0}`)",
            folder.display()
        ))),
        None => Ok(()),
    }
}

/// A file's text; empty if it does not exist.
fn read(file: &str) -> Result<String, Stop> {
    let path = Path::new(file);
    if !path.exists() && std::fs::symlink_metadata(path).is_err() {
        return Ok(String::new());
    }
    SourceFile::read(file).map(|source| source.text().to_owned()).map_err(Stop::usage)
}

#[cfg(test)]
mod tests {
    use std::{fs, path::PathBuf};

    use super::{Session, Sources, Texts, check_folder};

    /// A folder of its own, which goes when the test is over.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("mcp-policy-edit-{name}-{}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn file(&self, name: &str) -> String {
            self.0.join(name).display().to_string()
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn texts(policy: &str, cases: &str) -> Texts {
        Texts { policy: policy.to_owned(), cases: cases.to_owned() }
    }

    #[test]
    fn a_file_in_no_folder_is_refused_before_the_page_opens() {
        let folder = Folder::new("nowhere");
        let (file, parent) = (folder.file("none/p.json"), folder.file("none"));
        let refused = check_folder(&file).err().map(|stop| stop.message);
        let expected =
            format!("`{file}` could not be saved: there is no folder `{parent}`; create it (`mkdir -p {parent}`)");
        assert_eq!(refused, Some(expected));
        assert!(check_folder(&folder.file("p.json")).is_ok() && check_folder("p.json").is_ok());
    }

    #[test]
    fn files_are_written_whole_and_only_over_what_was_read() {
        let folder = Folder::new("save");
        let (file, cases) = (folder.file("p.json"), folder.file("p.cases.json"));
        let session = Session::new(&file, Sources::default()).map_err(|stop| stop.message).unwrap();
        assert_eq!(session.save(texts("{}", "")), Ok(()));
        assert!(!fs::exists(&cases).unwrap(), "no case was kept");
        assert_eq!(session.save(texts("{ }", "[]")), Ok(()));
        assert_eq!(
            (fs::read_to_string(&file).unwrap(), fs::read_to_string(&cases).unwrap()),
            ("{ }".into(), "[]".into())
        );
        for other in [&file, &cases] {
            fs::write(other, "another author").unwrap();
            let refused = session.save(texts("mine", "mine")).unwrap_err();
            assert!(refused.starts_with(&format!("`{other}` has changed on disk")), "{refused}");
            assert!([&file, &cases].iter().all(|file| fs::read_to_string(file).unwrap() != "mine"));
            let read = session.reload().unwrap();
            assert!(read.policy == "another author" || read.cases == "another author");
        }
        assert_eq!(session.save(texts("mine", "mine")), Ok(()));
        fs::remove_file(&file).unwrap();
        assert!(session.save(texts("again", "mine")).is_err(), "the file is gone");
    }
}
