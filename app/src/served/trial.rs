//! `/account/api-keys/{id}/try`: what a gateway would be told of a request with a key, check by check, and lines for a
//! shell that send a real one.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::part::{asked, id_of_address, sign, state_line};
use super::reading::Reading;
use super::texts::{Served, TrialTexts};
use super::ways::{ways, ways_beside_username};
use crate::components::PageHeading;
use crate::i18n::{fill, language, texts};
use crate::part::{IntoPart, Part};
use crate::portal::{KeyId, KeyType};
use crate::problem_text::error_text;
use crate::server_fns::{Tried, key_path, try_key};
use contract::Code;
use domain::rule::AddressReason;
use domain::verdict::{Check, Finding};
use service::keys::Trial;

/// A dry run of the key with that id.
pub(crate) fn trial_page() -> Part {
    let address = use_query_map().with_untracked(|query| query.get("address"));
    let entered = address.clone();
    asked(try_key(KeyId(id_of_address()), address), move |tried| show(&tried, entered))
}

fn show(tried: &Tried, entered: Option<String>) -> Part {
    let t = TrialTexts::here();
    let row = &tried.key.row;
    let path = key_path(&KeyId(row.id.to_string()));
    let heading = fill(t.heading, &[("description", &row.description)]);
    let found = match &tried.trial {
        Some(Ok(trial)) => Some(result(tried, trial, &path)),
        _ => None,
    };
    view! {
        <p class="way-up"><a href=path.clone()>{row.description.clone()}</a></p>
        <PageHeading text=heading/>
        <p class="record-line">{t.intro}</p>
        {question(tried, entered, format!("{path}/try"))}
        {found}
        {real(tried)}
    }
    .part()
}

/// Where the address is entered.
fn question(tried: &Tried, entered: Option<String>, path: String) -> Part {
    let t = TrialTexts::here();
    let problem = match &tried.trial {
        Some(Err(error)) => Some(error_text(texts(), language(), error)),
        _ => None,
    };
    let is_wrong = problem.is_some();
    let describes = if is_wrong { "address-hint address-error" } else { "address-hint" };
    let value = entered.or_else(|| tried.own_address.clone()).unwrap_or_default();
    view! {
        <form class="form panel" method="get" action=path>
            <div class="field">
                <label for="address">{t.address_label}</label>
                <p class="hint" id="address-hint">{t.address_hint}</p>
                <input
                    id="address"
                    class="input code"
                    name="address"
                    value=value
                    maxlength="100"
                    autocomplete="off"
                    autocapitalize="off"
                    spellcheck="false"
                    aria-invalid=is_wrong.then_some("true")
                    aria-describedby=describes
                />
                {problem.map(|text| view! { <p class="problem" id="address-error" role="alert">{text}</p> })}
            </div>
            <button class="button">{t.ask}</button>
        </form>
    }
    .part()
}

/// The verdict, and what each check says.
fn result(tried: &Tried, trial: &Trial, path: &str) -> Part {
    let t = TrialTexts::here();
    let code = trial.explained.code();
    let address = trial.address.to_string();
    let is_refused = code != Code::Valid;
    let sentence = if is_refused {
        let text = fill(t.refused, &[("address", &address)]);
        view! { {text} " " <code>{code.name()}</code> }.part()
    } else {
        fill(t.passes, &[("address", &address)]).part()
    };
    let checks = trial.explained.checks.into_iter().map(|(check, finding)| one(tried, trial, check, finding));
    let way_out = (code == Code::IpNotAllowed && tried.may_manage)
        .then(|| view! { <p><a href=path.to_owned()>{t.to_key}</a></p> });
    view! {
        <section class="panel below" aria-labelledby="verdict">
            <div id="verdict">{state_line(is_refused, sentence)}</div>
            <ol class="checks" aria-label=t.checks>{checks.collect_view()}</ol>
            {way_out}
        </section>
    }
    .part()
}

fn one(tried: &Tried, trial: &Trial, check: Check, finding: Finding) -> Part {
    let t = TrialTexts::here();
    let name = match check {
        Check::Owner => t.owner,
        Check::Pause => t.pause,
        Check::Expiry => t.expiry,
        Check::Address => t.address,
    };
    let (class, mark, why) = match finding {
        Finding::NotAsked => ("check none", None, t.not_asked.to_owned()),
        Finding::Holds => ("check good", Some(sign(false)), why(tried, trial, check, true)),
        Finding::Refuses(_) => ("check bad", Some(sign(true)), why(tried, trial, check, false)),
    };
    view! { <li class=class><span class="mark">{mark}</span> <b>{name}</b> " " <span>{why}</span></li> }
        .part()
}

/// Why a check lets the key pass, or refuses it.
fn why(tried: &Tried, trial: &Trial, check: Check, holds: bool) -> String {
    let t = TrialTexts::here();
    let row = &trial.key.row;
    let chosen = |good: &'static str, bad: &'static str| if holds { good } else { bad };
    match check {
        Check::Owner => fill(chosen(t.owner_holds, t.owner_refuses), &[("username", &row.username)]),
        Check::Pause => chosen(t.pause_holds, t.pause_refuses).to_owned(),
        Check::Expiry => match row.expires_at {
            None => t.expiry_never.to_owned(),
            Some(end) => fill(chosen(t.expiry_holds, t.expiry_refuses), &[("time", &tried.zone.text(end))]),
        },
        Check::Address => {
            let locked = row.rule.locked.map(|address| address.to_string()).unwrap_or_default();
            match trial.explained.reason {
                AddressReason::AnyAddress => t.address_any.to_owned(),
                AddressReason::WouldLock => t.address_would_lock.to_owned(),
                AddressReason::Locked => t.address_locked.to_owned(),
                AddressReason::InLockedNetwork => fill(t.address_in_network, &[("locked", &locked)]),
                AddressReason::Listed(entry) => fill(t.address_listed, &[("entry", &entry)]),
                AddressReason::NotListed => t.address_not_listed.to_owned(),
                AddressReason::Elsewhere => fill(t.address_elsewhere, &[("locked", &locked)]),
            }
        }
    }
}

/// Lines that send a real request; the key itself is put in by its reader.
fn real(tried: &Tried) -> Option<Part> {
    let t = TrialTexts::here();
    let reading = Reading::new(language(), &tried.zone, tried.now);
    let (row, key) = (&tried.key.row, reading.t.your_key);
    let username = row.username.as_str();
    let lines = match row.key_type {
        KeyType::Smpp => ways_beside_username(&reading, username, key, &tried.example),
        _ => ways(&reading, username, key, &tried.example),
    };
    let lines = lines?;
    let section = view! {
        <section class="panel below" aria-labelledby="real">
            <h2 id="real">{t.real_heading}</h2>
            <p>{t.real_text}</p>
            {lines}
        </section>
    };
    Some(section.part())
}
