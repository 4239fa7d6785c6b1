//! One request of a probe, over a connection of its own.

use crate::commands::Failure;
use crate::dial::trusting_this_machine;
use bytes::Bytes;
use http::{Method, Request, Uri, header};
use http_body_util::{BodyExt, Empty, Limited};
use hyper_util::rt::TokioIo;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

/// How long a gateway may take, its own request to Latchkey included.
const PATIENCE: Duration = Duration::from_secs(15);
/// The most bytes of a body that are read.
const BODY: usize = 1 << 20;
const USER_AGENT: &str = concat!("latchkey-doctor/", env!("CARGO_PKG_VERSION"));

/// Where probes are sent to, and from which address.
pub(super) struct Target {
    uri: Uri,
    host: String,
    is_secure: bool,
    from: Option<IpAddr>,
}

/// The answer that a probe got.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ProbeReply {
    pub(super) status: u16,
    /// Whether it comes from a Latchkey, this one or another.
    pub(super) has_code: bool,
    /// The address of this machine from which the probe was sent.
    pub(super) sent_from: Option<IpAddr>,
    /// The beginning of its body.
    pub(super) body: String,
}

/// What a probe sends.
pub(super) struct ProbeRequest<'a> {
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

    /// Sends a probe with this marker in place of a key: alone in `key_header`, or as a bearer token.
    pub(super) fn send_marked(
        &self,
        marker: &str,
        key_header: Option<&str>,
        headers: Vec<(String, String)>,
    ) -> Result<ProbeReply, Failure> {
        let key = match key_header {
            Some(name) => (name.to_owned(), marker.to_owned()),
            None => (header::AUTHORIZATION.to_string(), format!("Bearer {marker}")),
        };
        let path = self.uri.path_and_query().map_or("/", |path| path.as_str());
        let headers = headers.into_iter().chain([key]).collect();
        self.send(&ProbeRequest { method: Method::GET, path, headers })
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

    /// Whether it is a loopback address of this machine.
    pub(super) fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }

    /// Sends one request, and waits for the answer.
    pub(super) fn send(&self, request: &ProbeRequest<'_>) -> Result<ProbeReply, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let reply = async { tokio::time::timeout(PATIENCE, self.try_send(request)).await };
        let failed = |why: &dyn std::fmt::Display| format!("cannot reach {}: {why}", self.uri);
        match runtime.block_on(reply) {
            Ok(reply) => reply.map_err(|error| failed(&error).into()),
            Err(_) => Err(failed(&format!("no answer within {} seconds", PATIENCE.as_secs())).into()),
        }
    }

    async fn try_send(&self, request: &ProbeRequest<'_>) -> Result<ProbeReply, Failure> {
        let stream = self.connect().await?;
        let sent_from = stream.local_addr().ok().map(|place| place.ip());
        if !self.is_secure {
            return self.send_over(stream, request, sent_from).await;
        }
        let name = ServerName::try_from(self.host.clone())?;
        let trusted = trusting_this_machine();
        let tls = TlsConnector::from(
            trusted.ok_or("this machine trusts no certificate authority; install ca-certificates")?,
        );
        let stream = tls.connect(name, stream).await.map_err(|error| {
            format!("{error}; SSL_CERT_FILE names another file of certificates to trust than this machine's")
        })?;
        self.send_over(stream, request, sent_from).await
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

    async fn send_over(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        sent: &ProbeRequest<'_>,
        sent_from: Option<IpAddr>,
    ) -> Result<ProbeReply, Failure> {
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        #[expect(clippy::disallowed_methods, reason = "its end is seen by who waits for the answer")]
        tokio::spawn(connection);
        let mut request = Request::builder()
            .method(sent.method.clone())
            .uri(sent.path)
            .header(header::HOST, self.uri.authority().map_or("", |a| a.as_str()))
            .header(header::USER_AGENT, USER_AGENT);
        for (name, value) in &sent.headers {
            request = request.header(name, value);
        }
        let answer = sender.send_request(request.body(Empty::<Bytes>::new())?).await?;
        let has_code = answer.headers().contains_key("x-latchkey-code");
        let status = answer.status().as_u16();
        let body = Limited::new(answer.into_body(), BODY).collect().await;
        let body =
            body.map(|body| String::from_utf8_lossy(&body.to_bytes()).into_owned()).unwrap_or_default();
        Ok(ProbeReply { status, has_code, sent_from, body })
    }
}
