//! How a key is used.

use super::answer::found;
use super::caller::Caller;
use super::document::Refused;
use super::input::{Query, WrongInput};
use super::keys::records;
use super::views::{Page, one_of};
use super::{Api, ApiError};
use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use domain::time::Micros;
use serde::{Deserialize, Serialize};
use service::records::{AddressUses, HourCounts};
use utoipa::openapi::schema::Schema;
use utoipa::{IntoParams, ToSchema};

/// Hours of a day.
const DAY: i64 = 24;
/// The most steps of one answer.
const STEPS: i64 = 1000;

/// How long a step is.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Step {
    #[default]
    Hour,
    Day,
}

fn step_schema() -> Schema {
    one_of(["hour", "day"], "How long a step is.").build().into()
}

/// Which time is wanted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct UsageQuery {
    /// From when on, by the hour or day (UTC) in which it lies; without it: the last 24 hours, or 30 days.
    #[param(format = DateTime)]
    from: Option<String>,
    /// Until when; without it: now.
    #[param(format = DateTime)]
    to: Option<String>,
    /// How long a step is.
    #[param(schema_with = step_schema, required = false)]
    step: Option<Step>,
}

/// What a key was used in one step.
#[derive(Serialize, ToSchema)]
pub(super) struct UsageStep {
    /// When the step begins; days begin at midnight in UTC.
    #[schema(format = DateTime, example = "2026-11-27T08:00:00Z")]
    starts_at: String,
    /// Accepted uses.
    #[schema(example = 17)]
    accepted: u64,
    /// Refused ones.
    #[schema(example = 0)]
    refused: u64,
}

/// A page of them.
type UsagePage = Page<UsageStep>;

/// Tells how often a key was used and refused, step by step; steps without any are left out.
#[utoipa::path(
    get,
    path = "/v1/keys/{id}/usage",
    tag = "usage",
    params(("id" = String, Path, description = "The id of the key."), UsageQuery),
    responses((status = 200, description = "The steps, oldest first.", body = UsagePage), Refused)
)]
pub(super) async fn list_usage(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Query(query): Query<UsageQuery>,
) -> Result<Response, ApiError> {
    let (hours, spans) = match query.step.unwrap_or_default() {
        Step::Hour => (1, 24),
        Step::Day => (DAY, 30),
    };
    let now = api.services.clock.now();
    let until = time("to", query.to.as_deref())?.unwrap_or(now);
    let last = step_of(until.hour(), hours);
    let first = match time("from", query.from.as_deref())? {
        Some(from) if from > until => return Err(WrongInput::parameter("from", "it is after `to`")),
        Some(from) => step_of(from.hour(), hours),
        None => last - (spans - 1) * hours,
    };
    if (last - first) / hours >= STEPS {
        return Err(WrongInput::parameter("from", format!("at most {STEPS} steps are told at once")));
    }
    let counts = api.keys().list_hours(&caller.actor, &id, first, last + hours).await?;
    Ok(found(&Page::all(steps(&counts, hours))))
}

fn time(name: &str, text: Option<&str>) -> Result<Option<Micros>, ApiError> {
    let wrong = || WrongInput::parameter(name, "it is no time as RFC 3339 has it, like 2026-11-27T08:00:00Z");
    text.map(|text| Micros::parse_rfc_3339(text).ok_or_else(wrong)).transpose()
}

/// The first hour of the step in which an hour lies.
fn step_of(hour: i64, hours: i64) -> i64 {
    hour - hour.rem_euclid(hours)
}

fn steps(counts: &[HourCounts], hours: i64) -> Vec<UsageStep> {
    let mut steps: Vec<(i64, UsageStep)> = Vec::new();
    for one in counts {
        let first = step_of(one.hour, hours);
        match steps.last_mut() {
            Some((start, step)) if *start == first => {
                step.accepted += one.accepted;
                step.refused += one.refused;
            }
            _ => {
                let starts_at = Micros(first * Micros::HOUR).rfc_3339();
                steps.push((first, UsageStep { starts_at, accepted: one.accepted, refused: one.refused }));
            }
        }
    }
    steps.into_iter().map(|(_, step)| step).collect()
}

/// An address that a key was used from.
#[derive(Serialize, ToSchema)]
pub(super) struct UsedAddress {
    /// The address.
    #[schema(example = "203.0.113.7")]
    address: String,
    /// How often.
    #[schema(example = 42)]
    times_used: u64,
    /// The first time.
    #[schema(format = DateTime, example = "2026-11-20T10:00:00Z")]
    first_used_at: String,
    /// The last time.
    #[schema(format = DateTime, example = "2026-11-27T08:20:00Z")]
    last_used_at: String,
}

impl From<AddressUses> for UsedAddress {
    fn from(uses: AddressUses) -> Self {
        Self {
            address: uses.address.to_string(),
            times_used: uses.count,
            first_used_at: uses.first.rfc_3339(),
            last_used_at: uses.last.rfc_3339(),
        }
    }
}

/// Which of the addresses are wanted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AddressQuery {
    /// Where the last page ended: its `next_cursor`.
    cursor: Option<String>,
    /// The most records of the page.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u32>,
}

/// A page of them.
type AddressPage = Page<UsedAddress>;

/// Lists the addresses that a key was used from, the one that was used last first.
#[utoipa::path(
    get,
    path = "/v1/keys/{id}/addresses",
    tag = "usage",
    params(("id" = String, Path, description = "The id of the key."), AddressQuery),
    responses((status = 200, description = "A page of addresses.", body = AddressPage), Refused)
)]
pub(super) async fn list_addresses(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Query(query): Query<AddressQuery>,
) -> Result<Response, ApiError> {
    let limit = records(query.limit)?;
    let skipped: usize = match query.cursor.as_deref().map(str::parse) {
        None => 0,
        Some(Ok(skipped)) => skipped,
        Some(Err(_)) => return Err(WrongInput::parameter("cursor", "it is no cursor of this list")),
    };
    let addresses = api.keys().list_addresses(&caller.actor, &id).await?;
    let next = skipped.saturating_add(limit);
    let next_cursor = (addresses.len() > next).then(|| next.to_string());
    let data = addresses.into_iter().skip(skipped).take(limit).map(UsedAddress::from).collect();
    Ok(found(&Page { data, next_cursor }))
}
