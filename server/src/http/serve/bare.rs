//! Answers of the HTTP library itself (400 and 431 to a head that it cannot read) get the headers that every other
//! answer carries. The library offers no hook for them, so they are found where they are written.

use crate::http::guard::seal;
use bytes::Bytes;
use http::HeaderMap;

/// The longest head of such an answer, in bytes. All answers of our own are longer, so they cost one comparison.
const LONGEST: usize = 160;

/// The same answer with the headers of [`seal`], if these bytes are an answer of the library itself.
pub(super) fn sealed(bytes: &[u8]) -> Option<Bytes> {
    let is_bare = bytes.len() <= LONGEST
        && bytes.starts_with(b"HTTP/1.")
        && bytes.get(8..10) == Some(b" 4")
        && bytes.ends_with(b"\r\n\r\n");
    if !is_bare || contains(bytes, b"content-security-policy") {
        return None;
    }
    let mut headers = HeaderMap::new();
    seal(&mut headers);
    let mut answer = bytes[..bytes.len() - 2].to_vec();
    for (name, value) in &headers {
        answer.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    answer.extend(b"\r\n");
    Some(answer.into())
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[test]
    fn a_bare_refusal_gets_the_headers_of_all_others() {
        let answer =
            sealed(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n").unwrap();
        let answer = std::str::from_utf8(&answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n"));
        assert!(answer.ends_with("\r\nx-content-type-options: nosniff\r\n\r\n"), "{answer}");
        assert!(answer.contains("\r\ncontent-security-policy: default-src 'none'; frame-ancestors 'none'"));
    }

    #[rstest]
    #[case::passes(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")]
    #[case::has_its_own(b"HTTP/1.1 404 Not Found\r\ncontent-security-policy: default-src 'self'\r\n\r\n")]
    #[case::a_piece_of_a_body(b"HTTP/1.1 400 Bad Request\r\n")]
    #[case::another_protocol(b"HTTP/1.10 4\r\n\r\n")]
    #[case::nothing(b"")]
    fn other_bytes_stay(#[case] bytes: &[u8]) {
        assert_eq!(sealed(bytes), None);
    }
}
