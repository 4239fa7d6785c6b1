//! Property: the answer to a beginning is "more" until it is decided, and then never changes with what follows;
//! it is decided within the longest header; a source is the one that another implementation reads.

use domain::address::Address;
use domain::proxy_protocol::{Head, LONGEST, read};
use ppp::{HeaderResult, v1, v2};
use std::net::IpAddr;

pub(crate) fn check(data: &[u8]) {
    let data = &data[..data.len().min(LONGEST + 100)];
    let decided = (0..=data.len()).find(|length| read(&data[..*length]) != Ok(None));
    let Some(decided) = decided else {
        assert!(data.len() < LONGEST, "undecided after {} bytes", data.len());
        return;
    };
    let answer = read(&data[..decided]);
    for length in decided..=data.len() {
        assert_eq!(read(&data[..length]), answer, "after {length} bytes");
    }
    if let Ok(Some(head)) = answer {
        assert_eq!(head.length, decided, "it is decided by its last byte");
        same_as_the_other(&data[..head.length], head);
    }
}

fn same_as_the_other(header: &[u8], head: Head) {
    let Some(source) = head.source else { return };
    let other: Option<IpAddr> = match HeaderResult::parse(header) {
        HeaderResult::V1(Ok(header)) => match header.addresses {
            v1::Addresses::Tcp4(pair) => Some(pair.source_address.into()),
            v1::Addresses::Tcp6(pair) => Some(pair.source_address.into()),
            v1::Addresses::Unknown => None,
        },
        HeaderResult::V2(Ok(header)) => match header.addresses {
            v2::Addresses::IPv4(pair) => Some(pair.source_address.into()),
            v2::Addresses::IPv6(pair) => Some(pair.source_address.into()),
            v2::Addresses::Unix(_) | v2::Addresses::Unspecified => None,
        },
        HeaderResult::V1(Err(_)) | HeaderResult::V2(Err(_)) => None,
    };
    assert_eq!(Some(source), other.map(Address::new));
}
