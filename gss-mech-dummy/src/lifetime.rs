//! When a context or a credential ends.

use gss_plugin::{Lifetime, now};

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

/// The lifetime for a request under a limit: a request of 0 asks for the default.
pub(crate) fn granted(request: Lifetime, limit: Lifetime) -> Lifetime {
    if request == Lifetime::DEFAULT { limit } else { request.min(limit) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_shortens_and_never_lengthens() {
        assert_eq!(granted(Lifetime::DEFAULT, Lifetime(60)), Lifetime(60));
        assert_eq!(granted(Lifetime(30), Lifetime(60)), Lifetime(30));
        assert_eq!(granted(Lifetime::INDEFINITE, Lifetime(60)), Lifetime(60));
        assert_eq!(granted(Lifetime(30), Lifetime::INDEFINITE), Lifetime(30));
    }

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
