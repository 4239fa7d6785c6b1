//! How many requests a program may make in a while, and what it is told of that (RateLimit header fields for HTTP,
//! draft-ietf-httpapi-ratelimit-headers-11).

use crate::time::{Micros, Steady};

/// So many requests in so many seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// The most requests.
    pub requests: u32,
    /// In which time.
    pub seconds: u32,
}

/// The requests of one program since its window began.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    began: Steady,
    used: u32,
}

/// What a program may still do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Whether the request that was just charged may go on.
    pub allowed: bool,
    /// Requests that are left until the window ends.
    pub remaining: u32,
    /// Seconds until then, at least 1.
    pub reset_seconds: u32,
}

impl Window {
    /// A window that begins now.
    #[must_use]
    pub fn new(now: Steady) -> Self {
        Self { began: now, used: 0 }
    }
}

impl Quota {
    /// Whether a window has ended.
    #[must_use]
    pub fn is_over(self, window: &Window, now: Steady) -> bool {
        now.0 - window.began.0 >= i64::from(self.seconds) * Micros::SECOND
    }

    /// Charges a request that asks for as much as so many, or nothing where fewer are left; begins a new window where the
    /// last one has ended.
    pub fn charge(self, requests: u32, window: &mut Window, now: Steady) -> Standing {
        if self.is_over(window, now) {
            *window = Window::new(now);
        }
        let allowed = requests <= self.requests - window.used;
        if allowed {
            window.used += requests;
        }
        let left = window.began.0 + i64::from(self.seconds) * Micros::SECOND - now.0;
        let reset_seconds =
            u32::try_from((left + Micros::SECOND - 1) / Micros::SECOND).unwrap_or(self.seconds).max(1);
        Standing { allowed, remaining: self.requests - window.used, reset_seconds }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Steady {
        Steady(seconds * Micros::SECOND)
    }

    #[test]
    fn a_window_lets_so_many_pass_and_then_begins_anew() {
        let quota = Quota { requests: 2, seconds: 60 };
        let mut window = Window::new(at(0));
        let mut charge = |seconds| quota.charge(1, &mut window, at(seconds));
        assert_eq!(charge(0), Standing { allowed: true, remaining: 1, reset_seconds: 60 });
        assert_eq!(charge(1), Standing { allowed: true, remaining: 0, reset_seconds: 59 });
        assert_eq!(charge(59), Standing { allowed: false, remaining: 0, reset_seconds: 1 });
        assert_eq!(charge(60), Standing { allowed: true, remaining: 1, reset_seconds: 60 });
    }

    #[test]
    fn many_are_charged_at_once_or_none_of_them() {
        let quota = Quota { requests: 3, seconds: 60 };
        let mut window = Window::new(at(0));
        let mut charge = |requests| quota.charge(requests, &mut window, at(0));
        assert_eq!(charge(4), Standing { allowed: false, remaining: 3, reset_seconds: 60 });
        assert_eq!(charge(2), Standing { allowed: true, remaining: 1, reset_seconds: 60 });
        assert_eq!(charge(2), Standing { allowed: false, remaining: 1, reset_seconds: 60 });
        assert_eq!(charge(1), Standing { allowed: true, remaining: 0, reset_seconds: 60 });
    }
}
