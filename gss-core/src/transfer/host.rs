//! What is this host, since when, and what time is it.

use once_cell::race::OnceBox;
use rustix::time::{ClockId, clock_gettime};
use sha1::{Digest, Sha1};

/// Seconds since 1970, from a clock that costs a few nanoseconds.
pub(super) fn now() -> u64 {
    u64::try_from(clock_gettime(ClockId::RealtimeCoarse).tv_sec).unwrap_or(0)
}

/// Milliseconds of a clock that never goes back.
pub(super) fn monotonic_ms() -> u64 {
    let now = clock_gettime(ClockId::MonotonicCoarse);
    u64::try_from(now.tv_sec).unwrap_or(0) * 1000 + u64::try_from(now.tv_nsec).unwrap_or(0) / 1_000_000
}

/// 8 bytes of the hash of the boot id; zeros where it cannot be read.
pub(super) fn boot() -> [u8; 8] {
    static BOOT: OnceBox<[u8; 8]> = OnceBox::new();
    *BOOT.get_or_init(|| Box::new(read_boot().unwrap_or_default()))
}

fn read_boot() -> Option<[u8; 8]> {
    let id = std::fs::read("/proc/sys/kernel/random/boot_id").ok()?;
    Sha1::digest(id.trim_ascii()).first_chunk().copied()
}
