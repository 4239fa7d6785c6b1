//! Several commands in one request, as sendSMS's libraries queue them.

use super::{Program, WAYS, Way, assert_refused, details, started};
use contract::Cause;
use serde_json::{Value, json};

/// A queue of commands.
fn queue(commands: &[(&str, Value)]) -> String {
    let list: Vec<_> =
        commands.iter().map(|(command, params)| json!({"command": command, "params": params})).collect();
    Value::from(list).to_string()
}

#[tokio::test]
async fn each_command_has_its_answer_and_all_are_one_use() {
    let app = started().await;
    for way in WAYS {
        let program = Program::of(&app, "demouser", "default").await;
        let data = queue(&[
            ("token_add_ip", json!({"ipaddr": "192.0.2.1"})),
            ("token_add_ip", json!({"ipaddr": "192.0.2.1"})),
            // PHP writes an empty list where there are no parameters.
            ("token_list_ips", json!([])),
            ("ping", Value::Null),
        ]);
        let answers = details(&program.ask(way, "execute_multiple", &[("data", &data)]).await);
        let ok = |details: Value| json!({"status": 0, "message": "OK", "details": details});
        let again = json!({
            "status": -10,
            "message": "This is authorised already.",
            "details": {"ErrorMessages": "address_not_added"},
        });
        let expected = [ok(json!("192.0.2.1")), again, ok(json!(["192.0.2.1"])), ok(json!("pong"))];
        assert_eq!(answers, json!(expected), "{way:?}");
        assert_eq!(program.uses().await.0, "1", "{way:?}");
    }
}

#[tokio::test]
async fn a_list_that_cannot_be_carried_out_is_refused_as_a_whole() {
    let app = started().await;
    let program = Program::of(&app, "demouser", "default").await;
    let good = ("token_add_ip", json!({"ipaddr": "192.0.2.1"}));
    let nested = ("execute_multiple", json!({"data": "[]"}));
    let lists = [
        (queue(&[]), -3, "One request takes 1 to 50 commands; these are 0."),
        (queue(&vec![good.clone(); 51]), -3, "One request takes 1 to 50 commands; these are 51."),
        (queue(&[good.clone(), nested]), -3, "Command 2: execute_multiple does not stand inside of itself."),
        (queue(&[good.clone(), ("nothing", json!({}))]), -1, "Command 2: There is no such action."),
        (
            queue(&[good.clone(), ("token_add_ip", json!({}))]),
            -2,
            "Command 2: The parameter ipaddr is missing.",
        ),
        (
            queue(&[("token_add_ip", json!({"ipaddr": "x"})), good.clone()]),
            -9,
            "Command 1: This is neither an IP address nor a network. Write it like 203.0.113.7 or 198.51.100.0/24.",
        ),
        (
            queue(&[("token_add_ip", json!({"ipaddr": ["192.0.2.1"]}))]),
            -3,
            "Command 1: params takes plain values only.",
        ),
        (queue(&[("ping", json!("x"))]), -3, "Command 1: params takes an object."),
        ("[{\"params\": {}}]".to_owned(), -3, LIST),
        ("[1]".to_owned(), -3, LIST),
        ("[".to_owned(), -3, LIST),
    ];
    for (data, status, message) in &lists {
        let refused = program.ask(Way::PostBoth, "execute_multiple", &[("data", data)]).await;
        assert_eq!((&refused["status"], &refused["message"]), (&json!(status), &json!(message)));
    }
    program.is_unused("nothing was done").await;
    assert_eq!(program.listed().await, json!([]));
    assert!(app.told("demouser", Cause::AddressesChanged).await.is_empty());
}

const LIST: &str = "data takes a JSON list such as [{\"command\": \"ping\", \"params\": {}}].";

#[tokio::test]
async fn several_commands_take_a_key_even_where_each_does_not() {
    let app = started().await;
    let program = Program::of(&app, "demouser", "default").await;
    let data = queue(&[("ping", json!({}))]);
    let pairs = [("action", "execute_multiple"), ("data", data.as_str())];
    let refused = super::told(&super::send(&app, super::PROGRAMS, Way::PostForm, &pairs).await);
    assert_refused(&refused, -2, "missing_parameter");
    let fifty = queue(&vec![("ping", json!({})); 50]);
    let answers = details(&program.ask(Way::PostForm, "execute_multiple", &[("data", &fifty)]).await);
    assert_eq!(answers.as_array().unwrap().len(), 50);
    assert_eq!(program.uses().await.0, "1");
}
