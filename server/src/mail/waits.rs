//! How long to wait before something that failed is tried again.

use rand::RngExt;

/// Minutes until the next attempt; after these, an hour each.
const WAITS: [i64; 5] = [1, 2, 5, 15, 60];

/// How long to wait after so many failures before this one; hours are spread a little.
pub(super) fn wait_seconds(failures: u32) -> i64 {
    let step = usize::try_from(failures).unwrap_or(usize::MAX);
    match WAITS.get(step) {
        Some(minutes) => minutes * 60,
        None => 3600 + rand::rng().random_range(0..360),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_an_hour() {
        let waits: Vec<_> = (0..5).map(wait_seconds).collect();
        assert_eq!(waits, [60, 120, 300, 900, 3600]);
        assert!((3600..3960).contains(&wait_seconds(5)) && (3600..3960).contains(&wait_seconds(u32::MAX)));
    }
}
