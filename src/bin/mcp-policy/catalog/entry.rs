//! What the catalogue says of one server: the mirror of `envoy/catalog/<server>.json`.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::suggest::Class;

/// A server, its tools, and the policy that the catalogue recommends.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    /// Its name in the catalogue, such as `github`.
    pub(crate) server: PageName,
    /// Its name for people.
    pub(crate) title: String,
    /// What it is for, in one sentence.
    pub(crate) about: String,
    /// Where its list of tools comes from.
    pub(crate) read_from: ReadFrom,
    /// What the author of a policy has to fill in.
    #[serde(default)]
    pub(crate) fill_in: Vec<FillIn>,
    /// The warnings of `check` that the policy keeps, and why.
    #[serde(default)]
    pub(crate) check: Vec<KeptWarning>,
    /// What the policy does not stop.
    #[serde(default)]
    pub(crate) leaves: Vec<Leaves>,
    /// The patterns that concern the server as a whole.
    #[serde(default)]
    pub(crate) attacks: Vec<String>,
    /// In the server's order.
    pub(crate) tools: Vec<CatalogTool>,
}

/// Where a list of tools comes from.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReadFrom {
    pub(crate) registry: Registry,
    /// The package.
    pub(crate) package: String,
    /// The version, or `unknown`.
    pub(crate) version: String,
    pub(crate) how: HowRead,
    /// The day, as `2026-11-30`.
    pub(crate) date: String,
}

/// Where a package comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Registry {
    Npm,
    Pypi,
}

/// How a list was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(crate) enum HowRead {
    /// The server was started, and answered `tools/list`.
    #[serde(rename = "tools/list")]
    Listed,
    /// From the list that its authors, or others, have published.
    #[serde(rename = "published list")]
    Published,
}

/// A place of the policy that its author has to fill in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FillIn {
    /// A JSON pointer into the policy.
    pub(crate) at: String,
    pub(crate) what: String,
}

/// A warning of `check` that the policy keeps.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeptWarning {
    /// The name of the warning.
    pub(crate) warning: String,
    pub(crate) why: String,
}

/// A pattern that the policy does not stop, or not wholly.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Leaves {
    pub(crate) attack: String,
    pub(crate) why: String,
}

/// What the catalogue says of one tool.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CatalogTool {
    pub(crate) name: PageName,
    /// What it does, in our words.
    pub(crate) does: String,
    /// Its arguments; those that it requires end in `*`.
    #[serde(default)]
    pub(crate) arguments: Vec<String>,
    /// `readOnlyHint`
    #[serde(default)]
    pub(crate) read_only: Option<bool>,
    /// `destructiveHint`
    #[serde(default)]
    pub(crate) destructive: Option<bool>,
    pub(crate) class: Class,
    pub(crate) risk: Risk,
    /// Why it has this class and risk.
    pub(crate) why: String,
    /// The patterns that abuse it.
    pub(crate) attacks: Vec<String>,
    /// The rule that the catalogue recommends.
    pub(crate) rule: Recommended,
    /// Why the class is not the one that `suggest` finds.
    #[serde(default)]
    pub(crate) differs: Option<String>,
}

/// How much harm one call can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Risk {
    Low,
    Medium,
    High,
    Critical,
}

/// What the policy of the catalogue does with a tool.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub(crate) enum Recommended {
    /// No rule opens it.
    Closed(Closed),
    /// Its rule, with the shared rules written out.
    Rule(Map<String, Value>),
}

/// How a tool is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Closed {
    /// It is in `hide`.
    Hide,
    /// `default` denies it.
    Deny,
}

/// A name that can be the name of a page's file: letters, digits, dots, dashes and underscores, and no dot at the start.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct PageName(String);

impl TryFrom<String> for PageName {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        if name.is_empty() || name.starts_with('.') || name == "index" || !name.chars().all(is_plain) {
            return Err(format!("`{name}` cannot name a page; use letters, digits, `.`, `-` and `_`"));
        }
        Ok(Self(name))
    }
}

impl PageName {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Risk {
    /// The risk of a class, if arguments do not raise it.
    pub(crate) fn of(class: Class) -> Self {
        match class {
            Class::Read => Self::Low,
            Class::Write => Self::Medium,
            Class::Execute => Self::High,
            Class::Financial | Class::Destructive => Self::Critical,
        }
    }

    /// Its name in tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl ReadFrom {
    /// In a sentence: `npm mongodb-mcp-server 3.0.4, by tools/list, on 2026-11-30`.
    pub(crate) fn describe(&self) -> String {
        let Self { package, version, date, .. } = self;
        let registry = match self.registry {
            Registry::Npm => "npm",
            Registry::Pypi => "PyPI",
        };
        match self.how {
            HowRead::Listed => format!("{registry} {package} {version}, from its answer to tools/list on {date}"),
            HowRead::Published => {
                format!("{package}, from a published list on {date}, since the package could not be started")
            }
        }
    }
}

impl Entry {
    /// A tool by its name.
    pub(crate) fn tool(&self, name: &str) -> Option<&CatalogTool> {
        self.tools.iter().find(|tool| tool.name.as_str() == name)
    }
}

impl Recommended {
    /// As it is written in a policy.
    pub(crate) fn to_json(&self, name: &str) -> Value {
        let mut outer = Map::new();
        match self {
            Self::Closed(Closed::Hide) => outer.insert("hide".to_owned(), serde_json::json!([name])),
            Self::Closed(Closed::Deny) => outer.insert("default".to_owned(), Value::from("deny")),
            Self::Rule(rule) => outer.insert("tools".to_owned(), serde_json::json!({ name: rule })),
        };
        Value::Object(outer)
    }
}
