//! `latchkey doctor pages`, in front of a server.

use crate::binary::{Server, latchkey};
use crate::said::{err, out, without};
use insta::assert_snapshot;

/// What `doctor pages` finds at the server's own address, where no proxy stands between.
#[test]
fn the_doctor_looks_at_the_pages_as_a_browser_does() {
    let report = |settings: &[(&str, &str)], public: Option<&str>| {
        let dir = tempfile::tempdir().unwrap();
        let server = Server::start_with(dir.path(), &[], settings);
        let url = public.map_or_else(|| format!("http://{}", server.address), str::to_owned);
        let output = latchkey(dir.path(), &["doctor", "pages", &url]).output().unwrap();
        (
            output.status.code(),
            without(&(out(&output) + &err(&output)), &[(&server.address.to_string(), "address")]),
        )
    };
    let (code, text) = report(&[], None);
    assert_eq!(code, Some(1), "{text}");
    let mut said = vec![text];
    let apart = [("LATCHKEY_LISTEN_GATEWAYS", "127.0.0.1:0"), ("LATCHKEY_TRUSTED_PROXIES", "192.0.2.1")];
    said.push(report(&apart, None).1);
    said.push(report(&[("LATCHKEY_CLIENT_ADDRESS_HEADER", "true-client-ip")], None).1);
    let (code, text) = report(&[], Some("http://127.0.0.1:1"));
    assert_eq!(code, Some(1), "{text}");
    said.push(text);
    assert_snapshot!(said.join("--\n"), @"
    The pages at http://[address], as a browser meets them:

    ok    The login page is reachable, and is this Latchkey's.
    OPEN  A visitor chooses its address: it wrote 198.51.100.1 into x-forwarded-for, and would pass for it.
            Have the proxy write the address that it sees, and name the proxy in trusted_proxies (docs/pages.md):
            nginx    proxy_set_header X-Forwarded-For $remote_addr;
            Caddy    no trusted_proxies that contains clients
            Traefik  no forwardedHeaders.insecure, and no trustedIPs that contain clients
    OPEN  What gateways ask is reachable from here: /authz/forward-auth, /authz/auth-request, /authz/ext-authz/x, /authz/ext-authz/../../x, /authz/ext-authz/%2e%2e/%2e%2e/x.
            Set listen_gateways, so that the public address answers pages only, or have the proxy refuse /authz/, /v1/verify and
            /metrics (docs/pages.md).
    OPEN  /v1/verify is reachable from here.
            Set listen_gateways, so that the public address answers pages only, or have the proxy refuse /authz/, /v1/verify and
            /metrics (docs/pages.md).
    ok    /metrics is not reachable from here.
    OPEN  public_url is http://127.0.0.1:0, and these pages were asked at http://[address].
            Set public_url to what customers type: scheme, host and port, without a path; a sub-path is not supported.
    ok    A form with this address as its Origin is taken (303).

    Only http://[address] was tried. Other ports and addresses of this machine (listen_gateways, admin_listen) were not: see that the internet does not reach them.
    latchkey: 4 things are open at these pages; see above what to change
    --
    The pages at http://[address], as a browser meets them:

    ok    The login page is reachable, and is this Latchkey's.
    ok    The visitor is 127.0.0.1, whatever it writes into x-forwarded-for.
    ok    What gateways ask (/authz/) is not reachable from here.
    ok    /v1/verify is not reachable from here.
    ok    /metrics is not reachable from here.
    OPEN  public_url is http://127.0.0.1:0, and these pages were asked at http://[address].
            Set public_url to what customers type: scheme, host and port, without a path; a sub-path is not supported.
    ok    A form with this address as its Origin is taken (303).

    Only http://[address] was tried. Other ports and addresses of this machine (listen_gateways, admin_listen) were not: see that the internet does not reach them.
    latchkey: 1 thing is open at these pages; see above what to change
    --
    The pages at http://[address], as a browser meets them:

    ok    The login page is reachable, and is this Latchkey's.
    OPEN  A visitor chooses its address: it wrote 198.51.100.4 into true-client-ip, and would pass for it.
            Have the proxy write the address that it sees, and name the proxy in trusted_proxies (docs/pages.md):
            nginx    proxy_set_header X-Forwarded-For $remote_addr;
            Caddy    no trusted_proxies that contains clients
            Traefik  no forwardedHeaders.insecure, and no trustedIPs that contain clients
    OPEN  What gateways ask is reachable from here: /authz/forward-auth, /authz/auth-request, /authz/ext-authz/x, /authz/ext-authz/../../x, /authz/ext-authz/%2e%2e/%2e%2e/x.
            Set listen_gateways, so that the public address answers pages only, or have the proxy refuse /authz/, /v1/verify and
            /metrics (docs/pages.md).
    OPEN  /v1/verify is reachable from here.
            Set listen_gateways, so that the public address answers pages only, or have the proxy refuse /authz/, /v1/verify and
            /metrics (docs/pages.md).
    ok    /metrics is not reachable from here.
    OPEN  public_url is http://127.0.0.1:0, and these pages were asked at http://[address].
            Set public_url to what customers type: scheme, host and port, without a path; a sub-path is not supported.
    ok    A form with this address as its Origin is taken (303).

    Only http://[address] was tried. Other ports and addresses of this machine (listen_gateways, admin_listen) were not: see that the internet does not reach them.
    latchkey: 4 things are open at these pages; see above what to change
    --
    latchkey: cannot reach http://127.0.0.1:1/: Connection refused (os error 111)
    ");
}
