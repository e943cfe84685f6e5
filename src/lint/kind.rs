//! The lints.

use std::fmt;

/// Makes [`Lint`] of its variants and their names, so that no list lacks one.
macro_rules! lints {
    ($($(#[$doc:meta])+ $lint:ident = $name:literal,)+) => {
        /// What a warning is about. Names are stable: people use them in CI.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Lint {
            $($(#[$doc])+ $lint,)+
        }

        impl Lint {
            /// Every lint.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$lint),+];

            /// Its name.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$lint => $name,)+
                }
            }
        }
    };
}

lints! {
    /// The policy or the whole configuration is in shadow mode, so nothing is enforced.
    Shadow = "shadow",
    /// `default: "allow"` with `hide`.
    AllowWithHide = "allow-with-hide",
    /// `*` without restriction under `default: "deny"`.
    OpenStar = "open-star",
    /// An identity that the filter does not verify.
    UnverifiedIdentity = "unverified-identity",
    /// A claim with a dot in its name, which is not a path.
    DottedClaim = "dotted-claim",
    /// A listed token without an expiry.
    LastingToken = "lasting-token",
    /// A source that lists no token.
    NoToken = "no-token",
    /// One token under two names.
    SharedToken = "shared-token",
    /// A source of identity behind one that always yields.
    UnreachableSource = "unreachable-source",
    /// Limits of scope `grant` for callers who share one identity.
    ConstantGrant = "constant-grant",
    /// A binding by host or path alone.
    ClientChosenBinding = "client-chosen-binding",
    /// A binding that no request reaches.
    UnreachableBinding = "unreachable-binding",
    /// A policy that no binding selects.
    UnboundPolicy = "unbound-policy",
    /// `protocol.origins` that accepts every page.
    AnyOrigin = "any-origin",
    /// An entry that takes precedence over a stricter one.
    DroppedRestriction = "dropped-restriction",
    /// A rule, or a part of one, that no call reaches.
    Unreachable = "unreachable",
    /// A rule in shadow mode under `default: "deny"`, which still denies the call.
    ShadowUnderDeny = "shadow-under-deny",
    /// A window of an hour or more, which each Envoy counts on its own.
    LocalWindow = "local-window",
    /// Limits of scope `session` only.
    SessionAlone = "session-alone",
    /// A limit of scope `global` and none of scope `grant`.
    GlobalAlone = "global-alone",
    /// A limit that allows no call.
    ZeroLimit = "zero-limit",
    /// One call costs more than the limit allows.
    IncrementOverMax = "increment-over-max",
    /// A counter that no call charges.
    NeverCharged = "never-charged",
    /// `deny_if` on an argument that nothing requires.
    UnguardedDeny = "unguarded-deny",
    /// `require_approval` on an argument that nothing requires.
    UnguardedApproval = "unguarded-approval",
    /// Calls that need approval, and no address for agents.
    ApprovalWithoutUrl = "approval-without-url",
    /// The console's address beside a service that decides instead of the console.
    UrlBesideService = "url-beside-service",
    /// A webhook's path, which may be a credential.
    SecretPath = "secret-path",
    /// Approvals that each of several Envoys keeps on its own.
    ApprovalsPerEnvoy = "approvals-per-envoy",
    /// Limits that each of several Envoys counts on its own.
    LimitsPerEnvoy = "limits-per-envoy",
    /// Refunds, which a rate limit service never makes.
    RefundBesideService = "refund-beside-service",
    /// `max_length` or `max_items` in a condition that denies short values.
    InvertedMaxLength = "inverted-max-length",
    /// `contains` in `require`: the caller chooses between a string and a list.
    ContainsInRequire = "contains-in-require",
    /// A condition on a part of a path, a URL, a host or a statement, whose rest is free.
    LooseText = "loose-text",
    /// A regular expression that matches more than it seems to.
    LooseRegex = "loose-regex",
    /// A regular expression for which one long text takes all the work that a request may.
    CostlyRegex = "costly-regex",
    /// An expression in `results` that a text may contain too often to search it each time.
    CostlyFinder = "costly-finder",
    /// Answers that a server may compress, so that `results` refuse them.
    CompressedResults = "compressed-results",
    /// A body, or a list, that may be larger than what one caller may hold.
    SizeOverShare = "size-over-share",
    /// A key with characters that no tool's name has, such as those of regular expressions.
    OddName = "odd-name",
    /// A key of `methods` that is nearly the name of a method of MCP.
    UnknownMethod = "unknown-method",
    /// A rule of `rules` that no entry uses.
    UnusedRule = "unused-rule",
    /// A tool that calls other tools by name, without a condition on that name.
    CallsByName = "calls-by-name",
    /// An entry that names no tool that the server lists.
    NamesNothing = "names-nothing",
    /// Tools of the server that no entry names.
    UnnamedTool = "unnamed-tool",
    /// A condition on an argument that the tool does not have.
    UnknownArgument = "unknown-argument",
    /// A condition on an argument of a type that the operator cannot compare.
    ArgumentType = "argument-type",
    /// A tool whose definition is not the pinned one.
    ChangedDefinition = "changed-definition",
    /// `arguments` for a tool without a pinned schema.
    NoPinnedSchema = "no-pinned-schema",
    /// `strict` for a tool whose schema says nothing of some values.
    OpenSchema = "open-schema",
    /// A condition on claims that no source of identity yields.
    ClaimsWithoutToken = "claims-without-token",
    /// A condition on a grant that no source of identity yields.
    GrantWithoutSource = "grant-without-source",
    /// A condition on a counter of fixed windows, which forgets at each boundary.
    CounterForgets = "counter-forgets",
    /// A condition on a counter, which each Envoy counts on its own.
    CounterPerEnvoy = "counter-per-envoy",
    /// A condition on a counter that a caller sheds with another identity or session.
    CounterIdentity = "counter-identity",
    /// A condition on a counter that never holds.
    CounterOutOfReach = "counter-out-of-reach",
    /// Limits with `key` only.
    KeyAlone = "key-alone",
}

impl fmt::Display for Lint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
