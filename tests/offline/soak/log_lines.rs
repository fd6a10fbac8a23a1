//! Checks a log of numbered lines, `run PID line N`: all lines of a run, in order, none of them torn.

use std::collections::BTreeMap;

/// Reads a log from its beginning on, in pieces of any size.
#[derive(Default)]
pub(super) struct LineCheck {
    /// The last line, and the run that it belongs to. `None` at the beginning of a log, which may be anywhere.
    last: Option<(String, u64)>,
    /// The beginning of a line whose end was not read yet.
    partial: String,
    /// The last line of each run.
    pub(super) runs: BTreeMap<String, u64>,
}

impl LineCheck {
    /// Reads more of the log; the error names the line.
    pub(super) fn feed(&mut self, text: &str) -> Result<(), String> {
        for piece in text.split_inclusive('\n') {
            self.partial.push_str(piece);
            if piece.ends_with('\n') {
                let line = std::mem::take(&mut self.partial);
                self.take(line.trim_end_matches('\n'))?;
            }
        }
        Ok(())
    }

    fn take(&mut self, line: &str) -> Result<(), String> {
        let (run, number) = match (&self.last, parse(line)) {
            (_, Some(parsed)) => parsed,
            // The end of a line whose beginning is in a file that is gone.
            (None, None) => match line.rfind("run ").and_then(|at| parse(&line[at..])) {
                Some(parsed) => parsed,
                None => return Ok(()),
            },
            (Some((run, number)), None) => Self::after_torn(line, run, number + 1)?,
        };
        if let Some((last_run, last)) = &self.last {
            let expected = if *last_run == run { last + 1 } else { 1 };
            if number != expected {
                return Err(format!("{line:?} after line {last} of run {last_run}"));
            }
        }
        self.runs.insert(run.clone(), number);
        self.last = Some((run, number));
        Ok(())
    }

    /// A program that is killed while it writes may leave the beginning of its next line, and the first line
    /// of the next run follows.
    fn after_torn(line: &str, run: &str, number: u64) -> Result<(String, u64), String> {
        let expected = format!("run {run} line {number}");
        let next = line.rfind("run ").filter(|at| *at > 0 && expected.starts_with(&line[..*at]));
        let next = next.and_then(|at| parse(&line[at..])).filter(|(_, number)| *number == 1);
        next.ok_or_else(|| format!("{line:?} instead of {expected:?}"))
    }
}

fn parse(line: &str) -> Option<(String, u64)> {
    let (run, number) = line.strip_prefix("run ")?.split_once(" line ")?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (is_number(run) && is_number(number)).then(|| Some((run.to_owned(), number.parse().ok()?)))?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pieces: &[&str]) -> Result<BTreeMap<String, u64>, String> {
        let mut check = LineCheck::default();
        for piece in pieces {
            check.feed(piece)?;
        }
        Ok(check.runs)
    }

    #[test]
    fn runs_follow_each_other_in_any_pieces() {
        let runs = check(&["run 7 line 1\nrun 7 li", "ne 2\n", "run 9 line 1\n"]).unwrap();
        assert_eq!(runs, [("7".to_owned(), 2), ("9".to_owned(), 1)].into());
        let torn = check(&["run 7 line 1\nrun 7 lrun 9 line 1\nrun 9 line 2\n"]).unwrap();
        assert_eq!(torn["9"], 2);
    }

    #[test]
    fn a_log_may_begin_anywhere() {
        assert_eq!(check(&["ne 55\nrun 7 line 56\n"]).unwrap()["7"], 56);
        assert_eq!(check(&["run 7 lrun 9 line 1\n"]).unwrap()["9"], 1);
    }

    #[test]
    fn lost_repeated_and_torn_lines_are_errors() {
        for text in [
            "run 7 line 1\nrun 7 line 3\n",
            "run 7 line 1\nrun 7 line 1\n",
            "run 7 line 1\nrun 9 line 2\n",
            "run 7 line 1\nrun 7 liine 2\n",
            "run 7 line 1\nine 2\nrun 7 line 3\n",
            "run 7 line 1\n\nrun 7 line 2\n",
            "run 7 line 1\nrun 7 line run 7 line 2\n",
        ] {
            assert!(check(&[text]).is_err(), "{text:?}");
        }
    }
}
