//! The oracle: what reaches a server must be what every reader that accepts it reads.

use super::{
    effect::Act,
    lenient::{self, READERS},
    request::Request,
    scripts::SCRIPTS,
    subject_under_test::{End, Ours},
};

/// A reader that would do something else than we let through.
#[derive(Clone, Debug)]
pub(crate) struct Disagreement {
    /// Which request of those that were compared.
    pub(crate) index: usize,
    /// The reader.
    pub(crate) reader: &'static str,
    /// What we took the request for.
    pub(crate) ours: Vec<Act>,
    /// What the reader would do.
    pub(crate) theirs: Vec<Act>,
}

/// What came of some requests.
#[derive(Debug, Default)]
pub(crate) struct Compared {
    /// For each request, what becomes of it under each policy.
    pub(crate) ends: Vec<Vec<End>>,
    /// For each reader, how many it would have carried out that we refused to read.
    pub(crate) spared: Vec<(&'static str, usize)>,
    /// Where we are wrong.
    pub(crate) disagreements: Vec<Disagreement>,
}

/// Asks every reader about every request.
pub(crate) fn compare(ours: &Ours, requests: &[Request]) -> Compared {
    let mut compared =
        Compared { ends: requests.iter().map(|request| ours.judge(request)).collect(), ..Compared::default() };
    for reader in &READERS {
        compared.with(reader.name, requests.iter().map(|request| reader.read(request)));
    }
    compared.with("serde_json", requests.iter().map(lenient::serde_json));
    compared.with("headers", requests.iter().map(lenient::headers));
    for script in &SCRIPTS {
        compared.with(script.name, script.read(requests).into_iter());
    }
    compared
}

impl Compared {
    fn with(&mut self, reader: &'static str, read: impl Iterator<Item = Option<Vec<Act>>>) {
        let mut spared = 0;
        for (index, theirs) in read.enumerate() {
            let Some(theirs) = theirs else { continue };
            let ends = self.ends.get(index).into_iter().flatten();
            let mut refused = false;
            for end in ends {
                match end {
                    End::Forwarded(ours) if !are_same(ours, &theirs) => {
                        let (ours, theirs) = (ours.clone(), theirs.clone());
                        self.disagreements.push(Disagreement { index, reader, ours, theirs });
                        break;
                    }
                    End::Forwarded(_) | End::Judged(_) => {}
                    End::Refused => refused = true,
                }
            }
            spared += usize::from(refused && theirs.iter().any(|act| act.method.is_some()));
        }
        self.spared.push((reader, spared));
    }
}

/// Whether a reader does what we expect, message by message, and nothing else.
fn are_same(ours: &[Act], theirs: &[Act]) -> bool {
    ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| is_same(ours, theirs))
}

fn is_same(ours: &Act, theirs: &Act) -> bool {
    if ours.method.is_none() {
        return theirs.method.is_none();
    }
    // Only the rules of this tool look at arguments.
    let arguments =
        ours.about.as_deref() != Some("pay") || (&ours.amount, &ours.payee) == (&theirs.amount, &theirs.payee);
    (&ours.method, &ours.about, &ours.id) == (&theirs.method, &theirs.about, &theirs.id) && arguments
}
