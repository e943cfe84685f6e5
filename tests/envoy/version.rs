//! What the supported versions of Envoy do differently. The rest of the suite holds for all of them; these are the
//! exceptions, each a row of the table in `tests/README.md`.

use crate::gateway;
use std::{process::Command, sync::LazyLock};

/// The 40 of 1.40.0, of the Envoy under test.
static MINOR: LazyLock<u32> = LazyLock::new(|| {
    let output = Command::new(gateway::envoy()).arg("--version").output().expect("Envoy");
    let output = String::from_utf8(output.stdout).expect("text");
    minor(&output).unwrap_or_else(|| panic!("which version is {output:?}? Known are 1.36 and later"))
});

/// `…/envoy  version: 4f1c…/1.40.0/Clean/RELEASE/BoringSSL`
fn minor(output: &str) -> Option<u32> {
    let (_, version) = output.split_once("version: ")?;
    let (_, minor) = version.split('/').nth(1)?.split_once("1.")?;
    minor.split('.').next()?.parse().ok().filter(|minor| *minor >= 36)
}

/// Whether there is a statistic of the VMs that live, `wasm.wasm_vm_count`.
pub(crate) fn counts_vms() -> bool {
    *MINOR >= 39
}

/// Whether the limit of a route for bodies holds before the filter looks at a body. Else a client that writes more at once than
/// the listener's limit gets Envoy's own 413.
pub(crate) fn raises_body_limits() -> bool {
    *MINOR >= 37
}

/// Whether Envoy resets the stream to an HTTP/2 server if it has sent the head of a call that is then denied. Else it
/// sees a request without a body that ends.
pub(crate) fn resets_over_http2() -> bool {
    *MINOR >= 37
}

#[test]
fn versions_are_read() {
    for (output, found) in [
        ("envoy  version: 4f1c/1.40.0/Clean/RELEASE/BoringSSL\n", Some(40)),
        ("a/envoy  version: 4f1c/1.36.5-dev/Clean/RELEASE/BoringSSL", Some(36)),
        ("envoy  version: 4f1c/1.35.9/Clean/RELEASE/BoringSSL", None),
        ("envoy 1.40", None),
    ] {
        assert_eq!(minor(output), found, "{output}");
    }
}
