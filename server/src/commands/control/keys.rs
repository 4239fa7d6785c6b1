//! Keys on their way between verbs and the server, and what `--json` prints of them (docs/operating.md).

mod lines;

use super::protocol::Secret;
use crate::services::Services;
use lines::{details, key_line, revoked_key};
use serde::{Deserialize, Serialize};
use service::keys::operator::{FoundKeys, KeyAsked, KeyVerbError};

/// A request of `latchkey key …`.
#[derive(Serialize, Deserialize)]
pub(in super::super) enum KeyRequest {
    List { username: Option<String> },
    Find { text: Option<String>, username: Option<String> },
    FindToken(ShownToken),
    Show(WhichKey),
    Revoke { key: WhichKey, reason: String },
}

/// A token that was piped in, and whose it is said to be.
#[derive(Serialize, Deserialize)]
pub(in super::super) struct ShownToken {
    #[serde(rename = "token_hex")]
    pub(in super::super) token: Secret,
    pub(in super::super) username: Option<String>,
}

/// The key that a verb is about.
#[derive(Serialize, Deserialize)]
pub(in super::super) enum WhichKey {
    Id(String),
    Token(ShownToken),
}

/// The answer to a request about keys.
#[derive(Serialize, Deserialize)]
pub(in super::super) enum KeyReply {
    Keys(KeyLines),
    Key(Box<KeyDetails>),
    Revoked(Box<RevokedKey>),
    /// Nothing was done: the exit code, and why.
    Refused(u8, String),
}

/// Keys, the newest first.
#[derive(Default, Serialize, Deserialize)]
pub(in super::super) struct KeyLines {
    pub(in super::super) keys: Vec<KeyLine>,
    /// How many more there are.
    pub(in super::super) more: u64,
}

/// A key in a list.
#[derive(Serialize, Deserialize)]
pub(in super::super) struct KeyLine {
    pub(in super::super) id: String,
    pub(in super::super) username: String,
    pub(in super::super) account: String,
    pub(in super::super) description: String,
    pub(in super::super) key_type: String,
    pub(in super::super) state: String,
    pub(in super::super) masked_token: String,
    pub(in super::super) created_at: String,
    pub(in super::super) expires_at: Option<String>,
    pub(in super::super) deleted_at: Option<String>,
    pub(in super::super) times_used: u64,
    pub(in super::super) last_used_at: Option<String>,
    pub(in super::super) found_by_token: Option<FoundBy>,
}

/// Which token of a key was shown.
#[derive(Serialize, Deserialize)]
pub(in super::super) struct FoundBy {
    pub(in super::super) is_old: bool,
    pub(in super::super) rotated_at: Option<String>,
    pub(in super::super) passes_until: Option<String>,
    pub(in super::super) overlaps: bool,
}

/// A key with all that is shown of it.
#[derive(Serialize, Deserialize)]
pub(in super::super) struct KeyDetails {
    #[serde(flatten)]
    pub(in super::super) key: KeyLine,
    pub(in super::super) manages_keys: bool,
    pub(in super::super) rotated_at: Option<String>,
    pub(in super::super) old_masked_token: Option<String>,
    pub(in super::super) old_passes_until: Option<String>,
    pub(in super::super) locked_ip: Option<String>,
    pub(in super::super) lock_width: u8,
    pub(in super::super) allowed_ips: Vec<String>,
    pub(in super::super) addresses: Vec<AddressLine>,
    pub(in super::super) more_addresses: usize,
    pub(in super::super) refused: Vec<RefusedLine>,
    pub(in super::super) history: Vec<HistoryLine>,
}

/// An address that a key was used from.
#[derive(Serialize, Deserialize)]
pub(in super::super) struct AddressLine {
    pub(in super::super) address: String,
    pub(in super::super) times_used: u64,
    pub(in super::super) first_used_at: String,
    pub(in super::super) last_used_at: String,
}

/// How often a key was refused for one cause.
#[derive(Serialize, Deserialize)]
pub(in super::super) struct RefusedLine {
    pub(in super::super) code: String,
    pub(in super::super) today: u64,
    pub(in super::super) days_7: u64,
    pub(in super::super) days_30: u64,
}

/// A line of the history of a key.
#[derive(Serialize, Deserialize)]
pub(in super::super) struct HistoryLine {
    pub(in super::super) at: String,
    pub(in super::super) action: String,
    pub(in super::super) actor: String,
    pub(in super::super) address: Option<String>,
    pub(in super::super) detail: String,
    pub(in super::super) key_id: Option<String>,
    pub(in super::super) via_key_id: Option<String>,
}

/// What came of a revocation.
#[derive(Serialize, Deserialize)]
pub(in super::super) struct RevokedKey {
    /// Whether it was done now; otherwise the key was deleted before.
    pub(in super::super) revoked: bool,
    /// Who is told.
    pub(in super::super) told: Vec<String>,
    pub(in super::super) manages_keys: bool,
    #[serde(flatten)]
    pub(in super::super) key: KeyLine,
}

/// Carries out what `latchkey key …` asks for.
pub(super) async fn carry_out(services: &Services, request: &KeyRequest) -> KeyReply {
    try_carry_out(services, request)
        .await
        .unwrap_or_else(|error| KeyReply::Refused(exit_code(&error), error.to_string()))
}

async fn try_carry_out(services: &Services, request: &KeyRequest) -> Result<KeyReply, KeyVerbError> {
    let (keys, now) = (&services.operator_keys, services.clock.now());
    let lines = |found: FoundKeys| {
        let lines = found.keys.iter().map(|key| key_line(key, now)).collect();
        KeyReply::Keys(KeyLines { keys: lines, more: found.more })
    };
    Ok(match request {
        KeyRequest::List { username } => lines(keys.list(username.as_deref()).await?),
        KeyRequest::Find { text, username } => lines(keys.find(text.as_deref(), username.as_deref()).await?),
        KeyRequest::FindToken(shown) => {
            lines(keys.find_by_token(shown.token.expose(), shown.username.as_deref()).await?)
        }
        KeyRequest::Show(which) => KeyReply::Key(Box::new(details(&keys.show(&asked(which)).await?, now))),
        KeyRequest::Revoke { key, reason } => {
            KeyReply::Revoked(Box::new(revoked_key(&keys.revoke(&asked(key), reason).await?, now)))
        }
    })
}

/// docs/operating.md lists them.
fn exit_code(error: &KeyVerbError) -> u8 {
    match error {
        KeyVerbError::UnknownToken | KeyVerbError::MistypedToken | KeyVerbError::UnknownKey => 3,
        KeyVerbError::WholeToken(_) | KeyVerbError::Reason(_) => 2,
        KeyVerbError::UnknownUser(_) | KeyVerbError::SeveralKeys(_) | KeyVerbError::Trouble(_) => 1,
    }
}

fn asked(which: &WhichKey) -> KeyAsked<'_> {
    match which {
        WhichKey::Id(id) => KeyAsked::Id(id),
        WhichKey::Token(shown) => KeyAsked::Token(shown.token.expose(), shown.username.as_deref()),
    }
}
