#![expect(missing_docs, reason = "`#[server]` makes a struct of the arguments and takes no docs for them")]

use leptos::server;
use server_fn::codec::GetUrl;

#[cfg(feature = "ssr")]
use super::signed_in;
use super::{key_path, landings, list_path};
#[cfg(feature = "ssr")]
use crate::portal::KeyDetails;
use crate::portal::{Code, FoundKey, KeyId, LockWidth, MadeKey, Password, PortalError, RevealedKey};
#[cfg(feature = "ssr")]
use crate::served::{KeyShown, key_html};
#[cfg(feature = "ssr")]
use crate::to_view::{key_row, revealed};
#[cfg(feature = "ssr")]
use domain::attempt::AskedFor;
#[cfg(feature = "ssr")]
use service::{
    keys::{AskedEnd, AskedKey, Generated, KeyEdit},
    shown_once::Shown,
};

const LIST: &str = "/account/api-keys";

/// One key with its rules and statistics.
#[server(prefix = "/portal", endpoint = "find_key", input = GetUrl)]
pub async fn find_key(#[server(default)] id: KeyId) -> Result<FoundKey, PortalError> {
    let request = signed_in()?;
    let actor = request.note(request.actor())?;
    let zone = &request.reader.time_zone;
    let found = request.note(request.use_cases.keys.find_key(actor, zone, &id.0).await)?;
    let row = &found.key.row;
    let may_manage = actor.may_manage().is_ok();
    let fresh = request.shown_token(actor).filter(|(id, _)| *id == row.id);
    let fresh = fresh.map(|(id, token)| revealed(id, &token));
    let figures = request.use_cases.keys.find_range(actor, zone, &id.0, domain::range::Range::Days30).await;
    let shown = KeyShown {
        found: &found,
        figures: &request.note(figures)?,
        fresh: fresh.as_ref().map(|fresh| fresh.token.0.as_str()),
        example: &request.use_cases.example,
        zone,
        may_manage,
    };
    Ok(FoundKey {
        html: request.written(|| key_html(&shown)),
        key: KeyDetails {
            expires_at: row.expires_at.map(|end| zone.input_text(end)).unwrap_or_default(),
            is_locked: row.rule.locked.is_some(),
            lock_width: row.rule.width,
            allow_list: row.rule.allow_list.iter().map(ToString::to_string).collect(),
            has_old_token: found.old_token.is_some(),
            can_reveal: row.is_sealed && may_manage && request.use_cases.revealable,
            code_needed: actor.has_second_factor(),
            proof_needed: request.use_cases.accounts.is_proof_needed(actor),
            fresh,
            viewer: actor.username.to_string(),
            may_manage,
            row: key_row(&found.key, zone),
        },
    })
}

/// Generates a key; an owner names the sub-user that it is for.
#[server(prefix = "/portal", endpoint = "generate_key")]
pub async fn generate_key(
    #[server(default)] username: String,
    #[server(default)] description: String,
    #[server(default)] key_type: String,
    #[server(default)] expires_at: String,
    #[server(default)] manages_keys: bool,
    #[server(default)] password: Option<Password>,
    #[server(default)] code: Code,
) -> Result<MadeKey, PortalError> {
    let request = signed_in()?;
    let actor = request.managing()?;
    let name = request.draw_name()?;
    let proved = match manages_keys {
        true => {
            let password = password.filter(|password| !password.0.is_empty()).map(Password::take);
            Some(request.note(
                request.use_cases.accounts.ask_proof(&actor, password, &code.0, AskedFor::Generation).await,
            )?)
        }
        false => None,
    };
    let asked = AskedKey {
        description: &description,
        key_type: &key_type,
        expires_at: AskedEnd::Shown(&expires_at, &request.reader.time_zone),
        username: Some(username.as_str()).filter(|name| !name.is_empty()),
        manages_keys: proved.as_ref(),
    };
    let generated = request.use_cases.keys.generate_key(actor, asked, &|_| Ok(None)).await;
    let Generated { key, token } = request.note(generated)?;
    let id = key.row.id;
    let RevealedKey { id: shown_id, token: shown } = revealed(id, &token);
    let made = name.as_str().to_owned();
    request.keep(&actor, name, Shown::Token(id, token));
    Ok(MadeKey { id: shown_id, token: shown, made })
}

/// Shows a token again.
#[server(prefix = "/portal", endpoint = "reveal_key")]
pub async fn reveal_key(
    #[server(default)] id: KeyId,
    #[server(default)] password: Option<Password>,
    #[server(default)] code: Code,
) -> Result<RevealedKey, PortalError> {
    let password = password.filter(|password| !password.0.is_empty());
    let request = signed_in()?;
    let actor = request.managing()?;
    let found = request.use_cases.keys.reveal_key(actor, &id.0, password.map(Password::take), &code.0).await;
    let (id, token) = request.note(found)?;
    let shown = revealed(id, &token);
    if request.plain {
        request.keep(&actor, request.draw_name()?, Shown::Token(id, token));
    }
    Ok(shown)
}

/// Adds an address or a network to the allow list.
#[server(prefix = "/portal", endpoint = "authorise_address")]
pub async fn authorise_address(
    #[server(default)] id: KeyId,
    #[server(default)] address: String,
) -> Result<(), PortalError> {
    let request = signed_in()?;
    let actor = request.managing()?;
    request.note(request.use_cases.keys.authorise_address(actor, &id.0, &address).await)
}

/// Takes an entry off the allow list.
#[server(prefix = "/portal", endpoint = "remove_address")]
pub async fn remove_address(
    #[server(default)] id: KeyId,
    #[server(default)] address: String,
) -> Result<(), PortalError> {
    let request = signed_in()?;
    let actor = request.managing()?;
    request.note(request.use_cases.keys.remove_address(actor, &id.0, &address).await)
}

/// Chooses how much of an IPv6 address the lock compares.
#[server(prefix = "/portal", endpoint = "set_lock_width")]
pub async fn set_lock_width(
    #[server(default)] id: KeyId,
    #[server(default)] width: LockWidth,
) -> Result<(), PortalError> {
    let request = signed_in()?;
    let actor = request.managing()?;
    let edit = KeyEdit { lock_width: Some(width), ..KeyEdit::default() };
    request.note(request.use_cases.keys.change_key(actor, &id.0, edit).await)
}

/// Forgets the locked address.
#[server(prefix = "/portal", endpoint = "release_lock")]
pub async fn release_lock(#[server(default)] id: KeyId) -> Result<(), PortalError> {
    let request = signed_in()?;
    let actor = request.managing()?;
    request.note(request.use_cases.keys.release_lock(actor, &id.0).await)
}

/// Gives a key another description.
#[server(prefix = "/portal", endpoint = "rename_key")]
pub async fn rename_key(
    #[server(default)] id: KeyId,
    #[server(default)] description: String,
) -> Result<(), PortalError> {
    let request = signed_in()?;
    let actor = request.managing()?;
    let edit = KeyEdit { description: Some(&description), ..KeyEdit::default() };
    request.note(request.use_cases.keys.change_key(actor, &id.0, edit).await)
}

/// Sets when a key expires.
#[server(prefix = "/portal", endpoint = "set_key_expiry")]
pub async fn set_key_expiry(
    #[server(default)] id: KeyId,
    #[server(default)] expires_at: String,
) -> Result<(), PortalError> {
    let request = signed_in()?;
    let actor = request.managing()?;
    let end = AskedEnd::Shown(&expires_at, &request.reader.time_zone);
    let edit = KeyEdit { expires_at: Some(end), ..KeyEdit::default() };
    request.note(request.use_cases.keys.change_key(actor, &id.0, edit).await)
}

/// Gives a key another token; the one before passes for so many seconds too.
#[server(prefix = "/portal", endpoint = "rotate_key")]
pub async fn rotate_key(
    #[server(default)] id: KeyId,
    #[server(default)] overlap_seconds: String,
    #[server(default)] password: Option<Password>,
    #[server(default)] code: Code,
) -> Result<MadeKey, PortalError> {
    let request = signed_in()?;
    let actor = request.managing()?;
    let proved = match password.filter(|password| !password.0.is_empty()).map(Password::take) {
        None => None,
        password => Some(request.note(
            request.use_cases.accounts.ask_proof(&actor, password, &code.0, AskedFor::Rotation).await,
        )?),
    };
    let name = request.draw_name()?;
    // What is no number is no choice either.
    let overlap = overlap_seconds.trim().parse().unwrap_or(u32::MAX);
    let rotated =
        request.use_cases.keys.rotate_key(actor, &id.0, overlap, proved.as_ref(), &|_| Ok(None)).await;
    let Generated { key, token } = request.note(rotated)?;
    let id = key.row.id;
    let RevealedKey { id: shown_id, token: shown } = revealed(id, &token);
    let made = name.as_str().to_owned();
    request.keep(&actor, name, Shown::Token(id, token));
    Ok(MadeKey { id: shown_id, token: shown, made })
}

/// Ends the token before the present one.
#[server(prefix = "/portal", endpoint = "end_old_token")]
pub async fn end_old_token(#[server(default)] id: KeyId) -> Result<(), PortalError> {
    let request = signed_in()?;
    let actor = request.note(request.actor())?;
    let actor = request.note(actor.may_manage())?;
    request.note(request.use_cases.keys.end_old_token(actor, &id.0).await)
}

/// Refuses a key until it is resumed.
#[server(prefix = "/portal", endpoint = "pause_key")]
pub async fn pause_key(#[server(default)] id: KeyId) -> Result<(), PortalError> {
    let request = signed_in()?;
    // Stopping a key never waits for a limit on changes.
    let actor = request.note(request.actor())?;
    let actor = request.note(actor.may_manage())?;
    let edit = KeyEdit { paused: Some(true), ..KeyEdit::default() };
    request.note(request.use_cases.keys.change_key(actor, &id.0, edit).await)
}

/// Lets a paused key pass again.
#[server(prefix = "/portal", endpoint = "resume_key")]
pub async fn resume_key(#[server(default)] id: KeyId) -> Result<(), PortalError> {
    let request = signed_in()?;
    let actor = request.managing()?;
    let edit = KeyEdit { paused: Some(false), ..KeyEdit::default() };
    request.note(request.use_cases.keys.change_key(actor, &id.0, edit).await)
}

/// Deletes a key. `back` is the query of the list from which it was asked for.
#[server(prefix = "/portal", endpoint = "delete_key")]
pub async fn delete_key(
    #[server(default)] id: KeyId,
    #[server(default)] back: String,
) -> Result<(), PortalError> {
    // The landing goes by it.
    let _ = back;
    let request = signed_in()?;
    let actor = request.note(request.actor())?;
    let actor = request.note(actor.may_manage())?;
    request.note(request.use_cases.keys.delete_key(actor, &id.0).await)?;
    *request.outcome.said.lock() = Some("deleted-1".into());
    Ok(())
}

landings! {
    GenerateKey(form) => LIST, [username, description, key_type, expires_at, manages_keys];
    RevealKey(form) => key_path(&form.id), [id];
    AuthoriseAddress(form) => key_path(&form.id), [id, address];
    RemoveAddress(form) => key_path(&form.id), [id, address];
    SetLockWidth(form) => key_path(&form.id), [id];
    ReleaseLock(form) => key_path(&form.id), [id];
    RenameKey(form) => key_path(&form.id), [id, description];
    SetKeyExpiry(form) => key_path(&form.id), [id, expires_at];
    RotateKey(form) => key_path(&form.id), [id, overlap_seconds];
    EndOldToken(form) => key_path(&form.id), [id];
    PauseKey(form) => key_path(&form.id), [id];
    ResumeKey(form) => key_path(&form.id), [id];
    DeleteKey(form) => list_path(&form.back), [id, back];
}
