//! The catalogue that this command contains: the files of `envoy/catalog/`.

use super::{attack::Attack, entry::Entry};

/// One server, with its policy.
pub(crate) struct Server {
    pub(crate) entry: Entry,
    /// The text of `<server>.policy.json`.
    pub(crate) policy: &'static str,
    /// The text of `<server>.cases.json`.
    #[cfg_attr(not(test), expect(dead_code, reason = "a test runs them"))]
    pub(crate) cases: &'static str,
}

/// Everything that the catalogue has.
pub(crate) struct Catalog {
    /// By name.
    pub(crate) servers: Vec<Server>,
    /// In the order of the file.
    pub(crate) attacks: Vec<Attack>,
}

/// The files of one server.
struct Files {
    entry: &'static str,
    policy: &'static str,
    cases: &'static str,
}

macro_rules! files {
    ($($server:literal)*) => {
        [$(Files {
            entry: include_str!(concat!("../../../../envoy/catalog/", $server, ".json")),
            policy: include_str!(concat!("../../../../envoy/catalog/", $server, ".policy.json")),
            cases: include_str!(concat!("../../../../envoy/catalog/", $server, ".cases.json")),
        }),*]
    };
}

/// A test compares this list with the folder.
const FILES: &[Files] = &files![
    "alpaca" "alya" "filesystem" "git" "github" "gitlab" "imagegen" "krea" "kubernetes" "mongodb" "notion" "playwright"
    "postgres" "sentry" "slack" "stripe"
];

const ATTACKS: &str = include_str!("../../../../envoy/catalog/attacks.json");

impl Catalog {
    /// Reads the files.
    ///
    /// # Errors
    /// A sentence on the first file that is wrong. Tests read all of them, so this is a fault of this command.
    pub(crate) fn load() -> Result<Self, String> {
        let read = |files: &Files| {
            let entry: Entry = serde_json::from_str(files.entry).map_err(|error| format!("the catalogue: {error}"))?;
            Ok::<_, String>(Server { entry, policy: files.policy, cases: files.cases })
        };
        let attacks = serde_json::from_str(ATTACKS).map_err(|error| format!("the catalogue's attacks: {error}"))?;
        Ok(Self { servers: FILES.iter().map(read).collect::<Result<_, _>>()?, attacks })
    }

    /// A server by its name.
    pub(crate) fn server(&self, name: &str) -> Option<&Server> {
        self.servers.iter().find(|server| server.entry.server.as_str() == name)
    }

    /// A pattern by its name.
    pub(crate) fn attack(&self, id: &str) -> Option<&Attack> {
        self.attacks.iter().find(|attack| attack.id.as_str() == id)
    }
}
