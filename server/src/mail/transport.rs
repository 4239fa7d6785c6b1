//! The connection to the mail server: TCP to the first of its addresses that answers, and TLS with `smtps://`.

use super::connection::MailError;
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

/// A connection that waits for the server's greeting, and our address on it.
pub(super) struct Transport {
    pub(super) stream: Box<dyn AsyncTokioStream>,
    pub(super) local: IpAddr,
}

impl Transport {
    /// Connects, and with `smtps://` agrees on TLS.
    pub(super) async fn open(settings: &SmtpSettings, resolver: &dyn Resolve) -> Result<Self, MailError> {
        let patience = settings.timeout;
        let opening = async {
            let tcp = connect(settings, resolver).await?;
            let local = tcp.local_addr()?.ip();
            // Each step is short and waits for an answer, so a delayed packet would delay all.
            tcp.set_nodelay(true)?;
            let stream: Box<dyn AsyncTokioStream> = match settings.encryption {
                Encryption::Tls => Box::new(Wrapped(agree(settings, tcp).await?)),
                Encryption::StartTls | Encryption::None => Box::new(tcp),
            };
            Ok(Self { stream, local })
        };
        match tokio::time::timeout(patience, opening).await {
            Ok(opened) => opened.map_err(|error: Error| MailError::server(error.to_string())),
            Err(_) => Err(MailError::server("it did not answer in time".to_owned())),
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

/// Agrees on TLS. The certificates are read each time, because they are replaced while servers run.
async fn agree(settings: &SmtpSettings, tcp: TcpStream) -> io::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from(settings.host.clone()).map_err(Error::other)?;
    let config = tokio::task::spawn_blocking(trusting_this_machine).await.map_err(Error::other)?;
    let config = config.ok_or_else(|| Error::other("this machine trusts no certificate authority"))?;
    TlsConnector::from(config).connect(name, tcp).await
}

/// A TLS connection as lettre's trait wants it.
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
