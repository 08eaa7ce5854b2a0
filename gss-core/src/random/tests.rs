#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use super::{BATCH, Batch, Mapping, SMALL, Stage, THIS_THREAD, fill, from_system};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::atomic::Ordering;
use std::thread;

/// As long as a confounder: no two of them are equal by chance.
type Piece = [u8; 16];

const PIECES: usize = BATCH / size_of::<Piece>();

fn piece() -> Piece {
    let mut piece = Piece::default();
    fill(&mut piece).unwrap();
    piece
}

/// Forks, and answers what the child had to say; the child says it and ends.
fn from_child(say: impl FnOnce() -> Vec<u8>) -> Vec<u8> {
    let (mut ours, mut theirs) = UnixStream::pair().unwrap();
    // SAFETY: the child allocates, which glibc permits after a fork, takes no lock of the test's, and ends by `_exit`.
    let child = unsafe { libc::fork() };
    assert!(child >= 0);
    if child == 0 {
        drop(ours);
        let said = theirs.write_all(&say()).is_ok();
        // SAFETY: the child ends here, without a destructor.
        unsafe { libc::_exit(i32::from(!said)) };
    }
    drop(theirs);
    let mut said = Vec::new();
    ours.read_to_end(&mut said).unwrap();
    let mut status = 0;
    // SAFETY: waits for our own child, and writes into a variable of ours.
    let ended = unsafe { libc::waitpid(child, &raw mut status, 0) };
    assert_eq!((ended, status), (child, 0), "the child ends well");
    said
}

/// Pieces that are all there and all different, and none of them nothing.
#[track_caller]
fn assert_all_different<'a>(pieces: impl IntoIterator<Item = &'a Piece>, count: usize) {
    let pieces: Vec<_> = pieces.into_iter().collect();
    assert_eq!(pieces.len(), count);
    assert!(!pieces.contains(&&Piece::default()), "bytes that were wiped were given out");
    assert_eq!(pieces.into_iter().collect::<BTreeSet<_>>().len(), count, "bytes were given out twice");
}

fn pieces(bytes: &[u8]) -> Vec<Piece> {
    bytes.chunks_exact(16).map(|piece| piece.try_into().unwrap()).collect()
}

/// What lies in the page: the mark and the bytes.
fn inside(batch: &Batch) -> (u32, [u8; BATCH]) {
    let Mapping::At(page) = batch.page.get() else { panic!("this kernel wipes no page in a child") };
    // SAFETY: the mapping lives as long as the batch, and no request is under way.
    let page = unsafe { page.as_ref() };
    (page.mark.load(Ordering::Relaxed), page.bytes)
}

#[test]
fn a_byte_is_given_out_once_and_erased() {
    let batch = Batch::new();
    let mut all = Vec::new();
    for round in 0..3 {
        for used in 1..=PIECES {
            let before = (used > 1).then(|| inside(&batch).1);
            let mut piece = Piece::default();
            assert!(batch.give(&mut piece, |_| {}));
            let left = BATCH - 16 * used;
            assert_eq!(batch.left.get(), left, "round {round}");
            let (mark, bytes) = inside(&batch);
            assert_ne!(mark, 0);
            assert_eq!(bytes[left..], [0; BATCH][left..], "what was given out is erased");
            if let Some(before) = before {
                assert_eq!(before[left..left + 16], piece);
                assert_eq!(before[..left], bytes[..left], "the rest waits");
            }
            all.push(piece);
        }
    }
    assert_all_different(&all, 3 * PIECES);
}

#[test]
fn what_is_left_of_a_batch_and_too_little_is_not_used() {
    let batch = Batch::new();
    for len in (0..=SMALL).chain(0..=SMALL) {
        let mut out = [0; SMALL];
        let out = &mut out[..len];
        assert!(batch.give(out, |_| {}));
        assert!(batch.left.get() <= BATCH - len);
        assert!(len < 8 || out[len - 8..] != [0; 8], "{len}");
    }
}

#[test]
fn large_requests_do_not_touch_the_batch() {
    let _ = piece();
    let left = || THIS_THREAD.with(|batch| batch.left.get());
    let before = left();
    let mut large = [0; SMALL + 1];
    fill(&mut large).unwrap();
    assert_ne!(large[SMALL - 15..], [0; 16]);
    assert_eq!(left(), before);
    let _ = piece();
    assert_eq!(left(), before - 16);
}

#[test]
fn two_children_and_their_parent_never_get_the_same_bytes() {
    let first = piece();
    let from_a_child = || from_child(|| (0..3 * PIECES).flat_map(|_| piece()).collect());
    let mut all = pieces(&from_a_child());
    all.extend(pieces(&from_a_child()));
    // And a child's child, after the child has filled its page again.
    all.extend(pieces(&from_child(|| {
        let own = piece();
        let others = from_child(|| (0..PIECES).flat_map(|_| piece()).collect());
        own.into_iter().chain(others).chain((0..PIECES).flat_map(|_| piece())).collect()
    })));
    all.push(first);
    all.extend((0..3 * PIECES).map(|_| piece()));
    assert_all_different(&all, 11 * PIECES + 2);
}

#[test]
fn a_child_finds_the_page_wiped_and_fills_it_anew() {
    let batch = Batch::new();
    assert!(batch.give(&mut Piece::default(), |_| {}));
    let said = from_child(|| {
        let (mark, bytes) = inside(&batch);
        let wiped = mark == 0 && bytes == [0; BATCH];
        let given = batch.give(&mut Piece::default(), |_| {});
        vec![u8::from(wiped), u8::from(given), u8::from(batch.left.get() == BATCH - 16)]
    });
    assert_eq!(said, [1, 1, 1], "wiped; given; from a new batch");
    assert_eq!(batch.left.get(), BATCH - 16);
}

/// As a signal handler does that forks: the child returns from it, into the middle of a request.
#[test]
fn a_fork_inside_a_request_leaves_the_child_neither_its_parents_bytes_nor_zeros() {
    let stages = [Stage::Begun, Stage::Marked, Stage::Filled, Stage::Counted, Stage::Copied];
    for begun in [false, true] {
        for fork_at in stages {
            if begun && [Stage::Marked, Stage::Filled].contains(&fork_at) {
                continue; // Such a request fills nothing.
            }
            let batch = Batch::new();
            let mut all = Vec::new();
            if begun {
                all.push(Piece::default());
                assert!(batch.give(&mut all[0], |_| {}));
            }
            // The child goes on inside `give`, and says at the end what it got.
            let pipe = RefCell::new(None);
            let mut own = Piece::default();
            let given = batch.give(&mut own, |stage| {
                if stage == fork_at {
                    let (ours, theirs) = UnixStream::pair().unwrap();
                    // SAFETY: as in `from_child`.
                    let child = unsafe { libc::fork() };
                    assert!(child >= 0);
                    *pipe.borrow_mut() = Some((child, if child == 0 { theirs } else { ours }));
                }
            });
            let (child, mut stream) = pipe.into_inner().unwrap();
            if child == 0 {
                let mut bytes = vec![u8::from(given)];
                bytes.extend(own.iter().filter(|_| given));
                bytes.extend((0..PIECES).flat_map(|_| {
                    let mut piece = Piece::default();
                    assert!(batch.give(&mut piece, |_| {}));
                    piece
                }));
                let said = stream.write_all(&bytes).is_ok();
                // SAFETY: the child ends here, without a destructor.
                unsafe { libc::_exit(i32::from(!said)) };
            }
            let mut said = Vec::new();
            stream.read_to_end(&mut said).unwrap();
            // SAFETY: waits for our own child.
            assert_eq!(unsafe { libc::waitpid(child, std::ptr::null_mut(), 0) }, child);
            assert!(given, "the parent notices nothing");
            all.push(own);
            // A fork before the page is marked costs the child nothing: it fills its own.
            let survives = fork_at == Stage::Begun;
            assert_eq!(said[0], u8::from(survives), "{fork_at:?}, begun {begun}");
            all.extend(pieces(&said[1..]));
            for _ in 0..PIECES {
                let mut piece = Piece::default();
                assert!(batch.give(&mut piece, |_| {}));
                all.push(piece);
            }
            assert_all_different(&all, usize::from(begun) + usize::from(survives) + 1 + 2 * PIECES);
        }
    }
}

#[test]
fn a_request_inside_a_request_is_the_systems() {
    let batch = Batch::new();
    let inner = RefCell::new(Vec::new());
    let mut outer = Piece::default();
    assert!(batch.give(&mut outer, |stage| {
        let mut piece = Piece::default();
        assert!(!batch.give(&mut piece, |_| {}), "{stage:?}");
        from_system(&mut piece).unwrap();
        inner.borrow_mut().push(piece);
    }));
    assert_eq!(batch.left.get(), BATCH - 16);
    assert_all_different(inner.borrow().iter().chain([&outer]), 6);
    // And afterwards the batch is there again.
    assert!(batch.give(&mut outer, |_| {}));
}

#[test]
fn threads_have_batches_of_their_own() {
    let all: Vec<Piece> = thread::scope(|scope| {
        let threads: Vec<_> =
            (0..8).map(|_| scope.spawn(|| (0..5 * PIECES).map(|_| piece()).collect::<Vec<_>>())).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert_all_different(&all, 8 * 5 * PIECES);
}

/// What another thread-local's destructor asks for, before or after ours has run.
struct Late(RefCell<Option<std::sync::mpsc::Sender<Piece>>>);

impl Drop for Late {
    fn drop(&mut self) {
        if let Some(sender) = self.0.take() {
            let _ = sender.send(piece());
        }
    }
}

thread_local! {
    static EARLIER: Late = const { Late(RefCell::new(None)) };
    static LATER: Late = const { Late(RefCell::new(None)) };
}

#[test]
fn a_thread_that_ends_unmaps_its_page_and_can_still_ask() {
    let (sender, receiver) = std::sync::mpsc::channel();
    let page = thread::spawn(move || {
        EARLIER.with(|late| late.0.replace(Some(sender.clone())));
        let _ = sender.send(piece());
        LATER.with(|late| late.0.replace(Some(sender)));
        let Mapping::At(page) = THIS_THREAD.with(|batch| batch.page.get()) else { panic!("no page") };
        page.as_ptr().expose_provenance()
    })
    .join()
    .unwrap();
    assert_all_different(&receiver.iter().collect::<Vec<_>>(), 3);
    let mut resident = 0;
    // SAFETY: asks whether there is a page at this address, and does not look at it.
    let found = unsafe { libc::mincore(std::ptr::without_provenance_mut(page), 1, &raw mut resident) };
    let error = std::io::Error::last_os_error().raw_os_error();
    assert_eq!((found, error), (-1, Some(libc::ENOMEM)), "nothing is mapped there (mincore(2))");
}

#[test]
fn the_page_is_wiped_on_fork_and_in_no_core_file() {
    let batch = Batch::new();
    assert!(batch.give(&mut Piece::default(), |_| {}));
    let Mapping::At(page) = batch.page.get() else { panic!("this kernel wipes no page in a child") };
    let start = format!("{:08x}-", page.as_ptr().addr());
    let maps = std::fs::read_to_string("/proc/self/smaps").unwrap();
    let (_, mapping) = maps.split_once(&start).unwrap();
    let flags = mapping.lines().find_map(|line| line.strip_prefix("VmFlags:")).unwrap();
    for flag in ["wf", "dd"] {
        assert!(flags.split_whitespace().any(|have| have == flag), "{flag} in {flags}");
    }
}
