//! Probes: requests that `latchkey doctor` sends through a live gateway or proxy, to see what arrives here.
//!
//! A probe carries a random marker in place of a key, and is recognised for a minute. It is always refused, and neither
//! binds nor counts anything. What arrived with it is kept in memory for the doctor that opened it.

use domain::time::Micros;
use domain::token::random_base62;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicBool, Ordering};
use subtle::ConstantTimeEq;

const MARKER: usize = 40;
/// How long a probe stays open.
const LIFE_SECONDS: i64 = 60;
/// The most arrivals that are kept per probe; a gateway may ask several times.
const ARRIVALS: usize = 8;

/// A probe as it arrived.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrival {
    /// The address of the peer.
    pub peer: String,
    /// Whether the peer is a trusted proxy.
    pub is_trusted: bool,
    /// Whether the request carries a gateway token.
    pub has_gateway_token: bool,
    /// The address that counts as the client's.
    pub client: Option<String>,
    /// The method that counts as the client's, where a gateway tells it.
    #[serde(default)]
    pub method: Option<String>,
    /// The header lines about addresses, identities and gateway tokens, with names in lower case.
    pub lines: Vec<(String, String)>,
}

struct OpenProbe {
    marker: String,
    until: Micros,
    arrivals: Vec<Arrival>,
}

/// The open probe, if there is one.
#[derive(Default)]
pub struct Probes {
    /// For the hot path, which compares nothing while no probe is open.
    is_open: AtomicBool,
    open: Mutex<Option<OpenProbe>>,
}

impl Probes {
    /// Opens a probe in place of any other, and returns its marker.
    pub fn open(&self, now: Micros) -> Result<String, rand::rngs::SysError> {
        let marker = format!("lkprobe_{}", random_base62(MARKER)?.as_str());
        let until = now.plus_seconds(LIFE_SECONDS);
        *self.open.lock() = Some(OpenProbe { marker: marker.clone(), until, arrivals: vec![] });
        self.is_open.store(true, Ordering::Release);
        Ok(marker)
    }

    /// Whether a probe may be open.
    pub fn is_open(&self) -> bool {
        self.is_open.load(Ordering::Acquire)
    }

    /// Whether one of these texts is the marker of the open probe.
    pub fn knows<'a>(&self, texts: impl Iterator<Item = &'a [u8]>, now: Micros) -> bool {
        let mut open = self.open.lock();
        if open.as_ref().is_some_and(|probe| probe.until < now) {
            *open = None;
            self.is_open.store(false, Ordering::Release);
        }
        let Some(probe) = &*open else { return false };
        texts.fold(false, |known, text| known | bool::from(probe.marker.as_bytes().ct_eq(text)))
    }

    /// Keeps what arrived with the open probe.
    pub fn record(&self, arrival: Arrival) {
        if let Some(probe) = &mut *self.open.lock()
            && probe.arrivals.len() < ARRIVALS
        {
            probe.arrivals.push(arrival);
        }
    }

    /// Closes a probe, and returns what arrived with it, unless its time is over or another took its place.
    pub fn close(&self, marker: &str) -> Option<Vec<Arrival>> {
        let mut open = self.open.lock();
        let probe = open.take_if(|probe| bool::from(probe.marker.as_bytes().ct_eq(marker.as_bytes())))?;
        self.is_open.store(false, Ordering::Release);
        Some(probe.arrivals)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(probes: &Probes, text: &str, now: i64) -> bool {
        probes.knows([text.as_bytes()].into_iter(), Micros(now * Micros::SECOND))
    }

    #[test]
    fn a_probe_is_known_for_a_minute_and_by_its_marker_only() {
        let probes = Probes::default();
        assert!(!probes.is_open());
        assert!(!known(&probes, "", 0));
        let marker = probes.open(Micros(0)).unwrap();
        assert!(probes.is_open());
        assert!(known(&probes, &marker, 60));
        assert!(!known(&probes, &marker[..marker.len() - 1], 60));
        assert!(!known(&probes, "", 60));
        assert!(!known(&probes, &marker, 61));
        assert!(!probes.is_open(), "a probe that is over costs nothing any more");
        assert_eq!(probes.close(&marker), None);
    }

    #[test]
    fn a_new_probe_takes_the_place_of_the_one_before() {
        let probes = Probes::default();
        let first = probes.open(Micros(0)).unwrap();
        let second = probes.open(Micros(0)).unwrap();
        assert_ne!(first, second);
        assert!(!known(&probes, &first, 1) && known(&probes, &second, 1));
        assert_eq!(probes.close(&first), None);
        assert_eq!(probes.close(&second), Some(vec![]));
        assert!(!probes.is_open());
    }

    #[test]
    fn what_is_kept_has_an_end() {
        let probes = Probes::default();
        probes.record(Arrival::default());
        let marker = probes.open(Micros(0)).unwrap();
        (0..100).for_each(|_| probes.record(Arrival::default()));
        assert_eq!(probes.close(&marker).unwrap().len(), ARRIVALS);
    }
}
