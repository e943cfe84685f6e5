//! What some tests need besides Envoy: installed by `./build.sh test`, or left out by name.

use std::{
    env,
    ffi::OsString,
    io::{Write as _, stderr},
    path::PathBuf,
};

/// What can be left out by naming it in `MCP_POLICY_SKIP`, and the variable that says where it is.
const TOOLS: [(&str, &str); 8] = [
    ("servers", "MCP_POLICY_SERVERS"),
    ("clients", "MCP_POLICY_CLIENTS"),
    ("prometheus", "MCP_POLICY_PROMETHEUS"),
    ("browser", "MCP_POLICY_BROWSER"),
    ("schemas", "MCP_POLICY_SCHEMAS"),
    ("registry", "MCP_POLICY_REGISTRY"),
    ("rate_limit_service", "MCP_POLICY_RATE_LIMIT_SERVICE"),
    ("etcd", "MCP_POLICY_ETCD"),
];

/// The path of one of the [`TOOLS`]; `None`, and a line that says so, if `MCP_POLICY_SKIP` names it.
///
/// # Panics
/// With what to do if neither is said.
#[track_caller]
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let variable = variable(name);
    let found = read(name, env::var_os("MCP_POLICY_SKIP"), env::var_os(variable));
    let found = found.unwrap_or_else(|advice| panic!("{advice}"));
    if found.is_none() {
        // Past what captures the output of tests: a test that is left out looks like one that passes.
        let _ = writeln!(stderr(), "left out, as MCP_POLICY_SKIP says: a test that needs `{name}`");
    }
    found
}

fn variable(name: &str) -> &'static str {
    TOOLS.iter().find(|(tool, _)| *tool == name).expect("one of the tools").1
}

/// What the two variables say together.
fn read(name: &str, skip: Option<OsString>, place: Option<OsString>) -> Result<Option<PathBuf>, String> {
    let skip = skip.unwrap_or_default();
    let skip = skip.to_string_lossy();
    let skipped: Vec<&str> = skip.split(',').filter(|one| !one.is_empty()).collect();
    if let Some(other) = skipped.iter().find(|one| TOOLS.iter().all(|(tool, _)| tool != *one)) {
        return Err(format!(
            "MCP_POLICY_SKIP names `{other}`; nothing but `servers`, `clients`, `prometheus`, `browser`, `schemas`, `registry`, `rate_limit_service` and `etcd` can be left out"
        ));
    }
    if skipped.contains(&name) {
        return Ok(None);
    }
    let missing = || {
        let variable = variable(name);
        format!(
            "`{name}` is missing: run `./build.sh test`, which installs it, or say in {variable} where it is, or leave \
             out what needs it by MCP_POLICY_SKIP={name}"
        )
    };
    place.map(|place| Some(place.into())).ok_or_else(missing)
}

#[test]
fn tools_are_left_out_by_name_only() {
    let read = |skip: Option<&str>, place: Option<&str>| read("servers", skip.map(Into::into), place.map(Into::into));
    for skip in [None, Some(""), Some("prometheus")] {
        assert_eq!(read(skip, Some("a")), Ok(Some("a".into())));
        let missing = "`servers` is missing: run `./build.sh test`, which installs it, or say in MCP_POLICY_SERVERS \
                       where it is, or leave out what needs it by MCP_POLICY_SKIP=servers";
        assert_eq!(read(skip, None), Err(missing.into()));
    }
    for skip in ["servers", "servers,prometheus", "browser,prometheus,servers"] {
        assert_eq!(read(Some(skip), Some("a")), Ok(None));
        assert_eq!(read(Some(skip), None), Ok(None));
    }
    let unknown = "MCP_POLICY_SKIP names `all`; nothing but `servers`, `clients`, `prometheus`, `browser`, `schemas`, `registry`, `rate_limit_service` and `etcd` can be left out";
    assert_eq!(read(Some("all"), Some("a")), Err(unknown.into()));
}
