//! As much of HTTP/2 as an attacker needs.

use std::io::Result;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

pub(crate) const PING: &[u8] = b"\0\0\x08\x06\0\0\0\0\0abcdefgh";
pub(crate) const SETTINGS: &[u8] = b"\0\0\0\x04\0\0\0\0\0";

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("frames of ours are short");
    let mut bytes = length.to_be_bytes()[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// Begins a connection whose answers get so many bytes of window.
pub(crate) async fn begin(write: &mut OwnedWriteHalf, window: u32) -> Result<()> {
    let initial_window = [&[0, 4][..], &window.to_be_bytes()].concat();
    let all = [
        PREFACE,
        &frame(4, 0, 0, &initial_window),
        // The whole connection may take much: the windows of the streams decide.
        &frame(8, 0, 0, &(1_u32 << 30).to_be_bytes()),
        // So that the settings of the server are known.
        &frame(4, 1, 0, &[]),
    ];
    write.write_all(&all.concat()).await
}

fn literal(name: &str, value: &str) -> Vec<u8> {
    let mut bytes = vec![0];
    for text in [name, value] {
        bytes.push(u8::try_from(text.len()).expect("texts of ours are short"));
        bytes.extend(text.as_bytes());
    }
    bytes
}

/// A request; `is_whole`: nothing follows it.
pub(crate) fn request(stream: u32, method: &str, path: &str, is_whole: bool) -> Vec<u8> {
    let fields = [(":method", method), (":scheme", "http"), (":path", path), (":authority", "x")];
    let mut block: Vec<u8> = fields.into_iter().flat_map(|(name, value)| literal(name, value)).collect();
    if method == "POST" {
        block.extend(literal("sec-fetch-site", "same-origin"));
    }
    let flags = END_HEADERS | if is_whole { END_STREAM } else { 0 };
    frame(HEADERS, flags, stream, &block)
}

/// Reads until this many requests have been answered.
pub(crate) async fn ended(read: &mut OwnedReadHalf, count: usize) -> Result<()> {
    let mut ended = 0;
    while ended < count {
        let mut head = [0; 9];
        read.read_exact(&mut head).await?;
        let [a, b, c, kind, flags, ..] = head;
        let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
        read.read_exact(&mut payload).await?;
        let is_end = kind == RST_STREAM || (kind <= HEADERS && flags & END_STREAM != 0);
        ended += usize::from(is_end);
    }
    Ok(())
}
