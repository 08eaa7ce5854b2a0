//! `make bench`, second part: libgss beside MIT's and Heimdal's libraries, the same C program compiled against each, in
//! processes that take turns; and krb5-sim without the switch. With the name of a part, only that part: `calls`, `messages`,
//! `transfer`, `ntlmssp`, `pairs` or `start`.
#![allow(clippy::print_stdout, reason = "a benchmark's output is what it prints")]
#![allow(clippy::expect_used, reason = "a benchmark that cannot be set up ends")]

mod direct;
mod kerberos;
mod ntlmssp;
mod site;
mod transfer;

use direct::{Call, Direct};
use gss_benches::harness::{Variant, compare, rates, table};
use gss_benches::library::{Program, Running};
use site::Site;

/// Calls that need no message.
const CALLS: &[(&str, &str)] = &[
    ("context_time", "gss_context_time"),
    ("inquire_context", "gss_inquire_context, no names"),
    ("compare_name", "gss_compare_name"),
    ("import_name", "gss_import_name + gss_release_name"),
    ("indicate_mechs", "gss_indicate_mechs + gss_release_oid_set"),
];

/// Calls on messages: operation, what it is, which call that is without the switch, and the message's length.
const MESSAGES: &[(&str, &str, Call, u32)] = &[
    ("wrap_64", "gss_wrap with confidentiality, 64 bytes", Call::Wrap, 64),
    ("wrap_1k", "gss_wrap with confidentiality, 1 KiB", Call::Wrap, 1 << 10),
    ("wrap_64k", "gss_wrap with confidentiality, 64 KiB", Call::Wrap, 1 << 16),
    ("mic_64", "gss_get_mic, 64 bytes", Call::Mic, 64),
    ("unwrap_64", "gss_unwrap, 64 bytes", Call::Unwrap, 64),
    ("unwrap_64k", "gss_unwrap, 64 KiB", Call::Unwrap, 1 << 16),
];

fn main() {
    println!("Medians of interleaved rounds, in ns unless it says otherwise; the fastest round in brackets.");
    println!("Kerberos contexts: aes256-cts-hmac-sha1-96, acceptor subkeys, replay and sequence detection.");
    println!("krb5-sim alone has no host that keeps random bytes for it: each confounder is a system call.\n");
    let site = Site::new();
    let part = std::env::args().nth(1);
    let wanted = |name: &str| part.as_deref().is_none_or(|part| part == name);
    let [ours, mit, heimdal] = site.kerberos();
    let dummy = site.dummy();
    let kerberos = [&ours, &mit, &heimdal].map(Program::measuring);
    let base = dummy.measuring();
    let calls = |threads: u32, on: &str| {
        for (operation, title) in CALLS {
            let variants: Vec<_> =
                std::iter::once(&base).chain(&kerberos).map(|library| library.variant(operation, threads)).collect();
            table(&format!("{title}: {on}"), &compare(&variants));
        }
    };
    // All on one thread first: a process that has had two pays for locks ever after.
    if wanted("calls") {
        calls(1, "1 thread");
    }
    let direct = Direct::new(&site.line());
    if wanted("messages") {
        for (operation, title, call, bytes) in MESSAGES {
            rates(title, *bytes, &compare(&variants(&kerberos, operation, direct.message(*call, *bytes))));
        }
    }
    if wanted("transfer") {
        transfer::measure(&site, &kerberos, &direct);
    }
    if wanted("ntlmssp") {
        ntlmssp::measure(&site);
    }
    if wanted("pairs") {
        pairs(&site, &kerberos, &direct);
    }
    if wanted("calls") {
        calls(2, "2 threads, each on objects of its own");
    }
    if wanted("start") {
        start(&[dummy, mit, heimdal], &Program::without_library(site.folder()));
    }
}

/// The operation in each library, and without any.
fn variants<'a>(libraries: &'a [Running], operation: &'a str, alone: Variant<'a>) -> Vec<Variant<'a>> {
    libraries.iter().map(|library| library.variant(operation, 1)).chain([alone]).collect()
}

/// A pair of contexts from nothing, credentials at hand.
fn pairs(site: &Site, kerberos: &[Running], direct: &Direct) {
    let remembering = site.remembering().map(|program| program.measuring());
    let mut variants = variants(kerberos, "pair", direct.pair());
    variants.extend(remembering.iter().map(|library| library.variant("pair", 1)));
    table("a pair established, mutually, and deleted", &compare(&variants));
}

/// From nothing to a process's first `gss_indicate_mechs`.
fn start(programs: &[Program], nothing: &Program) {
    let variants: Vec<_> = std::iter::once(nothing)
        .chain(programs)
        .map(|program| Variant::timed(program.name, |count| (0..count).map(|_| program.first()).sum()))
        .collect();
    let mut timings = compare(&variants);
    for timing in &mut timings {
        timing.median /= 1e3;
        timing.least /= 1e3;
    }
    table("start of a process to its first gss_indicate_mechs, in us", &timings);
}
