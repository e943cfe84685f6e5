//! `mcp-policy render`: a complete gateway configuration with the user's policy in it, or that of a service beside it.

mod configuration;
mod document;
mod envoy;
mod envoy_gateway;
mod istio;
mod kubernetes;
mod limitador;
mod sidecar;
mod template;
#[cfg(test)]
mod tests;
mod upstream;

use clap::Subcommand;

use crate::{Exit, complain, input, print};

/// The words after `render`.
#[derive(clap::Args)]
#[command(arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    gateway: Gateway,
}

/// For which gateway, or for what beside it.
#[derive(Subcommand)]
enum Gateway {
    /// Envoy by itself: one listener, the filter, one MCP server
    Envoy(envoy::Envoy),
    /// Kubernetes: Envoy in the MCP server's pod, as a Deployment with its ConfigMap and Service
    Sidecar(sidecar::Sidecar),
    /// Kubernetes with Istio: the filter in the sidecars of an MCP server
    Istio(istio::Istio),
    /// Kubernetes with Envoy Gateway: a Gateway in front of an MCP server
    EnvoyGateway(envoy_gateway::EnvoyGateway),
    /// Limitador: the limits that it counts for several Envoys
    Limitador(limitador::Limitador),
}

/// Renders, and prints what came of it.
pub(crate) fn run(args: &Args) -> Exit {
    let file = args.gateway.file();
    let document = match input::read(file) {
        Ok(document) => document,
        Err(message) => {
            complain(&message);
            return Exit::Usage;
        }
    };
    match args.gateway.render(&document) {
        Ok(rendered) => print(&rendered),
        Err(message) => {
            complain(&format!("{}: {message}", input::name(file)));
            Exit::Findings
        }
    }
}

// === impl Gateway ===

impl Gateway {
    fn file(&self) -> &str {
        match self {
            Self::Envoy(envoy) => &envoy.file,
            Self::Sidecar(sidecar) => &sidecar.common.file,
            Self::Istio(istio) => &istio.common.file,
            Self::EnvoyGateway(gateway) => &gateway.common.file,
            Self::Limitador(limitador) => &limitador.file,
        }
    }

    /// What stands in for the gateway's configuration; `document` is what [`Self::file`] holds.
    ///
    /// # Errors
    /// Why the document cannot become one.
    fn render(&self, document: &str) -> Result<String, String> {
        match self {
            Self::Envoy(envoy) => envoy.render(document),
            Self::Sidecar(sidecar) => sidecar.render(document),
            Self::Istio(istio) => istio.render(document),
            Self::EnvoyGateway(gateway) => gateway.render(document),
            Self::Limitador(limitador) => limitador.render(document),
        }
    }
}
