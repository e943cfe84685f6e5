//! Statistics as Prometheus reads them from the gateway that is shipped.

use super::{start_gateway, traffic};
use crate::runtime::run;

#[test]
fn the_shipped_gateway_cuts_labels_out_of_names() {
    run(async {
        let gateway = start_gateway("observe-labels").await;
        traffic(&gateway).await;
        let text = gateway.prometheus().await;
        let mut own: Vec<&str> = text.lines().filter(|line| line.starts_with("mcp_policy_")).collect();
        own.sort_unstable();
        let (configurations, others): (Vec<&str>, Vec<&str>) =
            own.into_iter().partition(|line| line.starts_with("mcp_policy_configurations{config=\""));
        assert_eq!(configurations.len(), 1);
        // Each worker that had a request counts the pinned tool.
        let (unlisted, others): (Vec<&str>, Vec<&str>) = others
            .into_iter()
            .partition(|line| line.starts_with(r#"mcp_policy_unlisted_definitions{policy="default"} "#));
        assert!(matches!(unlisted[..], [line] if line.ends_with([ '1', '2' ])), "{unlisted:?}");
        assert_eq!(
            others,
            [
                "mcp_policy_approvals_oldest_seconds{} 0",
                "mcp_policy_approvals_pending{} 0",
                "mcp_policy_approvals_unanswered{} 0",
                "mcp_policy_conflicts{} 0",
                "mcp_policy_counters{} 1",
                r#"mcp_policy_decisions{policy="default",tool="no%251",decision="denied"} 1"#,
                r#"mcp_policy_decisions{policy="default",tool="none",decision="allowed"} 1"#,
                r#"mcp_policy_decisions{policy="default",tool="none",decision="refused"} 1"#,
                r#"mcp_policy_decisions{policy="default",tool="note",decision="allowed"} 1"#,
                r#"mcp_policy_decisions{policy="default",tool="ok",decision="allowed"} 1"#,
                r#"mcp_policy_decisions{policy="default",tool="once",decision="allowed"} 1"#,
                r#"mcp_policy_decisions{policy="default",tool="once",decision="rate_limited"} 1"#,
                r#"mcp_policy_decisions{policy="default",tool="other",decision="allowed"} 1"#,
                r#"mcp_policy_decisions{policy="default",tool="soon",decision="allowed"} 1"#,
                r#"mcp_policy_decisions{policy="default",tool="soon_note",decision="allowed"} 1"#,
                r#"mcp_policy_drifts{policy="default",tool="changed",reason="changed"} 1"#,
                "mcp_policy_limits_unanswered{} 0",
                "mcp_policy_notices_failed{} 0",
                "mcp_policy_notices_sent{} 0",
                "mcp_policy_overflows{} 0",
                r#"mcp_policy_redactions{policy="default",finder="email"} 1"#,
                r#"mcp_policy_refusals{reason="unreadable"} 1"#,
                r#"mcp_policy_shadow_decisions{policy="default",tool="soon",decision="denied"} 1"#,
                r#"mcp_policy_shadow_redactions{policy="default",finder="email"} 1"#,
            ]
        );
    });
}
