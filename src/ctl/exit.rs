//! Exit statuses, as the Linux Standard Base defines them for init scripts.

pub(super) const SUCCESS: u8 = 0;
pub(super) const GENERIC: u8 = 1;
pub(super) const INVALID_ARGS: u8 = 2;
pub(super) const UNIMPLEMENTED_FEATURE: u8 = 3;
pub(super) const INSUFFICIENT_PRIVILEGES: u8 = 4;
pub(super) const NOT_INSTALLED: u8 = 5;
pub(super) const NOT_RUNNING: u8 = 7;

/// Special exit statuses of `status`.
pub(super) const STATUS_NOT_RUNNING: u8 = 3;
pub(super) const STATUS_UNKNOWN: u8 = 4;
