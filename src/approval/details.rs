//! What an approver reads about a call, and who decided.

use crate::store::framing;

use super::{ApprovalKey, Fingerprint, GrantDigest};

/// What an approver reads about a call, and who decided.
#[derive(Clone, Copy, Debug)]
pub struct ApprovalDetails<'t> {
    /// The call.
    pub key: ApprovalKey<'t>,
    /// The caller's grant, redacted for display.
    pub caller: &'t str,
    /// Why the call needs approval.
    pub reason: &'t str,
    /// What the call uses of its limits: a JSON list; empty if it uses none.
    pub uses: &'t str,
    /// Who decided; empty while it is pending.
    pub approver: &'t str,
    /// The approver's note.
    pub note: &'t str,
}

impl<'t> ApprovalDetails<'t> {
    /// The bytes of a cell.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let Self { key, caller, reason, uses, approver, note } = self;
        let ApprovalKey { filter, policy, config, rule, route, cluster, grant, method, name, params } = key;
        let [filter, policy, config, rule, route, cluster, method, name] =
            [filter, policy, config, rule, route, cluster, method, name].map(|text| text.as_bytes());
        let [caller, reason, uses, approver, note] = [caller, reason, uses, approver, note].map(|text| text.as_bytes());
        framing::join(&[
            filter,
            policy,
            config,
            rule,
            route,
            cluster,
            grant.as_bytes(),
            method,
            name,
            params,
            caller,
            reason,
            uses,
            approver,
            note,
        ])
    }

    /// Reads the bytes of a cell; `None` if they are not the details of the call with this fingerprint.
    #[must_use]
    pub fn read(bytes: &'t [u8], fingerprint: Fingerprint) -> Option<Self> {
        let [
            filter,
            policy,
            config,
            rule,
            route,
            cluster,
            grant,
            method,
            name,
            params,
            caller,
            reason,
            uses,
            approver,
            note,
        ] = framing::split(bytes)?;
        let text = |bytes| std::str::from_utf8(bytes).ok();
        let key = ApprovalKey {
            filter: text(filter)?,
            policy: text(policy)?,
            config: text(config)?,
            rule: text(rule)?,
            route: text(route)?,
            cluster: text(cluster)?,
            grant: GrantDigest::read(grant)?,
            method: text(method)?,
            name: text(name)?,
            params,
        };
        let [caller, reason, uses] = [text(caller)?, text(reason)?, text(uses)?];
        let [approver, note] = [text(approver)?, text(note)?];
        (key.fingerprint()? == fingerprint).then_some(Self { key, caller, reason, uses, approver, note })
    }
}

/// Who decided on a call, and the note that the approver wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApproverNote {
    /// The approval request's id.
    pub id: String,
    /// The approver; empty if not known.
    pub approver: String,
    /// The note for the agent; empty if there is none.
    pub note: String,
}
