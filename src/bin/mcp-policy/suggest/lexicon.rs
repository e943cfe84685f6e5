//! The words that suggest what a tool does, in lists separated by spaces. Data only; [`heuristics`](super::heuristics)
//! uses them.

use super::class::Class;

/// Words that are always verbs.
pub(super) const VERBS: [(Class, &str); 5] = [
    (
        Class::Read,
        "get list read fetch search find retrieve describe show lookup view count inspect explain summarize summarise \
         compare download ls cat grep whoami return verify detect calculate compute convert translate display \
         enumerate analyze analyse obtain access extract parse print output look identify determine browse capture \
         collect gather monitor watch measure estimate peek locate discover introspect traverse visualize examine scan scrape crawl expand see",
    ),
    (
        Class::Write,
        "create add update write edit modify set insert upsert append save put patch upload rename move copy send \
         reply assign unassign mark enable register subscribe unsubscribe import sync publish invite \
         replace configure submit approve reject pin unpin react close reopen unarchive notify attach detach \
         generate draw dismiss make accept activate compress resize emulate acknowledge decline compose join leave tweet finalize \
         finalise change toggle adjust increase decrease respond recreate regenerate turn play unstar unresolve prioritize reprioritize",
    ),
    (
        Class::Execute,
        "execute exec eval evaluate invoke launch spawn deploy redeploy restart reboot rerun trigger install click \
         navigate migrate apply rollout rollback provision bash sudo ssh control manage automate start stop pause \
         resume dispatch forward drag upgrade downgrade simulate alter connect login grant impersonate override \
         unlock restore rebuild reindex rotate quarantine",
    ),
    (Class::Financial, "pay buy sell withdraw reimburse donate"),
    (
        Class::Destructive,
        "delete remove destroy drop truncate purge wipe erase uninstall terminate kill evict drain flush prune cleanup \
         rm rmdir del unlink shutdown overwrite discard cancel revoke disable deactivate suspend ban reset clear \
         unpublish deprovision undeploy nuke forget abort revert trash expire unregister deregister decommission kick",
    ),
];

/// Words that are verbs in some places and nouns in others: after a verb that reads they suggest nothing (`get_commit`).
pub(super) const AMBIGUOUS: [(Class, &str); 5] = [
    (
        Class::Read,
        "status screenshot snapshot info details query history log logs diff schema tree check stats metadata help docs \
         documentation messages tail stat ping preview report wait overview summary map research",
    ),
    (
        Class::Write,
        "post commit push pull merge fork star comment label tag branch review request vote follow rate note bookmark \
         record track email message transition resolve block mute duplicate draft schedule share archive store lint fix refactor export switch lock index sort",
    ),
    (
        Class::Execute,
        "run sql script code command terminal shell python javascript repl build test call process scale type press \
         hover select sandbox powershell handle rebase cron transfer format open load fill",
    ),
    (Class::Financial, "book order charge trade bid bet stake swap mint wire fund exercise"),
    (Class::Destructive, "clean empty stash"),
];

/// Words for money only. After a verb that reads, the tool only reads them.
pub(super) const MONEY: &str = "payment payout refund invoice invoiceitem purchase sale settlement wallet money loan donation deposit \
                                withdrawal payroll salary crypto cash billing";

/// Words that often mean money. They count in names only: descriptions say "in order to".
pub(super) const MONEY_IN_NAMES: &str = "charge transfer order subscription checkout transaction bank price coupon discount credit debit bill dispute trade";

/// Words of [`MONEY_IN_NAMES`], and the words beside which they mean something else.
pub(super) const MONEY_EXCEPTIONS: &[(&str, &str)] = &[("checkout", "git branch"), ("transfer", "file issue")];

/// Phrases that count anywhere in a title or description.
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

/// A verb directly after one of these is negated; `t` is what is left of "doesn't".
pub(super) const NEGATIONS: &str = "not never without cannot t nor";

/// A word after one of these is a verb if the word before it is one.
pub(super) const CONJUNCTIONS: &str = "and or then ,";

/// Verbs that are nouns or adjectives after an article: "gets the reset token", "shows a clear view".
pub(super) const VERBS_OR_NOUNS: &str = "clear drop reset cancel ban abort revert flush drain discard empty clean";

/// Words before nouns.
pub(super) const ARTICLES: &str = "a an the its this each with all your any every one multiple new";

/// Words at the start of a description that suggest nothing by themselves: "Performs a search".
pub(super) const FILLERS: &str = "perform allow provide enable let help give take use do this is has tool for in with from on at as if when given of \
     by to using via always ensure format";

/// Words before the verb of a sentence.
pub(super) const ADVERBS: &str =
    "also then it this that tool optionally automatically additionally finally afterwards and the which";

/// Verbs that put something in the place of what was there.
pub(super) const CHANGES: &str = "update edit write modify set rename move patch change replace sort merge adjust toggle append \
                                  configure seek overwrite resolve put save upsert";

/// Verbs that read or take, by what they are about: "capture a payment" takes, "capture a screenshot" reads.
pub(super) const TAKES: &str = "capture collect return retrieve release claim redeem settle convert";

/// Money itself, not a record of it.
pub(super) const CASH: &str = "fund money cash payment payout refund";

/// Verbs that say in a later sentence what a tool does besides: "Saves the output to a folder".
pub(super) const BESIDES: &str =
    "save store write create send upload publish launch trigger modify update overwrite execute";

/// Words after nouns: "Facts about the scene".
pub(super) const PREPOSITIONS: &str = "about of for to in on with from that and or by";

/// Phrases of tools that start a job elsewhere and answer with its id.
pub(super) const JOBS: [&str; 11] = [
    "job id",
    "job handle",
    "task id",
    "starts a job",
    "start a job",
    "starts new",
    "kicks off",
    "kick off",
    "in the background",
    "is queued",
    "queues a",
];
