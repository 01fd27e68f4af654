//! What the homeserver and the SDK say went wrong, as what the queue does next. No server text goes further than here.

use std::time::{Duration, SystemTime};

use matrix_sdk::HttpError;
use matrix_sdk::ruma::api::client::uiaa::UiaaResponse;
use matrix_sdk::ruma::api::error::{
    Error as ApiError, ErrorBody, ErrorKind, FromHttpResponseError, RetryAfter,
};

use crate::ports::PortError;

/// What a failed request means.
#[allow(clippy::match_wildcard_for_single_variants)] // on Android there is one more
pub(super) fn http(error: &HttpError) -> PortError {
    match error {
        HttpError::Reqwest(error) => request(error),
        HttpError::Api(error) => match error.as_ref() {
            FromHttpResponseError::Server(UiaaResponse::MatrixError(error)) => api(error),
            FromHttpResponseError::Server(_) => PortError::Refused { code: "authentication-required" },
            _ => NOT_HTTP,
        },
        HttpError::RefreshToken(_) => PortError::SignedOut,
        HttpError::Cached(error) => http(error),
        _ => PortError::Internal { code: "matrix-request" },
    }
}

/// The server answers, but not as a homeserver does.
const NOT_HTTP: PortError = PortError::Unavailable { code: "not-http", retry_after: None };

/// What a request that got no answer means.
pub(super) fn request(error: &matrix_sdk::reqwest::Error) -> PortError {
    let code = if error.is_timeout() { "timeout" } else { "connect" };
    PortError::Unavailable { code, retry_after: None }
}

fn api(error: &ApiError) -> PortError {
    if let Some(kind) = error.error_kind() {
        match kind {
            ErrorKind::UnknownToken(_) | ErrorKind::MissingToken => return PortError::SignedOut,
            ErrorKind::LimitExceeded(limit) => {
                return PortError::Unavailable {
                    code: "http-429",
                    retry_after: limit.retry_after.as_ref().map(wait),
                };
            }
            ErrorKind::RoomInUse => return PortError::Conflict,
            ErrorKind::TooLarge => return PortError::Refused { code: "too-large" },
            _ => {}
        }
    }
    status(error.status_code.as_u16(), matches!(error.body, ErrorBody::Standard(_)))
}

/// What an HTTP status means; `standard` is whether the answer has the form that the specification gives to errors.
pub(super) fn status(status: u16, standard: bool) -> PortError {
    let unavailable = |code| PortError::Unavailable { code, retry_after: None };
    match status {
        429 => unavailable("http-429"),
        502 => unavailable("http-502"),
        503 => unavailable("http-503"),
        504 => unavailable("http-504"),
        500.. => unavailable("http-500"),
        // A proxy before the homeserver has a limit of its own, and its own words for it.
        413 => PortError::Refused { code: "too-large" },
        _ if !standard => NOT_HTTP,
        401 => PortError::SignedOut,
        403 => PortError::Refused { code: "forbidden" },
        404 => PortError::NotFound,
        409 => PortError::Conflict,
        _ => PortError::Refused { code: "bad-request" },
    }
}

fn wait(after: &RetryAfter) -> Duration {
    match after {
        RetryAfter::Delay(delay) => *delay,
        RetryAfter::DateTime(at) => at.duration_since(SystemTime::now()).unwrap_or_default(),
    }
}

/// What an SDK error means; `code` names the place, for what is neither the network's nor the server's fault.
pub(super) fn sdk(error: &matrix_sdk::Error, code: &'static str) -> PortError {
    match error {
        matrix_sdk::Error::Http(error) => http(error),
        matrix_sdk::Error::AuthenticationRequired => PortError::SignedOut,
        _ => PortError::Internal { code },
    }
}

/// A failure inside the SDK at a named place.
pub(super) fn internal<E>(code: &'static str) -> impl FnOnce(E) -> PortError {
    move |_| PortError::Internal { code }
}

/// An answer that is not what the specification says.
pub(super) fn not_understood<E>(code: &'static str) -> impl FnOnce(E) -> PortError {
    move |_| PortError::NotUnderstood { code }
}

/// Makes an error of the transport one of the public face.
#[allow(clippy::needless_pass_by_value)] // for `map_err`
pub(super) fn public(error: PortError) -> crate::Error {
    match error {
        PortError::Unavailable { code: "not-http", .. } => not_a_homeserver(),
        PortError::Unavailable { retry_after, .. } => {
            crate::Error::Unavailable { what: "homeserver", retry_after }
        }
        PortError::SignedOut => crate::Error::SignInRequired {
            code: "session-ended",
            detail: "the homeserver no longer takes this session",
        },
        PortError::DeviceUntrusted => crate::Error::DeviceUntrusted,
        // Refused or not understood: the homeserver takes none of what a sign-in asks of it.
        PortError::Internal { code } | PortError::Refused { code } | PortError::NotUnderstood { code } => {
            crate::Error::Internal { code }
        }
        PortError::NotFound | PortError::Conflict => crate::Error::Internal { code: "matrix-sign-in" },
    }
}

/// The address is not that of a homeserver we can use.
pub(super) fn not_a_homeserver() -> crate::Error {
    crate::Error::Incompatible {
        code: "not-a-homeserver",
        detail: "what answers at this address is not a Matrix homeserver: check the address",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_large_is_refused_whoever_says_so() {
        assert_eq!(status(413, true), PortError::Refused { code: "too-large" });
        assert_eq!(status(413, false), PortError::Refused { code: "too-large" }, "a proxy");
        assert_eq!(status(400, false), NOT_HTTP);
    }
}
