//! What `slots.rs` takes from the platform: atomics, a lock, a futex, two facts about the calling thread, and whether
//! there is another one.
//! Under `--cfg loom` all of it is loom's, so that the models in `tests/loom` run the code that ships.

pub(super) use imp::*;

/// The half of a slot's 64-bit word that a thread sleeps on.
#[derive(Clone, Copy)]
pub(super) enum Half {
    /// The low half: the reader count.
    Readers,
    /// The high half: generation and flags.
    State,
}

/// What each thread knows of itself. No destructor, so it can be asked at any time in a thread's life.
pub(super) struct Local {
    id: Cell<u64>,
    read_guards: Cell<usize>,
}

/// The calling thread's number: never 0, never used again after the thread has ended.
#[inline]
pub(super) fn thread_id() -> u64 {
    // Not loom's, also under loom: the numbers order nothing.
    static LAST: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    LOCAL.with(|local| {
        if local.id.get() == 0 {
            local.id.set(LAST.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1);
        }
        local.id.get()
    })
}

/// How many read guards, of whatever table, the calling thread holds.
pub(super) fn read_guards() -> usize {
    LOCAL.with(|local| local.read_guards.get())
}

#[inline]
pub(super) fn add_read_guard() {
    LOCAL.with(|local| local.read_guards.set(local.read_guards.get().wrapping_add(1)));
}

#[inline]
pub(super) fn remove_read_guard() {
    LOCAL.with(|local| local.read_guards.set(local.read_guards.get().wrapping_sub(1)));
}

/// `fetch_add` for a reader count, without a locked instruction while the process has one thread.
///
/// Then nobody comes between the load and the store, and whoever exists later sees them: a thread's start comes after all
/// that its creator did. Each addition looks anew, so a guard may be taken alone and dropped among others. A signal
/// handler may come between, but must not call GSS.
#[inline]
pub(super) fn add(word: &AtomicU64, count: u64, order: Ordering) -> u64 {
    if !alone() {
        return word.fetch_add(count, order);
    }
    let before = word.load(Ordering::Relaxed);
    word.store(before.wrapping_add(count), Ordering::Relaxed);
    before
}

/// `compare_exchange_weak`, for the reason and by the argument of [`add`].
#[inline]
pub(super) fn replace(word: &AtomicU64, before: u64, after: u64, order: Ordering) -> bool {
    if !alone() {
        return word.compare_exchange_weak(before, after, order, Ordering::Relaxed).is_ok();
    }
    let same = word.load(Ordering::Relaxed) == before;
    if same {
        word.store(after, Ordering::Relaxed);
    }
    same
}

/// `fetch_and` with the complement of `bits`, for the reason and by the argument of [`add`].
#[inline]
pub(super) fn clear(word: &AtomicU64, bits: u64, order: Ordering) -> u64 {
    if !alone() {
        return word.fetch_and(!bits, order);
    }
    let before = word.load(Ordering::Relaxed);
    word.store(before & !bits, Ordering::Relaxed);
    before
}

#[cfg(not(loom))]
mod imp {
    pub(crate) use std::cell::Cell;
    pub(crate) use std::hint::spin_loop;
    pub(crate) use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering};
    pub(crate) use std::sync::{Mutex, MutexGuard};

    use super::{Half, Local};
    use std::ptr;
    use std::sync::atomic::AtomicU8;

    /// Rounds of spinning before a thread sleeps: a few hundred ns, as long as a short per-message call.
    pub(crate) const SPINS: u32 = 64;

    thread_local! {
        pub(crate) static LOCAL: Local = const { Local { id: Cell::new(0), read_guards: Cell::new(0) } };
    }

    /// glibc's `__libc_single_threaded`, which it clears before it makes a second thread and which its own malloc goes by;
    /// null until looked for.
    static SINGLE_THREADED: AtomicPtr<AtomicU8> = AtomicPtr::new(ptr::null_mut());

    /// Whether the process is known to have one thread, this one.
    #[inline]
    pub(crate) fn alone() -> bool {
        let flag = SINGLE_THREADED.load(Ordering::Relaxed);
        // SAFETY: not null, so from `look_whether_alone`: a static, or libc's, which is never unloaded. libc changes it
        // in a process of one thread only, so no read meets a write.
        !flag.is_null() && unsafe { &*flag }.load(Ordering::Relaxed) != 0
    }

    /// Lets [`alone`] answer yes. Takes the dynamic linker's lock the first time: no lock may be held.
    #[inline]
    pub(crate) fn look_whether_alone() {
        if SINGLE_THREADED.load(Ordering::Relaxed).is_null() {
            look();
        }
    }

    #[cold]
    fn look() {
        static NEVER: AtomicU8 = AtomicU8::new(0);
        // By name at run time: glibc before 2.32 and other libraries have none.
        // SAFETY: the name ends with NUL.
        let flag = unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"__libc_single_threaded".as_ptr()) };
        let never = (&raw const NEVER).cast_mut();
        SINGLE_THREADED.store(if flag.is_null() { never } else { flag.cast() }, Ordering::Relaxed);
    }

    /// `std::cell::UnsafeCell` with loom's face.
    pub(crate) struct UnsafeCell<T>(std::cell::UnsafeCell<T>);

    impl<T> UnsafeCell<T> {
        #[inline]
        pub(crate) fn with<R>(&self, f: impl FnOnce(*const T) -> R) -> R {
            f(self.0.get())
        }

        #[inline]
        pub(crate) fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
            f(self.0.get())
        }
    }

    /// Sleeping on a slot's word: the kernel keeps the queue, so there is nothing to store.
    pub(crate) struct Parking;

    impl Parking {
        /// Sleeps while that half of `word` is `expected`. May return at any time: look again.
        pub(crate) fn wait(&self, word: &AtomicU64, half: Half, expected: u32) {
            futex(word, half, libc::FUTEX_WAIT, expected);
        }

        /// Wakes whoever sleeps on that half of `word`.
        pub(crate) fn wake_all(&self, word: &AtomicU64, half: Half) {
            futex(word, half, libc::FUTEX_WAKE, i32::MAX as u32);
        }
    }

    fn futex(word: &AtomicU64, half: Half, operation: libc::c_int, value: u32) {
        let low_half_first = cfg!(target_endian = "little");
        let offset = usize::from(matches!(half, Half::Readers) != low_half_first);
        let half = word.as_ptr().cast::<u32>().wrapping_add(offset);
        let no_timeout = std::ptr::null::<libc::timespec>();
        // SAFETY: `half` lies in a live AtomicU64 and is aligned to 4 bytes; the kernel only reads it, and
        // there is no timeout to read. A failure (EAGAIN, EINTR) means the same as a wake: the caller looks again.
        unsafe { libc::syscall(libc::SYS_futex, half, operation | libc::FUTEX_PRIVATE_FLAG, value, no_timeout) };
    }
}

#[cfg(loom)]
mod imp {
    pub(crate) use loom::cell::{Cell, UnsafeCell};
    pub(crate) use loom::hint::spin_loop;
    pub(crate) use loom::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering};
    pub(crate) use loom::sync::{Mutex, MutexGuard};

    use super::{Half, Local};

    /// Spinning only multiplies what loom has to explore.
    pub(crate) const SPINS: u32 = 0;

    loom::thread_local! {
        pub(crate) static LOCAL: Local = Local { id: Cell::new(0), read_guards: Cell::new(0) };
    }

    /// The models are about several threads.
    pub(crate) fn alone() -> bool {
        false
    }

    pub(crate) fn look_whether_alone() {}

    /// A futex as the kernel makes it: look at the word and go to sleep under a lock that the waker takes,
    /// too. A wake-up that gets lost leaves a thread asleep, which loom reports as a deadlock.
    pub(crate) struct Parking {
        bucket: Mutex<()>,
        readers: loom::sync::Condvar,
        state: loom::sync::Condvar,
    }

    impl Parking {
        pub(crate) fn new() -> Self {
            let (readers, state) = (loom::sync::Condvar::new(), loom::sync::Condvar::new());
            Parking { bucket: Mutex::new(()), readers, state }
        }

        fn queue(&self, half: Half) -> &loom::sync::Condvar {
            match half {
                Half::Readers => &self.readers,
                Half::State => &self.state,
            }
        }

        pub(crate) fn wait(&self, word: &AtomicU64, half: Half, expected: u32) {
            let bucket = self.bucket.lock().unwrap();
            let word = word.load(Ordering::Relaxed);
            let now = match half {
                Half::Readers => word as u32,
                Half::State => (word >> 32) as u32,
            };
            if now == expected {
                drop(self.queue(half).wait(bucket).unwrap());
            }
        }

        pub(crate) fn wake_all(&self, _word: &AtomicU64, half: Half) {
            let _bucket = self.bucket.lock().unwrap();
            self.queue(half).notify_all();
        }
    }
}
