//! Users who are made with their keys.

use super::{err, import, out, said};
use crate::binary::{Client, PASSWORD, Server, verb};

const FILE: &str = "owner,username,description,token\n\
    Firma,anna,Shop,token-of-anna-in-the-shop\n\
    ,Firma,All,token-of-the-whole-company\n\
    ,solo,Web,token-of-somebody-alone\n";

#[test]
fn missing_users_are_made_without_a_password() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let setup = server.setup.clone().unwrap();
    let secret = setup.split("/setup?token=").nth(1).unwrap().trim().to_owned();
    let refused = import(dir.path(), &[], FILE);
    assert_eq!(refused.status.code(), Some(1));
    assert_eq!(out(&refused).lines().count(), 3, "{refused:?}");
    let made = import(dir.path(), &["--create-users"], FILE);
    assert_eq!(said(&made), "imported 3 keys and made 3 users\n");
    assert_eq!(
        err(&made),
        "latchkey: who was made has no password; `latchkey user reset-password NAME` gives one\n"
    );
    let mut client = Client::connect(server.address);
    let reply = client.ask(&format!("GET /setup?token={secret} HTTP/1.1\r\n"), "").unwrap();
    assert!(!reply.body.contains("Create account"), "the link is closed: {}", reply.body);
    for name in ["anna", "Firma", "solo"] {
        for password in ["", " ", PASSWORD] {
            let body = serde_urlencoded::to_string([("username", name), ("password", password)]).unwrap();
            let head = "POST /login HTTP/1.1\r\nsec-fetch-site: same-origin\r\n";
            assert_eq!(client.ask(head, &body).unwrap().status, 422, "{name} {password:?}");
        }
    }
    let reply = client.verify("token-of-anna-in-the-shop", "203.0.113.7").unwrap();
    assert_eq!((reply.status, reply.header("x-latchkey-username")), (200, Some("anna")));
    let users: serde_json::Value =
        serde_json::from_slice(&verb(dir.path(), &["user", "list", "--json"], "").stdout).unwrap();
    let owners: Vec<_> = users.as_array().unwrap().iter().map(|u| (&u["username"], &u["owner"])).collect();
    let expected = [("anna", Some("Firma")), ("Firma", None), ("solo", None)];
    let expected = expected.map(|(name, owner)| (serde_json::json!(name), serde_json::json!(owner)));
    assert_eq!(owners, expected.iter().map(|(name, owner)| (name, owner)).collect::<Vec<_>>());
    assert!(
        verb(dir.path(), &["user", "reset-password", "firma", "--password-stdin"], PASSWORD).status.success()
    );
    let cookie = client.log_in("Firma");
    let list = client.get(&cookie, "/account/api-keys").unwrap().body;
    assert!(list.contains("showing 2 records"), "its own and that of its sub-user: {list}");
    let again = said(&import(dir.path(), &["--create-users"], FILE));
    assert_eq!(again, "imported 0 keys and made 0 users; 3 keys there already\n");
}
