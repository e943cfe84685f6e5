//! Where the finds in a message are, for people who ask why an answer would be changed. Never what they are.

use std::collections::BTreeMap;

use crate::{
    budget::Work,
    json::{self, Node, Value, pointer},
};

use super::{
    inspected::Outcome,
    inspection::Inspection,
    observer::{FindObserver, MessagePart},
};

/// What one entry of the policy finds in a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocatedFinds {
    /// The entry: a JSON pointer into the policy.
    pub entry: Box<str>,
    /// The finder's name in records and statistics.
    pub finder: &'static str,
    /// How often it finds something.
    pub count: usize,
    /// Where, in the order of the message: each place once, so often as it is found there.
    pub places: Vec<(FindPlace, usize)>,
}

/// A place in a message.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FindPlace {
    /// A JSON pointer into the message. A name that holds a find is written `…` in it.
    pub pointer: String,
    /// What of the value there.
    pub part: MessagePart,
}

/// The finds so far: of each finder, the places of each find by their offset.
#[derive(Default)]
struct Places(BTreeMap<usize, Vec<Vec<(usize, MessagePart)>>>);

/// A message is read as deep as the inspection reads it.
const MAX_DEPTH: u32 = 128;

impl Inspection {
    /// Where each entry of the policy finds something in a message, in the order of the entries. Nothing if the message cannot be read.
    #[must_use]
    pub fn locate(&self, message: &[u8]) -> Vec<LocatedFinds> {
        let Ok(node) = json::parse(message, MAX_DEPTH) else { return Vec::new() };
        let mut places = Places::default();
        if let Outcome::Unreadable = self.inspect_with(message, &Work::default(), usize::MAX, &mut places).outcome {
            return Vec::new();
        }
        // What crosses texts is found behind what is in other ones.
        places.0.values_mut().for_each(|finds| finds.sort_by_key(|find| find.first().map(|(at, _)| *at)));
        let names: Vec<usize> = places.all().filter(|(_, part)| *part == MessagePart::Name).map(|(at, _)| at).collect();
        let locate = |number: usize, finds: &Vec<Vec<(usize, MessagePart)>>| {
            let (finder, entry) = self.entries().nth(number)?;
            let mut counted: Vec<(FindPlace, usize)> = Vec::new();
            for (at, part) in finds.iter().flatten() {
                let pointer = pointer_to(&node, *at, &names).unwrap_or_default();
                let place = FindPlace { pointer, part: *part };
                match counted.iter_mut().find(|(known, _)| *known == place) {
                    Some((_, count)) => *count = count.saturating_add(1),
                    None => counted.push((place, 1)),
                }
            }
            Some(LocatedFinds { entry: entry.into(), finder, count: finds.len(), places: counted })
        };
        places.0.iter().filter_map(|(number, finds)| locate(*number, finds)).collect()
    }
}

impl Places {
    fn all(&self) -> impl Iterator<Item = (usize, MessagePart)> {
        self.0.values().flatten().flatten().copied()
    }
}

impl FindObserver for Places {
    fn found(&mut self, finder: usize, at: usize, part: MessagePart) {
        self.0.entry(finder).or_default().push(vec![(at, part)]);
    }

    fn goes_on(&mut self, finder: usize, at: usize) {
        if let Some(last) = self.0.get_mut(&finder).and_then(|finds| finds.last_mut()) {
            last.push((at, MessagePart::Value));
        }
    }
}

/// The pointer to the value that begins at an offset. At these offsets are the values of members whose names may not be shown.
fn pointer_to(node: &Node<'_>, at: usize, names: &[usize]) -> Option<String> {
    if node.at == at {
        return Some(String::new());
    }
    match &node.value {
        Value::Object(members) => members.iter().find_map(|member| {
            let behind = pointer_to(&member.node, at, names)?;
            let name = if names.contains(&member.node.at) { "…" } else { &member.name };
            Some(format!("{}{behind}", pointer::member("", name)))
        }),
        Value::Array(nodes) => {
            nodes.iter().enumerate().find_map(|(index, node)| Some(format!("/{index}{}", pointer_to(node, at, names)?)))
        }
        _ => None,
    }
}
