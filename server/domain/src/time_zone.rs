//! Time zones by their IANA names, out of the database in the binary: a system may have none, or an old one.

use super::time::Micros;
use jiff::tz::{self, TimeZoneDatabase};
use jiff::{Span, Timestamp};
use std::sync::LazyLock;

static DATABASE: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);
static NAMES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut names: Vec<_> = DATABASE.available().map(|name| name.to_string()).collect();
    names.sort_unstable();
    names
});

/// Where people live; the other names of the database are old ones, or hours without a place.
const REGIONS: [&str; 10] = [
    "Africa",
    "America",
    "Antarctica",
    "Arctic",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
];

/// What the clocks of a place show, and when its days begin.
#[derive(Clone, Debug)]
pub struct TimeZone(tz::TimeZone);

/// What calendar and clocks show at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The year.
    pub year: i16,
    /// The month, from 1.
    pub month: u8,
    /// The day of the month, from 1.
    pub day: u8,
    /// The day of the week; 0 is Monday.
    pub weekday: u8,
    /// The hour, from 0.
    pub hour: u8,
    /// The minute.
    pub minute: u8,
}

impl Default for TimeZone {
    fn default() -> Self {
        Self(tz::TimeZone::UTC)
    }
}

impl TimeZone {
    /// The one with this IANA name, written as the database writes it.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        NAMES.binary_search_by(|known| known.as_str().cmp(name)).ok()?;
        DATABASE.get(name).ok().map(Self)
    }

    /// The names to choose from: UTC, then all places by their region.
    pub fn names() -> impl Iterator<Item = &'static str> {
        let is_place =
            |name: &&str| name.split_once('/').is_some_and(|(region, _)| REGIONS.contains(&region));
        std::iter::once("UTC").chain(NAMES.iter().map(String::as_str).filter(is_place))
    }

    /// Its IANA name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// What its clocks show: `2019-07-14 11:54:19`.
    #[must_use]
    pub fn text(&self, at: Micros) -> String {
        timestamp(at).to_zoned(self.0.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
    }

    /// What its calendar and its clocks show.
    #[must_use]
    pub fn shown(&self, at: Micros) -> Shown {
        let shown = timestamp(at).to_zoned(self.0.clone());
        let small = |number: i8| number.unsigned_abs();
        Shown {
            year: shown.year(),
            month: small(shown.month()),
            day: small(shown.day()),
            weekday: small(shown.weekday().to_monday_zero_offset()),
            hour: small(shown.hour()),
            minute: small(shown.minute()),
        }
    }

    /// The time at which its clocks show this (`2026-12-24T18:30`, as browsers send it; seconds may follow). Where clocks
    /// are put forward over it, the time after; where they show it twice, the first time.
    #[must_use]
    pub fn at(&self, shown: &str) -> Option<Micros> {
        let shown: jiff::civil::DateTime = shown.parse().ok()?;
        let at = shown.to_zoned(self.0.clone()).ok()?;
        Some(Micros(at.timestamp().as_microsecond()))
    }

    /// The same as browsers take it: `2026-12-24T18:30`, with seconds where there are any.
    #[must_use]
    pub fn input_text(&self, at: Micros) -> String {
        let shown = timestamp(at).to_zoned(self.0.clone());
        let format = if shown.second() == 0 { "%Y-%m-%dT%H:%M" } else { "%Y-%m-%dT%H:%M:%S" };
        shown.strftime(format).to_string()
    }

    /// When the day began there that lies so many days before the one of `now`.
    #[must_use]
    pub fn midnight(&self, now: Micros, days_before: u8) -> Micros {
        let today = timestamp(now).to_zoned(self.0.clone()).date();
        let day = today.saturating_sub(Span::new().days(days_before));
        // Where clocks are put forward at midnight, the day begins at what they show then.
        let start = day.to_zoned(self.0.clone()).and_then(|noon| noon.start_of_day());
        start.map_or(now, |start| Micros(start.timestamp().as_microsecond()))
    }
}

fn timestamp(at: Micros) -> Timestamp {
    Timestamp::from_microsecond(at.0).unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn at(text: &str) -> Micros {
        Micros(text.parse::<Timestamp>().unwrap().as_microsecond())
    }

    #[test]
    fn names_are_known_exactly_as_they_are_written() {
        for name in ["UTC", "Europe/Bucharest", "America/Argentina/Buenos_Aires", "Asia/Kathmandu", "EST5EDT"]
        {
            assert_eq!(TimeZone::find(name).unwrap().name(), name);
        }
        for name in ["", "europe/bucharest", "Europe/Bucharest ", "Mars/Olympus", "../etc/passwd", "+02:00"] {
            assert!(TimeZone::find(name).is_none(), "{name}");
        }
    }

    #[test]
    fn every_name_that_is_offered_is_known() {
        let names: Vec<_> = TimeZone::names().collect();
        assert!(names.len() > 400 && names[0] == "UTC", "{}", names.len());
        assert!(names.iter().all(|name| TimeZone::find(name).is_some()));
        assert!(!names.contains(&"US/Eastern") && !names.contains(&"Etc/GMT+5"));
    }

    #[rstest]
    #[case("UTC", "2019-07-14 11:54:19")]
    #[case("Europe/Bucharest", "2019-07-14 14:54:19")]
    #[case("Asia/Kathmandu", "2019-07-14 17:39:19")]
    fn clocks_show_the_time_of_their_place(#[case] zone: &str, #[case] shown: &str) {
        assert_eq!(TimeZone::find(zone).unwrap().text(Micros(1_563_105_259_999_999)), shown);
    }

    #[test]
    fn a_calendar_shows_the_day_of_its_place() {
        let shown = TimeZone::find("Asia/Kathmandu").unwrap().shown(at("2026-11-24T18:15:59Z"));
        let expected = Shown { year: 2026, month: 11, day: 25, weekday: 2, hour: 0, minute: 0 };
        assert_eq!(shown, expected, "a Wednesday");
    }

    #[rstest]
    #[case("UTC", "2026-12-24T18:30", Some("2026-12-24T18:30:00Z"))]
    #[case("Europe/Bucharest", "2026-12-24T18:30:15", Some("2026-12-24T16:30:15Z"))]
    // Clocks were put forward from three to four, and back from four to three.
    #[case("Europe/Bucharest", "2026-03-29T03:30", Some("2026-03-29T01:30:00Z"))]
    #[case("Europe/Bucharest", "2026-10-25T03:30", Some("2026-10-25T00:30:00Z"))]
    #[case("UTC", "2026-02-30T00:00", None)]
    #[case("UTC", "tomorrow", None)]
    #[case("UTC", "", None)]
    #[case("UTC", "2026-12-24", Some("2026-12-24T00:00:00Z"))]
    fn a_time_is_read_as_the_clocks_of_its_place_show_it(
        #[case] zone: &str,
        #[case] shown: &str,
        #[case] expected: Option<&str>,
    ) {
        let zone = TimeZone::find(zone).unwrap();
        assert_eq!(zone.at(shown), expected.map(at));
        if let Some(at) = zone.at(shown) {
            assert_eq!(zone.at(&zone.input_text(at)), Some(at), "it leads back");
        }
    }

    #[rstest]
    #[case("UTC", "2026-01-15T12:00:00Z", 0, "2026-01-15T00:00:00Z")]
    #[case("Europe/Bucharest", "2026-01-15T21:59:59Z", 0, "2026-01-14T22:00:00Z")]
    #[case("Europe/Bucharest", "2026-01-15T22:00:00Z", 0, "2026-01-15T22:00:00Z")]
    #[case("Asia/Kathmandu", "2026-01-15T12:00:00Z", 1, "2026-01-13T18:15:00Z")]
    // The night in between had 23 hours.
    #[case("Europe/Bucharest", "2026-03-31T12:00:00Z", 6, "2026-03-24T22:00:00Z")]
    #[case("Europe/Bucharest", "2026-03-31T12:00:00Z", 0, "2026-03-30T21:00:00Z")]
    // That day began at one o'clock.
    #[case("America/Sao_Paulo", "2018-11-04T12:00:00Z", 0, "2018-11-04T03:00:00Z")]
    fn days_begin_at_midnight_of_their_place(
        #[case] zone: &str,
        #[case] now: &str,
        #[case] days_before: u8,
        #[case] begins: &str,
    ) {
        assert_eq!(TimeZone::find(zone).unwrap().midnight(at(now), days_before), at(begins));
    }
}
