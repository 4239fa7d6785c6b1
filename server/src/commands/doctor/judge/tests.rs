use super::*;
use Severity::{Good, Note, Open};

const HEADER: &str = "x-forwarded-for";

fn server(require_gateway_token: bool) -> ProbeOpened {
    ProbeOpened {
        marker: "lkprobe_x".to_owned(),
        client_address_header: HEADER.to_owned(),
        require_gateway_token,
        key_header: None,
        public_url: String::new(),
        cors_preflights_pass: false,
    }
}

fn arrival(client: Option<&str>, lines: &[(&str, &str)]) -> Arrival {
    Arrival {
        peer: "127.0.0.1".to_owned(),
        is_trusted: true,
        has_gateway_token: false,
        client: client.map(str::to_owned),
        method: None,
        lines: lines.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
    }
}

fn sent(status: u16, arrivals: Vec<Arrival>) -> Sent {
    Sent { reply: ProbeReply { status, ..ProbeReply::default() }, arrivals }
}

fn clean() -> Arrival {
    arrival(Some("203.0.113.7"), &[(HEADER, "203.0.113.7")])
}

/// The levels of what is found, and all texts.
fn found(server: &ProbeOpened, plain: &Sent, forged: &Sent) -> (Vec<Severity>, String) {
    let findings = judge(server, plain, forged);
    let texts: Vec<_> = findings.iter().map(|f| f.text.as_str()).collect();
    (findings.iter().map(|f| f.severity).collect(), texts.join("\n"))
}

/// The same for a gateway that asks and obeys.
fn of_arrivals(server: &ProbeOpened, honest: Arrival, forging: Arrival) -> (Vec<Severity>, String) {
    found(server, &sent(403, vec![honest]), &sent(403, vec![forging]))
}

#[test]
fn a_gateway_that_sets_the_address_and_strips_the_rest_is_good() {
    let (levels, texts) = of_arrivals(&server(false), clean(), clean());
    assert_eq!(levels, [Good, Good, Good, Note], "{texts}");
    assert!(texts.contains("The client is 203.0.113.7, whatever it writes"), "{texts}");
}

#[test]
fn an_address_that_the_client_chose_is_open() {
    for honest in [arrival(None, &[]), clean()] {
        let forging = arrival(Some("198.51.100.1"), &[(HEADER, "198.51.100.1")]);
        let (levels, texts) = of_arrivals(&server(false), honest, forging);
        assert_eq!(levels[1], Open);
        assert!(texts.contains("it wrote 198.51.100.1 into x-forwarded-for"), "{texts}");
    }
}

#[test]
fn an_address_that_is_appended_is_good_and_said() {
    let forging = arrival(Some("203.0.113.7"), &[(HEADER, "198.51.100.1, 203.0.113.7")]);
    let (levels, texts) = of_arrivals(&server(false), clean(), forging);
    assert_eq!(levels[1], Good);
    assert!(texts.contains("to the left of that"), "{texts}");
}

#[test]
fn a_gateway_without_an_address_is_told_from_a_client_that_is_a_proxy() {
    let (levels, texts) = of_arrivals(&server(false), arrival(None, &[]), arrival(None, &[]));
    assert_eq!(levels[1], Open);
    assert!(texts.contains("sends no x-forwarded-for"), "{texts}");
    let here = || arrival(None, &[(HEADER, "127.0.0.1")]);
    let (levels, texts) = of_arrivals(&server(false), here(), here());
    assert_eq!(levels[1], Note);
    assert!(texts.contains("(127.0.0.1) is itself a trusted proxy's"), "{texts}");
    let refused = arrival(None, &[(HEADER, "198.51.100.1"), (HEADER, "203.0.113.7, 127.0.0.1,")]);
    assert_eq!(of_arrivals(&server(false), clean(), refused).0[1], Note);
}

#[test]
fn other_headers_about_addresses_are_named() {
    let forging =
        arrival(Some("203.0.113.7"), &[("x-real-ip", "198.51.100.2"), ("forwarded", "for=198.51.100.3")]);
    let (levels, texts) = of_arrivals(&server(false), clean(), forging);
    assert_eq!(levels[2], Note);
    assert!(texts.contains("x-real-ip, forwarded arrives"), "{texts}");
}

#[test]
fn a_gateway_token_must_be_the_gateways_own() {
    let with = |has_gateway_token, lines: &[(&str, &str)]| Arrival {
        has_gateway_token,
        ..arrival(Some("203.0.113.7"), lines)
    };
    let passed = [(GATEWAY, "lkprobe_x")];
    let level = |required, honest, forging| of_arrivals(&server(required), honest, forging).0[2];
    assert_eq!(level(true, with(true, &[]), with(true, &[])), Good);
    assert_eq!(level(true, with(false, &[]), with(false, &[])), Open);
    assert_eq!(level(true, with(true, &[]), with(false, &passed)), Open);
    assert_eq!(level(false, with(false, &[]), with(false, &passed)), Note);
    assert_eq!(level(false, with(false, &[]), with(false, &[(GATEWAY, "(hidden)")])), Good);
}

#[test]
fn an_alias_of_an_identity_header_is_open() {
    let forging = arrival(Some("203.0.113.7"), &[(ALIAS, "lkprobe_x")]);
    let (levels, _) = of_arrivals(&server(false), clean(), forging);
    assert_eq!(levels.last(), Some(&Open));
}

#[test]
fn an_untrusted_gateway_is_named() {
    let stranger = || Arrival { is_trusted: false, peer: "10.0.0.5".to_owned(), ..clean() };
    let (levels, texts) = of_arrivals(&server(false), stranger(), stranger());
    assert_eq!(levels, [Good, Open]);
    assert!(texts.contains("asks from 10.0.0.5"), "{texts}");
}

#[test]
fn a_gateway_that_does_not_obey_is_open() {
    let (levels, texts) = found(&server(false), &sent(403, vec![clean()]), &sent(200, vec![clean()]));
    assert_eq!(levels[0], Open);
    assert!(texts.contains("answered 200 nevertheless"), "{texts}");
}

#[test]
fn a_gateway_that_did_not_ask_is_open_whatever_it_answered() {
    for (status, has_code, says) in [
        (200, false, "nothing is protected"),
        (302, false, "nothing is protected"),
        (401, true, "another Latchkey"),
        (401, false, "by itself"),
        (404, false, "by itself"),
        (502, false, "did not come to this Latchkey"),
    ] {
        let silent =
            || Sent { reply: ProbeReply { status, has_code, ..ProbeReply::default() }, arrivals: vec![] };
        let (levels, texts) = found(&server(false), &silent(), &silent());
        assert_eq!(levels, [Open]);
        assert!(texts.contains(says), "{texts}");
    }
}

#[test]
fn no_address_is_forged_twice() {
    for header in [HEADER, "x-real-ip", "forwarded", "proxy-protocol"] {
        let headers = forged_headers(&with_header(header));
        assert_eq!(headers.len(), 10, "{header}");
        let is_known = |value: &str| FORGED.iter().any(|f| value.contains(f)) || value == "lkprobe_x";
        assert!(headers.iter().all(|(_, value)| is_known(value) || value == "OPTIONS"));
    }
}

fn with_header(header: &str) -> ProbeOpened {
    ProbeOpened { client_address_header: header.to_owned(), ..server(false) }
}

#[test]
fn the_header_that_counts_is_forged_whatever_its_name() {
    let headers = forged_headers(&with_header("true-client-ip"));
    let (_, forged) = headers.iter().find(|(name, _)| name == "true-client-ip").unwrap();
    assert!(FORGED.contains(&forged.as_str()));
    let honest = arrival(Some("203.0.113.7"), &[("true-client-ip", "203.0.113.7")]);
    let forging = arrival(Some(forged), &[("true-client-ip", forged)]);
    let (levels, texts) = of_arrivals(&with_header("true-client-ip"), honest, forging);
    assert_eq!(levels[1], Open, "{texts}");
}

#[test]
fn nothing_is_claimed_of_a_header_that_does_not_count() {
    let (levels, texts) = of_arrivals(&with_header("proxy-protocol"), clean(), clean());
    assert_eq!(levels[1], Good);
    assert!(texts.contains("whatever it writes into headers: the PROXY header names it."), "{texts}");
}

#[test]
fn who_becomes_another_by_writing_is_told_from_who_is_refused() {
    let forging = |client| arrival(client, &[(HEADER, "?")]);
    let (levels, texts) = of_arrivals(&server(false), clean(), forging(Some("203.0.113.8")));
    assert!(levels[1] == Note && texts.contains("when it writes x-forwarded-for itself, it is 203.0.113.8."));
    let (levels, texts) = of_arrivals(&server(false), clean(), forging(None));
    assert!(levels[1] == Note && texts.contains("when it writes x-forwarded-for itself, it is refused."));
}

#[test]
fn a_method_that_the_client_chose_is_open_where_preflights_pass() {
    let with = |method: Option<&str>| Arrival { method: method.map(str::to_owned), ..clean() };
    let passing = ProbeOpened { cors_preflights_pass: true, ..server(false) };
    for (server, method, level) in [
        (&passing, Some("OPTIONS"), Some(Open)),
        (&passing, Some("GET"), Some(Good)),
        (&passing, None, Some(Note)),
        (&server(false), Some("OPTIONS"), Some(Note)),
        (&server(false), Some("GET"), None),
    ] {
        let (levels, texts) = of_arrivals(server, clean(), with(method));
        let expected: Vec<_> = [Good, Good, Good].into_iter().chain(level).chain([Note]).collect();
        assert_eq!(levels, expected, "{method:?}: {texts}");
    }
    let (_, texts) = of_arrivals(&passing, clean(), with(Some("OPTIONS")));
    assert!(texts.contains("A client chooses its method"), "{texts}");
}

/// The finding about a client address that arrives, for the address the probe was sent from.
fn compared(from: &str, client: &str) -> Option<Severity> {
    let reply = ProbeReply { status: 403, sent_from: from.parse().ok(), ..ProbeReply::default() };
    let plain = Sent { reply, arrivals: vec![arrival(Some(client), &[(HEADER, client)])] };
    let forged = sent(403, vec![arrival(Some(client), &[(HEADER, client)])]);
    let findings = judge(&server(false), &plain, &forged);
    findings
        .into_iter()
        .find(|finding| finding.text.starts_with("This was sent from"))
        .map(|finding| finding.severity)
}

#[test]
fn an_address_that_is_not_where_it_was_sent_from_is_a_balancers_or_nat() {
    assert_eq!(compared("203.0.113.7", "203.0.113.7"), None);
    assert_eq!(compared("::ffff:203.0.113.7", "203.0.113.7"), None);
    assert_eq!(compared("203.0.113.7", "203.0.113.200"), Some(Open), "a balancer");
    assert_eq!(compared("203.0.113.7", "10.0.0.200"), Some(Open), "a balancer inside");
    assert_eq!(compared("10.0.0.7", "10.0.0.200"), Some(Open), "both in one network");
    assert_eq!(compared("2001:db8::7", "2001:db8::8"), Some(Open));
    assert_eq!(compared("192.168.1.7", "203.0.113.7"), Some(Note), "this may be NAT");
    assert_eq!(compared("fd00::7", "2001:db8::7"), Some(Note));
    assert_eq!(compared("127.0.0.1", "127.0.0.1"), None);
    assert_eq!(compared("127.0.0.1", "172.17.0.1"), Some(Note), "a container on this machine");
}
