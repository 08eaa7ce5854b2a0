//! Which host is this, since which start, and is a claim one of its own that still counts.

use super::error::TransferError;
use crate::clock::now;
use crate::token::Claim;
use once_cell::race::OnceBox;
use sha1::{Digest, Sha1};

/// 8 bytes of the hash of the boot id; zeros where it cannot be read.
pub(super) fn boot() -> [u8; 8] {
    static BOOT: OnceBox<[u8; 8]> = OnceBox::new();
    *BOOT.get_or_init(|| Box::new(read_boot().unwrap_or_default()))
}

/// Whether a claim was made on this host since its last start, as far as both are known, and has not expired.
///
/// # Errors
/// [`TransferError::OtherBoot`], [`TransferError::Expired`].
pub(super) fn check(claim: &Claim) -> Result<(), TransferError> {
    const UNKNOWN: [u8; 8] = [0; 8];
    let boot = boot();
    if claim.boot != boot && claim.boot != UNKNOWN && boot != UNKNOWN {
        return Err(TransferError::OtherBoot);
    }
    match now().checked_sub(claim.not_after) {
        None | Some(0) => Ok(()),
        Some(ago) => Err(TransferError::Expired(ago)),
    }
}

fn read_boot() -> Option<[u8; 8]> {
    let id = std::fs::read("/proc/sys/kernel/random/boot_id").ok()?;
    Sha1::digest(id.trim_ascii()).first_chunk().copied()
}
