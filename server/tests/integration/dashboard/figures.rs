//! The figures of the first page: over which range, of which keys, for whom.

use super::{DAY, start, use_key};
use crate::html;
use crate::patience::wait_beside;
use http::StatusCode;

#[tokio::test]
async fn a_range_is_chosen_by_its_address() {
    let app = start().await;
    let demo = app.browser("demo").await;
    let key = demo.generate("WEB", "cloud").await;
    use_key(&app, &key, "203.0.113.7").await;
    app.clock.advance(40 * DAY);
    let demo = app.browser("demo").await;
    for _ in 0..2 {
        use_key(&app, &key, "203.0.113.7").await;
    }
    for (range, chosen, bars, accepted) in [
        ("24h", "24 hours", 24, "2"),
        ("7d", "7 days", 7, "2"),
        ("30d", "30 days", 30, "2"),
        ("90d", "90 days", 90, "3"),
        ("", "30 days", 30, "2"),
        ("9000d", "30 days", 30, "2"),
        ("%3Cscript%3E", "30 days", 30, "2"),
    ] {
        let page = demo.get(&format!("/?range={range}")).await;
        assert_eq!(page.status, StatusCode::OK);
        assert_eq!(page.texts(".ranges [aria-current]"), [chosen], "{range}");
        assert_eq!(page.texts(".plot:not(.low) title").len(), bars, "{range}");
        assert_eq!(html::rows(&page.body, ".figures-table tbody tr").len(), bars, "{range}");
        assert_eq!(page.texts(".figures .figure")[..3], [accepted, "0", "1"], "{range}");
        assert_eq!(page.texts(".busiest .count"), [accepted], "{range}");
        let call = demo.get(&format!("/portal/dashboard?range={range}")).await.json();
        let html = call["html"].as_str().unwrap();
        assert_eq!(html::texts(html, ".ranges [aria-current]"), [chosen], "{range}");
    }
    let page = demo.get("/").await;
    assert_eq!(page.body.matches("class=\"ranges\"").count(), 1, "the HTML stands in the page once");
}

#[tokio::test]
async fn the_busiest_keys_stand_by_their_uses_in_the_range() {
    let app = start().await;
    let demo = app.browser("demo").await;
    let names = ["once busy", "a", "b", "c", "d", "e", "f"];
    let mut keys = Vec::new();
    for name in names {
        keys.push(demo.generate(name, "cloud").await);
    }
    for _ in 0..9 {
        use_key(&app, &keys[0], "203.0.113.7").await;
    }
    app.clock.advance(40 * DAY);
    for (key, times) in keys.iter().zip([1, 3, 5, 4, 2, 0, 6]) {
        for _ in 0..times {
            use_key(&app, key, "203.0.113.7").await;
        }
    }
    let demo = app.browser("demo").await;
    let page = demo.get("/").await;
    let rows: Vec<_> = html::rows(&page.body, ".busiest tbody tr")
        .into_iter()
        .map(|cells| format!("{} {}", cells[0], cells[4]))
        .collect();
    assert_eq!(rows, ["f 6", "b 5", "c 4", "a 3", "d 2"]);
    assert_eq!(page.texts(".figures .note")[2], "6 used in this time, 1 never used");
    let sparks = html::attributes(&page.body, ".busiest svg", "aria-label");
    assert_eq!(sparks[0], "Uses of f, 30 days");
}

#[tokio::test]
async fn a_sub_user_sees_what_is_their_own() {
    let app = start().await;
    app.add_sub_user("sub", Some("demo")).await;
    let (demo, sub) = (app.browser("demo").await, app.browser("sub").await);
    let [own, other] = [sub.generate("Mine", "default").await, demo.generate("Theirs", "default").await];
    for key in [&own, &other] {
        use_key(&app, key, "203.0.113.7").await;
        use_key(&app, key, "198.51.100.7").await;
    }
    // Refusals are counted in memory first.
    let refused = async || demo.get("/").await.texts(".figures .figure")[1] == "2";
    wait_beside("both refusals", refused).await;
    let page = sub.get("/").await;
    assert!(!page.body.contains("Theirs"));
    assert_eq!(page.texts(".state"), ["1 key is being refused from 198.51.100.7."]);
    assert_eq!(page.texts(".figures .figure")[..3], ["1", "1", "1"]);
    assert_eq!(page.texts(".busiest tbody a"), ["Mine"]);
    let page = demo.get("/").await;
    assert_eq!(page.texts(".state"), ["2 keys are being refused."]);
    assert_eq!(page.texts(".figures .figure")[..3], ["2", "2", "2"]);
    assert!(
        page.texts(".ask h3").contains(&"The key “Mine” is refused from 198.51.100.7 (user sub)".to_owned())
    );
    assert_eq!(app.stranger().get("/portal/dashboard").await.status, StatusCode::UNAUTHORIZED);
}
