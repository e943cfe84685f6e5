//! Every text of one message, by the strict reader: also those that only programs read, such as `_meta` and the names of members.
//!
//! Not looked at are `jsonrpc`, `id` and `method`, and the `data` of images and audio and the `blob` of binary resources, if they are
//! canonical base64.

use std::{borrow::Cow, ops::Range};

use crate::{
    budget::Work,
    json::{Fault, KnownNames, NameComparison, Reader, ValueType},
    policy::BuiltIn,
};

use super::{
    edit::{self, Text},
    find::{decode_base64, is_aws_secret_name, is_secret_key},
    inspected::{Inspected, MessageKind, Outcome},
    inspection::{Inspection, insert},
    joined::Tail,
    media::{is_binary, is_canonical_base64},
    observer::{FindObserver, MessagePart, NoObserver},
    report::FinderCounts,
    scan::Find,
};

/// A message that nests deeper is not read.
const MAX_DEPTH: u32 = 128;
/// The members of a message that clients act on.
const ENVELOPE: KnownNames<'_> = KnownNames::new(&["jsonrpc", "id", "method", "params", "result", "error"]);
/// Members whose value has no shape that the protocol knows: any string in it is a text.
const FREE: [&str; 4] = ["structuredContent", "_meta", "arguments", "metadata"];
/// Bytes of the shortest text that a format could be found in.
const MIN_TEXT: usize = 6;
/// Bytes of an id that are kept.
const MAX_ID: usize = 258;

impl Inspection {
    /// Inspects one message, or several in an array. `work` is what the expressions may take for the whole answer.
    #[must_use]
    pub fn inspect(&self, message: &[u8], work: &Work) -> Inspected {
        self.inspect_with(message, work, &mut NoObserver)
    }

    /// The same, and an observer learns of each find.
    pub(super) fn inspect_with(&self, message: &[u8], work: &Work, observer: &mut impl FindObserver) -> Inspected {
        let mut walk = Walk {
            inspection: self,
            work,
            observer,
            texts: Vec::new(),
            tail: Tail::default(),
            kinds: Vec::new(),
            counts: FinderCounts::default(),
            denied_by: None,
            is_exhausted: false,
        };
        let is_readable = walk.read(message).is_ok();
        let outcome = match walk.denied_by {
            _ if !is_readable => Outcome::Unreadable,
            Some(number) => self.denial(number).map_or(Outcome::Unreadable, Outcome::Denied),
            None if walk.is_exhausted => Outcome::TooMuchWork,
            None => edit::rewrite(message, &walk.texts, self).map_or(Outcome::Same, Outcome::Rewritten),
        };
        Inspected { kinds: walk.kinds, counts: walk.counts, outcome }
    }

    /// Inspects a text that is not a message. Its replacement, or why it is refused.
    #[must_use]
    pub fn inspect_text(&self, text: &str, work: &Work) -> Inspected {
        let mut counts = FinderCounts::default();
        let outcome = match self.find(text.as_bytes(), false, work) {
            Err(_) => Outcome::TooMuchWork,
            Ok(found) => {
                found.finds.iter().filter_map(|find| self.finder(find.finder)).for_each(|finder| counts.add(finder));
                let denied = found.finds.iter().find(|find| self.replacement(find.finder).is_none());
                match denied.and_then(|find| self.denial(find.finder)) {
                    Some(denial) => Outcome::Denied(denial),
                    None if found.finds.is_empty() => Outcome::Same,
                    None => {
                        let text = Text { span: 0..0, text: text.into(), finds: found.finds };
                        Outcome::Rewritten(text.replaced(self).into_bytes())
                    }
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
    tail: Tail,
    kinds: Vec<MessageKind>,
    counts: FinderCounts,
    /// The first finder that refuses the message, by its number.
    denied_by: Option<usize>,
    is_exhausted: bool,
}

/// What a string is the value of.
#[derive(Clone, Copy)]
struct Place<'n> {
    /// The name of its member; empty in an array.
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
            ValueType::Object => self.read_object(reader, place.has_shape),
            ValueType::Array => {
                let element = Place { name: "", ..place };
                reader.elements(|reader| self.read_value(reader, element))
            }
            ValueType::Bool | ValueType::Null => reader.skip().map(drop),
        }
    }

    fn read_object(&mut self, reader: &mut Reader<'m>, has_shape: bool) -> Result<(), Fault> {
        if !has_shape {
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
        if let Some(number) = item.data {
            let is_media = matches!(item.kind.as_deref(), Some("image" | "audio"));
            self.look_at_data(number, is_media);
        }
        if let Some((at, blob)) = item.blob {
            self.look_at_blob(at, &blob, item.media_type.as_deref());
        }
        Ok(())
    }

    fn look_at_text(&mut self, span: Range<usize>, text: Cow<'m, str>, place: Place<'_>) {
        let is_joined = place.name == "text" && place.has_shape;
        if !is_joined && text.len() < MIN_TEXT {
            return;
        }
        let is_in_key = is_joined && self.tail.is_key_open;
        let mut finds = self.find(text.as_bytes(), is_in_key);
        if let Some(number) = self.inspection.looks_for(BuiltIn::AwsKey)
            && is_aws_secret_name(place.name)
            && is_secret_key(text.as_bytes())
        {
            finds.finds = vec![Find { range: 0..text.len(), finder: number }];
        }
        self.count(&finds.finds, span.start, MessagePart::Value);
        if is_joined {
            self.join(span.start, &text).into_iter().for_each(|find| insert(&mut finds.finds, find));
            self.tail.is_key_open = finds.is_key_open;
        }
        if is_joined || !finds.finds.is_empty() {
            self.texts.push(Text { span, text, finds: finds.finds });
        }
    }

    /// Looks at the `data` of an object whose other members are known now.
    fn look_at_data(&mut self, number: usize, is_media: bool) {
        let text = self.texts.get_mut(number).map(|data| std::mem::take(&mut data.text)).unwrap_or_default();
        if !is_media || !is_canonical_base64(text.as_bytes()) {
            let finds = self.find(text.as_bytes(), false).finds;
            let at = self.texts.get(number).map_or(0, |data| data.span.start);
            self.count(&finds, at, MessagePart::Value);
            if let Some(data) = self.texts.get_mut(number) {
                data.finds = finds;
            }
        }
        if let Some(data) = self.texts.get_mut(number) {
            data.text = text;
        }
    }

    /// Looks at the seams between a text and those before it, and returns what is in the text of finds that cross them.
    fn join(&mut self, at: usize, text: &str) -> Vec<Find> {
        let number = self.texts.len();
        let Ok(parts) = self.tail.push(number, text.as_bytes(), self.inspection, self.work) else {
            self.is_exhausted = true;
            return Vec::new();
        };
        let (mut own, mut counted) = (Vec::new(), None);
        for part in parts {
            let at = self.texts.get(part.text).map_or(at, |known| known.span.start);
            if counted == Some(part.find.finder) {
                self.observer.goes_on(part.find.finder, at);
            } else {
                self.count(std::slice::from_ref(&part.find), at, MessagePart::Value);
                counted = Some(part.find.finder);
            }
            match self.texts.get_mut(part.text) {
                Some(known) => insert(&mut known.finds, part.find),
                None => own.push(part.find),
            }
        }
        own
    }

    /// A number cannot hold a text, but it can be that of a card.
    fn look_at_number(&mut self, start: usize, token: &'m [u8]) {
        if token.len() < 13 || self.inspection.looks_for(BuiltIn::CreditCard).is_none() {
            return;
        }
        let finds = self.find(token, false).finds;
        if !finds.is_empty() {
            self.count(&finds, start, MessagePart::Value);
            let span = start..start.saturating_add(token.len());
            self.texts.push(Text { span, text: String::from_utf8_lossy(token), finds });
        }
    }

    /// A name cannot be replaced: others would not find the member.
    fn look_at_name(&mut self, name: &str, at: usize) {
        if name.len() >= MIN_TEXT {
            let finds = self.find(name.as_bytes(), false).finds;
            self.count(&finds, at, MessagePart::Name);
            self.refuse(&finds);
        }
    }

    /// A blob cannot be replaced: it has a length and a checksum elsewhere.
    fn look_at_blob(&mut self, at: usize, blob: &str, media_type: Option<&str>) {
        let is_canonical = is_canonical_base64(blob.as_bytes());
        if is_canonical && media_type.is_some_and(is_binary) {
            return;
        }
        let decoded =
            if is_canonical { Cow::Owned(decode_base64(blob.as_bytes())) } else { Cow::Borrowed(blob.as_bytes()) };
        let finds = self.find(&decoded, false).finds;
        self.count(&finds, at, MessagePart::Blob);
        self.refuse(&finds);
    }

    fn find(&mut self, text: &[u8], in_key: bool) -> super::inspection::TextFinds {
        if self.is_exhausted {
            return super::inspection::TextFinds::default();
        }
        self.inspection.find(text, in_key, self.work).unwrap_or_else(|_| {
            self.is_exhausted = true;
            super::inspection::TextFinds::default()
        })
    }

    fn count(&mut self, finds: &[Find], at: usize, part: MessagePart) {
        for find in finds {
            self.observer.found(find.finder, at, part);
            if let Some(finder) = self.inspection.finder(find.finder) {
                self.counts.add(finder);
            }
            if self.inspection.replacement(find.finder).is_none() {
                self.denied_by.get_or_insert(find.finder);
            }
        }
    }

    fn refuse(&mut self, finds: &[Find]) {
        if let (None, Some(find)) = (self.denied_by, finds.first()) {
            self.denied_by = Some(find.finder);
        }
    }
}

fn read_string<'m>(reader: &mut Reader<'m>) -> Result<(Range<usize>, Cow<'m, str>), Fault> {
    let start = reader.position();
    let text = reader.string()?;
    Ok((start..reader.end_position(), text))
}
