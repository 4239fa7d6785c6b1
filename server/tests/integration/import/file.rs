//! The file: its forms, and that it may be imported again, with and without a server.

use super::{err, import, out, said};
use crate::binary::{Client, PASSWORD, Server, verb};

const CSV: &str = "username,description,key_type,token,created_at,expires_at,locked_ip,allowed_ips\n\
    demouser,WEB,default,old-system-key-0001,2019-07-14T11:54:19Z,,203.0.113.7,\n\
    demouser,\"Mail, and more\",cloud,old-system-key-0002,,2020-01-01T00:00:00Z,,\n\
    demouser,Office,default,old-system-key-0003,,,,198.51.100.0/24 192.0.2.9\n";

fn json_lines() -> String {
    let line = |description: &str, rest: &str| {
        format!("{{\"username\": \"demouser\", \"description\": \"{description}\", {rest}}}\n")
    };
    [
        line("WEB", "\"token\": \"old-system-key-0001\", \"locked_ip\": \"203.0.113.7\", \"owner\": null"),
        line(
            "Mail, and more",
            "\"token\": \"old-system-key-0002\", \"key_type\": \"cloud\", \"expires_at\": \"2020-01-01\"",
        ),
        line("Office", "\"token\": \"old-system-key-0003\", \"allowed_ips\": \"198.51.100.0/24 192.0.2.9\""),
    ]
    .concat()
}

/// The codes of the keys of the file, from these addresses.
fn verdicts(client: &mut Client) -> Vec<String> {
    let asked = [
        ("old-system-key-0001", "203.0.113.7"),
        ("old-system-key-0001", "203.0.113.8"),
        ("old-system-key-0002", "203.0.113.7"),
        ("old-system-key-0003", "203.0.113.7"),
        ("old-system-key-0003", "192.0.2.9"),
        ("old-system-key-0003", "198.51.100.20"),
        ("old-system-key-0004", "203.0.113.7"),
    ];
    let code = |(token, address)| {
        let reply = client.verify(token, address).unwrap();
        reply.header("x-latchkey-code").map_or_else(|| reply.status.to_string(), str::to_owned)
    };
    asked.into_iter().map(code).collect()
}

const WANTED: [&str; 7] = ["200", "IP_NOT_ALLOWED", "EXPIRED", "IP_NOT_ALLOWED", "200", "200", "NOT_FOUND"];

#[test]
fn every_form_is_read_with_and_without_a_server() {
    let crlf = CSV.replace('\n', "\r\n");
    let forms = [
        CSV.to_owned(),
        crlf.clone(),
        format!("\u{feff}{crlf}"),
        json_lines(),
        format!("\u{feff}{}", json_lines()),
    ];
    for (round, text) in forms.iter().enumerate() {
        let dir = tempfile::tempdir().unwrap();
        assert!(
            verb(dir.path(), &["user", "add", "demouser", "--password-stdin"], PASSWORD).status.success()
        );
        let runs_before = round % 2 == 0;
        let server = runs_before.then(|| Server::start(dir.path()));
        let dry = said(&import(dir.path(), &["--dry-run"], text));
        assert_eq!(dry, "would import 3 keys and make 0 users; nothing was written\n");
        if let Some(server) = &server {
            assert_eq!(
                verdicts(&mut Client::connect(server.address))[0],
                "MALFORMED",
                "nothing was admitted"
            );
        }
        assert_eq!(said(&import(dir.path(), &[], text)), "imported 3 keys and made 0 users\n");
        let again = "imported 0 keys and made 0 users; 3 keys there already\n";
        assert_eq!(said(&import(dir.path(), &[], text)), again);
        let server = server.unwrap_or_else(|| Server::start(dir.path()));
        assert_eq!(verdicts(&mut Client::connect(server.address)), WANTED, "{text}");
        drop(server.stop());
        let checked = verb(dir.path(), &["config", "--check"], "");
        assert!(checked.status.success(), "foreign tokens begin as they like: {checked:?}");
        // A new start reads everything from the file.
        let server = Server::start(dir.path());
        assert_eq!(verdicts(&mut Client::connect(server.address)), WANTED, "{text}");
        assert_eq!(said(&import(dir.path(), &[], text)), again);
    }
}

#[test]
fn what_a_file_says_is_on_the_pages() {
    let dir = tempfile::tempdir().unwrap();
    assert!(verb(dir.path(), &["user", "add", "demouser", "--password-stdin"], PASSWORD).status.success());
    let server = Server::start(dir.path());
    let file = dir.path().join("keys.csv");
    std::fs::write(&file, CSV).unwrap();
    let imported = verb(dir.path(), &["import", file.to_str().unwrap()], "");
    assert_eq!(said(&imported), "imported 3 keys and made 0 users\n");
    assert_eq!(
        err(&imported),
        "latchkey: 3 tokens may be guessed, with fewer than 20 characters; have their owners generate others\n"
    );
    let mut client = Client::connect(server.address);
    let cookie = client.log_in("demouser");
    let page = client.get(&cookie, "/account/api-keys").unwrap().body;
    for shown in ["showing 3 records", "Mail, and more", "Office", "ol…01", "203.0.113.7"] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    assert!(!page.contains("old-system-key"), "{page}");
    let history = client.get(&cookie, "/account/profile/history").unwrap().body;
    assert!(history.contains("Keys imported"), "{history}");
}

#[test]
fn a_deleted_key_stays_deleted() {
    let dir = tempfile::tempdir().unwrap();
    assert!(verb(dir.path(), &["user", "add", "demouser", "--password-stdin"], PASSWORD).status.success());
    let server = Server::start(dir.path());
    said(&import(dir.path(), &[], CSV));
    let mut client = Client::connect(server.address);
    let cookie = client.log_in("demouser");
    let reply = client.verify("old-system-key-0001", "203.0.113.7").unwrap();
    let id = reply.header("x-latchkey-key-id").unwrap().to_owned();
    assert_eq!(client.call(&cookie, "delete_key", &[("id", &id)]).status, 200);
    let again = said(&import(dir.path(), &[], CSV));
    assert_eq!(
        again,
        "imported 0 keys and made 0 users; 3 keys there already, 1 of them deleted, which stay so\n"
    );
    let reply = client.verify("old-system-key-0001", "203.0.113.7").unwrap();
    assert_eq!(reply.header("x-latchkey-code"), Some("DELETED"));
}

#[test]
fn a_file_of_2_gb_is_refused_before_it_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let path = dir.path().join("large.csv");
    let file = std::fs::File::create(&path).unwrap();
    file.set_len(2 << 30).unwrap();
    let begun = std::time::Instant::now();
    let refused = verb(dir.path(), &["import", path.to_str().unwrap()], "");
    assert_eq!((refused.status.code(), out(&refused)), (Some(1), String::new()));
    assert!(
        err(&refused).ends_with("large.csv is larger than 256 MB; split it, nothing was imported\n"),
        "{refused:?}"
    );
    // Its 2 GB would take longer, in a program that is not optimised.
    assert!(begun.elapsed() < crate::patience::PATIENCE);
    drop(server.stop());
}
