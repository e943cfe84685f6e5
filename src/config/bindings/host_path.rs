//! Matches hosts and paths of requests, if all servers read them in the same way.

use std::cell::OnceCell;

use super::{BindingMatch, Matcher};
use crate::{bytes::whole_number, http::Header, json::fold::fold_char, uri};

/// A longer `:path` matches no binding; product contract, section 3.1.
const MAX_PATH: usize = 4096;
/// A longer `:authority` matches no binding. A name in DNS has 253 bytes (RFC 1035, section 2.3.4), a port five.
const MAX_HOST: usize = 512;

/// `:authority` and `:path` of one request: each is checked once, when the first binding reads it.
#[derive(Debug)]
pub(super) struct HostPath<'s> {
    authority: Header<'s>,
    target: Header<'s>,
    host: OnceCell<Part<Host>>,
    path: OnceCell<Part<Path<'s>>>,
}

/// The host or the path of a request.
#[derive(Debug)]
enum Part<T> {
    /// The request does not have it.
    Absent,
    /// Servers may read it in more than one way, or it is too long to compare.
    Ambiguous,
    Plain(T),
}

/// A host in lower case: hosts are case-insensitive (RFC 9110, section 4.2.3).
#[derive(Debug)]
struct Host {
    with_port: String,
    /// The name or address without port, and without the dot that may end a name.
    bare: String,
}

/// A path without its query.
#[derive(Debug)]
struct Path<'s> {
    text: &'s str,
    folded: String,
}

/// The matcher of a binding for paths.
#[derive(Clone, Debug)]
pub(super) struct PathMatcher {
    exact: PathPattern,
    /// The paths below it, for a prefix: `/a/*` for `/a`.
    below: Option<PathPattern>,
}

/// A path or a pattern for paths, as it is written and folded, to find spellings that differ in case only.
#[derive(Clone, Debug)]
struct PathPattern {
    written: Matcher,
    folded: Matcher,
}

impl<'s> HostPath<'s> {
    pub(super) fn new(authority: Header<'s>, target: Header<'s>) -> Self {
        Self { authority, target, host: OnceCell::new(), path: OnceCell::new() }
    }

    /// Whether the request's host matches, with its port or without.
    pub(super) fn fits_host(&self, matcher: &Matcher) -> BindingMatch {
        match self.host.get_or_init(|| Part::read(self.authority, MAX_HOST, |host| Some(Host::new(host)))) {
            Part::Absent => BindingMatch::No,
            Part::Ambiguous => BindingMatch::Ambiguous,
            Part::Plain(host) => {
                BindingMatch::from_match(matcher.matches(&host.with_port) || matcher.matches(&host.bare))
            }
        }
    }

    /// Whether the request's path matches.
    pub(super) fn fits_path(&self, matcher: &PathMatcher) -> BindingMatch {
        match self.path.get_or_init(|| Part::read(self.target, usize::MAX, Path::new)) {
            Part::Absent => BindingMatch::No,
            Part::Ambiguous => BindingMatch::Ambiguous,
            Part::Plain(path) => matcher.fits(path),
        }
    }
}

impl<T> Part<T> {
    fn read<'s>(header: Header<'s>, max: usize, read: impl Fn(&'s str) -> Option<T>) -> Self {
        let value = match header {
            Header::Absent => return Self::Absent,
            Header::Repeated => return Self::Ambiguous,
            Header::Once(value) => value,
        };
        let text = std::str::from_utf8(value).ok().filter(|text| text.len() <= max);
        text.and_then(read).map_or(Self::Ambiguous, Self::Plain)
    }
}

impl Host {
    fn new(authority: &str) -> Self {
        let with_port = authority.to_ascii_lowercase();
        let bare = without_port(&with_port);
        let bare = bare.strip_suffix('.').unwrap_or(bare).to_owned();
        Self { with_port, bare }
    }
}

/// A host without its port. A number that is too large for one is left out, too, so that no request escapes a binding by it.
pub(super) fn without_port(host: &str) -> &str {
    let is_number = |port: &str| whole_number(port.as_bytes()).is_some();
    host.rsplit_once(':').filter(|(_, port)| is_number(port)).map_or(host, |(bare, _)| bare)
}

/// Reads a host of a binding, or a pattern for hosts, in lower case as the requests' hosts are compared. `None` if it is not a host:
/// no request could match, or only one that writes the dot that may end a name.
pub(super) fn host_matcher(text: &str) -> Option<Matcher> {
    let host = text.to_ascii_lowercase();
    let is_allowed = |byte: u8| byte.is_ascii_graphic() && !b"/\\?#@".contains(&byte);
    (host.bytes().all(is_allowed) && !without_port(&host).ends_with('.')).then(|| Matcher::new(&host))
}

impl<'s> Path<'s> {
    /// The path in a `:path`; `None` if some server may read another path in it. The query is not compared, so it may have
    /// any length.
    fn new(target: &'s str) -> Option<Self> {
        let text = target.split('?').next().unwrap_or_default();
        (text.len() <= MAX_PATH && is_plain(text)).then(|| Self { text, folded: folded(text) })
    }
}

impl PathMatcher {
    /// Matches this path only. `None` if no request could match.
    pub(super) fn exact(text: &str) -> Option<Self> {
        let is_possible = text.starts_with(['/', '*']) && is_plain(text);
        is_possible.then(|| Self { exact: PathPattern::new(text), below: None })
    }

    /// Matches this path and all paths below it: `/a/b` is below `/a`, and `/ab` is not. `None` if no request could match.
    pub(super) fn prefix(text: &str) -> Option<Self> {
        let below = if text.ends_with('/') { format!("{text}*") } else { format!("{text}/*") };
        Self::exact(text).map(|exact| Self { below: Some(PathPattern::new(&below)), ..exact })
    }

    fn patterns(&self) -> impl Iterator<Item = &PathPattern> {
        [Some(&self.exact), self.below.as_ref()].into_iter().flatten()
    }

    /// The path as it is written, without what is below it.
    #[cfg(not(target_os = "wasi"))]
    pub(super) fn as_str(&self) -> &str {
        self.exact.written.as_str()
    }

    /// What it matches, as written.
    #[cfg(not(target_os = "wasi"))]
    pub(super) fn matchers(&self) -> impl Iterator<Item = &Matcher> {
        self.patterns().map(|pattern| &pattern.written)
    }

    fn fits(&self, path: &Path<'_>) -> BindingMatch {
        let patterns = || self.patterns();
        // Most paths differ in more than case, so they are compared once.
        if !patterns().any(|pattern| pattern.folded.matches(&path.folded)) {
            return BindingMatch::No;
        }
        // A server that ignores case reads this path as the pattern's.
        if patterns().any(|pattern| pattern.written.matches(path.text)) {
            BindingMatch::Yes
        } else {
            BindingMatch::Ambiguous
        }
    }
}

impl PathPattern {
    fn new(text: &str) -> Self {
        Self { written: Matcher::new(text), folded: Matcher::new(&folded(text)) }
    }
}

/// Whether all servers read the same path in a text: some merge slashes, resolve dot segments, decode escapes, or cut at
/// `;` or `#`. RFC 3986 allows ASCII only.
fn is_plain(path: &str) -> bool {
    let is_odd = |byte: u8| !byte.is_ascii_graphic() || b"\\;?#".contains(&byte);
    let has_odd_character = path.bytes().any(is_odd);
    !(has_odd_character
        || path.contains("//")
        || uri::has_dot_segment(path)
        || uri::has_ambiguous_escape(path)
        || uri::has_malformed_escape(path))
}

/// Folds the case of a plain path, and of letters that are percent-encoded. Escapes of ASCII stay, since a decoded `*` would
/// make a path a pattern.
fn folded(path: &str) -> String {
    if !path.contains('%') {
        return path.to_ascii_lowercase();
    }
    let (mut bytes, mut rest) = (Vec::with_capacity(path.len()), path.as_bytes());
    while let Some((&byte, behind)) = rest.split_first() {
        let letter = (byte == b'%').then(|| uri::escape(behind)).flatten().filter(|byte| !byte.is_ascii());
        bytes.push(letter.unwrap_or(byte));
        rest = if letter.is_some() { behind.get(2..).unwrap_or_default() } else { behind };
    }
    String::from_utf8_lossy(&bytes).chars().map(fold_char).collect()
}
