//! Compresses the console's page, which the module carries, and tells the command its commit.

use std::{env, error::Error, fs, io::Write as _, path::Path, process::Command};

use flate2::{Compression, GzBuilder};

/// What the command's build depends on.
const SOURCES: [&str; 4] = ["src", "Cargo.toml", "Cargo.lock", ".cargo"];

fn main() -> Result<(), Box<dyn Error>> {
    compress_page()?;
    // The module has no version to print, and its bytes depend on the sources alone.
    if env::var("CARGO_CFG_TARGET_FAMILY").as_deref() != Ok("wasm") {
        println!("cargo::rustc-env=MCP_POLICY_BUILD={}", describe_build());
    }
    Ok(())
}

fn compress_page() -> Result<(), Box<dyn Error>> {
    let out = env::var("OUT_DIR")?;
    for name in ["index.html", "console.js", "console.css"] {
        let source = format!("src/console/page/{name}");
        println!("cargo::rerun-if-changed={source}");
        // The archive has neither a time nor a file name, so that each build of a page has the same bytes.
        let file = fs::File::create(Path::new(&out).join(format!("{name}.gz")))?;
        let mut compressed = GzBuilder::new().operating_system(255).write(file, Compression::best());
        compressed.write_all(&fs::read(source)?)?;
        compressed.finish()?;
    }
    Ok(())
}

/// The commit of a release build. Debug builds do not look: each commit would compile everything again.
fn describe_build() -> String {
    if env::var("PROFILE").as_deref() != Ok("release") {
        return "development build".to_owned();
    }
    git_commit().or_else(packaged_commit).unwrap_or_else(|| "commit unknown".to_owned())
}

/// The commit of the checkout, and whether its sources have changed since.
fn git_commit() -> Option<String> {
    let root = fs::canonicalize(env::var_os("CARGO_MANIFEST_DIR")?).ok()?;
    // Another repository may hold this folder.
    (fs::canonicalize(git(&["rev-parse", "--show-toplevel"])?).ok()? == root).then_some(())?;
    let commit = git(&["rev-parse", "--short=12", "HEAD"])?;
    for file in ["HEAD", "logs/HEAD"] {
        println!("cargo::rerun-if-changed={}", git(&["rev-parse", "--git-path", file])?);
    }
    for source in SOURCES {
        println!("cargo::rerun-if-changed={source}");
    }
    let changed = git(&[&["status", "--porcelain", "--"], &SOURCES[..]].concat())?;
    Some(if changed.is_empty() { format!("commit {commit}") } else { format!("commit {commit} with changes") })
}

/// The commit that `cargo package` notes in a crate: `{"git": {"sha1": "…"}, …}`.
fn packaged_commit() -> Option<String> {
    let note = fs::read_to_string(".cargo_vcs_info.json").ok()?;
    let digits = note.split_once("\"sha1\"")?.1.split('"').nth(1)?.get(..12)?;
    digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then(|| format!("commit {digits}"))
}

/// What a command of git prints; `None` without git, or if it fails.
fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
