//! The built module.

use std::{env, fs, path::PathBuf, sync::LazyLock};

use wasmtime::{Config, Engine, Module, OptLevel};

/// Compiled once for all tests. Compiling takes longer than running, so it is not optimised.
pub(crate) static MODULE: LazyLock<Module> = LazyLock::new(|| compile(false));
/// The same module, which counts the instructions that it executes.
pub(crate) static METERED: LazyLock<Module> = LazyLock::new(|| compile(true));

fn compile(is_metered: bool) -> Module {
    let place = place();
    let bytes = fs::read(&place)
        .unwrap_or_else(|error| panic!("{}: {error}; build the module first: run `./build.sh wasm`", place.display()));
    let mut config = Config::new();
    config.cranelift_opt_level(OptLevel::None).consume_fuel(is_metered);
    let engine = Engine::new(&config).expect("this machine can compile");
    Module::new(&engine, bytes).unwrap_or_else(|error| panic!("{}: {error:#}", place.display()))
}

/// Where it is.
pub(crate) fn place() -> PathBuf {
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    // A relative path is relative to the repository, where cargo runs the tests.
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(target).join("wasm32-wasip1/release/mcp_policy.wasm")
}
