//! Sends one message to one receiver. The receiver's name is looked up once, every address of it is judged, and the
//! connection goes to one of these addresses, so that the name cannot mean another address a moment later. It follows no
//! redirect and uses no proxy.

use crate::dial::{self, Resolve, trusting_this_machine};
use bytes::Bytes;
use domain::outbound;
use domain::webhook::{UrlError, WebhookUrl};
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

const USER_AGENT: &str = concat!("latchkey/", env!("CARGO_PKG_VERSION"));
/// The most bytes of a body that are read, so that the receiver can finish. They are not looked at.
const ANSWER: usize = 64 * 1024;
/// The most bytes of an answer's head.
const HEAD: usize = 32 * 1024;

/// Why a message did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendError {
    /// The present settings do not allow its URL.
    BadAddress,
    /// The name has no address.
    NotFound,
    /// One of its addresses is of this machine or of a network that is not public.
    NotPublic,
    /// No address accepts the connection.
    NotConnected,
    /// The TLS handshake failed.
    NoTls,
    /// The receiver took too long.
    TooLate,
    /// The answer is not HTTP.
    NotHttp,
}

impl SendError {
    /// The name in the delivery's row.
    pub fn name(self) -> &'static str {
        match self {
            Self::BadAddress => "bad_address",
            Self::NotFound => "name_not_found",
            Self::NotPublic => "not_public",
            Self::NotConnected => "not_connected",
            Self::NoTls => "no_tls",
            Self::TooLate => "too_late",
            Self::NotHttp => "not_http",
        }
    }
}

impl From<UrlError> for SendError {
    fn from(error: UrlError) -> Self {
        match error {
            UrlError::NotPublic => Self::NotPublic,
            _ => Self::BadAddress,
        }
    }
}

/// The answer of a receiver.
pub struct ReceiverReply {
    /// The status.
    pub status: StatusCode,
    /// The value of Retry-After.
    pub retry_after: Option<String>,
}

/// Sends messages.
#[derive(Clone)]
pub struct Sender {
    resolver: Arc<dyn Resolve>,
    allow_private: bool,
    patience: Duration,
    tls: Arc<OnceLock<Option<Arc<ClientConfig>>>>,
}

impl Sender {
    /// A sender; `patience` is how long a receiver may take in all.
    pub fn new(resolver: Arc<dyn Resolve>, allow_private: bool, patience: Duration) -> Self {
        Self { resolver, allow_private, patience, tls: Arc::default() }
    }

    /// Trusts other certificates than this machine does.
    #[must_use]
    pub fn with_tls(self, config: ClientConfig) -> Self {
        Self { tls: Arc::new(OnceLock::from(Some(Arc::new(config)))), ..self }
    }

    /// Whether private networks and HTTP are allowed.
    pub fn allows_private(&self) -> bool {
        self.allow_private
    }

    /// Posts a body and waits for the head of the answer.
    pub async fn post(
        &self,
        url: &WebhookUrl,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<ReceiverReply, SendError> {
        let deadline = Instant::now() + self.patience;
        let sending = self.try_post(url, headers, body, deadline);
        timeout_at(deadline, sending).await.unwrap_or(Err(SendError::TooLate))
    }

    async fn try_post(
        &self,
        url: &WebhookUrl,
        headers: HeaderMap,
        body: Bytes,
        deadline: Instant,
    ) -> Result<ReceiverReply, SendError> {
        let addresses = self.judged_addresses(url).await?;
        let stream = dial::connect(&addresses, url.port()).await.map_err(|_| SendError::NotConnected)?;
        if !url.is_secure() {
            return ask(stream, url, headers, body, deadline).await;
        }
        let name = ServerName::try_from(url.host().to_owned()).map_err(|_| SendError::NoTls)?;
        let config = self.tls.get_or_init(trusting_this_machine).clone().ok_or(SendError::NoTls)?;
        let stream = TlsConnector::from(config).connect(name, stream).await.map_err(|error| {
            tracing::debug!(receiver = url.origin(), error = error.to_string(), "no TLS with a webhook");
            SendError::NoTls
        })?;
        ask(stream, url, headers, body, deadline).await
    }

    /// Looks up the receiver's addresses. One that is not allowed refuses them all, because no receiver has a reason to
    /// name it.
    async fn judged_addresses(&self, url: &WebhookUrl) -> Result<Vec<IpAddr>, SendError> {
        let addresses = match url.ip() {
            Some(ip) => vec![ip],
            None => self.resolver.resolve(url.host()).await.map_err(|_| SendError::NotFound)?,
        };
        if addresses.is_empty() {
            return Err(SendError::NotFound);
        }
        let all_allowed = addresses.iter().all(|ip| outbound::is_allowed(*ip, self.allow_private));
        if all_allowed { Ok(addresses) } else { Err(SendError::NotPublic) }
    }
}

async fn ask(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    url: &WebhookUrl,
    headers: HeaderMap,
    body: Bytes,
    deadline: Instant,
) -> Result<ReceiverReply, SendError> {
    let mut builder = hyper::client::conn::http1::Builder::new();
    builder.max_buf_size(HEAD);
    let (mut sender, connection) =
        builder.handshake(TokioIo::new(stream)).await.map_err(|_| SendError::NotHttp)?;
    // The connection is dropped with this set, when the function returns.
    let mut driver = JoinSet::new();
    driver.spawn(connection);
    let mut request = Request::post(url.target())
        .header(header::HOST, url.authority())
        .header(header::USER_AGENT, USER_AGENT)
        .header(header::CONNECTION, "close")
        .body(Full::new(body))
        .map_err(|_| SendError::BadAddress)?;
    request.headers_mut().extend(headers);
    let answer = sender.send_request(request).await.map_err(|_| SendError::NotHttp)?;
    let retry_after = answer.headers().get(header::RETRY_AFTER);
    let retry_after = retry_after.and_then(|value| value.to_str().ok()).map(str::to_owned);
    let status = answer.status();
    // The status is enough, whether or not the body comes in time.
    let _ = timeout_at(deadline, drop_body(answer.into_body())).await;
    Ok(ReceiverReply { status, retry_after })
}

async fn drop_body(mut body: Incoming) {
    let mut seen = 0;
    while seen < ANSWER {
        match body.frame().await {
            Some(Ok(frame)) => seen += frame.data_ref().map_or(0, Bytes::len),
            Some(Err(_)) | None => return,
        }
    }
}
