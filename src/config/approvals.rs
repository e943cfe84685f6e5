//! `approvals`: where people decide on calls that need approval.

use super::service;
use crate::json::cursor::{Cursor, Keys};

/// Where people decide.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Approvals {
    /// The console's URL, which denials contain; it ends with `/`.
    pub url: Option<Box<str>>,
    /// The service that decides in place of this Envoy's console.
    pub service: Option<Service>,
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
pub const APPROVALS_KEYS: Keys = Keys { known: &["url", "service"] };
/// The keys of `approvals.service`.
pub const APPROVAL_SERVICE_KEYS: Keys = Keys { known: &["cluster", "path", "authority", "timeout_ms"] };

/// Longest URL, in bytes.
const MAX_URL: usize = 1024;

impl Approvals {
    pub(super) fn read(at: &Cursor<'_, '_>) -> Option<Self> {
        let fields = at.fields(APPROVALS_KEYS)?;
        let url = fields.get("url").map(|url| self::url(&url));
        let service = fields.get("service").map(|service| Service::read(&service));
        Some(Self {
            url: url.map_or(Some(None), |url| url.map(Some))?,
            service: service.map_or(Some(None), |service| service.map(Some))?,
        })
    }
}

impl Service {
    fn read(at: &Cursor<'_, '_>) -> Option<Self> {
        let fields = at.fields(APPROVAL_SERVICE_KEYS)?;
        let cluster = fields.required("cluster").and_then(|cluster| service::cluster(&cluster));
        let path =
            fields.required("path").and_then(|path| service::read_ascii(&path, "/", "a path that begins with `/`"));
        let authority = fields
            .get("authority")
            .map(|host| service::read_ascii(&host, "", "a host, such as `approvals.example.com`"));
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

/// Reads a URL to which a path or an id can be appended.
fn url(at: &Cursor<'_, '_>) -> Option<Box<str>> {
    let text = at.string()?;
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
