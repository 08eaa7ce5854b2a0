//! Many threads at once: no deadlock, no lost message, one winner.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use gss_core::{Error, Major, NoContext};
use gss_tests::{DUMMY, converse, dummy_site, establish};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex};
use std::thread;

const THREADS: usize = 8;

#[test]
fn eight_threads_load_one_mechanism_and_all_get_it() {
    for _ in 0..20 {
        let site = dummy_site("delay=open:5");
        let gss = site.gss();
        let barrier = Barrier::new(THREADS);
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    barrier.wait();
                    let (ours, theirs) = establish(&gss, &DUMMY).unwrap();
                    converse(&ours, &theirs);
                });
            }
        });
    }
}

#[test]
fn threads_that_wrap_on_one_context_lose_and_double_no_message() {
    const EACH: usize = 500;
    let site = dummy_site("");
    let gss = site.gss();
    let (ours, theirs) = establish(&gss, &DUMMY).unwrap();
    let sent = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (ours, sent) = (&ours, &sent);
            scope.spawn(move || {
                for number in 0..EACH {
                    let message = format!("{thread}:{number}");
                    // In the order of the sequence numbers, so that the peer need not sort.
                    let mut sent = sent.lock().unwrap();
                    sent.push((ours.wrap(true, message.as_bytes()).unwrap(), message));
                }
            });
        }
    });
    let sent = sent.into_inner().unwrap();
    let mut seen = BTreeSet::new();
    for (token, message) in &sent {
        let received = theirs.unwrap(token).unwrap();
        assert_eq!(received.bytes, message.as_bytes());
        assert_eq!(received.info.supplementary, Major::COMPLETE, "{message} is out of sequence");
        assert!(seen.insert(message));
    }
    assert_eq!(seen.len(), THREADS * EACH);
}

#[test]
fn exactly_one_export_wins_while_others_wrap() {
    for _ in 0..50 {
        let site_options = "";
        let site = dummy_site(site_options);
        let gss = site.gss();
        let (peer, context) = establish(&gss, &DUMMY).unwrap();
        let (tokens, messages) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
        let (barrier, refused) = (Barrier::new(THREADS), AtomicUsize::new(0));
        thread::scope(|scope| {
            for thread in 0..THREADS {
                let (context, tokens, messages) = (&context, &tokens, &messages);
                let (barrier, refused) = (&barrier, &refused);
                scope.spawn(move || {
                    barrier.wait();
                    if thread % 2 == 0 {
                        loop {
                            match context.wrap(true, b"message") {
                                Ok(token) => messages.lock().unwrap().push(token),
                                Err(error) => {
                                    assert!(matches!(error, Error::NoContext(NoContext::Gone)), "{error}");
                                    break;
                                }
                            }
                        }
                    } else {
                        thread::yield_now();
                        match context.export() {
                            Ok(token) => tokens.lock().unwrap().push(token),
                            Err(error) => {
                                assert_eq!(error.major(), Major::NO_CONTEXT, "{error}");
                                refused.fetch_add(1, Ordering::Relaxed);
                            }
                        }
                    }
                });
            }
        });
        let tokens = tokens.into_inner().unwrap();
        assert_eq!(tokens.len(), 1, "exports that won");
        assert_eq!(refused.into_inner(), THREADS / 2 - 1);
        // Each message that wrap gave out is good and counted: the importer goes on after the last one.
        let imported = gss.import_context(tokens[0].as_bytes()).unwrap();
        let mut received = 0;
        for token in messages.into_inner().unwrap() {
            assert_eq!(peer.unwrap(&token).unwrap().bytes, b"message");
            received += 1;
        }
        let next = peer.unwrap(&imported.wrap(true, b"next").unwrap()).unwrap();
        assert_eq!(next.info.supplementary, Major::COMPLETE, "after {received} messages");
    }
}

#[test]
fn an_export_that_fails_holds_others_up_and_harms_none() {
    let site = dummy_site("fail=serialize,delay=serialize:20");
    let gss = site.gss();
    let (peer, context) = establish(&gss, &DUMMY).unwrap();
    let barrier = Barrier::new(THREADS);
    let tokens = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (context, barrier, tokens) = (&context, &barrier, &tokens);
            scope.spawn(move || {
                barrier.wait();
                for _ in 0..5 {
                    if thread == 0 {
                        assert_eq!(context.export().unwrap_err().major(), Major::FAILURE);
                    } else {
                        let mut tokens = tokens.lock().unwrap();
                        tokens.push(context.wrap(true, b"message").unwrap());
                    }
                }
            });
        }
    });
    for token in tokens.into_inner().unwrap() {
        let message = peer.unwrap(&token).unwrap();
        assert_eq!(message.info.supplementary, Major::COMPLETE);
    }
    converse(&peer, &context);
}

#[test]
fn contexts_are_made_used_and_exported_on_all_threads_at_once() {
    let site = dummy_site("legs=3");
    let gss = site.gss();
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for _ in 0..100 {
                    let (ours, theirs) = establish(&gss, &DUMMY).unwrap();
                    converse(&ours, &theirs);
                    let moved = gss.import_context(theirs.export().unwrap().as_bytes()).unwrap();
                    converse(&ours, &moved);
                    assert_eq!(theirs.time().unwrap_err().major(), Major::NO_CONTEXT);
                    moved.delete().unwrap();
                }
            });
        }
    });
}
