//! How often a key may ask.

use domain::ids::KeyId;
use domain::quota::{Quota, Standing, Window};
use domain::time::Steady;
use http::{HeaderMap, HeaderName, HeaderValue};
use parking_lot::Mutex;
use std::collections::HashMap;

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const SECONDS: u32 = 60;
/// With so many windows, those that have ended are forgotten.
const WINDOWS: usize = 10_000;

/// The requests of each key in its present minute.
pub(in crate::http) struct Limits {
    quota: Option<Quota>,
    windows: Mutex<HashMap<KeyId, Window>>,
}

impl Limits {
    /// So many requests a minute; none: no limit.
    pub(in crate::http) fn new(requests_per_minute: Option<u32>) -> Self {
        let quota = requests_per_minute.map(|requests| Quota { requests, seconds: SECONDS });
        Self { quota, windows: Mutex::default() }
    }

    /// Charges a request of a key that asks for as much as so many; `None` without a limit.
    pub(in crate::http) fn charge(
        &self,
        key: KeyId,
        requests: u32,
        now: Steady,
    ) -> Option<(Quota, Standing)> {
        let quota = self.quota?;
        let mut windows = self.windows.lock();
        if windows.len() >= WINDOWS {
            windows.retain(|_, window| !quota.is_over(window, now));
        }
        let window = windows.entry(key).or_insert_with(|| Window::new(now));
        Some((quota, quota.charge(requests, window, now)))
    }
}

/// Tells what is left (draft-ietf-httpapi-ratelimit-headers-11).
pub(super) fn tell(headers: &mut HeaderMap, quota: Quota, standing: Standing) {
    let policy = format!("\"default\";q={};w={}", quota.requests, quota.seconds);
    let limit = format!("\"default\";r={};t={}", standing.remaining, standing.reset_seconds);
    for (name, value) in [(POLICY, policy), (LIMIT, limit)] {
        let value = HeaderValue::try_from(value).expect("numbers and quotation marks stand in headers");
        headers.insert(name, value);
    }
}
