//! A second factor is set up, switched off, and reset by the operator.

use super::{PANEL, PROFILE, act, code, enrol, half_way, shown_codes, wrong_code};
use crate::app::{PASSWORD, TestApp};
use crate::html;
use http::StatusCode;
use insta::assert_snapshot;

#[tokio::test]
async fn recovery_codes_come_as_a_file_while_they_are_shown() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    app.add_user("other").await;
    let demo = app.browser("demo").await;
    let (secret, _) = enrol(&demo).await;
    let right = code(&app, &secret);
    let fields = [("password", PASSWORD), ("code", right.as_str())];
    let made = demo.post("/account/profile?do=make_recovery_codes", &fields).await;
    let page = demo.get(made.header("location")).await.page();
    let codes = shown_codes(&page);
    let link = html::attributes(&page, "#recovery-codes a[download]", "href").remove(0);
    let file = demo.get(&link).await;
    assert_eq!(file.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(file.header("content-disposition"), "attachment; filename=\"latchkey-recovery-codes.txt\"");
    assert_eq!(file.header("cache-control"), "no-store");
    assert!(file.body.starts_with("Latchkey: recovery codes of demo\r\n"), "{}", file.body);
    assert_eq!(file.body.lines().skip(3).collect::<Vec<_>>(), codes);
    // Nobody else's, and nothing once they are shown no more.
    let other = app.browser("other").await;
    assert_eq!(other.get(&link).await.header("location"), "/account/profile");
    assert!(app.stranger().get(&link).await.header("location").starts_with("/login"));
    assert_eq!(demo.get("/account/profile/recovery-codes").await.header("location"), "/account/profile");
    let name = link.split_once("made=").unwrap().1;
    demo.post("/account/profile?do=have_it", &[("made", name), ("next", "/account/profile")]).await;
    assert_eq!(demo.get(&link).await.header("location"), "/account/profile");
}

#[tokio::test]
async fn an_enrolment_is_confirmed_in_time_with_password_and_code() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let browser = app.browser("demo").await;
    let begun = act(&browser, "begin_two_factor", &[]).await;
    let page = browser.get(begun.header("location")).await.page();
    let secret = shown_codes(&page).remove(0).replace(' ', "");
    let svg = html::pieces(&page, "svg").remove(0);
    assert!(svg.contains("fill=\"#000\"") && svg.contains("M0 0h7v1h-7z"), "{svg}");
    assert!(!page.contains("style="), "the policy forbids it");
    let right = code(&app, &secret);
    let wrong = wrong_code(&app, &secret);
    for (password, code) in [("wrong", right.as_str()), (PASSWORD, &wrong), (PASSWORD, "")] {
        let answer = act(&browser, "confirm_two_factor", &[("password", password), ("code", code)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{password} {code}");
    }
    app.clock.advance(15 * 60);
    let late = code(&app, &secret);
    let answer = act(&browser, "confirm_two_factor", &[("password", PASSWORD), ("code", &late)]).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND, "the time for it is over");
    enrol(&browser).await;
    let twice = act(&browser, "begin_two_factor", &[]).await;
    assert_eq!(twice.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_cookie_alone_never_reads_the_secret_of_a_set_up() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let (owner, thief) = (app.browser("demo").await, app.browser("demo").await);
    let begun = act(&owner, "begin_two_factor", &[]).await;
    let landing = begun.header("location").to_owned();
    let name = landing.split("made=").nth(1).unwrap().split('#').next().unwrap().to_owned();
    let page = owner.get(&landing).await.page();
    let groups = shown_codes(&page).remove(0);
    let secret = groups.replace(' ', "");
    let holds =
        |body: &str| body.contains(&secret) || body.contains(&groups) || body.contains("class=\"qr\"");
    assert!(secret.len() == 32 && holds(&owner.get(&landing).await.body), "as often as its reader likes");
    let asked = format!("/portal/security?made={name}");
    let other = format!("{PROFILE}?made={}", "x".repeat(32));
    for path in [PROFILE, "/portal/security", &asked, &other, "/account/profile?done=two_factor_on"] {
        for browser in [&owner, &thief] {
            let answer = browser.get(path).await;
            assert!(answer.status == StatusCode::OK && !holds(&answer.body), "{path}: {}", answer.body);
        }
    }
    let elsewhere = thief.get(&landing).await.page();
    assert!(!holds(&elsewhere), "{elsewhere}");
    assert_snapshot!(html::lines(&elsewhere, PANEL), @"
    Two-factor login
    Two-factor login is off. With it, a login asks for a code of an app on your phone too, and your password does not end.
    Set up two-factor login
    ");
    let right = code(&app, &secret);
    let proof = [("password", PASSWORD), ("code", right.as_str())];
    let foreign = act(&thief, "confirm_two_factor", &proof).await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND, "the session that it was shown to confirms it");
    act(&thief, "cancel_two_factor", &[]).await;
    assert_snapshot!(owner.get_in(PROFILE, "en").await.lines(PANEL), @"
    Two-factor login
    The set-up of two-factor login is under way. Its secret was shown once and is not shown again. Begin again to get a new one, or cancel the set-up.
    Begin again
    Cancel the set-up
    ");
    assert_snapshot!(owner.get_in(PROFILE, "ro").await.lines(PANEL), @"
    Autentificare în doi pași
    Configurarea autentificării în doi pași este în curs. Secretul a fost afișat o singură dată și nu mai este afișat. Începeți din nou pentru a primi altul sau anulați configurarea.
    Începeți din nou
    Anulați configurarea
    ");
    // A wrong code leads back to the secret, or says so where the secret is not shown.
    let wrong = wrong_code(&app, &secret);
    let wrong = [("password", PASSWORD), ("code", wrong.as_str())];
    let refused = act(&owner, &format!("confirm_two_factor&made={name}"), &wrong).await;
    assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && holds(&refused.body), "{}", refused.body);
    let back = format!("?do=confirm_two_factor&amp;made={name}");
    assert!(refused.page().contains(&back), "{}", refused.body);
    assert_snapshot!(refused.messages(), @"This code is wrong or was used already. Wait for the next one, then try again.");
    let refused = act(&owner, "confirm_two_factor", &wrong).await;
    assert!(!holds(&refused.body), "{}", refused.body);
    assert_snapshot!(refused.messages(), @"This code is wrong or was used already. Wait for the next one, then try again.");
    let done = act(&owner, "confirm_two_factor", &proof).await;
    assert!(done.header("location").contains("done=two_factor_on"), "{}", done.body);
    assert!(!holds(&owner.get(&landing).await.body), "what was confirmed is shown no more");
}

#[tokio::test]
async fn a_set_up_can_be_begun_again_and_cancelled() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let browser = app.browser("demo").await;
    let begin = async || {
        let begun = act(&browser, "begin_two_factor", &[]).await;
        let landing = begun.header("location").to_owned();
        let secret = shown_codes(&browser.get(&landing).await.page()).remove(0).replace(' ', "");
        (landing, secret)
    };
    let confirm = async |secret: &str| {
        let right = code(&app, secret);
        act(&browser, "confirm_two_factor", &[("password", PASSWORD), ("code", &right)]).await.status
    };
    let (first, old) = begin().await;
    let (second, new) = begin().await;
    assert!(
        old != new && shown_codes(&browser.get(&first).await.page()).is_empty(),
        "another took its place"
    );
    assert_eq!(confirm(&old).await, StatusCode::UNPROCESSABLE_ENTITY);
    let left = act(&browser, "cancel_two_factor", &[]).await;
    let page = browser.get(left.header("location")).await;
    assert_snapshot!(page.messages(), @"The set-up of two-factor login is cancelled.");
    assert_snapshot!(page.lines(PANEL), @"
    Two-factor login
    Two-factor login is off. With it, a login asks for a code of an app on your phone too, and your password does not end.
    Set up two-factor login
    ");
    assert!(shown_codes(&browser.get(&second).await.page()).is_empty());
    assert_eq!(confirm(&new).await, StatusCode::NOT_FOUND);
    assert_eq!(act(&browser, "cancel_two_factor", &[]).await.status, StatusCode::SEE_OTHER, "said twice");
    // Another session's takes its place too, and what this one was shown is not shown any more.
    let (landing, dead) = begin().await;
    act(&app.browser("demo").await, "begin_two_factor", &[]).await;
    assert!(shown_codes(&browser.get(&landing).await.page()).is_empty());
    assert_eq!(confirm(&dead).await, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn switching_off_asks_for_password_and_code() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let browser = app.browser("demo").await;
    let (secret, _) = enrol(&browser).await;
    let right = code(&app, &secret);
    let wrong = wrong_code(&app, &secret);
    for (password, code) in [(PASSWORD, ""), (PASSWORD, wrong.as_str()), ("wrong", &right), ("", "")] {
        let answer = act(&browser, "switch_two_factor_off", &[("password", password), ("code", code)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{password} {code}");
        assert!(answer.body.contains("<details open"), "the form is seen");
    }
    let waiting = half_way(&app, "demo").await;
    let off = act(&browser, "switch_two_factor_off", &[("password", PASSWORD), ("code", &right)]).await;
    assert_eq!(off.header("location"), "/account/profile?done=two_factor_off", "{}", off.body);
    assert_snapshot!(browser.get(PROFILE).await.lines(PANEL), @"
    Two-factor login
    Two-factor login is off. With it, a login asks for a code of an app on your phone too, and your password does not end.
    Set up two-factor login
    ");
    assert!(waiting.get("/").await.header("location").starts_with("/login?"));
    assert_eq!(app.browser("demo").await.get("/").await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_operator_resets_a_second_factor() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let browser = app.browser("demo").await;
    let off = app.services.operator.reset_two_factor("demo").await.unwrap_err();
    assert_snapshot!(off, @"two-factor login of demo is off, so there is nothing to reset");
    assert!(app.services.operator.reset_two_factor("nobody").await.is_err());
    enrol(&browser).await;
    let (codes, sessions) = app.services.operator.reset_two_factor("demo").await.unwrap();
    assert_eq!((codes, sessions), (10, 1));
    assert_eq!(browser.get("/").await.status, StatusCode::SEE_OTHER, "its sessions end");
    assert_snapshot!(app.browser("demo").await.history().await, @"
    2026-01-15 12:00:30 | Login | demo | 192.0.2.10
    2026-01-15 12:00:30 | Two-factor login reset by the operator demo | The operator | 
    2026-01-15 12:00:00 | Two-factor login switched on | demo | 192.0.2.10
    2026-01-15 12:00:00 | Login | demo | 192.0.2.10
    2026-01-15 12:00:00 | Account created demo | The operator |
    ");
}
