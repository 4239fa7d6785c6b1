//! Writes the text of a letter that waits in the database.

use super::draft::{Block, Draft, one_line};
use super::notice;
use super::page_links::Pages;
use super::parts::MailerParts;
use app::texts::{MailTexts, Served};
use app::{Language, fill};
use service::accounts::{InvitationToken, hash_of_link};
use service::mail::{Letter, Subscription};
use store::{MailContent, MailRow, StoreError};

/// Writes a letter, or returns why none is to be written.
pub(super) async fn write(
    row: &MailRow,
    parts: &MailerParts,
) -> Result<Result<Draft, &'static str>, StoreError> {
    let pages = Pages { origin: &parts.origin };
    let number = match &row.content {
        MailContent::Letter(sealed) => {
            let Ok(opened) = Letter::open(&parts.sealing, sealed) else {
                return Ok(Err("it was sealed with another key"));
            };
            if is_closed(&opened, parts).await? {
                return Ok(Err("its link is closed"));
            }
            return Ok(Ok(letter(opened, &pages)));
        }
        MailContent::Notice(number) => *number,
    };
    let Some(user) = &row.user else { return Ok(Err("it is to nobody")) };
    let Some(email) = &user.email else { return Ok(Err("the user has no confirmed mail address")) };
    let Some(facts) = parts.store.find_notice(number).await? else { return Ok(Err("the notice is gone")) };
    // A letter that was held back tells of what followed meanwhile, too.
    let was_held = !facts.cause.is_gathered() && row.created_at > facts.first_at;
    let later = if was_held { parts.store.count_later_acts(&facts).await? } else { Vec::new() };
    let subscription = Subscription { username: user.username.clone(), cause: facts.cause };
    let contents = notice::LetterContents { facts: &facts, later: &later };
    Ok(Ok(notice::letter(&contents, user, email, &pages, &subscription.token(&parts.pepper))))
}

/// Whether a letter brings a link that opens nothing any more: it was withdrawn or replaced, or is too old.
async fn is_closed(letter: &Letter, parts: &MailerParts) -> Result<bool, StoreError> {
    let now = parts.clock.now();
    match letter {
        Letter::Invitation { link, .. } => {
            let token = link.split_once("token=").and_then(|(_, token)| InvitationToken::parse(token));
            let Some(token) = token else { return Ok(true) };
            Ok(parts.store.find_invitation(token.hash(), now).await?.is_none())
        }
        Letter::SetPassword { link, .. } => {
            let Some(hash) = hash_of_link(link) else { return Ok(true) };
            Ok(parts.store.find_password_link(hash, now).await?.is_none())
        }
        Letter::ConfirmAddress { .. } | Letter::AddressReplaced { .. } | Letter::Removed { .. } => Ok(false),
    }
}

/// Writes a letter that somebody asked for.
fn letter(letter: Letter, pages: &Pages) -> Draft {
    match letter {
        Letter::ConfirmAddress { to, language, username, link } => {
            let t = MailTexts::in_language(language);
            let values: [(&str, &dyn std::fmt::Display); 2] =
                [("username", &one_line(&username)), ("site", &pages.site())];
            let blocks = vec![
                Block::Text(fill(t.confirm_text, &values)),
                Block::Link(t.confirm_link, link),
                Block::Text(t.confirm_ignore.to_owned()),
            ];
            signed(pages, t, to, language, t.confirm_subject.to_owned(), blocks)
        }
        Letter::Invitation { to, language, owner, username, link } => {
            let t = MailTexts::in_language(language);
            let values: [(&str, &dyn std::fmt::Display); 3] =
                [("owner", &one_line(&owner)), ("username", &one_line(&username)), ("site", &pages.site())];
            let blocks = vec![
                Block::Text(fill(t.invite_text, &values)),
                Block::Link(t.invite_link, link),
                Block::Text(fill(t.invite_ignore, &values)),
            ];
            signed(pages, t, to, language, fill(t.invite_subject, &values), blocks)
        }
        Letter::SetPassword { to, language, username, link } => {
            let t = MailTexts::in_language(language);
            let values: [(&str, &dyn std::fmt::Display); 2] =
                [("username", &one_line(&username)), ("site", &pages.site())];
            let blocks = vec![
                Block::Text(fill(t.forgot_text, &values)),
                Block::Link(t.forgot_link, link),
                Block::Text(t.forgot_ignore.to_owned()),
            ];
            signed(pages, t, to, language, fill(t.forgot_subject, &values), blocks)
        }
        Letter::AddressReplaced { to, language, username } => {
            let t = MailTexts::in_language(language);
            let values: [(&str, &dyn std::fmt::Display); 2] =
                [("username", &one_line(&username)), ("site", &pages.site())];
            let blocks =
                vec![Block::Text(fill(t.replaced_text, &values)), Block::Text(t.replaced_advice.to_owned())];
            signed(pages, t, to, language, t.replaced_subject.to_owned(), blocks)
        }
        Letter::Removed { to, language, username, owner } => {
            let t = MailTexts::in_language(language);
            let values: [(&str, &dyn std::fmt::Display); 3] =
                [("owner", &one_line(&owner)), ("username", &one_line(&username)), ("site", &pages.site())];
            let blocks = vec![
                Block::Text(fill(t.removed_text, &values)),
                Block::Text(fill(t.removed_advice, &values)),
            ];
            signed(pages, t, to, language, fill(t.removed_subject, &values), blocks)
        }
    }
}

fn signed(
    pages: &Pages,
    t: &'static MailTexts,
    to: String,
    language: Language,
    subject: String,
    mut blocks: Vec<Block>,
) -> Draft {
    blocks.push(pages.closing(t));
    Draft { to, language, subject, blocks, unsubscribe: None }
}
