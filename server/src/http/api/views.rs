//! What programs see of keys.

use contract::{KeyState, KeyType, LockWidth, Role};
use domain::time::Micros;
use serde::{Deserialize, Serialize};
use service::keys::ListedKey;
use std::borrow::Cow;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Schema, SchemaType, Type};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

/// A page of a list.
#[derive(Serialize)]
pub(super) struct Page<T> {
    /// Its records.
    pub(super) data: Vec<T>,
    /// Where the next one begins.
    pub(super) next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// All there is.
    pub(super) fn all(data: Vec<T>) -> Self {
        Self { data, next_cursor: None }
    }
}

/// By hand, because what is derived writes every record out once more where its name would do.
impl<T: ToSchema> PartialSchema for Page<T> {
    fn schema() -> RefOr<Schema> {
        let records = ArrayBuilder::new().items(Ref::from_schema_name(T::name()));
        let cursor = ObjectBuilder::new().schema_type(SchemaType::from_iter([Type::String, Type::Null]));
        let page = ObjectBuilder::new()
            .description(Some("A page of a list."))
            .property("data", records.description(Some("The records of this page.")))
            .property("next_cursor", cursor.description(Some(NEXT_CURSOR)))
            .required("data")
            .required("next_cursor");
        RefOr::T(page.build().into())
    }
}

const NEXT_CURSOR: &str = "Give it as `cursor` to get the next page; null on the last one. A page may hold fewer \
    records than `limit` and still have a cursor.";

impl<T: ToSchema> ToSchema for Page<T> {
    fn name() -> Cow<'static, str> {
        format!("{}Page", T::name()).into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((T::name().into(), T::schema()));
        T::schemas(schemas);
    }
}

/// One of these names.
pub(super) fn one_of(names: impl IntoIterator<Item = &'static str>, description: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).description(Some(description))
}

/// The kind of a key.
pub(super) fn key_type_schema() -> Schema {
    let names = KeyType::ALL.map(KeyType::name);
    one_of(names, "The kind of the key.").examples([KeyType::Default.name()]).build().into()
}

/// Whether a key passes.
pub(super) fn state_schema() -> Schema {
    one_of(["active", "paused", "expired"], "Whether the key passes, apart from its addresses.")
        .build()
        .into()
}

/// What a user may do with keys.
pub(super) fn role_schema() -> Schema {
    one_of(Role::ALL.map(Role::field_value), "What the user may do with keys.").build().into()
}

/// How wide a lock is.
pub(super) fn lock_width_schema() -> Schema {
    let widths = [LockWidth::Exact, LockWidth::Net64].map(|width| width as u8);
    let integer = ObjectBuilder::new().schema_type(Type::Integer).enum_values(Some(widths));
    integer.description(Some("How many bits of an IPv6 address the lock compares.")).build().into()
}

/// A key.
#[derive(Serialize, ToSchema)]
#[schema(as = Key)]
pub(super) struct KeyView {
    /// Its id, which never changes.
    #[schema(format = "uuid", example = "0198c1f2-7a4e-7c3b-9d2e-5f6a7b8c9d0e")]
    id: String,
    /// Whose it is.
    #[schema(example = "demouser")]
    username: String,
    /// The customer's own words for it.
    #[schema(example = "billing server")]
    description: String,
    #[schema(schema_with = key_type_schema)]
    key_type: KeyType,
    #[schema(schema_with = state_schema)]
    state: KeyState,
    /// Whether it is paused.
    paused: bool,
    /// When it expires; null: never.
    #[schema(format = DateTime, example = "2027-12-31T23:59:59Z")]
    expires_at: Option<String>,
    /// When it was generated.
    #[schema(format = DateTime, example = "2026-11-27T08:15:00Z")]
    created_at: String,
    /// The beginning and the end of its token.
    #[schema(example = "lkd_Ab…x9")]
    masked_token: String,
    /// Whether it may manage keys through this API. Such a key is generated in the pages alone.
    manages_keys: bool,
    /// The address of its first accepted use, if it locked to one.
    #[schema(example = "203.0.113.7")]
    locked_ip: Option<String>,
    #[schema(schema_with = lock_width_schema)]
    lock_width: u8,
    /// When it was given its present token; null: it is its first.
    #[schema(format = DateTime, example = "2026-11-20T10:00:00Z")]
    rotated_at: Option<String>,
    /// Until when the token before passes, or passed.
    #[schema(format = DateTime, example = "2026-11-27T10:00:00Z")]
    old_token_passes_until: Option<String>,
    /// How often it was used.
    #[schema(example = 42)]
    times_used: u64,
    /// When it was used last; null: never.
    #[schema(format = DateTime, example = "2026-11-27T08:20:00Z")]
    last_used_at: Option<String>,
}

impl From<&ListedKey> for KeyView {
    fn from(key: &ListedKey) -> Self {
        let row = &key.row;
        Self {
            id: row.id.to_string(),
            username: row.username.to_string(),
            description: row.description.clone(),
            key_type: row.key_type,
            state: key.state,
            paused: row.paused,
            expires_at: row.expires_at.map(Micros::rfc_3339),
            created_at: row.created_at.rfc_3339(),
            masked_token: row.masked.clone(),
            manages_keys: row.manages_keys,
            locked_ip: row.rule.locked.map(|address| address.to_string()),
            lock_width: row.rule.width as u8,
            rotated_at: row.rotation.as_ref().map(|rotation| rotation.at.rfc_3339()),
            old_token_passes_until: row.rotation.as_ref().map(|rotation| rotation.until.rfc_3339()),
            times_used: key.times_used,
            last_used_at: key.last_used.map(Micros::rfc_3339),
        }
    }
}

/// A key with its token, which is shown this once.
#[derive(Serialize, ToSchema)]
pub(super) struct KeyWithToken {
    #[serde(flatten)]
    pub(super) key: KeyView,
    /// The token. Keep it now: it is not told again.
    #[schema(example = "lkd_0123456789abcdefghijklmnopqrstuvwxyzAB")]
    pub(super) token: String,
}

/// An entry of an allow list.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"address": "203.0.113.0/24"}))]
pub(super) struct AllowedAddress {
    /// An address, or a network in CIDR form.
    #[schema(example = "203.0.113.0/24", max_length = 100)]
    pub(super) address: String,
}

/// The lock width with that number of bits.
pub(super) fn lock_width(bits: u8) -> Option<LockWidth> {
    [LockWidth::Exact, LockWidth::Net64].into_iter().find(|width| *width as u8 == bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_names_what_is_sent() {
        let names = |schema: Schema| serde_json::to_value(schema).unwrap()["enum"].clone();
        assert_eq!(names(key_type_schema()), serde_json::to_value(KeyType::ALL).unwrap());
        assert_eq!(names(role_schema()), serde_json::to_value(Role::ALL).unwrap());
        let states = [KeyState::Active, KeyState::Paused, KeyState::Expired];
        assert_eq!(names(state_schema()), serde_json::to_value(states).unwrap());
    }
}
