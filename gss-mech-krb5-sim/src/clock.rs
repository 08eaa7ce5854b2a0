//! The clock of authenticators.

use crate::messages::Timestamp;
use rustix::time::{ClockId, clock_gettime};

/// The time for an authenticator (RFC 4120 section 5.2.3), to the microsecond.
pub(crate) fn timestamp() -> Timestamp {
    let time = clock_gettime(ClockId::Realtime);
    let micros = u32::try_from(time.tv_nsec / 1000).unwrap_or(0).min(999_999);
    Timestamp { seconds: u64::try_from(time.tv_sec).unwrap_or(0), micros }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gss_plugin::now;

    #[test]
    fn the_two_clocks_agree() {
        assert!(timestamp().seconds.abs_diff(now()) <= 1);
    }
}
