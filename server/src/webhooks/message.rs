//! The body of a message: the notice as it is when the message is sent, and never a token.

use bytes::Bytes;
use domain::time::Micros;
use serde::Serialize;
use store::{NoticeAddress, NoticeFacts, NoticeKey};

#[derive(Serialize)]
struct Message<'a, T> {
    r#type: &'a str,
    timestamp: String,
    data: T,
}

#[derive(Serialize)]
struct NoticeData<'a> {
    notice_id: i64,
    username: &'a str,
    count: u64,
    first_at: String,
    last_at: String,
    key: Option<KeyData<'a>>,
    addresses: Vec<AddressData>,
    action: Option<&'a str>,
    actor: Option<&'a str>,
    detail: &'a str,
}

#[derive(Serialize)]
struct KeyData<'a> {
    id: String,
    username: &'a str,
    description: &'a str,
    r#type: &'static str,
    masked_token: &'a str,
    deleted_at: Option<String>,
}

#[derive(Serialize)]
struct AddressData {
    address: String,
    count: u64,
    first_at: String,
    last_at: String,
}

#[derive(Serialize)]
struct TestData {
    message: &'static str,
}

/// The body of a message about a notice.
pub(super) fn of_notice(facts: &NoticeFacts) -> Bytes {
    let kind = format!("notice.{}", facts.cause.name());
    let data = NoticeData {
        notice_id: facts.number.0,
        username: facts.username.as_str(),
        count: facts.count,
        first_at: facts.first_at.rfc_3339(),
        last_at: facts.last_at.rfc_3339(),
        key: facts.key.as_ref().map(key),
        addresses: facts.addresses.iter().map(address).collect(),
        action: facts.action.as_deref(),
        actor: facts.actor.as_deref(),
        detail: &facts.detail,
    };
    write(&Message { r#type: &kind, timestamp: facts.last_at.rfc_3339(), data })
}

/// The body of a test.
pub(super) fn of_test(at: Micros) -> Bytes {
    let data = TestData { message: "This is a test. Notices arrive in the same way." };
    write(&Message { r#type: "test", timestamp: at.rfc_3339(), data })
}

fn key(key: &NoticeKey) -> KeyData<'_> {
    KeyData {
        id: key.id.to_string(),
        username: key.username.as_str(),
        description: &key.description,
        r#type: key.key_type.name(),
        masked_token: &key.masked,
        deleted_at: key.deleted_at.map(Micros::rfc_3339),
    }
}

fn address(seen: &NoticeAddress) -> AddressData {
    AddressData {
        address: seen.address.to_string(),
        count: seen.count,
        first_at: seen.first_at.rfc_3339(),
        last_at: seen.last_at.rfc_3339(),
    }
}

fn write(message: &impl Serialize) -> Bytes {
    serde_json::to_vec(message).expect("texts and numbers are JSON").into()
}
