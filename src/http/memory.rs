//! Fallible allocation where a client determines the size. Most allocations of the daemon are small
//! and cannot fail without ending it, so some memory is kept for them.

use std::cell::Cell;
use std::collections::TryReserveError;
use std::hint::black_box;

/// What is left for small allocations.
const HEADROOM: usize = 4 * 1024 * 1024;

/// What is assumed to be allocated, uncounted, between two calls of [`has_room`].
const UNCOUNTED: usize = 16 * 1024;

thread_local! {
    /// How much of the room that the last probe found is not used up. A probe maps and unmaps memory,
    /// which costs more than a small request; so the room that it finds lasts for many of them.
    static ROOM: Cell<usize> = const { Cell::new(0) };
}

/// Whether `bytes` can be allocated and some memory is left for others.
pub fn has_room(bytes: usize) -> bool {
    let left = ROOM.get().saturating_sub(bytes).saturating_sub(UNCOUNTED);
    if left >= HEADROOM / 2 {
        ROOM.set(left);
        return true;
    }
    let has_room = probe(bytes);
    ROOM.set(if has_room { HEADROOM } else { 0 });
    has_room
}

fn probe(bytes: usize) -> bool {
    let mut probe: Vec<u8> = Vec::new();
    let reserved = probe.try_reserve_exact(bytes.saturating_add(HEADROOM));
    // an allocation that is not used would be optimized away
    black_box(probe.as_mut_ptr());
    reserved.is_ok()
}

/// There is no memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoMemory;

impl From<TryReserveError> for NoMemory {
    fn from(_: TryReserveError) -> Self {
        Self
    }
}

/// Appends bytes.
pub fn append(buffer: &mut Vec<u8>, bytes: &[u8]) -> Result<(), NoMemory> {
    let before = buffer.capacity();
    buffer.try_reserve(bytes.len())?;
    let grown = buffer.capacity() - before;
    ROOM.set(ROOM.get().saturating_sub(grown));
    if grown > 0 && !has_room(0) {
        return Err(NoMemory);
    }
    buffer.extend_from_slice(bytes);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_memory_than_there_is_cannot_be_allocated() {
        assert!(has_room(1024));
        assert!(!has_room(usize::MAX / 4));
        let mut buffer = vec![b'a'];
        assert_eq!(append(&mut buffer, b"bc"), Ok(()));
        assert_eq!(buffer, b"abc");
    }
}
