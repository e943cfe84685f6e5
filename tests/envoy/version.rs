//! What the supported versions of Envoy do differently. The rest of the suite holds for all of them; these are the
//! exceptions, each a row of the table in `tests/README.md`.

use crate::gateway;
use std::{process::Command, sync::LazyLock};

/// The 40 of 1.40.0, of the Envoy under test.
static MINOR: LazyLock<u32> = LazyLock::new(|| {
    let told = Command::new(gateway::envoy()).arg("--version").output().expect("Envoy");
    let told = String::from_utf8(told.stdout).expect("text");
    minor(&told).unwrap_or_else(|| panic!("which version is {told:?}? Known are 1.36 and later"))
});

/// `…/envoy  version: 4f1c…/1.40.0/Clean/RELEASE/BoringSSL`
fn minor(told: &str) -> Option<u32> {
    let (_, version) = told.split_once("version: ")?;
    let (_, minor) = version.split('/').nth(1)?.split_once("1.")?;
    minor.split('.').next()?.parse().ok().filter(|minor| *minor >= 36)
}

/// Whether there is a statistic of the VMs that live, `wasm.wasm_vm_count`.
pub(crate) fn counts_vms() -> bool {
    *MINOR >= 39
}

/// Whether a server that speaks HTTP/2 is told, by a reset, that a call whose head it has seen will not come. Else it
/// sees a request without a body that ends.
pub(crate) fn resets_over_http2() -> bool {
    *MINOR >= 37
}

#[test]
fn versions_are_read() {
    for (told, found) in [
        ("envoy  version: 4f1c/1.40.0/Clean/RELEASE/BoringSSL\n", Some(40)),
        ("a/envoy  version: 4f1c/1.36.5-dev/Clean/RELEASE/BoringSSL", Some(36)),
        ("envoy  version: 4f1c/1.35.9/Clean/RELEASE/BoringSSL", None),
        ("envoy 1.40", None),
    ] {
        assert_eq!(minor(told), found, "{told}");
    }
}
