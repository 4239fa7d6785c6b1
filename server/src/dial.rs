//! Outgoing connections: to mail servers and to the receivers of webhooks.

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use std::io::{Error, ErrorKind, Result};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// How long an address is tried alone before the next is tried beside it (RFC 8305, section 5).
const ALONE: Duration = Duration::from_millis(250);

/// Looks up the addresses of names.
#[async_trait]
pub trait Resolve: Send + Sync {
    /// All addresses of a name.
    async fn resolve(&self, name: &str) -> Result<Vec<IpAddr>>;
}

/// The resolver of this machine.
pub struct SystemResolver;

#[async_trait]
impl Resolve for SystemResolver {
    async fn resolve(&self, name: &str) -> Result<Vec<IpAddr>> {
        let found = tokio::net::lookup_host((name, 0)).await?;
        Ok(found.map(|address| address.ip()).collect())
    }
}

/// Connects to the address that answers first. Each attempt begins a moment after the one before it, or as soon as that
/// has failed, and goes on beside the others, so a dead address costs a moment only.
///
/// # Errors
/// There is no address, or none accepts; then it is the error of the last one.
pub async fn connect(addresses: &[IpAddr], port: u16) -> Result<TcpStream> {
    let mut left = addresses.iter();
    let mut trying = FuturesUnordered::new();
    let mut failure = Error::new(ErrorKind::NotFound, "the name has no address");
    loop {
        match left.next() {
            Some(ip) => trying.push(TcpStream::connect(SocketAddr::new(*ip, port))),
            None if trying.is_empty() => return Err(failure),
            None => {}
        }
        tokio::select! {
            Some(tried) = trying.next() => match tried {
                Ok(stream) => return Ok(stream),
                Err(error) => failure = error,
            },
            () = tokio::time::sleep(ALONE), if left.len() > 0 => {}
        }
    }
}

/// TLS with the certificate authorities that this machine trusts now; `None` if it trusts none.
pub fn trusting_this_machine() -> Option<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        tracing::error!(
            "this machine trusts no certificate authority, so nothing can be sent over TLS; install \
             ca-certificates or set SSL_CERT_FILE, then start Latchkey again"
        );
        return None;
    }
    Some(Arc::new(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::{TcpListener, TcpSocket};

    fn ips<const N: usize>(texts: [&str; N]) -> [IpAddr; N] {
        texts.map(|text| text.parse().unwrap())
    }

    /// Drops whoever comes: nobody accepts, and all places of its queue are taken.
    async fn die(socket: TcpSocket) -> (TcpListener, Vec<TcpStream>) {
        let (listener, mut waiting) = (socket.listen(1).unwrap(), Vec::new());
        let (address, soon) = (listener.local_addr().unwrap(), Duration::from_secs(1));
        while let Ok(Ok(stream)) = tokio::time::timeout(soon, TcpStream::connect(address)).await {
            waiting.push(stream);
        }
        (listener, waiting)
    }

    #[tokio::test]
    async fn a_dead_address_costs_a_moment_and_not_the_whole_time() {
        let alive = TcpListener::bind("127.0.0.22:0").await.unwrap();
        let port = alive.local_addr().unwrap().port();
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::new("127.0.0.21".parse().unwrap(), port)).unwrap();
        let _dead = die(socket).await;
        // A dead address alone takes two minutes.
        let patience = Duration::from_secs(60);
        let addresses = ips(["127.0.0.21", "127.0.0.22"]);
        let found = connect(&addresses, port);
        let stream = tokio::time::timeout(patience, found).await.expect("within a minute").unwrap();
        assert_eq!(stream.peer_addr().unwrap(), alive.local_addr().unwrap());
        // The first address is asked first, and no other if it answers.
        let found = connect(&ips(["127.0.0.22", "127.0.0.21"]), port).await.unwrap();
        assert_eq!(found.peer_addr().unwrap(), alive.local_addr().unwrap());
    }

    #[tokio::test]
    async fn one_that_refuses_is_passed_over_and_the_last_word_is_told() {
        let alive = TcpListener::bind(("127.0.0.22", 0)).await.unwrap();
        let port = alive.local_addr().unwrap().port();
        assert!(connect(&ips(["127.0.0.23", "127.0.0.22"]), port).await.is_ok());
        let error = connect(&ips(["127.0.0.23", "127.0.0.24"]), port).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        assert_eq!(connect(&[], port).await.unwrap_err().kind(), ErrorKind::NotFound);
    }
}
