//! The names of advice.

use std::fmt;

/// What advice is about. Names are stable: people write them into their CI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lint {
    /// Nothing is enforced: the policy or the whole configuration is in shadow.
    Shadow,
    /// `default: "allow"` with `hide`.
    AllowWithHide,
    /// `*` without restriction under `default: "deny"`.
    OpenStar,
    /// An identity that nobody checks.
    UnverifiedIdentity,
    /// A claim with a dot in its name, which is no path.
    DottedClaim,
    /// Limits of scope `grant` where callers share one identity.
    ConstantGrant,
    /// A binding by host or path alone.
    ClientChosenBinding,
    /// A policy that nothing is bound to.
    UnboundPolicy,
    /// A key that decides instead of a pattern which asks for more.
    DroppedRestriction,
    /// A rule, or a part of one, that no call gets to.
    Unreachable,
    /// A rule in shadow under `default: "deny"`, which refuses the call all the same.
    ShadowUnderDeny,
    /// A window of an hour or more, counted in one Envoy.
    LocalWindow,
    /// Limits of scope `session` and no other.
    SessionAlone,
    /// A limit of scope `global` and none of scope `grant`.
    GlobalAlone,
    /// A limit that lets nothing through.
    ZeroLimit,
    /// One call costs more than the limit lets through.
    IncrementOverMax,
    /// A counter in rules that no call gets to.
    NeverCharged,
    /// `deny_if` on an argument that nothing requires.
    UnguardedDeny,
    /// `require_approval` on an argument that nothing requires.
    UnguardedApproval,
    /// Calls that need approval, and no address to tell agents.
    ApprovalWithoutUrl,
    /// The console's address beside a service that decides in its place.
    UrlBesideService,
    /// Quota to be given back that a service keeps.
    RefundBesideService,
    /// `max_length` or `max_items` where it refuses what is short.
    InvertedMaxLength,
    /// `contains` of a text in `require`, where the caller chooses what it means.
    ContainsInRequire,
    /// A regular expression that matches more than it shows.
    LooseRegex,
}

impl Lint {
    /// Every kind.
    pub const ALL: [Self; 25] = [
        Self::Shadow,
        Self::AllowWithHide,
        Self::OpenStar,
        Self::UnverifiedIdentity,
        Self::DottedClaim,
        Self::ConstantGrant,
        Self::ClientChosenBinding,
        Self::UnboundPolicy,
        Self::DroppedRestriction,
        Self::Unreachable,
        Self::ShadowUnderDeny,
        Self::LocalWindow,
        Self::SessionAlone,
        Self::GlobalAlone,
        Self::ZeroLimit,
        Self::IncrementOverMax,
        Self::NeverCharged,
        Self::UnguardedDeny,
        Self::UnguardedApproval,
        Self::ApprovalWithoutUrl,
        Self::UrlBesideService,
        Self::RefundBesideService,
        Self::InvertedMaxLength,
        Self::ContainsInRequire,
        Self::LooseRegex,
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Shadow => "shadow",
            Self::AllowWithHide => "allow-with-hide",
            Self::OpenStar => "open-star",
            Self::UnverifiedIdentity => "unverified-identity",
            Self::DottedClaim => "dotted-claim",
            Self::ConstantGrant => "constant-grant",
            Self::ClientChosenBinding => "client-chosen-binding",
            Self::UnboundPolicy => "unbound-policy",
            Self::DroppedRestriction => "dropped-restriction",
            Self::Unreachable => "unreachable",
            Self::ShadowUnderDeny => "shadow-under-deny",
            Self::LocalWindow => "local-window",
            Self::SessionAlone => "session-alone",
            Self::GlobalAlone => "global-alone",
            Self::ZeroLimit => "zero-limit",
            Self::IncrementOverMax => "increment-over-max",
            Self::NeverCharged => "never-charged",
            Self::UnguardedDeny => "unguarded-deny",
            Self::UnguardedApproval => "unguarded-approval",
            Self::ApprovalWithoutUrl => "approval-without-url",
            Self::UrlBesideService => "url-beside-service",
            Self::RefundBesideService => "refund-beside-service",
            Self::InvertedMaxLength => "inverted-max-length",
            Self::ContainsInRequire => "contains-in-require",
            Self::LooseRegex => "loose-regex",
        }
    }
}

impl fmt::Display for Lint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
