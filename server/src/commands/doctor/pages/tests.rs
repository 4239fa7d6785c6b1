use super::super::judge::Severity::{self, Good, Note, Open};
use super::*;
use crate::probe::Arrival;

fn server() -> ProbeOpened {
    ProbeOpened {
        marker: "lkprobe_x".to_owned(),
        client_address_header: "x-forwarded-for".to_owned(),
        require_gateway_token: false,
        key_header: None,
        cors_preflights_pass: false,
        public_url: "https://keys.example.com".to_owned(),
    }
}

fn sent(client: Option<&str>, header: Option<&str>) -> Sent {
    let lines = header.map(|value| ("x-forwarded-for".to_owned(), value.to_owned())).into_iter().collect();
    let client = client.map(str::to_owned);
    let arrival = Arrival { peer: "127.0.0.1".into(), is_trusted: true, client, lines, ..Arrival::default() };
    let reply = ProbeReply { status: 403, sent_from: "203.0.113.7".parse().ok(), ..ProbeReply::default() };
    Sent { reply, arrivals: vec![arrival] }
}

fn level(honest: &Sent, forging: &Sent) -> Severity {
    client(&server(), honest, forging)[0].severity
}

fn answer(status: u16, body: &str) -> ProbeReply {
    ProbeReply { status, body: body.to_owned(), ..ProbeReply::default() }
}

#[test]
fn the_visitor_has_to_arrive_as_itself() {
    let own = || sent(Some("203.0.113.7"), Some("203.0.113.7"));
    assert_eq!(level(&own(), &own()), Good);
    assert_eq!(level(&own(), &sent(Some(FORGED[0]), Some(FORGED[0]))), Open, "it chooses");
    assert_eq!(level(&sent(None, None), &sent(None, None)), Open, "everybody is unknown");
    let proxy = || sent(Some("192.0.2.1"), None);
    assert_eq!(level(&proxy(), &proxy()), Open, "everybody is the proxy");
    assert_eq!(level(&own(), &sent(None, Some("?"))), Open, "it makes itself unknown");
    assert_eq!(level(&own(), &sent(Some("203.0.113.8"), None)), Note, "it is another one");
    let here = || sent(None, Some("127.0.0.1"));
    assert_eq!(level(&here(), &here()), Note);
}

#[test]
fn what_is_for_gateways_must_not_be_reachable() {
    assert_eq!(hooks_are_apart(&[("/authz/a", false), ("/authz/b", true)]).severity, Open);
    assert_eq!(hooks_are_apart(&[("/authz/a", false)]).severity, Good);
    assert_eq!(verify_is_apart(&answer(401, "A gateway token is needed")).severity, Open);
    assert_eq!(verify_is_apart(&answer(401, "of the proxy's own")).severity, Good);
    assert_eq!(verify_is_apart(&answer(404, "")).severity, Good);
    assert_eq!(metrics_are_apart(&answer(200, "latchkey_build_info{}")).severity, Open);
    assert_eq!(metrics_are_apart(&answer(200, "<html>")).severity, Good);
}

#[test]
fn address_and_public_address_have_to_agree() {
    assert_eq!(public_url(&server(), "https://keys.example.com").severity, Good);
    assert_eq!(public_url(&server(), "http://keys.example.com").severity, Open);
    assert_eq!((forms(&answer(303, "")).severity, forms(&answer(403, "")).severity), (Good, Open));
    assert_eq!(clear_text(false, false).map(|finding| finding.severity), Some(Open));
    assert!(clear_text(true, false).is_none() && clear_text(false, true).is_none());
    let silent = Sent { reply: answer(200, ""), arrivals: vec![] };
    assert_eq!(pages(&answer(200, "name=\"username\""), &silent).severity, Open, "another's");
    assert_eq!(pages(&answer(200, "name=\"username\""), &sent(None, None)).severity, Good);
    assert_eq!(pages(&answer(502, ""), &sent(None, None)).severity, Open);
}

#[test]
fn origins_are_written_as_browsers_write_them() {
    let origin = |url: &str| Target::parse(url, None).map(|target| target.origin()).ok();
    assert_eq!(origin("https://Keys.example.com:443/").as_deref(), Some("https://keys.example.com"));
    assert_eq!(origin("http://127.0.0.1:3000").as_deref(), Some("http://127.0.0.1:3000"));
}
