//! An address that drops whoever comes: nobody accepts there, and all places of its queue are taken.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// How long a connection takes to be made on this machine, at most.
const SOON: Duration = Duration::from_secs(1);

/// Dead until it is dropped.
pub struct Dead {
    pub ip: IpAddr,
    _listener: TcpListener,
    _waiting: Vec<TcpStream>,
}

impl Dead {
    /// A dead address of this machine; it has to be one that nobody else listens at.
    pub async fn at(ip: &str, port: u16) -> Self {
        let address: SocketAddr = SocketAddr::new(ip.parse().unwrap(), port);
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(address).unwrap();
        let listener = socket.listen(1).unwrap();
        let mut waiting = Vec::new();
        while let Ok(Ok(stream)) = tokio::time::timeout(SOON, TcpStream::connect(address)).await {
            waiting.push(stream);
        }
        Self { ip: address.ip(), _listener: listener, _waiting: waiting }
    }
}
