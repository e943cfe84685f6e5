//! The words that say what a tool does, in lists with spaces between them. Data only; [`wording`](super::wording) says
//! how they are used.

use super::class::Class;

/// Words that are verbs wherever they stand.
pub(super) const VERBS: [(Class, &str); 5] = [
    (
        Class::Read,
        "get list read fetch search find retrieve describe show lookup view count inspect explain summarize summarise \
         compare download ls cat grep whoami return verify detect calculate compute convert translate display \
         enumerate analyze analyse obtain access load extract parse print output look identify determine browse capture \
         collect gather monitor watch measure estimate peek locate discover introspect traverse visualize examine",
    ),
    (
        Class::Write,
        "create add update write edit modify set insert upsert append save put patch upload rename move copy send \
         reply assign unassign mark enable register subscribe unsubscribe import sync publish invite \
         replace configure submit approve reject pin unpin react close reopen unarchive notify attach detach \
         generate draw dismiss make fill accept decline compose join leave tweet finalize \
         finalise change toggle adjust increase decrease respond recreate regenerate turn play unstar unresolve prioritize reprioritize",
    ),
    (
        Class::Execute,
        "execute exec eval evaluate invoke launch spawn deploy redeploy restart reboot rerun trigger install click \
         navigate migrate apply rollout rollback provision bash sudo ssh control manage automate start stop pause \
         resume dispatch forward drag upgrade downgrade simulate alter connect login grant impersonate override \
         unlock restore rebuild reindex",
    ),
    (Class::Financial, "pay buy sell withdraw reimburse donate"),
    (
        Class::Destructive,
        "delete remove destroy drop truncate purge wipe erase uninstall terminate kill evict drain flush prune cleanup \
         rm rmdir del unlink shutdown overwrite discard cancel revoke disable deactivate suspend ban reset clear \
         unpublish deprovision undeploy nuke forget abort revert trash expire unregister deregister decommission kick",
    ),
];

/// Words that are verbs in some places and nouns in others: they say nothing behind a verb that reads (`get_commit`).
pub(super) const AMBIGUOUS: [(Class, &str); 5] = [
    (
        Class::Read,
        "status screenshot snapshot info details query history log logs diff schema tree check stats metadata help docs \
         documentation messages tail stat ping preview report wait overview summary",
    ),
    (
        Class::Write,
        "post commit push pull merge fork star comment label tag branch review request vote follow rate note bookmark \
         record track email message transition resolve block mute open duplicate draft schedule share archive store lint fix refactor export switch lock index",
    ),
    (
        Class::Execute,
        "run sql script code command terminal shell python javascript repl build test call process scale type press \
         hover select sandbox powershell handle rebase cron transfer format",
    ),
    (Class::Financial, "book order charge trade bid bet stake swap mint wire fund"),
    (Class::Destructive, "clean empty stash"),
];

/// What only money is called. Behind a verb that reads it is only looked at.
pub(super) const MONEY: &str = "payment payout refund invoice invoiceitem purchase wallet money loan donation deposit \
                                withdrawal payroll salary crypto cash billing";

/// What money is often called; in names only, since descriptions are in `order` for other reasons.
pub(super) const MONEY_IN_NAMES: &str = "charge transfer order subscription checkout transaction bank price coupon discount credit debit bill dispute trade";

/// Where a word of [`MONEY_IN_NAMES`] means something else: beside one of these.
pub(super) const NO_MONEY: &[(&str, &str)] = &[("checkout", "git branch"), ("transfer", "file issue")];

/// What a description says wherever it stands.
pub(super) const PHRASES: [(Class, &str); 8] = [
    (Class::Destructive, "cannot be undone"),
    (Class::Destructive, "can't be undone"),
    (Class::Destructive, "irreversibl"),
    (Class::Destructive, "permanently"),
    (Class::Destructive, "data loss"),
    (Class::Financial, "real money"),
    (Class::Execute, "arbitrary code"),
    (Class::Execute, "arbitrary command"),
];

/// A verb right behind one of these does not happen; `t` is what is left of "doesn't".
pub(super) const NEGATIONS: &str = "not never without cannot t nor";

/// A word behind one of these is a verb if the word before is one.
pub(super) const JOINTS: &str = "and or then ,";

/// Verbs that are nouns or adjectives behind an article: "gets the reset token", "shows a clear view".
pub(super) const SOFT: &str = "clear drop reset cancel ban abort revert flush drain discard empty clean";

/// What stands before nouns.
pub(super) const ARTICLES: &str = "a an the its this each with all your any every one multiple new";

/// Words at the start of a description that say nothing by themselves: "Performs a search".
pub(super) const LIGHT: &str = "perform allow provide enable let help give take use do this is has tool for in with from on at as if when given of \
     by to using via always";
