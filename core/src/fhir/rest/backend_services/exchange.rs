//! An assertion for a token (SMART App Launch 2.x, "Client Authentication: Asymmetric"; RFC 7523, 2.2).

use jiff::SignedDuration;
use reqwest::header::ACCEPT;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::super::http::{asked_wait, body, failed};
use super::super::keys::SigningKey;
use super::super::token::Token;
use super::BackendServices;
use super::discovery::{Endpoint, LIMIT, TIMEOUT};
use crate::ports::PortError;

/// How long an assertion lives: five minutes are the most, and clocks differ.
const ASSERTION: SignedDuration = SignedDuration::from_mins(4);

/// How long a token lives whose server does not say.
const UNSAID: i64 = 60;

/// What the server granted.
pub(super) struct Granted {
    pub(super) token: Token,
    pub(super) life: SignedDuration,
}

/// Why it granted nothing.
pub(super) enum Refusal {
    /// It knows no such system, or not the key that signed.
    UnknownClient,
    Other(PortError),
}

impl From<PortError> for Refusal {
    fn from(error: PortError) -> Self {
        Self::Other(error)
    }
}

/// RFC 6749, 5.1.
#[derive(Deserialize)]
struct Success {
    access_token: String,
    token_type: String,
    expires_in: Option<i64>,
    scope: Option<String>,
}

/// RFC 6749, 5.2. Nothing else of it is read: it can say anything.
#[derive(Deserialize)]
struct Failure {
    error: String,
}

impl BackendServices {
    pub(super) async fn exchange(&self, endpoint: &Endpoint, key: &SigningKey) -> Result<Granted, Refusal> {
        let internal = |code| Refusal::Other(PortError::Internal { code });
        let assertion = self.assertion(endpoint, key).ok_or_else(|| internal("assertion"))?;
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "client_credentials")
            .append_pair("scope", &self.scopes)
            .append_pair("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
            .append_pair("client_assertion", &assertion)
            .finish();
        let ask = self
            .client(&endpoint.url)
            .post(endpoint.url.clone())
            .header("content-type", "application/x-www-form-urlencoded")
            .header(ACCEPT, "application/json")
            .timeout(TIMEOUT)
            .body(form);
        let mut response = ask.send().await.map_err(|error| failed(&error).error)?;
        let status = response.status().as_u16();
        if matches!(status, 408 | 429 | 500..) {
            let retry_after = asked_wait(response.headers());
            return Err(PortError::Unavailable { code: "token-endpoint", retry_after }.into());
        }
        let body = Zeroizing::new(body(&mut response, LIMIT).await?);
        if (200..=299).contains(&status) { Ok(self.granted(&body)?) } else { Err(refusal(&body)) }
    }

    fn assertion(&self, endpoint: &Endpoint, key: &SigningKey) -> Option<Zeroizing<String>> {
        let now = self.clock.now();
        let ends = now.checked_add(ASSERTION).ok()?;
        let claims = json!({
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": endpoint.published,
            "iat": now.as_second(),
            "exp": ends.as_second(),
            "jti": Uuid::new_v4().to_string(),
        });
        key.sign(&claims).map(Zeroizing::new)
    }

    fn granted(&self, body: &[u8]) -> Result<Granted, PortError> {
        let not_understood = PortError::NotUnderstood { code: "token-answer" };
        let Ok(success) = serde_json::from_slice::<Success>(body) else { return Err(not_understood) };
        let token = Zeroizing::new(success.access_token);
        let fits = !token.is_empty() && token.bytes().all(|b| b.is_ascii_graphic());
        if !fits || !success.token_type.eq_ignore_ascii_case("bearer") {
            return Err(not_understood);
        }
        let scope = success.scope.unwrap_or_else(|| self.scopes.clone());
        if !self.scopes.split(' ').all(|asked| scope.split(' ').any(|granted| granted == asked)) {
            tracing::warn!(
                code = "less-granted",
                "the record's authorization server granted less than was asked"
            );
        }
        let life = SignedDuration::from_secs(success.expires_in.unwrap_or(UNSAID));
        Ok(Granted { token, life })
    }
}

fn refusal(body: &[u8]) -> Refusal {
    let said = serde_json::from_slice::<Failure>(body).map(|failure| failure.error).unwrap_or_default();
    let code = match said.as_str() {
        "invalid_client" => return Refusal::UnknownClient,
        "invalid_scope" => "invalid-scope",
        "unauthorized_client" => "unauthorized-client",
        "unsupported_grant_type" => "no-client-credentials",
        _ => "token-refused",
    };
    Refusal::Other(PortError::Refused { code })
}
