//! What approvers hear of a new request: the body of one HTTP POST; product contract, section 15.
//!
//! Callers choose most of its texts. Each is cut to 256 characters, with invisible ones shown, and is where the format knows neither
//! marks nor links: the only link is the console's.

use std::collections::VecDeque;

use crate::{
    audit::AuditRecord,
    config::{Config, NoticeFormat},
    json::{Writer, quoted},
    text::long_excerpt,
    time::{Timestamp, rfc_3339},
};

use super::approval_service::Pending;

/// Notices that may wait on one worker; each is at most some 30 KB.
const MAX_WAITING: usize = 64;
/// The time between two notices of one worker, in milliseconds: webhooks of Slack take one message a second.
pub const INTERVAL_MS: u32 = 1000;

const TITLE: &str = "A call waits for approval";
const LINK: &str = "Open the approval";

/// The notices of one worker that wait, so that no one is flooded.
#[derive(Debug, Default)]
pub struct NoticeQueue {
    waiting: VecDeque<String>,
    /// When the next one may go, in milliseconds since the epoch.
    next_at: u64,
}

/// What is announced of a request.
struct Notice {
    /// Names and texts, in the order in which people read them; none is empty.
    fields: Vec<(&'static str, String)>,
    /// The request's place in the console.
    url: Option<String>,
}

/// Announces the request for approval that a call has filed, whose record says who called what; `None` if no one is to hear of it.
pub(super) fn announce(config: &Config, record: &AuditRecord, pending: &Pending, reason: &str) -> Option<String> {
    let format = config.approvals.notify.as_ref()?.format;
    let expires_at = pending.expires_at.and_then(|seconds| rfc_3339(Timestamp::from_seconds(seconds)));
    let values = record.arguments.as_ref().and_then(|arguments| arguments.values.as_deref());
    let texts = [
        ("method", &*record.method),
        ("tool", &record.target),
        ("grant", record.grant.as_deref().unwrap_or_default()),
        ("reason", reason),
        ("arguments", values.unwrap_or_default()),
        ("policy", record.policy.as_deref().unwrap_or_default()),
        ("rule", &record.rule),
        ("expiresAt", expires_at.as_deref().unwrap_or_default()),
        ("id", &pending.id),
    ];
    let written = texts.into_iter().filter(|(_, text)| !text.is_empty());
    let fields = written.map(|(name, text)| (name, long_excerpt(text))).collect();
    let url = config.approvals.url.as_ref().map(|base| [base, "#", &*pending.id].concat());
    let notice = Notice { fields, url };
    Some(match format {
        NoticeFormat::Json => notice.json(),
        NoticeFormat::Slack => notice.slack(),
        NoticeFormat::Workflows => notice.workflows(),
    })
}

impl NoticeQueue {
    /// Takes a notice; `false` if there is no room for it.
    pub fn push(&mut self, notice: String) -> bool {
        let has_room = self.waiting.len() < MAX_WAITING;
        if has_room {
            self.waiting.push_back(notice);
        }
        has_room
    }

    /// The next notice, if its time has come. A clock that steps back holds none up.
    pub fn take_due(&mut self, now: Timestamp) -> Option<String> {
        let wait = self.next_at.saturating_sub(now.0);
        if wait > 0 && wait <= INTERVAL_MS.into() {
            return None;
        }
        let notice = self.waiting.pop_front()?;
        self.next_at = now.0.saturating_add(INTERVAL_MS.into());
        Some(notice)
    }

    /// How many notices wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }
}

impl Notice {
    fn json(&self) -> String {
        let mut body = Writer::default();
        for (name, text) in &self.fields {
            body.add_string(*name, text);
        }
        body.add_optional_string("url", self.url.as_deref());
        body.finish()
    }

    /// A message of rich text, whose elements are literal; <https://docs.slack.dev/reference/block-kit/blocks/rich-text-block>. `text` is
    /// what notifications show.
    fn slack(&self) -> String {
        let mut elements = format!(r#"{{"type":"text","text":"{TITLE}","style":{{"bold":true}}}}"#);
        for (name, text) in &self.fields {
            push_element(&mut elements, "text", &[("text", &format!("\n{name}: "))], "");
            push_element(&mut elements, "text", &[("text", text)], r#","style":{"code":true}"#);
        }
        if let Some(url) = &self.url {
            push_element(&mut elements, "text", &[("text", "\n")], "");
            push_element(&mut elements, "link", &[("url", url), ("text", LINK)], "");
        }
        format!(
            r#"{{"text":"{TITLE}","blocks":[{{"type":"rich_text","elements":[{{"type":"rich_text_section","elements":[{elements}]}}]}}]}}"#
        )
    }

    /// An Adaptive Card of text runs, which know no Markdown; <https://adaptivecards.io/explorer/TextRun.html>. Dates in double braces are
    /// formatted in them, too, so none stay.
    fn workflows(&self) -> String {
        let mut blocks = format!(
            r#"{{"type":"RichTextBlock","inlines":[{{"type":"TextRun","text":"{TITLE}","weight":"Bolder"}}]}}"#
        );
        for (name, text) in &self.fields {
            let mut inlines = format!(r#"{{"type":"TextRun","text":"{name}: "}}"#);
            let text = text.replace("{{", "{ {");
            push_element(&mut inlines, "TextRun", &[("text", &text)], r#","fontType":"Monospace""#);
            blocks.push_str(r#",{"type":"RichTextBlock","inlines":["#);
            blocks.push_str(&inlines);
            blocks.push_str("]}");
        }
        let mut card = Writer::default();
        card.add_string("$schema", "http://adaptivecards.io/schemas/adaptive-card.json")
            .add_string("type", "AdaptiveCard")
            .add_string("version", "1.2")
            .add_json("body", format_args!("[{blocks}]"));
        if let Some(url) = &self.url {
            let mut actions = String::new();
            push_element(&mut actions, "Action.OpenUrl", &[("title", LINK), ("url", url)], "");
            card.add_json("actions", format_args!("[{actions}]"));
        }
        format!(
            r#"{{"type":"message","attachments":[{{"contentType":"application/vnd.microsoft.card.adaptive","contentUrl":null,"content":{}}}]}}"#,
            card.finish()
        )
    }
}

/// Appends an element of this type with these texts; `more` is JSON.
fn push_element(out: &mut String, kind: &str, texts: &[(&str, &str)], more: &str) {
    if !out.is_empty() {
        out.push(',');
    }
    out.push_str(r#"{"type":""#);
    out.push_str(kind);
    out.push('"');
    for (name, text) in texts {
        out.push_str(",\"");
        out.push_str(name);
        out.push_str("\":");
        out.push_str(&quoted(text));
    }
    out.push_str(more);
    out.push('}');
}

#[cfg(test)]
mod tests;
