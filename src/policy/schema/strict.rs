//! What `"arguments": "strict"` asks of arguments besides that they fit the schema.

use crate::{
    json::{Decimal, Member, Node, Value},
    policy::path::Segment,
};

use super::{
    Additional, Members, Sent, Unfit,
    applied::Applied,
    check::{KEPT, NUMBER, Walk},
};

/// What a text must not be where the schema names no type: servers of the Python SDK read what it holds.
const NO_TEXT: &str = "the value itself, not a text that holds it, since the schema names no type";

static NO_MEMBERS: Members = Members { properties: Vec::new(), required: Vec::new(), additional: Additional::Open };

impl Walk<'_> {
    /// What `strict` asks besides: nothing that no schema names, and nothing that some server would read as another value.
    pub(super) fn close(self, applied: &Applied<'_>, value: &Node<'_>, level: usize) -> Result<(), Unfit> {
        match &value.value {
            Value::Number(text) => {
                self.work.charge(NUMBER)?;
                if Decimal::kept_by_double(text).is_none() {
                    return self.fail("", &value.value, || KEPT.to_owned());
                }
            }
            Value::String(text) if level == 1 => {
                self.work.charge(text.len())?;
                if holds_json(text) && !applied.names_type(self.work)? {
                    return self.fail("", &value.value, || NO_TEXT.to_owned());
                }
            }
            Value::Array(elements) if !applied.names_elements(self.work)? => {
                self.check_elements(&[], elements, level, &[])?;
            }
            Value::Object(members) => self.close_object(applied, members, level)?,
            Value::Null | Value::Bool(_) | Value::String(_) | Value::Array(_) => {}
        }
        Ok(())
    }

    fn close_object(self, applied: &Applied<'_>, members: &[Member<'_>], level: usize) -> Result<(), Unfit> {
        if applied.describes_others(self.work)? {
            return Ok(());
        }
        // If the schema names no member at all, the object is one value of whatever form.
        let is_closed = level == 0 || applied.names_some_member(self.work)?;
        for member in members {
            let name = &*member.name;
            if applied.names_member(name, self.work)? {
                continue;
            }
            if is_closed {
                let named = applied.own_members().unwrap_or(&NO_MEMBERS);
                return self.fail_at("properties", name, Sent::Unnamed, named);
            }
            let checked = self.check(Applied::new(&[]), &member.node, level.saturating_add(1), true);
            checked.map_err(|unfit| unfit.below(&[], None, Some(&|| Segment::Key(name.to_owned()))))?;
        }
        Ok(())
    }
}

/// Whether a server that parses texts reads another value in it: the Python SDK does where a parameter is not a text, unless the
/// value is a number or a boolean.
fn holds_json(text: &str) -> bool {
    let text = text.trim();
    let is_in = |open, close| text.starts_with(open) && text.ends_with(close);
    text == "null" || is_in('[', ']') || is_in('{', '}')
}
