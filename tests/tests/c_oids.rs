//! OIDs that the C library gives out are its own objects, known ones the exported variables': programs compare them by
//! address.

use gss_tests::c::{Build, Library};
use gss_tests::{DUMMY, dummy_site};

#[test]
fn oids_that_are_given_out_are_always_the_same_objects() {
    let site = dummy_site("gss.default=yes");
    // A library for two mechanisms: the second is one whose OID programs have in a variable.
    site.configure(
        "dummy",
        &format!(
            "dummy {DUMMY} libgss_mech_dummy.so [gss.default=yes]\n\
             krb5 1.2.840.113554.1.2.2 libgss_mech_dummy.so [gss.default=yes]"
        ),
    );
    let library = Library::ours();
    for build in [Build::Plain, Build::Sanitized] {
        library.program("oids.c", build).run(&site, &[]);
    }
}
