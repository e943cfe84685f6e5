//! Approvals as the console's API describes them, and as text.

use std::time::Duration;

use humantime::parse_rfc3339;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::params;
use crate::sanitize::{line, lines};

/// The answer to `GET /api/approvals`.
#[derive(Deserialize)]
pub(super) struct Approvals {
    /// By the gateway's clock.
    now: String,
    approvals: Vec<Approval>,
}

/// An approval.
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
    /// `None` if the gateway has lost them.
    params: Option<String>,
    reason: Option<String>,
    /// What the call uses of its limits, and how full they were when it came.
    #[serde(default)]
    uses: Vec<Use>,
    asked_at: String,
    expires_at: String,
    #[serde(default)]
    yours: bool,
    approver: Option<String>,
    note: Option<String>,
}

/// What a call uses of a limit.
#[derive(Deserialize)]
struct Use {
    counter: String,
    /// Amounts are shown as they are written.
    cost: Box<RawValue>,
    used: Option<Box<RawValue>>,
    max: Option<Box<RawValue>>,
    /// In seconds.
    window: u64,
}

impl Approvals {
    /// A paragraph for each pending approval, or for each of all.
    pub(super) fn to_text(&self, lists_all: bool) -> String {
        let (shown, left_out): (Vec<_>, Vec<_>) =
            self.approvals.iter().partition(|approval| lists_all || approval.state == "pending");
        let mut paragraphs: Vec<String> = shown.iter().map(|approval| approval.to_paragraph(&self.now)).collect();
        if shown.is_empty() {
            paragraphs.push("no call waits for approval\n".to_owned());
        }
        match left_out.len() {
            0 => {}
            1 => paragraphs.push("1 answered call is not listed; `--all` lists it, too\n".to_owned()),
            count => paragraphs.push(format!("{count} answered calls are not listed; `--all` lists them, too\n")),
        }
        paragraphs.join("\n")
    }
}

impl Approval {
    fn to_paragraph(&self, now: &str) -> String {
        let Self { id, state, filter, policy, rule, grant, .. } = self;
        let mut paragraph = format!(
            "{}  {}, requested {} ago, expires in {}\n",
            line(id),
            line(state),
            format_duration(&self.asked_at, now),
            format_duration(now, &self.expires_at)
        );
        paragraph.push_str(&format!("  {} by `{}`\n", self.describe_call(), line(grant)));
        paragraph.push_str(&format!("  rule {} of policy `{}` in `{}`\n", line(rule), line(policy), line(filter)));
        if let Some(reason) = &self.reason {
            paragraph.push_str(&format!("  reason: {}\n", line(reason)));
        }
        for used in &self.uses {
            paragraph.push_str(&format!("  uses {}\n", used.describe()));
        }
        if let Some(by) = self.decided_by() {
            paragraph.push_str(&format!("  {} by {by}\n", line(state)));
        }
        if self.yours {
            paragraph.push_str("  this is your own request: another approver has to decide\n");
        }
        match &self.params {
            Some(params) => paragraph.push_str(&lines(&params::format(params), "  | ")),
            None => {
                paragraph.push_str("  the gateway has lost the parameters of this call, so it cannot be approved\n")
            }
        }
        paragraph
    }

    /// What our decision means for the call.
    pub(super) fn describe_decision(&self, approved: bool) -> String {
        let (call, grant) = (self.describe_call(), line(&self.grant));
        if approved {
            format!("approved: {call} by `{grant}` passes once, when the agent repeats it\n")
        } else {
            format!("rejected: {call} by `{grant}`\n")
        }
    }

    fn describe_call(&self) -> String {
        let method = line(&self.method);
        self.tool.as_ref().map_or_else(|| method.clone(), |tool| format!("{method} `{}`", line(tool)))
    }

    fn decided_by(&self) -> Option<String> {
        let approver = line(self.approver.as_ref()?);
        Some(self.note.as_ref().map_or_else(|| format!("`{approver}`"), |note| format!("`{approver}`: {}", line(note))))
    }
}

impl Use {
    /// `500 of `refunded`: 25000 of 30000 in 1day`
    fn describe(&self) -> String {
        let Self { counter, cost, used, max, window } = self;
        let amounts: Vec<&str> = [used, max].into_iter().flatten().map(|amount| amount.get()).collect();
        let window = humantime::format_duration(Duration::from_secs(*window));
        line(&format!("{} of `{counter}`: {} in {window}", cost.get(), amounts.join(" of ")))
    }
}

/// The time from one timestamp to another, zero if negative; `?` if one cannot be read.
fn format_duration(from: &str, to: &str) -> String {
    let (Ok(from), Ok(to)) = (parse_rfc3339(from), parse_rfc3339(to)) else { return "?".to_owned() };
    let seconds = to.duration_since(from).unwrap_or_default().as_secs();
    humantime::format_duration(Duration::from_secs(seconds)).to_string()
}
