//! The first address: a thousand first requests at once, one winner, every accepted one counted.

use crate::app::TestApp;
use crate::faults::rounds;
use futures::future::join_all;

async fn one_round(app: &TestApp, round: u32) {
    let browser = app.browser("demouser").await;
    let key = browser.generate(&format!("round {round}"), "default").await;
    let asks = (0..1000).map(|n| {
        let client = if n % 2 == 0 { "203.0.113.7" } else { "203.0.113.8" };
        let token = key.token.clone();
        async move { (client, app.authz(&token, client).await) }
    });
    let mut winners = std::collections::HashMap::new();
    for (client, answer) in join_all(asks).await {
        match answer.code() {
            "" => *winners.entry(client).or_insert(0) += 1,
            code => assert_eq!(code, "IP_NOT_ALLOWED"),
        }
    }
    assert_eq!(winners.len(), 1, "round {round}");
    let (winner, count) = winners.into_iter().next().unwrap();
    assert_eq!(count, 500, "the winner is never refused");
    let row = browser.row(&key.id).await;
    assert_eq!(row[5..7], [count.to_string(), winner.to_owned()], "round {round}");
}

async fn many_rounds(app: &TestApp) {
    let rounds = rounds("RACES", 10);
    for round in 0..rounds {
        one_round(app, round).await;
    }
    println!("{rounds} races of 1000 requests, one winner each, and every accepted use counted");
}

/// As the server runs: verifications on this thread, pages and the state writer on another.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn exactly_one_address_wins_across_threads() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    many_rounds(&app).await;
}

#[tokio::test]
async fn exactly_one_address_wins_on_one_thread() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    many_rounds(&app).await;
}
