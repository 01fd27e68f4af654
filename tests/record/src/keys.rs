//! Private keys as JSON Web Keys (RFC 7517), made anew for each test.

use aws_lc_rs::encoding::{AsBigEndian, AsDer, EcPrivateKeyBin, Pkcs8V1Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A private EC key on P-384.
///
/// # Panics
/// Where none can be made.
#[allow(clippy::expect_used)]
pub fn ec_key(kid: &str) -> Value {
    let pair = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).expect("an EC key");
    let secret: EcPrivateKeyBin<'_> = pair.private_key().as_be_bytes().expect("its private half");
    let (x, y) = pair.public_key().as_ref().split_at(1).1.split_at(48);
    json!({ "kty": "EC", "crv": "P-384", "kid": kid, "use": "sig", "alg": "ES384",
        "x": text(x), "y": text(y), "d": text(secret.as_ref()) })
}

/// A private RSA key of 2048 bits.
///
/// # Panics
/// Where none can be made.
#[allow(clippy::expect_used)]
pub fn rsa_key(kid: &str) -> Value {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("an RSA key");
    let der: Pkcs8V1Der<'_> = AsDer::as_der(&pair).expect("its encoding");
    let fixed = [("kty", "RSA"), ("kid", kid), ("use", "sig"), ("alg", "RS384")];
    let fixed = fixed.map(|(name, value)| (name.to_owned(), Value::from(value)));
    let names = ["n", "e", "d", "p", "q", "dp", "dq", "qi"].into_iter();
    let numbers =
        names.zip(numbers(der.as_ref())).map(|(name, number)| (name.to_owned(), text(number).into()));
    fixed.into_iter().chain(numbers).collect()
}

/// The numbers of an RSA private key in PKCS#8 (RFC 5208, RFC 8017 A.1.2), without its version.
fn numbers(der: &[u8]) -> Vec<&[u8]> {
    let outer = parts(parts(der).first().map_or(&[], |(_, inner)| *inner));
    // Version, algorithm, and the key itself, in an OCTET STRING.
    let key = outer.iter().find(|(tag, _)| *tag == 4).map_or(&[][..], |(_, inner)| *inner);
    let numbers = parts(parts(key).first().map_or(&[], |(_, inner)| *inner));
    let strip = |number: &&'_ [u8]| number.first() == Some(&0);
    numbers
        .into_iter()
        .skip(1)
        .map(|(_, number)| if strip(&number) { number.split_at(1).1 } else { number })
        .collect()
}

/// The elements of a DER sequence (X.690): tag and content.
fn parts(mut der: &[u8]) -> Vec<(u8, &[u8])> {
    let mut found = Vec::new();
    while let [tag, length, rest @ ..] = der {
        let more = usize::from(length & 0x7f);
        let (length, rest) = if *length < 0x80 {
            (more, rest)
        } else {
            let (bytes, rest) = rest.split_at(more.min(rest.len()));
            (bytes.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)), rest)
        };
        let (inner, rest) = rest.split_at(length.min(rest.len()));
        found.push((*tag, inner));
        der = rest;
    }
    found
}

/// A JSON Web Key Set.
pub fn key_set(keys: &[Value]) -> String {
    json!({ "keys": keys }).to_string()
}

/// A key without what is secret of it.
pub fn public_half(key: &Value) -> Value {
    let mut key = key.clone();
    if let Some(members) = key.as_object_mut() {
        for name in ["d", "p", "q", "dp", "dq", "qi"] {
            members.remove(name);
        }
    }
    key
}
