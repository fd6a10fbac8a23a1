//! Which descriptor of a daemon is which stream of which program.
//!
//! A daemon makes the pipes of a child one after the other, first that for stdin, then stdout, then stderr
//! if it has its own, and closes nothing in between. The kernel gives the lowest free number each time, so
//! the numbers of its ends ascend in this order. The other ends are held by the child and what comes from
//! it, whatever descriptor numbers they have there.

use std::collections::{BTreeMap, BTreeSet};

/// The end of a pipe in the daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    pub number: i32,
    /// It identifies the pipe.
    pub inode: u64,
    pub direction: Direction,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// From the program: its output.
    Read,
    /// To the program: its stdin.
    Write,
}

/// The other end of a pipe, in a process that comes from a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    pub inode: u64,
    /// That of the end in the daemon.
    pub direction: Direction,
    pub child: i32,
}

/// A child of the daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Child {
    pub pid: i32,
    /// Whether stderr has a pipe of its own.
    pub has_stderr: bool,
}

/// The descriptors of the daemon for one child. A stream that has none was closed by the child.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Streams {
    pub stdin: Option<i32>,
    pub stdout: Option<i32>,
    pub stderr: Option<i32>,
    /// Why it is not certain which descriptor is which.
    pub doubt: Option<Doubt>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// One of stdout and stderr leads nowhere, and it is not known which one.
    OneOutput,
    /// More pipes than a program has.
    TooMany,
    /// Another program has the same pipe.
    Shared,
}

/// What is known about the pipes of a daemon.
#[derive(Clone, Debug, Default)]
pub struct Pipes {
    pub ends: Vec<End>,
    pub held: Vec<Held>,
    /// The ends at which the daemon waits for output. It has seen the end of the output of others.
    pub watched: BTreeSet<i32>,
}

impl Pipes {
    /// The streams of each child.
    pub fn assign(&self, children: &[Child]) -> BTreeMap<i32, Streams> {
        let mut streams: BTreeMap<i32, Streams> =
            children.iter().map(|child| (child.pid, self.of(*child))).collect();
        for child in children {
            let is_shared = |end: &i32| self.holders(*end).len() > 1;
            if let Some(found) = streams.get_mut(&child.pid) {
                let mut all = [found.stdin, found.stdout, found.stderr].into_iter().flatten();
                if all.any(|end| is_shared(&end)) {
                    found.doubt = Some(Doubt::Shared);
                }
            }
        }
        streams
    }

    /// The ends at which output is awaited and that belong to no child.
    pub fn strays(&self, assigned: &BTreeMap<i32, Streams>) -> Vec<i32> {
        let is_assigned =
            |end: &i32| assigned.values().any(|it| [it.stdout, it.stderr].contains(&Some(*end)));
        let is_output = |end: &&End| end.direction == Direction::Read;
        let outputs = self.ends.iter().filter(is_output).map(|end| end.number);
        outputs.filter(|end| self.watched.contains(end) && !is_assigned(end)).collect()
    }

    fn of(&self, child: Child) -> Streams {
        let held = |direction| {
            let numbers = self.ends.iter().filter(move |end| {
                end.direction == direction
                    && self.held.iter().any(|it| {
                        it.child == child.pid && it.inode == end.inode && it.direction == direction
                    })
            });
            numbers.map(|end| end.number).collect::<BTreeSet<i32>>().into_iter().collect::<Vec<_>>()
        };
        let (inputs, outputs) = (held(Direction::Write), held(Direction::Read));
        let mut streams = self.outputs(child, inputs.first().copied(), &outputs);
        streams.stdin = inputs.first().copied();
        if inputs.len() > 1 {
            streams.doubt = Some(Doubt::TooMany);
        }
        streams
    }

    fn outputs(&self, child: Child, stdin: Option<i32>, outputs: &[i32]) -> Streams {
        let streams = |stdout: Option<i32>, stderr: Option<i32>, doubt| Streams {
            stdin: None,
            stdout,
            stderr,
            doubt,
        };
        match (outputs, child.has_stderr) {
            ([], _) => Streams::default(),
            ([stdout], false) => streams(Some(*stdout), None, None),
            ([stdout, stderr], true) => streams(Some(*stdout), Some(*stderr), None),
            ([one], true) => match self.is_stdout(*one, stdin) {
                Some(true) => streams(Some(*one), None, None),
                Some(false) => streams(None, Some(*one), None),
                None => streams(Some(*one), None, Some(Doubt::OneOutput)),
            },
            ([stdout, rest @ ..], _) => {
                streams(Some(*stdout), rest.first().copied(), Some(Doubt::TooMany))
            }
        }
    }

    /// Whether the only output of a program that has two is stdout. The daemon still has the end of the
    /// other one open and does not wait there, because nothing can arrive any more: its number is
    /// above if this is stdout, and between that of stdin and this one if this is stderr.
    fn is_stdout(&self, one: i32, stdin: Option<i32>) -> Option<bool> {
        let unused = |end: &&End| {
            end.direction == Direction::Read
                && !self.watched.contains(&end.number)
                && !self.held.iter().any(|it| it.inode == end.inode)
        };
        let unused: Vec<i32> = self.ends.iter().filter(unused).map(|end| end.number).collect();
        let may_be_stdout = unused.iter().any(|end| *end > one);
        let may_be_stderr =
            unused.iter().any(|end| *end < one && stdin.is_none_or(|stdin| *end > stdin));
        match (may_be_stdout, may_be_stderr) {
            (true, false) => Some(true),
            (false, true) => Some(false),
            (false, false) => None,
            (true, true) => self.by_inode(one, stdin?),
        }
    }

    /// The inodes of pipes that are made one after the other ascend by one.
    fn by_inode(&self, one: i32, stdin: i32) -> Option<bool> {
        let inode = |number| self.ends.iter().find(|end| end.number == number).map(|end| end.inode);
        match inode(one)?.checked_sub(inode(stdin)?)? {
            1 => Some(true),
            2 => Some(false),
            _ => None,
        }
    }

    fn holders(&self, number: i32) -> BTreeSet<i32> {
        let end = self.ends.iter().find(|end| end.number == number);
        let held = self.held.iter().filter(|it| {
            end.is_some_and(|end| end.inode == it.inode && end.direction == it.direction)
        });
        held.map(|it| it.child).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ends as `NUMBER<INODE` for output and `NUMBER>INODE` for stdin.
    fn pipes(ends: &str, held: &[(i32, &str)], watched: &[i32]) -> Pipes {
        let direction = |text: &str| {
            if text.contains('<') { Direction::Read } else { Direction::Write }
        };
        let end = |text: &str| {
            let (number, inode) = text.split_once(['<', '>']).unwrap();
            let (number, inode) = (number.parse().unwrap(), inode.parse().unwrap());
            End { number, inode, direction: direction(text) }
        };
        let held = held.iter().flat_map(|(child, ends)| {
            ends.split(' ').map(|text| Held {
                inode: text[1..].parse().unwrap(),
                direction: direction(text),
                child: *child,
            })
        });
        Pipes {
            ends: ends.split(' ').map(end).collect(),
            held: held.collect(),
            watched: watched.iter().copied().collect(),
        }
    }

    fn streams(pipes: &Pipes, pid: i32, has_stderr: bool) -> Streams {
        pipes.assign(&[Child { pid, has_stderr }]).remove(&pid).unwrap()
    }

    fn sure(stdin: i32, stdout: Option<i32>, stderr: Option<i32>) -> Streams {
        Streams { stdin: Some(stdin), stdout, stderr, doubt: None }
    }

    #[test]
    fn the_lower_number_of_two_outputs_is_stdout() {
        let pipes = pipes("7>11 8<12 10<13", &[(5, ">11 <13 <12")], &[8, 10]);
        assert_eq!(streams(&pipes, 5, true), sure(7, Some(8), Some(10)));
    }

    #[test]
    fn a_redirected_stderr_has_no_pipe() {
        let pipes = pipes("7>11 8<12", &[(5, ">11 <12")], &[8]);
        assert_eq!(streams(&pipes, 5, false), sure(7, Some(8), None));
    }

    #[test]
    fn the_number_of_the_unused_end_shows_which_output_is_left() {
        // exec 2>&1
        let merged = pipes("7>11 8<12 10<13", &[(5, ">11 <12")], &[8]);
        assert_eq!(streams(&merged, 5, true), sure(7, Some(8), None));
        // exec >&2
        let merged = pipes("7>11 8<12 10<13", &[(5, ">11 <13")], &[10]);
        assert_eq!(streams(&merged, 5, true), sure(7, None, Some(10)));
    }

    #[test]
    fn several_programs_with_one_output_are_told_apart_by_inodes() {
        let ends = "7>11 8<12 10<13 9>14 11<15 13<16";
        let pipes = pipes(ends, &[(5, ">11 <12"), (6, ">14 <15")], &[8, 11]);
        assert_eq!(streams(&pipes, 5, true), sure(7, Some(8), None));
        assert_eq!(streams(&pipes, 6, true), sure(9, Some(11), None));
    }

    #[test]
    fn what_cannot_be_told_apart_is_doubted() {
        let ends = "7>11 8<12 10<13 9>14 11<25 13<36";
        let pipes = pipes(ends, &[(5, ">11 <12"), (6, ">14 <25")], &[8, 11]);
        assert_eq!(streams(&pipes, 6, true).doubt, Some(Doubt::OneOutput));
        let none_is_left = super::tests::pipes("7>11 8<12", &[(5, ">11 <12")], &[8]);
        assert_eq!(streams(&none_is_left, 5, true).doubt, Some(Doubt::OneOutput));
    }

    #[test]
    fn a_program_may_have_closed_everything() {
        let pipes = pipes("7>11 8<12 10<13", &[(6, ">21")], &[]);
        assert_eq!(streams(&pipes, 5, true), Streams::default());
    }

    #[test]
    fn a_pipe_of_two_programs_is_doubted() {
        let pipes = pipes("7>11 8<12", &[(5, ">11 <12"), (6, "<12")], &[8]);
        assert_eq!(streams(&pipes, 5, false).doubt, Some(Doubt::Shared));
    }

    #[test]
    fn output_of_nobody_is_found() {
        let pipes = pipes("7>11 8<12 9<30 10<31", &[(5, ">11 <12")], &[8, 9]);
        let assigned = pipes.assign(&[Child { pid: 5, has_stderr: false }]);
        assert_eq!(pipes.strays(&assigned), [9]);
    }
}
