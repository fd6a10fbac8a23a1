//! Logs that cannot be written: slow readers, full disks. The daemon stays responsive, no line is cut,
//! and what is lost is counted.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Command, Stdio};

use nix::libc;
use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, mkfifo};

use crate::support::daemon::conf;
use crate::support::{Daemon, Sandbox, Subject, wait_until};

/// Prints numbered lines up to a number, then waits until the file `end` exists.
const PRINTER: &str = "i=0; while [ $i -lt $1 ]; do i=$((i+1)); echo \"line $i of a log that nobody \
                       reads or that has no room left\"; done; while ! [ -e end ]; do sleep 0.1; done; \
                       echo the end\n";

fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// Every line is one that the printer printed, in order.
fn assert_whole_lines(text: &str) {
    let mut last = 0;
    for line in lines(text) {
        let number = line.strip_prefix("line ").and_then(|rest| rest.split_once(" of a log that"));
        match number {
            Some((number, _)) => {
                assert!(line.ends_with("no room left\n"), "{line:?}");
                let number: u32 = number.parse().unwrap();
                assert!(number > last, "{number} after {last}");
                last = number;
            }
            None => assert_eq!(line, "the end\n"),
        }
    }
}

#[test]
fn a_fifo_without_a_reader_holds_up_nothing_and_its_loss_is_counted() {
    let sandbox = Sandbox::new();
    sandbox.write("printer.sh", PRINTER);
    let mut programs = String::new();
    for name in ["a", "b", "c"] {
        mkfifo(&sandbox.path(name), Mode::S_IRWXU).unwrap();
        programs += &format!(
            "[program:{name}]\ncommand=/bin/sh printer.sh 25000\ndirectory={{here}}\nstartsecs=0\n\
             autorestart=false\nstdout_logfile={{here}}/{name}\nstdout_logfile_maxbytes=0\n"
        );
    }
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &programs);
    let fifo = sandbox.path("a");
    daemon.wait_for_count("spawned", 3);
    // A program that has printed everything and still runs has not been held up.
    wait_until("every line was taken from the programs", || {
        ["a", "b", "c"].iter().all(|name| {
            let children =
                fs::read_to_string(format!("/proc/{}/task/{0}/children", daemon.pid_of(name)));
            children.is_ok_and(|children| !children.is_empty())
        })
    });
    let mut reader = File::options().read(true).custom_flags(libc::O_NONBLOCK).open(&fifo).unwrap();
    let mut received = String::new();
    let mut chunk = vec![0; 64 * 1024];
    let mut read = || {
        while let Ok(count @ 1..) = reader.read(&mut chunk) {
            received += std::str::from_utf8(&chunk[..count]).unwrap();
        }
        received.clone()
    };
    let lost = format!("WARN writing to log {} resumed after ", fifo.display());
    wait_until("the loss is reported", || {
        read();
        daemon.log().contains(&lost)
    });
    sandbox.write("end", "");
    wait_until("the reader has everything", || read().ends_with("the end\n"));
    let received = read();
    assert_whole_lines(&received);
    let log = daemon.log();
    let report = log.lines().find(|line| line.contains(&lost)).unwrap();
    let count: usize = report.split(' ').nth_back(4).unwrap().parse().unwrap();
    assert_eq!(lines(&received).len() + count, 25_001, "{report}");
    assert_eq!(daemon.stop().code(), Some(0));
}

#[test]
fn a_full_pipe_at_standard_output_holds_up_neither_programs_nor_the_exit() {
    let sandbox = Sandbox::new();
    sandbox.write("printer.sh", PRINTER);
    let rest = "[program:a]\ncommand=/bin/sh printer.sh 25000\ndirectory={here}\nstartsecs=0\n\
                autorestart=false\nstdout_logfile=/dev/stdout\nstdout_logfile_maxbytes=0\n";
    sandbox.write("d.conf", &conf(rest));
    sandbox.write("end", "");
    let mut command = Subject::Ours.program(&sandbox, "supervisord");
    command.args(["-n", "-c"]).arg(sandbox.path("d.conf"));
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    wait_until("the program has printed everything", || {
        sandbox.read("d.log").contains("exited: a (exit status 0; expected)")
    });
    kill(Pid::from_raw(child.id() as i32), Signal::SIGTERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let mut received = String::new();
    child.stdout.take().unwrap().read_to_string(&mut received).unwrap();
    let is_of_program = |line: &&str| line.starts_with("line ");
    let of_program: String = lines(&received).into_iter().filter(is_of_program).collect();
    assert_whole_lines(&of_program);
}

#[test]
fn a_full_disk_cuts_no_line_and_its_loss_is_counted() {
    let sandbox = Sandbox::new();
    sandbox.write("printer.sh", PRINTER);
    let rest = "[program:a]\ncommand=/bin/sh -c 'while ! [ -e go ]; do sleep 0.1; done; set 20000; \
                . ./printer.sh'\ndirectory={here}\nstartsecs=0\nautorestart=false\n\
                stdout_logfile={here}/o\nstdout_logfile_maxbytes=0\n";
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, rest);
    let limit = |size: &str| {
        let status = Command::new("prlimit")
            .args(["--pid", &daemon.pid().to_string(), &format!("--fsize={size}:unlimited")])
            .status();
        assert!(status.unwrap().success());
    };
    limit("100000");
    sandbox.write("go", "");
    daemon.wait_for_log("ERRO could not write log");
    limit("unlimited");
    sandbox.write("end", "");
    daemon.wait_for_log("exited: a (exit status 0; expected)");
    let (log, output) = (daemon.log(), sandbox.read("o"));
    assert_eq!(log.matches("could not write log").count(), 1);
    assert_whole_lines(&output);
    let report = log.lines().find(|line| line.contains("resumed after")).unwrap();
    let count: usize = report.split(' ').nth_back(4).unwrap().parse().unwrap();
    assert_eq!(lines(&output).len() + count, 20_001, "{report}");
    daemon.stop();
}
