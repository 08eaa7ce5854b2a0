//! Which libraries a plugin needs, by the names that its file has for them.

use super::elf::{ENTRY, PT_LOAD, number, program_headers, read};
use std::fs::File;
use std::os::unix::fs::FileExt as _;

const PT_DYNAMIC: u64 = 2;
/// Tags of the dynamic section (System V ABI, chapter 5).
const DT_NULL: u64 = 0;
const DT_NEEDED: u64 = 1;
const DT_STRTAB: u64 = 5;
const DT_RPATH: u64 = 15;
const DT_RUNPATH: u64 = 29;
/// Octets of an entry of the dynamic section.
const DYNAMIC: u64 = 16;
/// More entries than any library has; Debian's largest have about 60.
const MOST_ENTRIES: u64 = 4096;
/// Octets of a file name at most.
const LONGEST: usize = 255;

/// The names of the libraries that a plugin needs. `None` if it is no library that can be read, or if it says itself where
/// they lie: then only the dynamic linker knows which ones are meant.
pub(super) fn names(file: &File) -> Option<Vec<String>> {
    let headers = program_headers(file)?;
    let dynamic = headers.iter().find(|header| number::<4>(*header, 0) == Some(PT_DYNAMIC))?;
    let (start, length) = (number::<8>(dynamic, 8)?, number::<8>(dynamic, 32)?);
    let (mut table, mut offsets) = (None, Vec::new());
    for index in 0..(length / DYNAMIC).min(MOST_ENTRIES) {
        let entry: [u8; DYNAMIC as usize] = read(file, start.checked_add(index * DYNAMIC)?)?;
        let value = number::<8>(&entry, 8)?;
        match number::<8>(&entry, 0)? {
            DT_NULL => break,
            DT_NEEDED => offsets.push(value),
            DT_STRTAB => table = Some(value),
            DT_RPATH | DT_RUNPATH => return None,
            _ => {}
        }
    }
    let table = in_file(&headers, table?)?;
    offsets.into_iter().map(|offset| name(file, table.checked_add(offset)?)).collect()
}

/// Where an address of the loaded library lies in the file.
fn in_file(headers: &[[u8; ENTRY as usize]], address: u64) -> Option<u64> {
    headers.iter().filter(|header| number::<4>(*header, 0) == Some(u64::from(PT_LOAD))).find_map(|header| {
        let (offset, start, length) = (number::<8>(header, 8)?, number::<8>(header, 16)?, number::<8>(header, 32)?);
        let within = address.checked_sub(start).filter(|within| *within < length)?;
        offset.checked_add(within)
    })
}

/// A name in the string table. One with a slash is a path, relative to wherever the process stands, or none of a system's
/// libraries.
fn name(file: &File, at: u64) -> Option<String> {
    let mut bytes = [0; LONGEST + 1];
    let length = file.read_at(&mut bytes, at).ok()?;
    let name = bytes.get(..length)?.split(|byte| *byte == 0).next()?;
    let name = std::str::from_utf8(name).ok()?;
    (!name.is_empty() && name.len() < length && !name.contains('/')).then(|| name.to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn this() -> File {
        File::open(std::env::current_exe().unwrap()).unwrap()
    }

    #[test]
    fn a_program_needs_the_c_library() {
        let names = names(&this()).unwrap();
        assert!(names.iter().any(|name| name == "libc.so.6"), "{names:?}");
    }

    #[test]
    fn what_is_no_library_needs_nothing() {
        for bytes in [&b""[..], b"#!/bin/sh\n", &[0x7f; 4096]] {
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(bytes).unwrap();
            assert_eq!(names(&file), None);
        }
    }

    /// The dynamic linker then looks elsewhere than we could.
    #[test]
    fn one_that_says_where_to_look_is_left_alone() {
        for tag in [DT_RPATH, DT_RUNPATH] {
            let mut whole = std::fs::read(std::env::current_exe().unwrap()).unwrap();
            let headers = program_headers(&this()).unwrap();
            let dynamic = headers.iter().find(|header| number::<4>(*header, 0) == Some(PT_DYNAMIC)).unwrap();
            let start = usize::try_from(number::<8>(dynamic, 8).unwrap()).unwrap();
            whole[start..start + 8].copy_from_slice(&tag.to_ne_bytes());
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(&whole).unwrap();
            assert_eq!(names(&file), None);
        }
    }

    /// Whatever is altered or cut off: an answer, and never a panic.
    #[test]
    fn damaged_files_are_read_without_harm() {
        let mut whole = vec![0; 1 << 20];
        let length = this().read_at(&mut whole, 0).unwrap();
        whole.truncate(length);
        for at in (0..1024).chain([2000, 4096, 65_536]) {
            for value in [0, 0xff] {
                let mut bytes = whole.get(..(at + 1).max(2048)).unwrap().to_vec();
                bytes[at] = value;
                let mut file = tempfile::tempfile().unwrap();
                file.write_all(&bytes).unwrap();
                let _ = names(&file);
            }
        }
    }
}
