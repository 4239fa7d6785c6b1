//! The PROXY header at the beginning of a connection: read whole before anything else.

use super::io::Prefixed;
use bytes::{Buf, Bytes, BytesMut};
use domain::proxy_protocol::{ConnectionSource, LONGEST, read};
use std::io::{Error, ErrorKind, Result};
use tokio::io::{AsyncRead, AsyncReadExt};

/// Reads the header; answers what it says, and the stream behind it.
pub(super) async fn take_header<S>(mut stream: S) -> Result<(ConnectionSource, Prefixed<S>)>
where
    S: AsyncRead + Unpin,
{
    let mut bytes = BytesMut::with_capacity(LONGEST);
    loop {
        // The parser needs no more than its longest header: a buffer that is full is answered.
        let room = LONGEST - bytes.len();
        if (&mut stream).take(room as u64).read_buf(&mut bytes).await? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        if let Some(head) = read(&bytes).map_err(|error| Error::new(ErrorKind::InvalidData, error))? {
            bytes.advance(head.length);
            let ahead = Bytes::from(bytes);
            return Ok((ConnectionSource(head.source), Prefixed { ahead, stream }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncWriteExt, duplex};

    async fn taken(pieces: &[&[u8]]) -> Result<(Option<String>, String)> {
        let (mut client, server) = duplex(4096);
        #[expect(clippy::disallowed_methods, reason = "it is awaited below")]
        let reading = tokio::spawn(take_header(server));
        for piece in pieces {
            client.write_all(piece).await.unwrap();
            tokio::task::yield_now().await;
        }
        drop(client);
        let (source, mut stream) = reading.await.unwrap()?;
        let mut rest = String::new();
        stream.read_to_string(&mut rest).await?;
        Ok((source.0.map(|address| address.to_string()), rest))
    }

    #[tokio::test]
    async fn what_follows_the_header_is_the_clients() {
        let head = b"PROXY TCP4 203.0.113.7 192.0.2.1 1 443\r\n";
        let request = b"GET / HTTP/1.1\r\n\r\n";
        let whole = [&head[..], request].concat();
        let expected = (Some("203.0.113.7".to_owned()), String::from_utf8(request.to_vec()).unwrap());
        let bytes: Vec<&[u8]> = whole.chunks(1).collect();
        for pieces in [&[whole.as_slice()][..], &[&head[..], request], &bytes] {
            assert_eq!(taken(pieces).await.unwrap(), expected);
        }
    }

    #[tokio::test]
    async fn without_a_header_nothing_is_answered() {
        let endless = [&b"PROXY "[..], &[b'x'; 4000]].concat();
        for bytes in
            [&b""[..], b"PROXY TCP4 203.0.113.7", b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01", &endless]
        {
            assert!(taken(&[bytes]).await.is_err(), "{bytes:?}");
        }
    }
}
