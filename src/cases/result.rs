//! The answer to a call of a case, as the policy's `results` judge it.

use crate::{
    engine::results::ResultFilter,
    json::{self, Value},
    mcp::ResponseFormat,
    results::{FindPlace, LocatedFinds, MessagePart, ResultReport, ResultRequest, ResultStream},
};

/// What becomes of the answer to a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerReport {
    /// What happens to it.
    pub outcome: AnswerOutcome,
    /// The message that the client gets.
    pub text: String,
    /// What was found.
    pub report: ResultReport,
    /// What each entry of the policy found, and where.
    pub finds: Vec<LocatedFinds>,
}

/// What happens to an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerOutcome {
    /// It goes on as it is.
    Unchanged,
    /// It goes on with texts replaced.
    Redacted,
    /// An error takes its place.
    Refused,
}

impl AnswerOutcome {
    /// The outcomes as a case file writes them.
    pub const NAMED: [(&'static str, Self); 3] =
        [("unchanged", Self::Unchanged), ("redacted", Self::Redacted), ("refused", Self::Refused)];

    /// The outcome as a case file writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Unchanged => "unchanged",
            Self::Redacted => "redacted",
            Self::Refused => "refused",
        }
    }
}

/// The id of an answer that is given without one.
const ID: &str = "1";

/// Judges an answer: a message, or the result in one.
pub(super) fn judge(filter: Option<Box<ResultFilter>>, answer: &str) -> AnswerReport {
    let message = if is_message(answer) {
        answer.to_owned()
    } else {
        format!(r#"{{"jsonrpc":"2.0","id":{ID},"result":{}}}"#, answer.trim())
    };
    let Some(ResultFilter { request, inspections, .. }) = filter.map(|filter| *filter) else {
        let (outcome, report) = (AnswerOutcome::Unchanged, ResultReport::default());
        return AnswerReport { outcome, text: message, report, finds: Vec::new() };
    };
    let request = ResultRequest { ids: vec![ID.to_owned()], ..request };
    let rules = [inspections.enforced.clone(), inspections.shadow.clone()];
    let mut stream = ResultStream::new(request, inspections, Some(ResponseFormat::Json));
    let mut out = stream.push(message.as_bytes(), usize::MAX);
    out.extend(stream.end());
    let report = stream.take_report();
    let text = String::from_utf8_lossy(&out).into_owned();
    let outcome = match &report.refusal {
        Some(_) => AnswerOutcome::Refused,
        None if text == message => AnswerOutcome::Unchanged,
        None => AnswerOutcome::Redacted,
    };
    // A message that is refused unread has no finds.
    let are_counted = [!report.counts.is_empty(), !report.shadow_counts.is_empty()];
    let rules = rules.iter().zip(are_counted).filter(|(_, is_counted)| *is_counted);
    let finds = rules.filter_map(|(rules, _)| rules.as_ref()).flat_map(|rules| rules.locate(message.as_bytes()));
    let finds = finds.collect();
    AnswerReport { outcome, text, report, finds }
}

fn is_message(text: &str) -> bool {
    let node = json::parse(text.as_bytes(), 128);
    matches!(node.map(|node| node.value), Ok(Value::Object(members)) if members.iter().any(|member| member.name == "jsonrpc"))
}

impl AnswerReport {
    /// What becomes of the answer and why, a line each.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        lines.extend(self.finds.iter().map(find_line));
        let by = |why: &crate::results::ResultRefusal| format!("refused by {}: {}", why.rule(), why.reason());
        lines.push(match &self.report.refusal {
            Some(why) => format!("the answer is {}", by(why)),
            None => format!("the answer is {}", self.outcome.name()),
        });
        if let Some(why) = &self.report.shadow_refusal {
            lines.push(format!("in shadow mode: the answer would be {}", by(why)));
        } else if !self.report.shadow_counts.is_empty() {
            lines.push("in shadow mode: the answer would be redacted".to_owned());
        }
        if self.outcome != AnswerOutcome::Unchanged {
            lines.push(format!("the client gets: {}", self.text));
        }
        lines
    }
}

/// Places of one entry that a line names.
const MAX_PLACES: usize = 8;

/// What an entry of the policy finds, and where; never the text.
fn find_line(finds: &LocatedFinds) -> String {
    let times = |count: usize| if count == 1 { "once".to_owned() } else { format!("{count} times") };
    let shown = finds.places.iter().take(MAX_PLACES);
    let mut places: Vec<String> = shown
        .map(|(place, count)| match count {
            1 => place_words(place),
            count => format!("{} ({})", place_words(place), times(*count)),
        })
        .collect();
    let more = finds.places.len().saturating_sub(MAX_PLACES);
    if more > 0 {
        places.push(format!("{more} more places"));
    }
    let LocatedFinds { entry, finder, count, .. } = finds;
    format!("{entry}: finds `{finder}` in the answer, {}: at {}", times(*count), places.join(", "))
}

fn place_words(place: &FindPlace) -> String {
    let pointer = &place.pointer;
    match place.part {
        MessagePart::Value => format!("`{pointer}`"),
        MessagePart::Name => format!("the name of `{pointer}`, which cannot be replaced"),
        MessagePart::Blob => format!("the data of `{pointer}`, which cannot be replaced"),
    }
}
