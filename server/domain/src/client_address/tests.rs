use super::*;
use proptest::prelude::*;
use rstest::rstest;

fn proxies() -> TrustedProxies {
    let texts = ["127.0.0.1", "10.0.0.0/8", "2001:db8:f::/48"];
    TrustedProxies::new(texts.iter().map(|t| Network::parse(t).unwrap()).collect())
}

fn said<'a>(family: &str, lines: &[&'a [u8]], source: Option<&str>) -> Result<Address, NoClientAddress> {
    let peer = Peer::Address(Address::parse("127.0.0.1").unwrap());
    let source = source.map(|s| Address::parse(s).unwrap());
    let said = Said::<'a> { lines: lines.to_vec(), source };
    proxies().client_address(&family.parse().unwrap(), peer, &said)
}

fn walk(family: &str, lines: &[&str]) -> Option<String> {
    let lines: Vec<&[u8]> = lines.iter().map(|l| l.as_bytes()).collect();
    said(family, &lines, None).ok().map(|a| a.to_string())
}

#[rstest]
#[case(&["203.0.113.7"], Some("203.0.113.7"))]
#[case(&["1.2.3.4, 203.0.113.7"], Some("203.0.113.7"))]
#[case(&["1.2.3.4", "203.0.113.7, 10.0.0.1"], Some("203.0.113.7"))]
#[case(&["junk, 203.0.113.7"], Some("203.0.113.7"))]
#[case(&["203.0.113.7:4711"], Some("203.0.113.7"))]
#[case(&["[2001:db8::1]:443"], Some("2001:db8::1"))]
#[case(&["[2001:db8::1]"], Some("2001:db8::1"))]
#[case(&["2001:DB8:0:0::1"], Some("2001:db8::1"))]
#[case(&["::ffff:203.0.113.7"], Some("203.0.113.7"))]
#[case(&["[::ffff:203.0.113.7]:1"], Some("203.0.113.7"))]
#[case(&["203.0.113.7, ::ffff:10.0.0.1"], Some("203.0.113.7"))]
#[case(&["1.2.3.4, junk"], None)]
#[case(&["1.2.3.4, "], None)]
#[case(&["1.2.3.4,"], None)]
#[case(&["1.2.3.4", ""], None)]
#[case(&[""], None)]
#[case(&[], None)]
#[case(&["unknown"], None)]
#[case(&["_obf"], None)]
#[case(&["fe80::1%eth0"], None)]
#[case(&["[fe80::1%3]:1"], None)]
#[case(&["010.1.1.1"], None)]
#[case(&["0x7f.0.0.1"], None)]
#[case(&["2130706433"], None)]
#[case(&["127.1"], None)]
#[case(&["203.0.113.7:"], None)]
#[case(&["203.0.113.7:65536"], None)]
#[case(&["[203.0.113.7]"], None)]
#[case(&["[2001:db8::1"], None)]
#[case(&["2001:db8::1]"], None)]
#[case(&["\"203.0.113.7\""], None)]
#[case(&["10.0.0.1, 127.0.0.1"], None)]
#[case(&["1.2.3.4 5.6.7.8"], None)]
#[case(&["203.0.113.0/24"], None)]
fn the_rightmost_untrusted_entry_counts(#[case] lines: &[&str], #[case] client: Option<&str>) {
    assert_eq!(walk("x-forwarded-for", lines).as_deref(), client);
}

#[rstest]
// The examples of RFC 7239, sections 4, 6.3 and 7.1.
#[case(&["for=\"_gazonk\""], None)]
#[case(&["For=\"[2001:db8:cafe::17]:4711\""], Some("2001:db8:cafe::17"))]
#[case(&["for=192.0.2.60;proto=http;by=203.0.113.43"], Some("192.0.2.60"))]
#[case(&["for=192.0.2.43, for=198.51.100.17"], Some("198.51.100.17"))]
#[case(&["for=_hidden, for=_SEVKISEK"], None)]
#[case(&["for=192.0.2.43,for=\"[2001:db8:cafe::17]\",for=unknown"], None)]
#[case(&["for=192.0.2.43", "for=\"[2001:db8:cafe::17]\", for=10.0.0.9"], Some("2001:db8:cafe::17"))]
#[case(&["for=\"192.0.2.43:47011\""], Some("192.0.2.43"))]
#[case(&["for=\"192.0.2.43:_gazonk\""], Some("192.0.2.43"))]
// Forms around them.
#[case(&["FOR=203.0.113.7"], Some("203.0.113.7"))]
#[case(&["host=\"a, \\\"b;c\"; for=203.0.113.7; proto=https"], Some("203.0.113.7"))]
#[case(&["proto=https;for=\"203.0.113.7\";"], Some("203.0.113.7"))]
#[case(&["for=\"[::ffff:203.0.113.7]\""], Some("203.0.113.7"))]
#[case(&["junk, \" for=203.0.113.7"], None)]
#[case(&["for=\"1.2.3.4, for=203.0.113.7"], Some("203.0.113.7"))]
#[case(&["for=\"1.2.3.4", "for=203.0.113.7"], Some("203.0.113.7"))]
#[case(&["for=1.2.3.4;host=\", for=\"[2001:db8::1]\""], Some("2001:db8::1"))]
#[case(&["\\, for=\"[2001:db8::1]\""], Some("2001:db8::1"))]
#[case(&["for=203.0.113.7;for=203.0.113.7"], None)]
#[case(&["for=203.0.113.7 for=203.0.113.8"], None)]
#[case(&["by=203.0.113.7"], None)]
#[case(&["203.0.113.7"], None)]
#[case(&["for"], None)]
#[case(&["for="], None)]
#[case(&["for= 203.0.113.7"], None)]
#[case(&["for =203.0.113.7"], None)]
#[case(&["for=203.0.113.7;host"], None)]
#[case(&["for=203.0.113.7;=x"], None)]
#[case(&["for=203.0.113.7:80"], None)]
#[case(&["for=[2001:db8::1]"], None)]
#[case(&["for=\"2001:db8::1\""], None)]
#[case(&["for=\"[203.0.113.7]\""], None)]
#[case(&["for=\"[fe80::1%1]\""], None)]
#[case(&["for=\"203.0.113.7:\""], None)]
#[case(&["for=\"203.0.113.7:123456\""], None)]
#[case(&["for=\"203.0.113.7\"x"], None)]
#[case(&["for=\"203.0.113.7\\\""], None)]
#[case(&["for=\"20\\3.0.113.7\""], None)]
#[case(&["for=010.1.1.1"], None)]
#[case(&["for=203.0.113.7,"], None)]
#[case(&[""], None)]
#[case(&[], None)]
#[case(&["for=10.0.0.1"], None)]
fn forwarded_elements_are_read_as_their_rfc_says(#[case] lines: &[&str], #[case] client: Option<&str>) {
    assert_eq!(walk("forwarded", lines).as_deref(), client);
}

#[rstest]
#[case(&["203.0.113.7"], Some("203.0.113.7"))]
#[case(&[" [2001:db8::1]:443 "], Some("2001:db8::1"))]
#[case(&["1.2.3.4, 203.0.113.7"], None)]
#[case(&["203.0.113.7", "203.0.113.7"], None)]
#[case(&["10.0.0.1"], None)]
#[case(&["010.0.0.1"], None)]
#[case(&["unknown"], None)]
#[case(&[""], None)]
#[case(&[], None)]
fn a_header_of_one_address_holds_one(#[case] lines: &[&str], #[case] client: Option<&str>) {
    assert_eq!(walk("x-real-ip", lines).as_deref(), client);
    assert_eq!(walk("CF-Connecting-IP", lines).as_deref(), client);
}

#[test]
fn with_the_proxy_protocol_only_the_connection_names_the_client() {
    let client = Address::parse("203.0.113.7");
    assert_eq!(said("proxy-protocol", &[], Some("203.0.113.7")).ok(), client.ok());
    assert_eq!(said("proxy-protocol", &[], None), Err(NoClientAddress::Missing));
    assert_eq!(said("proxy-protocol", &[b"203.0.113.7"], None), Err(NoClientAddress::Missing));
    assert_eq!(said("proxy-protocol", &[], Some("10.0.0.9")), Err(NoClientAddress::OnlyProxies));
}

#[rstest]
#[case("x-forwarded-for")]
#[case("forwarded")]
#[case("x-real-ip")]
#[case("true-client-ip")]
fn no_family_falls_back_to_the_connection(#[case] family: &str) {
    assert_eq!(said(family, &[], Some("203.0.113.7")), Err(NoClientAddress::Missing));
    assert_eq!(said(family, &[b"junk"], Some("203.0.113.7")), Err(NoClientAddress::Unreadable));
}

#[test]
fn limits_deny() {
    for (family, trusted) in [("x-forwarded-for", "10.0.0.1"), ("forwarded", "for=10.0.0.1")] {
        let client = if family == "forwarded" { "for=203.0.113.7" } else { "203.0.113.7" };
        let many = |count| vec![trusted; count].join(",");
        assert_eq!(walk(family, &[client, &many(31)]).as_deref(), Some("203.0.113.7"));
        assert_eq!(walk(family, &[client, &many(32)]), None);
        assert_eq!(walk(family, &[&" ".repeat(2049 - client.len()), client]), None);
        assert_eq!(walk(family, &[&" ".repeat(2048 - client.len()), client]).as_deref(), Some("203.0.113.7"));
    }
    assert_eq!(walk("x-real-ip", &[&format!("203.0.113.7{}", " ".repeat(2048))]), None);
}

#[test]
fn an_untrusted_peer_is_the_client_whatever_it_says() {
    let peer = Address::parse("198.51.100.9").unwrap();
    for family in ["x-forwarded-for", "forwarded", "x-real-ip", "other", "proxy-protocol"] {
        let said = Said { lines: vec![b"1.2.3.4", b"for=1.2.3.4"], source: Address::parse("1.2.3.4").ok() };
        assert_eq!(proxies().client_address(&family.parse().unwrap(), Peer::Address(peer), &said), Ok(peer));
    }
}

#[test]
fn a_peer_without_an_address_is_believed_only_if_it_is_trusted() {
    let said = Said { lines: vec![b"203.0.113.7"], source: None };
    let client = |proxies: TrustedProxies| proxies.client_address(&Family::XRealIp, Peer::Unix, &said);
    assert_eq!(client(proxies()), Err(NoClientAddress::Missing));
    assert_eq!(client(proxies().and_unix()), Ok(Address::parse("203.0.113.7").unwrap()));
}

#[test]
fn families_are_named_as_headers_are() {
    for name in ["x-forwarded-for", "forwarded", "x-real-ip", "proxy-protocol", "cf-connecting-ip"] {
        assert_eq!(name.parse::<Family>().unwrap().to_string(), name);
        assert_eq!(name.to_ascii_uppercase().parse::<Family>().unwrap().to_string(), name);
    }
    for bad in ["", "x forwarded for", "a,b", "forwarded:", "x-réal-ip"] {
        assert_eq!(bad.parse::<Family>(), Err(FamilyError), "{bad}");
    }
}

/// What a client may write in front: anything that HTTP lets through.
fn forged() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{0,60}",
        // What means something to one of the families, in all orders.
        prop::collection::vec(
            prop::sample::select(vec![
                "\"", "\\", ",", ";", "for=", "[", "]", ":", "1.2.3.4", " ", "10.0.0.1"
            ]),
            0..20
        )
        .prop_map(|parts| parts.concat())
    ]
}

/// An element as another implementation writes it.
fn written(ip: IpAddr, port: Option<u16>, more: bool) -> String {
    let name = rfc7239::NodeName::Ip(ip);
    let identifier = || rfc7239::NodeIdentifier { name: rfc7239::NodeName::Ip(ip), port };
    let by = more.then(identifier);
    rfc7239::Forwarded {
        forwarded_for: Some(rfc7239::NodeIdentifier { name, port }),
        forwarded_by: by,
        host: more.then_some("\"a, b;c\\\"\""),
        protocol: more.then_some("https"),
    }
    .to_string()
}

proptest! {
    #[test]
    fn what_a_client_writes_never_moves_what_the_proxy_appended(forged in forged(), one_line in any::<bool>()) {
        let appended = [
            ("x-forwarded-for", "203.0.113.7"),
            ("forwarded", "for=203.0.113.7"),
            ("forwarded", "for=\"203.0.113.7:80\";by=\"[2001:db8::1]:80\";host=\"a\\\", b\""),
        ];
        for (family, appended) in appended {
            let joined = format!("{forged}, {appended}");
            let client = if one_line { walk(family, &[&joined]) } else { walk(family, &[&forged, appended]) };
            prop_assert_eq!(client.as_deref(), Some("203.0.113.7"));
        }
    }

    #[test]
    fn elements_of_another_implementation_are_read(
        ip in any::<IpAddr>(), port in any::<Option<u16>>(), more in any::<bool>(), forged in forged()
    ) {
        let element = written(ip, port, more);
        let expected = Address::new(ip);
        prop_assume!(!proxies().trusts(Peer::Address(expected)));
        prop_assert_eq!(walk("forwarded", &[&forged, &element]), Some(expected.to_string()), "{}", element);
    }

    #[test]
    fn no_header_makes_it_panic(line in prop::collection::vec(any::<u8>(), 0..200)) {
        for family in ["x-forwarded-for", "forwarded", "x-real-ip"] {
            let _ = said(family, &[&line], None);
        }
    }
}
