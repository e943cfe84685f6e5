//! What becomes of one message under the rules that are enforced, and what those in shadow would have done.

use crate::budget::Work;

use super::{
    inspected::{Inspected, MessageKind, Outcome},
    inspection::Inspection,
    refusal::ResultRefusal,
    report::FinderCounts,
};

/// The rules that apply to one answer.
#[derive(Clone, Debug, Default)]
pub struct Inspections {
    /// Those that are enforced.
    pub enforced: Option<Inspection>,
    /// Those that only report.
    pub shadow: Option<Inspection>,
}

/// What the expressions may still do for one result: those of enforced rules, and those in shadow.
#[derive(Debug, Default)]
pub(super) struct ResultWork {
    enforced: Work,
    shadow: Work,
}

/// What was found in an answer so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResultReport {
    /// What was replaced, or refused.
    pub counts: FinderCounts,
    /// Why something was refused: the first reason.
    pub refusal: Option<ResultRefusal>,
    /// What rules in shadow would have replaced.
    pub shadow_counts: FinderCounts,
    /// Why they would have refused something.
    pub shadow_refusal: Option<ResultRefusal>,
}

/// What becomes of a message.
pub(super) enum Judged {
    Same,
    Rewritten(Vec<u8>),
    Refused(ResultRefusal),
}

impl Inspections {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.enforced.is_none() && self.shadow.is_none()
    }

    /// How long a message may be that is held: of rules in shadow, no longer than they look at.
    pub(super) fn max_bytes(&self) -> usize {
        let rules = self.enforced.as_ref().or(self.shadow.as_ref());
        rules.map_or(usize::MAX, |rules| rules.max_bytes)
    }

    /// The refusal of a longer message.
    pub(super) fn too_large(&self) -> ResultRefusal {
        let rules = self.enforced.as_ref().or(self.shadow.as_ref());
        rules.map_or(ResultRefusal::NoRoom, Inspection::too_large)
    }

    /// Judges one message, or another text, which no client can read as a message. What goes on in its place may be so many bytes longer
    /// as there is `room`.
    pub(super) fn judge(
        &self,
        data: &[u8],
        is_message: bool,
        room: usize,
        work: &ResultWork,
        report: &mut ResultReport,
    ) -> (Judged, Vec<MessageKind>) {
        let (mut judged, mut kinds) = (Judged::Same, Vec::new());
        if let Some(rules) = &self.enforced {
            let room = data.len().saturating_add(room);
            let inspected = inspect(rules, data, is_message, room, &work.enforced);
            report.counts.merge(&inspected.counts);
            judged = rules.judged(inspected.outcome, room);
            kinds = inspected.kinds;
            if let Judged::Refused(why) = &judged {
                report.refusal.get_or_insert_with(|| why.clone());
            }
        }
        if let Some(rules) = &self.shadow {
            // Rules in shadow come last, and change nothing: they get what enforced ones have left.
            work.shadow.limit_to(&work.enforced);
            let inspected = inspect(rules, data, is_message, usize::MAX, &work.shadow);
            report.shadow_counts.merge(&inspected.counts);
            let is_long = data.len() > rules.max_bytes;
            let refused = match rules.judged(inspected.outcome, usize::MAX) {
                _ if is_long => Some(rules.too_large()),
                Judged::Refused(why) => Some(why),
                Judged::Same | Judged::Rewritten(_) => None,
            };
            report.shadow_refusal = report.shadow_refusal.take().or(refused);
        }
        (judged, kinds)
    }
}

fn inspect(rules: &Inspection, data: &[u8], is_message: bool, room: usize, work: &Work) -> Inspected {
    let room = room.min(rules.max_rewritten());
    if !rules.has_finders() {
        return Inspected { kinds: Vec::new(), counts: FinderCounts::default(), outcome: Outcome::Same };
    }
    // No client reads another text as a message, but its logs and its user may see it.
    match std::str::from_utf8(data) {
        Ok(text) if !is_message => rules.inspect_text(text, work, room),
        _ => rules.inspect(data, work, room),
    }
}

impl Inspection {
    fn too_large(&self) -> ResultRefusal {
        ResultRefusal::TooLarge { pointer: self.max_pointer.clone(), max_bytes: self.max_bytes }
    }

    /// What becomes of a message by what an inspection says of it, if so many bytes may go on.
    fn judged(&self, outcome: Outcome, room: usize) -> Judged {
        Judged::Refused(match outcome {
            Outcome::Same => return Judged::Same,
            Outcome::Rewritten(text) => return Judged::Rewritten(text),
            Outcome::Denied(denial) => ResultRefusal::Denied(denial),
            Outcome::TooLong if room < self.max_rewritten() => ResultRefusal::NoRoom,
            Outcome::TooLong => {
                ResultRefusal::TooLong { pointer: self.max_pointer.clone(), max_bytes: self.max_rewritten() }
            }
            Outcome::TooMuchWork => ResultRefusal::TooMuchWork,
            Outcome::Unreadable => ResultRefusal::Unreadable,
        })
    }
}

impl ResultReport {
    /// Whether nothing was found and nothing was refused.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Adds another report.
    pub fn merge(&mut self, other: Self) {
        self.counts.merge(&other.counts);
        self.shadow_counts.merge(&other.shadow_counts);
        self.refusal = self.refusal.take().or(other.refusal);
        self.shadow_refusal = self.shadow_refusal.take().or(other.shadow_refusal);
    }
}
