//! One notice: what happened, how often, from where, and what can be done.

use leptos::prelude::*;

use super::super::texts::{NoticeTexts, Served};
use super::NOTICES;
use super::words::{advice, elsewhere, is_counted, of_addresses, text, times, title};
use crate::components::Time;
use crate::i18n::fill;
use crate::part::{IntoPart, Part};
use crate::portal::{AddressState, Cause, Notice, NoticeAddress, NoticeKey};

/// A notice on a page of the list.
pub(super) fn entry(notice: &Notice, page: u32) -> Part {
    let t = NoticeTexts::here();
    let new = notice.is_new.then(|| view! { " "<span class="badge">{t.new}</span> });
    let class = if notice.is_new { "panel entry new" } else { "panel entry" };
    let sentence = view! { <p>{text(t, notice)}</p> };
    let advice = advice(t, notice).map(|text| view! { <p class="hint">{text}</p> });
    let is_open = |a: &NoticeAddress| a.addresses > 1 && a.state != AddressState::Authorised;
    let of_network = (notice.may_act && notice.addresses.iter().any(is_open))
        .then(|| view! { <p class="hint">{t.advice_network}</p> });
    view! {
        <li class=class>
            <h2>{title(t, notice)} {new}</h2>
            {moments(t, notice)}
            {sentence}
            {key(t, notice.key.as_ref())}
            {addresses(t, notice, page)}
            {advice}
            {of_network}
            {delete(t, notice)}
        </li>
    }
    .part()
}

fn moments(t: &'static NoticeTexts, notice: &Notice) -> Part {
    let (first, last) = (notice.first.clone(), notice.last.clone());
    if first == last {
        return view! { <p class="hint"><Time moment=Some(last)/></p> }.part();
    }
    view! {
        <p class="hint">
            {t.first}" "<Time moment=Some(first)/>", "{t.last}" "<Time moment=Some(last)/>
        </p>
    }
    .part()
}

/// The key, with a link to it as long as it exists.
fn key(t: &'static NoticeTexts, key: Option<&NoticeKey>) -> Part {
    let Some(key) = key.cloned() else { return ().part() };
    let name = match &key.deleted {
        None => {
            let path = format!("/account/api-keys/{}", key.id.0);
            view! { <a href=path>{key.description}</a> }.part()
        }
        Some(_) => key.description.part(),
    };
    let owner = key.username.map(|username| view! { " ("{username}")" });
    view! { <p>{t.key}": "{name} {owner}" "<span class="token">{key.masked_token}</span></p> }.part()
}

fn addresses(t: &'static NoticeTexts, notice: &Notice, page: u32) -> Part {
    if is_counted(notice) && notice.is_from_unknown {
        return view! { <p class="hint">{t.from_unknown}</p> }.part();
    }
    if !is_counted(notice) || notice.addresses.is_empty() {
        return ().part();
    }
    let class = if notice.cause == Cause::NewAddress { "addresses" } else { "addresses many" };
    let rows: Vec<_> = notice.addresses.iter().map(|address| row(t, notice, address, page)).collect();
    let more = elsewhere(t, notice).map(|text| view! { <li class="hint">{text}</li> });
    view! { <ul class=class>{rows}{more}</ul> }.part()
}

fn row(t: &'static NoticeTexts, notice: &Notice, address: &NoticeAddress, page: u32) -> Part {
    let is_network = address.addresses > 1;
    let count = if is_network {
        format!("{}, {}", of_addresses(t, address.addresses), times(t, address.count))
    } else {
        times(t, address.count)
    };
    let form = |verb, label| act(verb, label, notice.number, address.address.clone(), page);
    let may_act = notice.may_act && notice.cause == Cause::NewAddress;
    let authorise =
        may_act.then(|| form("authorise_notice", if is_network { t.authorise_network } else { t.authorise }));
    let end = match address.state {
        AddressState::Authorised => view! { <span class="badge">{t.state_authorised}</span> }.part(),
        AddressState::Ignored => {
            view! { <span class="buttons"><span class="badge">{t.state_ignored}</span>{authorise}</span> }
                .part()
        }
        AddressState::Open => {
            let ignore =
                may_act.then(|| form("ignore_notice", if is_network { t.ignore_network } else { t.ignore }));
            view! { <span class="buttons">{authorise}{ignore}</span> }.part()
        }
    };
    view! {
        <li>
            <span><span class="address">{address.address.clone()}</span>" "<span class="hint">{count}</span></span>
            {end}
        </li>
     }.part()
}

/// A form of one button that does something about an address.
fn act(verb: &'static str, label: &'static str, notice: i64, address: String, page: u32) -> Part {
    let named = fill("{label}: {address}", &[("label", &label), ("address", &address)]);
    view! {
        <form method="post" action=format!("{NOTICES}?do={verb}")>
            <input type="hidden" name="notice" value=notice/>
            <input type="hidden" name="address" value=address/>
            <input type="hidden" name="page" value=page/>
            <button type="submit" class="button quiet small" aria-label=named>{label}</button>
        </form>
    }
    .part()
}

/// The way to the question whether the key is to be deleted.
fn delete(t: &'static NoticeTexts, notice: &Notice) -> Part {
    let key = notice.key.as_ref().filter(|_| notice.may_act && notice.cause == Cause::NewAddress);
    key.map(|key| {
        view! {
            <form method="get" action=format!("/account/api-keys/{}/delete", key.id.0)>
                <button type="submit" class="button quiet small danger-link">{t.delete_key}</button>
            </form>
        }
    })
    .part()
}
