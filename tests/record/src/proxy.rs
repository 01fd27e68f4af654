//! A bad network in front of a server.

use std::io::{Read, Result, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::wire::{Listening, Request, answer, send};

/// What becomes of a request instead of what should.
#[derive(Debug, Clone)]
pub enum Fault {
    /// The connection ends before the request arrives.
    LoseRequest,
    /// The connection ends at once, and the request arrives after a while: perhaps after a later one.
    Late(Duration),
    /// The request arrives, and the connection ends before the answer.
    LoseAnswer,
    /// The answer comes after a while: perhaps when nobody waits for it any more.
    Slow(Duration),
    /// Half of the answer comes.
    Truncate,
    /// The request does not arrive, and is answered with this status.
    Refuse(u16, Option<u32>),
    /// The request arrives, and is answered with this status.
    Deny(u16),
    /// The request does not arrive, and is answered with this text.
    Instead(Vec<u8>),
}

impl Fault {
    /// An answer in JSON, in the place of the server's.
    pub fn json(body: &str) -> Self {
        Self::Instead(crate::wire::json(200, body))
    }
}

/// A proxy on loopback that decides for each request what becomes of it.
#[derive(Debug)]
pub struct Proxy {
    listening: Listening,
    state: Arc<State>,
    path: String,
}

#[derive(Debug, Default)]
struct State {
    /// The first line of each request.
    seen: Mutex<Vec<String>>,
    /// How many requests are under way.
    open: Mutex<usize>,
    done: Condvar,
}

/// A request under way, until it is dropped.
struct Open<'s>(&'s State);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        *guard(&self.0.open) -= 1;
        self.0.done.notify_all();
    }
}

fn guard<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Proxy {
    /// A proxy in front of a server (`http://127.0.0.1:1/fhir`).
    ///
    /// # Errors
    /// Where there is no free port.
    pub fn start(
        server: &str,
        decide: impl FnMut(&Request) -> Option<Fault> + Send + 'static,
    ) -> Result<Self> {
        let bare = server.trim_start_matches("http://");
        let (upstream, path) = bare.split_once('/').unwrap_or((bare, ""));
        let (upstream, path) = (upstream.to_owned(), format!("/{path}"));
        let state = Arc::new(State::default());
        let (decide, shared) = (Mutex::new(decide), state.clone());
        let listening = Listening::start(move |stream, request| {
            *guard(&shared.open) += 1;
            let _open = Open(&shared);
            let line = format!("{} {}", request.method(), request.path());
            guard(&shared.seen).push(line);
            let fault = (*guard(&decide))(&request);
            pass(stream, &upstream, &request, fault);
        })?;
        Ok(Self { listening, state, path })
    }

    /// The address at which the server is reached through this.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}{}", self.listening.port, self.path)
    }

    /// The first line of each request that came.
    pub fn seen(&self) -> Vec<String> {
        guard(&self.state.seen).clone()
    }

    /// Waits until all that came has arrived, the late ones too.
    pub fn settle(&self) {
        let open = guard(&self.state.open);
        let _none = self.state.done.wait_while(open, |open| *open > 0);
    }
}

fn pass(stream: &mut TcpStream, upstream: &str, request: &Request, fault: Option<Fault>) {
    let arrive = || -> Result<Vec<u8>> {
        let mut server = TcpStream::connect(upstream)?;
        server.write_all(&request.closing())?;
        let mut answer = Vec::new();
        server.read_to_end(&mut answer)?;
        Ok(answer)
    };
    let status = |status, wait: Option<u32>| {
        answer(status, &wait.map(|wait| format!("Retry-After: {wait}\r\n")).unwrap_or_default(), "")
    };
    let reply = match fault {
        Some(Fault::LoseRequest) => None,
        Some(Fault::Late(late)) => {
            let _ = stream.shutdown(Shutdown::Both);
            std::thread::sleep(late);
            // Whoever asked is gone.
            let _ = arrive();
            None
        }
        Some(Fault::LoseAnswer) => {
            let _ = arrive();
            None
        }
        Some(Fault::Slow(slow)) => {
            let reply = arrive().ok();
            std::thread::sleep(slow);
            reply
        }
        Some(Fault::Truncate) => arrive().ok().map(|mut reply| {
            reply.truncate(reply.len() / 2);
            reply
        }),
        Some(Fault::Refuse(code, wait)) => Some(status(code, wait)),
        Some(Fault::Deny(code)) => {
            let _ = arrive();
            Some(status(code, None))
        }
        Some(Fault::Instead(text)) => Some(text),
        None => arrive().ok(),
    };
    if let Some(reply) = reply {
        send(stream, &reply);
    }
    let _ = stream.shutdown(Shutdown::Both);
}
