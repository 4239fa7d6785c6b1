//! Ports where nobody listens until a test lets somebody.

use std::net::SocketAddr;
use tokio::net::TcpSocket;

/// A port of 127.0.0.1: whoever connects is refused, and nobody else is given it. A program that is told of it may
/// listen there, as servers share an address with a socket that does not listen.
pub(crate) struct FreePort {
    pub(crate) number: u16,
    _socket: TcpSocket,
}

impl FreePort {
    pub(crate) fn take() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_reuseaddr(true).unwrap();
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        Self { number: socket.local_addr().unwrap().port(), _socket: socket }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.number))
    }
}
