//! A scheduler for threads that is fair to none: of those that wait, it lets one go on, by a list of choices. Nothing
//! moves until all who are still there wait, so the same choices give the same run.

use std::{
    collections::BTreeSet,
    sync::{Condvar, Mutex},
};

/// Threads that take turns.
#[derive(Debug)]
pub(crate) struct Scheduler {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    /// How many are still there.
    alive: usize,
    /// Those that wait, by the name of their thread.
    waiting: BTreeSet<String>,
    chosen: Option<String>,
    choices: Vec<usize>,
    made: usize,
}

impl Scheduler {
    /// For `alive` threads; each of the choices picks one of those that wait, over and over.
    pub(crate) fn new(alive: usize, choices: Vec<usize>) -> Self {
        let state = State { alive, waiting: BTreeSet::new(), chosen: None, choices, made: 0 };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Waits for this thread's turn.
    pub(crate) fn wait(&self) {
        let Some(me) = std::thread::current().name().map(str::to_owned).filter(|name| name.starts_with(PLAYER)) else {
            return;
        };
        let mut state = self.state.lock().expect("no holder panics");
        state.waiting.insert(me.clone());
        state.choose();
        self.changed.notify_all();
        state = self.changed.wait_while(state, |state| state.chosen.as_ref() != Some(&me)).expect("no holder panics");
        state.waiting.remove(&me);
        state.chosen = None;
    }

    /// This thread is done.
    pub(crate) fn leave(&self) {
        let mut state = self.state.lock().expect("no holder panics");
        state.alive -= 1;
        state.choose();
        self.changed.notify_all();
    }
}

/// What the names of threads that take turns begin with; the others never wait.
pub(crate) const PLAYER: &str = "player ";

impl State {
    fn choose(&mut self) {
        if self.chosen.is_some() || self.waiting.len() < self.alive || self.waiting.is_empty() {
            return;
        }
        let choice = self.choices.get(self.made % self.choices.len().max(1)).copied().unwrap_or(0);
        self.made += 1;
        self.chosen = self.waiting.iter().nth(choice % self.waiting.len()).cloned();
    }
}
