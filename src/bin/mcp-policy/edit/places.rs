//! Where a text has its policies.

use serde_json::json;

use crate::suggest;

use super::outline::{Kind, Part};

/// A policy of a text.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub(super) struct Place {
    /// Its name; `default` in a text with only one.
    pub(super) name: String,
    pub(super) pointer: Vec<String>,
}

/// The policies of a text; none in that of a console.
pub(super) fn policies(root: &Part) -> Vec<Place> {
    let only = |pointer: &[&str]| Place {
        name: "default".to_owned(),
        pointer: pointer.iter().map(ToString::to_string).collect(),
    };
    match root.child("policies").map(|policies| &policies.kind) {
        Some(Kind::Object { members, .. }) => {
            let place =
                |name: &str| Place { name: name.to_owned(), pointer: vec!["policies".to_owned(), name.to_owned()] };
            members.iter().map(|member| place(&member.name)).collect()
        }
        _ if root.child("policy").is_some() => vec![only(&["policy"])],
        _ if root.child("console").is_some() => Vec::new(),
        _ => vec![only(&[])],
    }
}

/// The policy for a server: the one of its name, or the only one.
pub(super) fn policy_for(policies: &[Place], server: &str) -> Option<usize> {
    let name = suggest::policy_name(server, &[]);
    let only = (policies.len() == 1).then_some(0);
    policies.iter().position(|place| place.name == server || place.name == name).or(only)
}

/// The text of a file that is empty or does not exist yet: everything is denied. Several servers get a policy each, on the route
/// that has the server's name.
pub(super) fn initial_text(servers: &[&str]) -> String {
    const POLICY: &str = "{\n  \"version\": \"1\",\n  \"default\": \"deny\",\n  \"tools\": {}\n}";
    if servers.len() < 2 {
        return format!("{POLICY}\n");
    }
    let mut names: Vec<String> = Vec::new();
    for server in servers {
        names.push(suggest::policy_name(server, &names));
    }
    let policy = |name: &String| format!("    {}: {}", json!(name), POLICY.replace('\n', "\n    "));
    let binding = |name: &String| format!("    {}", json!({"route": name, "policy": name}));
    let join = |lines: Vec<String>| lines.join(",\n");
    let (policies, bindings) = (join(names.iter().map(policy).collect()), join(names.iter().map(binding).collect()));
    format!("{{\n  \"policies\": {{\n{policies}\n  }},\n  \"bindings\": [\n{bindings}\n  ]\n}}\n")
}

#[cfg(test)]
mod tests {
    use mcp_policy::config::Config;

    use super::{Part, initial_text, policies, policy_for};

    #[test]
    fn a_new_file_denies_everything_and_has_a_policy_for_each_server() {
        for (servers, names) in
            [(&[][..], &["default"][..]), (&["a"], &["default"]), (&["a", "b*", "b-"], &["a", "b-", "b--2"])]
        {
            let text = initial_text(servers);
            let config = Config::load(text.as_bytes()).map_err(|errors| errors.to_string()).unwrap();
            assert_eq!(config.policies.len(), names.len());
            let found = policies(&Part::read(&text));
            assert_eq!(found.iter().map(|place| place.name.as_str()).collect::<Vec<_>>(), names);
        }
    }

    #[test]
    fn each_form_of_a_configuration_has_its_policies() {
        for (text, pointers) in [
            (r#"{"version": "1"}"#, vec![vec![]]),
            (r#"{"policy": {}}"#, vec![vec!["policy"]]),
            (r#"{"policies": {"a": {}, "b": 1}}"#, vec![vec!["policies", "a"], vec!["policies", "b"]]),
            (r#"{"console": {}}"#, vec![]),
            ("{", vec![vec![]]),
        ] {
            let found = policies(&Part::read(text));
            assert_eq!(found.iter().map(|place| place.pointer.clone()).collect::<Vec<_>>(), pointers, "{text}");
        }
        let two = policies(&Part::read(r#"{"policies": {"a": {}, "b": {}}}"#));
        assert_eq!(["a", "b", "c"].map(|server| policy_for(&two, server)), [Some(0), Some(1), None]);
        assert_eq!(policy_for(&policies(&Part::read("{}")), "c"), Some(0));
    }
}
