//! Which state a file is of. Several files are one state: each carries a mark, and the marks tell whether
//! they belong together, or whether one of them was put back without the others.
//!
//! A mark moves on in three steps that a crash may part: the state announces it, the counts take it, the
//! state knows that they have. So the counts have the mark that the state knows of, or the one it announced.

use super::time::Micros;
use std::fmt;

/// A mark: later than every one before, and never made twice, also where two histories part because a backup
/// was put back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark(pub i64);

/// Below the second of a mark stand its microseconds.
const FRACTION: u32 = 24;

impl Mark {
    /// The one that follows.
    #[must_use]
    pub fn next(self, now: Micros) -> Self {
        let seconds = u32::try_from(now.0 / Micros::SECOND).unwrap_or(0);
        let second = self.short().saturating_add(1).max(seconds);
        Self(i64::from(second) << FRACTION | now.0.rem_euclid(Micros::SECOND))
    }

    /// What of it fits into the header of a file: roughly the second since 1970 in which it was made, and
    /// later than that of every mark before.
    #[must_use]
    pub fn short(self) -> u32 {
        u32::try_from(self.0 >> FRACTION).unwrap_or(0)
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_second(self.short().into()) {
            Ok(time) if self.0 > 0 => write!(f, "{}", time.strftime("%Y-%m-%d %H:%M:%S UTC")),
            _ => f.write_str("an earlier version of Latchkey"),
        }
    }
}

/// One of the two files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum File {
    /// `latchkey.db`
    State,
    /// `usage.db`
    Counts,
}

/// What one file says of itself, read with its write-ahead log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marked {
    /// Its mark.
    pub mark: Mark,
    /// Its log was begun on a file that had this mark or a later one.
    pub base: Mark,
    /// The short mark in the file itself, where there is a log beside it.
    pub without_log: Option<u32>,
}

impl Marked {
    /// Whether the log is the file's own. Put back, a file is older than what the log was begun on; with the
    /// log of a backup, it is newer than all that the log knows.
    #[must_use]
    pub fn fits_its_log(&self) -> bool {
        self.without_log.is_none_or(|mark| self.base.short() <= mark && mark <= self.mark.short())
    }
}

/// Why the files are not one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// The file has the write-ahead log of another one beside it.
    ForeignLog(File),
    /// The file is older than the other one.
    Older(File),
}

/// Judges whether the files are one state; `known`: the mark that the counts have as far as the state knows.
///
/// # Errors
/// The files are not one state.
pub fn judge(state: Marked, known: Mark, counts: Marked) -> Result<(), Mismatch> {
    if !state.fits_its_log() {
        return Err(Mismatch::ForeignLog(File::State));
    }
    if !counts.fits_its_log() {
        return Err(Mismatch::ForeignLog(File::Counts));
    }
    match counts.mark {
        mark if mark == known || mark == state.mark => Ok(()),
        mark if mark < state.mark => Err(Mismatch::Older(File::Counts)),
        _ => Err(Mismatch::Older(File::State)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(second: i64) -> Mark {
        Mark(second << FRACTION)
    }

    fn file(own: i64, base: i64, without_log: impl Into<Option<u32>>) -> Marked {
        Marked { mark: mark(own), base: mark(base), without_log: without_log.into() }
    }

    #[test]
    fn every_step_of_a_move_is_one_state() {
        for (state, known, counts) in [
            (file(0, 0, None), 0, file(0, 0, None)),
            (file(5, 5, None), 5, file(5, 5, None)),
            (file(8, 5, 5), 5, file(5, 5, 5)),
            (file(8, 5, 8), 5, file(5, 5, 5)),
            (file(8, 5, 8), 5, file(8, 5, 5)),
            (file(8, 5, 8), 5, file(8, 5, 8)),
            (file(8, 5, 8), 5, file(8, 8, 8)),
            (file(8, 8, 8), 8, file(8, 8, 8)),
        ] {
            assert_eq!(judge(state, mark(known), counts), Ok(()), "{state:?} {counts:?}");
        }
    }

    #[test]
    fn a_file_that_was_put_back_alone_is_told() {
        let (old, new) = (file(5, 5, None), file(8, 8, 8));
        assert_eq!(judge(old, mark(5), new), Err(Mismatch::Older(File::State)));
        assert_eq!(judge(new, mark(8), old), Err(Mismatch::Older(File::Counts)));
        let forked = judge(file(9, 9, None), mark(7), file(8, 8, None));
        assert_eq!(forked, Err(Mismatch::Older(File::Counts)));
    }

    #[test]
    fn the_log_of_another_file_is_told() {
        let (mixed, good) = (file(8, 8, 5), file(8, 8, 8));
        assert_eq!(judge(mixed, mark(8), good), Err(Mismatch::ForeignLog(File::State)));
        assert_eq!(judge(good, mark(8), mixed), Err(Mismatch::ForeignLog(File::Counts)));
        let older_log = file(5, 5, 8);
        assert_eq!(judge(older_log, mark(5), good), Err(Mismatch::ForeignLog(File::State)));
    }

    #[test]
    fn marks_grow_whatever_the_clock_says() {
        let second = |n: i64| Micros(n * Micros::SECOND);
        assert_eq!(mark(5).next(second(100)), mark(100));
        assert_eq!(mark(100).next(second(50)), mark(101));
        assert_eq!(mark(1).next(Micros(-Micros::SECOND)), mark(2));
        let once = mark(5).next(Micros(100_000_001));
        assert!(once != mark(5).next(Micros(100_000_002)), "histories that part in one second");
        assert!(once < once.next(Micros(100_000_000)) && once.short() < once.next(Micros(0)).short());
        assert_eq!(mark(1_700_000_000).to_string(), "2023-11-14 22:13:20 UTC");
        assert_eq!(Mark(0).to_string(), "an earlier version of Latchkey");
    }
}
