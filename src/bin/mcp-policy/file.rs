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
    /// Empty if there is no file yet.
    text: String,
    /// The mode of a file that does not exist yet.
    new_mode: u32,
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
        let folder = lock_folder(file, &path)?;
        let text = fs::read_to_string(&path).map_err(failed)?;
        Ok(Self { path, text, new_mode: 0, folder })
    }

    /// Opens a file for a change, or the place for one that does not exist yet.
    ///
    /// # Errors
    /// A sentence on why it cannot be read or locked.
    pub(crate) fn open_or_create(file: &str, new_mode: u32) -> Result<Self, String> {
        let path = Path::new(file);
        let name = path.file_name().filter(|_| file != "-").ok_or_else(|| format!("`{file}` names no file"))?;
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let parent =
            fs::canonicalize(parent).map_err(|error| format!("cannot read the folder of `{file}`: {error}"))?;
        let path = parent.join(name);
        // Another run may create it before this one has the lock, so the lock comes first.
        let folder = lock_folder(file, &path)?;
        if fs::symlink_metadata(&path).is_ok() {
            drop(folder);
            return Self::open(file);
        }
        Ok(Self { path, text: String::new(), new_mode, folder })
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
        let written =
            write(&temporary, text, &self.path, self.new_mode).and_then(|()| fs::rename(&temporary, &self.path));
        if written.is_err() {
            // It is of no use, and may not exist.
            let _ = fs::remove_file(&temporary);
        }
        written
            .and_then(|()| self.folder.sync_all())
            .map_err(|error| format!("cannot write `{}`: {error}", self.path.display()))
    }
}

/// The folder of `path`, locked.
fn lock_folder(file: &str, path: &Path) -> Result<File, String> {
    let failed = |error: io::Error| format!("cannot lock the folder of `{file}`: {error}");
    let folder = File::open(path.parent().unwrap_or(Path::new("/"))).map_err(failed)?;
    folder.lock().map_err(failed)?;
    Ok(folder)
}

/// Writes a new file with the mode and owner of `old`, or with `new_mode` if that does not exist.
fn write(new: &Path, text: &str, old: &Path, new_mode: u32) -> io::Result<()> {
    let metadata = match fs::metadata(old) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        metadata => Some(metadata?),
    };
    let mut file = create(new, if metadata.is_some() { 0o600 } else { new_mode })?;
    if let Some(metadata) = metadata {
        file.set_permissions(metadata.permissions())?;
        keep_owner(&file, &metadata)?;
    }
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(unix)]
fn create(file: &Path, mode: u32) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    File::options().write(true).create_new(true).mode(mode).open(file)
}

#[cfg(not(unix))]
fn create(file: &Path, _: u32) -> io::Result<File> {
    File::create_new(file)
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
