//! `console`: form D of a configuration, a listener on which people approve calls. Product contract, section 7.

use std::{borrow::Cow, sync::Arc};

use crate::{
    bytes::read_port,
    digest::Digest,
    identity::{self, Grant, Peer, Source},
    json::{
        Value,
        cursor::{Cursor, Keys},
    },
    text,
};

use super::{EtcdStore, matcher::Matcher};

/// Who may approve, and at which hosts the page is served.
#[derive(Clone, Debug)]
pub struct Console {
    approvers: Vec<Approver>,
    /// The sources of an approver's identity, in order.
    pub identity: Vec<Source>,
    /// The hosts at which the page is served, in lower case; empty for [`LOOPBACK`].
    hosts: Vec<Box<str>>,
    /// Where a fleet keeps its approvals; `None` if this Envoy keeps its own.
    pub store: Option<Arc<EtcdStore>>,
}

/// The keys of a console's configuration.
pub const CONSOLE_FORM_KEYS: Keys = Keys { known: &["console"] };
/// The keys of `console`.
pub const CONSOLE_KEYS: Keys = Keys { known: &["approvers", "identity", "hosts", "store"] };

/// The keys of an approver with a name.
pub const APPROVER_KEYS: Keys = Keys { known: &["grant", "name"] };

/// Longest name of an approver, in characters.
const MAX_NAME: usize = 64;

/// Who may approve.
#[derive(Clone, Debug)]
struct Approver {
    grant: Matcher,
    /// What people call the approver; empty if the grant says it.
    name: Box<str>,
}

/// The machine's own names, which DNS rebinding cannot take.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

impl Console {
    /// Reads the whole configuration of a console.
    pub(super) fn read(at: &Cursor<'_, '_>) -> Option<Self> {
        let fields = at.fields(CONSOLE_FORM_KEYS)?.required("console")?.fields(CONSOLE_KEYS)?;
        let identity = match fields.get("identity") {
            Some(identity) => identity::read(&identity),
            None => vec![Source::peer(Peer::UriSan), Source::Bearer],
        };
        let approvers = fields.required("approvers").and_then(|at| approvers(&at, &identity));
        let hosts = fields.get("hosts").map_or(Some(Vec::new()), |at| hosts(&at));
        let store = fields.get("store").map_or(Some(None), |store| EtcdStore::read(&store).map(Some));
        Some(Self { approvers: approvers?, identity, hosts: hosts?, store: store? })
    }

    /// Whether this caller may approve.
    #[must_use]
    pub fn matches_approver(&self, grant: &Grant) -> bool {
        self.approvers.iter().any(|approver| approver.grant.matches(grant.full_name()))
    }

    /// The approver for display: by name, if the configuration gives one, and by grant.
    #[must_use]
    pub fn display_name<'g>(&self, grant: &'g Grant) -> Cow<'g, str> {
        let named = self.approvers.iter().find(|approver| approver.grant.matches(grant.full_name()));
        match named.map(|approver| &*approver.name) {
            Some("") | None => Cow::Borrowed(grant.display()),
            Some(name) => Cow::Owned([name, " (", grant.display(), ")"].concat()),
        }
    }

    /// Whether the page is served at this host. At other hosts it is not, against DNS rebinding.
    #[must_use]
    pub fn has_host(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        if !self.hosts.is_empty() {
            return self.hosts.iter().any(|known| **known == *host);
        }
        let is_port = |rest: &str| rest.is_empty() || rest.strip_prefix(':').and_then(read_port).is_some();
        LOOPBACK.iter().any(|name| host.strip_prefix(name).is_some_and(is_port))
    }
}

fn approvers(at: &Cursor<'_, '_>, identity: &[Source]) -> Option<Vec<Approver>> {
    let items = at.items()?;
    if items.is_empty() {
        at.report("the list is empty, so no one can approve calls; add an approver such as `jwt:*@example.com`");
    }
    let read: Vec<Option<Approver>> = items.iter().map(|item| approver(item, identity)).collect();
    read.into_iter().collect()
}

fn approver(at: &Cursor<'_, '_>, identity: &[Source]) -> Option<Approver> {
    if !matches!(at.node().value, Value::Object(_)) {
        return Some(Approver { grant: approver_grant(at, identity)?, name: Box::default() });
    }
    let fields = at.fields(APPROVER_KEYS)?;
    let grant = fields.required("grant").and_then(|grant| approver_grant(&grant, identity));
    let name = fields.required("name").and_then(|name| approver_name(&name));
    let grant = grant?;
    if let (Matcher::Pattern(_), Some(at)) = (&grant, fields.get("grant")) {
        at.report("a name is for one approver; name a grant without `*`");
    }
    Some(Approver { grant, name: name? })
}

fn approver_name(at: &Cursor<'_, '_>) -> Option<Box<str>> {
    let name = at.text_or_empty();
    let is_name = !name.is_empty() && name.chars().count() <= MAX_NAME && !name.chars().any(text::is_invisible);
    if is_name { Some(name.into()) } else { at.report_expected("a name of up to 64 visible characters") }
}

fn approver_grant(at: &Cursor<'_, '_>, identity: &[Source]) -> Option<Matcher> {
    const FORMS: &str =
        "`jwt:…`, `peer:…`, `token:…` or `bearer:` with the 64 hexadecimal digits of the token's SHA-256";
    let text = at.text_or_empty();
    let Some((kind, value)) = text.split_once(':') else { return at.report_expected(FORMS) };
    let is_form = match kind {
        "bearer" => Digest::parse(value).is_some(),
        _ => !value.is_empty() && matches!(kind.split('.').next(), Some("peer" | "jwt" | "token")),
    };
    if is_form { Matcher::read_grant(at, identity) } else { at.report_expected(FORMS) }
}

fn hosts(at: &Cursor<'_, '_>) -> Option<Vec<Box<str>>> {
    let items = at.items()?;
    if items.is_empty() {
        at.report(
            "the list is empty, so no address reaches the page; remove it, or add a host such as `localhost:10001`",
        );
    }
    let host = |item: &Cursor<'_, '_>| match item.text_or_empty() {
        text if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"/@*".contains(&byte)) => {
            Some(text.to_ascii_lowercase().into())
        }
        _ => item.report_expected("a host with its port, such as `localhost:10001`"),
    };
    let read: Vec<Option<Box<str>>> = items.iter().map(host).collect();
    read.into_iter().collect()
}
