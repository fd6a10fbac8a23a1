//! Values of an option that switch something on or off.

pub(super) const ON: [&str; 3] = ["on", "true", "1"];
pub(super) const OFF: [&str; 3] = ["off", "false", "0"];
