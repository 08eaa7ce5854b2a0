//! Status codes for C. A minor status is one number for whatever failed, so that of each mechanism has to be told from
//! all others': a code keeps its value unless another mechanism, or the core, has taken that value in this process.

use crate::boundary::{Failure, Outcome};
use gss_core::{Error, Major, Oid};
use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Codes that had to move begin here.
const MOVED: u32 = 0x6000_0000;
/// How many values one mechanism may have; further ones pass as they are, with a general text.
const MOST_FOR_ONE: usize = 4096;
/// How many minors a thread remembers with their texts.
const REMEMBERED: usize = 16;
/// The minor status of a panic in this library.
const PANIC: u32 = 0x4753_53ff;

/// Whose code it is: a mechanism's, or the core's (`None`).
type Origin = Option<Oid>;

#[derive(Default)]
struct Minors {
    values: HashMap<(Origin, u32), u32>,
    /// Whose a value is, its own code, and the text at its last failure.
    known: HashMap<u32, (Origin, u32, String)>,
    counts: HashMap<Origin, usize>,
    moved: u32,
}

static MINORS: Mutex<Option<Minors>> = Mutex::new(None);

thread_local! {
    static LAST: RefCell<VecDeque<(u32, String)>> = const { RefCell::new(VecDeque::new()) };
}

impl Minors {
    /// The value of a code, with its text brought up to date.
    fn value(&mut self, origin: Origin, code: u32, text: &str) -> u32 {
        let key = (origin, code);
        if let Some(value) = self.values.get(&key).copied() {
            if let Some(known) = self.known.get_mut(&value) {
                text.clone_into(&mut known.2);
            }
            return value;
        }
        let count = self.counts.entry(key.0.clone()).or_default();
        if *count >= MOST_FOR_ONE {
            return code;
        }
        *count += 1;
        let mut value = code;
        while value == 0 || self.known.contains_key(&value) {
            value = MOVED.wrapping_add(self.moved);
            self.moved = self.moved.wrapping_add(1);
        }
        self.known.insert(value, (key.0.clone(), code, text.to_owned()));
        self.values.insert(key, value);
        value
    }
}

/// The map, held for as long as a fork is under way.
pub(crate) struct MinorsGuard(MutexGuard<'static, Option<Minors>>);

pub(crate) fn lock() -> MinorsGuard {
    MinorsGuard(MINORS.lock().unwrap_or_else(PoisonError::into_inner))
}

fn with_minors<R>(run: impl FnOnce(&mut Minors) -> R) -> R {
    run(lock().0.get_or_insert_default())
}

/// The two codes of a failure, remembered with its text.
#[cold]
pub(crate) fn report(failure: Failure) -> (Major, u32) {
    match failure {
        Failure::Call(major) => (major, 0),
        Failure::Core(error) => {
            let status = error.status();
            (status.major, remember(error.mechanism().cloned(), status.minor, text_of(&error)))
        }
    }
}

/// The major status of a call that has no minor one.
pub(crate) fn major(call: impl FnOnce() -> Outcome) -> u32 {
    match call() {
        Ok(major) => major.0,
        Err(failure) => report(failure).0.0,
    }
}

/// The text of an error for `gss_display_status`: a mechanism's own words, where it has some.
fn text_of(error: &Error) -> String {
    match error {
        Error::Mechanism { error, .. } => error.text.clone(),
        other => other.to_string(),
    }
}

/// The codes of a panic in this library itself.
#[cold]
pub(crate) fn report_panic() -> (Major, u32) {
    (Major::FAILURE, remember(None, PANIC, "libgss panicked: this is a defect of the library".to_owned()))
}

fn remember(origin: Origin, code: u32, text: String) -> u32 {
    // 0 stays 0: programs take it for "no further information".
    if code == 0 {
        return 0;
    }
    let value = with_minors(|minors| minors.value(origin, code, &text));
    // Thread-locals are gone while a thread ends.
    let _ = LAST.try_with(|last| {
        let mut last = last.borrow_mut();
        last.retain(|(known, _)| *known != value);
        last.push_front((value, text));
        last.truncate(REMEMBERED);
    });
    value
}

/// The text of a minor status: this thread's last failure with it, else the process's, else what the mechanism says.
/// `None` for a value that was never given out.
pub(crate) fn text(value: u32, mechanism: Option<&Oid>) -> Option<String> {
    let of_thread =
        LAST.try_with(|last| last.borrow().iter().find(|(known, _)| *known == value).map(|(_, text)| text.clone()));
    if let Ok(Some(text)) = of_thread {
        return Some(text);
    }
    if let Some(text) = with_minors(|minors| minors.known.get(&value).map(|known| known.2.clone())) {
        return Some(text);
    }
    crate::boundary::switch().display_minor(mechanism?, value).ok().flatten()
}
