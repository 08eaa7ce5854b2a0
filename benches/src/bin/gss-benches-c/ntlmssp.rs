//! What a switch adds to a C mechanism: NTLMSSP called directly, through MIT's switch, and through ours.

use crate::site::Site;
use gss_benches::harness::{compare, table};
use gss_benches::library::Program;

/// Operation, number of threads, and what it is.
const CALLS: &[(&str, u32, &str)] = &[
    ("context_time", 1, "gss_context_time of NTLMSSP (goal: libgss adds at most 10 ns)"),
    ("inquire_context", 1, "gss_inquire_context of NTLMSSP, no names"),
    ("wrap_64", 1, "gss_wrap of NTLMSSP with confidentiality, 64 bytes"),
    ("transfer_acceptor", 1, "gss_export_sec_context + gss_import_sec_context of NTLMSSP, acceptor"),
    // Last: a process that has had two threads pays for locks ever after.
    ("context_time", 2, "gss_context_time of NTLMSSP, 2 threads, each on a context of its own"),
];

pub(crate) fn measure(site: &Site) {
    let libraries = site.ntlmssp().map(|program| Program::measuring(&program));
    for (operation, threads, title) in CALLS {
        // Where no token is made, its kind makes no difference.
        let names: &[&str] = match *operation {
            "transfer_acceptor" => &["called directly", "MIT's switch", "libgss, portable", "libgss, once"],
            _ => &["called directly", "MIT's switch", "libgss"],
        };
        let variants: Vec<_> = libraries
            .iter()
            .zip(names)
            .map(|(library, name)| library.variant(operation, *threads).named(name))
            .collect();
        table(title, &compare(&variants));
    }
}
