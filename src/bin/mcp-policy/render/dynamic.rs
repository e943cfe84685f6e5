//! `render envoy --dynamic`: the file in which Envoy discovers the filter, so that another policy needs no restart.
//!
//! The file is a `DiscoveryResponse` of Envoy's. Its `control_plane.identifier`, which Envoy does not use, keeps the options of `render`
//! and the digest of what `render` printed, so that `mcp-policy apply` can tell whether a policy changes more than the filter.

use clap::Parser;
use mcp_policy::config::Config;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::envoy::Envoy;
use crate::file::Locked;

/// The file's name in its folder.
pub(crate) const FILE: &str = "mcp-policy.json";

/// Envoy may run as another user; the file holds no secret but perhaps the path of a webhook, which Envoy's dump shows, too.
const MODE: u32 = 0o644;

/// The text of the file for a gateway with this module and this configuration; `identifier` is for [`change`].
///
/// # Errors
/// If the filter refuses the configuration.
pub(super) fn discovery(module: &str, configuration: &str, identifier: Option<&str>) -> Result<FilterFile, String> {
    let digest = Config::load(configuration.as_bytes()).map(|config| config.digest.to_string());
    let digest = digest.map_err(|errors| errors.to_string())?;
    let resource = json!({
        "@type": "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig",
        "name": "mcp-policy",
        "typed_config": filter(module, configuration),
    });
    let mut response = json!({ "version_info": digest, "resources": [resource] });
    if let (Some(identifier), Some(members)) = (identifier, response.as_object_mut()) {
        members.insert("control_plane".to_owned(), json!({ "identifier": identifier }));
    }
    Ok(FilterFile { text: format!("{response:#}\n"), digest })
}

/// The file, for a policy.
pub(crate) struct FilterFile {
    pub(crate) text: String,
    /// The digest of the filter's configuration, as the label of `mcp_policy_configurations`.
    pub(crate) digest: String,
}

/// What the file keeps for `apply`.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// The options of `render envoy`.
    options: Vec<String>,
    /// The SHA-256 of the configuration that Envoy starts with.
    start: String,
}

/// A command line with the options of `render envoy`.
#[derive(Parser)]
struct Line {
    #[command(flatten)]
    envoy: Envoy,
}

impl FilterFile {
    /// The file for `document`, and the options that it keeps.
    ///
    /// # Errors
    /// What is wrong with the document.
    fn new(envoy: &Envoy, document: &str, kept: &Kept) -> Result<Self, String> {
        let configuration = envoy.configuration(document)?;
        let identifier = serde_json::to_string(kept).map_err(|error| error.to_string())?;
        discovery(envoy.module(), configuration.json(), Some(&identifier))
    }
}

/// Writes the file for a gateway whose own configuration is `rendered`.
///
/// # Errors
/// What is wrong with the document, or why the file cannot be written.
pub(super) fn write(envoy: &Envoy, document: &str, rendered: &str) -> Result<(), String> {
    let Some(folder) = &envoy.dynamic else { return Ok(()) };
    let file = FilterFile::new(envoy, document, &Kept { options: envoy.arguments(), start: sha256(rendered) })?;
    std::fs::create_dir_all(folder.as_str()).map_err(|error| format!("cannot make `{}`: {error}", folder.as_str()))?;
    Locked::open_or_create(folder.file(FILE)?.path(), MODE)?.replace(&file.text)
}

/// The file after `old`, with another document.
///
/// # Errors
/// What is wrong with `old` or the document, or that the document changes more than the filter.
pub(crate) fn change(old: &str, document: &str) -> Result<FilterFile, String> {
    const OTHER: &str = "this is not a file of `mcp-policy render envoy --dynamic`; render again";
    let old: Value = serde_json::from_str(old).map_err(|_| OTHER)?;
    let identifier = old.pointer("/control_plane/identifier").and_then(Value::as_str).ok_or(OTHER)?;
    let kept: Kept = serde_json::from_str(identifier).map_err(|_| OTHER)?;
    let words = ["render", "-"].into_iter().chain(kept.options.iter().map(String::as_str));
    let envoy = Line::try_parse_from(words).map_err(|_| OTHER)?.envoy;
    let file = FilterFile::new(&envoy, document, &kept)?;
    if sha256(&envoy.render(document)?) != kept.start {
        return Err("this changes more than the filter: what Envoy buffers (`protocol.max_body_bytes`), the pages of \
                    `protocol.origins`, a cluster, or what this version of `mcp-policy` renders; render again, and start Envoy with \
                    the new file"
            .to_owned());
    }
    Ok(file)
}

/// The filter, as `templates/envoy.yaml.jinja` has it for a gateway that reads it once.
fn filter(module: &str, configuration: &str) -> Value {
    json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
        "config": {
            "name": "mcp-policy",
            "failure_policy": "FAIL_RELOAD",
            "allow_on_headers_stop_iteration": true,
            "vm_config": {
                "vm_id": "mcp-policy",
                "runtime": "envoy.wasm.runtime.v8",
                "code": { "local": { "filename": module } },
            },
            "configuration": {
                "@type": "type.googleapis.com/google.protobuf.StringValue",
                "value": configuration,
            },
        },
    })
}

fn sha256(text: &str) -> String {
    base16ct::lower::encode_string(&Sha256::digest(text))
}

#[cfg(test)]
mod tests;
