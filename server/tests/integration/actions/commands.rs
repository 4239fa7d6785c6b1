//! What each action does, in every way in which it can be asked for.

use super::{ELSEWHERE, PROGRAMS, Program, WAYS, Way, assert_refused, details, send, started, told};
use crate::notices::unread;
use contract::Cause;
use serde_json::json;

#[tokio::test]
async fn ping_takes_no_key() {
    let app = started().await;
    for way in WAYS {
        let answer = send(&app, PROGRAMS, way, &[("action", "ping")]).await;
        told(&answer);
        assert_eq!(answer.body, r#"{"status":0,"message":"OK","details":"pong"}"#, "{way:?}");
    }
    let program = Program::of(&app, "demouser", "default").await;
    assert_eq!(details(&program.ask(Way::Get, "ping", &[]).await), "pong");
    program.is_unused("a key beside it is not looked at").await;
}

#[tokio::test]
async fn a_key_lists_and_adds_addresses_of_its_own() {
    let app = started().await;
    for (number, way) in WAYS.into_iter().enumerate() {
        let program = Program::of(&app, "demouser", "default").await;
        assert_eq!(details(&program.ask(way, "token_list_ips", &[]).await), json!([]), "{way:?}");
        let address = format!("192.0.2.{number}");
        let added = program.ask(way, "token_add_ip", &[("ipaddr", &address)]).await;
        assert_eq!(added, json!({"status": 0, "message": "OK", "details": address}), "{way:?}");
        program.ask(way, "token_add_ip", &[("ipaddr", "2001:DB8::/32")]).await;
        let listed = program.ask(way, "token_list_ips", &[]).await;
        assert_eq!(details(&listed), json!([address, "2001:db8::/32"]), "{way:?}");
        assert_eq!(program.uses().await, ("4".to_owned(), PROGRAMS.to_owned()), "each is one use");
        let there = program.ask_from(&address, way, "token_list_ips", &[]).await;
        assert_eq!(details(&there), json!([address, "2001:db8::/32"]), "it passes from there now");
    }
}

#[tokio::test]
async fn an_address_is_added_from_where_the_key_passes_alone_and_its_user_is_told() {
    let app = started().await;
    let program = Program::of(&app, "demouser", "default").await;
    program.listed().await;
    let refused = program.ask_from(ELSEWHERE, Way::Get, "token_add_ip", &[("ipaddr", ELSEWHERE)]).await;
    assert_refused(&refused, -5, "address_not_allowed");
    assert_eq!(program.listed().await, json!([]));
    assert!(app.told("demouser", Cause::AddressesChanged).await.is_empty());
    let before = unread(&app, "demouser").await;

    details(&program.ask(Way::PostForm, "token_add_ip", &[("ipaddr", ELSEWHERE)]).await);
    let notices = app.told("demouser", Cause::AddressesChanged).await;
    assert_eq!(notices.len(), 1);
    let notice = &notices[0];
    assert_eq!((notice.action.as_deref(), notice.detail.as_str()), (Some("address_added"), ELSEWHERE));
    assert_eq!((notice.actor.as_deref(), notice.read_at), (None, None));
    assert_eq!(notice.addresses[0].address.to_string(), PROGRAMS);
    assert_eq!(unread(&app, "demouser").await, before + 1, "whoever holds the key can do it, so it calls");
    let history = app.browser("demouser").await.history().await;
    let line = history.lines().find(|line| line.contains(ELSEWHERE)).unwrap();
    assert!(line.contains(PROGRAMS), "{line}");
}

#[tokio::test]
async fn an_address_that_is_there_already_and_one_for_a_cloud_key_are_not_added() {
    let app = started().await;
    let program = Program::of(&app, "demouser", "default").await;
    details(&program.ask(Way::Get, "token_add_ip", &[("ipaddr", "192.0.2.1")]).await);
    let again = program.ask(Way::Get, "token_add_ip", &[("ipaddr", "192.0.2.1")]).await;
    assert_refused(&again, -10, "address_not_added");
    assert_eq!(again["message"], "This is authorised already.");
    assert_eq!(app.told("demouser", Cause::AddressesChanged).await.len(), 1);
    let cloud = Program::of(&app, "demouser", "cloud").await;
    assert_refused(
        &cloud.ask(Way::Get, "token_add_ip", &[("ipaddr", "192.0.2.1")]).await,
        -10,
        "address_not_added",
    );
    assert_eq!(cloud.listed().await, json!([]));
}

#[tokio::test]
async fn a_sub_user_acts_for_itself_and_one_who_only_reads_adds_nothing() {
    let app = started().await;
    app.add_sub_user("sub", Some("demouser")).await;
    let program = Program::of(&app, "sub", "default").await;
    details(&program.ask(Way::Get, "token_add_ip", &[("ipaddr", "192.0.2.1")]).await);
    let owner = app.browser("demouser").await;
    let role = [("username", "sub"), ("role", contract::Role::ReadsOnly.field_value())];
    owner.post("/account/sub-users?do=set_sub_user_role", &role).await;
    let refused = program.ask(Way::Get, "token_add_ip", &[("ipaddr", "192.0.2.2")]).await;
    assert_refused(&refused, -7, "not_permitted");
    assert_eq!(program.listed().await, json!(["192.0.2.1"]), "it may look");
}
