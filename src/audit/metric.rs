//! The names of what is counted in Envoy's statistics. Labels are closed sets: no caller makes a series come into being.
//!
//! A name is the labels, then the metric: `policy=.=default;.;tool=.=pay;.;decision=.=denied;.;mcp_policy_decisions`. That is
//! how Istio marks labels, which `stats_tags` (and `extraStatTags` there) cut out again.

use std::fmt::Write as _;

use crate::config::Config;

use crate::audit::AuditRecord;

/// Decisions, by `policy`, `tool` and `decision`.
pub const DECISIONS: &str = "mcp_policy_decisions";
/// What would have been decided by what is in shadow, by `policy`, `tool` and `decision`.
pub const SHADOW_DECISIONS: &str = "mcp_policy_shadow_decisions";
/// Requests refused unread, by `reason`.
pub const REFUSALS: &str = "mcp_policy_refusals";
/// Approval callouts without a usable response.
pub const APPROVALS_UNANSWERED: &str = "mcp_policy_approvals_unanswered";
/// Approvals that are pending in this Envoy.
pub const APPROVALS_PENDING: &str = "mcp_policy_approvals_pending";
/// The seconds since the oldest of them was requested; 0 if none is pending.
pub const APPROVALS_OLDEST: &str = "mcp_policy_approvals_oldest_seconds";
/// Notices of new requests for approval that the webhook accepted.
pub const NOTICES_SENT: &str = "mcp_policy_notices_sent";
/// Those that it did not accept, and those that were not sent.
pub const NOTICES_FAILED: &str = "mcp_policy_notices_failed";
/// Rate-limit callouts without a usable response.
pub const LIMITS_UNANSWERED: &str = "mcp_policy_limits_unanswered";
/// Threads on which a configuration is in force, by `config`, its digest.
pub const CONFIGURATIONS: &str = "mcp_policy_configurations";
/// Counters that are kept, but for those whose time was over when their neighbours were written last.
pub const COUNTERS: &str = "mcp_policy_counters";
/// Charges to a counter that callers share, since there was no room for one of their own.
pub const OVERFLOWS: &str = "mcp_policy_overflows";
/// Writes that were tried again, since another worker was faster.
pub const CONFLICTS: &str = "mcp_policy_conflicts";

/// Entries of a policy that name tools which no list of the server has shown, by `policy`; each worker adds its own.
pub const UNLISTED_ENTRIES: &str = "mcp_policy_unlisted_entries";

/// Entries of lists that no pin admits, by `policy`, pinned `tool` and `reason`: `changed`, `repeated` or `look_alike`.
pub const DRIFTS: &str = "mcp_policy_drifts";
/// Pinned tools whose pinned definition no list has shown, by `policy`; each worker adds its own.
pub const UNLISTED_DEFINITIONS: &str = "mcp_policy_unlisted_definitions";
/// Calls that were denied since an argument does not fit the pinned schema, by `policy` and `tool`.
pub const INVALID_ARGUMENTS: &str = "mcp_policy_invalid_arguments";
/// What was found in answers and replaced or refused, by `policy` and `finder`.
pub const REDACTIONS: &str = "mcp_policy_redactions";
/// What rules in shadow would have replaced or refused, by `policy` and `finder`.
pub const SHADOW_REDACTIONS: &str = "mcp_policy_shadow_redactions";

/// Series that one VM makes; beyond, all labels of a new one are [`OTHER`].
pub const MAX_SERIES: usize = 1000;
/// The value of a label that has no series of its own.
pub const OTHER: &str = "other";
/// The value of `tool` if no tool is called, and of `policy` if none applies.
pub const NONE: &str = "none";

/// A label and its value.
pub type Label<'l> = (&'static str, &'l str);

/// The labels of what was decided.
#[must_use]
pub fn decision_labels<'r>(config: &Config, record: &'r AuditRecord) -> [Label<'r>; 3] {
    labels(config, record, record.decision.name())
}

/// The labels of what would have been decided.
#[must_use]
pub fn shadow_labels<'r>(config: &Config, record: &'r AuditRecord) -> Option<[Label<'r>; 3]> {
    record.shadow.as_ref().map(|shadow| labels(config, record, shadow.decision.name()))
}

fn labels<'r>(config: &Config, record: &'r AuditRecord, decision: &'r str) -> [Label<'r>; 3] {
    let policy = record.policy.as_deref();
    let tool = match policy.and_then(|name| config.policy(name)) {
        _ if record.method != "tools/call" => NONE,
        Some(policy) if policy.names_tool(&record.target) => &record.target,
        _ => OTHER,
    };
    [("policy", policy.unwrap_or(NONE)), ("tool", tool), ("decision", decision)]
}

/// The name of a series.
#[must_use]
pub fn series_name(metric: &str, labels: &[Label<'_>]) -> String {
    let mut name = String::new();
    for (label, value) in labels {
        name.push_str(label);
        name.push_str("=.=");
        for byte in value.bytes() {
            if byte.is_ascii_alphanumeric() || b"_.-".contains(&byte) {
                name.push(char::from(byte));
            } else {
                // Writing to a string does not fail.
                let _ = write!(name, "%{byte:02X}");
            }
        }
        name.push_str(";.;");
    }
    name.push_str(metric);
    name
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{DECISIONS, decision_labels, series_name};
    use crate::{
        audit::{AuditRecord, Decision},
        config::Config,
    };

    #[test]
    fn a_name_holds_its_labels_as_istio_marks_them() {
        let labels = [("policy", "default"), ("tool", "image.draw")];
        assert_eq!(series_name(DECISIONS, &labels), "policy=.=default;.;tool=.=image.draw;.;mcp_policy_decisions");
        assert_eq!(series_name(DECISIONS, &[]), "mcp_policy_decisions");
    }

    #[test]
    fn a_tool_that_the_policy_names_has_a_label_of_its_own_and_every_other_one_shares_one() {
        let policy = format!(
            r#"{{"version":"1","default":"deny","hide":["drop","x_*"],"tools":{{"pay":{{}},"get_*":{{}}}},"definitions":{{"pin":{{"sha256":"{}"}}}}}}"#,
            "0".repeat(64)
        );
        let config = Config::load(policy.as_bytes()).unwrap();
        let tool = |method: &'static str, name: &str| {
            let record = AuditRecord {
                policy: Some("default".into()),
                method: method.into(),
                target: name.to_owned(),
                ..AuditRecord::new(Decision::Denied, config.digest.clone())
            };
            decision_labels(&config, &record)[1].1.to_owned()
        };
        for (name, label) in [
            ("pay", "pay"),
            ("pin", "pin"),
            ("drop", "drop"),
            ("x_1", "other"),
            ("get_1", "other"),
            ("x_*", "other"),
            ("zzz", "other"),
        ] {
            assert_eq!(tool("tools/call", name), label);
        }
        assert_eq!(tool("prompts/get", "pay"), "none");
    }

    #[test]
    fn no_value_can_forge_a_label_or_a_line() {
        let labels = [("tool", "a;.;x=.=b\n\"é")];
        assert_eq!(series_name(DECISIONS, &labels), "tool=.=a%3B.%3Bx%3D.%3Db%0A%22%C3%A9;.;mcp_policy_decisions");
    }
}
