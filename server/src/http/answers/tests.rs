use super::*;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Notify;

const NUMBER: &str = "0123456789abcdef";
const SOMEBODY: Whose = Whose::Session(SessionNumber(7));

fn act_of(whose: Whose, cookies: &[u8], path: &'static str, body: &str) -> Option<Act> {
    let cookies: Vec<_> = cookies.iter().map(|n| SessionHash([*n; 32])).collect();
    Act::of(whose, &cookies, &Uri::from_static(path), body.as_bytes())
}

fn act(cookies: &[u8], number: &str) -> Option<Act> {
    act_of(SOMEBODY, cookies, "/", &format!("once={NUMBER}{number}"))
}

fn done() -> Answered {
    Answered::Done(StatusCode::OK.into_response().into())
}

/// A form that tells how many were carried out before it.
struct Forms {
    answers: FormAnswers,
    made: AtomicUsize,
}

impl Forms {
    fn new() -> Self {
        Self { answers: FormAnswers::default(), made: AtomicUsize::new(0) }
    }

    async fn send(&self, act: Option<Act>, cookie: Option<u8>) -> String {
        let form = async {
            let response = self.made.fetch_add(1, Ordering::SeqCst).to_string().into_response();
            let cookie = cookie.map(|n| SessionHash([n; 32]));
            Answered::Done(Done { cookie, ..Done::from(response) })
        };
        text(self.answers.once(act, Micros(0), form).await).await
    }
}

async fn text(response: Response) -> String {
    String::from_utf8(to_bytes(response.into_body(), 10).await.unwrap().to_vec()).unwrap()
}

#[test]
fn acts_are_equal_only_in_everything() {
    let form = |cookies: &[u8], rest: &str| {
        act_of(SOMEBODY, cookies, "/a?do=b", &format!("once={NUMBER}&{rest}")).unwrap().keys
    };
    assert_eq!(form(&[1], "x=1"), form(&[1], "x=1"));
    assert_ne!(form(&[1], "x=1"), form(&[1], "x=2"));
    assert_ne!(form(&[1], "x=1"), form(&[2], "x=1"));
    assert_ne!(form(&[1], "x=1"), form(&[], "x=1"));
    let elsewhere = act_of(SOMEBODY, &[1], "/a?do=c", &format!("once={NUMBER}&x=1")).unwrap();
    assert_ne!(form(&[1], "x=1"), elsewhere.keys);
    for bad in ["", "short", &"a".repeat(65), "0123456789abcde%21", &"é".repeat(16)] {
        assert!(act_of(SOMEBODY, &[1], "/a", &format!("once={bad}")).is_none(), "{bad}");
    }
    assert!(act_of(SOMEBODY, &[1], "/a", "x=1").is_none());
}

#[tokio::test]
async fn those_that_come_at_once_wait_for_the_first() {
    let (answers, made, go) = (FormAnswers::default(), AtomicUsize::new(0), Notify::new());
    let act = || act(&[1], "");
    let form = || async {
        go.notified().await;
        let number = made.fetch_add(1, Ordering::SeqCst);
        Answered::Done(number.to_string().into_response().into())
    };
    let (first, second, ()) =
        tokio::join!(answers.once(act(), Micros(0), form()), answers.once(act(), Micros(0), form()), async {
            go.notify_one();
        },);
    assert_eq!((text(first).await, text(second).await), ("0".into(), "0".into()));
    assert_eq!(text(answers.once(act(), Micros(0), form()).await).await, "0");
    go.notify_one();
    let late = Micros(KEPT_SECONDS * Micros::SECOND);
    assert_eq!(text(answers.once(act(), late, form()).await).await, "1", "after that it is another");
    go.notify_one();
    assert_eq!(text(answers.once(None, late, form()).await).await, "2", "without a number too");
}

#[tokio::test]
async fn with_the_cookie_of_its_answer_a_form_is_the_same_act() {
    let forms = Forms::new();
    assert_eq!(forms.send(act(&[1], ""), Some(2)).await, "0");
    assert_eq!(forms.send(act(&[2], ""), None).await, "0");
    assert_eq!(forms.send(act(&[1], ""), None).await, "0", "the answer may have been lost");
    let begun = act_of(Whose::Session(SessionNumber(8)), &[2], "/", &format!("once={NUMBER}"));
    assert_eq!(forms.send(begun, None).await, "0", "the cookie may begin another session");
    assert_eq!(forms.send(act(&[3], ""), None).await, "1", "any other is another form");
    assert_eq!(forms.send(act(&[2], "0"), None).await, "2");
    assert_eq!(forms.send(act(&[9, 2], ""), None).await, "0", "a value beside it changes nothing");
}

#[tokio::test]
async fn a_session_that_ended_gets_no_answer_again() {
    let forms = Forms::new();
    assert_eq!(forms.send(act(&[1], ""), None).await, "0");
    let nobody = act_of(Whose::Source(None), &[1], "/", &format!("once={NUMBER}"));
    assert_eq!(forms.send(nobody, None).await, "1", "it is asked who that is");
    assert_eq!(forms.send(act(&[1], ""), None).await, "0");
    forms.answers.forget_session(SessionNumber(7), None);
    assert!(forms.answers.0.lock().is_empty(), "nor is it kept");
}

#[tokio::test]
async fn what_its_reader_has_is_forgotten() {
    let (answers, name) = (FormAnswers::default(), ShownName::draw().unwrap());
    for shown in [None, Some(name.clone())] {
        let number = if shown.is_some() { "0" } else { "1" };
        let form = async { Answered::Done(Done { shown, ..Done::from(StatusCode::OK.into_response()) }) };
        answers.once(act(&[1], number), Micros(0), form).await;
    }
    answers.forget_shown(&ShownName::draw().unwrap());
    assert_eq!(answers.0.lock().len(), 2);
    answers.forget_shown(&name);
    assert_eq!(answers.0.lock().len(), 1);
    let late = Micros(KEPT_SECONDS * Micros::SECOND);
    answers.sweep(Micros(late.0 - 1));
    assert_eq!(answers.0.lock().len(), 1);
    answers.sweep(late);
    assert!(answers.0.lock().is_empty(), "and so is what is late, without another form");
}

#[tokio::test]
async fn a_refusal_is_tried_again_and_what_is_kept_is_bounded() {
    let (answers, tries) = (FormAnswers::default(), AtomicUsize::new(0));
    for _ in 0..2 {
        let form = async {
            tries.fetch_add(1, Ordering::SeqCst);
            Answered::Refused(StatusCode::UNPROCESSABLE_ENTITY.into_response())
        };
        let response = answers.once(act(&[1], ""), Micros(0), form).await;
        assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_eq!((tries.load(Ordering::SeqCst), answers.0.lock().len()), (2, 0));
    answers
        .once(act_of(Whose::Source(None), &[], "/", &format!("once={NUMBER}")), Micros(0), async { done() })
        .await;
    for number in 0..100_u8 {
        // Another junk cookie each time does not make another sender.
        answers.once(act(&[1, number], &number.to_string()), Micros(number.into()), async { done() }).await;
    }
    let kept = answers.0.lock();
    assert_eq!(kept.iter().filter(|entry| entry.whose == SOMEBODY).count(), MOST_OF_ONE);
    assert_eq!(kept.len(), MOST_OF_ONE + 1, "others lose nothing by it");
}
