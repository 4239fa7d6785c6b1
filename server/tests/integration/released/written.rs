//! A data directory as a killed server leaves it, written down as text.

use super::{count, wait_until};
use crate::binary::{Client, PASSWORD, Server, verb};
use rusqlite::Connection;
use serde_json::json;
use std::fs;
use std::path::Path;

/// The keys: description and type.
const KEYS: [(&str, &str); 5] = [
    ("Shop", "default"),
    ("App of a friend", "app"),
    ("Old SMPP", "smpp"),
    ("Deleted", "default"),
    ("Never used", "default"),
];
/// The uses that are folded: key, address, how often.
const FOLDED: [(&str, &str, usize); 4] = [
    ("Shop", "203.0.113.7", 5),
    ("Shop", "203.0.113.8", 2),
    ("App of a friend", "198.51.100.4", 3),
    ("Deleted", "203.0.113.9", 2),
];
const UNFOLDED: &str = "SELECT count(*) FROM journal";

/// A generated key: id and token.
struct Key {
    name: &'static str,
    id: String,
    token: String,
}

fn find<'a>(keys: &'a [Key], name: &str) -> &'a Key {
    keys.iter().find(|key| key.name == name).unwrap()
}

/// Asks for the SMPP key as a gateway does; answers what is said.
pub(super) fn bind(client: &mut Client, gateway: &str, secret: &str) -> String {
    let question = json!({"key": secret, "client_ip": "203.0.113.10", "username": "demouser"});
    let head = format!("POST /v1/verify HTTP/1.1\r\nauthorization: Bearer {gateway}\r\n");
    client.ask(&head, &question.to_string()).unwrap().body
}

fn generate(client: &mut Client, cookie: &str) -> Vec<Key> {
    let one = |(name, key_type): (&'static str, &str)| {
        let reply = client.call(cookie, "generate_key", &[("description", name), ("key_type", key_type)]);
        let json: serde_json::Value = serde_json::from_str(&reply.body).unwrap();
        let text = |field: &str| json[field].as_str().unwrap().to_owned();
        Key { name, id: text("id"), token: text("token") }
    };
    KEYS.into_iter().map(one).collect()
}

/// Lives a short life on a directory and is killed; answers the gateway's token and the keys.
fn live(dir: &Path) -> (String, Vec<Key>) {
    let added = |arguments: &[&str]| {
        let output = verb(dir, arguments, PASSWORD);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    let server = Server::start(dir);
    added(&["user", "add", "demouser", "--password-stdin"]);
    added(&["user", "add", "helper", "--owner", "demouser", "--password-stdin"]);
    let gateway = added(&["gateway", "add", "edge"]);
    let mut client = Client::connect(server.address);
    let cookie = client.log_in("demouser");
    let keys = generate(&mut client, &cookie);
    for (name, address, times) in FOLDED {
        (0..times).for_each(|_| drop(client.verify(&find(&keys, name).token, address).unwrap()));
    }
    (0..2).for_each(|_| drop(bind(&mut client, &gateway, &find(&keys, "Old SMPP").token)));
    wait_until("all uses are folded", || count(dir, UNFOLDED) == 0);
    let deleted = find(&keys, "Deleted");
    assert_eq!(client.call(&cookie, "delete_key", &[("id", &deleted.id)]).status, 200);
    client.verify(&deleted.token, "203.0.113.9").unwrap();
    (0..3).for_each(|_| drop(client.verify(&find(&keys, "Shop").token, "203.0.113.7").unwrap()));
    server.kill();
    (gateway, keys)
}

/// Writes down what a killed server left: two texts of SQL, its secrets, its keys.
pub(super) fn write(into: &Path) {
    let lived = || {
        let dir = tempfile::tempdir().unwrap();
        let told = live(dir.path());
        // On a machine that stood still before the kill, the last uses are folded too.
        (count(dir.path(), UNFOLDED) > 0).then_some((dir, told))
    };
    let (dir, (gateway, keys)) = std::iter::repeat_with(lived).flatten().next().unwrap();
    for file in ["latchkey", "usage"] {
        let connection = Connection::open(dir.path().join(format!("{file}.db"))).unwrap();
        fs::write(into.join(format!("{file}.sql")), dump(&connection)).unwrap();
    }
    fs::copy(dir.path().join("secrets.toml"), into.join("secrets.toml")).unwrap();
    let named = |of: fn(&Key) -> &str| {
        keys.iter().map(|key| (key.name.to_owned(), of(key).into())).collect::<serde_json::Map<_, _>>()
    };
    let told = json!({"gateway": gateway, "tokens": named(|key| &key.token), "ids": named(|key| &key.id)});
    fs::write(into.join("keys.json"), serde_json::to_string_pretty(&told).unwrap() + "\n").unwrap();
}

/// A database as text: its version, its tables with their rows, then what depends on them.
fn dump(connection: &Connection) -> String {
    let version: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    let mut text = format!("PRAGMA user_version = {version};\nBEGIN TRANSACTION;\n");
    let lists = |sql: &str| -> Vec<(String, Option<String>)> {
        let mut statement = connection.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
        rows.unwrap().collect::<Result<_, _>>().unwrap()
    };
    let tables =
        "SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name";
    let tables = lists(tables).into_iter();
    let sequence = Some(("sqlite_sequence".to_owned(), None))
        .filter(|(name, _)| connection.table_exists(None, name.as_str()).unwrap());
    for (name, sql) in tables.chain(sequence) {
        text += &sql.map_or_else(|| format!("DELETE FROM {name};\n"), |sql| format!("{sql};\n"));
        let columns = lists(&format!("SELECT name, NULL FROM pragma_table_info('{name}')")).into_iter();
        let columns: Vec<_> = columns.map(|(column, _)| format!("quote(\"{column}\")")).collect();
        let rows = format!("SELECT concat_ws(',', {}), NULL FROM \"{name}\"", columns.join(", "));
        for (row, _) in lists(&rows) {
            text += &format!("INSERT INTO \"{name}\" VALUES({row});\n");
        }
    }
    for (_, sql) in
        lists("SELECT name, sql FROM sqlite_schema WHERE type <> 'table' AND sql IS NOT NULL ORDER BY name")
    {
        text += &format!("{};\n", sql.unwrap());
    }
    text + "COMMIT;\n"
}
