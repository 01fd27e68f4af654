//! Which addresses are asked.

use url::{Host, Url};

/// Whether an address is one of this machine itself.
pub(super) fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Reads the base address of a server, and ends it with `/`. HTTP without TLS only where it is `plain` or local. `None`
/// where it is no such address, or holds a user, a query or a fragment.
pub(super) fn base(text: &str, plain: bool) -> Option<Url> {
    let mut base = Url::parse(text).ok()?;
    let safe = base.scheme() == "https" || (base.scheme() == "http" && (plain || is_local(&base)));
    let nothing_else = base.host().is_some()
        && base.username().is_empty()
        && base.password().is_none()
        && base.query().is_none()
        && base.fragment().is_none();
    if !safe || !nothing_else {
        return None;
    }
    if !base.path().ends_with('/') {
        let path = format!("{}/", base.path());
        base.set_path(&path);
    }
    Some(base)
}
