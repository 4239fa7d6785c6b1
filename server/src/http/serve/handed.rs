//! Sockets that the service manager opened and hands over (`LISTEN_FDS`, sd_listen_fds(3)). They stay open while the
//! server is replaced, and what arrives meanwhile waits in them.

use crate::settings::Listen;
use listenfd::ListenFd;
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;

/// The first descriptor that is handed over.
const FIRST: usize = 3;

/// A descriptor that nobody can be let in by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "descriptor {0} was handed over (LISTEN_FDS) and is no socket at which TCP or Unix streams arrive; the unit of the \
     socket needs ListenStream"
)]
pub struct HandedError(usize);

/// Sockets that were handed over and not taken yet.
#[derive(Default)]
pub struct Handed(Vec<(Listen, Socket)>);

/// One of them.
pub(super) enum Socket {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Handed {
    /// All sockets that were handed over to this process. To be called once, before there are threads, because it changes
    /// the environment.
    ///
    /// # Errors
    /// Names a descriptor that is no such socket.
    pub fn receive() -> Result<Self, HandedError> {
        let mut given = ListenFd::from_env();
        (0..given.len())
            .map(|n| socket(&mut given, n).ok_or(HandedError(FIRST + n)))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Takes the socket at this place, if one was handed over.
    pub(super) fn take(&mut self, place: &Listen) -> Option<Socket> {
        let index = self.0.iter().position(|(there, _)| there == place)?;
        Some(self.0.remove(index).1)
    }

    /// Takes those that are left.
    pub(super) fn take_rest(&mut self) -> Vec<(Listen, Socket)> {
        std::mem::take(&mut self.0)
    }

    /// Whether none is left.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn socket(given: &mut ListenFd, n: usize) -> Option<(Listen, Socket)> {
    if let Ok(Some(socket)) = given.take_tcp_listener(n) {
        socket.set_nonblocking(true).ok()?;
        return Some((Listen::Address(socket.local_addr().ok()?), Socket::Tcp(socket)));
    }
    let socket = given.take_unix_listener(n).ok()??;
    socket.set_nonblocking(true).ok()?;
    let place = socket.local_addr().ok()?;
    // A socket without a path has no name that a setting could give.
    let path = place.as_pathname().map_or_else(|| PathBuf::from("(no path)"), PathBuf::from);
    Some((Listen::Unix(path), Socket::Unix(socket)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_socket_is_taken_once_by_its_place() {
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        let place = Listen::Address(tcp.local_addr().unwrap());
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("l.sock");
        let unix = UnixListener::bind(&path).unwrap();
        let both = vec![(place.clone(), Socket::Tcp(tcp)), (Listen::Unix(path.clone()), Socket::Unix(unix))];
        let mut handed = Handed(both);
        assert!(handed.take(&Listen::Unix(dir.path().join("other"))).is_none());
        assert!(matches!(handed.take(&place), Some(Socket::Tcp(_))));
        assert!(handed.take(&place).is_none());
        assert!(!handed.is_empty());
        let rest = handed.take_rest();
        assert!(matches!(rest.as_slice(), [(Listen::Unix(there), Socket::Unix(_))] if *there == path));
        assert!(handed.is_empty());
    }
}
