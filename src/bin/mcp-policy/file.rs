//! Files that verbs change: whole or not at all, and never two changes at once.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    process,
};

/// A file that no other run of this command changes.
pub(crate) struct Locked {
    /// The file itself: behind a symbolic link, what that names.
    path: PathBuf,
    text: String,
    /// The folder, locked until this is dropped. The file itself is replaced, and a lock on it would be replaced with it.
    folder: File,
}

impl Locked {
    /// Opens a file for a change; waits until no other run holds it.
    ///
    /// # Errors
    /// A sentence on why it cannot be read or locked.
    pub(crate) fn open(file: &str) -> Result<Self, String> {
        if file == "-" {
            return Err("stdin cannot be changed; name a file".to_owned());
        }
        let failed = |error: io::Error| format!("cannot read `{file}`: {error}");
        let path = fs::canonicalize(file).map_err(failed)?;
        let folder = File::open(path.parent().unwrap_or(Path::new("/"))).map_err(failed)?;
        folder.lock().map_err(|error| format!("cannot lock the folder of `{file}`: {error}"))?;
        let text = fs::read_to_string(&path).map_err(failed)?;
        Ok(Self { path, text, folder })
    }

    /// What the file holds.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Replaces the file. A reader sees the old text or the new one; mode and owner stay.
    ///
    /// # Errors
    /// A sentence on why it cannot be written; then the old file is still there.
    pub(crate) fn replace(self, text: &str) -> Result<(), String> {
        let mut name = self.path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.tmp", process::id()));
        let temporary = self.path.with_file_name(name);
        let written = write(&temporary, text, &self.path).and_then(|()| fs::rename(&temporary, &self.path));
        if written.is_err() {
            // It is of no use, and may not exist.
            let _ = fs::remove_file(&temporary);
        }
        written
            .and_then(|()| self.folder.sync_all())
            .map_err(|error| format!("cannot write `{}`: {error}", self.path.display()))
    }
}

/// Writes a new file with the mode and owner of `old`.
fn write(new: &Path, text: &str, old: &Path) -> io::Result<()> {
    let metadata = fs::metadata(old)?;
    let mut file = File::create_new(new)?;
    file.set_permissions(metadata.permissions())?;
    keep_owner(&file, &metadata)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(unix)]
fn keep_owner(file: &File, old: &fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    let new = file.metadata()?;
    if (new.uid(), new.gid()) == (old.uid(), old.gid()) {
        Ok(())
    } else {
        fchown(file, Some(old.uid()), Some(old.gid()))
    }
}

#[cfg(not(unix))]
fn keep_owner(_: &File, _: &fs::Metadata) -> io::Result<()> {
    Ok(())
}
