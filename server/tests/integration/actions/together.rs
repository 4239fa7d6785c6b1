//! Many at once, and what changes between a request and its act.

use super::{ON, PROGRAMS, Program, Way, details};
use crate::app::TestApp;
use contract::Cause;
use futures::future::join_all;
use serde_json::json;
use std::collections::HashMap;

#[tokio::test]
async fn the_same_address_at_once_is_added_once() {
    let app = super::started().await;
    let program = Program::of(&app, "demouser", "default").await;
    let asked =
        join_all((0..20).map(|_| program.ask(Way::Get, "token_add_ip", &[("ipaddr", "192.0.2.1")]))).await;
    let mut statuses: Vec<_> = asked.iter().map(|told| told["status"].as_i64().unwrap()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [&[-10; 19][..], &[0]].concat());
    assert_eq!(program.listed().await, json!(["192.0.2.1"]));
    assert_eq!(program.uses().await, ("21".to_owned(), PROGRAMS.to_owned()));
    assert_eq!(app.told("demouser", Cause::AddressesChanged).await.len(), 1);
}

#[tokio::test]
async fn a_list_takes_a_hundred_entries_and_no_more_and_a_flood_is_answered_in_the_same_form() {
    let app = TestApp::start_with(&[ON, ("api_requests_per_minute", "0")]).await;
    app.add_user("demouser").await;
    let program = Program::of(&app, "demouser", "default").await;
    let mut waiting: Vec<_> = (0..120).map(|number| format!("192.0.2.{number}")).collect();
    let add = async |address: &String| {
        let told = program.ask(Way::PostForm, "token_add_ip", &[("ipaddr", address)]).await;
        told["status"].as_i64().unwrap()
    };
    let mut counts = HashMap::new();
    let mut rounds = 0;
    // One source holds only some of the places for pages; who gets none is told so, and asks again.
    while !waiting.is_empty() {
        let statuses = join_all(waiting.iter().map(add)).await;
        let mut asked = statuses.iter();
        waiting.retain(|_| asked.next() == Some(&-15));
        statuses.into_iter().for_each(|status| *counts.entry(status).or_insert(0) += 1);
        rounds += 1;
    }
    assert!(rounds > 1, "nobody was turned away: {counts:?}");
    counts.remove(&-15);
    assert_eq!(counts, HashMap::from([(0, 100), (-10, 20)]));
    assert_eq!(program.listed().await.as_array().unwrap().len(), 100);
}

#[tokio::test]
async fn two_addresses_race_for_a_new_key_and_the_loser_adds_nothing() {
    let app = super::started().await;
    for _ in 0..10 {
        let program = Program::of(&app, "demouser", "default").await;
        let from = [PROGRAMS, super::ELSEWHERE];
        let ask = async |from: &'static str| {
            program.ask_from(from, Way::Get, "token_add_ip", &[("ipaddr", "192.0.2.0/24")]).await
        };
        let asked = join_all(from.map(ask)).await;
        let (times, locked) = program.uses().await;
        let winner = from.iter().position(|address| *address == locked).unwrap();
        assert_eq!(details(&asked[winner]), "192.0.2.0/24");
        super::assert_refused(&asked[1 - winner], -5, "address_not_allowed");
        assert_eq!(times, "1");
    }
}
