//! The files of the console's page, which hold no data and which every visitor gets, and the headers of all answers.

use std::borrow::Cow;

use crate::http::Response;

/// A file of the page.
#[derive(Clone, Copy, Debug)]
pub(super) enum File {
    Html,
    Script,
    Style,
}

/// These headers go with every answer: they have browsers take scripts, styles and data from this host alone, put the page
/// into no frame, guess no types, and keep nothing.
const HEADERS: [(&str, &str); 6] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cache-control", "no-store"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
];

impl File {
    pub(super) fn response(self) -> Response {
        let (kind, bytes): (_, &'static [u8]) = match self {
            Self::Html => ("text/html; charset=utf-8", include_bytes!(concat!(env!("OUT_DIR"), "/index.html.gz"))),
            Self::Script => {
                ("text/javascript; charset=utf-8", include_bytes!(concat!(env!("OUT_DIR"), "/console.js.gz")))
            }
            Self::Style => ("text/css; charset=utf-8", include_bytes!(concat!(env!("OUT_DIR"), "/console.css.gz"))),
        };
        let mut response = response(200, Some(kind), bytes.into());
        // The module has no other form of it: every browser reads this one.
        response.headers.push(("content-encoding", "gzip".into()));
        response
    }
}

/// The answer to a client that does not read the only form of the page.
pub(super) fn not_acceptable() -> Response {
    let why = "The page is compressed: use a browser, or send `Accept-Encoding: gzip` (`curl --compressed`).\n";
    response(406, Some("text/plain; charset=utf-8"), why.as_bytes().into())
}

/// An answer of the API.
pub(super) fn json(status: u16, body: String) -> Response {
    response(status, Some("application/json"), body.into_bytes().into())
}

/// A list, with its version if it has one.
pub(super) fn list_response(body: String, version: Option<String>) -> Response {
    let mut response = json(200, body);
    response.headers.extend(version.map(|version| ("etag", version.into())));
    response
}

/// The answer to a client that has this version.
pub(super) fn not_modified(version: String) -> Response {
    let mut response = response(304, None, Cow::Borrowed(&[]));
    response.headers.push(("etag", version.into()));
    response
}

fn response(status: u16, kind: Option<&'static str>, body: Cow<'static, [u8]>) -> Response {
    let headers = kind.map(|kind| ("content-type", kind)).into_iter().chain(HEADERS);
    Response { status, headers: headers.map(|(name, value)| (name, value.into())).collect(), body }
}
