//! What is written down of a request: never its query, whatever the log is told to hold.

use crate::patience::wait_or_tell;
use crate::scene::Scene;

#[test]
fn no_log_holds_a_query() {
    let settings = [
        ("LATCHKEY_SENDSMS_ACTIONS", "true"),
        ("LATCHKEY_ACCESS_LOG", "all"),
        ("LATCHKEY_LOG_LEVEL", "trace"),
    ];
    let scene = Scene::set(&settings);
    let token = scene.head.split("x-api-key: ").nth(1).unwrap().split("\r\n").next().unwrap().to_owned();
    let from = "x-forwarded-for: 203.0.113.9\r\n";
    let form = "content-type: application/x-www-form-urlencoded\r\n";
    let query = format!("username=demouser&password={token}&colour=tellnobody");
    let asked = [
        (format!("GET /json?action=token_list_ips&{query} HTTP/1.1\r\n{from}"), String::new()),
        (
            format!("GET /json?action=token_add_ip&ipaddr=tellnobody&{query} HTTP/1.1\r\n{from}"),
            String::new(),
        ),
        (format!("GET /json?action=tellnobody&{query} HTTP/1.1\r\n{from}"), String::new()),
        (format!("HEAD /json?action=ping&{query} HTTP/1.1\r\n{from}"), String::new()),
        // A trusted proxy that names nobody.
        (format!("GET /json?action=token_list_ips&{query} HTTP/1.1\r\n"), String::new()),
        (format!("POST /json HTTP/1.1\r\n{form}{from}"), format!("action=token_list_ips&{query}")),
        (
            format!("POST /json?action=execute_multiple&{query} HTTP/1.1\r\n{form}{from}"),
            "data=[{\"command\":\"tellnobody\"}]".to_owned(),
        ),
    ];
    for (head, body) in &asked {
        scene.ask(head, body);
    }
    let lines = || scene.server.log().matches("path=\"/json\"").count();
    wait_or_tell(|| lines() == asked.len(), || format!("{} lines:\n{}", lines(), scene.server.log()));
    let log = scene.server.log();
    for secret in [token.as_str(), &token[4..40], "tellnobody", "password=", "token_list_ips"] {
        assert!(!log.contains(secret), "{secret}:\n{log}");
    }
}
