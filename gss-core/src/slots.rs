//! The table of live objects: a [`Handle`] is a number that applications may copy, forge and use too late,
//! and the answer is always the right object or an error. One atomic word for each object is the handle's
//! check and a read-write lock in one; the models in `tests/loom` check it.
//!
//! An object may be put there to be had by one thread at a time only: then every access is an exclusive one.
//!
//! The word, from the top: generation (24 bits), flags, reader count (32 bits). A lookup adds 1 to the
//! count *before* it knows whether its handle is any good, and takes it back if not. Hence the one rule
//! of this file: every change of the word keeps whatever count is there, and nothing but the count may
//! change in a slot by a handle of another generation.
//!
//! What a thread may do while it holds guards: read anything (also what it reads already: a second read
//! gets past a waiting [`Slots::exclusive`]). It must not ask for exclusive access to what it reads: it would
//! wait for itself. Asking for exclusive access to one object from inside another needs a lock order.

use std::alloc::Layout;
use std::fmt;
use std::marker::PhantomData;
use std::mem::{ManuallyDrop, MaybeUninit};
use std::ops::{Deref, DerefMut};
use std::ptr;
use std::sync::PoisonError;

// Explicit paths, since the loom crate includes this file from elsewhere.
#[cfg(not(loom))]
#[path = "slots/fork.rs"]
mod fork;
#[path = "slots/sync.rs"]
mod sync;

#[cfg(not(loom))]
pub use fork::{ForkGuard, Readers};
use sync::{AtomicPtr, AtomicU32, AtomicU64, Half, Mutex, MutexGuard, Ordering, Parking, UnsafeCell};

const INDEX_BITS: u32 = 22;
const GENERATION_BITS: u32 = 24;
const LAST_GENERATION: u32 = (1 << GENERATION_BITS) - 1;

/// Slots in the first chunk, as a power of two. Each further chunk doubles the table. loom pays for each slot.
const FIRST_CHUNK_BITS: u32 = if cfg!(loom) { 1 } else { 6 };
const CHUNKS: usize = (INDEX_BITS - FIRST_CHUNK_BITS + 1) as usize;

/// The reader count is the whole low half of the word: [`Half::Readers`].
const COUNT: u64 = 0xffff_ffff;
/// More guards at once than this for one object are refused. What the field can hold beyond it is room for
/// lookups that are about to take their count back, one for each thread.
const READERS_MAX: u64 = 1 << 24;
/// The slot holds an object.
const LIVE: u64 = 1 << 32;
/// A thread has the object exclusively, or waits until its readers are gone. New readers wait.
const EXCLUSIVE: u64 = 1 << 33;
/// With `EXCLUSIVE`: the readers are gone.
const HELD: u64 = 1 << 34;
/// The thread that set `EXCLUSIVE` sleeps: the last reader has to wake it.
const DRAINING: u64 = 1 << 35;
/// Threads sleep until `EXCLUSIVE` is cleared: who clears it has to wake them.
const WAITERS: u64 = 1 << 36;
/// Given up by a fork: never used again, and the count may be that of guards which still exist.
#[cfg(not(loom))]
const ABANDONED: u64 = 1 << 37;
/// The object is never shared: [`Slots::insert_alone`].
const ALONE: u64 = 1 << 38;
const GENERATION_SHIFT: u32 = 64 - GENERATION_BITS;
const GENERATION: u64 = !0 << GENERATION_SHIFT;

/// No slot: the end of the free list.
const NONE: u32 = u32::MAX;

/// Names one object of a [`Slots`] table, for as long as that object lives; afterwards it names nothing, ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Handle {
    /// Always below `1 << INDEX_BITS`.
    index: u32,
    /// Always below `1 << GENERATION_BITS`. Real ones begin at 1.
    generation: u32,
}

impl Handle {
    /// How many bits, from the lowest, [`Handle::to_bits`] uses.
    pub const BITS: u32 = INDEX_BITS + GENERATION_BITS;

    /// The handle as a number below `1 << Handle::BITS`, never 0 for the handle of an object.
    #[inline]
    pub const fn to_bits(self) -> u64 {
        (self.generation as u64) << INDEX_BITS | self.index as u64
    }

    /// The handle that this number stands for. Any number may be asked: one that [`Handle::to_bits`] never
    /// returned gives a handle that names nothing.
    #[inline]
    pub const fn from_bits(bits: u64) -> Handle {
        if bits >> Handle::BITS != 0 {
            return Handle { index: 0, generation: 0 };
        }
        Handle { index: bits as u32 & ((1 << INDEX_BITS) - 1), generation: (bits >> INDEX_BITS) as u32 }
    }

    /// The word of the slot while the object lives and nobody uses it.
    #[inline]
    const fn idle_word(self) -> u64 {
        (self.generation as u64) << GENERATION_SHIFT | LIVE
    }

    #[inline]
    const fn names(self, word: u64) -> bool {
        (word ^ self.idle_word()) & (GENERATION | LIVE) == 0
    }
}

/// Why a handle gives no access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LookupError {
    /// The handle names no object: removed meanwhile, or never one of this table.
    Gone,
    /// The calling thread has the object exclusively already: waiting for itself would never end.
    Reentrant,
    /// 16 777 216 read guards exist for the object.
    TooManyReaders,
    /// The object is never shared: [`Slots::access`] and [`Slots::exclusive`] reach it.
    NotShared,
}

impl fmt::Display for LookupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            LookupError::Gone => "the handle names no object",
            LookupError::Reentrant => "the object is in exclusive use by a call that this call is part of",
            LookupError::TooManyReaders => "the object is in use by too many calls at once",
            LookupError::NotShared => "the object cannot be shared",
        })
    }
}

impl std::error::Error for LookupError {}

/// A table of up to 4 194 304 objects, meant to be a `static`. Its memory grows with the most objects
/// that ever lived at once and is not given back before the table is dropped.
pub struct Slots<T> {
    /// Null until needed; then set once, to an allocation of `chunk_len` slots.
    chunks: [AtomicPtr<Slot<T>>; CHUNKS],
    free: Mutex<Free>,
    /// A slot whose object had this generation is not used again.
    last_generation: u32,
}

/// The slots that hold nothing. Its lock is never held while code of `T` runs.
struct Free {
    /// Used before: a list, last in, first out, linked through `Slot::next_free`.
    head: u32,
    /// This one and all above were never used.
    fresh: u32,
}

// 64: its own cache line, so that two objects' readers do not disturb each other.
#[repr(C, align(64))]
struct Slot<T> {
    word: AtomicU64,
    /// The thread that has the object exclusively, else 0.
    owner: AtomicU64,
    /// Guarded by the lock of `Slots::free`.
    next_free: AtomicU32,
    parking: Parking,
    /// Initialized while `LIVE` is set.
    value: UnsafeCell<MaybeUninit<T>>,
}

// SAFETY: a table owns its values, so it may move to another thread if they may.
unsafe impl<T: Send> Send for Slots<T> {}
// SAFETY: through a shared table threads insert and remove values (Send) and share them in read guards (Sync).
// The word keeps `&T` and `&mut T` apart.
unsafe impl<T: Send + Sync> Sync for Slots<T> {}

impl<T> Slots<T> {
    /// An empty table. Allocates nothing.
    #[cfg(not(loom))]
    pub const fn new() -> Self {
        Self::with_last_generation(LAST_GENERATION)
    }

    #[cfg(not(loom))]
    const fn with_last_generation(last_generation: u32) -> Self {
        Slots {
            chunks: [const { AtomicPtr::new(ptr::null_mut()) }; CHUNKS],
            free: Mutex::new(Free { head: NONE, fresh: 0 }),
            last_generation,
        }
    }

    /// An empty table. loom's types have no const constructors.
    #[cfg(loom)]
    pub fn new() -> Self {
        Slots {
            chunks: std::array::from_fn(|_| AtomicPtr::new(ptr::null_mut())),
            free: Mutex::new(Free { head: NONE, fresh: 0 }),
            last_generation: LAST_GENERATION,
        }
    }

    /// Puts `value` into the table.
    ///
    /// Gives it back if memory is short or 4 194 304 slots are taken.
    pub fn insert(&self, value: T) -> Result<Handle, T> {
        self.insert_as(value, 0)
    }

    /// Puts a value into the table that is never shared: whoever has a guard is the only one who has.
    ///
    /// Gives it back if memory is short or 4 194 304 slots are taken.
    pub fn insert_alone(&self, value: T) -> Result<Handle, T> {
        self.insert_as(value, ALONE)
    }

    fn insert_as(&self, value: T, alone: u64) -> Result<Handle, T> {
        sync::look_whether_alone();
        let Some((index, slot)) = self.take_free() else {
            return Err(value);
        };
        slot.value.with_mut(|cell| {
            // SAFETY: the slot is not LIVE, so no guard refers to its value; it came off the free list, so
            // it is this thread's alone until LIVE is set. `cell` points into the slot.
            let cell = unsafe { &mut *cell };
            cell.write(value);
        });
        // Only the count can change meanwhile. A slot's first object finds generation 0.
        let first = if slot.word.load(Ordering::Relaxed) & GENERATION == 0 { 1 << GENERATION_SHIFT } else { 0 };
        // Release: who sees LIVE sees the value.
        let word = slot.word.fetch_add(first + LIVE + alone, Ordering::Release).wrapping_add(first);
        Ok(Handle { index, generation: (word >> GENERATION_SHIFT) as u32 })
    }

    /// Shared access. Waits while another thread has the object exclusively.
    #[inline]
    pub fn read(&self, handle: Handle) -> Result<ReadGuard<'_, T>, LookupError> {
        let Some(slot) = self.slot(handle.index) else {
            return Err(LookupError::Gone);
        };
        // Acquire: see what the insert, or the last exclusive holder, wrote.
        let word = sync::add(&slot.word, 1, Ordering::Acquire);
        // One comparison for all: generation, LIVE, none of the other flags, not too many readers.
        if word ^ handle.idle_word() >= READERS_MAX {
            slot.read_slow(handle)?;
        }
        sync::add_read_guard();
        Ok(ReadGuard { slot, not_send: PhantomData })
    }

    /// Shared access, or sole access to an object that is never shared. Waits while another thread has the object
    /// exclusively.
    ///
    /// The first look only decides which way is tried. Should the slot have changed hands since, the way itself finds
    /// out: a shared lookup that meets an object of the other kind takes its count back as it does for a stale handle,
    /// and sole access is right for either kind.
    #[inline]
    pub fn access(&self, handle: Handle) -> Result<Access<'_, T>, LookupError> {
        let Some(slot) = self.slot(handle.index) else {
            return Err(LookupError::Gone);
        };
        if slot.word.load(Ordering::Relaxed) & ALONE == 0 {
            match self.read(handle) {
                Err(LookupError::NotShared) => {}
                answer => return answer.map(Access::Shared),
            }
        }
        self.exclusive(handle).map(Access::Alone)
    }

    /// Whether the object of a handle, if there is one, is never shared. Another thread may change that at any time: it
    /// says which way to try first.
    #[inline]
    pub fn is_alone(&self, handle: Handle) -> bool {
        self.slot(handle.index).is_some_and(|slot| slot.word.load(Ordering::Relaxed) & ALONE != 0)
    }

    /// Sole access. Waits for the readers there are, keeps new ones waiting, and waits while another thread has
    /// the object exclusively.
    ///
    /// Never returns if the calling thread itself holds a read guard of the object.
    #[inline]
    pub fn exclusive(&self, handle: Handle) -> Result<ExclusiveGuard<'_, T>, LookupError> {
        let Some(slot) = self.slot(handle.index) else {
            return Err(LookupError::Gone);
        };
        loop {
            let word = slot.word.load(Ordering::Relaxed);
            if !handle.names(word) {
                return Err(LookupError::Gone);
            }
            if word & EXCLUSIVE != 0 {
                slot.wait_for_release(word)?;
                continue;
            }
            let readers = word & COUNT != 0;
            let taken = if readers { word | EXCLUSIVE } else { word | EXCLUSIVE | HELD };
            // Acquire: see what the insert, or the last exclusive holder, wrote, and have its readers done.
            if sync::replace(&slot.word, word, taken, Ordering::Acquire) {
                if readers {
                    slot.drain();
                }
                slot.owner.store(sync::thread_id(), Ordering::Relaxed);
                return Ok(ExclusiveGuard { slots: self, slot, index: handle.index, not_send: PhantomData });
            }
        }
    }

    #[inline]
    fn slot(&self, index: u32) -> Option<&Slot<T>> {
        let (chunk, offset) = locate(index);
        // Acquire: who sees the pointer sees the slots initialized.
        let slots = self.chunks.get(chunk)?.load(Ordering::Acquire);
        if slots.is_null() {
            return None;
        }
        // SAFETY: a chunk pointer that is not null points to `chunk_len(chunk)` initialized slots, which stay
        // until the table is dropped; `locate` gives an offset below that length.
        let slot = unsafe { slots.add(offset) };
        // SAFETY: as above. Nobody has a `&mut` to a slot: all its fields change through shared references.
        Some(unsafe { &*slot })
    }

    fn lock_free(&self) -> MutexGuard<'_, Free> {
        // Nothing panics under this lock, and each change leaves it consistent.
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_free(&self) -> Option<(u32, &Slot<T>)> {
        let mut free = self.lock_free();
        if free.head != NONE {
            let index = free.head;
            let slot = self.slot(index)?;
            free.head = slot.next_free.load(Ordering::Relaxed);
            return Some((index, slot));
        }
        let index = free.fresh;
        let (chunk, _) = locate(index);
        let pointer = self.chunks.get(chunk)?;
        if pointer.load(Ordering::Relaxed).is_null() {
            pointer.store(allocate_chunk(chunk)?, Ordering::Release);
        }
        free.fresh += 1;
        Some((index, self.slot(index)?))
    }

    fn give_back(&self, index: u32, slot: &Slot<T>) {
        let mut free = self.lock_free();
        slot.next_free.store(free.head, Ordering::Relaxed);
        free.head = index;
    }
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> fmt::Debug for Slots<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slots").finish_non_exhaustive()
    }
}

impl<T> Drop for Slots<T> {
    fn drop(&mut self) {
        for (chunk, pointer) in self.chunks.iter().enumerate() {
            let slots = pointer.load(Ordering::Relaxed);
            if slots.is_null() {
                continue;
            }
            let slots = ptr::slice_from_raw_parts_mut(slots, chunk_len(chunk));
            // SAFETY: the pointer is that of `chunk_len` initialized slots; with `&mut self` no guard is left.
            for slot in unsafe { &*slots } {
                if slot.word.load(Ordering::Relaxed) & LIVE != 0 {
                    // SAFETY: LIVE, so the value is initialized, and nobody else refers to it.
                    slot.value.with_mut(|cell| unsafe { ptr::drop_in_place(cell.cast::<T>()) });
                }
            }
            // SAFETY: as above; the slots are not used after this.
            unsafe { ptr::drop_in_place(slots) };
            if let Some(layout) = chunk_layout::<T>(chunk) {
                // SAFETY: allocated by `allocate_chunk` with this very layout.
                unsafe { std::alloc::dealloc(slots.cast::<u8>(), layout) };
            }
        }
    }
}

impl<T> Slot<T> {
    /// Takes back what a lookup added to the count; also the end of a read guard.
    #[inline]
    fn leave(&self) {
        // Release: what this reader did comes before what the next exclusive holder does.
        let word = sync::add(&self.word, 1_u64.wrapping_neg(), Ordering::Release);
        if word & DRAINING != 0 {
            self.wake_drainer(word);
        }
    }

    #[cold]
    fn wake_drainer(&self, word: u64) {
        if word & COUNT == 1 {
            self.parking.wake_all(&self.word, Half::Readers);
        }
    }

    /// A lookup that added 1 to the count and found more than readers in the word. On success it is counted.
    #[cold]
    fn read_slow(&self, handle: Handle) -> Result<(), LookupError> {
        // Not counted while it waits: the exclusive caller waits for the count.
        self.leave();
        loop {
            let word = self.word.load(Ordering::Relaxed);
            if !handle.names(word) {
                return Err(LookupError::Gone);
            }
            if word & ALONE != 0 {
                return Err(LookupError::NotShared);
            }
            // A thread that reads already may be the one whose guards the exclusive caller waits for.
            // So it waits for a holder only, not for one that is still waiting itself.
            if word & HELD != 0 || word & EXCLUSIVE != 0 && sync::read_guards() == 0 {
                self.wait_for_release(word)?;
                continue;
            }
            if word & COUNT >= READERS_MAX {
                return Err(LookupError::TooManyReaders);
            }
            if self.word.compare_exchange_weak(word, word + 1, Ordering::Acquire, Ordering::Relaxed).is_ok() {
                return Ok(());
            }
        }
    }

    /// Waits until nobody has or wants the object exclusively, `word` being what was seen. May return too early.
    #[cold]
    fn wait_for_release(&self, word: u64) -> Result<(), LookupError> {
        // Only this thread stores its own number there, and it stores 0 before it lets go.
        if self.owner.load(Ordering::Relaxed) == sync::thread_id() {
            return Err(LookupError::Reentrant);
        }
        let mut word = word;
        for _ in 0..sync::SPINS {
            let now = self.word.load(Ordering::Relaxed);
            if (now ^ word) & (GENERATION | EXCLUSIVE) != 0 {
                return Ok(());
            }
            word = now;
            sync::spin_loop();
        }
        // WAITERS is only ever set where EXCLUSIVE is, and both are cleared in one step: so either this
        // thread sleeps before that step and is woken, or the word is no longer what it wants to sleep on.
        let asleep = word | WAITERS;
        if word != asleep && self.word.compare_exchange(word, asleep, Ordering::Relaxed, Ordering::Relaxed).is_err() {
            return Ok(());
        }
        self.parking.wait(&self.word, Half::State, (asleep >> 32) as u32);
        Ok(())
    }

    /// For the thread that set `EXCLUSIVE`: waits until the count is 0 and sets `HELD`.
    #[cold]
    fn drain(&self) {
        let mut spins = sync::SPINS;
        loop {
            let word = self.word.load(Ordering::Relaxed);
            if word & COUNT == 0 {
                let held = word & !DRAINING | HELD;
                // Acquire: what the readers did is done.
                if self.word.compare_exchange_weak(word, held, Ordering::Acquire, Ordering::Relaxed).is_ok() {
                    return;
                }
            } else if spins > 0 {
                spins -= 1;
                sync::spin_loop();
            } else if word & DRAINING == 0 {
                self.word.fetch_or(DRAINING, Ordering::Relaxed);
            } else {
                // Whoever takes the count to 0 after this look finds DRAINING and wakes.
                self.parking.wait(&self.word, Half::Readers, word as u32);
            }
        }
    }
}

/// Shared access to an object; ends when dropped.
///
/// Stays on its thread: after a fork the child has to know whose guards its thread holds.
#[must_use]
pub struct ReadGuard<'a, T> {
    slot: &'a Slot<T>,
    not_send: PhantomData<*const ()>,
}

impl<T> Deref for ReadGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the guard was made when the word said LIVE and not HELD, and is counted since: no exclusive
        // guard exists until it is dropped, so the value is initialized and only read.
        self.slot.value.with(|cell| unsafe { &*cell.cast::<T>() })
    }
}

impl<T> Drop for ReadGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        sync::remove_read_guard();
        self.slot.leave();
    }
}

impl<T: fmt::Debug> fmt::Debug for ReadGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// Sole access to an object. When dropped, the object lives on for everybody; [`ExclusiveGuard::remove`] ends it.
///
/// Stays on its thread, since the thread is how a call from inside itself is told from one that may wait.
#[must_use]
pub struct ExclusiveGuard<'a, T> {
    slots: &'a Slots<T>,
    slot: &'a Slot<T>,
    index: u32,
    not_send: PhantomData<*const ()>,
}

impl<T> ExclusiveGuard<'_, T> {
    /// Takes the object out of the table: from now on its handle names nothing, for whoever waits as well.
    /// The value is the caller's, to drop where no lock is held.
    pub fn remove(self) -> T {
        let guard = ManuallyDrop::new(self);
        let slot = guard.slot;
        // SAFETY: the word says LIVE and HELD by this guard, so the value is initialized and nobody else
        // refers to it. It is not read again: LIVE is cleared below, and the guard is not dropped.
        let value = slot.value.with(|cell| unsafe { ptr::read(cell.cast::<T>()) });
        slot.owner.store(0, Ordering::Relaxed);
        let mut word = slot.word.load(Ordering::Relaxed);
        // The next object's insert overwrites what was just read; the free list's lock is what orders the two.
        while let Err(now) = slot.word.compare_exchange_weak(word, dead(word), Ordering::Release, Ordering::Relaxed) {
            word = now;
        }
        if word & WAITERS != 0 {
            slot.parking.wake_all(&slot.word, Half::State);
        }
        if word >> GENERATION_SHIFT < u64::from(guard.slots.last_generation) {
            guard.slots.give_back(guard.index, slot);
        }
        value
    }
}

impl<T> Deref for ExclusiveGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the word says LIVE and HELD by this guard: the value is initialized and nobody else refers to it.
        self.slot.value.with(|cell| unsafe { &*cell.cast::<T>() })
    }
}

impl<T> DerefMut for ExclusiveGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as in `deref`; the borrow of the guard keeps it the only reference.
        self.slot.value.with_mut(|cell| unsafe { &mut *cell.cast::<T>() })
    }
}

impl<T> Drop for ExclusiveGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.slot.owner.store(0, Ordering::Relaxed);
        // Release: who comes next sees what was done to the value.
        let word = sync::clear(&self.slot.word, EXCLUSIVE | HELD | WAITERS, Ordering::Release);
        if word & WAITERS != 0 {
            self.slot.parking.wake_all(&self.slot.word, Half::State);
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for ExclusiveGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// What [`Slots::access`] gives; ends when dropped.
#[must_use]
pub enum Access<'a, T> {
    /// Others may read the object as well.
    Shared(ReadGuard<'a, T>),
    /// Nobody else has the object.
    Alone(ExclusiveGuard<'a, T>),
}

impl<T> Deref for Access<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        match self {
            Access::Shared(guard) => guard,
            Access::Alone(guard) => guard,
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for Access<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// The word after the object's end: the next generation, no flags, the count as it was.
/// After the last generation comes 0, which no handle of an object has.
const fn dead(word: u64) -> u64 {
    (word & GENERATION).wrapping_add(1 << GENERATION_SHIFT) | word & COUNT
}

/// The chunk of a slot and its place there. Chunk 0 and 1 are of one size, each further one doubles:
/// all before it together are as long as it is.
#[inline]
const fn locate(index: u32) -> (usize, usize) {
    const HALF_CHUNK: u32 = 1 << (FIRST_CHUNK_BITS - 1);
    let chunk = (index | HALF_CHUNK).ilog2() - (FIRST_CHUNK_BITS - 1);
    // For chunk 0 this is half a chunk, which the mask makes 0.
    let start = (HALF_CHUNK << chunk) & !(2 * HALF_CHUNK - 1);
    (chunk as usize, (index - start) as usize)
}

const fn chunk_len(chunk: usize) -> usize {
    1 << (FIRST_CHUNK_BITS as usize + chunk.saturating_sub(1))
}

fn chunk_layout<T>(chunk: usize) -> Option<Layout> {
    Layout::array::<Slot<T>>(chunk_len(chunk)).ok()
}

/// `chunk_len(chunk)` slots that were never used, or `None` if memory is short.
#[cfg(not(loom))]
fn allocate_chunk<T>(chunk: usize) -> Option<*mut Slot<T>> {
    let layout = chunk_layout::<T>(chunk)?;
    // Zeroed is what a slot begins with: no generation, no flag, no reader, no owner. And pages that are
    // never used cost nothing.
    // SAFETY: the layout is not of size 0, a slot having 64 bytes at least. All zero is a valid slot: its fields are
    // integers, a type without content, and a MaybeUninit.
    let slots = unsafe { std::alloc::alloc_zeroed(layout) };
    if slots.is_null() { None } else { Some(slots.cast()) }
}

#[cfg(loom)]
fn allocate_chunk<T>(chunk: usize) -> Option<*mut Slot<T>> {
    // SAFETY: the layout is not of size 0.
    let slots = unsafe { std::alloc::alloc(chunk_layout::<T>(chunk)?) }.cast::<Slot<T>>();
    for offset in 0..chunk_len(chunk) {
        let slot = Slot {
            word: AtomicU64::new(0),
            owner: AtomicU64::new(0),
            next_free: AtomicU32::new(NONE),
            parking: Parking::new(),
            value: UnsafeCell::new(MaybeUninit::uninit()),
        };
        // SAFETY: within the allocation, which nobody else knows yet.
        unsafe { slots.add(offset).write(slot) };
    }
    Some(slots)
}

#[cfg(test)]
#[cfg(not(loom))] // Two attributes: clippy knows a test module by a plain `cfg(test)`.
#[path = "slots/tests.rs"]
mod tests;
