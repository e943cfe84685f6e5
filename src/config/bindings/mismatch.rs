//! Why no binding matches a request, for `explain`.

use super::{Binding, BindingInput, BindingMatch, HostPath};
use crate::{http::Header, text::excerpt};

/// Bindings that are explained; the others are counted.
const MAX_EXPLAINED: usize = 32;

/// One matcher of a binding: its key, what it is as written, whether it matches, and what the request has.
type Part<'b> = (&'static str, &'b str, BindingMatch, Option<String>);

/// Why each binding does not match, with its index, up to the first whose host or path servers may read in more than one way: it ends the
/// search.
pub(in crate::config) fn mismatches(bindings: &[Binding], input: &BindingInput<'_>) -> Vec<(usize, String)> {
    let place = HostPath::new(input.host, input.path);
    let mut found = Vec::new();
    for (index, binding) in bindings.iter().enumerate() {
        let fit = binding.fits(input, &place);
        let parts = binding.parts(input, &place).into_iter().filter(|(_, _, part, _)| *part == fit);
        match fit {
            BindingMatch::Yes => break,
            BindingMatch::Ambiguous => {
                let keys: Vec<String> = parts.map(|(key, _, _, value)| describe_ambiguous(key, value)).collect();
                let message = "so neither this binding nor one behind it applies";
                found.push((index, format!("{}, {message}", keys.join(" and "))));
                break;
            }
            BindingMatch::No if found.len() == MAX_EXPLAINED => {
                let others = bindings.len().saturating_sub(index);
                found.push((index, format!("does not match, nor does any of the {others} bindings from here on")));
                break;
            }
            BindingMatch::No => {
                let reasons: Vec<String> = parts.map(describe_mismatch).collect();
                found.push((index, format!("does not match: {}", reasons.join("; "))));
            }
        }
    }
    found
}

impl Binding {
    fn parts<'b>(&'b self, input: &BindingInput<'_>, place: &HostPath<'_>) -> Vec<Part<'b>> {
        let text = |header: Header<'_>| match header {
            Header::Absent => None,
            Header::Repeated => Some("(several)".to_owned()),
            Header::Once(value) => Some(String::from_utf8_lossy(value).into_owned()),
        };
        let route = self.route.iter().map(|route| {
            ("route", route.as_str(), BindingMatch::from_match(self.fits_route(input)), input.route.map(str::to_owned))
        });
        let grant = self.grant.iter().map(|grant| {
            let caller = input.grant.map(|caller| caller.display().to_owned());
            ("grant", grant.as_str(), BindingMatch::from_match(self.fits_grant(input)), caller)
        });
        let host = self.host.iter().map(|host| ("host", host.as_str(), place.fits_host(host), text(input.host)));
        let paths = [("path", &self.path), ("path_prefix", &self.path_prefix)];
        let paths = paths.into_iter().filter_map(|(key, path)| Some((key, path.as_ref()?)));
        let paths = paths.map(|(key, path)| (key, path.as_str(), place.fits_path(path), text(input.path)));
        route.chain(grant).chain(host).chain(paths).collect()
    }
}

fn describe_mismatch((key, written, _, value): Part<'_>) -> String {
    let (subject, nothing) = match key {
        "grant" => ("the caller is", "the caller has no identity"),
        "route" => ("Envoy's route is", "the name of Envoy's route is not known"),
        "host" => ("the host is", "the request has no host"),
        _ => ("the path is", "the request has no path"),
    };
    let found = value.map_or_else(|| nothing.to_owned(), |value| format!("{subject} `{}`", excerpt(&value)));
    format!("its `{key}` is `{}`, and {found}", excerpt(written))
}

fn describe_ambiguous(key: &str, value: Option<String>) -> String {
    let what = if key == "host" { "host" } else { "path" };
    format!("servers may read the {what} `{}` in more than one way", excerpt(&value.unwrap_or_default()))
}
