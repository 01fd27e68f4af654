//! JSON requests to servers on this machine.

use std::time::Duration;

use serde_json::Value;
use ureq::http::Request;

use crate::error::{Error, Result};

/// A client for one server.
#[derive(Debug, Clone)]
pub(crate) struct Http {
    base: String,
    agent: ureq::Agent,
}

impl Http {
    pub(crate) fn new(base: String) -> Self {
        let config = ureq::Agent::config_builder()
            .proxy(None)
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_mins(2)))
            .build();
        Self { base, agent: config.into() }
    }

    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// Whether a plain GET is answered with 200, and soon.
    pub(crate) fn answers(&self, path: &str) -> bool {
        let request = self.agent.get(format!("{}{path}", self.base)).config();
        let answer = request.timeout_global(Some(Duration::from_secs(5))).build().call();
        answer.is_ok_and(|answer| answer.status() == 200)
    }

    /// Sends a request and returns the answer's status and body (`null` if it is not JSON).
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Option<&Value>,
    ) -> Result<(u16, Value)> {
        let url = format!("{}{path}", self.base);
        let unreachable = |reason: String| Error::Unreachable { url: self.base.clone(), reason };
        let mut request = Request::builder().method(method).uri(&url);
        if let Some(token) = token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        let answer = match body {
            Some(body) => request
                .header("Content-Type", "application/json")
                .body(body.to_string())
                .map_err(|error| unreachable(error.to_string()))
                .and_then(|request| self.agent.run(request).map_err(|error| unreachable(error.to_string()))),
            None => request
                .body(())
                .map_err(|error| unreachable(error.to_string()))
                .and_then(|request| self.agent.run(request).map_err(|error| unreachable(error.to_string()))),
        };
        let mut answer = answer?;
        let status = answer.status().as_u16();
        let text = answer
            .body_mut()
            .with_config()
            .limit(64 << 20)
            .read_to_string()
            .map_err(|e| unreachable(e.to_string()))?;
        Ok((status, serde_json::from_str(&text).unwrap_or(Value::Null)))
    }

    /// Like [`Http::send`], and any status but 2xx is an error.
    pub(crate) fn api(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Option<&Value>,
    ) -> Result<Value> {
        let (status, answer) = self.send(method, path, token, body)?;
        if (200..300).contains(&status) {
            return Ok(answer);
        }
        let text = |field: &str| answer.get(field).and_then(Value::as_str).unwrap_or_default();
        let detail = format!("{} {}", text("errcode"), text("error")).trim().to_owned();
        Err(Error::Refused { method: method.into(), path: path.into(), status, detail })
    }
}

/// The status with which an address answers a plain GET.
pub fn get(url: &str) -> Result<u16> {
    Http::new(url.to_owned()).send("GET", "", None, None).map(|(status, _)| status)
}

/// Escapes one part of a path.
pub(crate) fn escape(part: &str) -> String {
    part.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_escaped_in_paths() {
        assert_eq!(escape("!a:localhost:1"), "%21a%3Alocalhost%3A1");
    }
}
