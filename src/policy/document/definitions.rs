//! `definitions`, `on_drift` and `unpinned` as they are written; product contract, section 12.

use crate::{
    digest::Digest,
    json::cursor::{Cursor, Fields, Keys},
    policy::{
        model::{ArgumentCheck, Effect, OnDrift},
        schema::Schema,
    },
};

use super::{EFFECTS, Name};

/// Pinned definitions, and what happens to other ones.
#[derive(Debug)]
pub struct Definitions<'w, 'a> {
    /// `definitions`
    pub pins: Vec<(Name<'w, 'a>, Pin)>,
    /// `on_drift`
    pub on_drift: OnDrift,
    /// `unpinned`
    pub unpinned: Effect,
}

/// The pin of a tool.
#[derive(Debug)]
pub struct Pin {
    /// `sha256`
    pub digests: Vec<Digest>,
    /// `schema`
    pub schema: Option<Box<Schema>>,
}

/// The keys of a pinned definition.
pub const DEFINITION_KEYS: Keys = Keys { known: &["sha256", "schema"] };

/// The digests that one tool may have: servers may answer by revision or by language.
pub const MAX_DIGESTS: usize = 8;

const REACTIONS: [(&str, OnDrift); 2] = [("deny", OnDrift::Deny), ("report", OnDrift::Report)];

impl<'w, 'a> Definitions<'w, 'a> {
    /// Reads the keys of a policy; `None` if it pins nothing.
    pub(super) fn read(policy: &Fields<'w, 'a>) -> Option<Self> {
        let (on_drift_at, unpinned_at) = (policy.get("on_drift"), policy.get("unpinned"));
        let on_drift = on_drift_at.map_or(Some(OnDrift::Deny), |at| at.choice(&REACTIONS));
        let unpinned = unpinned_at.map_or(Some(Effect::Allow), |at| at.choice(&EFFECTS));
        let Some(definitions) = policy.get("definitions") else {
            for (key, at) in [("on_drift", on_drift_at), ("unpinned", unpinned_at)] {
                if let Some(at) = at {
                    at.report(format!(
                        "`{key}` without `definitions` has no meaning; pin definitions with `mcp-policy pin`, or remove it"
                    ));
                }
            }
            return None;
        };
        let pins = definitions.entries()?.into_iter().filter_map(|(text, at)| {
            // The name is checked also where the pin is wrong, so that all mistakes are reported.
            let pin = read_pin(&at);
            let name = Name { text, at }.check()?;
            if text.contains('*') {
                name.at.report("a pinned definition is that of one tool; write its name out, without `*`");
                return None;
            }
            Some((name, pin?))
        });
        // The pins are read before a mistake elsewhere ends this, so that all mistakes are reported.
        let pins = pins.collect();
        Some(Self { pins, on_drift: on_drift?, unpinned: unpinned? })
    }
}

/// Reads `arguments`, of a policy or of a rule.
pub(super) fn read_arguments<'w, 'a>(fields: &Fields<'w, 'a>) -> Option<(Cursor<'w, 'a>, ArgumentCheck)> {
    let at = fields.get("arguments")?;
    Some((at, at.choice(&ArgumentCheck::NAMED)?))
}

fn read_pin(at: &Cursor<'_, '_>) -> Option<Pin> {
    let fields = at.fields(DEFINITION_KEYS)?;
    let schema = fields.read("schema", Schema::read).map(Box::new);
    let digests = read_digests(&fields.required("sha256")?)?;
    Some(Pin { digests, schema })
}

/// The digests of one definition.
fn read_digests(sha256: &Cursor<'_, '_>) -> Option<Vec<Digest>> {
    if !matches!(sha256.node().value, crate::json::Value::Array(_)) {
        return Some(vec![digest(sha256)?]);
    }
    let items = sha256.items()?;
    if items.is_empty() || items.len() > MAX_DIGESTS {
        return sha256.report_expected(&format!("1 to {MAX_DIGESTS} digests"));
    }
    items.iter().map(digest).collect()
}

fn digest(at: &Cursor<'_, '_>) -> Option<Digest> {
    match Digest::parse(at.text_or_empty()) {
        None => at.report_expected(
            "the SHA-256 of a definition, in 64 lower-case hexadecimal digits; `mcp-policy pin` writes it",
        ),
        found => found,
    }
}
