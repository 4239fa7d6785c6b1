//! What is told of a key in place of its records.

use super::{AddressLine, FoundBy, HistoryLine, KeyDetails, KeyLine, RefusedLine, RevokedKey};
use contract::KeyState;
use domain::address::{Address, Network};
use domain::rotation;
use domain::time::Micros;
use service::keys::operator::{FoundKey, FoundToken, KeyInspection, Revoked, Standing};
use store::{AddressUses, AuditRow, Refused};

pub(super) fn key_line(found: &FoundKey, now: Micros) -> KeyLine {
    let key = &found.row.key;
    KeyLine {
        id: key.id.to_string(),
        username: key.username.to_string(),
        account: found.row.account.to_string(),
        description: key.description.clone(),
        key_type: key.key_type.name().to_owned(),
        state: state(found.standing).to_owned(),
        masked_token: key.masked.clone(),
        created_at: key.created_at.rfc_3339(),
        expires_at: key.expires_at.map(Micros::rfc_3339),
        deleted_at: found.row.deleted_at.map(Micros::rfc_3339),
        times_used: found.times_used,
        last_used_at: found.last_used.map(Micros::rfc_3339),
        found_by_token: found.token.map(|token| found_by(token, found.standing, now)),
    }
}

fn state(standing: Standing) -> &'static str {
    match standing {
        Standing::Deleted(_) => "deleted",
        Standing::UserDisabled => "user_disabled",
        Standing::Lives(KeyState::Active) => "active",
        Standing::Lives(KeyState::Paused) => "paused",
        Standing::Lives(KeyState::Expired) => "expired",
    }
}

fn found_by(token: FoundToken, standing: Standing, now: Micros) -> FoundBy {
    match token {
        FoundToken::Present => {
            FoundBy { is_old: false, rotated_at: None, passes_until: None, overlaps: false }
        }
        FoundToken::Old { rotated_at, until } => FoundBy {
            is_old: true,
            rotated_at: Some(rotated_at.rfc_3339()),
            passes_until: Some(until.rfc_3339()),
            overlaps: !matches!(standing, Standing::Deleted(_)) && rotation::passes(until, now),
        },
    }
}

pub(super) fn details(shown: &KeyInspection, now: Micros) -> KeyDetails {
    let key = &shown.key.row.key;
    let rotation = key.rotation.as_ref();
    KeyDetails {
        key: key_line(&shown.key, now),
        manages_keys: key.manages_keys,
        rotated_at: rotation.map(|rotation| rotation.at.rfc_3339()),
        old_masked_token: rotation.map(|rotation| rotation.masked.clone()),
        old_passes_until: rotation.map(|rotation| rotation.until.rfc_3339()),
        locked_ip: key.rule.locked.as_ref().map(Address::to_string),
        lock_width: key.rule.width as u8,
        allowed_ips: key.rule.allow_list.iter().map(Network::to_string).collect(),
        addresses: shown.addresses.iter().map(address_line).collect(),
        more_addresses: shown.more_addresses,
        refused: shown.refused.iter().map(refused_line).collect(),
        history: shown.history.iter().map(history_line).collect(),
    }
}

fn address_line(uses: &AddressUses) -> AddressLine {
    AddressLine {
        address: uses.address.to_string(),
        times_used: uses.count,
        first_used_at: uses.first.rfc_3339(),
        last_used_at: uses.last.rfc_3339(),
    }
}

fn refused_line(refused: &Refused) -> RefusedLine {
    let [today, days_7, days_30] = refused.spans;
    RefusedLine { code: refused.code.name().to_owned(), today, days_7, days_30 }
}

fn history_line(row: &AuditRow) -> HistoryLine {
    HistoryLine {
        at: row.at.rfc_3339(),
        action: row.action.clone(),
        actor: row.actor.clone(),
        address: row.address.map(|address| address.to_string()),
        detail: row.detail.clone(),
        key_id: row.key.map(|key| key.to_string()),
        via_key_id: row.via.map(|key| key.to_string()),
    }
}

pub(super) fn revoked_key(revoked: &Revoked, now: Micros) -> RevokedKey {
    let key = key_line(&revoked.key, now);
    let mut told = if revoked.already { vec![] } else { vec![key.username.clone(), key.account.clone()] };
    told.dedup();
    RevokedKey { revoked: !revoked.already, told, manages_keys: revoked.key.row.key.manages_keys, key }
}
