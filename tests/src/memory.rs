//! What a process has in its memory: looked for from outside, while it does nothing.

use std::fs::{self, File};
use std::ops::Range;
use std::os::unix::fs::FileExt as _;

/// What is looked for. Never shown.
#[derive(Clone)]
pub struct Secret {
    /// What it is.
    pub name: String,
    bytes: Vec<u8>,
}

/// So many bytes are a trace of a secret: a freed piece of memory may be partly in use again.
const TRACE: usize = 16;

impl Secret {
    /// A secret under a name.
    pub fn new(name: impl Into<String>, bytes: &[u8]) -> Self {
        assert!(bytes.len() >= TRACE, "so few bytes could be there by chance");
        Self { name: name.into(), bytes: bytes.to_vec() }
    }

    fn traces(&self) -> impl Iterator<Item = &[u8]> {
        self.bytes.chunks_exact(TRACE)
    }
}

/// A secret that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Its name.
    pub name: String,
    /// Where.
    pub address: u64,
    /// In which mapping, as `/proc/PID/maps` calls it.
    pub mapping: String,
}

/// Looks through all writable private mappings of a process but the stack of its one thread.
///
/// The stack is left out since what lies below its top is nobody's: it is overwritten by whatever is called next. With a
/// second thread there would be a second stack, in a mapping that says nothing of it; so there must be none.
pub fn search(process: u32, secrets: &[Secret]) -> Vec<Hit> {
    let threads = fs::read_dir(format!("/proc/{process}/task")).expect("the process lives").count();
    assert_eq!(threads, 1, "a process of one thread");
    let memory = File::open(format!("/proc/{process}/mem")).expect("the process is ours");
    let maps = fs::read_to_string(format!("/proc/{process}/maps")).expect("the process is ours");
    let mut beginnings = vec![Vec::new(); 1 << 16];
    for (number, secret) in secrets.iter().enumerate() {
        for trace in secret.traces() {
            beginnings[beginning(trace)].push((number, trace));
        }
    }
    let (mut hits, mut looked_at) = (Vec::new(), 0);
    for line in maps.lines() {
        let Some((range, name)) = writable_and_private(line) else { continue };
        let length = usize::try_from(range.end - range.start).expect("a size");
        let mut bytes = vec![0; length];
        memory.read_exact_at(&mut bytes, range.start).unwrap_or_else(|error| panic!("{line}: {error}"));
        looked_at += length;
        for (at, pair) in bytes.windows(2).enumerate() {
            for (number, trace) in &beginnings[beginning(pair)] {
                if bytes[at..].starts_with(trace) {
                    let (secret, address) = (&secrets[*number], range.start + at as u64);
                    hits.push(Hit { name: secret.name.clone(), address, mapping: name.clone() });
                }
            }
        }
    }
    assert!(looked_at > 100_000, "a process has more memory than {looked_at} bytes");
    hits
}

fn beginning(bytes: &[u8]) -> usize {
    usize::from(bytes[0]) << 8 | usize::from(bytes[1])
}

/// A line of `/proc/PID/maps` (proc_pid_maps(5)).
fn writable_and_private(line: &str) -> Option<(Range<u64>, String)> {
    let mut fields = line.split_whitespace();
    let (start, end) = fields.next()?.split_once('-')?;
    let rights = fields.next()?;
    let name = fields.nth(3).unwrap_or("").to_owned();
    let number = |text| u64::from_str_radix(text, 16).expect("an address");
    (rights.starts_with("rw") && rights.ends_with('p') && name != "[stack]").then(|| (number(start)..number(end), name))
}
