//! Where tokens are asked for: `[base]/.well-known/smart-configuration` (SMART App Launch 2.x, "Conformance").

use std::time::Duration;

use reqwest::header::ACCEPT;
use serde::Deserialize;
use url::Url;

use super::super::address::is_local;
use super::super::http::{asked_wait, body, failed};
use super::BackendServices;
use crate::ports::PortError;

/// How long one answer may be, and how long it may take.
pub(super) const LIMIT: usize = 1024 * 1024;
pub(super) const TIMEOUT: Duration = Duration::from_secs(30);

/// Where tokens come from, and what is taken there.
#[derive(Debug)]
pub(super) struct Endpoint {
    pub(super) url: Url,
    /// The same as the server spells it: what an assertion is for is compared letter by letter.
    pub(super) published: String,
    algorithms: Option<Vec<String>>,
}

impl Endpoint {
    /// Whether it takes signatures of this algorithm, as far as it says.
    pub(super) fn takes(&self, algorithm: &str) -> bool {
        self.algorithms.as_ref().is_none_or(|all| all.iter().any(|one| one == algorithm))
    }
}

/// What of the configuration is used. What a server leaves out is taken as given: the endpoint will say.
#[derive(Deserialize)]
struct Configuration {
    token_endpoint: String,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    token_endpoint_auth_signing_alg_values_supported: Option<Vec<String>>,
    grant_types_supported: Option<Vec<String>>,
}

impl BackendServices {
    pub(super) async fn discover(&self) -> Result<Endpoint, PortError> {
        let internal = |_| PortError::Internal { code: "record-address" };
        let url = self.base.join(".well-known/smart-configuration").map_err(internal)?;
        let ask = self.client(&url).get(url).header(ACCEPT, "application/json").timeout(TIMEOUT);
        let mut response = ask.send().await.map_err(|error| failed(&error).error)?;
        match response.status().as_u16() {
            200..=299 => {}
            408 | 429 | 500.. => {
                let retry_after = asked_wait(response.headers());
                return Err(PortError::Unavailable { code: "smart-configuration", retry_after });
            }
            _ => return Err(PortError::Refused { code: "no-smart-configuration" }),
        }
        endpoint(&body(&mut response, LIMIT).await?, is_local(&self.base))
    }
}

/// `local`: the record is on this machine itself. Of another one nobody is believed who names a port of this machine: what listens
/// there would be given our assertion.
fn endpoint(configuration: &[u8], local: bool) -> Result<Endpoint, PortError> {
    let not_understood = PortError::NotUnderstood { code: "smart-configuration" };
    let Ok(found) = serde_json::from_slice::<Configuration>(configuration) else {
        return Err(not_understood);
    };
    let lacks = |all: &Option<Vec<String>>, wanted: &str| {
        all.as_ref().is_some_and(|all| !all.iter().any(|one| one == wanted))
    };
    if lacks(&found.token_endpoint_auth_methods_supported, "private_key_jwt") {
        return Err(PortError::Refused { code: "no-private-key-jwt" });
    }
    if lacks(&found.grant_types_supported, "client_credentials") {
        return Err(PortError::Refused { code: "no-client-credentials" });
    }
    let Ok(url) = Url::parse(&found.token_endpoint) else { return Err(not_understood) };
    let safe = url.scheme() == "https" || (url.scheme() == "http" && local && is_local(&url));
    let bare = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    if !safe || !bare {
        return Err(PortError::Refused { code: "unsafe-token-endpoint" });
    }
    Ok(Endpoint {
        url,
        published: found.token_endpoint,
        algorithms: found.token_endpoint_auth_signing_alg_values_supported,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_a_safe_endpoint_that_takes_signed_assertions_is_used() {
        let refused = |code| PortError::Refused { code };
        let nonsense = PortError::NotUnderstood { code: "smart-configuration" };
        for (text, expected) in [
            (r#"{"token_endpoint":"http://auth.example/token"}"#, refused("unsafe-token-endpoint")),
            (r#"{"token_endpoint":"http://127.0.0.1.example/token"}"#, refused("unsafe-token-endpoint")),
            (r#"{"token_endpoint":"file:///token"}"#, refused("unsafe-token-endpoint")),
            (r#"{"token_endpoint":"https://a:b@auth.example/token"}"#, refused("unsafe-token-endpoint")),
            (
                r#"{"token_endpoint":"https://auth.example/token","token_endpoint_auth_methods_supported":["client_secret_basic"]}"#,
                refused("no-private-key-jwt"),
            ),
            (
                r#"{"token_endpoint":"https://auth.example/token","grant_types_supported":["authorization_code"]}"#,
                refused("no-client-credentials"),
            ),
            (r#"{"token_endpoint":"/token"}"#, nonsense.clone()),
            ("{}", nonsense.clone()),
            ("<html>", nonsense),
        ] {
            for local in [true, false] {
                assert_eq!(endpoint(text.as_bytes(), local).unwrap_err(), expected, "{text}");
            }
        }
        for text in ["http://127.0.0.1:7/token", "http://localhost/token", "http://[::1]:7/token"] {
            let text = format!(r#"{{"token_endpoint":"{text}"}}"#);
            let remote = endpoint(text.as_bytes(), false).unwrap_err();
            assert_eq!(remote, refused("unsafe-token-endpoint"), "{text}");
        }
        let any = endpoint(br#"{"token_endpoint":"http://[::1]:7/token"}"#, true).unwrap();
        assert!(any.takes("RS384") && any.takes("ES384"));
        let one = br#"{"token_endpoint":"https://auth.example/token?x=1","token_endpoint_auth_methods_supported":["private_key_jwt"],
            "grant_types_supported":["client_credentials"],"token_endpoint_auth_signing_alg_values_supported":["ES384"]}"#;
        let one = endpoint(one, false).unwrap();
        assert!(!one.takes("RS384") && one.takes("ES384"));
    }
}
