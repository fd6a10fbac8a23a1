//! A panic of any thread ends the program, after the terminal was restored.

use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::{Mutex, PoisonError};

static PANIC: Mutex<Option<String>> = Mutex::new(None);

/// Keeps the text of the first panic and calls `wake`.
pub(super) fn watch(wake: impl Fn() + Send + Sync + 'static) {
    set_hook(Box::new(move |panic| {
        let mut kept = PANIC.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get_or_insert_with(|| panic.to_string());
        drop(kept);
        wake();
    }));
}

/// The text of a panic.
pub(super) fn take() -> Option<String> {
    PANIC.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// Runs something; the error is the text of a panic.
pub(super) fn catch<T>(action: impl FnOnce() -> T) -> Result<T, String> {
    let result = catch_unwind(AssertUnwindSafe(action));
    drop(take_hook());
    result.map_err(|_| take().unwrap_or_else(|| "a panic without a text".to_owned()))
}

/// Panics at the place that a test names in the environment, in a build with debug assertions. What
/// else would make this program panic is a defect.
#[cfg(debug_assertions)]
pub(super) fn provoke(place: &str) {
    let is_wanted = std::env::var_os("SUPKIT_TEST_PANIC").is_some_and(|it| it == place);
    assert!(!is_wanted, "provoked: {place}");
}

#[cfg(not(debug_assertions))]
pub(super) fn provoke(_: &str) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_panic_is_kept() {
        watch(|| {});
        assert_eq!(catch(|| 1), Ok(1));
        watch(|| {});
        let text = catch(|| panic!("out of {}", "cheese")).unwrap_err();
        assert!(text.contains("out of cheese"), "{text}");
        assert_eq!(take(), None);
    }
}
