//! The table of objects counts its readers without locked instructions while the process has one thread. The usual
//! harness runs tests on threads of their own, so this test is a program.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a test, which lists itself as cargo nextest asks")]

use gss_core::slots::Slots;
use std::env;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

fn main() {
    let asked = |option: &str| env::args().any(|argument| argument == option);
    match (asked("--list"), asked("--ignored")) {
        (true, true) => {}
        (true, false) => println!("guards_taken_alone_count_among_others: test"),
        (false, _) => guards_taken_alone_count_among_others(),
    }
}

fn guards_taken_alone_count_among_others() {
    let slots = Slots::new();
    let handle = slots.insert(7).unwrap();
    drop(slots.read(handle).unwrap());
    let (first, second) = (slots.read(handle).unwrap(), slots.read(handle).unwrap());
    drop(first);
    let removed = AtomicBool::new(false);
    thread::scope(|scope| {
        let remover = scope.spawn(|| {
            let value = slots.exclusive(handle).unwrap().remove();
            removed.store(true, Ordering::Relaxed);
            value
        });
        // Time enough to go wrong in: until it is over, the remover has to wait for this guard.
        thread::sleep(Duration::from_millis(100));
        assert!(!removed.load(Ordering::Relaxed), "removed while it is read");
        assert_eq!(*second, 7);
        drop(second);
        assert_eq!(remover.join().unwrap(), 7);
    });
}
