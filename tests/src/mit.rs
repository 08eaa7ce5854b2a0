//! MIT's own library as a mechanism: a site with Kerberos, SPNEGO and IAKERB, and a realm with a real KDC.

#[allow(
    dead_code,
    clippy::unwrap_used,
    reason = "not every user of the KDC needs all of it; a test that cannot be set up has failed"
)]
#[path = "../../gss-mech-krb5-sim/tests/mit_peer/kdc.rs"]
mod kdc;

use crate::Site;
use crate::environment::inside;
use gss_core::Oid;
use kdc::Kdc;
use std::ffi::OsString;
use std::path::Path;

/// MIT's library.
pub const LIBRARY: &str = "/usr/lib/x86_64-linux-gnu/libgssapi_krb5.so.2";
/// Kerberos.
pub static KERBEROS: Oid = Oid::from_static(b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02");
/// SPNEGO.
pub static SPNEGO: Oid = Oid::from_static(b"\x2b\x06\x01\x05\x05\x02");
/// IAKERB.
pub static IAKERB: Oid = Oid::from_static(b"\x2b\x06\x01\x05\x02\x05");

/// A site with all three, under these options.
pub fn site(options: &str) -> Site {
    assert!(Path::new(LIBRARY).exists(), "libgssapi-krb5-2 is missing; run tests/setup-system.sh");
    let site = Site::new();
    for (name, oid) in [("krb5", &KERBEROS), ("spnego", &SPNEGO), ("iakerb", &IAKERB)] {
        site.configure(name, &format!("{name} {oid} {LIBRARY} {options}"));
    }
    site
}

/// Runs a test in a realm, with alice's tickets as the default credential and the service's keytab as the default one.
pub fn in_realm(test: &str, body: impl FnOnce(&Path)) {
    let mut running = None;
    let variables = || {
        let kdc = Kdc::start();
        let config = kdc.config_with("forwardable = true");
        let tickets = kdc.login(&config, "alice@HOME.TEST");
        let folder = kdc.folder().to_owned();
        let variables = vec![
            ("KRB5_CONFIG", config.into_os_string()),
            ("KRB5_KTNAME", kdc.keytab().into_os_string()),
            ("KRB5CCNAME", tickets.into_os_string()),
            ("KRB5RCACHENAME", OsString::from(format!("file2:{}", folder.join("rcache").display()))),
            // MIT's switch would open the other mechanisms of this machine, and its SPNEGO offer them.
            ("GSS_MECH_CONFIG", OsString::from("/dev/null")),
            ("TEST_FOLDER", folder.into_os_string()),
        ];
        running = Some(kdc);
        variables
    };
    if inside(test, variables) {
        body(Path::new(&std::env::var_os("TEST_FOLDER").expect("the realm's folder")));
    }
}
