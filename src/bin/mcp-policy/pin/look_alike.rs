//! Names that people could take for a pinned one, in whatever script: the filter compares by case folding and NFKC, this also by
//! Unicode's table of confusable characters (UTS 39, section 4).

use std::collections::{BTreeMap, HashMap};

use mcp_policy::digest::Digest;
use unicode_security::skeleton;

use super::Definition;

/// The names without a pin that look like one with a pin, and that one.
pub(super) fn find(pins: &BTreeMap<String, Vec<Digest>>, definitions: &[Definition]) -> Vec<(String, String)> {
    let pinned: HashMap<String, &str> = pins.keys().map(|name| (form(name), name.as_str())).collect();
    let unpinned = definitions.iter().map(|definition| &definition.name).filter(|name| !pins.contains_key(*name));
    unpinned.filter_map(|name| Some((name.clone(), (*pinned.get(&form(name))?).to_owned()))).collect()
}

/// Two names look alike if they have one form.
fn form(name: &str) -> String {
    let visible: String = name.chars().filter(|c| !mcp_policy::text::is_invisible(*c)).collect();
    let lower = visible.to_lowercase();
    skeleton(&skeleton(&lower).collect::<String>().to_lowercase()).collect()
}
