//! What to change, with a line per gateway. docs/gateways has the complete configurations.

pub(super) const ASK: &str = "\
Have it ask before each request; docs/gateways.md has complete configurations. Or give an address that it
protects.";

pub(super) const REACH: &str = "\
Look at its log, and whether the address that it asks is the one in `listen`.";

pub(super) const OBEY: &str = "\
nginx    no `satisfy any`, and no error_page that answers 401 or 403 with 200
Envoy    failure_mode_allow: false
others   refuse whatever is not answered 200";

pub(super) const TRUST: &str = "\
If that is the gateway, add it to trusted_proxies (--trusted-proxy ADDRESS).";

pub(super) const SET: &str = "\
Have the gateway write the address that it sees in place of what the client wrote:
nginx    proxy_set_header X-Forwarded-For $remote_addr;   in the location that asks
Caddy    no trusted_proxies that contains clients
Traefik  trustForwardHeader: false, and no forwardedHeaders.insecure
Envoy    use_remote_address: true, and x-forwarded-for in allowed_headers
HAProxy  http-request set-header X-Forwarded-For %[src]   before the line that asks";

pub(super) const BALANCER: &str = "\
A balancer or CDN before the gateway: name it there, so that the gateway learns the client (docs/gateways.md, \
\"Behind a balancer or a CDN\"):
nginx    set_real_ip_from BALANCER; real_ip_header X-Forwarded-For; real_ip_recursive on;
Caddy    servers { trusted_proxies static BALANCER; trusted_proxies_strict }
Traefik  forwardedHeaders.trustedIPs: [BALANCER]
Envoy    xff_num_trusted_hops: 1
HAProxy  http-request set-src hdr(x-forwarded-for,-1) if { src BALANCER }";

pub(super) const PAGES_ADDRESS: &str = "\
Have the proxy write the address that it sees, and name the proxy in trusted_proxies (docs/pages.md):
nginx    proxy_set_header X-Forwarded-For $remote_addr;
Caddy    no trusted_proxies that contains clients
Traefik  no forwardedHeaders.insecure, and no trustedIPs that contain clients";

pub(super) const APART: &str = "\
Set listen_gateways, so that the public address answers pages only, or have the proxy refuse /authz/, /v1/verify and
/metrics (docs/pages.md).";

pub(super) const PUBLIC_URL: &str = "\
Set public_url to what customers type: scheme, host and port, without a path; a sub-path is not supported.";

pub(super) const HOST: &str = "\
Have the proxy pass the Host of the request on (nginx: proxy_set_header Host $host;), or set public_url to this address.";

pub(super) const TLS: &str = "\
Have the proxy speak TLS and redirect http to https, or set tls_certificate and tls_key (docs/pages.md).";

pub(super) const TOKEN: &str = "\
Set X-Latchkey-Gateway to the gateway's token (latchkey gateway add NAME), or to nothing where none is required:
nginx    proxy_set_header X-Latchkey-Gateway \"lkgw_…\";
Caddy    header_up X-Latchkey-Gateway \"lkgw_…\"
Traefik  customRequestHeaders in the middleware before forwardAuth
Envoy    authorization_request.headers_to_add
HAProxy  http-request set-header X-Latchkey-Gateway \"lkgw_…\"";

pub(super) const METHOD: &str = "\
Have the gateway write the method that it sees in place of what the client wrote:
nginx    proxy_set_header X-Original-Method $request_method;   in the location that asks
HAProxy  x-forwarded-method = txn.f:method(), as in docs/gateways/haproxy-latchkey.lua
Traefik  trustForwardHeader: false; behind a balancer X-Forwarded-Method: \"\" in customRequestHeaders before forwardAuth
Caddy    forward_auth does; Envoy asks with that method";

pub(super) const ALIAS: &str = "\
nginx    underscores_in_headers off (the default)
Caddy    request_header -X_Latchkey*
Traefik  underscoreHeadersStrategy: delete
Envoy    early_header_mutation, as in docs/gateways/envoy.yaml
HAProxy  http-request del-header ^x[^a-z0-9]latchkey -m reg";

pub(super) const IDENTITY: &str = "\
nginx    proxy_set_header X-Latchkey-Key-Id $latchkey_key_id;   and so for Username and Key-Type
Caddy    request_header -X-Latchkey*   before forward_auth
Traefik  the three in customRequestHeaders, empty, before forwardAuth; underscoreHeadersStrategy: delete
Envoy    early_header_mutation, as in docs/gateways/envoy.yaml
HAProxy  http-request del-header ^x[^a-z0-9]latchkey -m reg   before the line that asks";
