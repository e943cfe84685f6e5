//! A whole text as a tree: for the configuration, and for arguments that a rule reads.

use std::borrow::Cow;

use super::{Fault, NameComparison, Reader, Reason, ValueType};

/// A value and its offset in the text.
#[derive(Clone, Debug, PartialEq)]
pub struct Node<'a> {
    /// Offset of its first byte; 0 if there is no text (a protobuf `Struct`).
    pub at: usize,
    /// The value.
    pub value: Value<'a>,
}

/// A JSON value. Numbers stay as they are written.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as written.
    Number(Cow<'a, str>),
    /// A string, unescaped.
    String(Cow<'a, str>),
    /// An array.
    Array(Vec<Node<'a>>),
    /// An object, its members in order; names may repeat if the reader does not compare them.
    Object(Vec<Member<'a>>),
}

/// A member of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Member<'a> {
    /// Offset of its name.
    pub at: usize,
    /// Its name, unescaped.
    pub name: Cow<'a, str>,
    /// Its value.
    pub node: Node<'a>,
}

impl<'a> Node<'a> {
    /// The first member of an object with a name; `None` if there is none, or for another value.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&Node<'a>> {
        let Value::Object(members) = &self.value else { return None };
        members.iter().find(|member| member.name == name).map(|member| &member.node)
    }

    /// The text of a string; `None` for another value.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// Takes the first member `$schema` out of an object, if it is a string. It names a JSON Schema for editors.
    pub fn remove_schema(&mut self) {
        let Value::Object(members) = &mut self.value else { return };
        let is_schema = |member: &Member<'_>| member.name == "$schema" && matches!(member.node.value, Value::String(_));
        if let Some(index) = members.iter().position(is_schema) {
            members.remove(index);
        }
    }
}

/// Reads a whole text into a tree.
///
/// ```
/// # use mcp_policy::json::{Value, parse};
/// let node = parse(br#"{"amount": 10.50}"#, 8)?;
/// let Value::Object(members) = node.value else { return Ok(()) };
/// assert_eq!(members[0].node.value, Value::Number("10.50".into()), "a number keeps its digits");
/// assert!(parse(br#"{"amount": 010}"#, 8).is_err(), "not RFC 8259");
/// # Ok::<(), mcp_policy::json::Fault>(())
/// ```
///
/// # Errors
/// The first thing that is not strict JSON. Names that repeat are kept: the caller says where they are allowed.
pub fn parse(bytes: &[u8], max_depth: u32) -> Result<Node<'_>, Fault> {
    let mut reader = Reader::new(bytes, max_depth)?;
    let node = Node::read(&mut reader)?;
    reader.finish()?;
    Ok(node)
}

impl<'a> Node<'a> {
    /// Reads the next value of `reader` into a tree.
    ///
    /// # Errors
    /// The first thing in it that is not strict JSON.
    pub fn read(reader: &mut Reader<'a>) -> Result<Self, Fault> {
        let mut left = usize::MAX;
        Self::read_at_most(reader, &mut left)
    }

    /// The same for a value that holds so many values at most, itself included; `left` is how many more it could hold. A
    /// value takes 20 bytes of memory in the module, and two on the wire.
    ///
    /// # Errors
    /// It holds more values, with [`Reason::TooMany`], or is not strict JSON.
    pub fn read_at_most(reader: &mut Reader<'a>, left: &mut usize) -> Result<Self, Fault> {
        let at = reader.position();
        *left = left.checked_sub(1).ok_or(Fault { at, reason: Reason::TooMany })?;
        let value = match reader.value_type()? {
            ValueType::Object => {
                let mut members = Vec::new();
                reader.members(NameComparison::Unchecked, |reader, name| {
                    let at = reader.name_position();
                    Node::read_at_most(reader, left).map(|node| members.push(Member { at, name, node }))
                })?;
                Value::Object(members)
            }
            ValueType::Array => {
                let mut elements = Vec::new();
                reader.elements(|reader| Node::read_at_most(reader, left).map(|node| elements.push(node)))?;
                Value::Array(elements)
            }
            ValueType::String => Value::String(reader.string()?),
            ValueType::Number => Value::Number(number_text(reader.skip()?)),
            ValueType::Bool => Value::Bool(reader.skip()? == b"true"),
            ValueType::Null => reader.skip().map(|_| Value::Null)?,
        };
        Ok(Self { at, value })
    }

    /// What kind of value this is.
    #[must_use]
    pub fn value_type(&self) -> ValueType {
        match self.value {
            Value::Null => ValueType::Null,
            Value::Bool(_) => ValueType::Bool,
            Value::Number(_) => ValueType::Number,
            Value::String(_) => ValueType::String,
            Value::Array(_) => ValueType::Array,
            Value::Object(_) => ValueType::Object,
        }
    }
}

/// The bytes of a number that the reader has checked: ASCII.
fn number_text(bytes: &[u8]) -> Cow<'_, str> {
    Cow::Borrowed(std::str::from_utf8(bytes).unwrap_or_default())
}
