//! Probes: requests that `latchkey doctor gateway` sends through a live gateway, to see what arrives here.
//!
//! A probe carries a random marker where a client carries its key, and is known for a minute. It is always
//! refused, binds and counts nothing; what came with it is kept for whoever opened it.

use domain::time::Micros;
use domain::token::random_base62;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicBool, Ordering};
use subtle::ConstantTimeEq;

const MARKER: usize = 40;
/// How long a probe stays open.
const LIFE_SECONDS: i64 = 60;
/// The most arrivals of a probe that are kept: a gateway may ask again, but not without end.
const ARRIVALS: usize = 8;

/// A probe as it came to one of the gateway endpoints.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrival {
    /// Who asked.
    pub peer: String,
    /// Whether what it says about a client is believed because of its address.
    pub is_trusted: bool,
    /// Whether it carries the token of a gateway.
    pub has_gateway_token: bool,
    /// Who would have been taken for the client.
    pub client: Option<String>,
    /// Which method the client would have been taken to use, where that is told.
    #[serde(default)]
    pub method: Option<String>,
    /// The header lines about addresses, identities and gateway tokens, names in lower case.
    pub lines: Vec<(String, String)>,
}

struct OpenProbe {
    marker: String,
    until: Micros,
    arrivals: Vec<Arrival>,
}

/// The probe that is open, if there is one.
#[derive(Default)]
pub struct Probes {
    /// For the hot path: nothing is compared while no probe is open.
    is_open: AtomicBool,
    open: Mutex<Option<OpenProbe>>,
}

impl Probes {
    /// Opens a probe in place of any other; answers its marker.
    ///
    /// # Errors
    /// The system's random generator fails.
    pub fn open(&self, now: Micros) -> Result<String, rand::rngs::SysError> {
        let marker = format!("lkprobe_{}", random_base62(MARKER)?.as_str());
        let until = now.plus_seconds(LIFE_SECONDS);
        *self.open.lock() = Some(OpenProbe { marker: marker.clone(), until, arrivals: vec![] });
        self.is_open.store(true, Ordering::Release);
        Ok(marker)
    }

    /// Whether a probe may be open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.is_open.load(Ordering::Acquire)
    }

    /// Whether one of these is the marker of the open probe.
    #[must_use]
    pub fn knows<'a>(&self, texts: impl Iterator<Item = &'a [u8]>, now: Micros) -> bool {
        let mut open = self.open.lock();
        if open.as_ref().is_some_and(|probe| probe.until < now) {
            *open = None;
            self.is_open.store(false, Ordering::Release);
        }
        let Some(probe) = &*open else { return false };
        texts.fold(false, |known, text| known | bool::from(probe.marker.as_bytes().ct_eq(text)))
    }

    /// Keeps what came with the open probe.
    pub fn note(&self, arrival: Arrival) {
        if let Some(probe) = &mut *self.open.lock()
            && probe.arrivals.len() < ARRIVALS
        {
            probe.arrivals.push(arrival);
        }
    }

    /// Closes a probe; answers what came with it, unless it is over or another took its place.
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
        probes.note(Arrival::default());
        let marker = probes.open(Micros(0)).unwrap();
        (0..100).for_each(|_| probes.note(Arrival::default()));
        assert_eq!(probes.close(&marker).unwrap().len(), ARRIVALS);
    }
}
