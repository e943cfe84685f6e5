//! What an approver reads of a drift.

use crate::store::framing;

/// What an approver reads of a drift, in a cell of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DriftDetails<'d> {
    /// The filter's name in Envoy.
    pub filter: &'d str,
    /// The policy's name.
    pub policy: &'d str,
    /// The name of Envoy's route.
    pub route: &'d str,
    /// The digest of the configuration.
    pub configuration: &'d str,
    /// The tool.
    pub tool: &'d str,
    /// Whose list showed it first: a grant, without secrets.
    pub grant: &'d str,
    /// The definition that was seen, canonical JSON; empty if it is longer than [`MAX_DEFINITION`].
    pub seen: &'d str,
    /// The pinned definition that a list of this worker showed before, canonical JSON; empty if there was none.
    pub before: &'d str,
}

/// The longest definition that is kept, in bytes: an approver has to read it.
pub const MAX_DEFINITION: usize = 16 << 10;

impl<'d> DriftDetails<'d> {
    /// Reads the bytes of a cell; `None` if they are of another drift, whose id is not `id`.
    #[must_use]
    pub fn read(bytes: &'d [u8], id: [u8; 10]) -> Option<Self> {
        let [of, texts @ ..] = framing::split::<9>(bytes)?;
        let mut texts = texts.into_iter().map(std::str::from_utf8);
        let mut next = || texts.next()?.ok();
        (*of == id).then_some(Self {
            filter: next()?,
            policy: next()?,
            route: next()?,
            configuration: next()?,
            tool: next()?,
            grant: next()?,
            seen: next()?,
            before: next()?,
        })
    }

    /// The bytes of the cell.
    #[must_use]
    pub fn to_bytes(&self, id: [u8; 10]) -> Vec<u8> {
        let Self { filter, policy, route, configuration, tool, grant, seen, before } = self;
        let [seen, before] = [seen, before].map(|text| if text.len() > MAX_DEFINITION { "" } else { text });
        let texts = [filter, policy, route, configuration, tool, grant, seen, before].map(|text| text.as_bytes());
        let [filter, policy, route, configuration, tool, grant, seen, before] = texts;
        framing::join(&[&id, filter, policy, route, configuration, tool, grant, seen, before])
    }
}
