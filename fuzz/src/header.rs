//! Bytes as HTTP lets them into a header.

use http::{HeaderMap, HeaderName, HeaderValue};

/// The bytes that may stand in a header's value, without the others.
pub(crate) fn value(data: &[u8]) -> Vec<u8> {
    data.iter().copied().filter(|byte| *byte == b'\t' || (*byte >= 0x20 && *byte != 0x7f)).collect()
}

/// One header a line, `name: value`; other lines are left out.
pub(crate) fn map(data: &[u8]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in data.split(|byte| *byte == b'\n') {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let (Ok(name), Ok(value)) =
            (HeaderName::from_bytes(&line[..colon]), HeaderValue::from_bytes(line[colon + 1..].trim_ascii()))
        else {
            continue;
        };
        headers.append(name, value);
    }
    headers
}
