//! What the console says of approvals.

use std::time::Duration;

use humantime::{format_duration, parse_rfc3339};
use serde::Deserialize;

use super::{
    params,
    visible::{lines, text},
};

/// The answer to `GET /api/approvals`.
#[derive(Deserialize)]
pub(super) struct Approvals {
    /// By the gateway's clock.
    now: String,
    approvals: Vec<Approval>,
}

/// One of them.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Approval {
    id: String,
    state: String,
    filter: String,
    policy: String,
    rule: String,
    grant: String,
    method: String,
    tool: Option<String>,
    /// Lost, where there is none.
    params: Option<String>,
    reason: Option<String>,
    asked_at: String,
    expires_at: String,
    #[serde(default)]
    yours: bool,
    approver: Option<String>,
    note: Option<String>,
}

impl Approvals {
    /// A paragraph each.
    pub(super) fn text(&self) -> String {
        if self.approvals.is_empty() {
            return "no call waits for a person\n".to_owned();
        }
        let paragraphs: Vec<String> = self.approvals.iter().map(|approval| approval.paragraph(&self.now)).collect();
        paragraphs.join("\n")
    }
}

impl Approval {
    fn paragraph(&self, now: &str) -> String {
        let Self { id, state, filter, policy, rule, grant, .. } = self;
        let mut paragraph = format!(
            "{}  {}, asked {} ago, {} left\n",
            text(id),
            text(state),
            between(&self.asked_at, now),
            between(now, &self.expires_at)
        );
        paragraph.push_str(&format!("  {} by `{}`\n", self.call(), text(grant)));
        paragraph.push_str(&format!("  rule {} of policy `{}` in `{}`\n", text(rule), text(policy), text(filter)));
        if let Some(reason) = &self.reason {
            paragraph.push_str(&format!("  reason: {}\n", text(reason)));
        }
        if let Some(by) = self.by() {
            paragraph.push_str(&format!("  {} by {by}\n", text(state)));
        }
        if self.yours {
            paragraph.push_str("  you asked for this: somebody else has to answer\n");
        }
        match &self.params {
            Some(params) => paragraph.push_str(&lines(&params::in_lines(params), "  | ")),
            None => paragraph.push_str("  the text of this call is lost: it cannot be approved\n"),
        }
        paragraph
    }

    /// What has become of it by our answer.
    pub(super) fn answered(&self, approved: bool) -> String {
        let (call, grant) = (self.call(), text(&self.grant));
        if approved {
            format!("approved: {call} by `{grant}` passes once, when it is called again\n")
        } else {
            format!("rejected: {call} by `{grant}`\n")
        }
    }

    fn call(&self) -> String {
        let method = text(&self.method);
        self.tool.as_ref().map_or_else(|| method.clone(), |tool| format!("{method} `{}`", text(tool)))
    }

    fn by(&self) -> Option<String> {
        let approver = text(self.approver.as_ref()?);
        Some(self.note.as_ref().map_or_else(|| format!("`{approver}`"), |note| format!("`{approver}`: {}", text(note))))
    }
}

/// The time from one moment to another, none if it has passed; `?` where one cannot be read.
fn between(from: &str, to: &str) -> String {
    let (Ok(from), Ok(to)) = (parse_rfc3339(from), parse_rfc3339(to)) else { return "?".to_owned() };
    let seconds = to.duration_since(from).unwrap_or_default().as_secs();
    format_duration(Duration::from_secs(seconds)).to_string()
}
