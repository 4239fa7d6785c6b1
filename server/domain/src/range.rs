//! The time over which figures are shown: its pieces, each a bar of a chart.

use crate::time::Micros;
use crate::time_zone::TimeZone;

/// How far back figures go. Each ends now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Range {
    /// Twenty-four hours, by the hour.
    Hours24,
    /// Seven days, by the day.
    Days7,
    /// Thirty days.
    #[default]
    Days30,
    /// Ninety days.
    Days90,
}

impl Range {
    /// All, the shortest first.
    pub const ALL: [Self; 4] = [Self::Hours24, Self::Days7, Self::Days30, Self::Days90];

    /// Its name in addresses of pages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hours24 => "24h",
            Self::Days7 => "7d",
            Self::Days30 => "30d",
            Self::Days90 => "90d",
        }
    }

    /// Finds it by its name; any other text means thirty days.
    #[must_use]
    pub fn find(name: &str) -> Self {
        Self::ALL.into_iter().find(|range| range.name() == name).unwrap_or_default()
    }

    /// Whether its pieces are days.
    #[must_use]
    pub fn is_in_days(self) -> bool {
        self != Self::Hours24
    }

    /// The beginnings of its pieces, then the end of the last one, as hours since 1970. Uses are counted by the hour of
    /// UTC. An hour in which midnight lies belongs to the new day as a whole, so that no use of today is left out.
    #[must_use]
    pub fn edges(self, now: Micros, zone: &TimeZone) -> Vec<i64> {
        let end = now.hour() + 1;
        let mut edges: Vec<i64> = match self {
            Self::Hours24 => (end - 24..end).collect(),
            Self::Days7 => midnights(7, now, zone),
            Self::Days30 => midnights(30, now, zone),
            Self::Days90 => midnights(90, now, zone),
        };
        edges.push(end);
        edges
    }
}

fn midnights(days: u8, now: Micros, zone: &TimeZone) -> Vec<i64> {
    (0..days).rev().map(|before| zone.midnight(now, before).hour()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn at(text: &str) -> Micros {
        Micros::parse_rfc_3339(text).unwrap()
    }

    #[test]
    fn an_unknown_name_means_thirty_days() {
        for range in Range::ALL {
            assert_eq!(Range::find(range.name()), range);
        }
        for name in ["", "1d", "30D", "90d ", "x"] {
            assert_eq!(Range::find(name), Range::Days30, "{name}");
        }
    }

    #[rstest]
    #[case(Range::Hours24, 24)]
    #[case(Range::Days7, 7)]
    #[case(Range::Days30, 30)]
    #[case(Range::Days90, 90)]
    fn pieces_follow_each_other_and_end_with_this_hour(#[case] range: Range, #[case] pieces: usize) {
        for zone in ["UTC", "Europe/Bucharest", "Asia/Kathmandu", "America/Sao_Paulo"] {
            let zone = TimeZone::find(zone).unwrap();
            for now in ["2026-03-29T12:30:00Z", "2026-10-25T00:10:00Z", "2026-11-04T23:59:59Z"].map(at) {
                let edges = range.edges(now, &zone);
                assert_eq!(edges.len(), pieces + 1, "{}", zone.name());
                assert!(edges.is_sorted_by(|a, b| a < b), "{edges:?}");
                assert_eq!(edges.last(), Some(&(now.hour() + 1)));
            }
        }
    }

    #[test]
    fn a_day_on_which_clocks_are_put_forward_has_23_hours() {
        let zone = TimeZone::find("Europe/Bucharest").unwrap();
        let edges = Range::Days7.edges(at("2026-03-31T12:30:00Z"), &zone);
        let lengths: Vec<_> = edges.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert_eq!(lengths, [24, 24, 24, 24, 23, 24, 16]);
    }
}
