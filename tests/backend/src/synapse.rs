//! The Synapse release that the local homeservers run, and its settings.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::cache::Cache;
use crate::error::{Doing, Result};
use crate::python;

const VERSION: &str = "1.163.2";
const REQUIREMENTS: &str = include_str!("../synapse/requirements.txt");

/// Installs Synapse into the cache, unless it is there, and returns the Python that can run it.
pub fn install(cache: &Cache) -> Result<PathBuf> {
    python::environment(
        cache,
        &format!("synapse-{VERSION}"),
        &format!("Synapse {VERSION} (about 40 MB, 240 MB on disk)"),
        REQUIREMENTS,
    )
}

/// Whether an installer's output says that it reached nobody.
pub(crate) fn no_network(output: &str) -> bool {
    const SIGNS: [&str; 10] = [
        "NewConnectionError",
        "NameResolutionError",
        "ConnectTimeoutError",
        "ProxyError",
        "Network is unreachable",
        "Temporary failure in name resolution",
        "Name or service not known",
        "UnknownHostException",
        "Connection refused",
        "Connect to ",
    ];
    SIGNS.iter().any(|sign| output.contains(sign))
}

/// What a homeserver's settings depend on.
#[derive(Debug)]
pub(crate) struct Settings<'a> {
    pub(crate) folder: &'a Path,
    pub(crate) server_name: &'a str,
    pub(crate) client_port: u16,
    pub(crate) federation_port: u16,
    pub(crate) registration_secret: &'a str,
    pub(crate) secret: &'a str,
}

impl Settings<'_> {
    /// Writes `homeserver.yaml` and the settings of its log into the folder.
    pub(crate) fn write(&self) -> Result<()> {
        for (name, value) in [("homeserver.yaml", self.homeserver()), ("log.yaml", self.log())] {
            let path = self.folder.join(name);
            // JSON is YAML.
            fs::write(&path, format!("{value:#}\n")).doing(|| format!("writing {}", path.display()))?;
        }
        Ok(())
    }

    fn path(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    fn homeserver(&self) -> Value {
        let listener = |port: u16, tls: bool, resource: &str| {
            json!({
                "port": port, "tls": tls, "type": "http", "bind_addresses": ["127.0.0.1"],
                "resources": [{ "names": [resource], "compress": false }],
            })
        };
        let mut settings = json!({
            "server_name": self.server_name,
            "public_baseurl": format!("http://127.0.0.1:{}/", self.client_port),
            "pid_file": self.path("pid"),
            "listeners": [
                listener(self.client_port, false, "client"),
                listener(self.federation_port, true, "federation"),
            ],
            "database": { "name": "sqlite3", "args": { "database": self.path("homeserver.db") } },
            "media_store_path": self.path("media"),
            "log_config": self.path("log.yaml"),
            "signing_key_path": self.path("signing.key"),
            "tls_certificate_path": self.path("tls.crt"),
            "tls_private_key_path": self.path("tls.key"),
            "macaroon_secret_key": self.secret,
            "form_secret": self.secret,
            "report_stats": false,

            // Accounts: anybody on this machine may make one, quickly.
            "registration_shared_secret": self.registration_secret,
            "enable_registration": true,
            "enable_registration_without_verification": true,
            "bcrypt_rounds": 4,

            // Two servers on one machine, each with a certificate of its own making.
            "federation_verify_certificates": false,
            "ip_range_blacklist": [],
            "federation_ip_range_blacklist": [],
            "trusted_key_servers": [],
            "suppress_key_server_warning": true,
            // A peer that was down is asked again within seconds of its return, not within minutes.
            "federation": {
                "destination_min_retry_interval": "1s",
                "destination_retry_multiplier": 1,
                "destination_max_retry_interval": "2s",
            },

            // What a server need not know, it does not get or give.
            "presence": { "enabled": false },
            "url_preview_enabled": false,
            "user_directory": { "enabled": false },
            "allow_public_rooms_without_auth": false,
            "allow_public_rooms_over_federation": false,
            "allow_guest_access": false,
            "allow_device_name_lookup_over_federation": false,
            "enable_metrics": false,
            "push": { "include_content": false },
            "max_upload_size": "50M",
        });
        if let (Some(all), Value::Object(limits)) = (settings.as_object_mut(), rate_limits()) {
            all.extend(limits);
        }
        settings
    }

    fn log(&self) -> Value {
        json!({
            "version": 1,
            "disable_existing_loggers": false,
            "formatters": { "line": { "format": "%(asctime)s %(name)s %(levelname)s %(message)s" } },
            "handlers": {
                "file": {
                    "class": "logging.FileHandler", "formatter": "line", "encoding": "utf-8",
                    "filename": self.path("homeserver.log"),
                },
            },
            "root": { "level": "INFO", "handlers": ["file"] },
        })
    }
}

/// Every rate limit, out of the way: tests do in a minute what people do in a month.
fn rate_limits() -> Value {
    let none = json!({ "per_second": 100_000, "burst_count": 100_000 });
    json!({
        "rc_message": none, "rc_registration": none, "rc_registration_token_validity": none,
        "rc_login": { "address": none, "account": none, "failed_attempts": none },
        "rc_joins": { "local": none, "remote": none },
        "rc_joins_per_room": none, "rc_key_requests": none, "rc_3pid_validation": none,
        "rc_invites": { "per_room": none, "per_user": none, "per_issuer": none },
        "rc_third_party_invite": none, "rc_media_create": none, "rc_admin_redaction": none,
        "rc_presence": { "per_user": none },
        "rc_delayed_event_mgmt": none, "rc_room_creation": none, "rc_reports": none,
        "rc_user_directory": none, "rc_profile": none,
        "rc_federation": {
            "window_size": 1000, "sleep_limit": 100_000, "sleep_delay": 1, "reject_limit": 100_000, "concurrent": 100,
        },
        "federation_rr_transactions_per_room_per_second": 100_000,
        "remote_media_download_per_second": "1G",
        "remote_media_download_burst_count": "10G",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_requirement_is_pinned_and_no_registry_is_named() {
        let pinned = REQUIREMENTS.lines().filter(|line| !line.starts_with([' ', '#']) && !line.is_empty());
        assert!(pinned.clone().count() > 40);
        for line in pinned {
            assert!(line.contains("==") && line.ends_with('\\'), "{line}");
        }
        assert!(REQUIREMENTS.contains(&format!("matrix-synapse=={VERSION} ")));
        assert!(!REQUIREMENTS.contains("://"));
    }

    #[test]
    fn a_lack_of_network_is_recognised() {
        assert!(no_network("WARNING: Retrying after NewConnectionError('...')"));
        assert!(!no_network("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES"));
    }
}
