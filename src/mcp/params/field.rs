//! A member that may be absent or of another type: what that means depends on the method, which may come behind it.

use std::borrow::Cow;

use crate::{
    json::{Fault, Reader, ValueType},
    mcp::refusal_text,
};

/// A member that should hold a `T`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::mcp) enum Field<T> {
    #[default]
    Absent,
    /// A value of another type.
    WrongType,
    Present(T),
}

/// URIs, and ids of tasks, of one `subscriptions/listen`; product contract, section 3.1.
const MAX_SUBSCRIPTIONS: usize = 1000;

impl<'a> Field<Cow<'a, str>> {
    pub(super) fn into_string(self, place: &str) -> Result<Cow<'a, str>, String> {
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
    pub(super) fn into_list(self, member: &str, of: &str) -> Result<Vec<Cow<'a, str>>, String> {
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

pub(super) fn read_string<'a>(reader: &mut Reader<'a>, slot: &mut Field<Cow<'a, str>>) -> Result<(), Fault> {
    *slot = match reader.value_type()? {
        ValueType::String => Field::Present(reader.string()?),
        _ => reader.skip().map(|_| Field::WrongType)?,
    };
    Ok(())
}

pub(super) fn read_strings<'a>(reader: &mut Reader<'a>, slot: &mut Field<Vec<Cow<'a, str>>>) -> Result<(), Fault> {
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
