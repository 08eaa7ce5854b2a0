//! Random bytes at a price that a short message can bear.

use crate::bridge;
use gss_plugin_abi::{MechError, Result};
use rustix::io::Errno;
use rustix::rand::{GetRandomFlags, getrandom};

/// Fills the buffer with the kernel's random bytes (getrandom(2)), for confounders, nonces and numbers that nobody may
/// guess or meet twice: as good after a fork as before, on every thread.
///
/// Up to 64 bytes come from a batch of 512 that the host keeps for each thread, at a small part of the price of a system
/// call. A batch that waits lies in the process's memory, and a virtual machine that is copied meanwhile uses it twice.
/// For what has to stay secret, as keys, ask the system itself: the crate `getrandom` does. Without a host, as in a
/// mechanism's own tests, or with one that is older than this service, each call is a system call.
///
/// # Errors
///
/// `FAILURE` with getrandom(2)'s errno as minor: the system has no such call, or a filter forbids it. What is in the
/// buffer is then no use.
pub fn random(bytes: &mut [u8]) -> Result<()> {
    let filled = match bridge::host().and_then(|host| gss_plugin_abi::export::random(host, bytes)) {
        Some(filled) => filled,
        None => from_system(bytes).map_err(Errno::raw_os_error),
    };
    filled.map_err(|errno| {
        let reason = std::io::Error::from_raw_os_error(errno);
        MechError::failure(format!("no random numbers from the system: {reason}")).minor(errno.unsigned_abs())
    })
}

fn from_system(mut rest: &mut [u8]) -> std::result::Result<(), Errno> {
    while !rest.is_empty() {
        match getrandom(&mut *rest, GetRandomFlags::empty()) {
            Ok(count) => rest = rest.get_mut(count..).unwrap_or_default(),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::random;

    /// A test has no host.
    #[test]
    fn without_a_host_the_system_is_asked() {
        assert!(crate::bridge::host().is_none());
        for len in [16, 64, 65, 1000] {
            let (mut one, mut other) = (vec![0; len], vec![0; len]);
            assert!(random(&mut one).is_ok() && random(&mut other).is_ok());
            assert_ne!(one, other);
            assert_ne!(one[len - 16..], [0; 16], "filled to the end");
        }
    }
}
