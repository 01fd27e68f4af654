//! As much of HTTP/1.1 (RFC 9112) as a test's server needs: a request whose length is said, an answer that ends with the
//! connection.

use std::io::{Read, Result, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Request {
    /// Everything before the body, its empty line included.
    pub head: String,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// The method.
    pub fn method(&self) -> &str {
        self.head.split(' ').next().unwrap_or_default()
    }

    /// The path, with its query.
    pub fn path(&self) -> &str {
        self.head.split(' ').nth(1).unwrap_or_default()
    }

    /// A header, by its name in small letters.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        fields.find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    /// The bearer token.
    pub fn bearer(&self) -> Option<&str> {
        self.header("authorization")?.strip_prefix("Bearer ")
    }

    /// Its bytes, with a word that the connection ends after the answer.
    pub(crate) fn closing(&self) -> Vec<u8> {
        let mut lines: Vec<&str> = self.head.trim_end().split("\r\n").collect();
        lines.retain(|line| !line.to_ascii_lowercase().starts_with("connection:"));
        let mut bytes = format!("{}\r\nConnection: close\r\n\r\n", lines.join("\r\n")).into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }

    fn read(stream: &mut TcpStream) -> Option<Self> {
        let (mut bytes, mut buffer) = (Vec::new(), vec![0; 1 << 16]);
        loop {
            if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                let body = bytes.split_off(end + 4);
                let mut request = Self { head: String::from_utf8_lossy(&bytes).into_owned(), body };
                let length: usize =
                    request.header("content-length").map_or(Some(0), |text| text.parse().ok())?;
                while request.body.len() < length {
                    let n = stream.read(&mut buffer).ok().filter(|n| *n > 0)?;
                    request.body.extend_from_slice(buffer.get(..n)?);
                }
                return Some(request);
            }
            let n = stream.read(&mut buffer).ok().filter(|n| *n > 0)?;
            bytes.extend_from_slice(buffer.get(..n)?);
        }
    }
}

/// An answer with this body.
pub(crate) fn answer(status: u16, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status} .\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}")
        .into_bytes()
}

/// An answer in JSON.
pub(crate) fn json(status: u16, body: &str) -> Vec<u8> {
    answer(status, "Content-Type: application/json\r\n", body)
}

/// A server on a free port of loopback. It stops listening when it is dropped.
#[derive(Debug)]
pub(crate) struct Listening {
    pub(crate) port: u16,
    ended: Arc<AtomicBool>,
}

impl Listening {
    /// Gives each request, in a thread of its own, to whoever answers it.
    pub(crate) fn start(serve: impl Fn(&mut TcpStream, Request) + Send + Sync + 'static) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let ended = Arc::new(AtomicBool::new(false));
        let (serve, end) = (Arc::new(serve), ended.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if end.load(Ordering::SeqCst) {
                    return;
                }
                let (Ok(mut stream), serve) = (stream, serve.clone()) else { continue };
                std::thread::spawn(move || {
                    if let Some(request) = Request::read(&mut stream) {
                        serve(&mut stream, request);
                    }
                });
            }
        });
        Ok(Self { port, ended })
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        // Wakes the thread that waits for a connection.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

/// Sends what may not be wanted any more.
pub(crate) fn send(stream: &mut TcpStream, bytes: &[u8]) {
    let _ = stream.write_all(bytes).and_then(|()| stream.flush());
}
