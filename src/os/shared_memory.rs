//! Memory without a name that outlives the process that writes it, as long as another one has its
//! descriptor. What was stored is there, in the order of the stores, whenever the writer is killed.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicU64, Ordering};

use nix::fcntl::{FallocateFlags, fallocate};
use nix::sys::memfd::{MFdFlags, memfd_create};

pub struct SharedMemory {
    file: File,
    start: NonNull<u8>,
    length: usize,
}

impl SharedMemory {
    /// Pages that are never written need no memory.
    pub fn new(length: usize) -> io::Result<Self> {
        let file = File::from(memfd_create(c"supkit-journal", MFdFlags::MFD_CLOEXEC)?);
        file.set_len(length as u64)?;
        Self::map(file, length)
    }

    /// Maps what another process has written.
    pub fn open(fd: OwnedFd) -> io::Result<Self> {
        let file = File::from(fd);
        let length = usize::try_from(file.metadata()?.len()).map_err(io::Error::other)?;
        Self::map(file, length)
    }

    fn map(file: File, length: usize) -> io::Result<Self> {
        let access = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: a new mapping is made at a place of the kernel's choice; the descriptor is open.
        let start = unsafe {
            libc::mmap(ptr::null_mut(), length, access, libc::MAP_SHARED, file.as_raw_fd(), 0)
        };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let start = NonNull::new(start.cast()).ok_or_else(|| io::Error::other("no address"))?;
        Ok(Self { file, start, length })
    }

    pub fn length(&self) -> usize {
        self.length
    }

    /// Stores bytes; false if they do not fit.
    #[must_use]
    pub fn store(&mut self, at: usize, bytes: &[u8]) -> bool {
        if !self.has_room(at, bytes.len()) {
            return false;
        }
        // SAFETY: the range is within the mapping, which nothing else refers to: `bytes` is elsewhere.
        unsafe {
            ptr::copy_nonoverlapping(bytes.as_ptr(), self.start.as_ptr().add(at), bytes.len());
        }
        true
    }

    /// Bytes that were stored; empty if the range is outside.
    pub fn load(&self, at: usize, length: usize) -> Vec<u8> {
        if !self.has_room(at, length) {
            return Vec::new();
        }
        let mut bytes = vec![0; length];
        // SAFETY: the range is within the mapping, and `bytes` has that length.
        unsafe {
            ptr::copy_nonoverlapping(self.start.as_ptr().add(at), bytes.as_mut_ptr(), length);
        }
        bytes
    }

    /// Stores a number at a multiple of eight. All earlier stores are done before it.
    pub fn store_number(&mut self, at: usize, number: u64) {
        if let Some(cell) = self.cell(at) {
            cell.store(number, Ordering::SeqCst);
        }
    }

    pub fn load_number(&self, at: usize) -> u64 {
        self.cell(at).map_or(0, |cell| cell.load(Ordering::SeqCst))
    }

    fn cell(&self, at: usize) -> Option<&AtomicU64> {
        if !self.has_room(at, 8) || at % 8 != 0 {
            return None;
        }
        // SAFETY: the eight bytes are within the mapping and aligned, because that begins at a page.
        Some(unsafe { AtomicU64::from_ptr(self.start.as_ptr().add(at).cast()) })
    }

    /// Reads exactly that many bytes into the memory.
    pub fn fill(&mut self, at: usize, length: usize, from: &mut impl Read) -> io::Result<()> {
        if !self.has_room(at, length) {
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        // SAFETY: the range is within the mapping; the slice is the only reference to it.
        let room = unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr().add(at), length) };
        from.read_exact(room)
    }

    /// Returns the memory behind this place to the system; it reads as zero then.
    pub fn release_behind(&mut self, at: usize) {
        let (Ok(at), Ok(length)) = (i64::try_from(at), i64::try_from(self.length - at)) else {
            return;
        };
        let flags = FallocateFlags::FALLOC_FL_PUNCH_HOLE | FallocateFlags::FALLOC_FL_KEEP_SIZE;
        // It stays allocated if that fails.
        let _ = fallocate(&self.file, flags, at, length);
    }

    fn has_room(&self, at: usize, length: usize) -> bool {
        at.checked_add(length).is_some_and(|end| end <= self.length)
    }
}

impl AsFd for SharedMemory {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

impl Drop for SharedMemory {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, and no reference to it is left.
        unsafe { libc::munmap(self.start.as_ptr().cast(), self.length) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_mapping_has_what_was_stored() {
        let mut memory = SharedMemory::new(10_000).unwrap();
        assert!(memory.store(9_000, b"text") && !memory.store(9_997, b"text"));
        memory.store_number(16, 7);
        memory.fill(100, 3, &mut &b"abcdef"[..]).unwrap();
        let other = SharedMemory::open(memory.as_fd().try_clone_to_owned().unwrap()).unwrap();
        drop(memory);
        assert_eq!((other.load(9_000, 4), other.load_number(16)), (b"text".to_vec(), 7));
        assert_eq!((other.load(100, 3), other.length()), (b"abc".to_vec(), 10_000));
        assert!(other.load(9_999, 2).is_empty());
    }

    #[test]
    fn what_was_released_is_zero() {
        let mut memory = SharedMemory::new(16_384).unwrap();
        assert!(memory.store(0, b"a") && memory.store(8_192, b"b"));
        memory.release_behind(4_096);
        assert_eq!((memory.load(0, 1), memory.load(8_192, 1)), (b"a".to_vec(), vec![0]));
    }
}
