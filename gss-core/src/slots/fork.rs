//! A table across a fork. The child has one thread and a copy of every word, with what the other threads had
//! written there: none of them will ever take back its count or let go of its object.

use std::fmt;

use super::{
    ABANDONED, CHUNKS, COUNT, DRAINING, EXCLUSIVE, Free, HELD, LIVE, MutexGuard, Ordering, Slot, Slots, WAITERS,
    chunk_len, dead, sync,
};

impl<T> Slots<T> {
    /// For the `prepare` handler of `pthread_atfork`: nobody inserts or removes until one of the guard's methods
    /// (or its drop) ends it. Keep the guards of all tables, taken in one order everywhere, in a thread-local.
    pub fn before_fork(&self) -> ForkGuard<'_, T> {
        ForkGuard { slots: self, free: self.lock_free(), parent: std::process::id() }
    }
}

/// What becomes in the child of an object that other threads were reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readers {
    /// It stays: a call that only reads leaves nothing half done.
    Keep,
    /// It is gone, like what they had exclusively: their calls may have been half through, and hold locks of their own.
    GiveUp,
}

/// The table while a fork is under way; see [`Slots::before_fork`].
#[must_use]
pub struct ForkGuard<'a, T> {
    slots: &'a Slots<T>,
    free: MutexGuard<'a, Free>,
    parent: u32,
}

impl<T> ForkGuard<'_, T> {
    /// For the `parent` handler: everything goes on.
    pub fn after_fork_in_parent(self) {
        drop(self.free);
    }

    /// For the `child` handler, before the child starts any thread: what other threads had exclusively is gone, its
    /// value leaked, since it may be half changed. What becomes of that which they merely read is the caller's to say;
    /// what they waited for is as before.
    ///
    /// If the forking thread itself holds read guards (it forks inside a call), nobody can tell its share of a
    /// reader count from that of the vanished threads: then whatever is being read is gone, too, in the
    /// child. The guards it holds stay good.
    ///
    /// Costs a look at every slot. In the parent it does nothing.
    pub fn after_fork_in_child(self, readers: Readers) {
        if std::process::id() == self.parent {
            return;
        }
        let me = sync::thread_id();
        let give_up = readers == Readers::GiveUp || sync::read_guards() > 0;
        for chunk in 0..CHUNKS {
            let first = if chunk == 0 { 0 } else { chunk_len(chunk) };
            for index in first..first + chunk_len(chunk) {
                // Chunks come one after the other: the first one missing is the end.
                let Some(slot) = self.slots.slot(index as u32) else {
                    return;
                };
                slot.after_fork_in_child(me, give_up);
            }
        }
    }
}

impl<T> fmt::Debug for ForkGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ForkGuard").field("parent", &self.parent).finish_non_exhaustive()
    }
}

impl<T> Slot<T> {
    /// `me` is the only thread there is; `give_up` says that an object with readers is gone.
    fn after_fork_in_child(&self, me: u64, give_up: bool) {
        let word = self.word.load(Ordering::Relaxed);
        let mine = word & HELD != 0 && self.owner.load(Ordering::Relaxed) == me;
        let now = if word & ABANDONED != 0 {
            word
        } else if mine {
            // Who holds the object exclusively does not read it: all who are counted, or wait, are gone.
            word & !(COUNT | WAITERS)
        } else if word & HELD != 0 || give_up && word & LIVE != 0 && word & COUNT != 0 {
            // Guards of this thread may refer to the value and the count: both stay where they are, untouched.
            dead(word) | ABANDONED
        } else {
            // Idle, free, or about to be taken by a thread that is gone.
            word & !(COUNT | EXCLUSIVE | DRAINING | WAITERS)
        };
        if now != word {
            self.word.store(now, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use super::super::tests::{until_flag, word_of};
    use super::super::{ExclusiveGuard, Handle, LookupError};
    use super::*;

    /// Forks; the child ends with the number of the first claim that does not hold there, or with 0.
    fn in_child<T>(slots: &Slots<T>, readers: Readers, claims: impl FnOnce() -> Vec<bool>) -> i32 {
        let guard = slots.before_fork();
        // SAFETY: the child calls this table and the allocator, which glibc makes usable in it, and ends with _exit.
        let child = unsafe { libc::fork() };
        assert!(child >= 0);
        if child == 0 {
            // A wait that never ends is a failure, too.
            // SAFETY: no handler is set, so the signal ends the child.
            unsafe { libc::alarm(20) };
            guard.after_fork_in_child(readers);
            let broken = claims().iter().position(|claim| !claim).map_or(0, |at| at as i32 + 1);
            // SAFETY: ends the child without running what the parent registered for its exit.
            unsafe { libc::_exit(broken) };
        }
        guard.after_fork_in_parent();
        let mut status = 0;
        // SAFETY: `status` is an int to write to.
        assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
        assert!(libc::WIFEXITED(status), "{status:#x}");
        libc::WEXITSTATUS(status)
    }

    /// Runs `inside` while another thread reads `read` and has `held` exclusively, and a third waits for `read`.
    fn beside_other_users<R>(slots: &Slots<u32>, read: Handle, held: Handle, inside: impl FnOnce() -> R) -> R {
        let (ready, is_ready) = mpsc::channel();
        let (end, ended) = mpsc::channel::<()>();
        thread::scope(|scope| {
            let user = scope.spawn(move || {
                let _read = slots.read(read).unwrap();
                let _held = slots.exclusive(held).unwrap();
                ready.send(()).unwrap();
                let _ = ended.recv();
            });
            is_ready.recv().unwrap();
            let waiter = scope.spawn(move || drop(slots.exclusive(read).unwrap()));
            until_flag(slots, read, DRAINING);
            let result = inside();
            drop(end);
            user.join().unwrap();
            waiter.join().unwrap();
            result
        })
    }

    #[test]
    fn a_forked_child_loses_only_what_others_held_exclusively() {
        let slots = Slots::new();
        let [read, held, own, idle, free] = [1, 2, 3, 4, 5].map(|value| slots.insert(value).unwrap());
        let _ = slots.exclusive(free).unwrap().remove();
        let broken = beside_other_users(&slots, read, held, || {
            let own_guard = slots.exclusive(own).unwrap();
            in_child(&slots, Readers::Keep, || {
                let mut claims = vec![
                    slots.read(held).err() == Some(LookupError::Gone),
                    slots.exclusive(held).err() == Some(LookupError::Gone),
                    slots.read(own).err() == Some(LookupError::Reentrant),
                    slots.read(read).map(|value| *value) == Ok(1),
                    slots.exclusive(read).map(ExclusiveGuard::remove) == Ok(1),
                    slots.exclusive(idle).map(ExclusiveGuard::remove) == Ok(4),
                ];
                drop(own_guard);
                claims.push(slots.exclusive(own).map(ExclusiveGuard::remove) == Ok(3));
                for value in 0..100 {
                    let new = slots.insert(value).unwrap();
                    claims.push(new.index != held.index);
                    claims.push(slots.exclusive(new).map(|value| *value) == Ok(value));
                }
                claims
            })
        });
        assert_eq!(broken, 0);
        // The parent has lost nothing.
        for (handle, value) in [(read, 1), (held, 2), (idle, 4)] {
            assert_eq!(slots.exclusive(handle).unwrap().remove(), value);
        }
    }

    #[test]
    fn what_others_read_is_gone_in_the_child_where_the_caller_says_so() {
        let slots = Slots::new();
        let [read, held, idle] = [1, 2, 3].map(|value| slots.insert(value).unwrap());
        let broken = beside_other_users(&slots, read, held, || {
            in_child(&slots, Readers::GiveUp, || {
                vec![
                    slots.read(read).err() == Some(LookupError::Gone),
                    slots.exclusive(read).err() == Some(LookupError::Gone),
                    slots.exclusive(held).err() == Some(LookupError::Gone),
                    slots.exclusive(idle).map(ExclusiveGuard::remove) == Ok(3),
                ]
            })
        });
        assert_eq!(broken, 0);
        assert_eq!(slots.exclusive(read).unwrap().remove(), 1);
    }

    #[test]
    fn a_child_forked_inside_a_call_keeps_its_guards_and_waits_for_nobody() {
        let slots = Slots::new();
        let [read, held, own, idle] = [1, 2, 3, 4].map(|value| slots.insert(value).unwrap());
        let broken = beside_other_users(&slots, read, held, || {
            let own_guard = slots.read(own).unwrap();
            in_child(&slots, Readers::Keep, || {
                let mut claims = vec![
                    *own_guard == 3,
                    slots.exclusive(own).err() == Some(LookupError::Gone),
                    slots.exclusive(read).err() == Some(LookupError::Gone),
                    slots.read(held).err() == Some(LookupError::Gone),
                    slots.exclusive(idle).map(ExclusiveGuard::remove) == Ok(4),
                ];
                let new = slots.insert(5).unwrap();
                claims.push(*own_guard == 3);
                drop(own_guard);
                claims.push(slots.exclusive(new).map(|value| *value) == Ok(5));
                claims
            })
        });
        assert_eq!(broken, 0);
    }

    #[test]
    fn the_childs_part_does_nothing_in_the_parent() {
        let slots = Slots::new();
        let handle = slots.insert(7).unwrap();
        let guard = slots.read(handle).unwrap();
        slots.before_fork().after_fork_in_child(Readers::GiveUp);
        assert_eq!(*guard, 7);
        assert_eq!(word_of(&slots, handle).load(Ordering::Relaxed) & COUNT, 1);
        drop(guard);
        assert_eq!(slots.exclusive(handle).unwrap().remove(), 7);
    }
}
