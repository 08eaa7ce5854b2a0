//! What time it is, from the kernel's coarse clocks: exact to a few milliseconds, for a few nanoseconds.

use rustix::time::{ClockId, Timespec, clock_gettime};

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    seconds(clock_gettime(ClockId::RealtimeCoarse))
}

/// Milliseconds of a clock that never goes back.
pub(crate) fn monotonic_ms() -> u64 {
    let now = clock_gettime(ClockId::MonotonicCoarse);
    seconds(now) * 1000 + u64::try_from(now.tv_nsec).unwrap_or(0) / 1_000_000
}

fn seconds(time: Timespec) -> u64 {
    u64::try_from(time.tv_sec).unwrap_or(0)
}
