//! The way to the mail server: TCP to whichever of its addresses answers, and TLS where it comes first.

use super::connection::Failure;
use crate::dial::{self, Resolve, trusting_this_machine};
use crate::settings::{Encryption, SmtpSettings};
use lettre::transport::smtp::client::AsyncTokioStream;
use std::io::{self, Error};
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;

/// A connection that is ready for the server's greeting, and our address on it.
pub(super) struct Transport {
    pub(super) stream: Box<dyn AsyncTokioStream>,
    pub(super) local: IpAddr,
}

impl Transport {
    /// Connects; with `smtps://` TLS is agreed on too.
    pub(super) async fn open(settings: &SmtpSettings, resolver: &dyn Resolve) -> Result<Self, Failure> {
        let patience = settings.timeout;
        let opening = async {
            let tcp = connect(settings, resolver).await?;
            let local = tcp.local_addr()?.ip();
            // Steps are short, and each waits for an answer.
            tcp.set_nodelay(true)?;
            let stream: Box<dyn AsyncTokioStream> = match settings.encryption {
                Encryption::Tls => Box::new(Wrapped(agree(settings, tcp).await?)),
                Encryption::StartTls | Encryption::None => Box::new(tcp),
            };
            Ok(Self { stream, local })
        };
        match tokio::time::timeout(patience, opening).await {
            Ok(opened) => opened.map_err(|error: Error| Failure::server(error.to_string())),
            Err(_) => Err(Failure::server("it did not answer in time".to_owned())),
        }
    }
}

async fn connect(settings: &SmtpSettings, resolver: &dyn Resolve) -> io::Result<TcpStream> {
    let addresses = match settings.host.parse() {
        Ok(ip) => vec![ip],
        Err(_) => resolver.resolve(&settings.host).await?,
    };
    dial::connect(&addresses, settings.port).await
}

/// The certificates are read anew each time: they are exchanged while servers run.
async fn agree(settings: &SmtpSettings, tcp: TcpStream) -> io::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from(settings.host.clone()).map_err(Error::other)?;
    let config = tokio::task::spawn_blocking(trusting_this_machine).await.map_err(Error::other)?;
    let config = config.ok_or_else(|| Error::other("this machine trusts no certificate authority"))?;
    TlsConnector::from(config).connect(name, tcp).await
}

/// TLS as lettre takes it.
#[derive(Debug)]
struct Wrapped(TlsStream<TcpStream>);

impl AsyncTokioStream for Wrapped {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.get_ref().0.peer_addr()
    }
}

impl AsyncRead for Wrapped {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Wrapped {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
