//! The memory of this process: how the allocator treats large blocks, and what an idle daemon returns.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::ops::Range;

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

/// Returns free blocks to the system, and unmaps the code and constants of the program and its
/// libraries. They stay in the page cache; what is used again is mapped again, without a read from the
/// disk. Most of them are needed for the start or for a request only.
#[cfg(target_os = "linux")]
pub fn release_unused() {
    #[cfg(target_env = "gnu")]
    // SAFETY: it only returns pages that hold no block.
    unsafe {
        libc::malloc_trim(0);
    }
    let Ok(maps) = File::open("/proc/self/smaps") else { return };
    for range in unchanged_mappings(BufReader::with_capacity(4096, maps)) {
        // SAFETY: the mapping is private, cannot be written, and all its pages are those of its file; the
        // next access maps the same pages.
        unsafe {
            libc::madvise(range.start as *mut libc::c_void, range.len(), libc::MADV_DONTNEED);
        }
    }
}

/// Other systems have other means.
#[cfg(not(target_os = "linux"))]
pub fn release_unused() {}

/// The private mappings of files in a text like `/proc/PID/smaps` that nothing can write to and no page
/// of which differs from the file, as it would after a relocation or with a breakpoint of a debugger.
fn unchanged_mappings(smaps: impl BufRead) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut mapping = None;
    for line in smaps.lines().map_while(Result::ok) {
        if let Some((_, pages)) = line.split_once("Anonymous:").filter(|it| it.0.is_empty()) {
            found.extend(mapping.take().filter(|_| pages.trim() == "0 kB"));
        } else if !line.split(' ').next().is_some_and(|word| word.ends_with(':')) {
            mapping = read_only_file(&line);
        }
    }
    found
}

/// The addresses in the first line of a mapping, if it is a private one of a file without write access.
fn read_only_file(line: &str) -> Option<Range<usize>> {
    let mut words = line.split_ascii_whitespace();
    let (start, end) = words.next()?.split_once('-')?;
    let is_read_only = matches!(words.next()?, "r--p" | "r-xp" | "--xp");
    let is_file = words.nth(2)? != "0";
    let address = |text| usize::from_str_radix(text, 16).ok();
    Some(address(start)?..address(end)?).filter(|_| is_read_only && is_file)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMAPS: &str = "\
        1000-3000 r--p 00000000 fe:00 77 /usr/bin/a b\nRss: 8 kB\nAnonymous:             0 kB\nVmFlags: rd\n\
        3000-5000 r-xp 00002000 fe:00 77 /usr/bin/a b (deleted)\nAnonymous:             0 kB\n\
        5000-6000 r--p 00004000 fe:00 77 /usr/bin/a b\nAnonymous:             4 kB\n\
        6000-7000 rw-p 00005000 fe:00 77 /usr/bin/a b\nAnonymous:             0 kB\n\
        7000-8000 r--s 00000000 fe:00 78 /usr/lib/cache\nAnonymous:             0 kB\n\
        8000-9000 r--p 00000000 00:00 0 \nAnonymous:             0 kB\n\
        9000-a000 r-xp 00000000 00:00 0                          [vdso]\nAnonymous:             0 kB\n";

    #[test]
    fn only_unchanged_pages_of_files_are_found() {
        assert_eq!(unchanged_mappings(SMAPS.as_bytes()), [0x1000..0x3000, 0x3000..0x5000]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_program_continues_after_its_code_was_unmapped() {
        let mapped = || {
            let maps = File::open("/proc/self/smaps").unwrap();
            unchanged_mappings(BufReader::new(maps)).len()
        };
        let before = mapped();
        assert!(before > 2, "{before}");
        for _ in 0..3 {
            release_unused();
            assert_eq!(mapped(), before);
        }
    }
}
