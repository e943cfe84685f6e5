//! The pins in the text of a configuration. A change touches the smallest part of the text: order, spacing and everything else
//! stay as the author wrote them.

use std::collections::BTreeMap;

use jsonc_parser::{
    ParseOptions,
    cst::{CstObject, CstObjectProp, CstRootNode},
};
use mcp_policy::{
    config::{Config, LoadedConfig},
    digest::Digest,
    json::quoted,
};
use serde_json::{Value, json};

use crate::cst::{member, raw};

use super::{Definition, Schemas, schema};

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

    /// Whether a rule of the policy, as it was read, has arguments compared with pinned schemas.
    pub(crate) fn checks_arguments(&self) -> bool {
        let policy = self.config.policy(self.name.as_deref().unwrap_or("default"));
        policy.is_some_and(mcp_policy::policy::Policy::checks_arguments)
    }

    /// Pins definitions; with `add` a pin keeps the digests that it has, without it those of other definitions go. A schema that a pin
    /// has is replaced with its digest.
    ///
    /// # Errors
    /// A sentence on why the text cannot hold them.
    pub(crate) fn set(&mut self, pins: &[Definition], add: bool, schemas: Schemas) -> Result<(), String> {
        let policy = self.policy().ok_or("its policy is not an object")?;
        let Some(definitions) = policy.object_value("definitions") else {
            let layout = Layout::of(&policy);
            let definitions = layout.definitions(pins, schemas);
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
        for definition in pins {
            let Definition { name, digest, .. } = definition;
            let has = before.get(name).cloned().unwrap_or_default();
            let is_new = !has.contains(digest);
            let digests = match (is_new, add) {
                (false, true) => has.clone(),
                (true, true) => [has.as_slice(), &[*digest]].concat(),
                (_, false) => vec![*digest],
            };
            match known.remove(name).and_then(|property| property.object_value()) {
                Some(pin) => {
                    if let Some(sha256) = pin.get("sha256").filter(|_| digests != has) {
                        sha256.set_value(raw(sha256_json(&digests)));
                    }
                    // What fits a definition that is not pinned any more does not pass any longer.
                    let is_shared = !is_new && digests != has && has_alternatives(&pin);
                    set_schema(pin, definition, is_new || is_shared, add, schemas);
                }
                None if is_on_lines => {
                    definitions.append(name, raw(pin_json(definition, schemas)));
                }
                None => fresh.push(format!("{}: {}", quoted(name), pin_json(definition, schemas))),
            }
        }
        append_in_line(definitions, &fresh);
        Ok(())
    }

    fn policy(&self) -> Option<CstObject> {
        let top = self.root.object_value()?;
        match &self.name {
            Some(name) => member(&top.object_value("policies")?, name)?.object_value(),
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
    fn definitions(&self, pins: &[Definition], schemas: Schemas) -> String {
        let pin = |pin: &Definition| format!("{}: {}", quoted(&pin.name), pin_json(pin, schemas));
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

/// Gives a pin the schema of its definition, where it has one or needs one. A pin keeps its schema with its digest: its owner may
/// have made it stricter. With `add` arguments may fit what was pinned or what is added.
fn set_schema(pin: CstObject, definition: &Definition, is_new: bool, add: bool, schemas: Schemas) {
    let before = pin.get("schema");
    let is_needed = before.is_some() && is_new || before.is_none() && schemas == Schemas::Keep;
    if !is_needed {
        return;
    }
    let known = before.as_ref().and_then(|before| before.value()).map(|value| value.to_string());
    let known = known.filter(|_| add).and_then(|known| serde_json::from_str(&known).ok());
    let schema = match (known, schema::enforced(&definition.input_schema()).schema) {
        (Some(known), Some(added)) => Some(either(known, added)),
        (_, schema) => schema,
    };
    match (before, schema) {
        (Some(before), Some(schema)) => before.set_value(raw(schema.to_string())),
        (Some(before), None) => before.remove(),
        (None, Some(schema)) if Layout::of(&pin).indent.is_some() => {
            pin.append("schema", raw(schema.to_string()));
        }
        (None, Some(schema)) => append_in_line(pin, &[format!("\"schema\": {schema}")]),
        (None, None) => {}
    }
}

/// Whether the schema of a pin is one of several definitions: [`either`] made it.
fn has_alternatives(pin: &CstObject) -> bool {
    let schema = pin.object_value("schema").map(|schema| schema.properties());
    let names: Option<Vec<String>> = schema.map(|all| all.iter().filter_map(|one| one.decoded_name()).collect());
    names.is_some_and(|names| names == ["anyOf"])
}

/// A schema that is fit by what fits one of two.
fn either(known: Value, added: Value) -> Value {
    if known == added {
        return known;
    }
    let mut any = match known {
        Value::Object(mut only) if only.len() == 1 && only.contains_key("anyOf") => only.remove("anyOf"),
        known => Some(Value::Array(vec![known])),
    };
    if let Some(Value::Array(schemas)) = &mut any
        && !schemas.contains(&added)
    {
        schemas.push(added);
    }
    json!({ "anyOf": any })
}

fn pin_json(definition: &Definition, schemas: Schemas) -> String {
    let sha256 = sha256_json(&[definition.digest]);
    match schema::enforced(&definition.input_schema()).schema.filter(|_| schemas == Schemas::Keep) {
        Some(schema) => format!("{{ \"sha256\": {sha256}, \"schema\": {schema} }}"),
        None => format!("{{ \"sha256\": {sha256} }}"),
    }
}

fn sha256_json(digests: &[Digest]) -> String {
    match digests {
        [one] => format!("\"{one}\""),
        several => format!("[{}]", several.iter().map(|one| format!("\"{one}\"")).collect::<Vec<_>>().join(", ")),
    }
}
