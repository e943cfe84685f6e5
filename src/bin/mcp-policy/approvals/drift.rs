//! Pinned definitions that have changed, as the console's API describes them, and as text.

use serde::Deserialize;

use crate::{pin::describe_difference, sanitize::line};

/// The answer to `GET /api/drifts`.
#[derive(Deserialize)]
pub(super) struct Drifts {
    drifts: Vec<Drift>,
    /// How many policies have no place for their drifts.
    #[serde(default)]
    full: u64,
}

/// A pinned tool whose definition in a list differed from its pin.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Drift {
    id: String,
    state: String,
    /// `None`, as all of the following, if the gateway has lost them.
    policy: Option<String>,
    route: Option<String>,
    tool: Option<String>,
    grant: Option<String>,
    seen: Option<String>,
    before: Option<String>,
    first_seen_at: String,
    last_seen_at: String,
    pinned_since: Option<String>,
}

impl Drifts {
    /// A paragraph for each drift.
    pub(super) fn to_text(&self) -> String {
        let mut paragraphs: Vec<String> = self.drifts.iter().map(Drift::to_paragraph).collect();
        if self.full > 0 {
            paragraphs.push(format!(
                "the gateway has no place for further drifts of {} policies: it denies every pinned tool of them\n",
                self.full
            ));
        }
        if paragraphs.is_empty() {
            return "no list has shown another definition than a pinned one\n".to_owned();
        }
        paragraphs.join("\n")
    }
}

impl Drift {
    fn to_paragraph(&self) -> String {
        let Self { id, state, first_seen_at, last_seen_at, .. } = self;
        let mut text =
            format!("{}  {}, seen from {} to {}\n", line(id), line(state), line(first_seen_at), line(last_seen_at));
        if let Some(since) = &self.pinned_since {
            text.push_str(&format!("  lists have shown the pinned definition since {}\n", line(since)));
        }
        if let (Some(policy), Some(grant)) = (&self.policy, &self.grant) {
            let route = self.route.as_ref().map(|route| format!(", route `{}`", line(route))).unwrap_or_default();
            text.push_str(&format!("  policy `{}`{route}, in a list for `{}`\n", line(policy), line(grant)));
        }
        match (&self.tool, &self.seen) {
            (Some(tool), Some(seen)) => {
                let difference = describe_difference(tool, self.before.as_deref(), seen);
                difference.lines().for_each(|line| text.push_str(&format!("  {line}\n")));
            }
            (Some(tool), None) => text.push_str(&format!(
                "  `{}`: the definition is too long to be shown here; compare it with `mcp-policy pin --check`\n",
                line(tool)
            )),
            (None, _) => text.push_str("  the gateway has lost the definition; it has it again with the next list\n"),
        }
        text
    }

    /// What was accepted.
    pub(super) fn describe_acceptance(&self) -> String {
        let tool = self.tool.as_ref().map_or_else(|| "the tool".to_owned(), |tool| format!("`{}`", line(tool)));
        format!(
            "accepted: calls of {tool} pass with this definition until the gateway gets another configuration; pin it with \
             `mcp-policy pin` to keep it\n"
        )
    }
}
