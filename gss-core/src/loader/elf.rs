//! Whether a library is all there. The dynamic linker maps what the file's headers promise and looks no further: one
//! that was cut off, by a full disk or since its copy is still under way, would end this process with SIGBUS inside of
//! `dlopen`.

use std::fs::File;
use std::os::unix::fs::FileExt as _;

const CLASS_64: u8 = 2;
const NATIVE_ORDER: u8 = if cfg!(target_endian = "little") { 1 } else { 2 };
pub(super) const PT_LOAD: u32 = 1;
/// Octets of a program header.
pub(super) const ENTRY: u64 = 56;

/// The length in bytes that the file must have to be mapped; `None` for what is no 64-bit ELF file of this byte order,
/// which the dynamic linker says itself.
pub(super) fn needed_length(file: &File) -> Option<u64> {
    let (table, count) = table(file)?;
    let mut needed = table.saturating_add(count * ENTRY);
    for index in 0..count {
        let Some(segment) = read::<{ ENTRY as usize }>(file, table.saturating_add(index * ENTRY)) else { break };
        if number::<4>(&segment, 0)? == u64::from(PT_LOAD) {
            needed = needed.max(number::<8>(&segment, 8)?.saturating_add(number::<8>(&segment, 32)?));
        }
    }
    Some(needed)
}

/// All program headers of a file that has them all.
pub(super) fn program_headers(file: &File) -> Option<Vec<[u8; ENTRY as usize]>> {
    let (table, count) = table(file)?;
    (0..count).map(|index| read(file, table.checked_add(index * ENTRY)?)).collect()
}

/// Where the program headers lie, and how many there are.
fn table(file: &File) -> Option<(u64, u64)> {
    let header: [u8; 64] = read(file, 0)?;
    if !header.starts_with(b"\x7fELF") || header[4] != CLASS_64 || header[5] != NATIVE_ORDER {
        return None;
    }
    let (table, entry) = (number::<8>(&header, 32)?, number::<2>(&header, 54)?);
    let count = number::<2>(&header, 56)?;
    (entry == ENTRY).then_some((table, count))
}

pub(super) fn read<const N: usize>(file: &File, offset: u64) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    file.read_exact_at(&mut bytes, offset).ok()?;
    Some(bytes)
}

/// A number of `N` octets in this machine's order.
pub(super) fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<u64> {
    let field: &[u8; N] = bytes.get(at..)?.first_chunk()?;
    let mut wide = [0; 8];
    let start = if cfg!(target_endian = "little") { 0 } else { 8 - N };
    wide.get_mut(start..start + N)?.copy_from_slice(field);
    Some(u64::from_ne_bytes(wide))
}
