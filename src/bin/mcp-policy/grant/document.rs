//! The tokens in the text of a configuration. A change touches the smallest part of the text: order, spacing and everything
//! else stay as the author wrote them.

use jsonc_parser::{
    ParseOptions,
    cst::{CstObject, CstRootNode},
};
use mcp_policy::{config::LoadedConfig, json::quoted};

use crate::cst::{member, raw};

/// A configuration whose tokens can change.
pub(super) struct Document {
    root: CstRootNode,
    /// The object that has the key `identity`: the whole document, or its `console`.
    options: CstObject,
}

/// A token as the document writes it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) name: String,
    pub(super) sha256: String,
    pub(super) expires: Option<String>,
}

/// Whom the other sources identify, where no token is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WithoutTokens {
    /// There are none.
    NoOne,
    /// Those that send something else than a token.
    OtherSources,
}

impl Document {
    /// Reads a configuration.
    ///
    /// # Errors
    /// A sentence on why it is not a configuration that can hold tokens.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let config = LoadedConfig::load(text.as_bytes()).map_err(|errors| errors.to_string())?;
        // It has loaded, so it is strict JSON.
        let root = CstRootNode::parse(text, &ParseOptions::default()).map_err(|error| error.to_string())?;
        let top = root.object_value().ok_or("it is not an object")?;
        let options = match config {
            LoadedConfig::Console(_) => top.object_value("console").ok_or("its `console` is not an object")?,
            LoadedConfig::Gateway(_) if top.get("version").is_some() => {
                return Err(
                    "it is a bare policy, which has no place for tokens; write `{\"policy\": …}` around it".to_owned()
                );
            }
            LoadedConfig::Gateway(_) => top,
        };
        Ok(Self { root, options })
    }

    /// The whole text.
    pub(super) fn text(&self) -> String {
        self.root.to_string()
    }

    /// Checks that the changed text is a configuration.
    ///
    /// # Errors
    /// The mistakes that the change brought.
    pub(super) fn check(&self) -> Result<(), String> {
        LoadedConfig::load(self.text().as_bytes()).map(drop).map_err(|errors| errors.to_string())
    }

    /// Refuses a token that another name has: the first of the two would be every caller with it.
    ///
    /// # Errors
    /// If the token is listed already.
    pub(super) fn refuse_listed(&self, name: &str, sha256: &str) -> Result<(), String> {
        match self.tokens().iter().find(|token| token.sha256 == sha256 && token.name != name) {
            Some(twin) => Err(format!(
                "it lists this token already, as that of `{0}`; revoke that one (`mcp-policy grant revoke {0}`), or give another token",
                twin.name
            )),
            None => Ok(()),
        }
    }

    /// Adds a token. Returns whether the configuration had no `identity` before.
    ///
    /// # Errors
    /// If the name is in use.
    pub(super) fn add(&mut self, name: &str, sha256: &str, expires: Option<&str>) -> Result<bool, String> {
        let expires = expires.map(|date| format!(", \"expires\": {}", quoted(date))).unwrap_or_default();
        let token = format!("{{ \"sha256\": {}{expires} }}", quoted(sha256));
        if let Some(tokens) = self.listed() {
            if member(&tokens, name).is_some() {
                return Err(format!("it has a token of `{name}` already; revoke that one, or choose another name"));
            }
            tokens.append(name, raw(token));
            return Ok(false);
        }
        // Before every other source: those may identify the same callers.
        let source = format!("{{ \"tokens\": {{ {}: {token} }} }}", quoted(name));
        match self.options.get("identity") {
            Some(identity) => {
                identity.array_value().ok_or("its `identity` is not a list")?.insert(0, raw(source));
                Ok(false)
            }
            None => {
                self.options.append("identity", raw(format!("[{source}]")));
                Ok(true)
            }
        }
    }

    /// Removes a token.
    ///
    /// # Errors
    /// If there is none of this name.
    pub(super) fn remove(&mut self, name: &str) -> Result<(), String> {
        match self.listed().and_then(|tokens| member(&tokens, name)) {
            Some(token) => {
                token.remove();
                Ok(())
            }
            None => Err(match self.nearest(name) {
                Some(near) => format!("it has no token of `{name}` (did you mean `{near}`?)"),
                None => format!("it has no token of `{name}`; `mcp-policy grant list` shows all"),
            }),
        }
    }

    /// Whom the other sources identify, if the document has a place for tokens and none there.
    pub(super) fn without_tokens(&self) -> Option<WithoutTokens> {
        let is_empty = self.listed()?.properties().is_empty();
        let sources = self.options.array_value("identity")?.elements().len();
        let effect = if sources == 1 { WithoutTokens::NoOne } else { WithoutTokens::OtherSources };
        is_empty.then_some(effect)
    }

    /// Every token, in the order of the text.
    pub(super) fn tokens(&self) -> Vec<Token> {
        let properties = self.listed().map(|tokens| tokens.properties()).unwrap_or_default();
        let read = properties.into_iter().filter_map(|token| {
            let fields = token.object_value()?;
            Some(Token {
                name: token.decoded_name()?,
                sha256: string(&fields, "sha256")?,
                expires: string(&fields, "expires"),
            })
        });
        read.collect()
    }

    /// The object with the tokens, if the document has one.
    fn listed(&self) -> Option<CstObject> {
        let sources = self.options.array_value("identity")?.elements();
        sources.iter().find_map(|source| source.as_object()?.object_value("tokens"))
    }

    fn nearest(&self, name: &str) -> Option<String> {
        let distance = |token: &Token| strsim::damerau_levenshtein(&token.name, name);
        self.tokens().into_iter().filter(|token| distance(token) <= 2).min_by_key(distance).map(|token| token.name)
    }
}

fn string(object: &CstObject, name: &str) -> Option<String> {
    object.get(name)?.value()?.as_string_lit()?.decoded_value().ok()
}
