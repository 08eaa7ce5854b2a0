//! Each model runs in every order that its threads can take, within the bound that it names; a thread that sleeps for
//! ever is reported as a deadlock, a value touched by two without an order between them as a race.
#![cfg(loom)]

use gss_loom::slots::{ExclusiveGuard, Handle, LookupError, Slots};
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

/// Two threads are explored in full. With a third, only orders with at most `preemptions` forced switches
/// are (blocking is free): in full they take hours, and two or three switches show nearly every bug there is.
fn explore(preemptions: Option<usize>, model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = preemptions;
    builder.check(model);
}

/// That an outcome came up in some order: a model that never gets where it could fail shows nothing.
/// Not loom's atomic, which would begin anew with each order.
struct Witness(std::sync::atomic::AtomicBool);

impl Witness {
    const fn new() -> Self {
        Witness(std::sync::atomic::AtomicBool::new(false))
    }

    fn seen_if(&self, outcome: bool) {
        self.0.fetch_or(outcome, Ordering::SeqCst);
    }

    fn seen(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    fn reset(&self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

/// Two numbers that an exclusive caller changes one after the other.
type Pair = (usize, usize);

fn change(guard: &mut ExclusiveGuard<'_, Pair>) {
    guard.0 += 1;
    thread::yield_now();
    guard.1 += 1;
}

fn read_whole(slots: &Slots<Pair>, handle: Handle) -> Result<usize, LookupError> {
    let guard = slots.read(handle)?;
    let first = guard.0;
    thread::yield_now();
    assert_eq!(first, guard.1);
    Ok(first)
}

#[test]
fn exclusive_and_readers_never_overlap() {
    explore(None, || {
        let slots = Arc::new(Slots::new());
        let handle = slots.insert((0, 0)).unwrap();
        let other = Arc::clone(&slots);
        let reader = thread::spawn(move || {
            read_whole(&other, handle).unwrap();
        });
        change(&mut slots.exclusive(handle).unwrap());
        reader.join().unwrap();
        assert_eq!(read_whole(&slots, handle), Ok(1));
    });
}

#[test]
fn exclusive_and_two_readers_never_overlap() {
    explore(Some(2), || {
        let slots = Arc::new(Slots::new());
        let handle = slots.insert((0, 0)).unwrap();
        let readers = [(); 2].map(|()| {
            let slots = Arc::clone(&slots);
            thread::spawn(move || {
                read_whole(&slots, handle).unwrap();
            })
        });
        change(&mut slots.exclusive(handle).unwrap());
        for reader in readers {
            reader.join().unwrap();
        }
        assert_eq!(read_whole(&slots, handle), Ok(1));
    });
}

#[test]
fn two_exclusive_callers_never_overlap() {
    explore(None, || {
        let slots = Arc::new(Slots::new());
        let handle = slots.insert((0, 0)).unwrap();
        let other = Arc::clone(&slots);
        let second = thread::spawn(move || change(&mut other.exclusive(handle).unwrap()));
        change(&mut slots.exclusive(handle).unwrap());
        second.join().unwrap();
        assert_eq!(read_whole(&slots, handle), Ok(2));
    });
}

#[test]
fn removed_handle_is_gone_for_every_reader() {
    static FOUND: Witness = Witness::new();
    static GONE: Witness = Witness::new();
    explore(Some(2), || {
        let slots = Arc::new(Slots::new());
        let handle = slots.insert((0, 0)).unwrap();
        let removed = Arc::new(AtomicUsize::new(0));
        let readers = [(); 2].map(|()| {
            let (slots, removed) = (Arc::clone(&slots), Arc::clone(&removed));
            thread::spawn(move || {
                let before = removed.load(Ordering::Acquire);
                let result = read_whole(&slots, handle);
                FOUND.seen_if(result.is_ok());
                GONE.seen_if(result.is_err());
                match result {
                    Ok(value) => assert_eq!((value, before), (0, 0)),
                    Err(error) => assert_eq!(error, LookupError::Gone),
                }
            })
        });
        let value = slots.exclusive(handle).unwrap().remove();
        removed.store(1, Ordering::Release);
        assert_eq!(value, (0, 0));
        assert_eq!(slots.read(handle).err(), Some(LookupError::Gone));
        for reader in readers {
            reader.join().unwrap();
        }
    });
    assert!(FOUND.seen() && GONE.seen());
}

#[test]
fn two_exclusive_callers_only_one_removes() {
    explore(Some(2), || {
        let slots = Arc::new(Slots::new());
        let handle = slots.insert((0, 0)).unwrap();
        let reader = {
            let slots = Arc::clone(&slots);
            thread::spawn(move || {
                let _ = read_whole(&slots, handle);
            })
        };
        let second = {
            let slots = Arc::clone(&slots);
            thread::spawn(move || slots.exclusive(handle).map(ExclusiveGuard::remove))
        };
        let first = slots.exclusive(handle).map(ExclusiveGuard::remove);
        let second = second.join().unwrap();
        match (first, second) {
            (Ok((0, 0)), Err(LookupError::Gone)) | (Err(LookupError::Gone), Ok((0, 0))) => {}
            both => panic!("{both:?}"),
        }
        reader.join().unwrap();
    });
}

#[test]
fn a_stale_handle_never_reaches_the_next_value_in_the_slot() {
    explore(Some(2), || {
        let slots = Arc::new(Slots::new());
        let old = slots.insert((1, 1)).unwrap();
        let readers = [(); 2].map(|()| {
            let slots = Arc::clone(&slots);
            thread::spawn(move || match read_whole(&slots, old) {
                Ok(value) => assert_eq!(value, 1),
                Err(error) => assert_eq!(error, LookupError::Gone),
            })
        });
        assert_eq!(slots.exclusive(old).unwrap().remove(), (1, 1));
        let new = slots.insert((2, 2)).unwrap();
        assert_eq!(slots.exclusive(old).err(), Some(LookupError::Gone));
        assert_eq!(read_whole(&slots, new), Ok(2));
        for reader in readers {
            reader.join().unwrap();
        }
    });
}

#[test]
fn stale_lookups_do_not_hinder_the_next_value_in_the_slot() {
    explore(None, || {
        let slots = Arc::new(Slots::new());
        let old = slots.insert((1, 1)).unwrap();
        let _ = slots.exclusive(old).unwrap().remove();
        let new = slots.insert((2, 2)).unwrap();
        let stale = {
            let slots = Arc::clone(&slots);
            thread::spawn(move || {
                assert_eq!(slots.read(old).err(), Some(LookupError::Gone));
                assert_eq!(slots.exclusive(old).err(), Some(LookupError::Gone));
            })
        };
        assert_eq!(slots.exclusive(new).unwrap().remove(), (2, 2));
        let third = slots.insert((3, 3)).unwrap();
        stale.join().unwrap();
        assert_ne!(new, third);
        assert_eq!(read_whole(&slots, third), Ok(3));
        drop(slots.exclusive(third).unwrap());
    });
}

#[test]
fn failed_exclusive_leaves_value_readable() {
    explore(Some(2), || {
        let slots = Arc::new(Slots::new());
        let handle = slots.insert((7, 7)).unwrap();
        let readers = [(); 2].map(|()| {
            let slots = Arc::clone(&slots);
            thread::spawn(move || assert_eq!(read_whole(&slots, handle), Ok(7)))
        });
        drop(slots.exclusive(handle).unwrap());
        assert_eq!(read_whole(&slots, handle), Ok(7));
        for reader in readers {
            reader.join().unwrap();
        }
    });
}

#[test]
fn insert_race_gives_distinct_slots() {
    static MINE: Witness = Witness::new();
    static OTHERS: Witness = Witness::new();
    explore(None, || {
        // One slot was used before, so that the list and the first use of a slot both race.
        let slots = Arc::new(Slots::new());
        let old = slots.insert(0).unwrap();
        let _ = slots.exclusive(old).unwrap().remove();
        let index = |handle: Handle| handle.to_bits() & 0x3f_ffff;
        let other = {
            let slots = Arc::clone(&slots);
            thread::spawn(move || [slots.insert(1).unwrap(), slots.insert(2).unwrap()])
        };
        let [a, b] = [slots.insert(3).unwrap(), slots.insert(4).unwrap()];
        let [c, d] = other.join().unwrap();
        MINE.seen_if(index(a) == index(old));
        OTHERS.seen_if(index(c) == index(old));
        for (handle, value) in [(c, 1), (d, 2), (a, 3), (b, 4)] {
            assert_eq!(*slots.read(handle).unwrap(), value);
            assert_ne!(handle, old);
        }
    });
    assert!(MINE.seen() && OTHERS.seen());
}

/// A forged handle may become good while it is being asked: then it shows the whole object.
#[test]
fn a_lookup_beside_an_insert_finds_nothing_or_the_whole_object() {
    for first_of_its_chunk in [false, true] {
        static FOUND: Witness = Witness::new();
        static GONE: Witness = Witness::new();
        FOUND.reset();
        GONE.reset();
        explore(None, move || {
            let slots = Arc::new(Slots::new());
            if !first_of_its_chunk {
                slots.insert((0, 0)).unwrap();
            }
            let forged = Handle::from_bits(1 << 22 | u64::from(!first_of_its_chunk));
            let inserter = {
                let slots = Arc::clone(&slots);
                thread::spawn(move || slots.insert((7, 7)).unwrap())
            };
            // Twice, since loom tries no later moment for the look at the chunk by itself.
            for _ in 0..2 {
                match read_whole(&slots, forged) {
                    Ok(value) => {
                        assert_eq!(value, 7);
                        FOUND.seen_if(true);
                    }
                    Err(error) => {
                        assert_eq!(error, LookupError::Gone);
                        GONE.seen_if(true);
                    }
                }
                thread::yield_now();
            }
            assert_eq!(inserter.join().unwrap(), forged);
        });
        assert!(FOUND.seen() && GONE.seen());
    }
}

#[test]
fn no_lost_wakeup() {
    // Readers and a second exclusive caller wait while exclusive access ends, by drop first, then by removal.
    explore(Some(2), || {
        let slots = Arc::new(Slots::new());
        let handle = slots.insert((0, 0)).unwrap();
        let first = slots.exclusive(handle).unwrap();
        let reader = {
            let slots = Arc::clone(&slots);
            thread::spawn(move || {
                let _ = read_whole(&slots, handle);
            })
        };
        let second = {
            let slots = Arc::clone(&slots);
            thread::spawn(move || slots.exclusive(handle).unwrap().remove())
        };
        drop(first);
        let _ = read_whole(&slots, handle);
        assert_eq!(second.join().unwrap(), (0, 0));
        reader.join().unwrap();
        assert_eq!(slots.read(handle).err(), Some(LookupError::Gone));
    });
}

#[test]
fn no_lost_wakeup_of_the_waiting_exclusive_caller() {
    explore(Some(2), || {
        let slots = Arc::new(Slots::new());
        let handle = slots.insert((0, 0)).unwrap();
        let own = slots.read(handle).unwrap();
        let remover = {
            let slots = Arc::clone(&slots);
            thread::spawn(move || slots.exclusive(handle).unwrap().remove())
        };
        let reader = {
            let slots = Arc::clone(&slots);
            thread::spawn(move || {
                let _ = read_whole(&slots, handle);
            })
        };
        drop(own);
        assert_eq!(remover.join().unwrap(), (0, 0));
        reader.join().unwrap();
    });
}

#[test]
fn a_second_read_never_waits_for_a_waiting_exclusive_caller() {
    explore(None, || {
        let slots = Arc::new(Slots::new());
        let handle = slots.insert((0, 0)).unwrap();
        let first = slots.read(handle).unwrap();
        let other = {
            let slots = Arc::clone(&slots);
            thread::spawn(move || {
                let mut guard = slots.exclusive(handle).unwrap();
                change(&mut guard);
                let _ = guard.remove();
            })
        };
        // As in gss_compare_name(n, n) beside gss_release_name(n).
        let second = slots.read(handle).unwrap();
        assert_eq!((*first, *second), ((0, 0), (0, 0)));
        drop(first);
        assert_eq!(*second, (0, 0));
        drop(second);
        other.join().unwrap();
    });
}

/// What a C mechanism's context is: changed through a shared reference, with nothing to protect it but the slot.
struct Bare(loom::cell::UnsafeCell<usize>);

// SAFETY: loom reports it if two threads use it at once, which is what these models look for.
unsafe impl Sync for Bare {}

impl Bare {
    fn new() -> Self {
        Bare(loom::cell::UnsafeCell::new(0))
    }

    fn add(&self, more: usize) -> usize {
        self.0.with_mut(|value| {
            // SAFETY: as above.
            let value = unsafe { &mut *value };
            thread::yield_now();
            *value += more;
            *value
        })
    }
}

#[test]
fn an_object_put_alone_is_never_shared() {
    static FIRST: Witness = Witness::new();
    static SECOND: Witness = Witness::new();
    explore(None, || {
        let slots = Arc::new(Slots::new());
        let handle = slots.insert_alone(Bare::new()).ok().unwrap();
        let other = {
            let slots = Arc::clone(&slots);
            thread::spawn(move || slots.access(handle).unwrap().add(1))
        };
        let ours = slots.access(handle).unwrap().add(1);
        let theirs = other.join().unwrap();
        assert_eq!(ours + theirs, 3);
        FIRST.seen_if(ours == 1);
        SECOND.seen_if(theirs == 1);
        assert_eq!(slots.read(handle).err(), Some(LookupError::NotShared));
    });
    assert!(FIRST.seen() && SECOND.seen());
}

#[test]
fn an_object_put_alone_is_removed_once_and_then_gone() {
    static BEFORE: Witness = Witness::new();
    static AFTER: Witness = Witness::new();
    explore(None, || {
        let slots = Arc::new(Slots::new());
        let handle = slots.insert_alone(Bare::new()).ok().unwrap();
        let user = {
            let slots = Arc::clone(&slots);
            thread::spawn(move || match slots.access(handle) {
                Ok(guard) => assert_eq!(guard.add(1), 1),
                Err(error) => assert_eq!(error, LookupError::Gone),
            })
        };
        let bare = slots.exclusive(handle).unwrap().remove();
        BEFORE.seen_if(bare.add(0) == 1);
        AFTER.seen_if(bare.add(0) == 0);
        assert!(matches!(slots.access(handle), Err(LookupError::Gone)));
        user.join().unwrap();
    });
    assert!(BEFORE.seen() && AFTER.seen());
}

/// Stale handles of a shared object come while the slot holds one that is not, and the other way round: the first look of
/// `access` may be at either.
#[test]
fn a_slot_that_changes_its_kind_stays_safe() {
    for alone_first in [false, true] {
        explore(Some(3), move || {
            let slots = Arc::new(Slots::new());
            let insert = |alone: bool| {
                let bare = Bare::new();
                if alone { slots.insert_alone(bare) } else { slots.insert(bare) }.ok().unwrap()
            };
            let old = insert(alone_first);
            let stale = {
                let slots = Arc::clone(&slots);
                thread::spawn(move || {
                    if let Ok(guard) = slots.access(old) {
                        guard.0.with(|_| thread::yield_now());
                    }
                })
            };
            let _ = slots.exclusive(old).unwrap().remove();
            let new = insert(!alone_first);
            if alone_first {
                slots.access(new).unwrap().0.with(|_| ());
            } else {
                assert_eq!(slots.access(new).unwrap().add(1), 1);
            }
            stale.join().unwrap();
            assert!(slots.access(old).is_err());
            assert!(slots.access(new).is_ok());
        });
    }
}
