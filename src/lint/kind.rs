//! The lints.

use std::fmt;

/// What a warning is about. Names are stable: people use them in CI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lint {
    /// The policy or the whole configuration is in shadow mode, so nothing is enforced.
    Shadow,
    /// `default: "allow"` with `hide`.
    AllowWithHide,
    /// `*` without restriction under `default: "deny"`.
    OpenStar,
    /// An identity that the filter does not verify.
    UnverifiedIdentity,
    /// A claim with a dot in its name, which is not a path.
    DottedClaim,
    /// A listed token without an expiry.
    LastingToken,
    /// One token under two names.
    SharedToken,
    /// A source of identity behind one that always yields.
    UnreachableSource,
    /// Limits of scope `grant` for callers who share one identity.
    ConstantGrant,
    /// A binding by host or path alone.
    ClientChosenBinding,
    /// A binding that no request reaches.
    UnreachableBinding,
    /// A policy that no binding selects.
    UnboundPolicy,
    /// `protocol.origins` that accepts every page.
    AnyOrigin,
    /// An entry that takes precedence over a stricter one.
    DroppedRestriction,
    /// A rule, or a part of one, that no call reaches.
    Unreachable,
    /// A rule in shadow mode under `default: "deny"`, which still denies the call.
    ShadowUnderDeny,
    /// A window of an hour or more, which each Envoy counts on its own.
    LocalWindow,
    /// Limits of scope `session` only.
    SessionAlone,
    /// A limit of scope `global` and none of scope `grant`.
    GlobalAlone,
    /// A limit that allows no call.
    ZeroLimit,
    /// One call costs more than the limit allows.
    IncrementOverMax,
    /// A counter that no call charges.
    NeverCharged,
    /// `deny_if` on an argument that nothing requires.
    UnguardedDeny,
    /// `require_approval` on an argument that nothing requires.
    UnguardedApproval,
    /// Calls that need approval, and no address for agents.
    ApprovalWithoutUrl,
    /// The console's address beside a service that decides instead of the console.
    UrlBesideService,
    /// A webhook's path, which may be a credential.
    SecretPath,
    /// Approvals that each of several Envoys keeps on its own.
    ApprovalsPerEnvoy,
    /// Limits that each of several Envoys counts on its own.
    LimitsPerEnvoy,
    /// Refunds, which a rate limit service never makes.
    RefundBesideService,
    /// `max_length` or `max_items` in a condition that denies short values.
    InvertedMaxLength,
    /// `contains` in `require`: the caller chooses between a string and a list.
    ContainsInRequire,
    /// A condition on a part of a path, a URL, a host or a statement, whose rest is free.
    LooseText,
    /// A regular expression that matches more than it seems to.
    LooseRegex,
    /// A regular expression for which one long text takes all the work that a request may.
    CostlyRegex,
    /// An expression in `results` that a text may contain too often to search it each time.
    CostlyFinder,
    /// Answers that a server may compress, so that `results` refuse them.
    CompressedResults,
    /// A body, or a list, that may be larger than what one caller may hold.
    SizeOverShare,
    /// A key with characters that no tool's name has, such as those of regular expressions.
    OddName,
    /// A key of `methods` that is nearly the name of a method of MCP.
    UnknownMethod,
    /// A rule of `rules` that no entry uses.
    UnusedRule,
    /// A tool that calls other tools by name, without a condition on that name.
    CallsByName,
    /// An entry that names no tool that the server lists.
    NamesNothing,
    /// Tools of the server that no entry names.
    UnnamedTool,
    /// A condition on an argument that the tool does not have.
    UnknownArgument,
    /// A condition on an argument of a type that the operator cannot compare.
    ArgumentType,
    /// A tool whose definition is not the pinned one.
    ChangedDefinition,
    /// `arguments` for a tool without a pinned schema.
    NoPinnedSchema,
    /// `strict` for a tool whose schema says nothing of some values.
    OpenSchema,
    /// A condition on claims that no source of identity yields.
    ClaimsWithoutToken,
    /// A condition on a grant that no source of identity yields.
    GrantWithoutSource,
    /// A condition on a counter of fixed windows, which forgets at each boundary.
    CounterForgets,
    /// A condition on a counter, which each Envoy counts on its own.
    CounterPerEnvoy,
    /// A condition on a counter that a caller sheds with another identity or session.
    CounterIdentity,
    /// A condition on a counter that never holds.
    CounterOutOfReach,
    /// Limits with `key` only.
    KeyAlone,
}

impl Lint {
    /// Every lint.
    pub const ALL: [Self; 56] = [
        Self::Shadow,
        Self::AllowWithHide,
        Self::OpenStar,
        Self::UnverifiedIdentity,
        Self::DottedClaim,
        Self::LastingToken,
        Self::SharedToken,
        Self::UnreachableSource,
        Self::ConstantGrant,
        Self::ClientChosenBinding,
        Self::UnreachableBinding,
        Self::UnboundPolicy,
        Self::AnyOrigin,
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
        Self::SecretPath,
        Self::ApprovalsPerEnvoy,
        Self::LimitsPerEnvoy,
        Self::RefundBesideService,
        Self::InvertedMaxLength,
        Self::ContainsInRequire,
        Self::LooseText,
        Self::LooseRegex,
        Self::CostlyRegex,
        Self::CostlyFinder,
        Self::CompressedResults,
        Self::SizeOverShare,
        Self::OddName,
        Self::UnknownMethod,
        Self::UnusedRule,
        Self::CallsByName,
        Self::NamesNothing,
        Self::UnnamedTool,
        Self::UnknownArgument,
        Self::ArgumentType,
        Self::ChangedDefinition,
        Self::NoPinnedSchema,
        Self::OpenSchema,
        Self::ClaimsWithoutToken,
        Self::GrantWithoutSource,
        Self::CounterForgets,
        Self::CounterPerEnvoy,
        Self::CounterIdentity,
        Self::CounterOutOfReach,
        Self::KeyAlone,
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
            Self::LastingToken => "lasting-token",
            Self::SharedToken => "shared-token",
            Self::UnreachableSource => "unreachable-source",
            Self::ConstantGrant => "constant-grant",
            Self::ClientChosenBinding => "client-chosen-binding",
            Self::UnreachableBinding => "unreachable-binding",
            Self::UnboundPolicy => "unbound-policy",
            Self::AnyOrigin => "any-origin",
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
            Self::SecretPath => "secret-path",
            Self::ApprovalsPerEnvoy => "approvals-per-envoy",
            Self::LimitsPerEnvoy => "limits-per-envoy",
            Self::RefundBesideService => "refund-beside-service",
            Self::InvertedMaxLength => "inverted-max-length",
            Self::ContainsInRequire => "contains-in-require",
            Self::LooseText => "loose-text",
            Self::LooseRegex => "loose-regex",
            Self::CostlyRegex => "costly-regex",
            Self::CostlyFinder => "costly-finder",
            Self::CompressedResults => "compressed-results",
            Self::SizeOverShare => "size-over-share",
            Self::OddName => "odd-name",
            Self::UnknownMethod => "unknown-method",
            Self::UnusedRule => "unused-rule",
            Self::CallsByName => "calls-by-name",
            Self::NamesNothing => "names-nothing",
            Self::UnnamedTool => "unnamed-tool",
            Self::UnknownArgument => "unknown-argument",
            Self::ArgumentType => "argument-type",
            Self::ChangedDefinition => "changed-definition",
            Self::NoPinnedSchema => "no-pinned-schema",
            Self::OpenSchema => "open-schema",
            Self::GrantWithoutSource => "grant-without-source",
            Self::ClaimsWithoutToken => "claims-without-token",
            Self::CounterForgets => "counter-forgets",
            Self::CounterPerEnvoy => "counter-per-envoy",
            Self::CounterIdentity => "counter-identity",
            Self::CounterOutOfReach => "counter-out-of-reach",
            Self::KeyAlone => "key-alone",
        }
    }
}

impl fmt::Display for Lint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
