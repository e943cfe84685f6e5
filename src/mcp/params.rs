//! `params`: the members that policies decide on. Other members are checked and skipped.

use std::{borrow::Cow, mem};

use crate::{
    json::{self, Fault, KnownNames, NameComparison, Reader, ValueType},
    text::has_control,
};

use super::{MethodClass, refusal_text};

/// The `_meta` member in which a 2026-07-28 request names its revision.
pub(super) const VERSION: &str = "io.modelcontextprotocol/protocolVersion";

/// How many names of arguments are kept, for audit records, and how long they may be, in bytes.
const MAX_ARGUMENT_NAMES: usize = 32;
const MAX_ARGUMENT_NAME: usize = 64;

/// Room for the names of the arguments of most calls, in bytes.
const USUAL_NAMES: usize = 128;

/// Members of `params` that servers act on, in any revision.
const PARAMS: KnownNames<'_> = KnownNames::new(&[
    "_meta",
    "argument",
    "arguments",
    "capabilities",
    "clientInfo",
    "context",
    "cursor",
    "inputResponses",
    "level",
    "name",
    "notifications",
    "protocolVersion",
    "ref",
    "requestId",
    "requestState",
    "task",
    "taskId",
    "uri",
]);

/// Members of `params.ref`.
const REFERENCE: KnownNames<'_> = KnownNames::new(&["type", "name", "uri"]);

/// Members of `params.notifications` that servers act on.
const NOTIFICATIONS: KnownNames<'_> = KnownNames::new(&["resourceSubscriptions", "taskIds"]);

/// Members of `_meta` that servers act on.
const META: KnownNames<'_> = KnownNames::new(&[
    VERSION,
    "io.modelcontextprotocol/clientCapabilities",
    "io.modelcontextprotocol/clientInfo",
    "io.modelcontextprotocol/logLevel",
    "progressToken",
]);

/// A member that should hold a `T`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Field<T> {
    #[default]
    Absent,
    /// A value of another type.
    WrongType,
    Present(T),
}

/// What a message calls, gets or reads: what policies name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// Nothing with a name.
    Nothing,
    /// A tool, by `params.name`.
    Tool(Cow<'a, str>),
    /// A prompt, by `params.name` or `params.ref.name`.
    Prompt(Cow<'a, str>),
    /// A resource, by `params.uri` or `params.ref.uri`.
    Resource(Cow<'a, str>),
    /// What a client listens to, by `params.notifications`.
    Subscriptions {
        /// The URIs of resources, in `resourceSubscriptions`.
        resources: Vec<Cow<'a, str>>,
        /// The ids of tasks, in `taskIds`.
        tasks: Vec<Cow<'a, str>>,
    },
    /// A task, by `params.taskId`.
    Task(Cow<'a, str>),
}

/// The members of `params` as they were sent.
#[derive(Debug, Default)]
pub(super) struct Params<'a> {
    name: Field<Cow<'a, str>>,
    uri: Field<Cow<'a, str>>,
    task: Field<Cow<'a, str>>,
    reference_name: Field<Cow<'a, str>>,
    reference_uri: Field<Cow<'a, str>>,
    subscribed_resources: Field<Vec<Cow<'a, str>>>,
    subscribed_tasks: Field<Vec<Cow<'a, str>>>,
    /// The bytes of the object; `null` counts as absent.
    pub(super) arguments: Field<&'a [u8]>,
    pub(super) argument_names: NameList,
    pub(super) version: Field<Cow<'a, str>>,
    pub(super) traceparent: Field<Cow<'a, str>>,
    /// The bytes of the whole object.
    pub(super) bytes: &'a [u8],
    pub(super) meta_is_wrong: bool,
}

/// Names of arguments as a JSON list. It is made while they are read, since most are in it as they were sent.
#[derive(Debug, Default)]
pub(super) struct NameList {
    /// The list without its end, in UTF-8.
    text: Vec<u8>,
    count: usize,
}

impl NameList {
    /// Adds a name, which is borrowed if it was sent without escapes, and may then be written without them, too.
    fn push(&mut self, name: Cow<'_, [u8]>) {
        if self.count >= MAX_ARGUMENT_NAMES {
            return;
        }
        if self.count == 0 {
            self.text.reserve(USUAL_NAMES);
        }
        self.text.extend_from_slice(if self.count == 0 { b"[\"" } else { b",\"" });
        match name {
            Cow::Borrowed(name) if name.len() <= MAX_ARGUMENT_NAME => self.text.extend_from_slice(name),
            _ => {
                let name = std::str::from_utf8(&name).unwrap_or_default();
                let front = name.get(..name.floor_char_boundary(MAX_ARGUMENT_NAME)).unwrap_or_default();
                let quoted = json::quoted(front);
                let escaped = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or_default();
                self.text.extend_from_slice(escaped.as_bytes());
            }
        }
        self.text.push(b'"');
        self.count = self.count.saturating_add(1);
    }

    /// The list.
    pub(super) fn into_text(mut self) -> String {
        self.text.extend_from_slice(if self.count == 0 { b"[]" } else { b"]" });
        String::from_utf8(self.text).unwrap_or_default()
    }
}

impl<'a> Params<'a> {
    /// Reads the next object.
    pub(super) fn read(&mut self, reader: &mut Reader<'a>) -> Result<(), Fault> {
        let start = reader.position();
        reader.members_by_bytes(NameComparison::Unmistakable(&PARAMS), |reader, name| match &*name {
            b"name" => read_string(reader, &mut self.name),
            b"uri" => read_string(reader, &mut self.uri),
            b"taskId" => read_string(reader, &mut self.task),
            b"arguments" => self.read_arguments(reader),
            b"_meta" => self.read_meta(reader),
            b"ref" => self.read_reference(reader),
            b"notifications" => self.read_notifications(reader),
            _ => reader.skip().map(drop),
        })?;
        self.bytes = reader.bytes_since(start);
        Ok(())
    }

    fn read_arguments(&mut self, reader: &mut Reader<'a>) -> Result<(), Fault> {
        self.arguments = match reader.value_type()? {
            ValueType::Object => {
                let (start, names) = (reader.position(), &mut self.argument_names);
                reader.members_by_bytes(NameComparison::Distinct, |reader, name| {
                    names.push(name);
                    reader.skip().map(drop)
                })?;
                Field::Present(reader.bytes_since(start))
            }
            ValueType::Null => reader.skip().map(|_| Field::Absent)?,
            _ => reader.skip().map(|_| Field::WrongType)?,
        };
        Ok(())
    }

    fn read_meta(&mut self, reader: &mut Reader<'a>) -> Result<(), Fault> {
        if reader.value_type()? != ValueType::Object {
            self.meta_is_wrong = true;
            return reader.skip().map(drop);
        }
        reader.members(NameComparison::Unmistakable(&META), |reader, name| match &*name {
            VERSION => read_string(reader, &mut self.version),
            "traceparent" => read_string(reader, &mut self.traceparent),
            _ => reader.skip().map(drop),
        })
    }

    fn read_reference(&mut self, reader: &mut Reader<'a>) -> Result<(), Fault> {
        if reader.value_type()? != ValueType::Object {
            return reader.skip().map(drop);
        }
        reader.members(NameComparison::Unmistakable(&REFERENCE), |reader, name| match &*name {
            "name" => read_string(reader, &mut self.reference_name),
            "uri" => read_string(reader, &mut self.reference_uri),
            _ => reader.skip().map(drop),
        })
    }

    fn read_notifications(&mut self, reader: &mut Reader<'a>) -> Result<(), Fault> {
        if reader.value_type()? != ValueType::Object {
            self.subscribed_resources = Field::WrongType;
            return reader.skip().map(drop);
        }
        reader.members(NameComparison::Unmistakable(&NOTIFICATIONS), |reader, name| match &*name {
            "resourceSubscriptions" => read_strings(reader, &mut self.subscribed_resources),
            "taskIds" => read_strings(reader, &mut self.subscribed_tasks),
            _ => reader.skip().map(drop),
        })
    }

    /// The target of a message of this class.
    ///
    /// # Errors
    /// Which member is missing, of the wrong type, or not a valid name.
    pub(super) fn target(&mut self, class: MethodClass, task: bool) -> Result<Target<'a>, String> {
        if self.arguments == Field::WrongType {
            return Err(refusal_text::not_an_object("params.arguments"));
        }
        match class {
            MethodClass::Open if task => mem::take(&mut self.task)
                .into_string("params.taskId")
                .and_then(check_name("params.taskId"))
                .map(Target::Task),
            MethodClass::Open | MethodClass::Closed => Ok(Target::Nothing),
            MethodClass::Tool => mem::take(&mut self.name)
                .into_string("params.name")
                .and_then(check_name("params.name"))
                .map(Target::Tool),
            MethodClass::Prompt => mem::take(&mut self.name)
                .into_string("params.name")
                .and_then(check_name("params.name"))
                .map(Target::Prompt),
            MethodClass::Resource | MethodClass::Unsubscribe => mem::take(&mut self.uri)
                .into_string("params.uri")
                .and_then(check_uri("`params.uri`"))
                .map(Target::Resource),
            MethodClass::Listen => {
                let resources = mem::take(&mut self.subscribed_resources).into_list(RESOURCES, "URIs")?;
                let tasks = mem::take(&mut self.subscribed_tasks).into_list(TASKS, "ids")?;
                Ok(Target::Subscriptions {
                    resources: resources.into_iter().map(check_uri(RESOURCE)).collect::<Result<_, _>>()?,
                    tasks: tasks.into_iter().map(check_name(TASKS)).collect::<Result<_, _>>()?,
                })
            }
            MethodClass::Reference => match (mem::take(&mut self.reference_name), mem::take(&mut self.reference_uri)) {
                (name @ (Field::Present(_) | Field::WrongType), Field::Absent) => {
                    name.into_string("params.ref.name").and_then(check_name("params.ref.name")).map(Target::Prompt)
                }
                (Field::Absent, uri) => {
                    uri.into_string("params.ref.uri").and_then(check_uri("`params.ref.uri`")).map(Target::Resource)
                }
                _ => Err(refusal_text::REFERENCE.to_owned()),
            },
        }
    }
}

impl<'a> Field<Cow<'a, str>> {
    fn into_string(self, place: &str) -> Result<Cow<'a, str>, String> {
        match self {
            Self::Present(text) if text.is_empty() => Err(refusal_text::empty(place)),
            Self::Present(text) => Ok(text),
            Self::WrongType => Err(refusal_text::not_a_string(place)),
            Self::Absent => Err(refusal_text::missing(place)),
        }
    }
}

impl<'a> Field<Vec<Cow<'a, str>>> {
    /// The texts of a member that need not be there.
    fn into_list(self, member: &str, of: &str) -> Result<Vec<Cow<'a, str>>, String> {
        match self {
            Self::Absent => Ok(Vec::new()),
            Self::Present(texts) if texts.len() > MAX_SUBSCRIPTIONS => {
                Err(refusal_text::too_many(member, of, MAX_SUBSCRIPTIONS))
            }
            Self::Present(texts) => Ok(texts),
            Self::WrongType => Err(refusal_text::not_a_list(member, of)),
        }
    }
}

const RESOURCE: &str = "a URI of `params.notifications.resourceSubscriptions`";
const RESOURCES: &str = "params.notifications.resourceSubscriptions";
const TASKS: &str = "params.notifications.taskIds";
/// Longest URI in bytes; RFC 9110, section 4.1, recommends that all programs support 8,000.
pub const MAX_URI: usize = 8192;
/// URIs, and ids of tasks, of one `subscriptions/listen`; product contract, section 3.1.
const MAX_SUBSCRIPTIONS: usize = 1000;
/// Longest name in bytes; MCP 2025-11-25 recommends up to 128 characters.
pub const MAX_NAME: usize = 256;

/// Whether the name or URI of a target is one that requests may have.
pub(in crate::mcp) fn is_target_name(name: &str, is_uri: bool) -> bool {
    !name.is_empty() && if is_uri { name.len() <= MAX_URI } else { name.len() <= MAX_NAME && !has_control(name) }
}

fn check_name<'a>(place: &str) -> impl Fn(Cow<'a, str>) -> Result<Cow<'a, str>, String> {
    move |name| match &*name {
        long if long.len() > MAX_NAME => Err(refusal_text::long_name(place, MAX_NAME)),
        text if has_control(text) => Err(refusal_text::control_character(place)),
        _ => Ok(name),
    }
}

fn check_uri<'a>(place: &str) -> impl Fn(Cow<'a, str>) -> Result<Cow<'a, str>, String> {
    move |uri| match uri.len() {
        0..=MAX_URI => Ok(uri),
        _ => Err(refusal_text::long_uri(place, MAX_URI)),
    }
}

fn read_string<'a>(reader: &mut Reader<'a>, slot: &mut Field<Cow<'a, str>>) -> Result<(), Fault> {
    *slot = match reader.value_type()? {
        ValueType::String => Field::Present(reader.string()?),
        _ => reader.skip().map(|_| Field::WrongType)?,
    };
    Ok(())
}

fn read_strings<'a>(reader: &mut Reader<'a>, slot: &mut Field<Vec<Cow<'a, str>>>) -> Result<(), Fault> {
    if reader.value_type()? != ValueType::Array {
        *slot = Field::WrongType;
        return reader.skip().map(drop);
    }
    let mut found = Field::Present(Vec::new());
    reader.elements(|reader| {
        let mut one = Field::Absent;
        read_string(reader, &mut one)?;
        match (&mut found, one) {
            (Field::Present(texts), Field::Present(text)) => texts.push(text),
            _ => found = Field::WrongType,
        }
        Ok(())
    })?;
    *slot = found;
    Ok(())
}
