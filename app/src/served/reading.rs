//! How a user reads times and numbers, for pages that the server writes outside of a page's own context.

use crate::components::type_name;
use crate::i18n::{Language, Plural, Texts, fill, group_digits, plural, texts_in};
use crate::part::{IntoPart, Part};
use crate::portal::KeyType;
use crate::served::texts::{DashboardTexts, Served};
use domain::range::Range;
use domain::time::Micros;
use domain::time_zone::TimeZone;
use leptos::prelude::*;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// From so many days on a time is a date.
const MOST_DAYS: i64 = 7;

/// Language, time zone and the present of a reader.
#[derive(Clone, Copy)]
pub(crate) struct Reading<'a> {
    /// The texts.
    pub(crate) t: &'static DashboardTexts,
    pub(crate) language: Language,
    pub(crate) zone: &'a TimeZone,
    pub(crate) now: Micros,
}

impl<'a> Reading<'a> {
    pub(crate) fn new(language: Language, zone: &'a TimeZone, now: Micros) -> Self {
        Self { t: DashboardTexts::in_language(language), language, zone, now }
    }

    /// The texts that lively pages have too.
    pub(crate) fn common(&self) -> &'static Texts {
        texts_in(self.language)
    }

    /// A number with its thousands apart.
    pub(crate) fn digits(&self, count: u64) -> String {
        group_digits(self.language, count)
    }

    /// A counted noun in its right form.
    pub(crate) fn counted(&self, count: u64, forms: [&'static str; 3]) -> String {
        let [one, few, many] = forms;
        plural(self.language, count, Plural { one, few, many })
    }

    /// "once", "50 times".
    pub(crate) fn times(&self, count: u64) -> String {
        self.counted(count, [self.t.times_one, self.t.times_few, self.t.times_many])
    }

    /// "3 days"; a day that has begun counts as one.
    pub(crate) fn days_until(&self, end: Micros) -> String {
        let days = domain::expiry::days_left(end, self.now).max(1).unsigned_abs();
        self.counted(days, [self.t.days_one, self.t.days_few, self.t.days_many])
    }

    /// "30 days".
    pub(crate) fn range(&self, range: Range) -> &'static str {
        match range {
            Range::Hours24 => self.t.range_24h,
            Range::Days7 => self.t.range_7d,
            Range::Days30 => self.t.range_30d,
            Range::Days90 => self.t.range_90d,
        }
    }

    pub(crate) fn key_type(&self, key_type: KeyType) -> &'static str {
        type_name(self.common(), key_type)
    }

    /// A day: "Tue 27 Oct".
    pub(crate) fn day(&self, at: Micros) -> String {
        let shown = self.zone.shown(at);
        format!("{} {}", nth(self.t.weekdays, shown.weekday), self.date(at))
    }

    /// A day without its name: "27 Oct".
    pub(crate) fn date(&self, at: Micros) -> String {
        let shown = self.zone.shown(at);
        format!("{} {}", shown.day, nth(self.t.months, shown.month.saturating_sub(1)))
    }

    /// What clocks show: "14:00".
    pub(crate) fn clock(&self, at: Micros) -> String {
        let shown = self.zone.shown(at);
        format!("{:02}:{:02}", shown.hour, shown.minute)
    }

    /// "3 minutes ago", or the date; the exact time stands in the title.
    pub(crate) fn ago(&self, at: Micros) -> Part {
        let exact = self.zone.text(at);
        let text = self.ago_text(at);
        view! { <time datetime=at.rfc_3339() title=exact>{text}</time> }.part()
    }

    fn ago_text(&self, at: Micros) -> String {
        let (t, passed) = (self.t, self.now.seconds_since(at));
        let counted = |unit: i64, forms| self.counted((passed / unit).unsigned_abs(), forms);
        if passed < MINUTE {
            t.just_now.to_owned()
        } else if passed < HOUR {
            counted(MINUTE, [t.minutes_ago_one, t.minutes_ago_few, t.minutes_ago_many])
        } else if passed < DAY {
            counted(HOUR, [t.hours_ago_one, t.hours_ago_few, t.hours_ago_many])
        } else if passed < MOST_DAYS * DAY {
            counted(DAY, [t.days_ago_one, t.days_ago_few, t.days_ago_many])
        } else {
            format!("{} {}", self.date(at), self.zone.shown(at).year)
        }
    }

    /// A number as short as an axis has room for: "24k".
    pub(crate) fn short(&self, count: u64) -> String {
        let (text, unit) = match count {
            0..10_000 => return self.digits(count),
            10_000..1_000_000 => (self.t.thousands, 1_000),
            1_000_000..1_000_000_000 => (self.t.millions, 1_000_000),
            _ => (self.t.billions, 1_000_000_000),
        };
        let (whole, tenths) = (count / unit, count % unit * 10 / unit);
        let number = match tenths {
            0 => self.digits(whole),
            _ => format!("{}{}{tenths}", self.digits(whole), self.t.decimal_mark),
        };
        fill(text, &[("count", &number)])
    }
}

/// One of some words with spaces between them.
fn nth(words: &'static str, place: u8) -> &'static str {
    words.split(' ').nth(place.into()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Micros = Micros(1_768_478_400 * Micros::SECOND);

    fn reading(language: Language, zone: &TimeZone) -> Reading<'_> {
        Reading::new(language, zone, NOW)
    }

    #[test]
    fn times_are_relative_for_a_week() {
        let zone = TimeZone::default();
        let ago = |language, seconds: i64| reading(language, &zone).ago_text(NOW.plus_seconds(-seconds));
        let texts = [0, 59, 60, 20 * 60, 3600, 47 * 3600, 6 * DAY, 7 * DAY];
        let english = texts.map(|seconds| ago(Language::En, seconds));
        let romanian = texts.map(|seconds| ago(Language::Ro, seconds));
        let expected = [
            "just now",
            "just now",
            "1 minute ago",
            "20 minutes ago",
            "1 hour ago",
            "1 day ago",
            "6 days ago",
            "8 Jan 2026",
        ];
        assert_eq!(english, expected);
        let expected = [
            "chiar acum",
            "chiar acum",
            "acum un minut",
            "acum 20 de minute",
            "acum o oră",
            "acum o zi",
            "acum 6 zile",
            "8 ian. 2026",
        ];
        assert_eq!(romanian, expected);
        assert_eq!(ago(Language::En, -5), "just now", "clocks differ");
    }

    #[test]
    fn days_are_those_of_the_reader() {
        let zone = TimeZone::find("Pacific/Kiritimati").unwrap();
        let reading = reading(Language::Ro, &zone);
        assert_eq!((reading.day(NOW), reading.clock(NOW)), ("vin. 16 ian.".to_owned(), "02:00".to_owned()));
        assert_eq!(self::reading(Language::En, &TimeZone::default()).day(NOW), "Thu 15 Jan");
    }

    #[test]
    fn every_day_and_month_has_a_name() {
        for language in [Language::En, Language::Ro] {
            let t = DashboardTexts::in_language(language);
            assert_eq!((t.weekdays.split(' ').count(), t.months.split(' ').count()), (7, 12));
        }
    }

    #[test]
    fn an_axis_has_short_numbers() {
        let zone = TimeZone::default();
        let short = |language, count| reading(language, &zone).short(count);
        let counts = [0, 9_999, 24_000, 1_250_000, 3_000_000_000];
        assert_eq!(counts.map(|count| short(Language::En, count)), ["0", "9,999", "24k", "1.2M", "3B"]);
        assert_eq!(short(Language::Ro, 1_250_000), "1,2 mil.");
        assert_eq!(short(Language::Ro, 24_000), "24 mii");
    }
}
