//! The words that say what a tool does, in lists with spaces between them. Data only; [`wording`](super::wording) says
//! how they are used.

use super::class::Class;

/// Words that are verbs wherever they stand.
pub(super) const VERBS: [(Class, &str); 5] = [
    (
        Class::Read,
        "get list read fetch search find retrieve describe show lookup view count inspect explain summarize \
         summarise compare download ls cat grep whoami return verify detect calculate compute convert translate \
         display enumerate analyze analyse",
    ),
    (
        Class::Write,
        "create add update write edit modify set insert upsert append save put patch upload rename move copy send \
         reply assign unassign mark enable register subscribe unsubscribe import sync publish share invite \
         duplicate replace configure submit approve reject pin unpin react close reopen archive unarchive restore \
         notify attach detach generate draw dismiss schedule make store fill unlock accept decline convene draft \
         compose join leave tweet finalize finalise",
    ),
    (
        Class::Execute,
        "execute exec eval evaluate invoke launch spawn deploy redeploy restart reboot rerun trigger install \
         click navigate migrate apply rollout rollback provision bash sudo ssh control manage automate start stop \
         pause resume dispatch forward drag upgrade downgrade exploit simulate",
    ),
    (Class::Financial, "pay buy sell withdraw reimburse donate"),
    (
        Class::Destructive,
        "delete remove destroy drop truncate purge wipe erase uninstall terminate kill evict drain flush prune \
         cleanup rm rmdir del unlink shutdown overwrite discard cancel revoke disable deactivate suspend ban \
         reset clear unpublish deprovision undeploy nuke forget abort revert",
    ),
];

/// Words that are verbs in some places and nouns in others: they say nothing behind a verb that reads (`get_commit`).
pub(super) const AMBIGUOUS: [(Class, &str); 5] = [
    (
        Class::Read,
        "status screenshot snapshot info details query history log logs diff schema tree check stats metadata \
         help docs documentation messages tail stat ping preview report wait overview summary",
    ),
    (
        Class::Write,
        "post commit push pull merge fork star comment label tag branch review request vote follow rate note \
         bookmark record track email message transition resolve block mute format lint fix refactor export switch \
         lock index",
    ),
    (
        Class::Execute,
        "run sql script code command terminal shell python javascript repl build test call process scale type \
         press hover select open sandbox powershell handle rebase cron transfer",
    ),
    (Class::Financial, "book order charge trade bid bet stake swap mint wire fund"),
    (Class::Destructive, "clean empty stash"),
];

/// What money is called. Behind a verb that reads it is only looked at.
pub(super) const MONEY: &str = "payment payout refund charge invoice invoiceitem transfer order subscription purchase checkout \
         transaction wallet bank price coupon discount credit debit billing bill dispute money loan donation \
         deposit withdrawal trade payroll salary crypto cash";

/// Where a word of [`MONEY`] means something else: beside one of these.
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

/// A verb behind one of these does not happen.
pub(super) const NEGATIONS: &str = "not never without cannot no t dont doesnt wont non nor before instead";

/// A word behind one of these is a verb if the word before is one.
pub(super) const JOINTS: &str = "and or then ,";

/// Verbs that are nouns or adjectives behind an article: "the reset token", "a clear view".
pub(super) const SOFT: &str = "clear drop reset cancel ban abort revert flush drain discard empty clean";

/// See [`SOFT`].
pub(super) const ARTICLES: &str = "a an the its this each with";
