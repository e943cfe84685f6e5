//! What is looked for in each text of a message, and what becomes of the finds.

use std::{borrow::Cow, ops::Range};

use crate::policy::BuiltIn;

use super::{Place, Walk};
use crate::results::{
    edit::Text,
    find::{decode_base64, is_aws_secret_name, is_secret_key},
    inspection::{TextFinds, insert, intersect},
    joined::{self, Joined, Piece},
    media::{is_binary, is_canonical_base64},
    observer::{FindObserver, MessagePart},
    scan::Find,
};

/// Bytes of the shortest number that is that of a card.
const MIN_CARD: usize = 13;

impl<'m, O: FindObserver> Walk<'_, 'm, O> {
    pub(super) fn look_at_text(&mut self, span: Range<usize>, text: Cow<'m, str>, place: Place<'_>) {
        let is_joined = place.name == "text" && place.has_shape;
        if !is_joined && text.len() < self.inspection.min_text() {
            return;
        }
        let is_in_key = is_joined && self.is_key_open;
        let mut found = self.find(text.as_bytes(), is_in_key);
        if let Some(number) = self.inspection.number_of(BuiltIn::AwsKey)
            && is_aws_secret_name(place.name)
            && is_secret_key(text.as_bytes())
        {
            found.finds = vec![Find { range: 0..text.len(), finder: number }];
        }
        // The rest of a key was counted with its first line.
        let key = self.inspection.number_of(BuiltIn::PrivateKey);
        match found.finds.split_first() {
            Some((rest, others)) if is_in_key && rest.range.start == 0 && Some(rest.finder) == key => {
                self.observer.goes_on(rest.finder, span.start);
                self.count(others, span.start, MessagePart::Value);
            }
            _ => self.count(&found.finds, span.start, MessagePart::Value),
        }
        if is_joined || !found.finds.is_empty() {
            self.texts.push(Text { span, text, finds: found.finds });
        }
        if is_joined {
            self.is_key_open = found.is_key_open;
            self.join();
        }
    }

    /// Joins the last text to those before it.
    fn join(&mut self) {
        let Some(number) = self.texts.len().checked_sub(1) else { return };
        let Some(text) = self.texts.get(number).map(|last| last.text.as_bytes()) else { return };
        match joined::sides(text) {
            None => self.joined.push(number, text),
            Some((front, end, offset)) => {
                self.joined.push(number, front);
                let joined = std::mem::replace(&mut self.joined, Joined::behind(number, end, offset));
                self.look_at_seams(&joined);
            }
        }
    }

    /// Looks at the texts that were joined since the last long one.
    pub(super) fn look_at_last_seams(&mut self) {
        let joined = std::mem::take(&mut self.joined);
        self.look_at_seams(&joined);
    }

    fn look_at_seams(&mut self, joined: &Joined) {
        let mut pieces = joined.pieces.as_slice();
        if pieces.len() > 1 {
            for find in self.find(&joined.text, false).finds {
                if let Some(crossed) = Joined::crossed_by(&find, &mut pieces) {
                    self.add_crossing(joined, crossed, &find);
                }
            }
        }
    }

    /// Adds a find that crosses seams to each of its texts. It counts once, and not again if one of its texts showed it alone.
    fn add_crossing(&mut self, joined: &Joined, crossed: &[Piece], find: &Find) {
        let mut is_counted = crossed.iter().any(|piece| {
            let part = joined.part(piece, find);
            let is_same = |own: &Find| own.finder == part.finder && intersect(&own.range, &part.range).is_some();
            self.texts.get(piece.text).is_some_and(|known| known.finds.iter().any(is_same))
        });
        for piece in crossed {
            let Some(known) = self.texts.get_mut(piece.text) else { continue };
            let part = joined.part(piece, find);
            let is_inside = |own: &Find| own.range.start <= part.range.start && part.range.end <= own.range.end;
            let (at, is_new) = (known.span.start, !known.finds.iter().any(is_inside));
            if is_new {
                // Most texts get no other find.
                known.finds.reserve_exact(1);
                insert(&mut known.finds, part);
            }
            if !std::mem::replace(&mut is_counted, true) {
                self.count(std::slice::from_ref(find), at, MessagePart::Value);
            } else if is_new {
                self.observer.goes_on(find.finder, at);
            }
        }
        self.refuse_by(find.finder);
    }

    /// Looks at the `data` of an object whose other members are known now.
    pub(super) fn look_at_data(&mut self, number: usize, is_media: bool) {
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

    /// A number cannot hold a text, but it can be that of a card.
    pub(super) fn look_at_number(&mut self, start: usize, token: &'m [u8]) {
        if token.len() < MIN_CARD || self.inspection.number_of(BuiltIn::CreditCard).is_none() {
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
    pub(super) fn look_at_name(&mut self, name: &str, at: usize) {
        if name.len() >= self.inspection.min_text() {
            let finds = self.find(name.as_bytes(), false).finds;
            self.count(&finds, at, MessagePart::Name);
            self.refuse(&finds);
        }
    }

    /// A blob cannot be replaced: it has a length and a checksum elsewhere.
    pub(super) fn look_at_blob(&mut self, at: usize, blob: &str, media_type: Option<&str>) {
        let is_canonical = is_canonical_base64(blob.as_bytes());
        if is_canonical && media_type.is_some_and(is_binary) {
            return;
        }
        // Lenient clients decode what is not canonical, too, and others show it as it is.
        let mut finds = self.find(&decode_base64(blob.as_bytes()), false).finds;
        if finds.is_empty() && !is_canonical {
            finds = self.find(blob.as_bytes(), false).finds;
        }
        self.count(&finds, at, MessagePart::Blob);
        self.refuse(&finds);
    }

    fn find(&mut self, text: &[u8], in_key: bool) -> TextFinds {
        if self.is_exhausted {
            return TextFinds::default();
        }
        self.inspection.find(text, in_key, self.work).unwrap_or_else(|_| {
            self.is_exhausted = true;
            TextFinds::default()
        })
    }

    fn count(&mut self, finds: &[Find], at: usize, part: MessagePart) {
        for find in finds {
            self.observer.found(find.finder, at, part);
            if let Some(finder) = self.inspection.finder(find.finder) {
                self.counts.add(finder);
            }
            self.refuse_by(find.finder);
        }
    }

    /// Refuses the message if this finder does.
    fn refuse_by(&mut self, finder: usize) {
        if self.inspection.replacement(finder).is_none() {
            self.denied_by.get_or_insert(finder);
        }
    }

    fn refuse(&mut self, finds: &[Find]) {
        if let (None, Some(find)) = (self.denied_by, finds.first()) {
            self.denied_by = Some(find.finder);
        }
    }
}
