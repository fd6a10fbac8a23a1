//! Which logs clients follow. A follower looks at its file when the daemon has written to it, and else
//! once a second, because other processes may write to it too.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::rc::{Rc, Weak};

/// Set when the log has grown.
pub(super) type Flag = Rc<Cell<bool>>;

#[derive(Default)]
pub(super) struct Followed(Vec<(PathBuf, Weak<Cell<bool>>)>);

impl Followed {
    pub(super) fn add(&mut self, path: &Path, flag: &Flag) {
        self.0.push((path.to_owned(), Rc::downgrade(flag)));
    }

    /// Sets the flags of those that follow this log, and forgets those that ended.
    pub(super) fn on_written(&mut self, path: &Path) {
        self.0.retain(|(followed, flag)| {
            let Some(flag) = flag.upgrade() else { return false };
            if followed == path {
                flag.set(true);
            }
            true
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_followers_of_the_log_are_notified_and_ended_ones_are_forgotten() {
        let (first, second) = (Flag::default(), Flag::default());
        let mut followed = Followed::default();
        followed.add(Path::new("/a"), &first);
        followed.add(Path::new("/b"), &second);
        followed.on_written(Path::new("/a"));
        assert!(first.get() && !second.get());
        drop(first);
        followed.on_written(Path::new("/b"));
        assert!(second.get());
        assert_eq!(followed.0.len(), 1);
    }
}
