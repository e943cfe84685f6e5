//! The model as a policy document again, in its long forms: what a compiled policy means, for people and for tests.

use crate::json::{Writer, quoted};

use super::{
    condition::Condition,
    model::{Cost, Effect, Limit, Mode, Policy, Predicate, Rule},
    pattern::Table,
};

impl Policy {
    /// The policy as a document that compiles to the same policy. Names stand in code-point order.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut policy = Writer::default();
        policy.text("version", "1").text("default", stance(self.default));
        mode(&mut policy, self.mode);
        policy.json("hide", list(self.hidden.keys().map(quoted)));
        policy.json("all_tools", rule(&self.all_tools));
        for (name, table) in [("tools", &self.tools), ("resources", &self.resources), ("prompts", &self.prompts)] {
            policy.json(name, rules(table));
        }
        let mut names: Vec<_> = self.methods.iter().collect();
        names.sort_by_key(|(name, _)| *name);
        let mut methods = Writer::default();
        for (name, gate) in names {
            methods.named(name, quoted(stance(gate.stance)));
        }
        policy.json("methods", methods.finish());
        policy.finish()
    }
}

fn rules(table: &Table<Rule>) -> String {
    let mut rules = Writer::default();
    for key in table.keys() {
        // A key finds itself: it equals itself, or is a pattern that the table holds as it is.
        if let Some(found) = table.entry(key) {
            rules.named(key, rule(found));
        }
    }
    rules.finish()
}

fn rule(rule: &Rule) -> String {
    let mut out = Writer::default();
    mode(&mut out, rule.mode);
    for (name, predicates) in [("require", &rule.require), ("deny_if", &rule.deny_if)] {
        out.json(name, list(predicates.iter().map(|one| predicate(one, false))));
    }
    out.json("require_approval", list(rule.approval.iter().map(|one| predicate(one, true))));
    // A short form with a text has no long form.
    let (short, long): (Vec<&Limit>, Vec<&Limit>) = rule.limits.iter().partition(|limit| limit.text.is_some());
    for limit in &short {
        let mut rate = Writer::default();
        rate.json("max", limit.max).json("window", limit.window.seconds());
        out.json("rate_limit", rate.finish()).optional("reason", limit.text.as_deref());
    }
    if short.is_empty() {
        out.json("limits", list(long.into_iter().map(limit)));
    }
    out.finish()
}

fn predicate(predicate: &Predicate, expires: bool) -> String {
    let mut out = Writer::default();
    out.json("conditions", list(predicate.conditions.iter().map(Condition::to_json)));
    out.optional("on_deny", predicate.text.as_deref());
    if expires {
        out.text("expires", &format!("{}s", predicate.expires));
    }
    out.finish()
}

fn limit(limit: &Limit) -> String {
    let mut out = Writer::default();
    out.text("counter", &limit.counter);
    match limit.window.name() {
        Some(name) => out.text("window", name),
        None => out.json("window", limit.window.seconds()),
    };
    out.json("max", limit.max).text("scope", limit.scope.name());
    out.text("algorithm", limit.algorithm.name());
    match &limit.cost {
        Cost::Fixed(amount) => out.json("increment", amount),
        Cost::Argument(path) => out.text("increment_from", &path.to_string()),
    };
    out.finish()
}

fn mode(out: &mut Writer, mode: Mode) {
    if mode == Mode::Shadow {
        out.text("mode", "shadow");
    }
}

fn stance(stance: Effect) -> &'static str {
    match stance {
        Effect::Allow => "allow",
        Effect::Deny => "deny",
    }
}

/// JSON values as a list.
pub(super) fn list(items: impl IntoIterator<Item = String>) -> String {
    let items: Vec<String> = items.into_iter().collect();
    format!("[{}]", items.join(","))
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use crate::config::Config;

    #[track_caller]
    fn written(text: &str) -> String {
        Config::load(text.as_bytes()).unwrap_or_else(|invalid| panic!("{invalid}\n{text}")).policies[0].policy.to_json()
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
