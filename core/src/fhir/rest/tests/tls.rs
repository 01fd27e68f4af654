//! TLS 1.2 or later, or nothing is said.

use super::*;

/// What a client said to a server that answers its hello with this version of TLS.
struct Said {
    /// The versions that it offered.
    offered: Vec<u16>,
    /// The kinds of the records that it sent after the answer (RFC 8446, 5.1).
    after: Vec<u8>,
    /// All of its bytes.
    bytes: Vec<u8>,
}

/// A server that speaks no TLS but the beginning of one, of this version.
fn downgrading(version: u16) -> (String, std::sync::mpsc::Receiver<Said>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("https://{}/fhir", listener.local_addr().unwrap());
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = [0; 5];
            stream.read_exact(&mut head).unwrap();
            let mut hello = vec![0; usize::from(u16::from_be_bytes([head[3], head[4]]))];
            stream.read_exact(&mut hello).unwrap();
            // A handshake record that holds a ServerHello: no session, TLS_RSA_WITH_AES_128_CBC_SHA, no extension
            // (RFC 4346, 7.4.1.3).
            let [high, low] = version.to_be_bytes();
            let mut answer = vec![22, high, low, 0, 42, 2, 0, 0, 38, high, low];
            answer.extend([7; 32]);
            answer.extend([0, 0, 0x2f, 0]);
            assert_eq!(answer.len(), 5 + 42);
            let _ = stream.write_all(&answer);
            let mut rest = Vec::new();
            let _ = stream.read_to_end(&mut rest);
            let mut after = Vec::new();
            let mut records = rest.as_slice();
            while let [kind, _, _, high, low, more @ ..] = records {
                after.push(*kind);
                records = more.get(usize::from(u16::from_be_bytes([*high, *low]))..).unwrap_or_default();
            }
            let bytes = [&head[..], &hello, &rest].concat();
            let _ = tell.send(Said { offered: offered(&hello), after, bytes });
        }
    });
    (base, told)
}

/// The versions in a ClientHello's `supported_versions` (RFC 8446, 4.2.1), without those that only test a server (RFC 8701).
fn offered(hello: &[u8]) -> Vec<u16> {
    let number = |at: usize| usize::from(u16::from_be_bytes([hello[at], hello[at + 1]]));
    // Type, length, legacy version and random; then the session, the cipher suites and the compression methods.
    let mut at = 4 + 2 + 32;
    at += 1 + usize::from(hello[at]);
    at += 2 + number(at);
    at += 1 + usize::from(hello[at]);
    at += 2;
    while at < hello.len() {
        let (kind, length) = (number(at), number(at + 2));
        if kind == 43 {
            let versions =
                (at + 5..at + 4 + length).step_by(2).map(|at| u16::from_be_bytes([hello[at], hello[at + 1]]));
            return versions.filter(|version| version & 0x0f0f != 0x0a0a).collect();
        }
        at += 4 + length;
    }
    panic!("without them it would be TLS 1.2 at most");
}

#[tokio::test]
async fn a_server_of_an_older_tls_hears_no_request_and_no_token() {
    for version in [0x0302, 0x0301, 0x0300] {
        let (base, told) = downgrading(version);
        let tokens = FixedToken::new("synthetic-token".into());
        let record = RestRecord::builder(&base).tokens(tokens).patience(Duration::ZERO).build().unwrap();
        let error = record.read("Patient", "secret-id").await.unwrap_err();
        assert_eq!(error, PortError::Unavailable { code: "connect", retry_after: None }, "{version:#06x}");
        let said = told.recv_timeout(Duration::from_secs(10)).unwrap();
        let mut offered = said.offered;
        offered.sort_unstable();
        assert_eq!(offered, [0x0303, 0x0304], "TLS 1.2 and 1.3, and no other");
        assert!(said.after.iter().all(|kind| *kind == 21), "nothing but an alert: {:?}", said.after);
        let text = String::from_utf8_lossy(&said.bytes);
        assert!(!text.contains("synthetic-token") && !text.contains("secret-id"));
    }
}
