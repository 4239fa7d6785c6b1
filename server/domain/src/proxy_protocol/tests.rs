use super::*;
use ppp::v2;
use proptest::prelude::*;
use rstest::rstest;
use std::net::SocketAddr;

const SECOND: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

fn source(bytes: &[u8]) -> Result<Option<String>, &'static str> {
    match read(bytes) {
        Ok(Some(head)) => Ok(head.source.map(|a| a.to_string())),
        Ok(None) => Err("more"),
        Err(Malformed) => Err("malformed"),
    }
}

/// A header of version 2 with these bytes behind the stated length.
fn second(command: u8, family: u8, stated: u16, block: &[u8]) -> Vec<u8> {
    [SECOND, &[command, family], &stated.to_be_bytes(), block].concat()
}

#[rstest]
#[case("PROXY TCP4 203.0.113.7 192.0.2.1 56324 443\r\n", Some("203.0.113.7"))]
#[case("PROXY TCP4 203.0.113.7 192.0.2.1 0 65535\r\nGET /", Some("203.0.113.7"))]
#[case("PROXY TCP6 2001:DB8::1 ::1 1 2\r\n", Some("2001:db8::1"))]
#[case("PROXY TCP6 ::ffff:203.0.113.7 ::1 1 2\r\n", Some("203.0.113.7"))]
#[case("PROXY UNKNOWN\r\n", None)]
#[case("PROXY UNKNOWN ffff::1 whatever it says\r\n", None)]
fn the_first_version_names_the_source(#[case] text: &str, #[case] client: Option<&str>) {
    assert_eq!(source(text.as_bytes()), Ok(client.map(str::to_owned)));
}

#[rstest]
#[case("GET / HTTP/1.1\r\n\r\n")]
#[case("proxy TCP4 203.0.113.7 192.0.2.1 1 2\r\n")]
#[case(" PROXY TCP4 203.0.113.7 192.0.2.1 1 2\r\n")]
#[case("PROXY  TCP4 203.0.113.7 192.0.2.1 1 2\r\n")]
#[case("PROXY TCP4 203.0.113.7  192.0.2.1 1 2\r\n")]
#[case("PROXY TCP4 203.0.113.7 192.0.2.1 1 2 \r\n")]
#[case("PROXY TCP4 203.0.113.7 192.0.2.1 1 2 3\r\n")]
#[case("PROXY TCP4 203.0.113.7 192.0.2.1 1\r\n")]
#[case("PROXY TCP4 203.0.113.7 192.0.2.1 1 2\n\r\n")]
#[case("PROXY TCP4 010.0.113.7 192.0.2.1 1 2\r\n")]
#[case("PROXY TCP4 0x7f.0.0.1 192.0.2.1 1 2\r\n")]
#[case("PROXY TCP4 203.0.113.7 192.0.2.1 01 2\r\n")]
#[case("PROXY TCP4 203.0.113.7 192.0.2.1 +1 2\r\n")]
#[case("PROXY TCP4 203.0.113.7 192.0.2.1 1 65536\r\n")]
#[case("PROXY TCP4 2001:db8::1 ::1 1 2\r\n")]
#[case("PROXY TCP6 203.0.113.7 192.0.2.1 1 2\r\n")]
#[case("PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n")]
#[case("PROXY UNKNOWNX\r\n")]
#[case("PROXY UDP4 203.0.113.7 192.0.2.1 1 2\r\n")]
#[case("PROXY \r\n")]
fn anything_else_is_not_the_first_version(#[case] text: &str) {
    assert_eq!(source(text.as_bytes()), Err("malformed"));
}

#[test]
fn a_line_without_an_end_is_given_up_at_107_bytes() {
    let line = format!("PROXY UNKNOWN{}", " ".repeat(94));
    assert_eq!(source(&line.as_bytes()[..106]), Err("more"));
    assert_eq!(source(line.as_bytes()), Err("malformed"));
    assert_eq!(source(format!("{}\r\n", &line[..105]).as_bytes()), Ok(None));
    assert_eq!(source(format!("{}\r\n", &line[..106]).as_bytes()), Err("malformed"));
}

#[rstest]
#[case::local(second(0x20, 0x00, 0, b""), Ok(None))]
#[case::local_with_an_address(
    second(0x20, 0x11, 12, b"\xcb\x00\x71\x07\xc0\x00\x02\x01\0\x01\0\x02"),
    Ok(None)
)]
#[case::local_of_any_family(second(0x20, 0xff, 3, b"abc"), Ok(None))]
#[case::nothing_known(second(0x21, 0x00, 5, b"abcde"), Ok(None))]
#[case::version_1(second(0x11, 0x11, 12, &[0; 12]), Err("malformed"))]
#[case::another_command(second(0x22, 0x11, 12, &[0; 12]), Err("malformed"))]
#[case::datagrams(second(0x21, 0x12, 12, &[0; 12]), Err("malformed"))]
#[case::another_family(second(0x21, 0x41, 12, &[0; 12]), Err("malformed"))]
#[case::too_short_for_its_family(second(0x21, 0x11, 11, &[0; 11]), Err("malformed"))]
#[case::too_short_for_six(second(0x21, 0x21, 35, &[0; 35]), Err("malformed"))]
#[case::too_long(second(0x20, 0x00, 521, b""), Err("malformed"))]
#[case::the_longest(second(0x20, 0x00, 520, &[0; 520]), Ok(None))]
#[case::more_to_come(second(0x21, 0x11, 13, &[0; 12]), Err("more"))]
fn the_second_version_is_read_strictly(
    #[case] bytes: Vec<u8>,
    #[case] says: Result<Option<String>, &'static str>,
) {
    assert_eq!(source(&bytes), says);
}

/// Headers as another implementation writes them, with the source that stands in them.
fn headers() -> impl Strategy<Value = (Vec<u8>, Option<Address>)> {
    let four = || any::<([u8; 4], u16)>().prop_map(SocketAddr::from);
    let six = || any::<([u8; 16], u16)>().prop_map(SocketAddr::from);
    let pair = prop_oneof![(four(), four()), (six(), six())];
    let extensions = prop::collection::vec((any::<u8>(), prop::collection::vec(any::<u8>(), 0..40)), 0..4);
    let command = prop_oneof![Just(v2::Command::Proxy), Just(v2::Command::Local)];
    let second = (pair.clone(), extensions, command).prop_map(|((from, to), extensions, command)| {
        let source = (command == v2::Command::Proxy).then(|| Address::new(from.ip()));
        let addresses = (v2::Protocol::Stream, (from, to));
        let builder = v2::Builder::with_addresses(v2::Version::Two | command, addresses.0, addresses.1);
        let builder = extensions
            .iter()
            .fold(builder, |builder, (kind, value)| builder.write_tlv(*kind, value).expect("it fits"));
        (builder.build().expect("it fits"), source)
    });
    let first = pair.prop_map(|(from, to)| {
        let text = ppp::v1::Addresses::from((from, to)).to_string();
        (text.into_bytes(), Some(Address::new(from.ip())))
    });
    prop_oneof![first, second]
}

proptest! {
    #[test]
    fn what_another_implementation_writes_is_read((header, source) in headers(), data in ".{0,40}") {
        let bytes = [header.as_slice(), data.as_bytes()].concat();
        prop_assert_eq!(read(&bytes), Ok(Some(Head { length: header.len(), source })));
    }

    #[test]
    fn every_part_of_a_header_asks_for_more((header, _) in headers()) {
        for length in 0..header.len() {
            prop_assert_eq!(read(&header[..length]), Ok(None), "{}", length);
        }
    }

    #[test]
    fn enough_bytes_are_always_answered(bytes in prop::collection::vec(any::<u8>(), LONGEST)) {
        prop_assert_ne!(read(&bytes), Ok(None));
        prop_assert_ne!(read(&[SECOND, &bytes].concat()), Ok(None));
        prop_assert_ne!(read(&[b"PROXY ", bytes.as_slice()].concat()), Ok(None));
    }
}
