//! Who learns where each find is: those who ask why an answer would be changed. The module asks nothing.

/// What of a value a find is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MessagePart {
    /// The text of a string, or a number.
    Value,
    /// The name of its member.
    Name,
    /// What a blob holds, decoded.
    Blob,
}

impl MessagePart {
    /// The name that programs read.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Value => "value",
            Self::Name => "name",
            Self::Blob => "blob",
        }
    }
}

/// Learns where each find is, for people who ask why. Places are those where values begin, in bytes.
pub(super) trait FindObserver {
    /// The finder with this number has found something.
    fn found(&mut self, finder: usize, at: usize, part: MessagePart);

    /// What it found last goes on in the text here.
    fn goes_on(&mut self, finder: usize, at: usize);
}

/// Learns nothing.
pub(super) struct NoObserver;

impl FindObserver for NoObserver {
    fn found(&mut self, _: usize, _: usize, _: MessagePart) {}

    fn goes_on(&mut self, _: usize, _: usize) {}
}
