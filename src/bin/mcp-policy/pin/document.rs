//! The pins in the text of a configuration. A change touches the smallest part of the text: order, spacing and everything else
//! stay as the author wrote them.

use std::collections::BTreeMap;

use jsonc_parser::{
    ParseOptions,
    cst::{CstInputValue, CstObject, CstObjectProp, CstRootNode},
};
use mcp_policy::{
    config::{Config, LoadedConfig},
    digest::Digest,
};

use super::Definition;

/// A configuration whose pins can change.
pub(crate) struct Document {
    root: CstRootNode,
    /// The name of the policy, if the configuration names its policies.
    name: Option<String>,
    config: Config,
}

impl Document {
    /// Reads a configuration; `policy` names one of its policies.
    ///
    /// # Errors
    /// A sentence on why it has no such policy.
    pub(crate) fn read(text: &str, policy: Option<&str>) -> Result<Self, String> {
        let LoadedConfig::Gateway(config) = LoadedConfig::load(text.as_bytes()).map_err(|errors| errors.to_string())?
        else {
            return Err("it is a console, which has no policy".to_owned());
        };
        // It has loaded, so it is strict JSON.
        let root = CstRootNode::parse(text, &ParseOptions::default()).map_err(|error| error.to_string())?;
        let top = root.object_value().ok_or("it is not an object")?;
        let named = top.object_value("policies");
        let names: Vec<String> =
            named.iter().flat_map(CstObject::properties).filter_map(|one| one.decoded_name()).collect();
        let listed = || names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let name = match (policy, names.as_slice()) {
            (Some(policy), _) if names.iter().any(|name| name == policy) => Some(policy.to_owned()),
            (Some("default"), []) => None,
            (Some(policy), []) => return Err(format!("it has no policy `{policy}`; leave `--policy` out")),
            (Some(policy), _) => return Err(format!("it has no policy `{policy}`; it has {}", listed())),
            (None, []) => None,
            (None, [only]) => Some(only.clone()),
            (None, _) => return Err(format!("it has several policies; name one with `--policy`: {}", listed())),
        };
        Ok(Self { root, name, config: *config })
    }

    /// The whole text.
    pub(crate) fn text(&self) -> String {
        self.root.to_string()
    }

    /// Checks that the changed text is a configuration.
    ///
    /// # Errors
    /// The mistakes that the change brought.
    pub(crate) fn check(&self) -> Result<(), String> {
        LoadedConfig::load(self.text().as_bytes()).map(drop).map_err(|errors| errors.to_string())
    }

    /// The pins of the policy as it was read.
    pub(crate) fn pins(&self) -> BTreeMap<String, Vec<Digest>> {
        let policy = self.config.policy(self.name.as_deref().unwrap_or("default"));
        let pins =
            policy.and_then(|policy| policy.definitions()).into_iter().flat_map(|definitions| definitions.iter());
        pins.map(|(name, pin)| (name.to_owned(), pin.digests.to_vec())).collect()
    }

    /// The digests that a configuration pins, in all its policies.
    pub(crate) fn all_pins(text: &str) -> Vec<Digest> {
        let Ok(LoadedConfig::Gateway(config)) = LoadedConfig::load(text.as_bytes()) else { return Vec::new() };
        let definitions = config.policies.iter().filter_map(|named| named.policy.definitions());
        definitions.flat_map(|definitions| definitions.iter()).flat_map(|(_, pin)| pin.digests.to_vec()).collect()
    }

    /// Pins definitions; `add` keeps the digests that a pin has already.
    ///
    /// # Errors
    /// A sentence on why the text cannot hold them.
    pub(crate) fn set(&mut self, pins: &[Definition], add: bool) -> Result<(), String> {
        let policy = self.policy().ok_or("its policy is not an object")?;
        let Some(definitions) = policy.object_value("definitions") else {
            let layout = Layout::of(&policy);
            let definitions = layout.definitions(pins);
            if layout.indent.is_some() {
                policy.append("definitions", raw(definitions));
            } else {
                append_in_line(policy, &[format!("\"definitions\": {definitions}")]);
            }
            return Ok(());
        };
        let is_on_lines = Layout::of(&definitions).indent.is_some();
        let mut fresh = Vec::new();
        let mut known: std::collections::HashMap<String, CstObjectProp> = definitions
            .properties()
            .into_iter()
            .filter_map(|property| Some((property.decoded_name()?, property)))
            .collect();
        let before = self.pins();
        for Definition { name, digest, .. } in pins {
            let has = before.get(name).cloned().unwrap_or_default();
            if has.contains(digest) {
                continue;
            }
            let digests = if add { [has.as_slice(), &[*digest]].concat() } else { vec![*digest] };
            match known.remove(name).and_then(|property| property.object_value()?.get("sha256")) {
                Some(sha256) => sha256.set_value(raw(sha256_json(&digests))),
                None if is_on_lines => {
                    definitions.append(name, raw(format!("{{ \"sha256\": {} }}", sha256_json(&digests))));
                }
                None => fresh.push(format!("{}: {{ \"sha256\": {} }}", quoted(name), sha256_json(&digests))),
            }
        }
        append_in_line(definitions, &fresh);
        Ok(())
    }

    fn policy(&self) -> Option<CstObject> {
        let top = self.root.object_value()?;
        match &self.name {
            Some(name) => {
                let policies = top.object_value("policies")?.properties();
                policies.into_iter().find(|one| one.decoded_name().as_deref() == Some(name))?.object_value()
            }
            None if top.get("version").is_some() => Some(top),
            None => top.object_value("policy"),
        }
    }
}

/// How the text around is laid out.
struct Layout {
    /// The white space before a key of the policy; `None` if the policy is on one line.
    indent: Option<String>,
}

impl Layout {
    fn of(object: &CstObject) -> Self {
        let inside = object.to_string();
        let is_on_lines = inside.lines().next().is_some_and(|line| line.trim_end() == "{");
        let indent = inside.lines().nth(1).filter(|_| is_on_lines);
        let indent = indent.map(|line| line.chars().take_while(|c| c.is_whitespace()).collect());
        Self { indent }
    }

    /// An object of pins, a line for each if the policy has lines.
    fn definitions(&self, pins: &[Definition]) -> String {
        let pin = |Definition { name, digest, .. }: &Definition| {
            format!("{}: {{ \"sha256\": {} }}", quoted(name), sha256_json(&[*digest]))
        };
        let pins: Vec<String> = pins.iter().map(pin).collect();
        match &self.indent {
            Some(indent) if !pins.is_empty() => {
                let deeper = format!("{indent}{}", if indent.contains('\t') { "\t" } else { "  " });
                format!("{{\n{deeper}{}\n{indent}}}", pins.join(&format!(",\n{deeper}")))
            }
            _ => format!("{{ {} }}", pins.join(", ")),
        }
    }
}

/// Appends members to an object that is on one line, which the library would spread over several.
fn append_in_line(object: CstObject, members: &[String]) {
    let text = object.to_string();
    let Some(inside) = text.strip_suffix('}').filter(|_| !members.is_empty()) else { return };
    let front = inside.trim_end();
    let space = inside.get(front.len()..).unwrap_or_default();
    let comma = if front == "{" { "" } else { ", " };
    object.replace_with(raw(format!("{front}{comma}{}{space}}}", members.join(", "))));
}

fn sha256_json(digests: &[Digest]) -> String {
    match digests {
        [one] => format!("\"{one}\""),
        several => format!("[{}]", several.iter().map(|one| format!("\"{one}\"")).collect::<Vec<_>>().join(", ")),
    }
}

/// A value as it is written here. The library writes a number as it is given; an object it would spread over lines, and with
/// it the objects around it.
fn raw(json: String) -> CstInputValue {
    CstInputValue::Number(json)
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
