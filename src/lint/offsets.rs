//! Where in its text a JSON pointer leads.

use std::collections::HashMap;

use crate::json::{Node, Value};

/// The offset of every value of a document, by its pointer.
#[derive(Debug, Default)]
pub(super) struct Places(HashMap<String, usize>);

impl Places {
    pub(super) fn new(document: &Node<'_>) -> Self {
        let mut places = Self::default();
        places.add(String::new(), document.at, document);
        places
    }

    /// Where a pointer leads; the top of the document where it leads nowhere.
    pub(super) fn at(&self, pointer: &str) -> usize {
        self.0.get(pointer).copied().unwrap_or_default()
    }

    /// Whether it leads anywhere.
    pub(super) fn has(&self, pointer: &str) -> bool {
        self.0.contains_key(pointer)
    }

    fn add(&mut self, pointer: String, at: usize, node: &Node<'_>) {
        match &node.value {
            Value::Object(members) => {
                for member in members {
                    // What is long is better pointed at by its key.
                    let nested = matches!(member.node.value, Value::Object(_) | Value::Array(_));
                    let at = if nested { member.at } else { member.node.at };
                    self.add(below(&pointer, &member.name), at, &member.node);
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

/// The pointer of a member; RFC 6901.
pub(super) fn below(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"))
}
