//! What other users of the machine place where all may write, while root runs the daemon: links, hard
//! links and FIFOs under the names of its files, and configurations that they own.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, lchown, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};

use nix::sys::signal::Signal;
use nix::sys::stat::Mode;

use crate::support::daemon::{SERVER, conf};
use crate::support::{Daemon, Sandbox, Subject, printed, wait_until};

const MALLORY: u32 = 65_533;

/// Only root can place files of another user. The rules themselves are tested in `os::trusted`.
fn is_root() -> bool {
    let is_root = nix::unistd::geteuid().is_root();
    if !is_root {
        let _ = writeln!(std::io::stderr(), "only root can place files of another user");
    }
    is_root
}

/// A sandbox with a directory like `/tmp` and a file of root.
struct Place {
    sandbox: Sandbox,
}

impl Place {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        fs::set_permissions(sandbox.dir(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::create_dir(sandbox.path("shared")).unwrap();
        fs::set_permissions(sandbox.path("shared"), fs::Permissions::from_mode(0o1777)).unwrap();
        sandbox.write("victim", "secret\n");
        fs::set_permissions(sandbox.path("victim"), fs::Permissions::from_mode(0o600)).unwrap();
        Self { sandbox }
    }

    fn shared(&self, name: &str) -> PathBuf {
        self.sandbox.path("shared").join(name)
    }

    /// A link of another user to the victim.
    fn link(&self, name: &str) {
        symlink("../victim", self.shared(name)).unwrap();
        give_away(&self.shared(name));
    }

    fn conf(&self, rest: &str) {
        self.sandbox.write("d.conf", &conf(&format!("{SERVER}{rest}")));
    }

    #[track_caller]
    fn assert_untouched(&self) {
        assert_eq!(self.sandbox.read("victim"), "secret\n");
        let found = fs::metadata(self.sandbox.path("victim")).unwrap();
        assert_eq!((found.mode() & 0o7777, found.uid()), (0o600, 0));
    }

    fn output(&self, args: &[&str]) -> (Option<i32>, String) {
        let mut command = Subject::Ours.program(&self.sandbox, "supervisord");
        let output = command.args(["-n", "-c", "d.conf"]).args(args).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(text).unwrap())
    }
}

fn give_away(path: &Path) {
    lchown(path, Some(MALLORY), Some(MALLORY)).unwrap();
}

#[test]
fn an_activity_log_that_is_a_link_of_another_user_is_refused() {
    if !is_root() {
        return;
    }
    let place = Place::new();
    place.conf("");
    place.link("d.log");
    let log = place.shared("d.log");
    let log = log.to_str().unwrap();
    let (status, text) = place.output(&["-l", log]);
    assert_eq!(status, Some(2));
    let reason = format!("{log} is a link of another user in a directory that others may write");
    assert!(text.contains(&reason), "{text}");
    let (status, text) = place.output(&["-l", log, "--check"]);
    assert_eq!(status, Some(2));
    assert!(text.contains("error[untrusted-file]") && text.contains(&reason), "{text}");
    place.assert_untouched();
}

#[test]
fn child_logs_and_pid_files_do_not_follow_links_of_others() {
    if !is_root() {
        return;
    }
    let place = Place::new();
    for name in ["web.log", "web.err", "d.pid"] {
        place.link(name);
    }
    fs::hard_link(place.sandbox.path("victim"), place.shared("hard.log")).unwrap();
    nix::unistd::mkfifo(&place.shared("fifo.log"), Mode::S_IRWXU).unwrap();
    give_away(&place.shared("fifo.log"));
    let mut programs = String::new();
    for (name, log) in [("web", "web.log"), ("hard", "hard.log"), ("fifo", "fifo.log")] {
        programs += &format!(
            "[program:{name}]\ncommand=/bin/sh -c 'echo evil; sleep 600'\nstartretries=0\n\
             stdout_logfile={{here}}/shared/{log}\nstderr_logfile=NONE\n"
        );
    }
    place.conf(&programs);
    let pidfile = place.shared("d.pid");
    let pidfile = pidfile.to_str().unwrap();
    let mut daemon = Daemon::launch(Subject::Ours, &place.sandbox, &["-j", pidfile]);
    daemon.wait_for_count("gave up: ", 3);
    let log = daemon.log();
    assert!(log.contains(&format!("CRIT could not write pidfile {pidfile}")), "{log}");
    for reason in [
        "web.log is a link of another user",
        "hard.log is a file with more than one name",
        "fifo.log is a FIFO of another user",
    ] {
        assert!(log.contains(reason), "{log}");
    }
    place.assert_untouched();
    daemon.stop();
}

#[test]
fn a_link_that_appears_later_is_not_followed_by_reopening_or_rotation() {
    if !is_root() {
        return;
    }
    let place = Place::new();
    // Everybody may rename files here.
    fs::set_permissions(place.sandbox.path("shared"), fs::Permissions::from_mode(0o777)).unwrap();
    let program = "[program:web]\ncommand=/bin/sh -c 'while echo some text; do sleep 0.1; done'\n\
                   stdout_logfile={here}/shared/web.log\nstdout_logfile_maxbytes=100\n\
                   stdout_logfile_backups=2\n";
    place.conf(program);
    let mut daemon = Daemon::launch(Subject::Ours, &place.sandbox, &[]);
    wait_until("the program writes", || place.shared("web.log.1").exists());
    place.link("web.log.new");
    wait_until("the rotation is refused", || {
        daemon.log().contains("web.log.new is a link of another user")
    });
    fs::remove_file(place.shared("web.log")).unwrap();
    place.link("web.log");
    daemon.signal(Signal::SIGUSR2);
    wait_until("reopening is refused", || daemon.log().contains("could not reopen log"));
    let log = daemon.log();
    assert!(log.contains("web.log is a link of another user"), "{log}");
    place.assert_untouched();
    daemon.stop();
}

#[test]
fn a_fifo_in_place_of_the_pid_file_does_not_hold_up_the_start() {
    let sandbox = Sandbox::new();
    nix::unistd::mkfifo(&sandbox.path("d.pid"), Mode::S_IRWXU).unwrap();
    sandbox.write("d.conf", &conf(SERVER));
    let mut daemon = Daemon::launch(Subject::Ours, &sandbox, &[]);
    daemon.wait_for_log("CRIT could not write pidfile");
    wait_until("the server answers", || {
        std::os::unix::net::UnixStream::connect(sandbox.path("d.sock")).is_ok()
    });
    daemon.stop();
}

#[test]
fn logs_of_its_own_in_such_directories_work() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path("shared")).unwrap();
    fs::set_permissions(sandbox.path("shared"), fs::Permissions::from_mode(0o1777)).unwrap();
    sandbox.write("shared/web.log", "before\n");
    symlink("real.err", sandbox.path("shared/web.err")).unwrap();
    let program = "[program:web]\ncommand=/bin/sh -c 'echo out; echo err >&2; exec sleep 600'\n\
                   stdout_logfile={here}/shared/web.log\nstderr_logfile={here}/shared/web.err\n";
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, program);
    wait_until("both are written", || {
        sandbox.read("shared/web.log") == "before\nout\n"
            && sandbox.read("shared/real.err") == "err\n"
    });
    daemon.stop();
}

#[test]
fn a_configuration_that_another_user_owns_is_reported_and_refused_on_request() {
    if !is_root() {
        return;
    }
    let place = Place::new();
    place.conf("");
    let conf = place.sandbox.path("d.conf");
    give_away(&conf);
    let user = nix::unistd::User::from_uid(MALLORY.into()).unwrap();
    let user = user.map_or(MALLORY.to_string(), |user| user.name);
    let reason = format!("user `{user}` owns the file `{}`, which root reads", conf.display());
    let mut daemon = Daemon::launch(Subject::Ours, &place.sandbox, &[]);
    daemon.wait_for_log("supervisord started with pid");
    let line = format!("CRIT other users may change what root runs: {reason}");
    assert!(daemon.log().contains(&line), "{}", daemon.log());
    daemon.stop();
    let (status, text) = place.output(&["--strict"]);
    assert_eq!(status, Some(2));
    assert!(text.contains(&reason) && text.contains("chown root"), "{text}");
    for (args, verdict) in
        [(&["--check"][..], "unsafe-file"), (&["--check", "--strict"], "not-strict")]
    {
        let (status, text) = place.output(args);
        assert_eq!(status, Some(2), "{text}");
        assert_eq!(text.matches(&reason).count(), 1, "{text}");
        assert!(text.contains(&format!("error[{verdict}]")), "{text}");
    }
    lchown(&conf, Some(0), Some(0)).unwrap();
    let mut daemon = Daemon::launch(Subject::Ours, &place.sandbox, &["--strict"]);
    daemon.wait_for_count("supervisord started with pid", 2);
    assert_eq!(daemon.log().matches("other users may change").count(), 1);
    daemon.stop();
}

const NOBODY: u32 = 65_534;

/// A daemon that another user than root starts.
fn as_nobody(place: &Place) -> std::process::Command {
    let mut supervisord = Subject::Ours.program(&place.sandbox, "supervisord");
    supervisord.uid(NOBODY).gid(NOBODY).env("HOME", "/nonexistent");
    supervisord
}

fn conf_with_users(users: (&str, &str), more: &str) -> String {
    let (own, program) = users;
    format!(
        "[supervisord]\nlogfile={{here}}/d.log\npidfile={{here}}/d.pid\nchildlogdir={{here}}\n\
         user={own}\n{more}\n{SERVER}[program:x]\ncommand=/bin/sh -c 'id -u; exec sleep 1000'\n\
         startsecs=0\nuser={program}\nstdout_logfile={{here}}/o\n"
    )
}

#[test]
fn users_of_a_server_are_ignored_on_request_where_a_developer_starts_it() {
    if !is_root() {
        return;
    }
    let place = Place::new();
    lchown(place.sandbox.dir(), Some(NOBODY), Some(NOBODY)).unwrap();
    let ignore = "ignore_user_without_root=true";
    place.sandbox.write("d.conf", &conf_with_users(("no-such-user", "root"), ignore));
    let mut daemon = Daemon::launch_by(as_nobody(&place), &place.sandbox, &[]);
    daemon.wait_for_log("success: x entered RUNNING");
    wait_until("it has printed its user", || place.sandbox.read("o") == format!("{NOBODY}\n"));
    let log = daemon.log();
    for (user, section) in [("no-such-user", "supervisord"), ("root", "program:x")] {
        let warning = format!(
            "WARN `user={user}` of [{section}] is ignored, because supervisord was not started by root"
        );
        assert!(log.contains(&warning), "{log}");
    }
    // A reread sees no change in that.
    let mut ctl = Subject::Ours.program(&place.sandbox, "supervisorctl");
    let output = ctl.uid(NOBODY).gid(NOBODY).args(["-c", "d.conf", "reread"]).output().unwrap();
    assert_eq!(printed(&output), "No config updates to processes\n", "{output:?}");
    assert!(daemon.stop().success());
}

#[test]
fn a_user_that_the_daemon_cannot_become_is_an_error_with_a_remedy() {
    if !is_root() {
        return;
    }
    let place = Place::new();
    lchown(place.sandbox.dir(), Some(NOBODY), Some(NOBODY)).unwrap();
    for (users, why) in [
        (("root", "nobody"), "Can't drop privilege as nonroot user"),
        (("no-such-user", "nobody"), "Invalid user name no-such-user"),
        (("nobody", "no-such-user"), "Invalid user name no-such-user"),
    ] {
        place.sandbox.write("d.conf", &conf_with_users(users, ""));
        let output = as_nobody(&place).args(["-n", "-c", "d.conf"]).output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.starts_with("Error: ") && text.contains(why), "{text}");
        assert!(text.contains("ignore_user_without_root = true"), "{text}");
    }
}
