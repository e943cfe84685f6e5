//! Objects read by the readers of others: `tests/kubernetes/objects.mjs`, with the packages that `./build.sh test` installs.

use crate::prerequisites::find;
use serde_json::{Value, json};
use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// What is in some files.
pub(crate) struct Objects {
    /// Every object.
    pub(crate) all: Vec<Value>,
    /// What is wrong with which.
    pub(crate) faults: Vec<String>,
}

/// The packages, unless they are left out.
#[track_caller]
pub(crate) fn packages() -> Option<PathBuf> {
    find("schemas")
}

/// Reads files of objects.
pub(crate) fn check(packages: &Path, files: &[PathBuf]) -> Objects {
    let found = run(packages, "check", files);
    let texts = |key: &str| found[key].as_array().expect("a list").clone();
    let faults = texts("faults").iter().map(|fault| fault.as_str().expect("text").to_owned()).collect();
    Objects { all: texts("objects"), faults }
}

/// Applies JSON patches. Each may have a `jsonPath` that says where in the resource it begins.
pub(super) fn patch(packages: &Path, folder: &Path, resource: &Value, operations: &[Value]) -> Value {
    let file = folder.join("to-patch.json");
    fs::write(&file, json!({ "resource": resource, "operations": operations }).to_string()).expect("a file");
    run(packages, "patch", &[file])
}

/// From its standard input, since Node looks for the packages of such a program in the current folder.
fn run(packages: &Path, verb: &str, files: &[PathBuf]) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kubernetes/objects.mjs");
    let ran = Command::new("node")
        .args(["--input-type=module", "-", verb])
        .args(files)
        .current_dir(packages)
        .stdin(Stdio::from(File::open(script).expect("the program")))
        .output()
        .expect("Node");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    serde_json::from_slice(&ran.stdout).expect("JSON")
}

// === impl Objects ===

impl Objects {
    /// The objects of a kind.
    pub(crate) fn of_kind(&self, kind: &str) -> Vec<&Value> {
        self.all.iter().filter(|object| object["kind"] == kind).collect()
    }

    /// The only object of a kind.
    pub(crate) fn one(&self, kind: &str) -> &Value {
        let found = self.of_kind(kind);
        assert_eq!(found.len(), 1, "{kind}");
        found[0]
    }
}
