//! A compiled policy as a policy document, in its long forms: two conditions are the same if they are written alike. Tests
//! load the document again and compare the two policies.

mod condition;

use crate::json::{Writer, quoted};

use super::{
    Cost, Definitions, Effect, Finder, Limit, LimitKey, MergedResults, Mode, OnDrift, Policy, Predicate, Rule,
    Treatment, pattern::Table,
};

pub use self::condition::condition;
pub(super) use self::condition::operator_value;

/// Writes a document that compiles to `policy`. Names are in code-point order.
#[must_use]
pub fn policy_json(policy: &Policy) -> String {
    let mut out = Writer::default();
    out.add_string("version", "1").add_string("default", effect(policy.default()));
    write_mode(&mut out, policy.mode());
    out.add_json("hide", list(policy.hidden().keys().map(quoted)));
    out.add_json("all_tools", rule(policy.all_tools()));
    for (name, table) in [("tools", policy.tools()), ("resources", policy.resources()), ("prompts", policy.prompts())] {
        out.add_json(name, rules(table));
    }
    let mut rules: Vec<_> = policy.methods().collect();
    rules.sort_by_key(|(name, _)| *name);
    let mut methods = Writer::default();
    for (name, rule) in rules {
        methods.add_member(name, quoted(effect(rule.effect)));
    }
    out.add_json("methods", methods.finish());
    if let Some(arguments) = policy.arguments() {
        out.add_string("arguments", arguments.check.name());
    }
    if let Some(definitions) = policy.definitions() {
        write_definitions(&mut out, definitions);
    }
    out.finish()
}

fn write_definitions(out: &mut Writer, definitions: &Definitions) {
    let mut all: Vec<_> = definitions.iter().collect();
    all.sort_by_key(|(name, _)| *name);
    let mut pins = Writer::default();
    for (name, pin) in all {
        let mut one = Writer::default();
        one.add_json("sha256", list(pin.digests.iter().map(|digest| quoted(&digest.to_string()))));
        if let Some(schema) = &pin.schema {
            one.add_json("schema", schema.to_json());
        }
        pins.add_member(name, one.finish());
    }
    let on_drift = match definitions.on_drift {
        OnDrift::Deny => "deny",
        OnDrift::Report => "report",
    };
    out.add_json("definitions", pins.finish())
        .add_string("on_drift", on_drift)
        .add_string("unpinned", effect(definitions.unpinned));
}

fn rules(table: &Table<Rule>) -> String {
    let mut rules = Writer::default();
    for key in table.keys() {
        // Every key has an entry: it is a name, or a pattern as the policy writes it.
        if let Some(found) = table.entry(key) {
            rules.add_member(key, rule(found));
        }
    }
    rules.finish()
}

/// Writes a rule, with the lists of the shared rules that it uses.
#[must_use]
pub fn rule(rule: &Rule) -> String {
    let mut out = Writer::default();
    write_mode(&mut out, rule.mode);
    out.add_json("require", list(rule.require().map(|one| predicate(one, false))));
    out.add_json("deny_if", list(rule.deny_if().map(|one| predicate(one, false))));
    out.add_json("require_approval", list(rule.approval().map(|one| predicate(one, true))));
    // A short form with a text has no long form.
    let (short, long): (Vec<&Limit>, Vec<&Limit>) = rule.limits().partition(|limit| limit.reason.is_some());
    for limit in &short {
        let mut rate = Writer::default();
        rate.add_json("max", limit.max.unwrap_or_default()).add_json("window", limit.window.seconds());
        out.add_json("rate_limit", rate.finish()).add_optional_string("reason", limit.reason.as_deref());
    }
    if short.is_empty() {
        out.add_json("limits", list(long.into_iter().map(limit)));
    }
    if let Some(arguments) = rule.arguments() {
        out.add_string("arguments", arguments.check.name());
    }
    if let Some(merged) = MergedResults::new(rule.results()) {
        out.add_json("results", results(&merged));
    }
    out.finish()
}

/// What rules say about answers, as it applies to one.
fn results(merged: &MergedResults) -> String {
    let (redact, deny_if): (Vec<&Treatment>, Vec<&Treatment>) =
        merged.treatments.iter().partition(|treatment| treatment.replace.is_some());
    let finders =
        |all: &[&Treatment]| list(all.iter().map(|treatment| finder(&treatment.finder, treatment.replace.as_deref())));
    let mut out = Writer::default();
    out.add_json("max_bytes", merged.max_bytes);
    out.add_json("redact", finders(&redact)).add_json("deny_if", finders(&deny_if));
    out.add_optional_string("on_deny", deny_if.iter().find_map(|treatment| treatment.on_deny.as_deref()));
    out.finish()
}

fn finder(finder: &Finder, replace: Option<&str>) -> String {
    let mut out = Writer::default();
    match finder {
        Finder::BuiltIn(built_in) => out.add_string("find", built_in.name()),
        Finder::Expression(expression) => {
            out.add_string("regex", expression.regex.as_str()).add_string("near", &expression.near)
        }
    };
    out.add_optional_string("replace", replace);
    out.finish()
}

fn predicate(predicate: &Predicate, expires: bool) -> String {
    let mut out = Writer::default();
    out.add_json("conditions", list(predicate.conditions.iter().map(condition)));
    out.add_optional_string("on_deny", predicate.reason.as_deref());
    if expires {
        out.add_string("expires", &format!("{}s", predicate.expires));
    }
    out.finish()
}

fn limit(limit: &Limit) -> String {
    let mut out = Writer::default();
    out.add_string("counter", &limit.counter);
    match limit.window.name() {
        Some(name) => out.add_string("window", name),
        None => out.add_json("window", limit.window.seconds()),
    };
    if let Some(max) = limit.max {
        out.add_json("max", max);
    }
    out.add_string("scope", limit.scope.name());
    out.add_string("algorithm", limit.algorithm.name());
    match &limit.cost {
        Cost::Fixed(amount) => out.add_json("increment", amount),
        Cost::Argument(path) => out.add_string("increment_from", &path.to_string()),
    };
    match &limit.key {
        Some(LimitKey::Call) => out.add_string("key", "call"),
        Some(LimitKey::Arguments(paths)) => {
            out.add_json("key", list(paths.iter().map(|path| quoted(&path.to_string()))))
        }
        None => &mut out,
    };
    out.finish()
}

fn write_mode(out: &mut Writer, mode: Mode) {
    if mode == Mode::Shadow {
        out.add_string("mode", "shadow");
    }
}

fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::Allow => "allow",
        Effect::Deny => "deny",
    }
}

/// JSON values as a list.
fn list(items: impl IntoIterator<Item = String>) -> String {
    let items: Vec<String> = items.into_iter().collect();
    format!("[{}]", items.join(","))
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use crate::config::Config;

    use super::policy_json;

    #[track_caller]
    fn written(text: &str) -> String {
        let config = Config::load(text.as_bytes()).unwrap_or_else(|invalid| panic!("{invalid}\n{text}"));
        policy_json(&config.policies[0].policy)
    }

    #[test]
    fn a_compiled_policy_round_trips() {
        let policy = r#"{"version":"1","default":"allow","mode":"shadow","hide":["b","a*"],
            "methods":{"tasks/list":"allow","ping":"deny"},
            "all_tools":{"limits":[{"counter":"c","window":90,"max":5,"scope":"global","algorithm":"sliding"}]},
            "prompts":{"p":{"action":"deny","reason":"no"}},"resources":{"file:///*":{"mode":"shadow"}},
            "tools":{"t":{"rate_limit":"1/day","reason":"slow"},"*":{"rate_limit":"2/day"},
                "m":{"limits":[{"counter":"m","window":"day","max":0.5,"scope":"session","increment_from":"args[\"a.b\"].c"}]},
                "u":{"require_approval":[{"conditions":[],"expires":"2h","on_deny":"ask"}],
                "require":[{"conditions":[
                    {"path":"args.a[*].b[0]","op":"eq","value":{"x":[1,true,"\u0000"]}},
                    {"path":"args.a","op":"not_in","value":[1e2,"b","a",false]},
                    {"path":"args.a","op":"lt","value":-1.50},{"path":"args.a","op":"gte","value":0},
                    {"path":"args.a","op":"regex","value":"^a\\.b$"},{"path":"args.a","op":"contains","value":"é"},
                    {"path":"args.a","op":"exists","value":false},{"path":"args.a","op":"starts_with","value":"a"},
                    {"path":"args.a","op":"ends_with","value":"b"},{"path":"args.a","op":"max_length","value":3},
                    {"path":"args.a","op":"max_items","value":2},{"path":"args.a","op":"includes","value":""},
                    {"path":"args.a","op":"path_within","value":{"folders":["/srv","/a/b/"],"base":"/srv/x"}},
                    {"path":"args.a","op":"path_within","value":["/srv","/a/b/"]},
                    {"path":"args.a","op":"url_host_in","value":["*.Example.com","10.0.0.1","[::1]"]}]}]}}}"#;
        let once = written(policy);
        assert_eq!(written(&once), once);
    }

    #[test]
    fn results_of_several_rules_are_written_as_they_apply() {
        let policy = r#"{"version":"1","default":"deny","rules":{
            "a":{"results":{"redact":[{"find":"email"},{"find":"iban","replace":"x"}],"on_deny":"never"}},
            "b":{"results":{"max_bytes":9,"redact":[{"find":"iban"}],"deny_if":[{"find":"email"}],"on_deny":"no"}}},
            "tools":{"t":{"use":["a","b"]}}}"#;
        let results = r#""results":{"max_bytes":9,"redact":[{"find":"iban","replace":"x"}],"deny_if":[{"find":"email"}],"on_deny":"no"}"#;
        let once = written(policy);
        assert!(once.contains(results), "{once}");
        assert_eq!(written(&once), once);
    }

    #[test]
    fn short_forms_are_written_out() {
        let policy = r#"{"version":"1","default":"deny","tools":{"t":{"action":"deny","rate_limit":"5/minute"},
            "s":{"require":[{"conditions":[{"path":"args.a","op":"in","value":["b",1e2,"a"]}],"on_deny":"no"}]}}}"#;
        let empty = r#""require":[],"deny_if":[],"require_approval":[],"limits":[]"#;
        let s = r#"{"require":[{"conditions":[{"path":"args.a","op":"in","value":["a","b",100]}],"on_deny":"no"}],"deny_if":[],"require_approval":[],"limits":[]}"#;
        let t = r#"{"require":[],"deny_if":[{"conditions":[]}],"require_approval":[],"limits":[{"counter":"/tools/t","window":"minute","max":5,"scope":"grant","algorithm":"fixed","increment":1}]}"#;
        let expected = format!(
            r#"{{"version":"1","default":"deny","hide":[],"all_tools":{{{empty}}},"tools":{{"s":{s},"t":{t}}},"resources":{{}},"prompts":{{}},"methods":{{}}}}"#
        );
        assert_eq!(written(policy), expected);
    }
}
