//! Sends deliveries to their receivers: one at a time per webhook, and many webhooks at a time, so that a slow receiver
//! holds up no other.

use super::message;
use super::sender::{ReceiverReply, SendError, Sender};
use bytes::Bytes;
use domain::sealing::SealingKey;
use domain::time::{Clock, Micros};
use domain::webhook::{Evidence, SigningSecret, WebhookNumber, WebhookUrl, wait_after};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::{Attempt, AttemptEnd, DeliveryRow, Store, StoreError, WebhookRow};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Messages in flight at a time, each to another webhook.
const IN_FLIGHT: usize = 32;
/// How often due deliveries are looked for.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long a delivery is claimed: longer than any attempt takes.
const CLAIM_SECONDS: i64 = 120;
/// How long a webhook rests whose attempt could not be recorded, so that it is not tried again and again.
const REST: Duration = Duration::from_secs(30);
/// A webhook that takes longer is slow, and rests [`SLOW_RESTS`] times as long as it took.
const SLOW: Duration = Duration::from_secs(1);
const SLOW_RESTS: u32 = 3;

/// Sends due deliveries.
#[derive(Clone)]
pub struct Deliverer {
    /// Where deliveries wait.
    pub store: Arc<dyn Store>,
    /// The present.
    pub clock: Arc<dyn Clock>,
    /// With which secrets are sealed.
    pub sealing: SealingKey,
    /// How messages are sent.
    pub sender: Sender,
    /// Wakes it before the next look.
    pub bell: Arc<Notify>,
}

impl Deliverer {
    /// Sends until `stop`, and returns when nothing is in flight any more.
    pub async fn run(self, stop: CancellationToken) {
        // The webhook of each task; no webhook has two.
        let (mut sending, mut busy) = (JoinSet::new(), HashMap::new());
        let free = Arc::new(Semaphore::new(IN_FLIGHT));
        loop {
            let resting: Vec<_> = busy.values().copied().collect();
            for (webhook, delivery) in self.find_due(&resting, free.available_permits()).await {
                let Ok(permit) = Arc::clone(&free).try_acquire_owned() else { break };
                let number = webhook.number;
                busy.insert(
                    sending.spawn(self.clone().send_and_rest(webhook, delivery, permit)).id(),
                    number,
                );
            }
            tokio::select! {
                () = stop.cancelled() => break,
                Some(done) = sending.join_next_with_id() => match done {
                    Ok((task, ())) => { busy.remove(&task); }
                    Err(error) => {
                        tracing::error!(%error, "sending to a webhook failed; it rests");
                        if let Some(number) = busy.remove(&error.id()) {
                            self.release(number).await;
                            busy.insert(sending.spawn(tokio::time::sleep(REST)).id(), number);
                        }
                    }
                },
                () = self.bell.notified() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
        // All permits are free once nothing is in flight.
        let _ = free.acquire_many(IN_FLIGHT as u32).await;
    }

    /// Ends the claim of a task that failed before it could do so.
    async fn release(&self, webhook: WebhookNumber) {
        if let Err(error) = self.store.release_delivery(webhook).await {
            tracing::warn!(%error, webhook = webhook.0, "the claim on a delivery stays until it runs out");
        }
    }

    /// Makes one attempt, and then lets the webhook rest: for long if the attempt could not be recorded, and several times
    /// as long as it took if it was slow, so that slow webhooks never hold all permits.
    async fn send_and_rest(self, webhook: WebhookRow, delivery: DeliveryRow, permit: OwnedSemaphorePermit) {
        let begun = Instant::now();
        let recorded = self.deliver(webhook, delivery).await;
        drop(permit);
        let took = begun.elapsed();
        let rest = match recorded {
            Err(_) => REST,
            Ok(()) if took >= SLOW => took * SLOW_RESTS,
            Ok(()) => return,
        };
        tokio::time::sleep(rest).await;
    }

    /// Sends once what is due now, to all webhooks at a time. Returns how many deliveries that were.
    pub async fn deliver_due(&self) -> usize {
        let due = self.find_due(&[], IN_FLIGHT).await;
        let sending = due.into_iter().map(|(webhook, delivery)| self.deliver(webhook, delivery));
        futures::future::join_all(sending).await.len()
    }

    async fn find_due(&self, busy: &[WebhookNumber], most: usize) -> Vec<(WebhookRow, DeliveryRow)> {
        if most == 0 {
            return Vec::new();
        }
        let most = u32::try_from(most).unwrap_or(u32::MAX);
        let now = self.clock.now();
        let due = self.store.claim_due_deliveries(now, now.plus_seconds(CLAIM_SECONDS), busy, most).await;
        due.unwrap_or_else(|error| {
            tracing::error!(%error, "what is due to webhooks cannot be read");
            Vec::new()
        })
    }

    /// Makes one attempt, and records it. A delivery whose attempt cannot be recorded is due again.
    async fn deliver(&self, webhook: WebhookRow, delivery: DeliveryRow) -> Result<(), StoreError> {
        let recorded = self.attempt_and_record(&webhook, delivery).await;
        if recorded.is_err() {
            self.store.release_delivery(webhook.number).await?;
        }
        recorded
    }

    async fn attempt_and_record(
        &self,
        webhook: &WebhookRow,
        delivery: DeliveryRow,
    ) -> Result<(), StoreError> {
        let (status, end) = match self.write(&delivery).await? {
            Ok(body) => self.attempt(webhook, &delivery, body).await,
            Err(problem) => (None, AttemptEnd::Dropped { problem }),
        };
        let attempt =
            Attempt { delivery: delivery.number, webhook: webhook.number, at: self.clock.now(), status, end };
        self.store.note_attempt(attempt).await.inspect_err(|error| {
            tracing::error!(%error, "an attempt to send to a webhook cannot be noted");
        })
    }

    /// Writes the body from the notice as it is now, or returns why there is none.
    async fn write(&self, delivery: &DeliveryRow) -> Result<Result<Bytes, &'static str>, StoreError> {
        let Some(notice) = delivery.notice else {
            return Ok(match delivery.cause {
                None => Ok(message::of_test(delivery.created_at)),
                Some(_) => Err("notice_gone"),
            });
        };
        let facts = self.store.find_notice(notice).await?;
        Ok(facts.map(|facts| message::of_notice(&facts)).ok_or("notice_gone"))
    }

    async fn attempt(
        &self,
        webhook: &WebhookRow,
        delivery: &DeliveryRow,
        body: Bytes,
    ) -> (Option<u16>, AttemptEnd) {
        let Some(secret) = self.open_secret(webhook) else {
            return (None, AttemptEnd::Dropped { problem: "secret_unreadable" });
        };
        let reply = match WebhookUrl::parse(&webhook.url, self.sender.allows_private()) {
            Ok(url) => {
                let headers = headers(&secret, delivery, self.clock.now(), &body);
                self.sender.post(&url, headers, body).await
            }
            Err(error) => Err(SendError::from(error)),
        };
        let status = reply.as_ref().ok().map(|reply| reply.status.as_u16());
        (status, self.judge(webhook, delivery, &reply))
    }

    fn open_secret(&self, webhook: &WebhookRow) -> Option<SigningSecret> {
        let opened = self.sealing.open_bytes(&webhook.number.sealed_place(), &webhook.secret_sealed);
        let opened = opened.inspect_err(|error| {
            tracing::error!(%error, webhook = webhook.number.0, "the secret of a webhook cannot be read");
        });
        SigningSecret::from_bytes(&opened.ok()?)
    }

    fn judge(
        &self,
        webhook: &WebhookRow,
        delivery: &DeliveryRow,
        reply: &Result<ReceiverReply, SendError>,
    ) -> AttemptEnd {
        let now = self.clock.now();
        let (problem, asked) = match reply {
            Ok(reply) if reply.status.is_success() => return AttemptEnd::Delivered,
            Ok(reply) if reply.status == StatusCode::GONE => ("gone", None),
            Ok(reply) => {
                let problem = if reply.status.is_redirection() { "redirect" } else { "status" };
                (problem, reply.retry_after.as_deref().and_then(|text| seconds(text, now)))
            }
            Err(failure) => (failure.name(), None),
        };
        let is_test = delivery.cause.is_none();
        let (next, evidence) = match problem {
            "gone" => (None, Evidence::Gone),
            // A test is not repeated: the owner sees how it went, and can ask for another one.
            _ if is_test => (None, Evidence::None),
            _ => (wait_after(delivery.attempts + 1, rand::random(), asked), Evidence::Fails),
        };
        let next = next.map(|wait| now.plus_seconds(wait));
        AttemptEnd::Failed { problem, next, evidence, shown: WebhookUrl::shown(&webhook.url) }
    }
}

fn headers(secret: &SigningSecret, delivery: &DeliveryRow, now: Micros, body: &[u8]) -> HeaderMap {
    let timestamp = now.0.div_euclid(Micros::SECOND);
    let signature = secret.sign(&delivery.message_id, timestamp, body);
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert("webhook-timestamp", HeaderValue::from(timestamp));
    for (name, value) in [("webhook-id", &delivery.message_id), ("webhook-signature", &signature)] {
        headers.insert(name, HeaderValue::from_str(value).expect("it is base64 and digits"));
    }
    headers
}

/// Reads the seconds of a Retry-After, which is a number or a time.
fn seconds(text: &str, now: Micros) -> Option<u64> {
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(seconds);
    }
    let time = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    u64::try_from(time.as_second() - now.0.div_euclid(Micros::SECOND)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_asked_for_in_seconds_or_by_a_time() {
        let now = Micros(784_111_777 * Micros::SECOND);
        assert_eq!(seconds(" 120 ", now), Some(120));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:51:37 GMT", now), Some(120));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:49:36 GMT", now), None);
        for text in ["", "-1", "soon", "99999999999999999999", "1.5"] {
            assert_eq!(seconds(text, now), None, "{text:?}");
        }
    }

    #[test]
    fn more_than_the_host_is_not_told() {
        assert_eq!(WebhookUrl::shown("https://example.com/hook/secret?token=x"), "https://example.com");
        assert_eq!(WebhookUrl::shown("http://127.0.0.1:8080/x"), "http://127.0.0.1:8080");
    }
}
