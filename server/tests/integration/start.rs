//! What stops a start, and what must not: settings, certificates, addresses, prefixes.

use crate::binary::{Client, PASSWORD, Server, Start, latchkey, verb};
use crate::certificates::Authority;
use crate::log_lines::tells_of;
use crate::patience::PATIENCE;
use crate::said::{err, out, refusal, without, without_dir};
use insta::assert_snapshot;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// How a start ended; one that goes on is killed, which is no refusal.
fn end_of(serve: &mut Command) -> Output {
    let mut process = serve.stdout(Stdio::null()).spawn().unwrap();
    let end = Instant::now() + PATIENCE;
    while process.try_wait().unwrap().is_none() && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(10));
    }
    let _ = process.kill();
    process.wait_with_output().unwrap()
}

/// What both say with these settings: the start, and then the check, which makes nothing.
fn refused(dir: &Path, settings: &[(&str, &str)]) -> String {
    let mut serve = latchkey(dir, &["serve"]);
    let listens = settings.iter().any(|(name, _)| *name == "LATCHKEY_LISTEN");
    serve.args(if listens { &[][..] } else { &["--listen", "127.0.0.1:0"] });
    let started = refusal(&end_of(serve.envs(settings.iter().copied())));
    let before = fs::read_dir(dir).unwrap().count();
    let mut check = latchkey(dir, &["config", "--check"]);
    let checked = refusal(&check.envs(settings.iter().copied()).output().unwrap());
    assert_eq!(fs::read_dir(dir).unwrap().count(), before, "the check makes nothing");
    assert_eq!(checked, started, "the check finds what the start finds");
    started
}

#[test]
fn a_changed_prefix_refuses_the_start_and_no_customer() {
    let dir = tempfile::tempdir().unwrap();
    assert!(verb(dir.path(), &["user", "add", "demouser", "--password-stdin"], PASSWORD).status.success());
    let server = Server::start(dir.path());
    let mut client = Client::connect(server.address);
    let cookie = client.log_in("demouser");
    let (_, old) = client.generate(&cookie, "cloud");
    let (_, gone) = client.generate(&cookie, "default");
    drop(server.stop());
    let acme = ("LATCHKEY_KEY_PREFIX", "acme");
    let error = refused(dir.path(), &[acme]);
    assert_eq!(
        error,
        "latchkey: the tokens of 2 keys begin with the prefix lk, which key_prefix does not name, so all of them \
         would be refused; set old_key_prefixes = \"lk\" to accept them beside new ones, or key_prefix = \"lk\""
    );
    let both = [acme, ("LATCHKEY_OLD_KEY_PREFIXES", "old, lk")];
    let server = Server::start_with(dir.path(), &[], &both);
    let mut client = Client::connect(server.address);
    let (_, new) = client.generate(&cookie, "cloud");
    assert!(new.starts_with("acmec_"), "{new}");
    for token in [&old, &gone, &new] {
        assert_eq!(client.verify(token, "203.0.113.7").unwrap().status, 200, "{token}");
    }
    drop(server.stop());
    assert_snapshot!(refused(dir.path(), &[]), @r#"latchkey: the tokens of 1 key begin with the prefix acme, which key_prefix does not name, so all of them would be refused; set old_key_prefixes = "acme" to accept them beside new ones, or key_prefix = "acme""#);
    let server = Server::start_with(dir.path(), &[], &both);
    let log = server.stop();
    assert!(!tells_of(&log, "unclean_stop"), "a start that was refused leaves no run that was killed: {log}");
}

#[test]
fn beside_a_running_server_the_check_finds_what_would_refuse_the_restart() {
    let dir = tempfile::tempdir().unwrap();
    assert!(verb(dir.path(), &["user", "add", "demouser", "--password-stdin"], PASSWORD).status.success());
    let server = Server::start(dir.path());
    let mut client = Client::connect(server.address);
    let cookie = client.log_in("demouser");
    let (_, token) = client.generate(&cookie, "cloud");
    let own = server.address.to_string();
    let check = |settings: &[(&str, &str)]| {
        latchkey(dir.path(), &["config", "--check"]).envs(settings.iter().copied()).output().unwrap()
    };
    let acme = ("LATCHKEY_KEY_PREFIX", "acme");
    assert_snapshot!(refusal(&check(&[("LATCHKEY_LISTEN", &own), acme])), @r#"latchkey: the tokens of 1 key begin with the prefix lk, which key_prefix does not name, so all of them would be refused; set old_key_prefixes = "lk" to accept them beside new ones, or key_prefix = "lk""#);
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = other.local_addr().unwrap().to_string();
    let error = refusal(&check(&[("LATCHKEY_LISTEN", &own), ("LATCHKEY_ADMIN_LISTEN", &taken)]));
    assert_snapshot!(without(&error, &[(&taken, "taken")]), @"latchkey: cannot listen on [taken]: Address already in use (os error 98); choose another address (--admin-listen); the server that runs is not there, so another program is");
    let both = check(&[("LATCHKEY_LISTEN", &taken), acme]);
    assert_eq!(both.status.code(), Some(1));
    assert_snapshot!(without(&err(&both), &[(&taken, "taken")]), @r#"
    latchkey: the tokens of 1 key begin with the prefix lk, which key_prefix does not name, so all of them would be refused; set old_key_prefixes = "lk" to accept them beside new ones, or key_prefix = "lk"
    latchkey: cannot listen on [taken]: Address already in use (os error 98); choose another address; the server that runs is not there, so another program is
    "#);
    let everywhere = format!("0.0.0.0:{}", server.address.port());
    let unsure = check(&[("LATCHKEY_LISTEN", &everywhere)]);
    assert!(unsure.status.success(), "{unsure:?}");
    let chances = [(everywhere.as_str(), "everywhere"), (dir.path().to_str().unwrap(), "dir")];
    assert_snapshot!(without(&out(&unsure), &chances), @"A server could start with these settings; one runs on [dir] now, so it was not looked at whether the files there are whole and of one state, nor who besides it listens at [everywhere].");
    let secrets = dir.path().join("secrets.toml");
    let kept = fs::read(&secrets).unwrap();
    let house = tempfile::tempdir().unwrap();
    crate::binary::install(house.path());
    fs::copy(house.path().join("secrets.toml"), &secrets).unwrap();
    assert_snapshot!(refusal(&check(&[("LATCHKEY_LISTEN", &own)])), @"latchkey: latchkey.db was made with another pepper or sealing key, and no key would be recognised; put back the secrets.toml (or the settings pepper and sealing_key) that belong to it");
    fs::write(&secrets, kept).unwrap();
    assert_eq!(client.verify(&token, "203.0.113.7").unwrap().status, 200, "it goes on");
    drop(server.stop());
    let log = Server::start(dir.path()).stop();
    assert!(!tells_of(&log, "unclean_stop"), "{log}");
}

#[test]
fn a_service_called_latchkey_does_not_keep_it_from_starting() {
    let dir = tempfile::tempdir().unwrap();
    let service = [
        ("LATCHKEY_SERVICE_HOST", "10.96.0.12"),
        ("LATCHKEY_SERVICE_PORT", "3000"),
        ("LATCHKEY_SERVICE_PORT_HTTP", "3000"),
        ("LATCHKEY_PORT", "tcp://10.96.0.12:3000"),
        ("LATCHKEY_PORT_3000_TCP", "tcp://10.96.0.12:3000"),
        ("LATCHKEY_PORT_3000_TCP_PROTO", "tcp"),
        ("LATCHKEY_PORT_3000_TCP_PORT", "3000"),
        ("LATCHKEY_PORT_3000_TCP_ADDR", "10.96.0.12"),
        ("LATCHKEY_METRICS_SERVICE_HOST", "10.96.0.13"),
        ("LATCHKEY_CONFIG", ""),
    ];
    let _server = Start { settings: &service, ..Start::default() }.run(dir.path());
    let mut list = latchkey(dir.path(), &["user", "list"]);
    assert!(list.envs(service).output().unwrap().status.success());
    let typo =
        latchkey(dir.path(), &["user", "list"]).envs(service).env("LATCHKEY_LISTN", "x").output().unwrap();
    let wanted = "latchkey: environment: there is no setting LATCHKEY_LISTN; did you mean LATCHKEY_LISTEN?";
    assert_eq!(refusal(&typo), wanted);
}

#[test]
fn settings_that_cannot_be_meant_are_refused_with_what_can() {
    let dir = tempfile::tempdir().unwrap();
    let said = [
        ("LATCHKEY_LOG_LEVEL", "warning"),
        ("LATCHKEY_LISTEN", "::1:4309"),
        ("LATCHKEY_LISTEN", ":4305"),
        ("LATCHKEY_LISTEN", "localhost:4305"),
        ("LATCHKEY_PUBLIC_URL", "https://example.com/keys"),
        ("LATCHKEY_PUBLIC_URL", "https://example.com:70000"),
        ("LATCHKEY_CLIENT_ADDRESS_HEADER", "proxy-protocol"),
        ("LATCHKEY_PEPPER_FILE", "/nope"),
        ("LATCHKEY_CONFIG", "/nope"),
        ("LATCHKEY_TLS_CERTIFICATE", "/c.pem"),
    ]
    .map(|setting| format!("{}={}\n  {}", setting.0, setting.1, refused(dir.path(), &[setting])));
    assert_snapshot!(said.join("\n"), @"
    LATCHKEY_LOG_LEVEL=warning
      latchkey: log_level (from LATCHKEY_LOG_LEVEL): takes error, warn, info, debug, trace or off, and with commas behind it levels of parts, such as info,hyper=warn; did you mean warn?
    LATCHKEY_LISTEN=::1:4309
      latchkey: listen (from LATCHKEY_LISTEN): takes an address and a port, such as 127.0.0.1:3000; IPv6 in brackets: [::1]:3000; all: 0.0.0.0:3000 or [::]:3000; no host names, or a Unix socket such as unix:/run/latchkey.sock
    LATCHKEY_LISTEN=:4305
      latchkey: listen (from LATCHKEY_LISTEN): takes an address and a port, such as 127.0.0.1:3000; IPv6 in brackets: [::1]:3000; all: 0.0.0.0:3000 or [::]:3000; no host names, or a Unix socket such as unix:/run/latchkey.sock
    LATCHKEY_LISTEN=localhost:4305
      latchkey: listen (from LATCHKEY_LISTEN): takes an address and a port, such as 127.0.0.1:3000; IPv6 in brackets: [::1]:3000; all: 0.0.0.0:3000 or [::]:3000; no host names, or a Unix socket such as unix:/run/latchkey.sock
    LATCHKEY_PUBLIC_URL=https://example.com/keys
      latchkey: public_url (from LATCHKEY_PUBLIC_URL): Latchkey needs a host name of its own, such as https://keys.example.com; a sub-path is not supported
    LATCHKEY_PUBLIC_URL=https://example.com:70000
      latchkey: public_url (from LATCHKEY_PUBLIC_URL): takes a host name and, if one is needed, a port from 1 to 65535
    LATCHKEY_CLIENT_ADDRESS_HEADER=proxy-protocol
      latchkey: client_address_header (from LATCHKEY_CLIENT_ADDRESS_HEADER): proxy-protocol takes the client from PROXY headers, which come at the address in listen_proxy_protocol only; set that too
    LATCHKEY_PEPPER_FILE=/nope
      latchkey: LATCHKEY_PEPPER_FILE: cannot read /nope: No such file or directory (os error 2)
    LATCHKEY_CONFIG=/nope
      latchkey: LATCHKEY_CONFIG: cannot read /nope: No such file or directory (os error 2)
    LATCHKEY_TLS_CERTIFICATE=/c.pem
      latchkey: tls_key: is not set; tls_certificate needs it: the PEM file of its private key
    ");
    let config = dir.path().join("latchkey.toml");
    fs::write(&config, "[server]\nlisten = '127.0.0.1:1'\n").unwrap();
    let error = refused(dir.path(), &[("LATCHKEY_CONFIG", config.to_str().unwrap())]);
    assert!(error.ends_with("server is a table; settings stand at the top level, without tables"), "{error}");
}

#[test]
fn certificates_that_cannot_be_used_are_told_apart() {
    let dir = tempfile::tempdir().unwrap();
    let (mine, other) = (Authority::found(), Authority::found());
    mine.issue("localhost");
    other.issue("localhost");
    let path = |file: &Path| file.to_str().unwrap().to_owned();
    let certificate = path(&mine.path("cert.pem"));
    let encrypted = mine.path("encrypted.pem");
    let encrypt = ["pkcs8", "-topk8", "-passout", "pass:secret", "-in"];
    let made =
        Command::new("openssl").args(encrypt).arg(mine.path("key.pem")).arg("-out").arg(&encrypted).output();
    assert!(made.unwrap().status.success());
    let keys = [encrypted, other.path("key.pem"), mine.path("cert.pem"), mine.path("none.pem")];
    let said = keys.map(|key| {
        let settings =
            [("LATCHKEY_TLS_CERTIFICATE", certificate.as_str()), ("LATCHKEY_TLS_KEY", &path(&key))];
        refused(dir.path(), &settings)
    });
    let folder = |authority: &Authority| path(authority.path("cert.pem").parent().unwrap());
    let chances = [(&*folder(&mine), "mine"), (&folder(&other), "other")];
    assert_snapshot!(without(&said.join("\n"), &chances), @"
    latchkey: [mine]/encrypted.pem holds an encrypted key; decrypt it (`openssl pkey`)
    latchkey: the private key does not belong to the certificate ([other]/key.pem and [mine]/cert.pem): name those that were made for each other
    latchkey: [mine]/cert.pem: no items found; it has to be a PEM file of one private key
    latchkey: [mine]/none.pem: I/O error: No such file or directory (os error 2); it has to be a PEM file of one private key
    ");
}

#[test]
fn addresses_that_cannot_be_had_are_found_by_the_check() {
    let dir = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let mut said = Vec::new();
    for name in ["LATCHKEY_LISTEN", "LATCHKEY_ADMIN_LISTEN", "LATCHKEY_LISTEN_PROXY_PROTOCOL"] {
        said.push(without(&refused(dir.path(), &[(name, &address)]), &[(&address, "address")]));
    }
    assert_snapshot!(said.join("\n"), @"
    latchkey: cannot listen on [address]: Address already in use (os error 98); choose another address
    latchkey: cannot listen on [address]: Address already in use (os error 98); choose another address (--admin-listen)
    latchkey: cannot listen on [address]: Address already in use (os error 98); choose another address
    ");
    let file = dir.path().join("file");
    fs::write(&file, "x").unwrap();
    assert_snapshot!(refused(dir.path(), &[("LATCHKEY_SMTP_URL", "nonsense")]), @"latchkey: smtp_url (from LATCHKEY_SMTP_URL): takes an address such as smtp://user@mail.example.com:587 or smtps://mail.example.com");
    let listen = format!("127.0.0.1:0,unix:{}", file.display());
    let error = refused(dir.path(), &[("LATCHKEY_LISTEN", &listen)]);
    assert_snapshot!(without_dir(&error, dir.path()), @"latchkey: cannot listen on unix:[dir]/file: there is a file that is no socket; choose another address");
    // As an ordinary user: root may take every port.
    let ordinary = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--reuid=65534", "--clear-groups"];
    let open = tempfile::tempdir().unwrap();
    std::os::unix::fs::chown(open.path(), Some(65534), None).unwrap();
    let mut command = Command::new(ordinary[0]);
    command.env_clear().args(&ordinary[1..]).arg(env!("CARGO_BIN_EXE_latchkey")).current_dir("/");
    command
        .args(["config", "--check", "--data-dir"])
        .arg(open.path())
        .env("LATCHKEY_LISTEN", "127.0.0.1:443");
    let low = fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start").unwrap();
    if low.trim() != "0" {
        assert_snapshot!(refusal(&command.output().unwrap()), @"latchkey: cannot listen on 127.0.0.1:443: Permission denied (os error 13); ports below 1024 need CAP_NET_BIND_SERVICE (systemd: AmbientCapabilities), or a proxy in front");
    }
}

#[test]
fn the_check_says_what_is_in_order_and_makes_nothing() {
    let base = tempfile::tempdir().unwrap();
    let dir = base.path().join("data");
    let check = |dir: &Path| {
        let output =
            latchkey(dir, &["config", "--check"]).env("LATCHKEY_LISTEN", "127.0.0.1:0").output().unwrap();
        assert!(output.status.success(), "{output:?}");
        without_dir(&out(&output), dir)
    };
    assert_snapshot!(check(&dir), @"A server could start with these settings, and would make a new installation in [dir].");
    assert!(!dir.exists());
    assert!(verb(&dir, &["user", "add", "demouser", "--password-stdin"], PASSWORD).status.success());
    let names = || {
        let mut names: Vec<_> = fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let before = names();
    assert_snapshot!(check(&dir), @"A server could start with these settings, on the data in [dir].");
    assert_eq!(names(), before);
    let server = Server::start(&dir);
    let listen = server.address.to_string();
    let output = latchkey(&dir, &["config", "--check"]).env("LATCHKEY_LISTEN", &listen).output().unwrap();
    // Its own addresses are its own.
    assert_snapshot!(without_dir(&out(&output), &dir), @"A server could start with these settings; one runs on [dir] now, so it was not looked at whether the files there are whole and of one state.");
    drop(server.stop());
    let other = tempfile::tempdir().unwrap();
    crate::binary::install(other.path());
    fs::copy(other.path().join("secrets.toml"), dir.join("secrets.toml")).unwrap();
    assert_snapshot!(refused(&dir, &[]), @"latchkey: latchkey.db was made with another pepper or sealing key, and no key would be recognised; put back the secrets.toml (or the settings pepper and sealing_key) that belong to it");
    fs::remove_file(dir.join("secrets.toml")).unwrap();
    assert_snapshot!(without_dir(&refused(&dir, &[]), &dir), @"latchkey: [dir]/secrets.toml is missing, and without it no key of this data directory can be recognised; put it back from where you keep it, or set LATCHKEY_PEPPER_FILE and LATCHKEY_SEALING_KEY_FILE");
    fs::remove_file(dir.join("usage.db")).unwrap();
    fs::copy(other.path().join("secrets.toml"), dir.join("secrets.toml")).unwrap();
}
