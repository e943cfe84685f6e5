//! The OCI image: the same bytes each time, and what Istio's fetcher gets out of it is the module.

use crate::{
    client::{Request, try_send},
    gateway::module,
    prerequisites::find,
    process::{Process, fresh_folder},
    runtime::{run, until},
};
use serde_json::{Value, json};
use std::{
    ffi::OsStr,
    fs,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What a program prints.
#[track_caller]
fn output(program: impl AsRef<OsStr>, arguments: &[&dyn AsRef<OsStr>]) -> Result<String, String> {
    let ran =
        Command::new(program.as_ref()).args(arguments.iter().map(|one| one.as_ref())).stdin(Stdio::null()).output();
    let ran = ran.unwrap_or_else(|error| panic!("{}: {error}", program.as_ref().display()));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
    if ran.status.success() { Ok(text(&ran.stdout)) } else { Err(text(&ran.stderr)) }
}

/// Writes the image of a module; its digest.
fn write(module: &Path, layout: &Path) -> String {
    output("python3", &[&root().join("envoy/image/image.py"), &module, &"1.2.3", &layout]).expect("an image")
}

/// All files of a folder, by name.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("a name").to_owned();
                all.push((name, fs::read(path).expect("a file")));
            }
        }
    }
    all.sort();
    all
}

#[test]
fn the_same_module_is_the_same_image_byte_for_byte() {
    let folder = fresh_folder("image-twice");
    let copy = folder.join("another-name.wasm");
    fs::write(&copy, fs::read(module()).expect("the module")).expect("a copy");
    let digests = [(module(), "a"), (copy.clone(), "b")].map(|(module, place)| write(&module, &folder.join(place)));
    assert_eq!(digests[0], digests[1]);
    assert_eq!(files(&folder.join("a")), files(&folder.join("b")));
    // Another module is another one, also in a folder that has held one, and nothing of that stays.
    fs::write(&copy, b"\0asm\x01\0\0\0").expect("a file");
    assert_ne!(write(&copy, &folder.join("b")), digests[0]);
    assert_eq!(files(&folder.join("b")).len(), 5);
}

#[test]
fn the_image_is_one_plain_manifest_with_one_layer() {
    let folder = fresh_folder("image-layout");
    let digest = write(&module(), &folder);
    let read =
        |path: &str| -> Value { serde_json::from_slice(&fs::read(folder.join(path)).expect(path)).expect("JSON") };
    let blob = |digest: &Value| read(&format!("blobs/{}", digest.as_str().expect("text").replace(':', "/")));
    let index = read("index.json");
    assert_eq!(index["manifests"].as_array().expect("a list").len(), 1);
    assert_eq!(index["manifests"][0]["digest"], *digest);
    let manifest = blob(&index["manifests"][0]["digest"]);
    assert_eq!(manifest["mediaType"], "application/vnd.oci.image.manifest.v1+json");
    assert_eq!(manifest["layers"].as_array().expect("a list").len(), 1);
    assert_eq!(manifest["layers"][0]["mediaType"], "application/vnd.oci.image.layer.v1.tar+gzip");
    let config = blob(&manifest["config"]["digest"]);
    assert_eq!(config["rootfs"]["diff_ids"].as_array().expect("a list").len(), 1);
}

/// Starts a registry.
async fn registry(program: &Path, folder: &Path) -> (Process, SocketAddr) {
    // Free a moment ago; the program tells no port of its own choice.
    let address = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port");
    let config = folder.join("registry.yml");
    let storage = json!({ "filesystem": { "rootdirectory": folder.join("storage") } });
    let text = json!({ "version": 0.1, "storage": storage, "http": { "addr": address.to_string() } });
    fs::write(&config, text.to_string()).expect("a file");
    let mut command = Command::new(program);
    command.arg("serve").arg(config).stdin(Stdio::null());
    let process = Process::start(&mut command, folder.join("registry.log")).expect("the registry starts");
    until("the registry listens", || async {
        assert!(process.ended().is_none(), "{}", process.log_tail());
        try_send(address, &Request::new("GET", "/v2/")).await.ok()
    })
    .await;
    (process, address)
}

#[test]
fn what_is_pushed_is_what_istio_fetches() {
    let Some(programs) = find("registry") else { return };
    run(async {
        let folder = fresh_folder("image-registry");
        let (_registry, address) = registry(&programs.join("docker-registry"), &folder).await;
        let layout = folder.join("layout");
        let digest = write(&module(), &layout);
        let reference = format!("{address}/team/mcp-policy");
        let pushed = [&root().join("envoy/image/push.sh"), &programs.join("skopeo"), &layout];
        output("bash", &[&pushed[0], &pushed[1], &pushed[2], &format!("{reference}:1.2.3")]).expect("pushed");

        let fetched = folder.join("fetched.wasm");
        let fetch = |pin: &str| output("python3", &[&root().join("tests/kubernetes/fetch.py"), &pin, &fetched]);
        assert_eq!(fetch(&format!("http://{reference}@{digest}")), Ok(digest));
        assert!(fs::read(&fetched).expect("a file") == fs::read(module()).expect("the module"), "another module");

        // A digest that no image has is none that is fetched.
        let other = format!("http://{reference}@sha256:{}", "0".repeat(64));
        assert!(fetch(&other).expect_err("no such image").contains("404"));
    });
}

#[test]
fn the_list_of_components_has_every_crate_and_the_standard_library() {
    let Some(programs) = find("registry") else { return };
    let script = root().join("envoy/image/sbom.py");
    let printed = output(programs.join("python"), &[&script, &module()]).expect("a list");
    let list: Value = serde_json::from_str(&printed).expect("JSON");
    let components = list["components"].as_array().expect("a list");
    let version = |name: &str| {
        let found = components.iter().filter(|component| component["name"] == name);
        found.map(|component| component["version"].as_str().expect("a version")).collect::<Vec<_>>()
    };
    let rustc = output("rustc", &[&"--version"]).expect("Rust");
    assert_eq!(version("std"), [rustc.split(' ').nth(1).expect("a version")]);
    assert_eq!(version("proxy-wasm").len(), 1);
    // The module needs it.
    let own = &list["metadata"]["component"]["bom-ref"];
    let needs = list["dependencies"].as_array().expect("a list").iter().find(|one| one["ref"] == *own);
    let needs = needs.and_then(|one| one["dependsOn"].as_array()).expect("a list");
    assert!(needs.iter().any(|one| one.as_str().is_some_and(|url| url.starts_with("pkg:github/rust-lang/rust@"))));
}
