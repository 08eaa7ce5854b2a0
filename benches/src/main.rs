//! `make bench`, first part: what the switch costs, measured with the dummy mechanism against calls on the mechanism's own
//! object.
#![allow(clippy::print_stdout, reason = "a benchmark's output is what it prints")]
#![allow(clippy::expect_used, reason = "a benchmark that cannot be set up ends")]

mod subject;

use gss_benches::harness::{Variant, compare, table};
use gss_core::Gss;
use gss_core::config::Sources;
use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use subject::{DUMMY, Direct, Site};

fn main() {
    if let Some(config) = std::env::args().nth(1) {
        return first_use(Path::new(&config));
    }
    println!("Medians of interleaved rounds, in ns unless it says otherwise; the fastest round in brackets.\n");
    let site = Site::new();
    let gss = site.gss();
    calls(&gss);
    transfer(&gss);
    loading(&site);
}

/// The dispatcher against the mechanism's own object.
fn calls(gss: &Gss) {
    let (ours, theirs) = (subject::pair(gss), subject::pair(gss));
    let (direct, other_direct) = (Direct::new(), Direct::new());
    let (guarded, other_guarded) = (Direct::guarded(), Direct::guarded());
    // What every call through the dispatcher pays the processor once there are two threads: it says how far the goal can be
    // met on this machine.
    let word = AtomicU64::new(0);
    let one = compare(&[
        Variant::new("own object, in Rust", || drop(black_box(direct.context_time()))),
        Variant::new("own object, through the ABI", || drop(black_box(guarded.context_time()))),
        Variant::new("dispatcher", || drop(black_box(ours.0.time()))),
        Variant::new("two atomic additions, alone", || {
            black_box(word.fetch_add(1, Ordering::Acquire));
            black_box(word.fetch_sub(1, Ordering::Release));
        }),
    ]);
    table("context_time, 1 thread", &one);
    let two = compare(&[
        Variant::pair(
            "own object, in Rust",
            || drop(black_box(direct.context_time())),
            || drop(black_box(other_direct.context_time())),
        ),
        Variant::pair(
            "own object, through the ABI",
            || drop(black_box(guarded.context_time())),
            || drop(black_box(other_guarded.context_time())),
        ),
        Variant::pair("dispatcher", || drop(black_box(ours.0.time())), || drop(black_box(theirs.0.time()))),
    ]);
    table("context_time, 2 threads on 2 contexts", &two);
    let shared =
        compare(&[Variant::pair("dispatcher", || drop(black_box(ours.0.time())), || drop(black_box(ours.0.time())))]);
    table("context_time, 2 threads on 1 context", &shared);

    let message = [7_u8; 64];
    let mics = compare(&[
        Variant::new("own object, in Rust", || drop(black_box(direct.get_mic(&message)))),
        Variant::new("own object, through the ABI", || {
            let mut mic = Vec::new();
            let _ = black_box(guarded.get_mic(0, &message, &mut mic));
        }),
        Variant::new("dispatcher", || drop(black_box(ours.0.get_mic(&message)))),
    ]);
    table("get_mic of 64 bytes, with its output", &mics);
}

/// Export and import of an established context.
fn transfer(gss: &Gss) {
    let (_initiator, acceptor) = subject::pair(gss);
    let context = std::sync::Mutex::new(Some(acceptor));
    let both = compare(&[Variant::new("export + import", || {
        let mut slot = context.lock().expect("no panic before");
        let token = slot.take().expect("put back each time").export().expect("the dummy exports");
        *slot = Some(gss.import_context(token.as_bytes()).expect("its own token"));
    })]);
    table("hand-over of a dummy context within one process", &both);
}

/// From nothing to a plugin's first answer, each time in a fresh process.
fn loading(site: &Site) {
    let program = std::env::current_exe().expect("the path of this program");
    let mut times: Vec<u64> = (0..21)
        .map(|_| {
            let output = Command::new(&program).arg(site.config()).output().expect("this program runs");
            let text = String::from_utf8_lossy(&output.stdout);
            text.trim().parse().expect("the time in ns")
        })
        .collect();
    times.sort_unstable();
    let ms = |ns: u64| Duration::from_nanos(ns).as_secs_f64() * 1e3;
    println!("config read, plugin opened and first used, in a fresh process");
    println!("  {:<34}{:>9.2} ms  [{:.2}]\n", "dummy", ms(times[times.len() / 2]), ms(times[0]));
}

/// In the fresh process: prints the nanoseconds from reading the config to a token from the mechanism.
fn first_use(config: &Path) {
    let plugins = config.parent().expect("the config lies in a folder");
    // The file's pages are warm or not as the system has them; that is not ours to measure.
    let _ = fs::metadata(config);
    let start = Instant::now();
    let gss = Gss::with(Sources::file(config).plugin_dir(plugins));
    let target = gss.name(b"bench@localhost", None);
    let step = gss.initiator(&target).mechanism(&DUMMY).step(b"").expect("the dummy starts");
    black_box(step);
    println!("{}", start.elapsed().as_nanos());
}
