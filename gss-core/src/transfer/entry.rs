//! The bytes of a waiting context: a header in clear that names the mechanism, and its state under the token's key.
//!
//! ```text
//! 8 bytes   "gsswait" and the version, 1
//! 4 + L     the mechanism's OID, as in a token's prefix
//! the rest  the state under AES-256-GCM (NIST SP 800-38D), with its tag of 16 bytes at the end
//! ```
//!
//! Each key seals one entry, so the nonce is zero. Header, claim, owner and inode are authenticated with it: an entry
//! cannot be copied, nor put under another token.

use crate::secret::SecretBuf;
use crate::token::{self, Claim};
use aes_gcm::aead::AeadInOut;
use aes_gcm::{Aes256Gcm, KeyInit, Nonce, Tag};
use gss_plugin_abi::{Oid, Sink};
use std::ops::Range;

const MAGIC: &[u8; 8] = b"gsswait\x01";
/// The tag's length in bytes.
pub(super) const TAG: usize = 16;

/// Where an entry lies, as far as the file itself says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) owner: u32,
    pub(super) inode: u64,
}

/// What stands before the sealed state.
pub(super) fn header(mechanism: &Oid) -> Vec<u8> {
    [MAGIC.as_slice(), &token::prefix(mechanism)].concat()
}

/// The mechanism that an entry's beginning names.
pub(super) fn mechanism(entry: &[u8]) -> Option<Oid> {
    token::parse(entry.strip_prefix(MAGIC)?).ok().map(|parts| parts.mechanism)
}

fn associated(header: &[u8], claim: &Claim, origin: Origin) -> Vec<u8> {
    [header, &claim.public(), &origin.owner.to_be_bytes(), &origin.inode.to_be_bytes()].concat()
}

fn cipher(claim: &Claim) -> Aes256Gcm {
    Aes256Gcm::new((&*claim.key).into())
}

/// Seals the state in place, which follows the header. `None` when memory runs out.
pub(super) fn seal(entry: &mut SecretBuf, header: &[u8], claim: &Claim, origin: Origin) -> Option<()> {
    // The room for the tag first: growing afterwards would move the state once more.
    entry.append(TAG)?;
    let (state, place) = entry.as_mut_bytes().get_mut(header.len()..)?.split_last_chunk_mut::<TAG>()?;
    let associated = associated(header, claim, origin);
    let tag = cipher(claim).encrypt_inout_detached(&Nonce::default(), &associated, state.into()).ok()?;
    place.copy_from_slice(&tag);
    Some(())
}

/// Unseals an entry in place and answers where the state is; `None` for one that does not belong to the claim as it
/// lies here.
pub(super) fn unseal(entry: &mut SecretBuf, mechanism: &Oid, claim: &Claim, origin: Origin) -> Option<Range<usize>> {
    let header = header(mechanism);
    let (found, sealed) = entry.as_mut_bytes().split_at_mut_checked(header.len())?;
    if found != header.as_slice() {
        return None;
    }
    let (state, tag) = sealed.split_last_chunk_mut::<TAG>()?;
    let length = state.len();
    let associated = associated(&header, claim, origin);
    let tag = Tag::from(*tag);
    cipher(claim).decrypt_inout_detached(&Nonce::default(), &associated, state.into(), &tag).ok()?;
    Some(header.len()..header.len() + length)
}
