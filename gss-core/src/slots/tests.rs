use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::thread;
use std::time::{Duration, Instant};

use super::*;

/// xorshift64*: the same numbers in each run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
}

pub(super) fn word_of<T>(slots: &Slots<T>, handle: Handle) -> &AtomicU64 {
    &slots.slot(handle.index).unwrap().word
}

/// Until the thread that waits for this object has shown itself in the word.
pub(super) fn until_flag<T>(slots: &Slots<T>, handle: Handle, flag: u64) {
    let start = Instant::now();
    while word_of(slots, handle).load(Ordering::Relaxed) & flag == 0 {
        // Ends the process: a panic would wait for the other threads, which may wait for this one.
        if start.elapsed() > Duration::from_secs(20) {
            std::process::abort();
        }
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_handle_reaches_its_object_until_that_is_removed() {
    let slots = Slots::new();
    let one = slots.insert("one").unwrap();
    let two = slots.insert("two").unwrap();
    assert_eq!(*slots.read(one).unwrap(), "one");
    *slots.exclusive(one).unwrap() = "uno";
    assert_eq!(*slots.read(one).unwrap(), "uno");
    assert_eq!(slots.exclusive(one).unwrap().remove(), "uno");
    assert_eq!(slots.read(one).err(), Some(LookupError::Gone));
    assert_eq!(slots.exclusive(one).err(), Some(LookupError::Gone));
    assert_eq!(*slots.read(two).unwrap(), "two");
}

#[test]
fn the_next_object_in_the_slot_has_another_handle() {
    let slots = Slots::new();
    let old = slots.insert(1).unwrap();
    let _ = slots.exclusive(old).unwrap().remove();
    let new = slots.insert(2).unwrap();
    assert_eq!(new.index, old.index);
    assert_eq!(slots.read(old).err(), Some(LookupError::Gone));
    assert_eq!(slots.exclusive(old).err(), Some(LookupError::Gone));
    assert_eq!(*slots.read(new).unwrap(), 2);
}

#[test]
fn a_handle_is_its_46_bits_and_never_0() {
    assert_eq!(Handle::BITS, 46);
    let slots = Slots::new();
    for _ in 0..1000 {
        let handle = slots.insert(()).unwrap();
        assert_ne!(handle.to_bits(), 0);
        assert_eq!(handle.to_bits() >> Handle::BITS, 0);
        assert_eq!(Handle::from_bits(handle.to_bits()), handle);
    }
}

#[test]
fn any_number_is_a_legal_question() {
    let slots = Slots::new();
    let mut live = Vec::new();
    for value in 0..300 {
        let handle = slots.insert(value).unwrap();
        if value % 3 == 0 {
            let _ = slots.exclusive(handle).unwrap().remove();
        } else {
            live.push((handle.to_bits(), value));
        }
    }
    let ask = |bits: u64| {
        let expected = live.iter().find(|(known, _)| *known == bits).map(|(_, value)| *value);
        let handle = Handle::from_bits(bits);
        assert_eq!(slots.read(handle).ok().map(|guard| *guard), expected, "{bits:#x}");
        assert_eq!(slots.exclusive(handle).ok().map(|guard| *guard), expected, "{bits:#x}");
    };
    let mut numbers = Numbers(1);
    for shift in 0..64 {
        for bits in [1 << shift, !(1 << shift), (1 << shift) - 1, u64::MAX >> shift] {
            ask(bits);
            live.iter().step_by(20).for_each(|(known, _)| ask(known ^ bits));
        }
    }
    for _ in 0..20_000 {
        let number = numbers.next();
        ask(number);
        ask(number >> 18);
        // Near to what exists: small index, small generation.
        ask((number & 3) << INDEX_BITS | (number >> 8) & 0x3ff);
    }
    // Nor has any of it left a trace.
    for (bits, _) in &live {
        let handle = Handle::from_bits(*bits);
        assert_eq!(word_of(&slots, handle).load(Ordering::Relaxed), handle.idle_word());
    }
}

#[test]
fn a_call_from_inside_the_own_exclusive_call_is_refused() {
    let slots = Slots::new();
    let handle = slots.insert(7).unwrap();
    let guard = slots.exclusive(handle).unwrap();
    assert_eq!(slots.read(handle).err(), Some(LookupError::Reentrant));
    assert_eq!(slots.exclusive(handle).err(), Some(LookupError::Reentrant));
    drop(guard);
    assert_eq!(*slots.read(handle).unwrap(), 7);
    // And it is no other thread's refusal.
    let guard = slots.exclusive(handle).unwrap();
    thread::scope(|scope| {
        let reader = scope.spawn(|| slots.read(handle).map(|value| *value));
        until_flag(&slots, handle, WAITERS);
        drop(guard);
        assert_eq!(reader.join().unwrap(), Ok(7));
    });
}

#[test]
fn a_second_read_gets_past_a_waiting_exclusive_caller() {
    let slots = Slots::new();
    let handle = slots.insert(7).unwrap();
    let first = slots.read(handle).unwrap();
    thread::scope(|scope| {
        let remover = scope.spawn(|| slots.exclusive(handle).map(ExclusiveGuard::remove));
        until_flag(&slots, handle, DRAINING);
        let second = slots.read(handle).unwrap();
        drop(first);
        assert_eq!(*second, 7);
        drop(second);
        assert_eq!(remover.join().unwrap().ok(), Some(7));
    });
    assert_eq!(slots.read(handle).err(), Some(LookupError::Gone));
}

#[test]
fn a_new_reader_waits_behind_a_waiting_exclusive_caller() {
    let slots = Slots::new();
    let handle = slots.insert(7).unwrap();
    let first = slots.read(handle).unwrap();
    thread::scope(|scope| {
        let remover = scope.spawn(|| slots.exclusive(handle).map(ExclusiveGuard::remove));
        until_flag(&slots, handle, DRAINING);
        let reader = scope.spawn(|| slots.read(handle).map(|value| *value));
        until_flag(&slots, handle, WAITERS);
        drop(first);
        assert_eq!(remover.join().unwrap(), Ok(7));
        assert_eq!(reader.join().unwrap(), Err(LookupError::Gone));
    });
}

#[test]
fn a_slot_whose_generations_are_used_up_is_retired() {
    let slots = Slots::with_last_generation(3);
    let mut indices = Vec::new();
    let mut handles = Vec::new();
    for value in 0..7 {
        let handle = slots.insert(value).unwrap();
        indices.push(handle.index);
        handles.push(handle);
        assert_eq!(slots.exclusive(handle).unwrap().remove(), value);
    }
    assert_eq!(indices, [0, 0, 0, 1, 1, 1, 2]);
    for handle in handles {
        assert_eq!(slots.read(handle).err(), Some(LookupError::Gone));
    }
}

#[test]
fn the_last_generation_there_is_ends_in_a_slot_that_no_number_reaches() {
    let slots = Slots::new();
    let first = slots.insert(1).unwrap();
    let _ = slots.exclusive(first).unwrap().remove();
    // As after 16 777 214 objects.
    word_of(&slots, first).store(u64::from(LAST_GENERATION) << GENERATION_SHIFT, Ordering::Relaxed);
    let last = slots.insert(2).unwrap();
    assert_eq!((last.index, last.generation), (0, LAST_GENERATION));
    assert_eq!(Handle::from_bits(last.to_bits()), last);
    assert_eq!(slots.exclusive(last).unwrap().remove(), 2);
    assert_eq!(word_of(&slots, last).load(Ordering::Relaxed), 0);
    for generation in [0, 1, 2, LAST_GENERATION] {
        assert_eq!(slots.read(Handle { index: 0, generation }).err(), Some(LookupError::Gone));
    }
    assert_eq!(slots.insert(3).unwrap().index, 1);
}

#[test]
fn each_index_has_a_place_of_its_own() {
    let mut expected = (0, 0);
    for index in 0..1 << INDEX_BITS {
        assert_eq!(locate(index), expected);
        expected.1 += 1;
        if expected.1 == chunk_len(expected.0) {
            expected = (expected.0 + 1, 0);
        }
    }
    assert_eq!(expected, (CHUNKS, 0));
}

#[test]
fn a_full_table_gives_the_value_back() {
    let slots = Slots::new();
    slots.lock_free().fresh = 1 << INDEX_BITS;
    assert_eq!(slots.insert("back").err(), Some("back"));
}

#[test]
fn memory_that_is_not_there_is_an_error() {
    // Through black_box: an allocation that nobody uses may be optimized away, and then it "succeeds".
    assert!(std::hint::black_box(allocate_chunk::<[u8; 1 << 50]>(0)).is_none());
    assert!(std::hint::black_box(allocate_chunk::<[u8; 1 << 60]>(0)).is_none());
}

#[test]
fn too_many_readers_are_refused() {
    let slots = Slots::new();
    let handle = slots.insert(7).unwrap();
    word_of(&slots, handle).fetch_add(READERS_MAX - 1, Ordering::Relaxed);
    let last = slots.read(handle).unwrap();
    assert_eq!(slots.read(handle).err(), Some(LookupError::TooManyReaders));
    drop(last);
    assert_eq!(slots.read(handle).map(|value| *value), Ok(7));
}

#[test]
fn a_dropped_table_drops_what_lives_in_it() {
    struct Count<'a>(&'a AtomicUsize);
    impl Drop for Count<'_> {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let drops = AtomicUsize::new(0);
    let slots = Slots::new();
    let handles: Vec<_> = (0..200).map(|_| slots.insert(Count(&drops)).ok().unwrap()).collect();
    drop(slots.exclusive(handles[5]).unwrap().remove());
    assert_eq!(drops.load(Ordering::Relaxed), 1);
    drop(slots);
    assert_eq!(drops.load(Ordering::Relaxed), 200);
}

fn thread_cpu_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a timespec to write to.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

#[test]
fn waiting_takes_no_processor_time() {
    let slots = Slots::new();
    let handle = slots.insert(7).unwrap();
    let wait = Duration::from_millis(200);
    let most = Duration::from_millis(20);
    let exclusive = slots.exclusive(handle).unwrap();
    thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let before = thread_cpu_time();
            drop(slots.read(handle).unwrap());
            thread_cpu_time() - before
        });
        thread::sleep(wait);
        drop(exclusive);
        assert!(reader.join().unwrap() < most);
    });
    let read = slots.read(handle).unwrap();
    thread::scope(|scope| {
        let remover = scope.spawn(|| {
            let before = thread_cpu_time();
            drop(slots.exclusive(handle).unwrap());
            thread_cpu_time() - before
        });
        thread::sleep(wait);
        drop(read);
        assert!(remover.join().unwrap() < most);
    });
}

/// Two numbers that only exclusive callers change, both together.
struct Pair<'a> {
    values: [u64; 2],
    living: &'a AtomicUsize,
}

impl<'a> Pair<'a> {
    fn new(value: u64, living: &'a AtomicUsize) -> Self {
        living.fetch_add(1, Ordering::Relaxed);
        Pair { values: [value; 2], living }
    }
}

impl Drop for Pair<'_> {
    fn drop(&mut self) {
        assert_eq!(self.values[0], self.values[1]);
        self.living.fetch_sub(1, Ordering::Relaxed);
    }
}

#[test]
fn eight_threads_see_whole_objects_only() {
    const ROUNDS: u64 = 50_000;
    let living = AtomicUsize::new(0);
    let slots = Slots::with_last_generation(1000);
    // Few handles, so that the threads meet; they are replaced after use, so that many are stale.
    let handles: [AtomicU64; 4] =
        std::array::from_fn(|_| AtomicU64::new(slots.insert(Pair::new(0, &living)).ok().unwrap().to_bits()));
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let workers: Vec<_> = (1..=8)
            .map(|seed| {
                let (slots, handles, living) = (&slots, &handles, &living);
                scope.spawn(move || {
                    let mut numbers = Numbers(seed);
                    for _ in 0..ROUNDS {
                        let number = numbers.next();
                        let place = &handles[(number >> 32) as usize % handles.len()];
                        let handle = Handle::from_bits(place.load(Ordering::Relaxed));
                        match number >> 40 & 31 {
                            0 => {
                                if let Ok(guard) = slots.exclusive(handle) {
                                    drop(guard.remove());
                                    let new = slots.insert(Pair::new(number, living)).ok().unwrap();
                                    place.store(new.to_bits(), Ordering::Relaxed);
                                }
                            }
                            1..=4 => {
                                if let Ok(mut guard) = slots.exclusive(handle) {
                                    guard.values[0] += 1;
                                    guard.values[1] += 1;
                                }
                            }
                            _ => {
                                if let Ok(guard) = slots.read(handle) {
                                    assert_eq!(guard.values[0], guard.values[1]);
                                }
                            }
                        }
                    }
                })
            })
            .collect();
        // Beside them, one that asks for what never was.
        let stranger = scope.spawn(|| {
            let mut numbers = Numbers(99);
            while !stop.load(Ordering::Relaxed) {
                let (index, generation) =
                    (numbers.next() as u32 & 7, numbers.next() as u32 & LAST_GENERATION | 1 << 20);
                assert_eq!(slots.read(Handle { index, generation }).err(), Some(LookupError::Gone));
            }
        });
        let ended: Vec<_> = workers.into_iter().map(thread::ScopedJoinHandle::join).collect();
        stop.store(true, Ordering::Relaxed);
        assert!(stranger.join().is_ok());
        assert!(ended.into_iter().all(|worker| worker.is_ok()));
    });
    assert_eq!(living.load(Ordering::Relaxed), handles.len());
    for place in &handles {
        let handle = Handle::from_bits(place.load(Ordering::Relaxed));
        assert_eq!(word_of(&slots, handle).load(Ordering::Relaxed), handle.idle_word());
    }
    drop(slots);
    assert_eq!(living.load(Ordering::Relaxed), 0);
}
