//! Every text of one message, by the strict reader: also those that only programs read, such as `_meta` and the names of members.
//!
//! Not looked at are `jsonrpc`, `id` and `method`, and the `data` of images and audio in `content` and the `blob` of binary resources,
//! if they are canonical base64.

mod texts;

use std::{borrow::Cow, ops::Range};

use crate::{
    budget::Work,
    json::{Fault, KnownNames, NameComparison, Reader, ValueType},
};

use super::{
    edit::{self, Text},
    inspected::{Inspected, MessageKind, Outcome},
    inspection::Inspection,
    joined::Joined,
    observer::{FindObserver, NoObserver},
    report::FinderCounts,
};

/// A message that nests deeper is not read.
const MAX_DEPTH: u32 = 128;
/// The members of a message that clients act on.
const ENVELOPE: KnownNames<'_> = KnownNames::new(&["jsonrpc", "id", "method", "params", "result", "error"]);
/// Members whose value has no shape that the protocol knows: any string in it is a text.
const FREE: [&str; 5] = ["structuredContent", "_meta", "arguments", "input", "metadata"];
/// Members that hold content items, or the contents of resources, one or several: only their `data` and `blob` are bytes.
const ITEMS: [&str; 3] = ["content", "contents", "resource"];
/// Bytes of an id that are kept.
const MAX_ID: usize = 258;

impl Inspection {
    /// Inspects one message, or several in an array. `work` is what the expressions may take for the whole answer, and `room` how many
    /// bytes may go on in its place.
    #[must_use]
    pub fn inspect(&self, message: &[u8], work: &Work, room: usize) -> Inspected {
        self.inspect_with(message, work, room, &mut NoObserver)
    }

    /// The same, and an observer learns of each find.
    pub(super) fn inspect_with(
        &self,
        message: &[u8],
        work: &Work,
        room: usize,
        observer: &mut impl FindObserver,
    ) -> Inspected {
        let mut walk = Walk {
            inspection: self,
            work,
            observer,
            texts: Vec::new(),
            joined: Joined::default(),
            is_key_open: false,
            kinds: Vec::new(),
            counts: FinderCounts::default(),
            denied_by: None,
            is_exhausted: false,
        };
        let is_readable = walk.read(message).is_ok();
        walk.look_at_last_seams();
        let outcome = match walk.denied_by {
            _ if !is_readable => Outcome::Unreadable,
            Some(number) => self.denial(number).map_or(Outcome::Unreadable, Outcome::Denied),
            None if walk.is_exhausted => Outcome::TooMuchWork,
            None => edit::rewrite(message, &walk.texts, self, room),
        };
        Inspected { kinds: walk.kinds, counts: walk.counts, outcome }
    }

    /// Inspects a text that is not a message. Its replacement, of at most `room` bytes, or why it is refused.
    #[must_use]
    pub fn inspect_text(&self, text: &str, work: &Work, room: usize) -> Inspected {
        let mut counts = FinderCounts::default();
        let outcome = match self.find(text.as_bytes(), false, work) {
            Err(_) => Outcome::TooMuchWork,
            Ok(found) => {
                found.finds.iter().filter_map(|find| self.finder(find.finder)).for_each(|finder| counts.add(finder));
                let denied = found.finds.iter().find(|find| self.replacement(find.finder).is_none());
                match denied.and_then(|find| self.denial(find.finder)) {
                    Some(denial) => Outcome::Denied(denial),
                    None if found.finds.is_empty() => Outcome::Same,
                    None => Text { span: 0..0, text: text.into(), finds: found.finds }.rewritten(self, room),
                }
            }
        };
        Inspected { kinds: Vec::new(), counts, outcome }
    }
}

/// One pass over a message.
struct Walk<'i, 'm, O> {
    inspection: &'i Inspection,
    work: &'i Work,
    observer: &'i mut O,
    /// The texts that hold finds, and all that a reader sees one after the other.
    texts: Vec<Text<'m>>,
    /// Of these, the last ones.
    joined: Joined,
    /// Whether the last of those ends inside a private key.
    is_key_open: bool,
    kinds: Vec<MessageKind>,
    counts: FinderCounts,
    /// The first finder that refuses the message, by its number.
    denied_by: Option<usize>,
    is_exhausted: bool,
}

/// What a string is the value of.
#[derive(Clone, Copy)]
struct Place<'n> {
    /// The name of its member; in an array it is empty, except that of [`ITEMS`].
    name: &'n str,
    /// Whether the protocol says what the members around it mean.
    has_shape: bool,
}

/// The members of an object that say what its bytes are.
#[derive(Default)]
struct Item<'m> {
    kind: Option<Cow<'m, str>>,
    media_type: Option<Cow<'m, str>>,
    /// The number of its text.
    data: Option<usize>,
    /// Where it begins, and its text.
    blob: Option<(usize, Cow<'m, str>)>,
}

impl<'m, O: FindObserver> Walk<'_, 'm, O> {
    fn read(&mut self, message: &'m [u8]) -> Result<(), Fault> {
        let mut reader = Reader::new(message, MAX_DEPTH)?;
        match reader.value_type()? {
            ValueType::Array => reader.elements(|reader| self.read_message(reader))?,
            _ => self.read_message(&mut reader)?,
        }
        reader.finish()?;
        reader.name_fault().map_or(Ok(()), |fault| Err(fault.clone()))
    }

    fn read_message(&mut self, reader: &mut Reader<'m>) -> Result<(), Fault> {
        if reader.value_type()? != ValueType::Object {
            return self.read_value(reader, Place { name: "", has_shape: false });
        }
        let mut kind = MessageKind::default();
        reader.members(NameComparison::Unmistakable(&ENVELOPE), |reader, name| match &*name {
            "jsonrpc" => reader.skip().map(drop),
            "method" => {
                kind.has_method = true;
                reader.skip().map(drop)
            }
            "id" => {
                let is_id = matches!(reader.value_type()?, ValueType::String | ValueType::Number);
                let token = reader.skip()?;
                let token = std::str::from_utf8(token).ok().filter(|token| is_id && token.len() <= MAX_ID);
                kind.id = token.map(str::to_owned);
                Ok(())
            }
            _ => self.read_member(reader, &name, true),
        })?;
        self.kinds.push(kind);
        Ok(())
    }

    fn read_member(&mut self, reader: &mut Reader<'m>, name: &str, has_shape: bool) -> Result<(), Fault> {
        self.look_at_name(name, reader.position());
        self.read_value(reader, Place { name, has_shape: has_shape && !FREE.contains(&name) })
    }

    fn read_value(&mut self, reader: &mut Reader<'m>, place: Place<'_>) -> Result<(), Fault> {
        match reader.value_type()? {
            ValueType::String => {
                let (span, text) = read_string(reader)?;
                self.look_at_text(span, text, place);
                Ok(())
            }
            ValueType::Number => {
                let start = reader.position();
                let token = reader.skip()?;
                self.look_at_number(start, token);
                Ok(())
            }
            ValueType::Object => self.read_object(reader, place),
            ValueType::Array => {
                let name = if ITEMS.contains(&place.name) { place.name } else { "" };
                let element = Place { name, ..place };
                reader.elements(|reader| self.read_value(reader, element))
            }
            ValueType::Bool | ValueType::Null => reader.skip().map(drop),
        }
    }

    fn read_object(&mut self, reader: &mut Reader<'m>, place: Place<'_>) -> Result<(), Fault> {
        if !place.has_shape {
            return reader.members(NameComparison::Distinct, |reader, name| self.read_member(reader, &name, false));
        }
        let mut item = Item::default();
        reader.members(NameComparison::Distinct, |reader, name| {
            if reader.value_type()? != ValueType::String {
                return self.read_member(reader, &name, true);
            }
            let (span, text) = read_string(reader)?;
            match &*name {
                "data" => {
                    item.data = Some(self.texts.len());
                    self.texts.push(Text { span, text, finds: Vec::new() });
                }
                "blob" => item.blob = Some((span.start, text)),
                name => {
                    match name {
                        "type" => item.kind = Some(text.clone()),
                        "mimeType" => item.media_type = Some(text.clone()),
                        _ => self.look_at_name(name, span.start),
                    }
                    self.look_at_text(span, text, Place { name, has_shape: true });
                }
            }
            Ok(())
        })?;
        let is_item = ITEMS.contains(&place.name);
        if let Some(number) = item.data {
            let is_media = matches!(item.kind.as_deref(), Some("image" | "audio"));
            self.look_at_data(number, is_media && is_item);
        }
        if let Some((at, blob)) = item.blob {
            self.look_at_blob(at, &blob, item.media_type.as_deref().filter(|_| is_item));
        }
        Ok(())
    }
}

fn read_string<'m>(reader: &mut Reader<'m>) -> Result<(Range<usize>, Cow<'m, str>), Fault> {
    let start = reader.position();
    let text = reader.string()?;
    Ok((start..reader.end_position(), text))
}
