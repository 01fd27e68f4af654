//! The keys that a system signs with: a private JWK Set (RFC 7517) that the host keeps, and its public half.

use std::fmt;
use std::path::PathBuf;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPairComponents, PublicKeyComponents};
use aws_lc_rs::signature::{
    ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA384, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Value, json};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::error::{Error, InvalidInput, Result};

/// The longest set that is read.
const LIMIT: u64 = 1024 * 1024;

/// Where the private JWK Set is.
///
/// Of its keys, those are used that have a `kid` and are for signing (`use` is `sig` or missing, `key_ops` has `sign` or is
/// missing): RSA of 2048 bits and more (RS384), and EC on P-384 (ES384). The first is used; where the authorization server does not know
/// it yet, the next. So to change keys, publish the new one beside the old, put it first when the server has read it, and remove
/// the old one when no assertion of it is left: five minutes later.
#[derive(Clone)]
pub struct SigningKeys(Source);

#[derive(Clone)]
enum Source {
    File(PathBuf),
    Text(Zeroizing<String>),
}

impl fmt::Debug for SigningKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKeys(…)")
    }
}

impl SigningKeys {
    /// A file, which is read again for each new access token: what is put there is used from then on.
    #[must_use]
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self(Source::File(path.into()))
    }

    /// The set itself.
    #[must_use]
    pub fn text(jwks: String) -> Self {
        Self(Source::Text(Zeroizing::new(jwks)))
    }

    /// The public JWK Set, for the authorization server to check our signatures with: nothing of it is secret. Publish it at the
    /// address that is registered there, or register it.
    ///
    /// # Errors
    /// `InvalidInput`: `invalid-signing-keys` where it is no JWK Set or cannot be read, `no-signing-key` where none of its keys can be
    /// used.
    pub fn public(&self) -> Result<String> {
        let keys: Vec<Value> = self.read()?.iter().map(SigningKey::public).collect();
        Ok(json!({ "keys": keys }).to_string())
    }

    /// The keys that can be used, in their order.
    pub(super) fn read(&self) -> Result<Vec<SigningKey>> {
        match &self.0 {
            Source::Text(text) => usable(text),
            Source::File(path) => {
                let long = std::fs::metadata(path).map_or(true, |file| file.len() > LIMIT);
                let text = if long { None } else { std::fs::read_to_string(path).ok() };
                usable(&Zeroizing::new(text.ok_or_else(invalid)?))
            }
        }
    }
}

fn invalid() -> Error {
    let detail = "the signing keys are a JSON Web Key Set with private keys (RFC 7517): {\"keys\": [...]}";
    InvalidInput::new("invalid-signing-keys", detail).into()
}

/// A private key of ours.
pub(super) struct SigningKey {
    pub(super) kid: String,
    pair: Pair,
    /// Its public members, as the set has them.
    public: Vec<(&'static str, String)>,
}

enum Pair {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(…)")
    }
}

impl SigningKey {
    /// The algorithm (RFC 7518, 3.1) that it signs with.
    pub(super) fn algorithm(&self) -> &'static str {
        match self.pair {
            Pair::Rsa(_) => "RS384",
            Pair::Ec(_) => "ES384",
        }
    }

    /// Signs claims as a JWT in the compact form (RFC 7515, 3.1).
    pub(super) fn sign(&self, claims: &Value) -> Option<String> {
        let header = json!({ "alg": self.algorithm(), "kid": self.kid, "typ": "JWT" });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(&header), part(claims));
        let random = SystemRandom::new();
        let signature = match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA384, &random, message.as_bytes(), &mut signature).ok()?;
                signature
            }
            Pair::Ec(pair) => pair.sign(&random, message.as_bytes()).ok()?.as_ref().to_vec(),
        };
        Some(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    fn public(&self) -> Value {
        let all = [("kid", self.kid.as_str()), ("alg", self.algorithm()), ("use", "sig")];
        let own = self.public.iter().map(|(name, value)| (*name, value.as_str()));
        all.into_iter().chain(own).map(|(name, value)| (name.to_owned(), Value::from(value))).collect()
    }
}

#[derive(Deserialize)]
struct Jwks {
    keys: Vec<Jwk>,
}

/// A key as a set has it (RFC 7518, 6.2 and 6.3).
#[derive(Deserialize, Zeroize, ZeroizeOnDrop)]
struct Jwk {
    #[serde(default)]
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
    d: Option<String>,
    p: Option<String>,
    q: Option<String>,
    dp: Option<String>,
    dq: Option<String>,
    qi: Option<String>,
}

fn usable(text: &str) -> Result<Vec<SigningKey>> {
    let set: Jwks = serde_json::from_str(text).map_err(|_| invalid())?;
    let keys: Vec<SigningKey> = set.keys.iter().filter_map(signing_key).collect();
    if keys.is_empty() {
        let detail = "none of the keys signs: needed is a private RSA key of 2048 bits or more, or an EC key on P-384, with `kid` and `use` \"sig\"";
        return Err(InvalidInput::new("no-signing-key", detail).field("keys").into());
    }
    Ok(keys)
}

fn signing_key(jwk: &Jwk) -> Option<SigningKey> {
    let kid = jwk.kid.clone().filter(|kid| !kid.is_empty())?;
    let signs = jwk.usage.as_deref().is_none_or(|usage| usage == "sig")
        && jwk.key_ops.as_ref().is_none_or(|all| all.iter().any(|one| one == "sign"));
    let algorithm = |name: &str| jwk.alg.as_deref().is_none_or(|alg| alg == name);
    let kty = jwk.kty.as_str();
    if kty == "RSA" && signs && algorithm("RS384") {
        let pair = RsaKeyPair::from_components(&KeyPairComponents {
            public_key: PublicKeyComponents { n: bytes(jwk.n.as_ref())?, e: bytes(jwk.e.as_ref())? },
            d: bytes(jwk.d.as_ref())?,
            p: bytes(jwk.p.as_ref())?,
            q: bytes(jwk.q.as_ref())?,
            dP: bytes(jwk.dp.as_ref())?,
            dQ: bytes(jwk.dq.as_ref())?,
            qInv: bytes(jwk.qi.as_ref())?,
        });
        let public = vec![("kty", "RSA".into()), ("n", jwk.n.clone()?), ("e", jwk.e.clone()?)];
        return Some(SigningKey { kid, pair: Pair::Rsa(pair.ok()?), public });
    }
    if kty == "EC" && jwk.crv.as_deref() == Some("P-384") && signs && algorithm("ES384") {
        let mut point = vec![4];
        point.extend(bytes(jwk.x.as_ref())?.iter());
        point.extend(bytes(jwk.y.as_ref())?.iter());
        let pair = EcdsaKeyPair::from_private_key_and_public_key(
            &ECDSA_P384_SHA384_FIXED_SIGNING,
            &bytes(jwk.d.as_ref())?,
            &point,
        );
        let pair = pair.ok().filter(|pair| pair.public_key().as_ref() == point)?;
        let public =
            vec![("kty", "EC".into()), ("crv", "P-384".into()), ("x", jwk.x.clone()?), ("y", jwk.y.clone()?)];
        return Some(SigningKey { kid, pair: Pair::Ec(pair), public });
    }
    None
}

fn bytes(member: Option<&String>) -> Option<Zeroizing<Vec<u8>>> {
    URL_SAFE_NO_PAD.decode(member?.trim_end_matches('=')).ok().map(Zeroizing::new)
}
