//! The figures that are read when metrics are asked for.

use super::reading::{Read, Reading};
use crate::mail::MailFigures;
use crate::traffic::{Pool, Traffic};
use domain::time::{Clock, Micros};
use service::events::{Event, Events};
use service::verify::{Journal, KeyIndex, Verifier};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use store::Store;

/// What keeps the figures.
pub struct MetricSources {
    /// Keys.
    pub index: Arc<KeyIndex>,
    /// Uses on their way.
    pub journal: Arc<Journal>,
    /// Throttled sources.
    pub verifier: Arc<Verifier>,
    /// Sizes.
    pub store: Arc<dyn Store>,
    /// Connections and requests.
    pub traffic: Arc<Traffic>,
    /// Forwarded headers that were ignored.
    pub ignored_headers: Arc<AtomicU64>,
    /// What strangers do.
    pub events: Arc<Events>,
    /// Mail.
    pub mail: Arc<MailFigures>,
    /// The present.
    pub clock: Arc<dyn Clock>,
}

impl MetricSources {
    pub(super) fn readings(self) -> Result<Vec<Reading>, prometheus::Error> {
        let mut readings = Vec::from(journal(&self.journal, self.clock)?);
        readings.extend(traffic(&self.traffic)?);
        readings.extend(mail(&self.mail)?);
        readings.push(events(&self.events)?);
        let Self { index, verifier, store, ignored_headers, .. } = self;
        readings.extend([
            Reading::one("latchkey_keys", "Keys that are not deleted.", move || index.count_all() as f64)?,
            Reading::one(
                "latchkey_throttled_sources",
                "Sources and usernames that are told to wait, because they guess.",
                move || verifier.count_throttled() as f64,
            )?,
            Reading::one(
                "latchkey_ignored_forwarded_headers_total",
                "Requests whose word about the client's address was ignored: their peer is no trusted proxy.",
                move || ignored_headers.load(Ordering::Relaxed) as f64,
            )?,
            Reading::by(
                "latchkey_database_bytes",
                "Size of each database with its write-ahead log.",
                "file",
                store
                    .sizes()
                    .into_iter()
                    .map(|(file, _)| (file, size_of(Arc::clone(&store), file)))
                    .collect(),
            )?,
        ]);
        Ok(readings)
    }
}

/// Reads the size of one part of the data.
fn size_of(store: Arc<dyn Store>, file: &'static str) -> Box<dyn Fn() -> f64 + Send + Sync> {
    Box::new(move || {
        store.sizes().into_iter().find(|(name, _)| *name == file).map_or(0.0, |(_, size)| size as f64)
    })
}

fn journal(journal: &Arc<Journal>, clock: Arc<dyn Clock>) -> Result<[Reading; 3], prometheus::Error> {
    let [waiting, unfolded, oldest] = [(); 3].map(|()| Arc::clone(journal));
    Ok([
        Reading::one(
            "latchkey_journal_waiting_uses",
            "Accepted uses that wait for their commit.",
            move || waiting.waiting_uses() as f64,
        )?,
        Reading::one(
            "latchkey_journal_unfolded_uses",
            "Committed uses in the journal that are not yet folded into the totals.",
            move || unfolded.figures().unfolded_uses() as f64,
        )?,
        Reading::one(
            "latchkey_fold_lag_seconds",
            "Age of the oldest use that is not yet folded.",
            move || {
                let since = oldest.figures().unfolded_since();
                since.map_or(0.0, |since| (clock.now().0 - since.0).max(0) as f64 / Micros::SECOND as f64)
            },
        )?,
    ])
}

fn traffic(traffic: &Arc<Traffic>) -> Result<[Reading; 9], prometheus::Error> {
    let read = |of: fn(&Traffic) -> f64| -> Read {
        let traffic = Arc::clone(traffic);
        Box::new(move || of(&traffic))
    };
    Ok([
        Reading::one(
            "latchkey_connections",
            "Open connections.",
            read(|t| t.sources.held(Pool::Connections) as f64),
        )?,
        Reading::one(
            "latchkey_connections_accepted_total",
            "Connections that were accepted.",
            read(|t| t.accepted.get() as f64),
        )?,
        Reading::by(
            "latchkey_connections_refused_total",
            "Connections that were closed before they asked anything, by cause.",
            "cause",
            vec![
                ("full", read(|t| t.refused.get() as f64)),
                ("share", read(|t| t.sources.over_share(Pool::Connections) as f64)),
                ("untrusted_proxy", read(|t| t.strangers.get() as f64)),
                ("bad_proxy_header", read(|t| t.bad_proxy_headers.get() as f64)),
                ("failed_handshake", read(|t| t.failed_handshakes.get() as f64)),
            ],
        )?,
        Reading::by(
            "latchkey_timeouts_total",
            "Connections and requests that were ended because their time was over, by what did not come.",
            "cause",
            vec![
                ("head", read(|t| t.late_heads.get() as f64)),
                ("body", read(|t| t.late_bodies.get() as f64)),
                ("answer_not_fetched", read(|t| t.unfetched.get() as f64)),
                ("idle", read(|t| t.idle_closed.get() as f64)),
            ],
        )?,
        Reading::by(
            "latchkey_requests_in_progress",
            "Requests that are being answered.",
            "kind",
            vec![
                ("question", read(|t| t.questions.held() as f64)),
                ("page", read(|t| t.sources.held(Pool::Pages) as f64)),
                ("form", read(|t| t.sources.held(Pool::Forms) as f64)),
                ("request", read(|t| t.sources.held(Pool::Requests) as f64)),
            ],
        )?,
        Reading::by(
            "latchkey_requests_shed_total",
            "Requests that were answered 503, because too many were in progress.",
            "kind",
            vec![
                ("question", read(|t| t.shed_questions.get() as f64)),
                ("page", read(|t| t.shed_pages.get() as f64)),
            ],
        )?,
        Reading::by(
            "latchkey_over_share_total",
            "What was refused because its source held its share of it, or all strangers theirs.",
            "kind",
            vec![
                ("connection", read(|t| t.sources.over_share(Pool::Connections) as f64)),
                ("request", read(|t| t.sources.over_share(Pool::Requests) as f64)),
                ("form", read(|t| t.sources.over_share(Pool::Forms) as f64)),
                ("page", read(|t| t.sources.over_share(Pool::Pages) as f64)),
            ],
        )?,
        Reading::one(
            "latchkey_sources",
            "Addresses (of IPv6 /64s) that hold a connection, a form or a page.",
            read(|t| t.sources.count() as f64),
        )?,
        Reading::one(
            "latchkey_control_floods_total",
            "Connections of HTTP/2 that were ended for frames that ask for nothing.",
            read(|t| t.floods.get() as f64),
        )?,
    ])
}

fn events(events: &Arc<Events>) -> Result<Reading, prometheus::Error> {
    let read = |event: Event| -> (&'static str, Read) {
        let events = Arc::clone(events);
        (event.name(), Box::new(move || events.total(event) as f64))
    };
    Reading::by(
        "latchkey_events_total",
        "What strangers and those who set things up did wrong, by the event's name in the log.",
        "event",
        Event::ALL.map(read).into(),
    )
}

fn mail(figures: &Arc<MailFigures>) -> Result<[Reading; 3], prometheus::Error> {
    let read = |of: fn(&MailFigures) -> &AtomicU64| -> Read {
        let figures = Arc::clone(figures);
        Box::new(move || of(&figures).load(Ordering::Relaxed) as f64)
    };
    Ok([
        Reading::one("latchkey_mails_waiting", "Letters that wait to be sent.", read(|m| &m.waiting))?,
        Reading::one("latchkey_mails_sent_total", "Letters that the mail server took.", read(|m| &m.sent))?,
        Reading::one(
            "latchkey_mails_given_up_total",
            "Letters that were given up: refused for good, or not taken for three days.",
            read(|m| &m.given_up),
        )?,
    ])
}
