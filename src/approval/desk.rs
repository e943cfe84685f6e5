//! The book and its texts, where all workers see them.

use crate::{
    store::{Event, QUESTIONS, Store, TEXTS, TRIES, Unavailable, Written, cell},
    time::Moment,
};

use super::{Book, Entry, Fingerprint, Full, Garbage, NotPending, Text};

#[cfg(test)]
mod tests;

/// Where questions are asked and answered.
#[derive(Clone, Copy, Debug)]
pub struct Desk<'s, S>(pub &'s S);

/// A question could not be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAsked {
    /// There are too many.
    Full,
    /// The book could not be read or written.
    Unavailable,
}

/// A question could not be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAnswered {
    /// There is none of this name, or its time is over.
    Unknown,
    /// Somebody was faster.
    Before,
    /// Nobody knows any more what it says.
    Lost,
    /// Whoever asks must not answer.
    Own,
    /// The book could not be read or written.
    Unavailable,
}

/// Who answers a question, and what.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// Whether the call may pass.
    pub yes: bool,
    /// The [`digest`](super::digest) of the approver's grant.
    pub grant: [u8; 32],
    /// The approver, as people may see it.
    pub approver: &'a str,
    /// What they say besides.
    pub note: &'a str,
}

impl<S: Store> Desk<'_, S> {
    /// All questions that are not over, in the order in which they were asked.
    ///
    /// # Errors
    /// The book cannot be read.
    pub fn entries(&self, now: Moment) -> Result<Vec<Entry>, Unavailable> {
        let book = Book::open(&self.0.read(QUESTIONS)?.bytes)?;
        Ok(book.entries(now).copied().collect())
    }

    /// How a question stands, if it was asked.
    ///
    /// # Errors
    /// The book cannot be read.
    pub fn find(&self, asked: Fingerprint, now: Moment) -> Result<Option<Entry>, Unavailable> {
        Ok(Book::open(&self.0.read(QUESTIONS)?.bytes)?.find(asked, now))
    }

    /// The cell with the text of a question, for [`Text::read`]; `None` if it cannot be read.
    #[must_use]
    pub fn text(&self, entry: &Entry) -> Option<Vec<u8>> {
        self.0.read(cell(&TEXTS, entry.slot)).ok().map(|stored| stored.bytes)
    }

    /// Asks a question, or finds how it stands. It waits for `life` seconds, and lives as long once it is answered.
    ///
    /// # Errors
    /// There are too many, or the book or its text cannot be written.
    pub fn ask(&self, text: &Text<'_>, asked: Fingerprint, life: u32, now: Moment) -> Result<Entry, NotAsked> {
        let entry = self.change(|book| book.ask(&text.question, asked, life, now).map_err(|Full| NotAsked::Full))?;
        // Also where it was asked before: whoever had the place until now may have been late to write.
        self.write(&entry, |known| known.is_none().then(|| text.to_bytes()))?;
        Ok(entry)
    }

    /// Uses a yes up, for one call.
    ///
    /// # Errors
    /// The book cannot be read or written; then it is not used up.
    pub fn take(&self, asked: Fingerprint, now: Moment) -> Result<Option<Entry>, Unavailable> {
        self.change(|book| Ok(book.take(asked, now)))
    }

    /// Gives back a yes whose call cannot have reached a server. Should that fail, it is lost, and nothing is owed.
    pub fn give_back(&self, taken: Entry, now: Moment) {
        let _: Result<(), Unavailable> = self.change(|book| {
            book.give_back(taken, now);
            Ok(())
        });
    }

    /// Answers a question.
    ///
    /// # Errors
    /// It does not wait for this answer, or the book cannot be written.
    pub fn answer(&self, id: [u8; 10], answer: &Answer<'_>, now: Moment) -> Result<Entry, NotAnswered> {
        let entries = self.entries(now)?;
        let entry = entries.iter().find(|entry| entry.id == id).ok_or(NotAnswered::Unknown)?;
        let bytes = self.text(entry).ok_or(NotAnswered::Unavailable)?;
        let text = Text::read(&bytes, entry.fingerprint).ok_or(NotAnswered::Lost)?;
        if text.question.grant == answer.grant {
            return Err(NotAnswered::Own);
        }
        let answered =
            self.change(|book| book.answer(id, answer.yes, now).map_err(|NotPending| NotAnswered::Before))?;
        // Only who has answered gets here, so nobody else signs. A call that comes in between finds no signature.
        let Answer { approver, note, .. } = *answer;
        let signed = |text: Text<'_>| Text { approver, note, ..text }.to_bytes();
        let _: Result<(), Unavailable> = self.write(&answered, |known| known.map(signed));
        Ok(answered)
    }

    /// Writes what `bytes` makes of the text that is known of a question, if it makes anything.
    fn write(&self, entry: &Entry, bytes: impl Fn(Option<Text<'_>>) -> Option<Vec<u8>>) -> Result<(), Unavailable> {
        let cell = cell(&TEXTS, entry.slot);
        for _ in 0..TRIES {
            let stored = self.0.read(cell)?;
            let Some(bytes) = bytes(Text::read(&stored.bytes, entry.fingerprint)) else { return Ok(()) };
            if self.0.write(cell, &bytes, stored.version)? == Written::Committed {
                return Ok(());
            }
        }
        Err(Unavailable)
    }

    /// One step of the book, on whatever thread.
    fn change<T, E: From<Unavailable>>(&self, step: impl Fn(&mut Book) -> Result<T, E>) -> Result<T, E> {
        for _ in 0..TRIES {
            let stored = self.0.read(QUESTIONS)?;
            let mut book = Book::open(&stored.bytes).map_err(Unavailable::from)?;
            let outcome = step(&mut book)?;
            let bytes = book.to_bytes();
            if bytes == stored.bytes || self.0.write(QUESTIONS, &bytes, stored.version)? == Written::Committed {
                return Ok(outcome);
            }
            self.0.note(Event::Conflict);
        }
        Err(Unavailable.into())
    }
}

impl From<Garbage> for Unavailable {
    fn from(Garbage: Garbage) -> Self {
        Self
    }
}

impl From<Unavailable> for NotAsked {
    fn from(Unavailable: Unavailable) -> Self {
        Self::Unavailable
    }
}

impl From<Unavailable> for NotAnswered {
    fn from(Unavailable: Unavailable) -> Self {
        Self::Unavailable
    }
}
