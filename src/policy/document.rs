//! A policy as its author wrote it, one to one with the JSON; product contract, sections 1.1 to 1.3.
//!
//! Reading it checks shapes: keys, types, words, ranges. What the parts mean together is for
//! [`compile`](super::compile::compile).

use crate::walk::{At, Keys};

use super::model::{Period, Scope, Stance};

/// A policy document.
#[derive(Debug)]
pub struct Policy<'w, 'a> {
    /// `default`
    pub default: Stance,
    /// `hide`
    pub hide: Vec<Name<'w, 'a>>,
    /// `all_tools`
    pub all_tools: Option<Rule<'w, 'a>>,
    /// `tools`
    pub tools: Vec<(Name<'w, 'a>, Rule<'w, 'a>)>,
}

/// A name or pattern, and where it stands.
#[derive(Debug)]
pub struct Name<'w, 'a> {
    /// The name.
    pub text: &'w str,
    /// Its place, for complaints.
    pub at: At<'w, 'a>,
}

/// A rule document.
#[derive(Debug)]
pub struct Rule<'w, 'a> {
    /// Its place.
    pub at: At<'w, 'a>,
    /// `deny_if`
    pub deny_if: Vec<Predicate<'w, 'a>>,
    /// `limits`
    pub limits: Option<(At<'w, 'a>, Vec<Limit<'w, 'a>>)>,
    /// `action`
    pub action: Option<(At<'w, 'a>, Stance)>,
    /// `rate_limit`
    pub rate_limit: Option<Rate<'w, 'a>>,
    /// `reason`
    pub reason: Option<(At<'w, 'a>, &'w str)>,
}

/// A predicate document without conditions.
#[derive(Debug)]
pub struct Predicate<'w, 'a> {
    /// Its place.
    pub at: At<'w, 'a>,
    /// `on_deny`
    pub on_deny: Option<&'w str>,
}

/// A limit document.
#[derive(Debug)]
pub struct Limit<'w, 'a> {
    /// Its place.
    pub at: At<'w, 'a>,
    /// `counter`
    pub counter: &'w str,
    /// `window`
    pub period: Period,
    /// `max`
    pub max: u64,
    /// `scope`
    pub scope: Scope,
    /// `algorithm`
    pub sliding: bool,
}

/// The short form of a limit: `"10/minute"` or `{"max": 10, "window": 60}`.
#[derive(Debug)]
pub struct Rate<'w, 'a> {
    /// Its place.
    pub at: At<'w, 'a>,
    /// Calls a window.
    pub max: u64,
    /// The window.
    pub period: Period,
}

/// The largest `max`: counts are kept in millionths.
const MAX: u64 = 8_999_999_999_999;

const POLICY: Keys = Keys {
    known: &["version", "default", "description", "hide", "all_tools", "tools"],
    later: &["resources", "prompts", "methods", "mode"],
};
const RULE: Keys = Keys {
    known: &["deny_if", "limits", "action", "rate_limit", "reason"],
    later: &["require", "require_approval", "mode"],
};
const PREDICATE: Keys = Keys { known: &["conditions", "on_deny"], later: &["expires"] };
const LIMIT: Keys =
    Keys { known: &["counter", "window", "max", "scope", "algorithm"], later: &["increment", "increment_from"] };
const RATE: Keys = Keys { known: &["max", "window"], later: &[] };

impl<'w, 'a> Policy<'w, 'a> {
    /// Reads a policy; `None` where something it cannot do without is wrong.
    pub fn read(at: &At<'w, 'a>) -> Option<Self> {
        let fields = at.fields(POLICY)?;
        let version = fields.required("version").and_then(|version| version.choice(&[("1", ())]));
        let stances = [("allow", Stance::Allow), ("deny", Stance::Deny)];
        let default = fields.required("default").and_then(|default| default.choice(&stances));
        if let Some(description) = fields.get("description") {
            description.text();
        }
        let hide = fields.get("hide").and_then(|hide| hide.items()).unwrap_or_default();
        let hide = hide.into_iter().filter_map(Name::read).collect();
        let all_tools = fields.get("all_tools").and_then(|rule| Rule::read(&rule));
        let tools = fields.get("tools").and_then(|tools| tools.entries()).unwrap_or_default();
        let tools = tools.into_iter().filter_map(|(text, at)| {
            let rule = Rule::read(&at)?;
            Some((Name { text, at }.checked()?, rule))
        });
        let tools = tools.collect();
        version.and(Some(Self { default: default?, hide, all_tools, tools }))
    }
}

impl<'w, 'a> Name<'w, 'a> {
    fn read(at: At<'w, 'a>) -> Option<Self> {
        let text = at.text()?;
        Self { text, at }.checked()
    }

    fn checked(self) -> Option<Self> {
        if self.text.is_empty() {
            self.at.wrong("the name is empty; write a name, or a pattern such as `get_*`");
            return None;
        }
        Some(self)
    }
}

impl<'w, 'a> Rule<'w, 'a> {
    fn read(at: &At<'w, 'a>) -> Option<Self> {
        let fields = at.fields(RULE)?;
        let deny_if = fields.get("deny_if").and_then(|list| list.items()).unwrap_or_default();
        let limits = fields.get("limits").and_then(|list| {
            let limits = list.items()?.iter().filter_map(Limit::read).collect();
            Some((list, limits))
        });
        let action = fields.get("action").and_then(|action| {
            if action.node().value == crate::json::Value::String("require_approval".into()) {
                action.wrong("the action `require_approval` is not supported yet");
                return None;
            }
            let stance = action.choice(&[("allow", Stance::Allow), ("deny", Stance::Deny)])?;
            Some((action, stance))
        });
        let reason = fields.get("reason").and_then(|reason| reason.text().map(|text| (reason, text)));
        let rate_limit = fields.get("rate_limit").and_then(|rate| Rate::read(&rate));
        let deny_if = deny_if.iter().filter_map(Predicate::read).collect();
        Some(Self { at: at.clone(), deny_if, limits, action, rate_limit, reason })
    }
}

impl<'w, 'a> Predicate<'w, 'a> {
    fn read(at: &At<'w, 'a>) -> Option<Self> {
        let fields = at.fields(PREDICATE)?;
        let on_deny = fields.get("on_deny").and_then(|text| text.text());
        let conditions = fields.required("conditions")?.items()?;
        for condition in &conditions {
            condition.wrong("conditions are not supported yet; `[]` always holds");
        }
        conditions.is_empty().then_some(Self { at: at.clone(), on_deny })
    }
}

impl<'w, 'a> Limit<'w, 'a> {
    fn read(at: &At<'w, 'a>) -> Option<Self> {
        let fields = at.fields(LIMIT)?;
        let counter = fields.required("counter").and_then(|counter| match counter.text()? {
            "" => counter.expected("a name"),
            name => Some(name),
        });
        let period = fields.required("window").and_then(|window| period(&window));
        let max = fields.required("max").and_then(|max| max.whole(0, MAX));
        let scope = fields.required("scope").and_then(|scope| {
            if scope.node().value == crate::json::Value::String("session".into()) {
                scope.wrong("the scope `session` is not supported yet");
                return None;
            }
            scope.choice(&[("grant", Scope::Grant), ("global", Scope::Global)])
        });
        let sliding = match fields.get("algorithm") {
            None => Some(false),
            Some(algorithm) => algorithm.choice(&[("fixed", false), ("sliding", true)]),
        };
        Some(Self { at: at.clone(), counter: counter?, period: period?, max: max?, scope: scope?, sliding: sliding? })
    }
}

impl<'w, 'a> Rate<'w, 'a> {
    fn read(at: &At<'w, 'a>) -> Option<Self> {
        if let crate::json::Value::String(text) = &at.node().value {
            let (max, period) =
                Self::parse(text).or_else(|| at.expected("`N/second`, `N/minute`, `N/hour` or `N/day`"))?;
            return Some(Self { at: at.clone(), max, period });
        }
        let fields = at.fields(RATE)?;
        let max = fields.required("max").and_then(|max| max.whole(0, MAX));
        let period = fields.required("window").and_then(|window| period(&window));
        Some(Self { at: at.clone(), max: max?, period: period? })
    }

    /// `10/minute`
    fn parse(text: &str) -> Option<(u64, Period)> {
        let (max, window) = text.split_once('/')?;
        let digits = !max.is_empty() && max.bytes().all(|byte| byte.is_ascii_digit());
        let max = max.parse().ok().filter(|max| digits && *max <= MAX)?;
        let (_, period) = Period::NAMED.into_iter().find(|(name, _)| *name == window)?;
        Some((max, period))
    }
}

/// A window: by name or in whole seconds.
fn period(at: &At<'_, '_>) -> Option<Period> {
    if let crate::json::Value::Number(_) = at.node().value {
        let seconds = at.whole(1, Period::MAX_SECONDS.into())?;
        return u32::try_from(seconds).ok().and_then(Period::of_seconds);
    }
    at.choice_or(&Period::NAMED, ", or a number of seconds")
}
