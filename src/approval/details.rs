//! What a question says, to the person who is asked and to those who look back.

use crate::store::framing;

use super::{ApprovalKey, Fingerprint};

/// A question in words, and who answered it.
#[derive(Clone, Copy, Debug)]
pub struct ApprovalDetails<'t> {
    /// What is asked.
    pub question: ApprovalKey<'t>,
    /// Who asks, as people may see it.
    pub shown: &'t str,
    /// Why somebody has to approve.
    pub reason: &'t str,
    /// Who answered; empty if nobody has.
    pub approver: &'t str,
    /// What they said besides.
    pub note: &'t str,
}

impl<'t> ApprovalDetails<'t> {
    /// The bytes of a cell.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let Self { question, shown, reason, approver, note } = self;
        let ApprovalKey { filter, policy, config, rule, grant, method, name, params } = question;
        let [filter, policy, config, rule, method, name] =
            [filter, policy, config, rule, method, name].map(|text| text.as_bytes());
        let [shown, reason, approver, note] = [shown, reason, approver, note].map(|text| text.as_bytes());
        framing::join(&[filter, policy, config, rule, grant, method, name, params, shown, reason, approver, note])
    }

    /// Reads the bytes of a cell; `None` if they say anything but what was asked there.
    #[must_use]
    pub fn read(bytes: &'t [u8], asked: Fingerprint) -> Option<Self> {
        let [filter, policy, config, rule, grant, method, name, params, shown, reason, approver, note] =
            framing::split(bytes)?;
        let text = |bytes| std::str::from_utf8(bytes).ok();
        let question = ApprovalKey {
            filter: text(filter)?,
            policy: text(policy)?,
            config: text(config)?,
            rule: text(rule)?,
            grant,
            method: text(method)?,
            name: text(name)?,
            params,
        };
        let [shown, reason, approver, note] = [text(shown)?, text(reason)?, text(approver)?, text(note)?];
        (question.fingerprint()? == asked).then_some(Self { question, shown, reason, approver, note })
    }
}
