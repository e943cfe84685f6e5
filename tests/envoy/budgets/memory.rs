//! The memory of a process while something happens to it.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

/// Watches a process until it is dropped.
pub(crate) struct Memory {
    process: u32,
    before: u64,
    most: Arc<AtomicU64>,
    is_over: Arc<AtomicBool>,
}

impl Memory {
    pub(crate) fn watch(process: u32) -> Self {
        let before = resident(process);
        let (most, is_over) = (Arc::new(AtomicU64::new(before)), Arc::new(AtomicBool::new(false)));
        let (seen, over) = (Arc::clone(&most), Arc::clone(&is_over));
        thread::spawn(move || {
            while !over.load(Ordering::Relaxed) {
                seen.fetch_max(resident(process), Ordering::Relaxed);
                thread::sleep(Duration::from_millis(20));
            }
        });
        Self { process, before, most, is_over }
    }

    /// What it has now, in KiB.
    pub(crate) fn now(&self) -> u64 {
        resident(self.process)
    }

    /// By how much it has grown at most, in KiB.
    pub(crate) fn growth(&self) -> u64 {
        self.most.load(Ordering::Relaxed) - self.before
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

/// Kibibytes of memory that a process has; 0 if it has ended.
fn resident(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}
