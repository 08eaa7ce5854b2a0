//! OIDs and sets of OIDs as C has them. An OID that we give out is an object of ours and stays for ever, because programs
//! compare OIDs by address (kadmind, libgssrpc) and never free them: an exported one where we know it, else one that is
//! made at its first use.

use crate::data;
use crate::memory;
use crate::types::*;
use gss_core::{MAX_OID_OCTETS, Oid, OidError};
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

/// An OID of ours, and the next one with the same hash.
struct Node {
    octets: &'static [u8],
    object: gss_OID,
    next: *mut Node,
}

/// The OIDs that were given out, by hash. Nodes are only ever added, so a lookup takes no lock.
static BUCKETS: [AtomicPtr<Node>; 256] = [const { AtomicPtr::new(ptr::null_mut()) }; 256];

/// Calls that give out or take an OID pass here: the hash is one that costs a few instructions for the usual lengths.
fn bucket(octets: &[u8]) -> &'static AtomicPtr<Node> {
    let number = match (octets.first_chunk::<8>(), octets.last_chunk::<8>()) {
        (Some(first), Some(last)) => u64::from_le_bytes(*first).rotate_left(32) ^ u64::from_le_bytes(*last),
        _ => octets.iter().fold(0, |number, octet| number << 8 | u64::from(*octet)),
    };
    // The golden ratio's bits: each octet reaches the top ones.
    &BUCKETS[(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as usize]
}

/// Our object for an OID.
pub(crate) fn ours(oid: &Oid) -> gss_OID {
    let octets = oid.as_bytes();
    let bucket = bucket(octets);
    let mut head = bucket.load(Ordering::Acquire);
    if let Some(node) = find(head, ptr::null_mut(), octets) {
        return node.object;
    }
    let (octets, object) = known_or_new(octets);
    let node = Box::into_raw(Box::new(Node { octets, object, next: head }));
    loop {
        match bucket.compare_exchange(head, node, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => return object,
            Err(now) => {
                // Somebody else was first with a node, perhaps for the same OID: then that one counts.
                if let Some(node) = find(now, head, octets) {
                    return node.object;
                }
                head = now;
                // SAFETY: not published yet, so this thread's alone.
                unsafe { (*node).next = now };
            }
        }
    }
}

/// Looks along a list up to a node that was looked at before.
fn find(mut node: *mut Node, end: *mut Node, octets: &[u8]) -> Option<&'static Node> {
    while node != end && !node.is_null() {
        // SAFETY: published nodes are never changed or freed.
        let here: &'static Node = unsafe { &*node };
        if here.octets == octets {
            return Some(here);
        }
        node = here.next;
    }
    None
}

fn known_or_new(octets: &[u8]) -> (&'static [u8], gss_OID) {
    if let Some(known) = data::known(octets) {
        return known;
    }
    let octets: &'static [u8] = Box::leak(octets.to_vec().into_boxed_slice());
    let length = OM_uint32::try_from(octets.len()).unwrap_or(0);
    let object = gss_OID_desc { length, elements: octets.as_ptr().cast_mut().cast() };
    (octets, Box::into_raw(Box::new(object)))
}

/// Whether an object is one that we gave out, and so must not be freed.
pub(crate) fn is_ours(object: gss_OID) -> bool {
    data::is_exported(object)
        || BUCKETS.iter().any(|bucket| {
            let mut node = bucket.load(Ordering::Acquire);
            while !node.is_null() {
                // SAFETY: published nodes are never changed or freed.
                let here = unsafe { &*node };
                if ptr::eq(here.object, object) {
                    return true;
                }
                node = here.next;
            }
            false
        })
}

/// Reads an OID.
///
/// # Safety
/// `object` points to an OID whose elements are good for its length.
pub(crate) unsafe fn read(object: gss_OID) -> Result<Oid, OidError> {
    // SAFETY: as demanded.
    let object = unsafe { &*object };
    let length = object.length as usize;
    if object.elements.is_null() || length == 0 {
        return Err(OidError::Empty);
    }
    if length > MAX_OID_OCTETS {
        return Err(OidError::TooLong(length));
    }
    // SAFETY: as demanded.
    let octets = unsafe { std::slice::from_raw_parts(object.elements.cast::<u8>(), length) };
    // One that was given out before, as most are, needs neither a check nor a copy.
    match find(bucket(octets).load(Ordering::Acquire), ptr::null_mut(), octets) {
        Some(node) => Ok(Oid::from_static(node.octets)),
        None => {
            let oid = Oid::from_content(octets)?;
            // The exported ones are few: they may be kept without having been given out.
            if data::known(octets).is_some() {
                ours(&oid);
            }
            Ok(oid)
        }
    }
}

/// Reads a set of OIDs.
///
/// # Safety
/// `set` points to a set whose elements are as [`read`] demands.
pub(crate) unsafe fn read_set(set: gss_OID_set) -> Result<Vec<Oid>, OidError> {
    // SAFETY: as demanded.
    let set = unsafe { &*set };
    if set.elements.is_null() {
        return if set.count == 0 { Ok(Vec::new()) } else { Err(OidError::Empty) };
    }
    let element = |index| {
        // SAFETY: `index` is below the set's count.
        let element = unsafe { set.elements.add(index) };
        // SAFETY: as demanded.
        unsafe { read(element) }
    };
    (0..set.count).map(element).collect()
}

/// A set for C: the set, its elements and the octets of each are allocations of their own. `None` when memory runs out.
pub(crate) fn new_set(oids: &[Oid]) -> Option<gss_OID_set> {
    let mut contents = gss_OID_set_desc { count: 0, elements: ptr::null_mut() };
    let Some(set) = fill(&mut contents, oids).and_then(|()| memory::room(1)) else {
        // SAFETY: elements that were made here; nobody else knows them.
        unsafe { free_elements(&contents) };
        return None;
    };
    // SAFETY: allocated just now.
    unsafe { set.write(contents) };
    Some(set.as_ptr())
}

/// Fills an empty set, with one array for all elements. `None` when memory runs out; the set holds what was done then.
fn fill(set: &mut gss_OID_set_desc, oids: &[Oid]) -> Option<()> {
    if oids.is_empty() {
        return Some(());
    }
    set.elements = memory::room(oids.len())?.as_ptr();
    for oid in oids {
        let element = element(oid.as_bytes())?;
        // SAFETY: the array has as many elements as there are OIDs.
        let place = unsafe { set.elements.add(set.count) };
        // SAFETY: as above.
        unsafe { place.write(element) };
        set.count += 1;
    }
    Some(())
}

/// An element of a set: a copy of the octets in an allocation of its own. `None` when memory runs out.
fn element(octets: &[u8]) -> Option<gss_OID_desc> {
    let copy = memory::room::<u8>(octets.len())?.as_ptr();
    // SAFETY: `copy` has room for the octets.
    unsafe { ptr::copy_nonoverlapping(octets.as_ptr(), copy, octets.len()) };
    Some(gss_OID_desc { length: OM_uint32::try_from(octets.len()).unwrap_or(0), elements: copy.cast() })
}

/// Adds a copy of an OID at the end of a set. `None` when memory runs out; the set is as it was then.
///
/// # Safety
/// `set` points to a set made by [`new_set`], or by another library in the same way.
pub(crate) unsafe fn add(set: gss_OID_set, octets: &[u8]) -> Option<()> {
    // SAFETY: as demanded.
    let set = unsafe { &mut *set };
    let element = element(octets)?;
    let Some(elements) = set.count.checked_add(1).and_then(memory::room::<gss_OID_desc>) else {
        // SAFETY: allocated above.
        unsafe { memory::free(element.elements) };
        return None;
    };
    let elements = elements.as_ptr();
    if set.count > 0 {
        // SAFETY: the new array has room for the old elements and one more.
        unsafe { ptr::copy_nonoverlapping(set.elements, elements, set.count) };
    }
    // SAFETY: the last element of the new array.
    let last = unsafe { elements.add(set.count) };
    // SAFETY: as above.
    unsafe { last.write(element) };
    // SAFETY: the old array; its elements live on in the new one.
    unsafe { memory::free(set.elements) };
    set.elements = elements;
    set.count += 1;
    Some(())
}

/// Frees a set with its elements.
///
/// # Safety
/// As [`add`]; the set is not used any more.
pub(crate) unsafe fn free_set(set: gss_OID_set) {
    // SAFETY: as demanded.
    let contents = unsafe { &*set };
    // SAFETY: as demanded.
    unsafe { free_elements(contents) };
    // SAFETY: the set is an allocation of its own.
    unsafe { memory::free(set) };
}

/// # Safety
/// As [`free_set`], for the elements.
unsafe fn free_elements(set: &gss_OID_set_desc) {
    if !set.elements.is_null() {
        for index in 0..set.count {
            // SAFETY: `index` is below the set's count.
            let element = unsafe { set.elements.add(index) };
            // SAFETY: as above.
            let element = unsafe { &*element };
            // SAFETY: each element's octets are an allocation of their own.
            unsafe { memory::free(element.elements) };
        }
    }
    // SAFETY: the elements are an allocation of their own.
    unsafe { memory::free(set.elements) };
}

/// An OID that C frees: the OID and its octets are allocations of their own. `None` when memory runs out.
pub(crate) fn new_own(oid: &Oid) -> Option<gss_OID> {
    let octets = oid.as_bytes();
    let object = memory::array::<gss_OID_desc>(1)?.as_ptr();
    let Some(elements) = memory::array::<u8>(octets.len()) else {
        // SAFETY: allocated above; nobody else knows it.
        unsafe { memory::free(object) };
        return None;
    };
    let elements = elements.as_ptr();
    // SAFETY: there is room for the octets.
    unsafe { ptr::copy_nonoverlapping(octets.as_ptr(), elements, octets.len()) };
    let length = OM_uint32::try_from(octets.len()).unwrap_or(0);
    // SAFETY: allocated above.
    unsafe { object.write(gss_OID_desc { length, elements: elements.cast() }) };
    Some(object)
}

/// Frees an OID that was made by [`new_own`], or by another library in the same way.
///
/// # Safety
/// `object` is such an OID, and not used any more.
pub(crate) unsafe fn free(object: gss_OID) {
    // SAFETY: as demanded.
    let contents = unsafe { *object };
    // SAFETY: the octets are an allocation of their own.
    unsafe { memory::free(contents.elements) };
    // SAFETY: and so is the OID.
    unsafe { memory::free(object) };
}
