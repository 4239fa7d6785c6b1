//! Property: whatever headers a gateway passes on, the hooks refuse (there are no keys) with a code and its
//! status, and name nobody.

use crate::header;
use crate::server::SERVER;
use axum::body::Body;
use http::Request;

const HOOKS: [(&str, bool); 3] =
    [("/authz/forward-auth", false), ("/authz/auth-request", true), ("/authz/ext-authz/a?api_key=k", false)];

pub(crate) fn check(data: &[u8]) {
    let Some((choice, rest)) = data.split_first() else { return };
    let (path, is_nginx) = HOOKS[usize::from(*choice) % HOOKS.len()];
    let mut request = Request::get(path).body(Body::empty()).expect("it is a request");
    *request.headers_mut() = header::map(rest);
    let answer = SERVER.ask(request);
    let text =
        |name: &str| answer.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let status = match text("x-latchkey-code") {
        "MISSING" | "MALFORMED" | "NOT_FOUND" => "401",
        "NO_CLIENT_ADDRESS" => "403",
        "THROTTLED" => "429",
        code => panic!("{code:?}"),
    };
    assert_eq!(text("x-latchkey-status"), status);
    let sent = if is_nginx && status == "429" { "403" } else { status };
    assert_eq!(answer.status.as_str(), sent);
    for name in ["x-latchkey-key-id", "x-latchkey-username", "x-latchkey-key-type"] {
        assert!(!answer.headers.contains_key(name));
    }
}
