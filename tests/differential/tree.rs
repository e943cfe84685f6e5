//! JSON that may be wrong: a tree in which every name and every value can be spelled freely.

use super::random::Random;

/// A value.
#[derive(Clone, Debug)]
pub(crate) enum Tree {
    /// Bytes that are written unchanged: a number, a literal, a string in an unusual spelling.
    Raw(Vec<u8>),
    /// A string, written with the escapes it needs.
    Text(String),
    /// An object; names are `Raw` or `Text`.
    Object(Members),
    /// An array.
    Array(Vec<Tree>),
}

/// Names and values, in order.
pub(crate) type Members = Vec<(Tree, Tree)>;

/// The position of white space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Space {
    /// Nowhere.
    None,
    /// Anywhere JSON allows it.
    Some,
}

impl Tree {
    /// Bytes that are written unchanged.
    pub(crate) fn raw(text: impl AsRef<[u8]>) -> Self {
        Self::Raw(text.as_ref().to_vec())
    }

    /// A string.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// An object.
    pub(crate) fn object<const N: usize>(members: [(&str, Self); N]) -> Self {
        Self::Object(members.into_iter().map(|(name, value)| (Self::text(name), value)).collect())
    }

    /// The value of the first member of this name, spelled as usual.
    pub(crate) fn get_mut(&mut self, wanted: &str) -> Option<&mut Self> {
        let Self::Object(members) = self else { return None };
        members.iter_mut().find(|(name, _)| matches!(name, Self::Text(text) if text == wanted)).map(|(_, value)| value)
    }

    /// How many objects it holds, itself among them.
    pub(crate) fn objects(&self) -> usize {
        match self {
            Self::Raw(_) | Self::Text(_) => 0,
            Self::Object(members) => 1 + members.iter().map(|(_, value)| value.objects()).sum::<usize>(),
            Self::Array(elements) => elements.iter().map(Self::objects).sum(),
        }
    }

    /// The object of this number, counted in the order of the text.
    pub(crate) fn object_mut(&mut self, number: &mut usize) -> Option<&mut Members> {
        match self {
            Self::Raw(_) | Self::Text(_) => None,
            Self::Object(members) => {
                if *number == 0 {
                    return Some(members);
                }
                *number -= 1;
                members.iter_mut().find_map(|(_, value)| value.object_mut(number))
            }
            Self::Array(elements) => elements.iter_mut().find_map(|element| element.object_mut(number)),
        }
    }

    /// Appends it as text.
    pub(crate) fn write(&self, space: Space, random: &mut Random, out: &mut Vec<u8>) {
        gap(space, random, out);
        match self {
            Self::Raw(bytes) => out.extend_from_slice(bytes),
            Self::Text(text) => out.extend_from_slice(serde_json::to_string(text).unwrap().as_bytes()),
            Self::Object(members) => {
                out.push(b'{');
                for (index, (name, value)) in members.iter().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    name.write(space, random, out);
                    out.push(b':');
                    value.write(space, random, out);
                }
                out.push(b'}');
            }
            Self::Array(elements) => {
                out.push(b'[');
                for (index, element) in elements.iter().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    element.write(space, random, out);
                }
                out.push(b']');
            }
        }
        gap(space, random, out);
    }
}

fn gap(space: Space, random: &mut Random, out: &mut Vec<u8>) {
    if space == Space::Some && random.once_in(3) {
        out.extend_from_slice(random.pick::<&[u8]>(&[b" ", b"\n", b"\t", b"\r\n  "]));
    }
}
