//! `approvals`: where people decide on calls that need approval.

use std::{fmt, sync::Arc};

use super::service;
use crate::json::cursor::{Cursor, Keys};

/// Where people decide.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Approvals {
    /// The console's URL, which denials contain; it ends with `/`.
    pub url: Option<Box<str>>,
    /// The service that decides in place of this Envoy's console.
    pub service: Option<Service>,
    /// Where a fleet keeps its approvals; `None` if each Envoy keeps its own.
    pub store: Option<Arc<EtcdStore>>,
    /// Whether clients that show addresses to their users are sent to the page by MCP's own means.
    pub elicit: bool,
    /// Where each new request is announced.
    pub notify: Option<Notify>,
}

/// An etcd that keeps approvals for several Envoys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EtcdStore {
    /// The name of Envoy's cluster.
    pub cluster: Box<str>,
    /// What every key begins with; it ends with `/`.
    pub prefix: Arc<str>,
    /// The timeout of each question, in milliseconds.
    pub timeout_ms: u32,
}

/// A webhook to which each new request for approval is announced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notify {
    /// The name of Envoy's cluster.
    pub cluster: Box<str>,
    /// The path of requests to it.
    pub path: SecretPath,
    /// The `:authority` of requests to it.
    pub authority: Box<str>,
    /// What the webhook understands.
    pub format: NoticeFormat,
}

/// A path that may be a credential, as those of Slack and of Workflows are. It is never displayed.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretPath(Box<str>);

/// What a webhook understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeFormat {
    /// An object of this gateway's own.
    Json,
    /// A message of Slack's incoming webhooks.
    Slack,
    /// A card for a flow of Power Automate that posts to Microsoft Teams.
    Workflows,
}

/// An HTTP service that decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// The name of Envoy's cluster.
    pub cluster: Box<str>,
    /// The path of requests to it.
    pub path: Box<str>,
    /// The `:authority` of requests to it.
    pub authority: Box<str>,
    /// The timeout, in milliseconds.
    pub timeout_ms: u32,
}

/// The keys of `approvals`.
pub const APPROVALS_KEYS: Keys = Keys { known: &["url", "service", "store", "elicit", "notify"] };
/// The keys of `approvals.service`.
pub const APPROVAL_SERVICE_KEYS: Keys = Keys { known: &["cluster", "path", "authority", "timeout_ms"] };
/// The keys of `approvals.store`.
pub const APPROVAL_STORE_KEYS: Keys = Keys { known: &["etcd"] };
/// The keys of `approvals.store.etcd`.
pub const ETCD_KEYS: Keys = Keys { known: &["cluster", "prefix", "timeout_ms"] };
/// The keys of `approvals.notify`.
pub const NOTIFY_KEYS: Keys = Keys { known: &["cluster", "path", "authority", "format"] };

/// Longest prefix of keys, in bytes.
const MAX_PREFIX: usize = 256;
/// Longest URL, in bytes.
const MAX_URL: usize = 1024;

impl Approvals {
    pub(super) fn read(at: &Cursor<'_, '_>) -> Option<Self> {
        let fields = at.fields(APPROVALS_KEYS)?;
        let url = fields.get("url").map(|url| self::url(&url));
        let service = fields.get("service").map(|service| Service::read(&service));
        let store = fields.get("store").map(|store| EtcdStore::read(&store));
        if let (Some(store), Some(_)) = (fields.get("store"), &service) {
            store.report("`approvals.service` keeps approvals itself; remove it, or remove `store`");
        }
        let elicit = fields.get("elicit").map_or(Some(false), |elicit| {
            let is_on = elicit.boolean()?;
            if is_on && url.is_none() && service.is_none() {
                elicit.report("no page can be shown to users; give the console's address in `approvals.url`");
            }
            Some(is_on)
        });
        let notify = fields.get("notify").map(|notify| {
            if service.is_some() {
                notify.report("`approvals.service` gets each request itself; remove `notify`, or the service");
            }
            Notify::read(&notify)
        });
        Some(Self {
            url: url.map_or(Some(None), |url| url.map(Some))?,
            service: service.map_or(Some(None), |service| service.map(Some))?,
            store: store.map_or(Some(None), |store| store.map(Some))?,
            elicit: elicit?,
            notify: notify.map_or(Some(None), |notify| notify.map(Some))?,
        })
    }
}

impl Service {
    fn read(at: &Cursor<'_, '_>) -> Option<Self> {
        let fields = at.fields(APPROVAL_SERVICE_KEYS)?;
        let cluster = fields.required("cluster").and_then(|cluster| service::cluster(&cluster));
        let path =
            fields.required("path").and_then(|path| service::read_ascii(&path, "/", "a path that begins with `/`"));
        let authority = fields.get("authority").map(|host| service::authority(&host));
        let timeout_ms = service::timeout(fields.get("timeout_ms"), 2000);
        let cluster = cluster?;
        Some(Self {
            authority: authority.unwrap_or_else(|| Some(cluster.clone()))?,
            path: path?,
            timeout_ms: timeout_ms?,
            cluster,
        })
    }
}

impl EtcdStore {
    /// Reads `approvals.store`, or the `store` of a console.
    pub(super) fn read(at: &Cursor<'_, '_>) -> Option<Arc<Self>> {
        let fields = at.fields(APPROVAL_STORE_KEYS)?.required("etcd")?.fields(ETCD_KEYS)?;
        let cluster = fields.required("cluster").and_then(|cluster| service::grpc_cluster(&cluster));
        let prefix = fields.get("prefix").map_or(Some("mcp-policy/".into()), |prefix| prefix_of_keys(&prefix));
        let timeout_ms = service::timeout(fields.get("timeout_ms"), 250);
        Some(Arc::new(Self { cluster: cluster?, prefix: prefix?, timeout_ms: timeout_ms? }))
    }
}

/// Reads what keys begin with.
fn prefix_of_keys(at: &Cursor<'_, '_>) -> Option<Arc<str>> {
    match at.text_or_empty() {
        text if text.len() <= MAX_PREFIX
            && text.len() > 1
            && text.ends_with('/')
            && text.bytes().all(|byte| byte.is_ascii_graphic()) =>
        {
            Some(text.into())
        }
        _ => at.report_expected("a prefix of keys that ends with `/`, such as `mcp-policy/`"),
    }
}

impl Notify {
    fn read(at: &Cursor<'_, '_>) -> Option<Self> {
        let fields = at.fields(NOTIFY_KEYS)?;
        let cluster = fields.required("cluster").and_then(|cluster| service::cluster(&cluster));
        let path = fields.required("path").and_then(|path| SecretPath::read(&path));
        let authority = fields.get("authority").map(|host| service::authority(&host));
        let format = fields.get("format").map_or(Some(NoticeFormat::Json), |format| {
            format.choice(&[
                ("json", NoticeFormat::Json),
                ("slack", NoticeFormat::Slack),
                ("workflows", NoticeFormat::Workflows),
            ])
        });
        let cluster = cluster?;
        Some(Self {
            authority: authority.unwrap_or_else(|| Some(cluster.clone()))?,
            path: path?,
            format: format?,
            cluster,
        })
    }
}

impl SecretPath {
    /// The path, for the request alone.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Reads a path. Messages do not repeat it.
    fn read(at: &Cursor<'_, '_>) -> Option<Self> {
        let text = at.text_or_empty();
        if service::is_ascii_text(text, "/") {
            return Some(Self(text.into()));
        }
        at.report("expected a path that begins with `/`, of visible ASCII characters");
        None
    }
}

impl fmt::Debug for SecretPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretPath")
    }
}

/// Reads a URL to which a path or an id can be appended.
fn url(at: &Cursor<'_, '_>) -> Option<Box<str>> {
    let text = at.text_or_empty();
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let is_plain =
        |rest: &str| !rest.is_empty() && !rest.starts_with('/') && !rest.contains(['#', '?', '"', '\\', '<', '>']);
    let is_visible = |byte: u8| byte.is_ascii_graphic();
    match rest.filter(|rest| is_plain(rest) && text.len() <= MAX_URL && text.bytes().all(is_visible)) {
        Some(_) if text.ends_with('/') => Some(text.into()),
        Some(_) => Some([text, "/"].concat().into()),
        None => at.report_expected("the console's address, such as `http://localhost:10001/`"),
    }
}
