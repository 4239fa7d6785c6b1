use super::*;
use rstest::rstest;
use std::io::Write;

fn load(
    file: &str,
    environment: &[(&str, &str)],
    flags: &[(&'static str, &str)],
) -> Result<Layers, SettingsError> {
    let mut config = tempfile::NamedTempFile::new().unwrap();
    config.write_all(file.as_bytes()).unwrap();
    let environment = environment.iter().map(|(n, v)| ((*n).into(), (*v).into()));
    let flags = flags.iter().map(|(n, v)| (*n, "--flag", (*v).to_owned())).collect();
    Layers::load(Some(config.path()), environment, flags)
}

#[test]
fn later_layers_win() {
    let listen = |file: &str, environment: &[(&str, &str)], flags: &[(&'static str, &str)]| {
        Settings::parse(&load(file, environment, flags).unwrap()).unwrap().server.listen
    };
    let file = "listen = '127.0.0.1:1'";
    let environment = [("LATCHKEY_LISTEN", "127.0.0.1:2"), ("HOME", "/")];
    let port = |port: u16| vec![Listen::Address(([127, 0, 0, 1], port).into())];
    assert_eq!(listen("", &[], &[]), port(3000));
    assert_eq!(listen(file, &[], &[]), port(1));
    assert_eq!(listen(file, &environment, &[]), port(2));
    assert_eq!(listen(file, &environment, &[("listen", "127.0.0.1:3")]), port(3));
}

#[rstest]
#[case("lisen = 'x'", &[], "there is no setting lisen; did you mean listen?")]
#[case("", &[("LATCHKEY_TRUSTED_PROXY", "x")], "there is no setting LATCHKEY_TRUSTED_PROXY; did you mean LATCHKEY_TRUSTED_PROXIES?")]
#[case("", &[("LATCHKEY_LISTEN_FILE", "x")], "there is no setting LATCHKEY_LISTEN_FILE")]
#[case("pepper = 'abc\nx", &[], " is not TOML")]
#[case("listen = 1.5", &[], "takes a text")]
#[case("", &[("LATCHKEY_PEPPER", "a"), ("LATCHKEY_PEPPER_FILE", "b")], "are both set")]
#[case("", &[("LATCHKEY_PEPPER_FILE", "/does/not/exist")], "LATCHKEY_PEPPER_FILE: cannot read /does/not/exist")]
#[case("[server]\nlisten = 'x'", &[], "server is a table; settings stand at the top level, without tables")]
#[case("[[listen]]\nx = 'x'", &[], "listen is a table; settings stand at the top level, without tables")]
#[case("server = 'x'", &[], "there is no setting server; `latchkey config` lists those that there are")]
#[case("", &[("LATCHKEY_PORT", "3000")], "there is no setting LATCHKEY_PORT; ")]
fn what_is_unknown_stops_the_start(
    #[case] file: &str,
    #[case] environment: &[(&str, &str)],
    #[case] says: &str,
) {
    let error = load(file, environment, &[]).unwrap_err().to_string();
    assert!(error.contains(says), "{error}");
    assert!(!error.contains("abc"), "{error}");
}

#[rstest]
#[case("listen", "nowhere")]
#[case("gateway_example_url", "api.example.com")]
#[case("listen", "::1:4309")]
#[case("log_level", "warning")]
#[case("old_key_prefixes", "lk,LK")]
#[case("client_address_header", "proxy-protocol")]
#[case("public_url", "https://example.com:70000")]
#[case("public_url", "https://example.com:0")]
#[case("public_url", "https://example.com:")]
#[case("public_url", "keys.example.com")]
#[case("public_url", "https://keys.example.com/path")]
#[case("public_url", "https://user@keys.example.com")]
#[case("trusted_proxies", "10.0.0.5/8")]
#[case("client_address_header", "X-Forwarded-For, X-Real-IP")]
#[case("client_address_header", "")]
#[case("log_format", "xml")]
#[case("key_prefix", "LK")]
#[case("key_in_query", "yes")]
#[case("sendsms_actions", "on")]
#[case("cors_preflights", "true")]
#[case("require_gateway_token", "1")]
#[case("hsts_include_subdomains", "yes")]
#[case("reveal", "always")]
#[case("usage_durability", "none")]
#[case("webhook_allow_private", "yes")]
#[case("webhook_timeout_seconds", "0")]
#[case("session_idle_minutes", "0")]
#[case("password_max_age_days", "-1")]
#[case("password_max_age_days", "3651")]
#[case("pepper", "beef")]
#[case("data_dir", "")]
fn values_are_checked(#[case] name: &'static str, #[case] value: &str) {
    let error = Settings::parse(&load("", &[], &[(name, value)]).unwrap()).err().unwrap().to_string();
    assert!(error.starts_with(&format!("{name} (from --flag): ")), "{error}");
}

#[test]
fn what_is_not_text_is_told_and_what_is_not_ours_passed_over() {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;
    let bytes = || OsString::from_vec(b"\xff".to_vec());
    let load =
        |name: &str| Layers::load(None, [(name.into(), bytes()), (bytes(), bytes())].into_iter(), vec![]);
    let error = load("LATCHKEY_LISTEN").unwrap_err().to_string();
    assert_eq!(error, "LATCHKEY_LISTEN: is not UTF-8; give a value, or a path, that is");
    assert!(load("LATCHKEY_CONFIG").unwrap_err().to_string().starts_with("LATCHKEY_CONFIG: cannot read "));
    load("HOME").unwrap();
    let ours = OsString::from_vec(b"LATCHKEY_\xff".to_vec());
    let error = Layers::load(None, [(ours, "x".into())].into_iter(), vec![]).unwrap_err();
    assert!(error.to_string().starts_with("environment: there is no setting LATCHKEY_"), "{error}");
}

#[test]
fn an_empty_variable_names_no_settings_file() {
    let empty = [("LATCHKEY_CONFIG".into(), "".into())].into_iter();
    Layers::load(None, empty, vec![]).unwrap();
}

#[test]
fn the_public_address_is_an_origin() {
    let server = ServerSettings::parse(&load("", &[], &[]).unwrap()).unwrap();
    let origin = |v: &str| public_url(v, &server).unwrap().origin;
    assert_eq!(origin(""), "http://127.0.0.1:3000");
    assert_eq!(origin("https://Keys.example.com/"), "https://keys.example.com");
    assert_eq!(origin("https://keys.example.com:443"), "https://keys.example.com");
    assert_eq!(origin("http://keys.example.com:8080"), "http://keys.example.com:8080");
    let host = |v: &str| {
        let url = public_url(v, &server).unwrap();
        (url.host().to_owned(), url.odd_port())
    };
    assert_eq!(host(""), ("127.0.0.1:3000".to_owned(), Some(3000)));
    assert_eq!(host("https://keys.example.com:443"), ("keys.example.com".to_owned(), None));
    assert_eq!(host("https://[::1]:8443"), ("[::1]:8443".to_owned(), Some(8443)));
    assert_eq!(host("http://[::1]"), ("[::1]".to_owned(), None));
}

#[rstest]
#[case(&[("client_address_header", "proxy-protocol")], &["client_address_header (from --flag)", "listen_proxy_protocol"])]
#[case(&[("client_address_header", "proxy-protocol"), ("listen_proxy_protocol", "127.0.0.1:1"), ("listen_gateways", "127.0.0.1:2")], &["client_address_header (from --flag)", "listen_gateways", "x-forwarded-for"])]
#[case(&[("listen", "127.0.0.1:1"), ("listen_gateways", "unix:/l,127.0.0.1:1")], &["listen_gateways (from --flag)", "127.0.0.1:1 stands in listen too"])]
#[case(&[("listen_proxy_protocol", "127.0.0.1:2"), ("listen_gateways", "127.0.0.1:2")], &["listen_gateways", "stands in listen_proxy_protocol too"])]
#[case(&[("listen", "127.0.0.1:1"), ("listen_proxy_protocol", "127.0.0.1:1")], &["listen_proxy_protocol (from --flag)", "stands in listen too"])]
fn settings_that_contradict_each_other_stop_the_start(
    #[case] flags: &[(&'static str, &str)],
    #[case] says: &[&str],
) {
    let error = Settings::parse(&load("", &[], flags).unwrap()).err().unwrap().to_string();
    assert!(says.iter().all(|part| error.contains(part)), "{error}");
}

#[test]
fn listeners_whose_port_the_system_chooses_do_not_meet() {
    let flags = [
        ("listen", "127.0.0.1:0"),
        ("listen_gateways", "127.0.0.1:0"),
        ("listen_proxy_protocol", "127.0.0.1:0"),
    ];
    assert!(Settings::parse(&load("", &[], &flags).unwrap()).is_ok());
}

#[rstest]
#[case("https://keys.example.com/keys", "a sub-path is not supported")]
#[case("https://keys.example.com:70000", "a port from 1 to 65535")]
#[case("https://keys.example.com:0", "a port from 1 to 65535")]
#[case("https://keys.example.com:", "a port from 1 to 65535")]
fn a_public_address_that_leads_nowhere_is_refused(#[case] value: &str, #[case] says: &str) {
    let server = ServerSettings::parse(&load("", &[], &[]).unwrap()).unwrap();
    let error = public_url(value, &server).unwrap_err();
    assert!(error.contains(says), "{error}");
}

#[test]
fn secrets_are_hidden_and_sources_shown() {
    let pepper = "ab".repeat(32);
    let lines = load("", &[("LATCHKEY_PEPPER", &pepper)], &[]).unwrap().lines().join("\n");
    assert!(!lines.contains("abab"));
    assert!(lines.contains("pepper = \"(hidden)\"  # LATCHKEY_PEPPER"));
    assert!(lines.contains("listen = \"127.0.0.1:3000\"  # default"));
}
