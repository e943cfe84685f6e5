//! Which bindings no request reaches, for warnings.

use super::{
    Binding, Matcher,
    host_path::{PathMatcher, without_port},
};
use crate::identity::Source;

impl Binding {
    /// Whether it matches every request that another one matches.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        let Self { route, host, path, path_prefix, grant, policy: _ } = self;
        let covers = |own: &Option<Matcher>, other: &Option<Matcher>, test: &dyn Fn(&Matcher, &str) -> bool| {
            own.as_ref().is_none_or(|own| other.as_ref().is_some_and(|other| test(own, other.as_str())))
        };
        let is_matched = |own: &Matcher, other: &str| own.matches(other);
        // A host is compared with its port and without.
        let is_host_matched = |own: &Matcher, other: &str| own.matches(other) || own.matches(without_port(other));
        let paths = || [&other.path, &other.path_prefix].into_iter().flatten();
        covers(route, &other.route, &is_matched)
            && covers(grant, &other.grant, &is_matched)
            && covers(host, &other.host, &is_host_matched)
            && [path, path_prefix].into_iter().flatten().all(|own| paths().any(|other| covers_path(own, other)))
    }

    /// Its grant, if no source yields one that it matches: it is that of a token that is not listed.
    #[must_use]
    pub fn unyielded_grant(&self, sources: &[Source]) -> Option<&str> {
        let grant = self.grant.as_ref()?;
        let yields = |source: &Source| source.yields(grant.front(), &|name| grant.matches(name));
        (!sources.iter().any(yields)).then(|| grant.as_str())
    }

    /// Whether no path is its `path` and under its `path_prefix` at once.
    #[must_use]
    pub fn excludes_every_path(&self) -> bool {
        match (&self.path, &self.path_prefix) {
            (Some(path), Some(prefix)) => {
                !path.matchers().any(|path| prefix.matchers().any(|prefix| path.overlaps(prefix)))
            }
            _ => false,
        }
    }
}

fn covers_path(own: &PathMatcher, other: &PathMatcher) -> bool {
    other.matchers().all(|other| own.matchers().any(|own| own.matches(other.as_str())))
}
