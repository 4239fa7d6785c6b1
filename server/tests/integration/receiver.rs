//! A program that webhooks are sent to: a real HTTP server on a thread of its own, with or without TLS.

use crate::certificates::Authority;
use crate::patience::wait_until;
use parking_lot::Mutex;
use serde_json::{Value, json};
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

pub(crate) const TAKEN: &str = "HTTP/1.1 204 No Content\r\n\r\n";

/// What came.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    head: String,
    pub(crate) body: String,
}

impl Message {
    pub(crate) fn line(&self) -> &str {
        self.head.split("\r\n").next().unwrap()
    }

    /// The lines of its headers.
    pub(crate) fn headers(&self) -> impl Iterator<Item = &str> {
        self.head.split("\r\n").skip(1)
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        let lines = self.head.split("\r\n").filter_map(|line| line.split_once(": "));
        let mut found = lines.filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value);
        found.next().unwrap_or_default()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// What the Standard Webhooks library makes of it.
    pub(crate) fn judged(&self, secret: &str) -> Result<Value, String> {
        let names = ["webhook-id", "webhook-timestamp", "webhook-signature"];
        let headers: serde_json::Map<_, _> =
            names.iter().map(|name| ((*name).to_owned(), self.header(name).into())).collect();
        let given = json!({"secret": secret, "headers": headers, "body": self.body});
        let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
        let mut judge = Command::new("python3")
            .arg(root.join("server/tests/judges/webhooks.py"))
            .env("PYTHONPATH", root.join(".tools/python"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        judge.stdin.take().unwrap().write_all(given.to_string().as_bytes()).unwrap();
        let output = judge.wait_with_output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(!error.contains("ModuleNotFoundError"), "scripts/setup-test installs the library");
        if output.status.success() { Ok(serde_json::from_slice(&output.stdout).unwrap()) } else { Err(error) }
    }
}

#[derive(Default)]
struct State {
    connections: usize,
    messages: Vec<Message>,
    answer: String,
}

/// The receiver; it ends with the test.
#[derive(Clone)]
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Receiver {
    /// Answers every message so; an empty answer never comes.
    pub(crate) fn start(answer: &str) -> Self {
        Self::start_at("127.0.0.1:0", answer, None)
    }

    /// The same with the certificate of an authority.
    pub(crate) fn start_with_tls(authority: &Authority, answer: &str) -> Self {
        let chain = CertificateDer::pem_file_iter(authority.path("cert.pem")).unwrap();
        let key = PrivateKeyDer::from_pem_file(authority.path("key.pem")).unwrap();
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(chain.collect::<Result<_, _>>().unwrap(), key)
            .unwrap();
        Self::start_at("127.0.0.1:0", answer, Some(TlsAcceptor::from(Arc::new(config))))
    }

    pub(crate) fn start_at(address: &str, answer: &str, tls: Option<TlsAcceptor>) -> Self {
        let listener = std::net::TcpListener::bind(address).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State { answer: answer.to_owned(), ..State::default() }));
        let kept = state.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                accept(TcpListener::from_std(listener).unwrap(), &kept, tls.as_ref()).await;
            });
        });
        Self { address, state }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    pub(crate) fn answer(&self, answer: &str) {
        answer.clone_into(&mut self.state.lock().answer);
    }

    pub(crate) fn connections(&self) -> usize {
        self.state.lock().connections
    }

    /// What has come since the last look.
    pub(crate) fn take(&self) -> Vec<Message> {
        std::mem::take(&mut self.state.lock().messages)
    }

    /// Waits for one message.
    pub(crate) fn wait(&self) -> Message {
        let mut message = None;
        let came = || {
            message = self.state.lock().messages.pop();
            message.is_some()
        };
        wait_until("a message", came);
        message.unwrap()
    }
}

async fn accept(listener: TcpListener, state: &Arc<Mutex<State>>, tls: Option<&TlsAcceptor>) {
    while let Ok((stream, _)) = listener.accept().await {
        state.lock().connections += 1;
        let (state, tls) = (state.clone(), tls.cloned());
        tokio::spawn(async move {
            match tls {
                None => serve(stream, &state).await,
                Some(tls) => match tls.accept(stream).await {
                    Ok(stream) => serve(stream, &state).await,
                    Err(_) => None,
                },
            }
        });
    }
}

/// `None` at the end of the connection.
async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, state: &Mutex<State>) -> Option<()> {
    let (mut read, mut piece) = (Vec::new(), [0; 4096]);
    let message = loop {
        let count = stream.read(&mut piece).await.ok().filter(|count| *count > 0)?;
        read.extend_from_slice(&piece[..count]);
        if let Some(message) = whole(&read) {
            break message;
        }
    };
    let answer = {
        let mut state = state.lock();
        state.messages.push(message);
        state.answer.clone()
    };
    match answer.as_str() {
        "" => while stream.read(&mut piece).await.ok()? > 0 {},
        "endless" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await.ok()?;
            loop {
                let chunk = "a".repeat(0x1000);
                stream.write_all(format!("1000\r\n{chunk}\r\n").as_bytes()).await.ok()?;
            }
        }
        answer => {
            stream.write_all(answer.as_bytes()).await.ok()?;
            stream.shutdown().await.ok()?;
        }
    }
    Some(())
}

fn whole(read: &[u8]) -> Option<Message> {
    let text = String::from_utf8(read.to_vec()).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let message = Message { head: head.to_owned(), body: body.to_owned() };
    let length: usize = message.header("content-length").parse().ok()?;
    (body.len() >= length).then_some(message)
}
