use domain::act::Action;
use domain::history::HistoryQuery;
use leptos::prelude::*;

use super::super::keys::user_choice;
use super::super::texts::{HistoryTexts, Served};
use super::HISTORY;
use super::words::action_name;
use crate::i18n::language;
use crate::part::{IntoPart, Part};
use crate::server_fns::HistoryRead;

/// The acts that can be asked for, by what they concern.
const KEYS: &[Action] = &[
    Action::KeyGenerated,
    Action::KeysImported,
    Action::KeyShown,
    Action::KeyRotated,
    Action::OldTokenEnded,
    Action::KeyRenamed,
    Action::KeyExpirySet,
    Action::KeyPaused,
    Action::KeyResumed,
    Action::KeyDeleted,
    Action::AddressAdded,
    Action::AddressRemoved,
    Action::LockWidthSet,
    Action::LockReleased,
    Action::AddressIgnored,
    Action::ApplicationApproved,
    Action::ApplicationRefused,
];
const LOGINS: &[Action] = &[
    Action::Login,
    Action::PasswordAccepted,
    Action::RecoveryCodeUsed,
    Action::LoginFailed,
    Action::Logout,
    Action::SessionEnded,
    Action::SessionsEnded,
];
const SECURITY: &[Action] = &[
    Action::PasswordChanged,
    Action::PasswordReset,
    Action::PasswordLinkSent,
    Action::PasswordSetByLink,
    Action::TwoFactorOn,
    Action::TwoFactorOff,
    Action::TwoFactorReset,
    Action::RecoveryCodesMade,
    Action::EmailEntered,
    Action::EmailConfirmed,
    Action::EmailChanged,
    Action::EmailRemoved,
    Action::NoticesChosen,
];
const USERS: &[Action] = &[
    Action::UserAdded,
    Action::UserDisabled,
    Action::UserEnabled,
    Action::RoleChanged,
    Action::SubUserInvited,
    Action::InvitationWithdrawn,
    Action::InvitationAccepted,
    Action::SubUserRemoved,
];
const WEBHOOKS: &[Action] = &[Action::WebhookAdded, Action::WebhookChanged, Action::WebhookRemoved];
const GROUPS: [&[Action]; 5] = [KEYS, LOGINS, SECURITY, USERS, WEBHOOKS];

/// The form with the filters, all of which stand in the address.
pub(super) fn form(read: &HistoryRead, query: &HistoryQuery) -> Part {
    let t = HistoryTexts::here();
    let clear = (!query.is_open()).then(|| view! { <a class="clear" href=HISTORY>{t.clear}</a> });
    let owner = read.request.actor.as_ref().filter(|actor| actor.is_owner());
    let owner = owner.map(|actor| actor.username.as_str());
    view! {
        <form class="filters" method="get" action=HISTORY role="search" aria-label=t.filters_label>
            {user_choice(owner, &read.choices.sub_users, query.user.as_deref())}
            {keys(read, query)}
            {acts(query.action)}
            <button class="button quiet">{t.find}</button>
            {clear}
        </form>
    }
    .part()
}

fn choose(name: &'static str, label: &'static str, options: Part) -> Part {
    view! {
        <label class="choose">
            <span class="visually-hidden">{label}</span>
            <select class="input" name=name autocomplete="off">{options}</select>
        </label>
    }
    .part()
}

/// The keys, if there are few of them. The one that is chosen stays, also if it was deleted; of one that the reader may not
/// see no more is said than what stands in the address.
fn keys(read: &HistoryRead, query: &HistoryQuery) -> Option<Part> {
    let t = HistoryTexts::here();
    let text = |description: &str, masked: &str| format!("{description} · {masked}");
    let mut options: Vec<(String, String)> = read
        .choices
        .keys
        .iter()
        .map(|key| (key.id.to_string(), text(&key.description, &key.masked)))
        .collect();
    let chosen = query.key.map(|key| key.to_string());
    if let Some(chosen) = chosen.clone().filter(|chosen| options.iter().all(|(id, _)| id != chosen)) {
        let named = read.history.key.as_ref().map(|key| text(&key.description, &key.masked));
        options.push((chosen.clone(), named.unwrap_or(chosen)));
    }
    if options.is_empty() {
        return None;
    }
    let options = options.into_iter().map(|(id, text)| {
        let is_chosen = chosen.as_ref() == Some(&id);
        view! { <option value=id selected=is_chosen>{text}</option> }
    });
    let options = options.collect_view();
    let any = view! { <option value="" selected=query.key.is_none()>{t.key_all}</option> };
    Some(choose("key", t.key_label, view! { {any} {options} }.part()))
}

fn acts(chosen: Option<Action>) -> Part {
    let t = HistoryTexts::here();
    let names = [t.group_keys, t.group_logins, t.group_security, t.group_users, t.group_webhooks];
    let groups = names.into_iter().zip(GROUPS).map(|(name, actions)| {
        let options = actions.iter().map(|action| {
            let text = action_name(language(), *action);
            view! { <option value=action.name() selected=chosen == Some(*action)>{text}</option> }
        });
        view! { <optgroup label=name>{options.collect_view()}</optgroup> }
    });
    let groups = groups.collect_view();
    let any = view! { <option value="" selected=chosen.is_none()>{t.act_all}</option> };
    choose("act", t.act_label, view! { {any} {groups} }.part())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_act_that_concerns_users_can_be_asked_for_once() {
        for action in Action::ALL {
            let times = GROUPS.iter().flat_map(|group| group.iter()).filter(|one| **one == action).count();
            assert_eq!(times, usize::from(action.concerns_users()), "{action:?}");
        }
    }
}
