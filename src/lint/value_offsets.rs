//! The offset of each JSON pointer in its text.

use std::collections::HashMap;

use crate::json::{Node, Value};

pub(super) use crate::json::pointer::member as child;

/// The offset of every value of a document, by its pointer.
#[derive(Debug, Default)]
pub(super) struct ValueOffsets(HashMap<String, usize>);

impl ValueOffsets {
    pub(super) fn new(document: &Node<'_>) -> Self {
        let mut offsets = Self::default();
        offsets.add(String::new(), document.at, document);
        offsets
    }

    /// The offset of a pointer; 0 if the document does not have it.
    pub(super) fn at(&self, pointer: &str) -> usize {
        self.0.get(pointer).copied().unwrap_or_default()
    }

    /// Whether the document has it.
    pub(super) fn has(&self, pointer: &str) -> bool {
        self.0.contains_key(pointer)
    }

    fn add(&mut self, pointer: String, at: usize, node: &Node<'_>) {
        match &node.value {
            Value::Object(members) => {
                for member in members {
                    // A long value is found more easily by its key.
                    let nested = matches!(member.node.value, Value::Object(_) | Value::Array(_));
                    let at = if nested { member.at } else { member.node.at };
                    self.add(child(&pointer, &member.name), at, &member.node);
                }
            }
            Value::Array(nodes) => {
                for (index, node) in nodes.iter().enumerate() {
                    self.add(format!("{pointer}/{index}"), node.at, node);
                }
            }
            _ => {}
        }
        self.0.insert(pointer, at);
    }
}
