//! Where the servers are installed.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
};

/// The folder that `./build.sh test` has installed the SDKs into; nothing if the caller has said to leave them out.
///
/// # Panics
/// With what to do if neither is said.
#[track_caller]
pub(super) fn installed() -> Option<PathBuf> {
    read(env::var_os("MCP_POLICY_SKIP"), env::var_os("MCP_POLICY_SERVERS")).unwrap_or_else(|advice| panic!("{advice}"))
}

/// A program under `tests/servers/`.
pub(super) fn program(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers").join(path)
}

/// What the two variables say together.
fn read(skip: Option<OsString>, servers: Option<OsString>) -> Result<Option<PathBuf>, String> {
    match (skip, servers) {
        (Some(skip), _) if skip == "servers" => Ok(None),
        (Some(skip), _) if !skip.is_empty() => {
            Err(format!("MCP_POLICY_SKIP is {}; nothing but `servers` can be left out", skip.display()))
        }
        (_, Some(servers)) => Ok(Some(servers.into())),
        (_, None) => {
            Err("the servers to attack are missing: run `./build.sh test`, which installs them, or name their \
                          folder in MCP_POLICY_SERVERS, or leave them out by MCP_POLICY_SKIP=servers"
                .into())
        }
    }
}

#[test]
fn servers_are_left_out_by_name_only() {
    let read = |skip: Option<&str>, servers: Option<&str>| read(skip.map(Into::into), servers.map(Into::into));
    assert_eq!(read(None, Some("a")), Ok(Some("a".into())));
    assert_eq!(read(Some(""), Some("a")), Ok(Some("a".into())));
    assert_eq!(read(Some("servers"), Some("a")), Ok(None));
    assert_eq!(read(Some("servers"), None), Ok(None));
    let unknown = "MCP_POLICY_SKIP is all; nothing but `servers` can be left out";
    assert_eq!(read(Some("all"), Some("a")), Err(unknown.into()));
    let missing = "the servers to attack are missing: run `./build.sh test`, which installs them, or name their folder \
                   in MCP_POLICY_SERVERS, or leave them out by MCP_POLICY_SKIP=servers";
    assert_eq!(read(None, None), Err(missing.into()));
    assert_eq!(read(Some(""), None), Err(missing.into()));
}
