//! What the console shows to everybody: the page itself, without data.

use std::borrow::Cow;

use crate::http::Response;

/// A file of the page.
#[derive(Clone, Copy, Debug)]
pub(super) enum File {
    Html,
    Script,
    Style,
}

/// What a browser is told of every answer: take scripts, styles and data from here alone, put the page into no frame, guess
/// no types, keep nothing.
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
        let mut response = response(200, kind, bytes.into());
        // There is no other form of it in the module: every browser reads this one.
        response.headers.push(("content-encoding", "gzip"));
        response
    }
}

pub(super) fn json(status: u16, body: String) -> Response {
    response(status, "application/json", body.into_bytes().into())
}

fn response(status: u16, kind: &'static str, body: Cow<'static, [u8]>) -> Response {
    let headers = [("content-type", kind)].into_iter().chain(HEADERS).collect();
    Response { status, headers, body }
}
