//! How the allocator treats large blocks.

/// From this size on, a block is a mapping of its own.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const LARGE: libc::c_int = 128 * 1024;

/// Makes the allocator return large blocks to the system when they are freed, and grow them without
/// a copy. By default glibc stops doing so after the first large block is freed, and a burst of
/// large requests leaves a fragmented heap of twice their size.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub fn return_large_blocks() {
    // SAFETY: it only sets a parameter of the allocator; there is one thread.
    unsafe { libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE) };
}

/// Other allocators have no such parameter.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn return_large_blocks() {}
