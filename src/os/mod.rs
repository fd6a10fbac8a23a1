//! The only home of `nix`, `libc` and `unsafe`. Knows nothing of the rest of the house.

pub mod interrupt;
pub mod ready;
pub mod tty;
