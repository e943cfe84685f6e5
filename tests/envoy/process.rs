//! Programs beside the test: started with a log, watched, and ended with the test, however that ends.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// How much of a program's log a failing test shows.
const TAIL_LINES: usize = 40;

/// One program, ended when this is dropped or when the test process ends in whatever way.
pub(crate) struct Process {
    child: Mutex<Child>,
    /// An interrupted test run drops nothing. This shell waits for the end of its input, which comes when this process
    /// ends in whatever way, and then ends the program.
    watchdog: Child,
    log: PathBuf,
}

impl Process {
    /// Starts a program that writes all it has to say into `log`.
    ///
    /// # Errors
    /// Why it does not start.
    pub(crate) fn start(command: &mut Command, log: PathBuf) -> io::Result<Self> {
        let output = File::create(&log)?;
        let child = command.stdout(output.try_clone()?).stderr(output).spawn()?;
        let watchdog = Command::new("sh")
            .args(["-c", "read -r _; kill -KILL \"$0\"", &child.id().to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell");
        Ok(Self { child: Mutex::new(child), watchdog, log })
    }

    /// How the program ended, if it has.
    pub(crate) fn ended(&self) -> Option<ExitStatus> {
        self.child().try_wait().expect("the state of a child process")
    }

    /// The program's number.
    pub(crate) fn id(&self) -> u32 {
        self.child().id()
    }

    /// Everything that it has written.
    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// The end of what it has written, for people.
    pub(crate) fn log_tail(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        let tail = lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n");
        format!("The end of {}:\n{tail}", self.log.display())
    }

    /// The child process, whether or not a test has panicked meanwhile.
    fn child(&self) -> MutexGuard<'_, Child> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The watchdog first: once the program is gone its number may be another process's.
        for child in [&mut self.watchdog, &mut *self.child.lock().unwrap_or_else(PoisonError::into_inner)] {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// An empty folder for the files of one test; they stay after it, to be looked at.
pub(crate) fn fresh_folder(name: &str) -> PathBuf {
    let folder = target().join("e2e").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder for the test");
    folder
}

/// Cargo's folder for everything that is built.
pub(crate) fn target() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("cargo's target folder")
}
