//! A key in full, for people and as JSON.

use super::{Made, add_user, json, key, named, rotate, said, verdict};
use crate::binary::{Client, Server};
use crate::patience::wait_until;
use crate::said::out;
use insta::assert_snapshot;

#[test]
fn a_key_is_shown_with_its_rule_its_uses_and_its_history() {
    let dir = tempfile::tempdir().unwrap();
    add_user(dir.path(), "demo");
    let server = Server::start(dir.path());
    let mut client = Client::connect(server.address);
    let cookie = client.log_in("demo");
    let made = Made::of(client.generate(&cookie, "default"));
    for _ in 0..3 {
        assert_eq!(verdict(&mut client, &made.token, "203.0.113.7"), "200");
    }
    for address in ["203.0.113.8", "198.51.100.7"] {
        assert_eq!(verdict(&mut client, &made.token, address), "IP_NOT_ALLOWED");
    }
    let network = [("id", made.id.as_str()), ("address", "198.51.100.0/24")];
    assert_eq!(client.call(&cookie, "authorise_address", &network).status, 200);
    assert_eq!(verdict(&mut client, &made.token, "198.51.100.7"), "200");
    let newer = Made { id: made.id.clone(), token: rotate(&mut client, &cookie, &made.id, "3600") };
    assert_eq!(verdict(&mut client, &newer.token, "203.0.113.7"), "200");
    let show = |more: &[&str]| key(dir.path(), &[&["show", made.id.as_str()], more].concat(), "");
    wait_until("refusals are counted within a second", || {
        json(&show(&["--json"]))["refused"][0]["days_30"] == 2
    });
    let (old, new) = (made.masked(), newer.masked());
    let chances = [(made.id.as_str(), "id"), (old.as_str(), "old"), (new.as_str(), "new")];
    let shown = show(&[]);
    assert_snapshot!(said(&shown, &chances), @"");
    let as_json = json(&show(&["--json"]));
    assert_snapshot!(named(&serde_json::to_string_pretty(&as_json).unwrap(), &chances), @"");
    for token in [&made.token, &newer.token] {
        assert!(!out(&shown).contains(token.as_str()) && !as_json.to_string().contains(token.as_str()));
    }
    let by_token = key(dir.path(), &["show", "--token-from-stdin", "--json"], &made.token);
    assert_eq!(json(&by_token)["found_by_token"]["is_old"], true);
    server.stop();
    assert_eq!(out(&show(&[])), out(&shown), "without a server it says the same");
    assert_eq!(json(&show(&["--json"])), as_json);
}
