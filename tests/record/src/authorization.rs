//! An authorization server for systems (SMART App Launch 2.x, "Backend Services"), which checks what it is told.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Result, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;
use serde_json::json;

use crate::wire::{self, Listening, Request, send};

/// What a request does with a resource type, as SMART's scopes have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Right {
    /// Nothing that needs a token.
    Open,
    /// One letter for one type.
    One(String, char),
    /// Anything: a transaction, or a page of something that was asked for before.
    Any,
}

impl Right {
    /// What a request to a FHIR server below `/fhir` needs.
    pub fn of(request: &Request) -> Self {
        let path = request.path().trim_start_matches("/fhir").trim_start_matches('/');
        let mut parts = path.split(['/', '?']);
        let kind = parts.next().unwrap_or_default().to_owned();
        let rest = parts.next().unwrap_or_default();
        match (request.method(), kind.as_str(), rest) {
            (_, "metadata" | ".well-known", _) => Self::Open,
            (_, "", _) => Self::Any,
            ("POST", _, "_search") => Self::One(kind, 's'),
            ("POST", ..) => Self::One(kind, 'c'),
            ("PUT", ..) => Self::One(kind, 'u'),
            ("DELETE", ..) => Self::One(kind, 'd'),
            _ => Self::One(kind, 'r'),
        }
    }
}

#[derive(Debug, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    exp: i64,
    jti: String,
}

struct State {
    client: String,
    keys: String,
    now: Box<dyn Fn() -> i64 + Send>,
    life: i64,
    endpoint: String,
    used: BTreeSet<String>,
    tokens: BTreeMap<String, (i64, String)>,
    allowed: BTreeSet<String>,
    said: Vec<String>,
    algorithms: BTreeSet<&'static str>,
    failures: Vec<u16>,
    assertions: Vec<String>,
}

/// The server. It believes an assertion only with a signature that one of the registered public keys proves.
pub struct AuthorizationServer {
    listening: Listening,
    state: Arc<Mutex<State>>,
}

impl std::fmt::Debug for AuthorizationServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AuthorizationServer(…)")
    }
}

fn guard(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl AuthorizationServer {
    /// A server that knows one system, by its public keys, and allows it these scopes. Its clock is `now`, in seconds.
    ///
    /// # Errors
    /// Where there is no free port.
    pub fn start(
        client: &str,
        keys: &str,
        scopes: &str,
        now: impl Fn() -> i64 + Send + 'static,
    ) -> Result<Self> {
        let state = Arc::new(Mutex::new(State {
            client: client.to_owned(),
            keys: keys.to_owned(),
            now: Box::new(now),
            life: 300,
            endpoint: String::new(),
            used: BTreeSet::new(),
            tokens: BTreeMap::new(),
            allowed: scopes.split(' ').map(ToOwned::to_owned).collect(),
            said: Vec::new(),
            algorithms: BTreeSet::new(),
            failures: Vec::new(),
            assertions: Vec::new(),
        }));
        let shared = state.clone();
        let listening = Listening::start(move |stream, request| serve(&shared, stream, &request))?;
        guard(&state).endpoint = format!("http://127.0.0.1:{}/token", listening.port);
        Ok(Self { listening, state })
    }

    /// What a FHIR server says of it at `.well-known/smart-configuration`.
    pub fn configuration(&self) -> String {
        json!({
            "issuer": format!("http://127.0.0.1:{}", self.listening.port),
            "token_endpoint": guard(&self.state).endpoint,
            "grant_types_supported": ["client_credentials"],
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": ["RS384", "ES384"],
            "capabilities": ["client-confidential-asymmetric", "permission-v2"],
        })
        .to_string()
    }

    /// Knows the system by these keys from now on.
    pub fn register(&self, keys: &str) {
        keys.clone_into(&mut guard(&self.state).keys);
    }

    /// How many seconds a token lives that is given from now on.
    pub fn life(&self, seconds: i64) {
        guard(&self.state).life = seconds;
    }

    /// Takes back every token.
    pub fn revoke(&self) {
        guard(&self.state).tokens.clear();
    }

    /// Answers the next requests with these statuses.
    pub fn fail(&self, statuses: &[u16]) {
        guard(&self.state).failures = statuses.iter().rev().copied().collect();
    }

    /// Brings it an assertion again, as somebody does who has listened. Returns what it said.
    ///
    /// # Errors
    /// Where it does not answer.
    pub fn replay(&self, assertion: &str) -> Result<String> {
        let scope = guard(&self.state).allowed.iter().cloned().collect::<Vec<_>>().join("+");
        let form = format!(
            "grant_type=client_credentials&scope={scope}&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer&client_assertion={assertion}"
        );
        let mut stream = TcpStream::connect(("127.0.0.1", self.listening.port))?;
        write!(stream, "POST /token HTTP/1.1\r\nContent-Length: {}\r\n\r\n{form}", form.len())?;
        stream.read_to_end(&mut Vec::new())?;
        Ok(self.said().pop().unwrap_or_default())
    }

    /// What it said to each request: `granted`, or why not.
    pub fn said(&self) -> Vec<String> {
        guard(&self.state).said.clone()
    }

    /// The algorithms whose signatures it has believed.
    pub fn algorithms(&self) -> Vec<&'static str> {
        guard(&self.state).algorithms.iter().copied().collect()
    }

    /// The assertions that came, the last at the end.
    pub fn assertions(&self) -> Vec<String> {
        guard(&self.state).assertions.clone()
    }

    /// With which status a FHIR server answers a request that comes with this token, if it does not let it in.
    pub fn refuses(&self, token: Option<&str>, right: &Right) -> Option<u16> {
        let state = guard(&self.state);
        if *right == Right::Open {
            return None;
        }
        let Some((ends, scopes)) = token.and_then(|token| state.tokens.get(token)) else { return Some(401) };
        if *ends <= (state.now)() {
            return Some(401);
        }
        let Right::One(kind, letter) = right else { return None };
        let holds = |scope: &str| {
            let rest = scope.strip_prefix("system/").and_then(|rest| rest.split_once('.'));
            rest.is_some_and(|(of, letters)| of == kind && letters.contains(*letter))
        };
        if scopes.split(' ').any(holds) { None } else { Some(403) }
    }
}

fn serve(state: &Mutex<State>, stream: &mut TcpStream, request: &Request) {
    let mut state = guard(state);
    if let Some(status) = state.failures.pop() {
        state.said.push(status.to_string());
        return send(stream, &wire::answer(status, "", ""));
    }
    let (status, body, said) = match grant(&mut state, request) {
        Ok(body) => (200, body, "granted".to_owned()),
        Err((code, why)) => {
            (400, json!({ "error": code, "error_description": why }).to_string(), format!("{code}: {why}"))
        }
    };
    state.said.push(said);
    send(stream, &wire::json(status, &body));
}

type Refusal = (&'static str, &'static str);

fn grant(state: &mut State, request: &Request) -> std::result::Result<String, Refusal> {
    if request.method() != "POST" || request.path() != "/token" || request.bearer().is_some() {
        return Err(("invalid_request", "not a token request"));
    }
    let form = form(&request.body);
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    if field("grant_type") != "client_credentials" {
        return Err(("unsupported_grant_type", "client_credentials only"));
    }
    if field("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" {
        return Err(("invalid_request", "no assertion"));
    }
    let assertion = field("client_assertion");
    state.assertions.push(assertion.to_owned());
    let client = |why| ("invalid_client", why);
    let header = decode_header(assertion).map_err(|_| client("no JWT"))?;
    let algorithm = match header.alg {
        Algorithm::RS384 => "RS384",
        Algorithm::ES384 => "ES384",
        _ => return Err(client("another algorithm")),
    };
    if header.typ.as_deref() != Some("JWT") {
        return Err(client("another type"));
    }
    let keys: JwkSet = serde_json::from_str(&state.keys).map_err(|_| client("no keys"))?;
    let kid = header.kid.ok_or(client("no kid"))?;
    let key = keys.find(&kid).ok_or(client("an unknown kid"))?;
    let key = DecodingKey::from_jwk(key).map_err(|_| client("an unusable key"))?;
    let mut validation = Validation::new(header.alg);
    validation.set_audience(&[&state.endpoint]);
    validation.set_issuer(&[&state.client]);
    validation.set_required_spec_claims(&["iss", "sub", "aud", "exp"]);
    // By our own clock, below.
    validation.validate_exp = false;
    let claims: Claims = decode(assertion, &key, &validation)
        .map_err(|_| client("a wrong signature, issuer or audience"))?
        .claims;
    let now = (state.now)();
    if claims.sub != claims.iss {
        return Err(client("another subject"));
    }
    if claims.exp <= now || claims.exp > now + 300 {
        return Err(client("expired, or good for more than five minutes"));
    }
    if claims.jti.len() < 16 || !state.used.insert(claims.jti) {
        return Err(client("used before"));
    }
    let scopes = field("scope");
    if scopes.is_empty() || !scopes.split(' ').all(|scope| state.allowed.contains(scope)) {
        return Err(("invalid_scope", "more than is allowed"));
    }
    state.algorithms.insert(algorithm);
    let mut random = [0; 16];
    rand::fill(&mut random).map_err(|_| ("server_error", "no random number"))?;
    let token = URL_SAFE_NO_PAD.encode(random);
    state.tokens.insert(token.clone(), (now + state.life, scopes.to_owned()));
    Ok(json!({ "access_token": token, "token_type": "bearer", "expires_in": state.life, "scope": scopes })
        .to_string())
}

/// A form (`application/x-www-form-urlencoded`).
fn form(body: &[u8]) -> BTreeMap<String, String> {
    let body = String::from_utf8_lossy(body);
    let pairs = body.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (plain(name), plain(value))).collect()
}

fn plain(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|two| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok());
        match (byte, hex) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            (b'+', _) => {
                bytes.push(b' ');
                rest = after;
            }
            _ => {
                bytes.push(*byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
