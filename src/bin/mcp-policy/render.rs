//! `mcp-policy render`: a complete gateway configuration with the user's policy in it.

mod configuration;
mod template;
#[cfg(test)]
mod tests;
mod upstream;

use clap::Subcommand;

use crate::{Exit, complain, input, print};
use template::{fill, quoted, scalar};
use upstream::Upstream;

const ENVOY: &str = include_str!("render/envoy.yaml.in");
const UPSTREAM_TLS: &str = include_str!("render/upstream_tls.yaml.in");

/// The words after `render`.
#[derive(clap::Args)]
#[command(arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    gateway: Gateway,
}

/// For which gateway.
#[derive(Subcommand)]
enum Gateway {
    /// Envoy by itself: one listener, the filter, one MCP server
    Envoy(Envoy),
}

/// What an Envoy configuration is made of.
#[derive(clap::Args)]
struct Envoy {
    /// A policy, or a configuration with `policy` or `policies` in it; `-` reads stdin
    file: String,
    /// Where the gateway listens, on 127.0.0.1
    #[arg(long, value_name = "PORT", default_value_t = 10000)]
    port: u16,
    /// The MCP server
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:10002")]
    upstream: Upstream,
    /// The filter's module
    #[arg(long, value_name = "PATH", default_value = "target/wasm32-wasip1/release/mcp_policy.wasm")]
    module: String,
    /// Where Envoy's admin interface listens, on 127.0.0.1
    #[arg(long, value_name = "PORT", default_value_t = 9901)]
    admin_port: u16,
}

/// Renders, and prints what came of it.
pub(crate) fn run(args: &Args) -> Exit {
    let Gateway::Envoy(envoy) = &args.gateway;
    let document = match input::read(&envoy.file) {
        Ok(document) => document,
        Err(message) => {
            complain(&message);
            return Exit::Usage;
        }
    };
    match envoy.render(&document) {
        Ok(rendered) => print(&rendered),
        Err(message) => {
            complain(&format!("{}: {message}", input::name(&envoy.file)));
            Exit::Findings
        }
    }
}

// === impl Envoy ===

impl Envoy {
    fn render(&self, document: &str) -> Result<String, String> {
        let configuration = configuration::held(document)?;
        let upstream = &self.upstream;
        Ok(fill(
            ENVOY,
            &[
                ("port", self.port.to_string()),
                ("module", quoted(&self.module)),
                ("configuration", scalar(&configuration)),
                ("host_rewrite", host_rewrite(upstream)),
                ("discovery", discovery(upstream).to_owned()),
                ("upstream_host", quoted(&upstream.host)),
                ("upstream_port", upstream.port.to_string()),
                ("transport_socket", transport_socket(upstream)),
                ("admin_port", self.admin_port.to_string()),
            ],
        ))
    }
}

fn discovery(upstream: &Upstream) -> &'static str {
    if upstream.is_address() { "STATIC" } else { "STRICT_DNS" }
}

/// A server behind TLS answers to its own name only. Plain ones see the client's `Host`: a server on
/// loopback tells web pages that rebind a name (DNS rebinding) from agents by it.
fn host_rewrite(upstream: &Upstream) -> String {
    if upstream.tls { format!("host_rewrite_literal: {}", quoted(&upstream.authority())) } else { String::new() }
}

fn transport_socket(upstream: &Upstream) -> String {
    if !upstream.tls {
        return String::new();
    }
    // TLS has no server names for addresses.
    let (sni, san_type) = if upstream.is_address() {
        (String::new(), "IP_ADDRESS")
    } else {
        (format!("sni: {}", quoted(&upstream.host)), "DNS")
    };
    let host = quoted(&upstream.host);
    fill(UPSTREAM_TLS, &[("sni", sni), ("san_type", san_type.to_owned()), ("host", host)])
}
