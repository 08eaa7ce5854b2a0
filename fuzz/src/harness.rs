//! What the targets share: a limit on what a call may allocate, edits of valid tokens, and the replay of kept inputs.

use peak_alloc::PeakAlloc;
use std::collections::BTreeSet;
use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// What a call may allocate whatever its input, in bytes: error texts, derived keys.
const FIXED: usize = 16 << 10;

/// A target's name and its function.
pub type Target = (&'static str, fn(&[u8]));

/// Runs a call, which may have at most `times` the length of its input allocated at once.
pub fn bounded<T>(input: &[u8], times: usize, call: impl FnOnce() -> T) -> T {
    HEAP.reset_peak_usage();
    let before = HEAP.current_usage();
    let answer = call();
    let used = HEAP.peak_usage().saturating_sub(before);
    let allowed = FIXED + times * input.len();
    assert!(used <= allowed, "{used} bytes allocated for an input of {}, allowed are {allowed}", input.len());
    answer
}

/// Bytes that are taken from the front of an input, zeros once it is used up.
pub struct Choices<'a>(pub &'a [u8]);

impl<'a> Choices<'a> {
    /// A byte.
    pub fn byte(&mut self) -> u8 {
        self.array::<1>()[0]
    }

    /// A number of two bytes.
    pub fn short(&mut self) -> usize {
        u16::from_be_bytes(self.array()).into()
    }

    /// So many bytes, or as many as there are.
    pub fn take(&mut self, count: usize) -> &'a [u8] {
        let (head, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        head
    }

    fn array<const N: usize>(&mut self) -> [u8; N] {
        let mut array = [0; N];
        let head = self.take(N);
        array[..head.len()].copy_from_slice(head);
        array
    }

    /// Alters a token as the next bytes say: up to seven bytes in it, which is fewer than any checksum has, or its end.
    pub fn alter(&mut self, token: &mut Vec<u8>) {
        for _ in 0..self.byte() % 8 {
            let (kind, at, value) = (self.byte(), self.short(), self.byte());
            match kind {
                0 => token.truncate(at),
                1 => token.push(value),
                _ if token.is_empty() => {}
                _ => {
                    let at = at % token.len();
                    token[at] ^= value;
                }
            }
        }
    }
}

/// Runs every input that is kept for these targets, in `corpus/` and `findings/`, and answers those that fail. All
/// targets with this prefix must be there, with a program each and inputs.
pub fn replay(prefix: &str, targets: &[Target]) -> Vec<String> {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz");
    let named: BTreeSet<_> = targets.iter().map(|(name, _)| (*name).to_owned()).collect();
    for folder in ["fuzz_targets", "corpus", "findings"] {
        let found: BTreeSet<_> = names(&fuzz.join(folder))
            .into_iter()
            .map(|name| name.trim_end_matches(".rs").to_owned())
            .filter(|name| name.starts_with(prefix) && !name.starts_with('.'))
            .collect();
        if folder == "findings" {
            assert!(found.is_subset(&named), "fuzz/{folder} has inputs of {found:?}, the targets are {named:?}");
        } else {
            assert_eq!(found, named, "fuzz/{folder}");
        }
    }
    let mut failed = Vec::new();
    for (target, run) in targets {
        for folder in ["corpus", "findings"] {
            let folder = fuzz.join(folder).join(target);
            for name in names(&folder) {
                let path = folder.join(name);
                let input = fs::read(&path).unwrap();
                if catch_unwind(|| run(&input)).is_err() {
                    failed.push(path.display().to_string());
                }
            }
        }
        assert!(!names(&fuzz.join("corpus").join(target)).is_empty(), "fuzz/corpus/{target} is empty");
    }
    failed
}

fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}
