//! Property: what is found stands behind exactly that name; a cookie that the browser sends first is found,
//! whatever else is in the header.

use crate::header;
use http::{HeaderMap, HeaderValue, header::COOKIE};
use latchkey::http::find_cookie;

const NAME: &str = "latchkey";

pub(crate) fn check(data: &[u8]) {
    let lines: Vec<Vec<u8>> = data.split(|byte| *byte == b'\n').map(header::value).collect();
    let mut headers = HeaderMap::new();
    for line in &lines {
        headers.append(COOKIE, HeaderValue::from_bytes(line).expect("only allowed bytes are left"));
    }
    if let Some(value) = find_cookie(&headers, NAME) {
        assert!(!value.contains(';'));
        let is_there = |pair: &str| pair.trim().strip_prefix("latchkey=") == Some(value);
        let mut texts = lines.iter().filter_map(|line| std::str::from_utf8(line).ok());
        assert!(texts.any(|line| line.split(';').any(is_there)), "{value:?}");
    }
    let mut first = HeaderMap::new();
    first.append(COOKIE, HeaderValue::from_static("xlatchkey=1; latchkey=mine; latchkey2=3"));
    for line in headers.get_all(COOKIE) {
        first.append(COOKIE, line.clone());
    }
    assert_eq!(find_cookie(&first, NAME), Some("mine"));
}
