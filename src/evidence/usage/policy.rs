//! The policy for what was used, and what its author should know.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    json,
    mcp::{Method, MethodClass},
    text::{count, verb},
    time,
};

use super::{Target, TargetUsage, Usage, rates::Minutes};

/// URIs that a policy names one by one; of more, folders are named.
const MAX_URIS: usize = 100;
/// Folders that a policy names: each is a pattern. Of more, the URIs are named after all.
const MAX_FOLDERS: usize = 1000;

/// One target of the suggestion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// `tool`, `resource` or `prompt`.
    pub kind: &'static str,
    /// Its key in the policy.
    pub name: String,
    /// The calls that passed.
    pub calls: u64,
    /// The calls of one caller that 99 of 100 minutes do not exceed.
    pub percentile_99: u64,
    /// The most calls of one caller in a minute.
    pub most: u64,
    /// The calls a minute that the policy lets through for each caller.
    pub limit: u64,
    /// Whether the policy asks for approval, since approvers approved calls.
    pub approval: bool,
}

impl Target {
    fn kind(&self) -> &'static str {
        match self {
            Self::Tool(_) => "tool",
            Self::Resource(_) => "resource",
            Self::Prompt(_) => "prompt",
        }
    }

    fn name(&self) -> &str {
        match self {
            Self::Tool(name) | Self::Resource(name) | Self::Prompt(name) => name,
        }
    }
}

impl Usage {
    /// What the policy names, in the order of its keys.
    #[must_use]
    pub fn rows(&self) -> Vec<Row> {
        let row = |(target, usage): (&Target, &TargetUsage)| {
            let minutes = self.rates.of(target);
            Row {
                kind: target.kind(),
                name: target.name().to_owned(),
                calls: usage.calls,
                percentile_99: minutes.percentile_99(),
                most: minutes.most(),
                limit: minutes.limit(),
                approval: usage.approved > 0,
            }
        };
        self.fold_uris(self.targets.iter().map(row).collect())
    }

    /// Names folders in the place of many resources; the limit of a folder lets through what all of them together took.
    fn fold_uris(&self, rows: Vec<Row>) -> Vec<Row> {
        if !self.names_folders() {
            return rows;
        }
        let (uris, mut others): (Vec<_>, Vec<_>) =
            rows.into_iter().partition(|row| row.kind == "resource" && folder_of(&row.name).is_some());
        let mut folders: BTreeMap<String, Row> = BTreeMap::new();
        for row in uris {
            let name = format!("{}/*", folder_of(&row.name).unwrap_or_default());
            let limit = row.limit;
            let sum = folders.entry(name.clone()).or_insert(Row { name, calls: 0, limit: 0, approval: false, ..row });
            sum.calls = sum.calls.saturating_add(row.calls);
            sum.limit = sum.limit.saturating_add(limit);
            sum.percentile_99 = sum.percentile_99.max(row.percentile_99);
            sum.most = sum.most.max(row.most);
            sum.approval |= row.approval;
        }
        others.extend(folders.into_values());
        others
    }

    /// The URIs of the resources that were read.
    fn uris(&self) -> impl Iterator<Item = &str> {
        self.targets.keys().filter(|target| target.kind() == "resource").map(Target::name)
    }

    /// Whether there are many resources, in no more folders than a policy has patterns.
    fn names_folders(&self) -> bool {
        let folders: BTreeSet<&str> = self.uris().filter_map(folder_of).collect();
        self.uris().count() > MAX_URIS && (1..=MAX_FOLDERS).contains(&folders.len())
    }

    /// The policy as JSON, with a line for each entry: people read and edit it.
    #[must_use]
    pub fn policy(&self) -> String {
        let rows = self.rows();
        let section = |kind: &str| -> Vec<String> {
            let rows = rows.iter().filter(|row| row.kind == kind);
            rows.map(|row| format!("    {}: {}", json::quoted(&row.name), row.rule())).collect()
        };
        let methods = self.methods.keys().filter(|method| needs_entry(method));
        let methods: Vec<String> = methods.map(|method| format!("    {}: \"allow\"", json::quoted(method))).collect();
        let mut parts = vec![
            "  \"version\": \"1\"".to_owned(),
            "  \"default\": \"deny\"".to_owned(),
            format!("  \"description\": {}", json::quoted(&self.description())),
        ];
        let sections = [
            ("tools", section("tool")),
            ("resources", section("resource")),
            ("prompts", section("prompt")),
            ("methods", methods),
        ];
        for (name, lines) in sections {
            if !lines.is_empty() {
                parts.push(format!("  \"{name}\": {{\n{}\n  }}", lines.join(",\n")));
            }
        }
        format!("{{\n{}\n}}\n", parts.join(",\n"))
    }

    fn description(&self) -> String {
        let day = |at| time::rfc_3339(at).unwrap_or_default();
        let span = self.span.map(|(first, last)| format!(" from {} to {}", day(first), day(last))).unwrap_or_default();
        let (calls, callers) = (count(self.passed, "call"), count(self.callers.len(), "caller"));
        format!("Suggested by mcp-policy from {calls} of {callers} that passed{span}; review it before use.")
    }

    /// What the author should know of the log and of the policy.
    #[must_use]
    pub fn remarks(&self) -> Vec<String> {
        let counts = &self.counts;
        let mut remarks: Vec<String> = [
            (counts.refused, "call", ["was", "were"], "refused, which permits nothing"),
            (counts.in_shadow, "call", ["passed", "passed"], "only in shadow mode, which permits nothing"),
            (
                counts.unverified,
                "call",
                ["is", "are"],
                "of callers whose identity is not verified; `--all-callers` counts them, too",
            ),
            (
                counts.by_address,
                "call",
                ["is", "are"],
                "of callers that only an address names; if the log's gateway reads it from a header \
                 (`{\"address\": \"forwarded\"}`), clients choose it",
            ),
            (counts.of_another_policy, "call", ["was", "were"], "decided by another policy"),
            (
                counts.unnamable,
                "call",
                ["names", "name"],
                "something that no key of a policy can name exactly; it stays denied",
            ),
            (counts.beyond, "call", ["names", "name"], "more than a policy has room for; it stays denied"),
            (
                counts.subscriptions,
                "call",
                ["subscribes", "subscribe"],
                "to resources; records do not name their URIs, so add them by hand",
            ),
            (counts.batches, "request", ["has", "have"], "several messages; records do not name what they call"),
        ]
        .into_iter()
        .filter(|(number, ..)| *number > 0)
        .map(|(number, thing, [single, several], what)| {
            format!("{} {} {what}", count(number, thing), verb(number, single, several))
        })
        .collect();
        for (target, usage) in &self.targets {
            let minutes = self.rates.of(target);
            remarks.extend(burst(target, &minutes));
            if (1..usage.calls).contains(&usage.approved) {
                remarks.push(format!(
                    "{} `{}`: approvers approved {} of {} calls; the policy asks for approval of each, so add the conditions",
                    target.kind(),
                    target.name(),
                    usage.approved,
                    usage.calls
                ));
            }
        }
        let uris = self.uris().count();
        if self.names_folders() {
            remarks.push(format!("{uris} resources were read, so the policy names their folders"));
        }
        if uris > 0 {
            remarks.push("records hold URIs without their query, so a resource with a query stays denied".to_owned());
        }
        remarks
    }
}

/// The folder that a URI lies in, without the slash behind it.
fn folder_of(uri: &str) -> Option<&str> {
    uri.rsplit_once('/').map(|(folder, _)| folder)
}

/// The busiest minute, if it alone makes the limit large.
fn burst(target: &Target, minutes: &Minutes) -> Option<String> {
    let (most, caller, at) = minutes.busiest.as_ref().filter(|_| minutes.has_burst())?;
    let (kind, name, usual) = (target.kind(), target.name(), minutes.percentile_99());
    let at = time::rfc_3339(*at).unwrap_or_default();
    Some(format!(
        "{kind} `{name}`: {caller} called it {most} times in the minute from {at}, others at most {} in 99 of 100 minutes; \
         lower the limit if that was a fault",
        count(usual, "time")
    ))
}

impl Row {
    /// Its rule.
    fn rule(&self) -> String {
        let approval = match self.approval {
            true => r#""require_approval": [{"conditions": [], "on_deny": "approvers approved it so far"}], "#,
            false => "",
        };
        format!(r#"{{{approval}"rate_limit": "{}/minute"}}"#, self.limit)
    }
}

/// Whether a policy that denies by default denies a method which it does not name.
fn needs_entry(method: &str) -> bool {
    match Method::known(method) {
        Some(known) => known.class == MethodClass::Closed,
        None => !Method::is_client_notification(method),
    }
}
