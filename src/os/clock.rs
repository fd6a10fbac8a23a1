//! Reads the monotonic and the wall clock and converts wall-clock time to local time.

use std::mem::MaybeUninit;
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

/// Time on the monotonic clock, since an arbitrary start.
pub fn monotonic() -> Duration {
    read(ClockId::CLOCK_MONOTONIC)
}

/// Time since the epoch.
pub fn wall() -> Duration {
    read(ClockId::CLOCK_REALTIME)
}

/// The time that this process has spent on a processor.
pub fn cpu_time() -> Duration {
    read(ClockId::CLOCK_PROCESS_CPUTIME_ID)
}

/// The time since the system was booted, suspension included where the system counts it.
pub fn since_boot() -> Duration {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let clock = ClockId::CLOCK_BOOTTIME;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let clock = ClockId::CLOCK_MONOTONIC;
    read(clock)
}

fn read(clock: ClockId) -> Duration {
    clock_gettime(clock).map_or(Duration::ZERO, Duration::from)
}

/// A local date and time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalTime {
    pub year: i32,
    pub month: i32,
    pub day: i32,
    pub hour: i32,
    pub minute: i32,
    pub second: i32,
}

/// Converts `wall` to the local time zone.
pub fn local(wall: Duration) -> LocalTime {
    // The width of the C type depends on the system.
    let seconds = wall.as_secs().try_into().unwrap_or_default();
    let mut broken = MaybeUninit::<libc::tm>::zeroed();
    // SAFETY: both pointers are to live values of the right type; an all-zero `tm` is a valid
    // value, so reading it is sound even if the call fails. The daemon has one thread, so TZ is not
    // changed concurrently.
    let tm = unsafe {
        libc::localtime_r(&raw const seconds, broken.as_mut_ptr());
        broken.assume_init()
    };
    LocalTime {
        year: tm.tm_year + 1900,
        month: tm.tm_mon + 1,
        day: tm.tm_mday,
        hour: tm.tm_hour,
        minute: tm.tm_min,
        second: tm.tm_sec,
    }
}

impl LocalTime {
    /// `2026-11-23 17:34:54`
    pub fn stamp(&self) -> String {
        let Self { year, month, day, hour, minute, second } = self;
        format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
    }
}
