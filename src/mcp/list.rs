//! Lists without what may not be called: a server's answers as they pass, in JSON and in event streams. Product contract,
//! section 5.
//!
//! A pure state machine over chunks. Kept entries, and everything that is no list, stay byte for byte; what lists
//! nothing is not held back. A list that cannot be read becomes an error: it is never passed on.
//!
//! * [`ListFilter`] takes the chunks of one answer
//! * `message` trims one message, by `edit`s to its text
//! * `events` finds the messages of a stream, of which `shape` tells early what they are

mod edit;
mod events;
mod message;
mod sniff;

#[cfg(test)]
mod tests;

use super::{
    Code,
    answer::{self, Data},
};

use self::{events::Events, message::Unreadable};

/// What is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListKind {
    /// `tools/list`
    Tools,
    /// `prompts/list`
    Prompts,
    /// `resources/list`
    Resources,
    /// `resources/templates/list`
    Templates,
}

/// Tells whether an entry is shown, by what it is and its name, URI or URI template.
pub type IsVisible<'s> = &'s dyn Fn(ListKind, &str) -> bool;

/// What is known of the request whose answer is trimmed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListRequest {
    /// The ids of its requests, as they were sent. None where a stream was opened that answers others.
    pub ids: Vec<String>,
    /// Whether it was a batch.
    pub is_batch: bool,
    /// Whether answers tell how long they may be kept: revision 2026-07-28.
    pub is_cacheable: bool,
    /// Longer lists are not read, in bytes.
    pub max_bytes: usize,
}

/// Trims one answer.
#[derive(Clone, Debug)]
pub struct ListFilter {
    asked: ListRequest,
    form: Form,
}

#[derive(Clone, Debug)]
enum Form {
    /// One message, or an array of them: nothing of it goes on before its end.
    Json {
        text: Vec<u8>,
    },
    Events(Box<Events>),
    /// Nothing of it goes on.
    Refused(&'static str),
}

/// Something in a stream cannot be passed on, and nobody could be told: the stream has to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamAborted;

/// The members of a result that list something.
const LISTS: [&str; 4] = ["tools", "prompts", "resources", "resourceTemplates"];

impl ListKind {
    /// The list that a member of a result is.
    fn of(name: &str) -> Option<Self> {
        match name {
            "tools" => Some(Self::Tools),
            "prompts" => Some(Self::Prompts),
            "resources" => Some(Self::Resources),
            "resourceTemplates" => Some(Self::Templates),
            _ => None,
        }
    }

    /// The member of an entry that names it.
    fn key(self) -> &'static str {
        match self {
            Self::Tools | Self::Prompts => "name",
            Self::Resources => "uri",
            Self::Templates => "uriTemplate",
        }
    }

    /// The list that a method answers.
    #[must_use]
    pub fn by_method(method: &str) -> Option<Self> {
        match method {
            "tools/list" => Some(Self::Tools),
            "prompts/list" => Some(Self::Prompts),
            "resources/list" => Some(Self::Resources),
            "resources/templates/list" => Some(Self::Templates),
            _ => None,
        }
    }
}

impl ListFilter {
    /// Trims an answer that is JSON.
    #[must_use]
    pub fn json(asked: ListRequest) -> Self {
        Self { asked, form: Form::Json { text: Vec::new() } }
    }

    /// Trims an answer that is an event stream.
    #[must_use]
    pub fn events(asked: ListRequest) -> Self {
        Self { asked, form: Form::Events(Box::default()) }
    }

    /// Takes the next chunk, and answers what goes on now.
    ///
    /// # Errors
    /// The stream has to end.
    pub fn push(&mut self, chunk: &[u8], shows: IsVisible<'_>) -> Result<Vec<u8>, StreamAborted> {
        match &mut self.form {
            Form::Json { text } if text.len().saturating_add(chunk.len()) > self.asked.max_bytes => {
                self.form = Form::Refused(TOO_LONG);
            }
            Form::Json { text } => text.extend_from_slice(chunk),
            Form::Events(events) => return events.push(chunk, &self.asked, shows),
            Form::Refused(_) => {}
        }
        Ok(Vec::new())
    }

    /// What goes on at the end of the answer.
    ///
    /// # Errors
    /// The stream has to end.
    pub fn end(&mut self, shows: IsVisible<'_>) -> Result<Vec<u8>, StreamAborted> {
        match &mut self.form {
            Form::Json { text } if text.is_empty() => Ok(Vec::new()),
            Form::Json { text } => {
                let text = std::mem::take(text);
                Ok(match message::filter(&text, self.asked.is_cacheable, shows) {
                    Ok(trimmed) => trimmed.unwrap_or(text),
                    Err(why) => self.asked.refused(why.message()).into_bytes(),
                })
            }
            Form::Events(events) => events.end(&self.asked, shows),
            Form::Refused(why) => Ok(self.asked.refused(why).into_bytes()),
        }
    }
}

const TOO_LONG: &str = "the server's answer is longer than `lists.max_bytes`, so it was not passed on; \
    ask the operator to raise it, or the server's to list in pages";
const TOO_MANY_ENTRIES: &str = "a list in the server's answer has more than 100,000 entries, so it was not passed on; \
    ask the server's operator to list in pages";
const UNREADABLE: &str = "the server's answer is no JSON that all clients read alike, so the list in it was not passed \
    on; tell the server's operator";
/// Why an answer is refused that comes in another form.
pub const UNKNOWN_FORM: &str = "the server's answer is neither plain JSON nor a plain event stream, so the list in it was \
    not passed on; tell the server's operator";

impl Unreadable {
    fn message(self) -> &'static str {
        match self {
            Self::Ambiguous => UNREADABLE,
            Self::TooManyEntries => TOO_MANY_ENTRIES,
        }
    }
}

impl ListRequest {
    /// The answer in place of one that is not passed on.
    #[must_use]
    pub fn refused(&self, why: &str) -> String {
        let one = |id: &str| refused(Some(id), why);
        let all: Vec<String> = self.ids.iter().map(|id| one(id)).collect();
        match all.as_slice() {
            [only] if !self.is_batch => only.clone(),
            _ => format!("[{}]", all.join(",")),
        }
    }
}

/// An error in place of the answer to one request.
fn refused(id: Option<&str>, why: &str) -> String {
    let data = Data { kind: "refused", reason: why, ..Data::default() };
    answer::error(200, id, Code::Internal, &format!("Answer refused: {why}"), &data).body
}
