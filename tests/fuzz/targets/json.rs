//! The reader: what it accepts, `serde_json` accepts with the same value; what it refuses and `serde_json` does not is
//! one of the few things it is meant to refuse; reading is linear.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mcp_policy::json::{Fault, Reader, Reason, parse};
use mcp_policy_fuzz::{Allowance, same};

/// The text is JSON, and whether its names are in doubt.
fn skim(data: &[u8]) -> Result<bool, Fault> {
    let mut reader = Reader::new(data, 64)?;
    reader.skip()?;
    reader.finish()?;
    Ok(reader.name_fault().is_some())
}

fuzz_target!(|data: &[u8]| {
    let skimmed = Allowance::of(data.len()).keep(|| skim(data));
    let tree = Allowance::of(data.len()).keep(|| parse(data, 64));
    assert_eq!(skimmed.as_ref().err(), tree.as_ref().err(), "skipping and reading differ");
    // Its way of passing numbers on is a member of this name.
    if data.windows(20).any(|window| window == b"$serde_json::private") {
        return;
    }
    let theirs = serde_json::from_slice::<serde_json::Value>(data);
    match (skimmed, tree, theirs) {
        (Ok(false), Ok(node), Ok(value)) => assert!(same(&node, &value), "read differently"),
        (Ok(_), Ok(_), Ok(_)) | (Err(_), _, Err(_)) => {}
        (Err(Fault { reason: Reason::TooDeep(_) | Reason::Number, .. }), _, Ok(_)) => {}
        (Err(fault), _, Ok(_)) => panic!("refused without need: {fault}"),
        (ours, _, Err(error)) => panic!("accepted {ours:?}, and serde_json says {error}"),
        (Ok(_), Err(fault), Ok(_)) => panic!("{fault}"),
    }
});
