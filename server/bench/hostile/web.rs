//! As little HTTP/1.1 as is needed.

use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// The password of everybody in a bench.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// Connects from an address of this machine.
pub(crate) async fn connect(from: [u8; 4], to: SocketAddr) -> Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(SocketAddr::from((from, 0)))?;
    let stream = socket.connect(to).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// An answer's status and head; its body is read and dropped.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
}

impl Reply {
    /// The cookie that it sets.
    pub(crate) fn cookie(&self) -> Option<String> {
        let (_, rest) = self.head.split_once("set-cookie: ")?;
        rest.split([';', '\r']).next().map(str::to_owned)
    }
}

/// Asks on a kept connection.
pub(crate) async fn ask(stream: &mut TcpStream, request: &str) -> Result<Reply> {
    stream.write_all(request.as_bytes()).await?;
    let mut bytes = Vec::with_capacity(1024);
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
    let length = head.split("content-length: ").nth(1).and_then(|rest| rest.split('\r').next()?.parse().ok());
    while bytes.len() < end + length.unwrap_or(0_usize) {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
    }
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    Ok(Reply { status: status.ok_or_else(|| Error::other("no status"))?, head })
}

/// A form of the pages, on a connection of its own.
pub(crate) async fn post(
    from: [u8; 4],
    to: SocketAddr,
    path: &str,
    cookie: &str,
    form: &[(&str, &str)],
) -> Result<Reply> {
    let body = serde_urlencoded::to_string(form).map_err(Error::other)?;
    let length = body.len();
    let head =
        format!("POST {path} HTTP/1.1\r\nhost: x\r\nsec-fetch-site: same-origin\r\nconnection: close\r\n");
    let request = format!("{head}cookie: {cookie}\r\ncontent-length: {length}\r\n\r\n{body}");
    ask(&mut connect(from, to).await?, &request).await
}

/// Logs in from an address.
pub(crate) async fn log_in(from: [u8; 4], to: SocketAddr, username: &str) -> Result<Reply> {
    post(from, to, "/login", "", &[("username", username), ("password", PASSWORD)]).await
}
