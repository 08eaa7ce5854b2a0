//! The replay cache: a file that the user's other processes write.

use super::{OID, Site};
use crate::harness::bounded;
use gss_mech_krb5_sim::Krb5Sim;
use gss_plugin::{AcceptorLeg, Flags, InitiatorLeg, Lifetime, Major, Mechanism, name_type};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::PathBuf;
use std::sync::LazyLock;

/// A mechanism with a replay cache, and its file.
static CACHED: LazyLock<(Site, PathBuf)> = LazyLock::new(|| {
    let site = Site::new(|folder| format!("replay-cache={}", folder.display()));
    let folder = site.folder.path();
    let file = folder.join(format!("krb5-sim-{}.rcache", fs::metadata(folder).unwrap().uid()));
    (site, file)
});

fn token(mechanism: &Krb5Sim) -> Vec<u8> {
    let target = mechanism.import_name(b"host@server.example", Some(&name_type::HOSTBASED_SERVICE)).unwrap();
    let (flags, lifetime) = (Flags::NONE, Lifetime::DEFAULT);
    let leg = InitiatorLeg {
        credential: None,
        target: &target,
        mechanism: &OID,
        flags,
        lifetime,
        bindings: None,
        input: b"",
    };
    mechanism.initiate(leg).unwrap().1.token
}

/// Whatever is in the file: a token that was accepted is not accepted again.
pub fn replay_cache(data: &[u8]) {
    let (Site { mechanism, .. }, path) = &*CACHED;
    let _ = fs::remove_file(path);
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    file.unwrap().write_all(data).unwrap();
    let token = token(mechanism);
    let accept = || {
        mechanism.accept(AcceptorLeg { credential: None, bindings: None, input: &token }).map_err(|error| error.major)
    };
    if bounded(&token, 32, accept).is_ok() {
        assert_eq!(accept().map(|_| ()), Err(Major::FAILURE.with(Major::DUPLICATE_TOKEN)));
    }
}

pub(super) fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let (Site { mechanism, .. }, path) = &*CACHED;
    let mut seeds = vec![("krb5_replay_cache", Vec::new())];
    let _ = fs::remove_file(path);
    for _ in 0..3 {
        let token = token(mechanism);
        mechanism.accept(AcceptorLeg { credential: None, bindings: None, input: &token }).unwrap();
        // Its head and its first entries; behind them there is nothing but zeros and a few entries.
        let mut file = fs::read(path).unwrap();
        file.truncate(2000);
        seeds.push(("krb5_replay_cache", file));
    }
    // Every place of the first buckets taken, for ever.
    let full = [&seeds[1].1[..24], &[0x7f; 1500]].concat();
    seeds.push(("krb5_replay_cache", full));
    seeds
}
