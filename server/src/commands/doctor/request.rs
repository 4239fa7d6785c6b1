//! One request through a gateway, over a connection of its own.

use crate::commands::Failure;
use bytes::Bytes;
use http::{Method, Request, Uri, header};
use http_body_util::{BodyExt, Empty, Limited};
use hyper_util::rt::TokioIo;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// How long a gateway may take, its own question to Latchkey included.
const PATIENCE: Duration = Duration::from_secs(15);
/// The most bytes of a body that are read.
const BODY: usize = 1 << 20;
const USER_AGENT: &str = concat!("latchkey-doctor/", env!("CARGO_PKG_VERSION"));

/// Where probes are sent, and from which address.
pub(super) struct Target {
    uri: Uri,
    host: String,
    is_secure: bool,
    from: Option<IpAddr>,
}

/// What a client was answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// Whether some Latchkey wrote it.
    pub(super) has_code: bool,
    /// From which address of this machine it was asked.
    pub(super) sent_from: Option<IpAddr>,
    /// The beginning of its body.
    pub(super) body: String,
}

/// What is asked.
pub(super) struct Question<'a> {
    pub(super) method: Method,
    pub(super) path: &'a str,
    pub(super) headers: Vec<(String, String)>,
}

impl Target {
    pub(super) fn parse(url: &str, from: Option<IpAddr>) -> Result<Self, Failure> {
        let wrong = || format!("{url} is no address such as https://api.example.com/");
        let uri: Uri = url.parse().map_err(|_| wrong())?;
        let is_secure = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(wrong().into()),
        };
        let host = uri.host().filter(|host| !host.is_empty()).ok_or_else(wrong)?;
        let host = host.trim_matches(['[', ']']).to_owned();
        Ok(Self { uri, host, is_secure, from })
    }

    /// Sends a probe with this marker in place of a key: alone in a header, or as clients mostly do.
    pub(super) fn send(
        &self,
        marker: &str,
        key_header: Option<&str>,
        headers: Vec<(String, String)>,
    ) -> Result<Answer, Failure> {
        let key = match key_header {
            Some(name) => (name.to_owned(), marker.to_owned()),
            None => (header::AUTHORIZATION.to_string(), format!("Bearer {marker}")),
        };
        let path = self.uri.path_and_query().map_or("/", |path| path.as_str());
        let headers = headers.into_iter().chain([key]).collect();
        self.ask_for(&Question { method: Method::GET, path, headers })
    }

    /// Scheme, host and port, as a browser writes them.
    pub(super) fn origin(&self) -> String {
        let (scheme, own) = if self.is_secure { ("https", ":443") } else { ("http", ":80") };
        let place = self.uri.authority().map_or("", |authority| authority.as_str()).to_ascii_lowercase();
        format!("{scheme}://{}", place.strip_suffix(own).unwrap_or(&place))
    }

    /// Whether TLS is spoken there.
    pub(super) fn is_secure(&self) -> bool {
        self.is_secure
    }

    /// Whether it is this machine by its loopback.
    pub(super) fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }

    /// Asks for one thing there.
    pub(super) fn ask_for(&self, question: &Question<'_>) -> Result<Answer, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let answer = async { tokio::time::timeout(PATIENCE, self.try_ask(question)).await };
        let failed = |why: &dyn std::fmt::Display| format!("cannot reach {}: {why}", self.uri);
        match runtime.block_on(answer) {
            Ok(answer) => answer.map_err(|error| failed(&error).into()),
            Err(_) => Err(failed(&format!("no answer within {} seconds", PATIENCE.as_secs())).into()),
        }
    }

    async fn try_ask(&self, question: &Question<'_>) -> Result<Answer, Failure> {
        let stream = self.connect().await?;
        let sent_from = stream.local_addr().ok().map(|place| place.ip());
        if !self.is_secure {
            return self.ask(stream, question, sent_from).await;
        }
        let name = ServerName::try_from(self.host.clone())?;
        let tls = TlsConnector::from(Arc::new(trusting_this_machine()?));
        let stream = tls.connect(name, stream).await.map_err(|error| {
            format!("{error}; SSL_CERT_FILE names another file of certificates to trust than this machine's")
        })?;
        self.ask(stream, question, sent_from).await
    }

    async fn connect(&self) -> io::Result<TcpStream> {
        let port = self.uri.port_u16().unwrap_or(if self.is_secure { 443 } else { 80 });
        let mut result = Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address"));
        for address in lookup_host((self.host.as_str(), port)).await? {
            result = self.connect_to(address).await;
            if result.is_ok() {
                break;
            }
        }
        result
    }

    async fn connect_to(&self, address: SocketAddr) -> io::Result<TcpStream> {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        if let Some(from) = self.from {
            socket.bind(SocketAddr::new(from, 0))?;
        }
        socket.connect(address).await
    }

    async fn ask(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        question: &Question<'_>,
        sent_from: Option<IpAddr>,
    ) -> Result<Answer, Failure> {
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        let mut request = Request::builder()
            .method(question.method.clone())
            .uri(question.path)
            .header(header::HOST, self.uri.authority().map_or("", |a| a.as_str()))
            .header(header::USER_AGENT, USER_AGENT);
        for (name, value) in &question.headers {
            request = request.header(name, value);
        }
        let answer = sender.send_request(request.body(Empty::<Bytes>::new())?).await?;
        let has_code = answer.headers().contains_key("x-latchkey-code");
        let status = answer.status().as_u16();
        let body = Limited::new(answer.into_body(), BODY).collect().await;
        let body =
            body.map(|body| String::from_utf8_lossy(&body.to_bytes()).into_owned()).unwrap_or_default();
        Ok(Answer { status, has_code, sent_from, body })
    }
}

/// Believes the certificates that this machine believes.
fn trusting_this_machine() -> Result<ClientConfig, Failure> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        return Err("this machine trusts no certificate authority; install ca-certificates".into());
    }
    Ok(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())
}
