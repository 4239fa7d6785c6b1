//! Points in time, as both databases keep them.

/// Microseconds since 1970-01-01 UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Micros(pub i64);

impl Micros {
    /// Microseconds in a second.
    pub const SECOND: i64 = 1_000_000;
    /// Microseconds in an hour.
    pub const HOUR: i64 = 3_600 * Self::SECOND;

    /// The hour it lies in, counted from 1970.
    #[must_use]
    pub fn hour(self) -> i64 {
        self.0.div_euclid(Self::HOUR)
    }

    /// That many seconds later.
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(Self::SECOND)))
    }

    /// RFC 3339 in UTC, to the second.
    #[must_use]
    pub fn rfc_3339(self) -> String {
        let time = jiff::Timestamp::from_microsecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// Reads RFC 3339; `None` for anything else, and for a time without an offset from UTC.
    #[must_use]
    pub fn parse_rfc_3339(text: &str) -> Option<Self> {
        let time: jiff::Timestamp = text.parse().ok()?;
        Some(Self(time.as_microsecond()))
    }

    /// Whole seconds from `earlier` to here, 0 if it is later.
    #[must_use]
    pub fn seconds_since(self, earlier: Self) -> i64 {
        (self.0 - earlier.0).max(0) / Self::SECOND
    }
}

/// Microseconds on a clock that only goes forward, from some moment before the start: limits count by it, as
/// the time of day is set back and forth, and would make people wait for hours or forget who guessed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Steady(pub i64);

impl Steady {
    /// That many seconds later.
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(Micros::SECOND)))
    }
}

/// Where the present comes from, so that tests can move it.
pub trait Clock: Send + Sync + 'static {
    /// The present, by the time of day.
    fn now(&self) -> Micros;
    /// The present, by a clock that only runs forward and is never set.
    fn steady(&self) -> Steady;
}
