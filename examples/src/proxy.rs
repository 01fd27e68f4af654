//! The network between one client and its homeserver, which a story can cut.

use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A TCP proxy on loopback. While it is cut, its connections are gone and every new one ends at once.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    line: Arc<Line>,
}

#[derive(Debug)]
struct Line {
    upstream: SocketAddr,
    cut: AtomicBool,
    ended: AtomicBool,
    open: Mutex<Vec<TcpStream>>,
}

impl Line {
    fn open(&self) -> MutexGuard<'_, Vec<TcpStream>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hang_up(&self) {
        for stream in self.open().drain(..) {
            // A stream that its other end has closed already cannot be shut down again.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

impl Proxy {
    /// Begins to listen, and passes everything on to `host:port`.
    ///
    /// # Errors
    /// Where the address cannot be resolved or no port is free.
    pub fn start(upstream: &str) -> io::Result<Self> {
        let upstream = upstream
            .to_socket_addrs()?
            .next()
            .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "the homeserver's address is unknown"))?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let line = Arc::new(Line {
            upstream,
            cut: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            open: Mutex::default(),
        });
        let of_thread = Arc::clone(&line);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if of_thread.ended.load(Ordering::SeqCst) {
                    return;
                }
                if let Ok(stream) = stream {
                    connect(&of_thread, stream);
                }
            }
        });
        Ok(Self { port, line })
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether it is cut.
    pub fn is_cut(&self) -> bool {
        self.line.cut.load(Ordering::SeqCst)
    }

    /// Ends every connection and lets no new one through.
    pub fn cut(&self) {
        self.line.cut.store(true, Ordering::SeqCst);
        self.line.hang_up();
    }

    /// Lets connections through again.
    pub fn restore(&self) {
        self.line.cut.store(false, Ordering::SeqCst);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.line.ended.store(true, Ordering::SeqCst);
        self.cut();
        // One more connection, so that the listening thread wakes and sees that it is over.
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
    }
}

fn connect(line: &Arc<Line>, client: TcpStream) {
    if line.cut.load(Ordering::SeqCst) {
        return;
    }
    let Ok(server) = TcpStream::connect(line.upstream) else { return };
    let halves = (|| Ok::<_, io::Error>((client.try_clone()?, server.try_clone()?)))();
    let Ok((client_end, server_end)) = halves else { return };
    {
        let mut open = line.open();
        // What was closed by its ends is forgotten here, so that the list does not grow with the story.
        open.retain(|stream| stream.peer_addr().is_ok());
        open.extend(
            (|| Ok::<_, io::Error>([client.try_clone()?, server.try_clone()?]))().into_iter().flatten(),
        );
    }
    // It may have been cut between the look above and the entry in the list.
    if line.cut.load(Ordering::SeqCst) {
        line.hang_up();
    }
    pump(client, server_end);
    pump(server, client_end);
}

fn pump(mut from: TcpStream, mut to: TcpStream) {
    std::thread::spawn(move || {
        // An end that closes in the middle is what a cut network looks like.
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Both);
        let _ = from.shutdown(Shutdown::Both);
    });
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use std::io::{Read, Write};

    use super::*;

    fn echo() -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                std::thread::spawn(move || {
                    let mut stream = stream.unwrap();
                    let mut copy = stream.try_clone().unwrap();
                    io::copy(&mut stream, &mut copy)
                });
            }
        });
        port
    }

    fn says(stream: &mut TcpStream) -> io::Result<()> {
        stream.write_all(b"hello")?;
        let mut answer = [0; 5];
        stream.read_exact(&mut answer)
    }

    #[test]
    fn a_cut_line_ends_what_is_open_and_lets_nothing_through() {
        let proxy = Proxy::start(&format!("127.0.0.1:{}", echo())).unwrap();
        let dial = || TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port())).unwrap();
        let mut open = dial();
        says(&mut open).unwrap();
        proxy.cut();
        assert!(says(&mut open).is_err());
        assert!(says(&mut dial()).is_err());
        proxy.restore();
        says(&mut dial()).unwrap();
    }
}
