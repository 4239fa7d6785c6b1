//! Streams around streams.

use super::bare;
use super::frames::Frames;
use super::watch::Watch;
use bytes::{Buf, Bytes};
use std::io::{Error, ErrorKind, IoSlice, Result};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The most bytes of a stranger that are taken in before all others have their turn: so many requests as fit into a
/// packet would keep the thread that verifies for milliseconds.
const PIECE: usize = 1024;
/// The same of HTTP/2, whose smallest frames have 9 bytes: a hundred of them in a piece, from several connections in the
/// same turn, would be felt by all others.
const PIECE_OF_FRAMES: usize = 192;

/// Tells its watch what a client that is slow to write or to read does, and stops reading from one that floods.
pub(super) struct Watched<S> {
    stream: S,
    watch: Arc<Watch>,
    frames: Frames,
    /// Whether it is read in pieces.
    in_pieces: bool,
    /// Whether others have to have their turn before the next piece.
    has_read: bool,
    /// Whether the last write had to wait.
    blocked: bool,
    /// What is still to be written in place of the bytes that the HTTP library wrote.
    instead: Bytes,
}

impl<S> Watched<S> {
    /// A stream whose client is a stranger, or nobody's own: a gateway's is read as it comes.
    pub(super) fn new(stream: S, watch: Arc<Watch>, is_strangers: bool) -> Self {
        Self {
            stream,
            watch,
            frames: Frames::new(),
            in_pieces: is_strangers,
            has_read: false,
            blocked: false,
            instead: Bytes::new(),
        }
    }
}

impl<S: AsyncRead + Unpin> Watched<S> {
    fn poll_piece(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        if std::mem::take(&mut self.has_read) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let most = if self.frames.are_counted() { PIECE_OF_FRAMES } else { PIECE };
        let mut bytes = [0; PIECE];
        let mut piece = ReadBuf::new(&mut bytes[..most.min(buf.remaining())]);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut piece))?;
        buf.put_slice(piece.filled());
        self.has_read = !piece.filled().is_empty();
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        let before = buf.filled().len();
        if self.in_pieces {
            ready!(self.poll_piece(cx, buf))?;
        } else {
            ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        }
        let received = &buf.filled()[before..];
        if !received.is_empty() {
            self.watch.received();
            if !self.frames.may_pass(received) {
                self.watch.flooded();
                return Poll::Ready(Err(Error::other("too many frames that ask for nothing")));
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// Gives bytes that were read ahead first.
pub(super) struct Prefixed<S> {
    pub(super) ahead: Bytes,
    pub(super) stream: S,
}

impl<S: AsyncRead + Unpin> AsyncRead for Prefixed<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        if self.ahead.is_empty() {
            return Pin::new(&mut self.stream).poll_read(cx, buf);
        }
        let length = self.ahead.len().min(buf.remaining());
        buf.put_slice(&self.ahead[..length]);
        self.ahead.advance(length);
        Poll::Ready(Ok(()))
    }
}

impl<S> Watched<S> {
    /// Writing again after waiting for the client to read is progress, of which the watch is told.
    fn note(&mut self, written: &Poll<Result<usize>>) {
        if written.is_ready() && self.blocked {
            self.watch.sent();
        }
        self.blocked = written.is_pending();
    }
}

impl<S: AsyncWrite + Unpin> Watched<S> {
    /// Writes what takes the place of these bytes, which count as written when it is. A writer that had to wait comes
    /// again with the same bytes.
    fn poll_instead(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        while !self.instead.is_empty() {
            let written = ready!(Pin::new(&mut self.stream).poll_write(cx, &self.instead))?;
            if written == 0 {
                return Poll::Ready(Err(ErrorKind::WriteZero.into()));
            }
            self.instead.advance(written);
        }
        Poll::Ready(Ok(bytes.len()))
    }

    /// Whether something else is written in place of these bytes.
    fn is_replaced(&mut self, bytes: &[u8]) -> bool {
        if self.instead.is_empty()
            && let Some(answer) = bare::sealed(bytes)
        {
            self.instead = answer;
        }
        !self.instead.is_empty()
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        let written = if self.is_replaced(bytes) {
            self.poll_instead(cx, bytes)
        } else {
            Pin::new(&mut self.stream).poll_write(cx, bytes)
        };
        self.note(&written);
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        // An answer of the library itself has no body, so it is one slice.
        let written = match slices {
            [only] if self.is_replaced(only) => self.poll_instead(cx, only),
            _ => Pin::new(&mut self.stream).poll_write_vectored(cx, slices),
        };
        self.note(&written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Prefixed<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Layers, Settings};
    use futures::FutureExt;
    use tokio::io::AsyncReadExt;

    fn watched(bytes: &[u8], is_strangers: bool) -> Watched<&[u8]> {
        let layers = Layers::load(None, std::iter::empty(), vec![]).unwrap();
        let timeouts = Settings::parse(&layers).unwrap().server.timeouts;
        Watched::new(bytes, Arc::new(Watch::new(timeouts)), is_strangers)
    }

    #[tokio::test]
    async fn others_have_their_turn_between_two_pieces_of_a_stranger() {
        let sent: Vec<u8> = (0..2500_u32).map(|n| b'a' + (n % 26) as u8).collect();
        let mut stream = watched(&sent, true);
        let (mut received, mut turns, mut bytes) = (vec![], 0, [0; 8192]);
        while received.len() < sent.len() {
            match stream.read(&mut bytes).now_or_never() {
                Some(read) => {
                    let length = read.unwrap();
                    assert!(length <= PIECE);
                    received.extend(&bytes[..length]);
                }
                None => turns += 1,
            }
        }
        assert_eq!((received, turns), (sent.clone(), 2));
        let mut whole = watched(&sent, false);
        assert_eq!(whole.read(&mut bytes).now_or_never().unwrap().unwrap(), 2500, "a gateway's come at once");
    }
}
