//! `params`: the members that policies decide on. Other members are checked and skipped.

mod field;
mod name_list;
mod target;

use std::{borrow::Cow, mem};

use self::{
    field::{read_string, read_strings},
    name_list::NameList,
    target::{RESOURCE, RESOURCES, TASKS, check_name, check_uri},
};
use crate::json::{Fault, KnownNames, NameComparison, Reader, ValueType};

pub use self::target::{MAX_NAME, MAX_URI, Target};
pub(super) use self::{field::Field, target::is_target_name};

use super::{MethodClass, refusal_text};

/// The `_meta` member in which a 2026-07-28 request names its revision.
pub(super) const VERSION: &str = "io.modelcontextprotocol/protocolVersion";

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
