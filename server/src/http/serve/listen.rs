//! Where connections come from.

use super::handed::{Handed, Socket as HandedSocket};
use super::unix::SocketFile;
use crate::http::client::Door;
use crate::settings::{Listen, ServerSettings};
use domain::address::Address;
use domain::client_address::Peer;
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, listen, socket_with, sockopt};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use tokio::net::{TcpListener as OpenTcp, TcpStream, UnixListener as OpenUnix, UnixStream};

/// Connections that the system holds until they are accepted; it may hold fewer (`net.core.somaxconn`).
const BACKLOG: i32 = 4096;

/// A place to listen at that cannot be had.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {place}: {why}; {}", advice(place, why, *beside_handed))]
pub struct ListenError {
    place: Listen,
    why: io::Error,
    /// Whether sockets were handed over that no setting names.
    beside_handed: bool,
}

fn advice(place: &Listen, why: &io::Error, beside_handed: bool) -> &'static str {
    match place {
        _ if beside_handed => {
            "a socket that was handed over (LISTEN_FDS) may be open there under another address: let `listen` name it as \
             the unit of the socket does, or leave `listen` out"
        }
        Listen::Address(address)
            if why.kind() == io::ErrorKind::PermissionDenied && address.port() < 1024 =>
        {
            "ports below 1024 need CAP_NET_BIND_SERVICE (systemd: AmbientCapabilities), or a proxy in front"
        }
        _ => "choose another address",
    }
}

/// Waits for connections at one place.
pub struct Listener {
    socket: Socket,
    place: Listen,
    /// Whether connections begin with a PROXY header.
    proxied: bool,
    door: Door,
}

enum Socket {
    Tcp(TcpListener),
    /// The file of a socket that was handed over belongs to the service manager.
    Unix {
        listener: UnixListener,
        _file: Option<SocketFile>,
    },
}

/// What a connection's bytes go through.
pub(super) enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// A connection as it was accepted.
pub(super) struct Arrival {
    pub(super) stream: Stream,
    pub(super) peer: Peer,
    pub(super) proxied: bool,
    pub(super) door: Door,
}

impl Arrival {
    /// Closes it without a farewell, for which the system would have to keep it a while.
    pub(super) fn turn_away(self) {
        if let Stream::Tcp(stream) = self.stream {
            let _ = stream.set_zero_linger();
        }
    }
}

impl ListenError {
    /// Whether somebody listens there.
    #[must_use]
    pub fn is_taken(&self) -> bool {
        self.why.kind() == io::ErrorKind::AddrInUse
    }
}

impl Listener {
    /// Listens wherever the settings say, in their order, and at what was handed over besides. A socket that was handed
    /// over is taken in place of one that would be opened at the same place; where there is any, the default of `listen`
    /// is none.
    ///
    /// # Errors
    /// Names the first place that cannot be had, and why.
    pub fn bind_all(settings: &ServerSettings, handed: &mut Handed) -> Result<Vec<Self>, ListenError> {
        let door = if settings.listen_gateways.is_empty() { Door::All } else { Door::Pages };
        let by_default = !settings.listen_is_set && !handed.is_empty();
        let listen = if by_default { &[][..] } else { &settings.listen };
        let plain = listen.iter().map(|place| (place.clone(), false, door));
        let proxied = settings.listen_proxy_protocol.map(|address| (Listen::Address(address), true, door));
        let gateways = settings.listen_gateways.iter().map(|place| (place.clone(), false, Door::Gateways));
        let named: Vec<_> = plain.chain(proxied).chain(gateways).collect();
        let mut all = Vec::new();
        for (place, proxied, door) in named {
            all.push(Self { proxied, door, ..Self::take_or_bind(place, handed)? });
        }
        let rest = handed.take_rest().into_iter();
        all.splice(0..0, rest.map(|(place, socket)| Self { door, ..Self::handed(place, socket) }));
        Ok(all)
    }

    /// Listens at one place, by the socket that was handed over for it if there is one.
    ///
    /// # Errors
    /// Nothing can listen at the place.
    pub fn take_or_bind(place: Listen, handed: &mut Handed) -> Result<Self, ListenError> {
        match handed.take(&place) {
            Some(socket) => Ok(Self::handed(place, socket)),
            None => {
                Self::bind(place).map_err(|error| ListenError { beside_handed: !handed.is_empty(), ..error })
            }
        }
    }

    fn handed(place: Listen, socket: HandedSocket) -> Self {
        let socket = match socket {
            HandedSocket::Tcp(listener) => Socket::Tcp(listener),
            HandedSocket::Unix(listener) => Socket::Unix { listener, _file: None },
        };
        Self { socket, place, proxied: false, door: Door::All }
    }

    /// Listens at one place.
    ///
    /// # Errors
    /// Nothing can listen at the place.
    pub fn bind(place: Listen) -> Result<Self, ListenError> {
        let socket = match &place {
            Listen::Address(address) => bind_tcp(*address).map(Socket::Tcp),
            Listen::Unix(path) => {
                SocketFile::listen(path).map(|(listener, file)| Socket::Unix { listener, _file: Some(file) })
            }
        };
        match socket {
            Ok(Socket::Tcp(listener)) => {
                // The system may have chosen the port.
                let place = listener.local_addr().map_or(place, Listen::Address);
                Ok(Self { socket: Socket::Tcp(listener), place, proxied: false, door: Door::All })
            }
            Ok(socket) => Ok(Self { socket, place, proxied: false, door: Door::All }),
            Err(why) => Err(ListenError { place, why, beside_handed: false }),
        }
    }

    /// Finds out whether one could listen at a place, without anybody being let in.
    ///
    /// # Errors
    /// Nothing can listen at the place.
    pub fn try_place(place: &Listen) -> Result<(), ListenError> {
        let tried = match place {
            Listen::Address(address) => bound_tcp(*address).map(drop),
            Listen::Unix(path) => SocketFile::look(path),
        };
        tried.map_err(|why| ListenError { place: place.clone(), why, beside_handed: false })
    }

    /// Where it listens.
    #[must_use]
    pub fn place(&self) -> &Listen {
        &self.place
    }

    /// What it answers.
    #[must_use]
    pub fn door(&self) -> Door {
        self.door
    }

    /// Accepts connections from now on, on the present runtime.
    pub(super) fn open(self) -> io::Result<Open> {
        let socket = match self.socket {
            Socket::Tcp(listener) => OpenSocket::Tcp(OpenTcp::from_std(listener)?),
            Socket::Unix { listener, _file } => {
                OpenSocket::Unix { listener: OpenUnix::from_std(listener)?, _file }
            }
        };
        Ok(Open { socket, proxied: self.proxied, door: self.door })
    }
}

/// A place where connections are accepted.
pub(super) struct Open {
    socket: OpenSocket,
    proxied: bool,
    door: Door,
}

enum OpenSocket {
    Tcp(OpenTcp),
    Unix { listener: OpenUnix, _file: Option<SocketFile> },
}

impl Open {
    /// The next connection; its stream belongs to the present runtime until it is moved.
    pub(super) async fn accept(&self) -> io::Result<Arrival> {
        let (stream, peer) = match &self.socket {
            OpenSocket::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                (Stream::Tcp(stream), Peer::Address(Address::new(peer.ip())))
            }
            OpenSocket::Unix { listener, .. } => (Stream::Unix(listener.accept().await?.0), Peer::Unix),
        };
        Ok(Arrival { stream, peer, proxied: self.proxied, door: self.door })
    }
}

fn bind_tcp(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = bound_tcp(address)?;
    listen(&socket, BACKLOG)?;
    Ok(socket.into())
}

fn bound_tcp(address: SocketAddr) -> io::Result<OwnedFd> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(family, SocketType::STREAM, flags, None)?;
    // Else a restart would have to wait until the last connections are forgotten.
    sockopt::set_socket_reuseaddr(&socket, true)?;
    bind(&socket, &address)?;
    Ok(socket)
}
