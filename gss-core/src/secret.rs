//! A buffer for key material: wiped when dropped and when it grows, and never shown.

use gss_plugin_abi::Sink;
use std::fmt;
use zeroize::zeroize_bytes;

/// Bytes that may hold keys.
#[derive(Default)]
pub struct SecretBuf(Vec<u8>);

impl SecretBuf {
    /// A buffer that holds `capacity` bytes before it has to move.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn with_capacity(capacity: usize) -> Result<Self, std::collections::TryReserveError> {
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(capacity)?;
        Ok(Self(bytes))
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes, to be changed in place.
    pub(crate) fn as_mut_bytes(&mut self) -> &mut [u8] {
        &mut self.0
    }

    /// Wipes all that was allocated: what stood beyond the end now may have been a key before.
    fn wipe(&mut self) {
        // Never moves: there is room for it. `Vec`'s own `zeroize` goes byte by byte.
        self.0.resize(self.0.capacity(), 0);
        zeroize_bytes(&mut self.0);
        self.0.clear();
    }

    /// Makes room without leaving a copy behind, as `Vec` would.
    fn make_room(&mut self, additional: usize) -> Option<()> {
        let needed = self.0.len().checked_add(additional)?;
        if needed > self.0.capacity() {
            let mut larger = Vec::new();
            larger.try_reserve_exact(needed.max(self.0.capacity().saturating_mul(2))).ok()?;
            larger.extend_from_slice(&self.0);
            self.wipe();
            self.0 = larger;
        }
        Some(())
    }
}

impl Sink for SecretBuf {
    fn reserve(&mut self, count: usize) -> Option<()> {
        self.make_room(count)
    }

    fn append(&mut self, count: usize) -> Option<&mut [u8]> {
        self.make_room(count)?;
        let start = self.0.len();
        self.0.resize(start + count, 0);
        self.0.get_mut(start..)
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    fn truncate(&mut self, length: usize) {
        if let Some(tail) = self.0.get_mut(length..) {
            zeroize_bytes(tail);
        }
        self.0.truncate(length);
    }
}

impl Drop for SecretBuf {
    fn drop(&mut self) {
        self.wipe();
    }
}

impl fmt::Debug for SecretBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretBuf({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_keeps_and_shows_nothing() {
        let mut secret = SecretBuf::with_capacity(4).unwrap();
        secret.append(3).unwrap().copy_from_slice(b"key");
        secret.append(100).unwrap().fill(7);
        assert_eq!(&secret.as_bytes()[..4], b"key\x07");
        secret.truncate(3);
        assert_eq!(secret.as_bytes(), b"key");
        assert!(secret.append(usize::MAX).is_none());
        assert_eq!(format!("{secret:?}"), "SecretBuf(3 bytes)");
    }
}
