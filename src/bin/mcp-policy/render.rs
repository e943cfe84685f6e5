//! `mcp-policy render`: a complete gateway configuration with the user's policy in it, or the limits file of a rate limit
//! service.
//!
//! * `configuration`: the user's document as the filter's configuration
//! * `envoy`, `sidecar`, `istio`, `envoy_gateway`, `limitador`: one file for each gateway, with its arguments and the
//!   values of its template in `templates/`
//! * `kubernetes`, `image` and `upstream`: arguments that several share
//! * `clusters`: the clusters of services that the configuration names
//! * `cors`: the pages that may read answers
//! * `credential`: the server's own credential, which Envoy sends instead of the caller's
//! * `dynamic`: the file in which Envoy finds the filter, for changes without a restart
//! * `ports`: the ports of an Envoy by itself, compared
//! * `replicas`: warnings of what each of several gateways keeps on its own
//! * `size`: objects that are too large for Kubernetes
//! * `watched`: files that Envoy reads again when they change
//! * `template` and `yaml`: texts and configurations as YAML

mod bypass;
mod clusters;
mod configuration;
mod cors;
mod credential;
pub(crate) mod dynamic;
mod envoy;
mod envoy_gateway;
mod image;
mod istio;
mod kubernetes;
mod limitador;
mod ports;
mod replicas;
mod sidecar;
mod size;
mod template;
#[cfg(test)]
mod tests;
mod upstream;
mod watched;
mod yaml;

use clap::Subcommand;

use crate::{Exit, Stop, mistakes, print, print_warning, source::SourceFile};

use self::{
    configuration::Configuration, envoy::Envoy, envoy_gateway::EnvoyGateway, istio::Istio, limitador::Limitador,
    replicas::Replicas, sidecar::Sidecar,
};

/// The arguments of `render`.
#[derive(clap::Args)]
#[command(arg_required_else_help = true, after_help = HELP)]
pub(crate) struct Args {
    #[command(subcommand)]
    gateway: Gateway,
}

/// The gateways, and the rate limit service.
#[derive(Subcommand)]
enum Gateway {
    /// One Envoy in front of one MCP server
    #[command(after_help = ENVOY_HELP)]
    Envoy(Envoy),
    /// Kubernetes: Envoy in the MCP server's pod, with Deployment, ConfigMap and Service
    #[command(after_help = SIDECAR_HELP)]
    Sidecar(Sidecar),
    /// Kubernetes with Istio: the filter in the sidecars of an MCP server
    #[command(after_help = ISTIO_HELP)]
    Istio(Istio),
    /// Kubernetes with Envoy Gateway: a Gateway in front of an MCP server
    #[command(after_help = ENVOY_GATEWAY_HELP)]
    EnvoyGateway(EnvoyGateway),
    /// Limitador: the limits file for counters that several Envoys share
    #[command(after_help = LIMITADOR_HELP)]
    Limitador(Limitador),
}

const HELP: &str = "\
Example:
  mcp-policy render envoy policy.json --upstream http://127.0.0.1:3000 >envoy.yaml
Exit codes: 0 printed, 1 the policy does not load or does not fit the options, 2 usage.";

const ENVOY_HELP: &str = "\
Example:
  mcp-policy render envoy policy.json --upstream http://127.0.0.1:3000 >envoy.yaml && envoy --config-path envoy.yaml
Exit codes: 0 printed, 1 the policy does not load or does not fit the options, 2 usage.";

const SIDECAR_HELP: &str = "\
Example:
  mcp-policy render sidecar policy.json --image \"$IMAGE\" | kubectl apply -f -
Exit codes: 0 printed, 1 the policy does not load or does not fit the options, 2 usage.";

const ISTIO_HELP: &str = "\
Example:
  mcp-policy render istio policy.json --image \"$IMAGE\" | kubectl apply -f -
Exit codes: 0 printed, 1 the policy does not load or does not fit the options, 2 usage.";

const ENVOY_GATEWAY_HELP: &str = "\
Example:
  mcp-policy render envoy-gateway policy.json --image \"$IMAGE\" | kubectl apply -f -
Exit codes: 0 printed, 1 the policy does not load or does not fit the options, 2 usage.";

const LIMITADOR_HELP: &str = "\
Example:
  mcp-policy render limitador gateway.json >limits.yaml
Exit codes: 0 printed, 1 the policy does not load or does not fit the options, 2 usage.";

/// Renders the configuration and prints it.
pub(crate) fn run(args: &Args) -> Result<Exit, Stop> {
    let source = SourceFile::read(args.gateway.file()).map_err(Stop::usage)?;
    if let Some(mistake) = mistakes::find(source.text()) {
        return Err(Stop::findings(format!("the policy does not load\n{}", source.problem_lines(&[mistake]))));
    }
    let rendered = args.gateway.render(source.text());
    let rendered = rendered.map_err(|message| Stop::findings(format!("{}: {message}", source.display_name())))?;
    if let Gateway::Envoy(envoy) = &args.gateway {
        dynamic::write(envoy, source.text(), &rendered).map_err(Stop::usage)?;
    }
    let of_replicas = args.gateway.replicas().map(|replicas| replicas.warnings(&source)).unwrap_or_default();
    for warning in args.gateway.warnings(source.text(), &rendered).into_iter().chain(of_replicas) {
        print_warning(&warning);
    }
    Ok(print(&rendered))
}

/// A warning if a rule requires approval, and no one could give it in a mesh.
fn no_console(document: &str) -> Vec<String> {
    const ADVICE: &str = "a rule of this policy requires approval, and a mesh has no console to approve at: keep approvals in an etcd \
                          (`approvals.store`) and render an Envoy with a console beside the mesh (`render envoy` or `render sidecar`, \
                          with `--approver`), or let a service of yours decide (`approvals.service`)";
    let is_left_out = Configuration::prepare(document).is_ok_and(|configuration| {
        let config = configuration.config();
        config.asks_for_approval() && config.approvals.service.is_none() && config.approvals.store.is_none()
    });
    is_left_out.then(|| ADVICE.to_owned()).into_iter().collect()
}

/// A gateway whose configuration can be shown before there is a file.
#[cfg(feature = "editor")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Target {
    Envoy,
    Sidecar,
    Istio,
    EnvoyGateway,
    Limitador,
}

/// What `render` prints, and what it says beside it.
#[cfg(feature = "editor")]
#[derive(Debug, serde::Serialize)]
pub(crate) struct Preview {
    /// The command that prints it.
    command: String,
    output: String,
    warnings: Vec<String>,
}

/// Renders a text as if `file` held it. `option` is the value of `--upstream` for an Envoy, of `--image` in Kubernetes; empty for
/// the default.
///
/// # Errors
/// What is wrong with the text or the option.
#[cfg(feature = "editor")]
pub(crate) fn preview(target: Target, file: &str, option: &str, document: &str) -> Result<Preview, String> {
    /// The command line of `render`.
    #[derive(clap::Parser)]
    #[command(no_binary_name = true)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }
    let (gateway, name) = match target {
        Target::Envoy => ("envoy", Some("upstream")),
        Target::Sidecar => ("sidecar", Some("image")),
        Target::Istio => ("istio", Some("image")),
        Target::EnvoyGateway => ("envoy-gateway", Some("image")),
        Target::Limitador => ("limitador", None),
    };
    let given = name.filter(|_| !option.is_empty()).map(|name| format!("--{name}={option}"));
    let words = [gateway.to_owned()].into_iter().chain(given.clone()).chain(["--".to_owned(), file.to_owned()]);
    let line = <Line as clap::Parser>::try_parse_from(words).map_err(|error| {
        let text = error.to_string();
        text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned()
    })?;
    if let Some(mistake) = mistakes::find(document) {
        return Err(SourceFile::new(file, document.to_owned()).problem_lines(&[mistake]));
    }
    let output = line.args.gateway.render(document)?;
    let warnings = line.args.gateway.warnings(document, &output);
    let quoted = |word: &str| {
        if word.chars().all(is_plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
    };
    let option = given.map(|given| format!(" {}", quoted(&given))).unwrap_or_default();
    Ok(Preview { command: format!("mcp-policy render {gateway} {}{option}", quoted(file)), output, warnings })
}

/// Whether a shell takes a character as it is.
#[cfg(feature = "editor")]
fn is_plain(character: char) -> bool {
    character.is_ascii_alphanumeric() || "-_=:/.@".contains(character)
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

    fn replicas(&self) -> Option<&Replicas> {
        match self {
            Self::Envoy(envoy) => Some(&envoy.replicas),
            Self::Sidecar(sidecar) => Some(&sidecar.common.replicas),
            Self::Istio(istio) => Some(&istio.common.replicas),
            Self::EnvoyGateway(gateway) => Some(&gateway.common.replicas),
            Self::Limitador(_) => None,
        }
    }

    /// What the user should know of `rendered`, which was made of `document`.
    fn warnings(&self, document: &str, rendered: &str) -> Vec<String> {
        let mut warnings = match self {
            Self::Envoy(envoy) => envoy.warnings(document),
            Self::Sidecar(sidecar) => [sidecar.warnings(document), size::warnings(rendered)].concat(),
            Self::Limitador(_) => Vec::new(),
            Self::Istio(_) => [no_console(document), size::warnings(rendered)].concat(),
            Self::EnvoyGateway(_) => {
                [no_console(document), EnvoyGateway::warnings(document), size::warnings(rendered)].concat()
            }
        };
        let defined = match self {
            Self::Envoy(Envoy { etcd_tls: Some(_), .. }) | Self::Sidecar(Sidecar { etcd_tls: Some(_), .. }) => {
                Some(&envoy::CLUSTERS)
            }
            Self::Istio(Istio { etcd_tls: Some(_), .. }) => Some(&istio::CLUSTERS),
            Self::EnvoyGateway(EnvoyGateway { etcd_tls: Some(_), .. }) => Some(&envoy_gateway::CLUSTERS),
            _ => None,
        };
        if let (Some(defined), Ok(configuration)) = (defined, Configuration::prepare(document)) {
            warnings.extend(clusters::unused_etcd_tls(configuration.config(), defined));
        }
        let configuration = match self {
            Self::Envoy(Envoy { upstream_credential: Some(_), .. })
            | Self::Sidecar(Sidecar { upstream_credential: Some(_), .. })
            | Self::Istio(Istio { upstream_credential: Some(_), .. }) => Configuration::prepare(document),
            Self::EnvoyGateway(EnvoyGateway { upstream_credential: Some(_), .. }) => envoy_gateway::prepare(document),
            _ => return warnings,
        };
        if let Ok(configuration) = configuration {
            let config = configuration.config();
            let checks_tokens = matches!(self, Self::EnvoyGateway(_)) && envoy_gateway::has_jwt(config);
            warnings.extend(credential::warnings(config, checks_tokens));
        }
        warnings
    }

    /// Renders for `document`, the text of [`Self::file`].
    ///
    /// # Errors
    /// What is wrong with the document.
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
