//! Webhooks and their deliveries.

use super::moment;
use crate::portal::{CauseChoices, Delivery, WebhookId, WebhookRow};
use contract::Cause;
use domain::time_zone::TimeZone;
use service::records::{DeliveryRow, WebhookRow as Row};

pub(crate) fn names(causes: &CauseChoices) -> Vec<String> {
    causes.names().map(str::to_owned).collect()
}

pub(crate) fn all_causes() -> Vec<String> {
    Cause::ALL.map(|cause| cause.name().to_owned()).into()
}

pub(crate) fn webhook_row(row: &Row, zone: &TimeZone) -> WebhookRow {
    let causes = Cause::ALL.into_iter().filter(|cause| row.causes & cause.bit() != 0);
    WebhookRow {
        id: WebhookId(row.number.0.to_string()),
        url: row.url.clone(),
        causes: causes.map(|cause| cause.name().to_owned()).collect(),
        created: moment(row.created_at, zone),
        off_since: row.disabled_at.map(|at| moment(at, zone)),
        failing_since: row.failing_since.map(|at| moment(at, zone)),
    }
}

pub(crate) fn delivery(row: &DeliveryRow, zone: &TimeZone) -> Delivery {
    Delivery {
        id: row.number.0.to_string(),
        created: moment(row.created_at, zone),
        cause: row.cause.map(|cause| cause.name().to_owned()),
        attempts: row.attempts,
        tried: row.tried_at.map(|at| moment(at, zone)),
        next: row.due_at.map(|at| moment(at, zone)),
        status: row.status,
        problem: row.problem.clone(),
    }
}
