//! Where do random bytes come from: from getrandom(2), and for small requests from a batch of its bytes that waits in a
//! page of the thread's own, because the system call costs about as much as the rest of a short message.
//!
//! Each byte of a batch is given out once, and erased as it is given out. What that is safe against:
//!
//! - **fork**, by any way and at any moment, in a signal handler too: the kernel wipes the page in the child
//!   (`MADV_WIPEONFORK`, madvise(2), Linux 4.14). The page's mark, which is set before the bytes come and looked at
//!   after they were taken, is then zero, and the system is asked instead. Where the kernel refuses the advice, or does
//!   not understand it, there is no batch.
//! - **vfork and `CLONE_VM`**: such a child shares the page with its parent and uses it up for both. If it also shares
//!   the thread-local storage and runs at the same time, the one that finds the page in use asks the system.
//! - **Signal handlers**: a request inside a request finds the page in use, and asks the system. (A thread's first
//!   request must not be a handler's: registering the destructor may allocate.)
//! - **Threads that end**: their page is wiped and unmapped; what asks later on the same thread asks the system.
//! - **Core files**: the page is in none (`MADV_DONTDUMP`).
//!
//! And what not, other than getrandom(2) itself: a virtual machine or a process that is copied from outside while a
//! batch waits, both copies of which will use the rest of it; and whoever reads this process's memory, or its swap, who
//! learns up to [`BATCH`] bytes before they are used. So nothing that has to stay secret is taken from a batch: keys, as
//! those of the transfer store, come from the system.
//!
//! With Linux 6.11 and glibc 2.41 getrandom(3) need not enter the kernel: once both are everywhere, this can go.

use rustix::io::Errno;
use std::cell::Cell;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering, compiler_fence};

/// What is asked of the system at once, in bytes: the price of the call is then a small part of that of the bytes.
const BATCH: usize = 512;
/// Larger requests go straight to the system, in bytes.
const SMALL: usize = 64;

/// Fills the buffer with random bytes: small ones from this thread's batch.
///
/// # Errors
///
/// Those of [`from_system`].
pub(crate) fn fill(bytes: &mut [u8]) -> Result<(), Errno> {
    // A thread that is about to end has no batch any more.
    if bytes.len() <= SMALL && THIS_THREAD.try_with(|batch| batch.give(bytes, |_| {})) == Ok(true) {
        return Ok(());
    }
    from_system(bytes)
}

/// Fills the buffer with random bytes straight from getrandom(2): for keys, and all else that has to stay secret.
///
/// # Errors
///
/// As getrandom(2): `NOSYS` where there is no such call, or a filter's answer. What is in the buffer is then no use.
pub(crate) fn from_system(mut rest: &mut [u8]) -> Result<(), Errno> {
    while !rest.is_empty() {
        match rustix::rand::getrandom(&mut *rest, rustix::rand::GetRandomFlags::empty()) {
            Ok(count) => rest = rest.get_mut(count..).unwrap_or_default(),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

thread_local! {
    static THIS_THREAD: Batch = const { Batch::new() };
}

/// What the kernel wipes in a forked child.
#[repr(C)]
struct Page {
    /// Zero in a new mapping, and after a fork: whatever else is thought to be in the page is not. Zero-filled memory
    /// is a good value of both fields.
    mark: AtomicU32,
    bytes: [u8; BATCH],
}

/// A thread's page and what is left in it.
struct Batch {
    page: Cell<Mapping>,
    /// How many bytes were not given out yet, from the page's first. Means something only while the page is marked.
    left: Cell<usize>,
    /// A request is under way. Whoever finds it set must not touch the rest.
    busy: AtomicBool,
}

#[derive(Clone, Copy)]
enum Mapping {
    NotYet,
    /// Valid until the batch is dropped, and nobody else's.
    At(NonNull<Page>),
    /// There will be none.
    Refused,
}

/// How far a request has come: a test lets signals and forks happen there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    Begun,
    Marked,
    Filled,
    Counted,
    Copied,
}

impl Batch {
    const fn new() -> Self {
        Self { page: Cell::new(Mapping::NotYet), left: Cell::new(0), busy: AtomicBool::new(false) }
    }

    /// Fills the buffer, of at most [`SMALL`] bytes. False if the system has to be asked; the buffer is then no use.
    fn give(&self, out: &mut [u8], at: impl Fn(Stage)) -> bool {
        if self.busy.swap(true, Ordering::Acquire) {
            return false;
        }
        let given = self.page().is_some_and(|page| self.take(page, out, at));
        self.busy.store(false, Ordering::Release);
        given
    }

    /// While [`Self::busy`] is ours.
    fn take(&self, page: NonNull<Page>, out: &mut [u8], at: impl Fn(Stage)) -> bool {
        let page = page.as_ptr();
        // SAFETY: the mapping is valid. Only the kernel ever changes the mark beside us, in a process that forked.
        let mark = unsafe { &(*page).mark };
        at(Stage::Begun);
        if mark.load(Ordering::Relaxed) == 0 || self.left.get() < out.len() {
            self.left.set(0);
            // Before the bytes come: a fork takes the mark away from then on, even if it happens right here.
            mark.store(1, Ordering::Relaxed);
            compiler_fence(Ordering::SeqCst);
            at(Stage::Marked);
            // SAFETY: the mapping is valid, zeroed or filled memory is a value of the type, and nobody else has it:
            // `busy` keeps out signal handlers, and other threads have batches of their own.
            let bytes = unsafe { &mut (*page).bytes };
            if from_system(bytes).is_err() {
                return false;
            }
            self.left.set(BATCH);
            at(Stage::Filled);
        }
        let Some(rest) = self.left.get().checked_sub(out.len()) else { return false };
        self.left.set(rest);
        at(Stage::Counted);
        // SAFETY: as above.
        let bytes = unsafe { &mut (*page).bytes };
        let Some(bytes) = bytes.get_mut(rest..).and_then(|bytes| bytes.get_mut(..out.len())) else { return false };
        out.copy_from_slice(bytes);
        bytes.fill(0);
        at(Stage::Copied);
        // Not before the bytes were copied. The erased ones are written, too: the page is known to the kernel.
        compiler_fence(Ordering::SeqCst);
        mark.load(Ordering::Relaxed) != 0
    }

    /// While [`Self::busy`] is ours.
    fn page(&self) -> Option<NonNull<Page>> {
        match self.page.get() {
            Mapping::At(page) => Some(page),
            Mapping::Refused => None,
            Mapping::NotYet => {
                let page = map();
                self.page.set(page.map_or(Mapping::Refused, Mapping::At));
                page
            }
        }
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        // Whatever asks from now on must not find it.
        if let Mapping::At(page) = self.page.replace(Mapping::Refused) {
            // SAFETY: the mapping is valid, and no request is under way on a thread that ends.
            unsafe { (*page.as_ptr()).bytes.fill(0) };
            unmap(page.as_ptr().cast());
        }
    }
}

/// A page that the kernel wipes in a forked child and leaves out of core files, or none.
fn map() -> Option<NonNull<Page>> {
    let (access, kind) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    // SAFETY: a new mapping where nothing was.
    let page = unsafe { libc::mmap(ptr::null_mut(), size_of::<Page>(), access, kind, -1, 0) };
    if page == libc::MAP_FAILED {
        return None;
    }
    // An emulator may say yes to what it does not know (qemu-user did, and wiped nothing), so nonsense is asked first.
    let advised = !advise(page, -1) && advise(page, libc::MADV_WIPEONFORK) && advise(page, libc::MADV_DONTDUMP);
    if !advised {
        unmap(page);
        return None;
    }
    NonNull::new(page.cast())
}

fn advise(page: *mut libc::c_void, advice: libc::c_int) -> bool {
    // SAFETY: the mapping is ours, and neither piece of advice changes what this process finds in it.
    unsafe { libc::madvise(page, size_of::<Page>(), advice) == 0 }
}

fn unmap(page: *mut libc::c_void) {
    // SAFETY: made by `map` with this size, and nobody has it any more. It cannot fail for a whole mapping, and if it
    // did, a page would stay that nobody uses.
    unsafe { libc::munmap(page, size_of::<Page>()) };
}

#[cfg(test)]
mod tests;
