//! NTLMSSP, Debian's package gss-ntlmssp: a site with it, and the users whom it knows.

use crate::Site;
use crate::environment::inside;
use gss_core::Oid;
use std::ffi::OsString;
use std::fs;
use std::path::Path;

/// The mechanism's library.
pub const LIBRARY: &str = "/usr/lib/x86_64-linux-gnu/gssntlmssp/gssntlmssp.so";
/// The mechanism's OID.
pub static NTLMSSP: Oid = Oid::from_static(b"\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a");
/// The only user.
pub const USER: &str = r"TESTDOM\alice";

/// A site with NTLMSSP, under these options.
pub fn site(options: &str) -> Site {
    assert!(Path::new(LIBRARY).exists(), "gss-ntlmssp is missing; run tests/setup-system.sh");
    let site = Site::new();
    site.configure("ntlmssp", &format!("ntlmssp {NTLMSSP} {LIBRARY} {options}"));
    site
}

/// Runs a test with a file of users, of which there is one.
pub fn with_users(test: &str, body: impl FnOnce()) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let users = folder.path().join("users");
    let variables = || {
        fs::write(&users, "TESTDOM:alice:secret\n").expect("a temporary folder is writable");
        vec![
            ("NTLM_USER_FILE", users.clone().into_os_string()),
            ("NETBIOS_COMPUTER_NAME", OsString::from("TESTHOST")),
            ("NETBIOS_DOMAIN_NAME", OsString::from("TESTDOM")),
        ]
    };
    if inside(test, variables) {
        body();
    }
}
