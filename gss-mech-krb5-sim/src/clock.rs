//! The clock, and when a context or a credential ends.

use crate::messages::Timestamp;
use gss_plugin::{Lifetime, now};
use rustix::time::{ClockId, clock_gettime};

/// The time for an authenticator (RFC 4120 section 5.2.3), to the microsecond.
pub(crate) fn timestamp() -> Timestamp {
    let time = clock_gettime(ClockId::Realtime);
    let micros = u32::try_from(time.tv_nsec / 1000).unwrap_or(0).min(999_999);
    Timestamp { seconds: u64::try_from(time.tv_sec).unwrap_or(0), micros }
}

/// A point in time in seconds since 1970.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Deadline(pub(crate) u64);

impl Deadline {
    pub(crate) const NEVER: Deadline = Deadline(u64::MAX);

    pub(crate) fn after(lifetime: Lifetime) -> Self {
        match lifetime {
            Lifetime::INDEFINITE => Self::NEVER,
            Lifetime(seconds) => Self(now().saturating_add(u64::from(seconds))),
        }
    }

    /// What is left; 0 once it has passed. The clock is read only where there is an end.
    pub(crate) fn remaining(self) -> Lifetime {
        if self == Self::NEVER {
            return Lifetime::INDEFINITE;
        }
        let seconds = self.0.saturating_sub(now());
        // The largest number means no end.
        Lifetime(u32::try_from(seconds).unwrap_or(u32::MAX).min(u32::MAX - 1))
    }

    pub(crate) fn passed(self) -> bool {
        self != Self::NEVER && self.0 <= now()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_an_end_passes() {
        assert!(!Deadline::NEVER.passed());
        assert_eq!(Deadline::NEVER.remaining(), Lifetime::INDEFINITE);
        assert_eq!(Deadline::after(Lifetime::INDEFINITE), Deadline::NEVER);
        assert!((98..=100).contains(&Deadline::after(Lifetime(100)).remaining().0));
        assert!(Deadline::after(Lifetime(0)).passed());
        assert_eq!(Deadline(u64::MAX - 1).remaining(), Lifetime(u32::MAX - 1));
    }

    #[test]
    fn the_two_clocks_agree() {
        assert!(timestamp().seconds.abs_diff(now()) <= 1);
    }
}
