//! The time that lifetimes are reckoned in, and when what has one ends.

use gss_plugin_abi::Lifetime;
use rustix::time::{ClockId, clock_gettime};

/// Seconds since 1970, from `CLOCK_REALTIME_COARSE`: exact to a few milliseconds, at a fifth of the cost of
/// `SystemTime::now`, since a lifetime is asked for with every message.
pub fn now() -> u64 {
    u64::try_from(clock_gettime(ClockId::RealtimeCoarse).tv_sec).unwrap_or(0)
}

/// When a context or a credential ends, in seconds since 1970.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Deadline(pub u64);

impl Deadline {
    /// What has no end.
    pub const NEVER: Deadline = Deadline(u64::MAX);

    /// The end of what begins now.
    pub fn after(lifetime: Lifetime) -> Self {
        match lifetime {
            Lifetime::INDEFINITE => Self::NEVER,
            Lifetime(seconds) => Self(now().saturating_add(u64::from(seconds))),
        }
    }

    /// What is left; 0 once it has passed. The clock is read only where there is an end.
    pub fn remaining(self) -> Lifetime {
        if self == Self::NEVER {
            return Lifetime::INDEFINITE;
        }
        let seconds = self.0.saturating_sub(now());
        // The largest number means no end.
        Lifetime(u32::try_from(seconds).unwrap_or(u32::MAX).min(u32::MAX - 1))
    }

    /// Whether it is over.
    pub fn passed(self) -> bool {
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
        let soon = Deadline::after(Lifetime(100));
        assert!(!soon.passed());
        assert!((98..=100).contains(&soon.remaining().0));
        assert!(Deadline::after(Lifetime(0)).passed());
        assert_eq!(Deadline(0).remaining(), Lifetime(0));
        assert_eq!(Deadline(u64::MAX - 1).remaining(), Lifetime(u32::MAX - 1));
    }
}
