//! A filter that lets everything through: the floor of what the `proxy-wasm` SDK costs.
#![cfg(target_os = "wasi")]

use proxy_wasm::{
    traits::{Context, HttpContext, RootContext},
    types::ContextType,
};

proxy_wasm::main! {{
    proxy_wasm::set_root_context(|_| Box::new(Root));
}}

struct Root;

struct Request;

impl Context for Root {}

impl RootContext for Root {
    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }

    fn create_http_context(&self, _: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Request))
    }
}

impl Context for Request {}

impl HttpContext for Request {}
