//! Spawns a child. Everything that allocates, looks up or formats is done in [`ChildSpec`] before
//! the fork; [`become_child`] makes async-signal-safe calls only and reports failures on the
//! child's standard error, as Supervisor does.

use std::ffi::{CString, OsString};
use std::io::{self, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStringExt;
use std::ptr;
use std::sync::OnceLock;

use super::child_settings::{ChildSetting, Settings, SpawnError};
use super::errno;
use super::pipe::{PipeReader, PipeWriter, pipe};
use super::users::{Account, Identity};

/// Everything that is needed to spawn a child.
#[derive(Debug)]
pub struct ChildSpec {
    /// The resolved executable.
    pub program: OsString,
    pub argv: Vec<OsString>,
    /// The complete environment; nothing else is inherited.
    pub environment: Vec<(OsString, OsString)>,
    pub directory: Option<OsString>,
    pub umask: Option<u32>,
    pub settings: Vec<ChildSetting>,
    /// Whether the child leads its own process group.
    pub leads_group: bool,
    /// The user to run as, with the uid for messages.
    pub user: Option<(u32, Identity)>,
    pub stdin: OwnedFd,
    pub stdout: OwnedFd,
    /// `None`: the same as stdout.
    pub stderr: Option<OwnedFd>,
}

/// A [`ChildSpec`] converted to the arguments of system calls.
struct Prepared {
    program: CString,
    argv: CStrings,
    environment: CStrings,
    directory: Option<CString>,
    umask: Option<libc::mode_t>,
    settings: Settings,
    leads_group: bool,
    account: Option<Account>,
    /// The error message if the child cannot be set up.
    setup_error: Option<Vec<u8>>,
    fds: [RawFd; 3],
    exec_failed: Vec<u8>,
    chdir_failed: Vec<u8>,
    highest_fd: RawFd,
    changed_signals: &'static [libc::c_int],
    /// Both ends of the pipe from which the child reads a byte before it executes its program.
    gate: Option<[RawFd; 2]>,
}

/// Holds a child before it executes its program. If all copies of the descriptor are closed before
/// [`Gate::open`], the child exits, and the program was never started.
#[derive(Debug)]
pub struct Gate(PipeWriter);

impl From<OwnedFd> for Gate {
    fn from(fd: OwnedFd) -> Self {
        Self(fd.into())
    }
}

impl AsFd for Gate {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Gate {
    /// The child goes on, unless it does already.
    pub fn open(mut self) {
        // An error means that there is no child that waits.
        let _ = self.0.write_all(b"x");
    }
}

/// Strings with a null-terminated array of pointers to them.
struct CStrings {
    pointers: Vec<*const libc::c_char>,
    _strings: Vec<CString>,
}

impl CStrings {
    fn new(strings: Vec<CString>) -> Self {
        let pointers = strings.iter().map(|s| s.as_ptr()).chain([ptr::null()]).collect();
        Self { pointers, _strings: strings }
    }
}

impl ChildSpec {
    /// Forks. The descriptors of the spec are closed in the parent in any case.
    pub fn spawn(self) -> Result<i32, SpawnError> {
        self.fork(None)
    }

    /// The same with a child that waits until its gate is opened.
    pub fn spawn_held(self) -> Result<(i32, Gate), SpawnError> {
        let (reader, writer) = pipe()?;
        let pid = self.fork(Some((&reader, &writer)))?;
        Ok((pid, Gate(writer)))
    }

    fn fork(self, gate: Option<(&PipeReader, &PipeWriter)>) -> Result<i32, SpawnError> {
        let mut prepared = self.prepare()?;
        prepared.gate = gate.map(|(reader, writer)| [reader.as_raw_fd(), writer.as_raw_fd()]);
        let mask = block_all_signals();
        let pid =
            if prepared.may_share_memory() { share_memory(&prepared) } else { fork(&prepared) };
        let result = if pid < 0 { Err(io::Error::last_os_error().into()) } else { Ok(pid) };
        let result = result.and_then(|pid| match prepared.settings.failure() {
            Some(error) => {
                reap_failed(pid);
                Err(error)
            }
            None => Ok(pid),
        });
        restore_signals(&mask);
        result
    }

    fn prepare(&self) -> io::Result<Prepared> {
        let argv0 = self.argv.first().map(|arg| arg.clone().into_vec()).unwrap_or_default();
        let directory = self.directory.as_ref().map(|dir| dir.clone().into_vec());
        let (account, setup_error) = match &self.user {
            Some((_, Identity::Become(account))) => (Some(account.clone()), None),
            Some((uid, Identity::Impossible(reason))) => {
                let line = format!("supervisor: couldn't setuid to {uid}: {reason}\n");
                (None, Some(line.into_bytes()))
            }
            Some((_, Identity::Keep)) | None => (None, None),
        };
        let stdout = self.stdout.as_raw_fd();
        Ok(Prepared {
            program: c_string(self.program.clone())?,
            argv: CStrings::new(self.argv.iter().cloned().map(c_string).collect::<Result<_, _>>()?),
            environment: CStrings::new(
                self.environment.iter().map(pair).collect::<Result<_, _>>()?,
            ),
            chdir_failed: error_prefix(b"chdir to", directory.as_deref().unwrap_or_default()),
            exec_failed: error_prefix(b"exec", &argv0),
            directory: directory.map(CString::new).transpose()?,
            settings: Settings::new(&self.settings)?,
            umask: self.umask.map(|mask| mask as libc::mode_t & 0o7777),
            leads_group: self.leads_group,
            account,
            setup_error,
            fds: [
                self.stdin.as_raw_fd(),
                stdout,
                self.stderr.as_ref().map_or(stdout, AsRawFd::as_raw_fd),
            ],
            highest_fd: highest_fd(),
            changed_signals: changed_signals(),
            gate: None,
        })
    }
}

impl Prepared {
    /// Whether the child may use the memory of the daemon until it executes its program, which stops the
    /// daemon for that time. Not if it is held until the daemon opens its gate, nor if it enters a directory,
    /// which may not answer, nor if it changes its user or other attributes: some of them belong to the memory.
    fn may_share_memory(&self) -> bool {
        self.gate.is_none()
            && self.directory.is_none()
            && self.account.is_none()
            && self.setup_error.is_none()
            && self.settings.is_empty()
    }
}

fn fork(prepared: &Prepared) -> libc::pid_t {
    // SAFETY: the daemon has one thread; the child calls nothing but become_child, which keeps
    // to async-signal-safe functions and never returns.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        // SAFETY: this is the child of a fork, all signals are blocked, `prepared` is alive.
        unsafe { become_child(prepared) }
    }
    pid
}

/// As vfork: no page table is copied, and no page of the daemon is copied afterwards.
#[cfg(target_os = "linux")]
fn share_memory(prepared: &Prepared) -> libc::pid_t {
    const STACK: usize = 32 * 1024;
    extern "C" fn child(prepared: *mut libc::c_void) -> libc::c_int {
        // SAFETY: the pointer is that of `prepared` below, which is alive because the parent is stopped; this
        // is a child with signals blocked, and its writes end with it or are those of a call's error number.
        unsafe { become_child(&*prepared.cast::<Prepared>().cast_const()) }
    }
    let mut stack: Vec<u128> = vec![0; STACK / size_of::<u128>()];
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
    let argument = ptr::from_ref(prepared).cast_mut().cast();
    // SAFETY: the stack is aligned and large enough for a function that does not allocate, it grows downwards
    // from its end, and both it and the argument live until the child has executed its program or ended.
    unsafe { libc::clone(child, stack.as_mut_ptr_range().end.cast(), flags, argument) }
}

#[cfg(not(target_os = "linux"))]
fn share_memory(prepared: &Prepared) -> libc::pid_t {
    fork(prepared)
}

/// Reaps a child that has reported a failure and exits.
fn reap_failed(pid: libc::pid_t) {
    // SAFETY: the status is not requested.
    unsafe { libc::waitpid(pid, ptr::null_mut(), 0) };
}

fn error_prefix(verb: &[u8], object: &[u8]) -> Vec<u8> {
    [b"supervisor: couldn't ", verb, b" ", object, b": "].concat()
}

fn c_string(text: OsString) -> io::Result<CString> {
    CString::new(text.into_vec()).map_err(|_| io::Error::other("embedded null byte"))
}

fn pair((name, value): &(OsString, OsString)) -> io::Result<CString> {
    let mut text = name.clone();
    text.push("=");
    text.push(value);
    c_string(text)
}

fn highest_fd() -> RawFd {
    use nix::sys::resource::{Resource, getrlimit};
    let soft = getrlimit(Resource::RLIMIT_NOFILE).map_or(1024, |(soft, _)| soft);
    RawFd::try_from(soft).unwrap_or(65536).min(1 << 20)
}

/// Blocks every signal, so that the daemon's handlers do not run in the child.
fn block_all_signals() -> libc::sigset_t {
    // SAFETY: both sets are live, and a zeroed one is valid to be overwritten.
    unsafe {
        let mut all = std::mem::zeroed::<libc::sigset_t>();
        let mut before = std::mem::zeroed::<libc::sigset_t>();
        libc::sigfillset(&raw mut all);
        libc::sigprocmask(libc::SIG_SETMASK, &raw const all, &raw mut before);
        before
    }
}

fn restore_signals(mask: &libc::sigset_t) {
    // SAFETY: the set is live and was filled by the kernel.
    unsafe { libc::sigprocmask(libc::SIG_SETMASK, mask, ptr::null_mut()) };
}

const NOT_SPAWNED: &[u8] = b"supervisor: child process was not spawned\n";

/// The setup of the child between fork and exec, in Supervisor's order.
///
/// # Safety
/// Only in a child of a process with one thread, which has its own stack and table of descriptors.
unsafe fn become_child(child: &Prepared) -> ! {
    // SAFETY: every call below is async-signal-safe and gets live, null-terminated arguments.
    unsafe {
        if child.leads_group {
            libc::setpgid(0, 0);
        }
        // While it still has the privileges and descriptors of the daemon.
        if !child.settings.apply() || child.gate.is_some_and(|gate| !pass(gate)) {
            libc::_exit(127);
        }
        for (to, from) in (0..).zip(child.fds) {
            libc::dup2(from, to);
        }
        close_from(3, child.highest_fd);
        reset_signals(child.changed_signals);
        if child.setup_error.is_some() || !change_user(child.account.as_ref()) {
            exit_not_spawned(child.setup_error.as_deref().unwrap_or_default(), None);
        }
        if let Some(directory) = &child.directory {
            if libc::chdir(directory.as_ptr()) != 0 {
                exit_not_spawned(&child.chdir_failed, Some(last_errno()));
            }
        }
        if let Some(mask) = child.umask {
            libc::umask(mask);
        }
        let (argv, environment) = (&child.argv.pointers, &child.environment.pointers);
        libc::execve(child.program.as_ptr(), argv.as_ptr(), environment.as_ptr());
        exit_not_spawned(&child.exec_failed, Some(last_errno()))
    }
}

/// Waits until the gate is opened; false if the parent has ended. The child's own copy of the other end
/// would hide that, so it is closed.
///
/// # Safety
/// As [`become_child`].
unsafe fn pass([reader, writer]: [RawFd; 2]) -> bool {
    let mut byte = 0_u8;
    // SAFETY: the pointer is to a live byte.
    unsafe {
        libc::close(writer);
        libc::read(reader, (&raw mut byte).cast(), 1) == 1
    }
}

/// # Safety
/// As [`become_child`].
unsafe fn close_from(first: RawFd, highest: RawFd) {
    #[cfg(target_os = "linux")]
    // SAFETY: close_range takes three numbers; descriptors are not used as objects any more.
    if unsafe { libc::syscall(libc::SYS_close_range, first, libc::c_uint::MAX, 0) } == 0 {
        return;
    }
    for fd in first..highest {
        // SAFETY: closing a number that is not open is harmless.
        unsafe { libc::close(fd) };
    }
}

/// The signals that this process handles or ignores. They are looked up once, because the daemon
/// installs its handlers before it starts a child and does not change them.
fn changed_signals() -> &'static [libc::c_int] {
    static CHANGED: OnceLock<Vec<libc::c_int>> = OnceLock::new();
    CHANGED.get_or_init(|| (1..=64).filter(|number| !has_default_action(*number)).collect())
}

fn has_default_action(number: libc::c_int) -> bool {
    // SAFETY: the structure is live, and a zeroed one is valid to be overwritten.
    unsafe {
        let mut action = std::mem::zeroed::<libc::sigaction>();
        libc::sigaction(number, ptr::null(), &raw mut action) != 0
            || action.sa_sigaction == libc::SIG_DFL
    }
}

/// Resets all signal dispositions, except that SIGPIPE and SIGXFSZ are ignored: Python ignores
/// them, and children of Supervisor inherit that.
///
/// # Safety
/// As [`become_child`].
unsafe fn reset_signals(changed: &[libc::c_int]) {
    let ignored = [libc::SIGPIPE, libc::SIGXFSZ];
    // SAFETY: the structures are live; a zeroed sigaction is a valid "default" one.
    unsafe {
        for &number in changed.iter().chain(&ignored) {
            let mut action = std::mem::zeroed::<libc::sigaction>();
            let is_ignored = ignored.contains(&number);
            action.sa_sigaction = if is_ignored { libc::SIG_IGN } else { libc::SIG_DFL };
            libc::sigaction(number, &raw const action, ptr::null_mut());
        }
        let mut none = std::mem::zeroed::<libc::sigset_t>();
        libc::sigemptyset(&raw mut none);
        libc::sigprocmask(libc::SIG_SETMASK, &raw const none, ptr::null_mut());
    }
}

/// Changes groups and user permanently; returns false if root privileges could be regained.
///
/// # Safety
/// As [`become_child`].
unsafe fn change_user(account: Option<&Account>) -> bool {
    let Some(Account { uid, gid, groups }) = account else { return true };
    // SAFETY: the list is live and the length is its own.
    unsafe {
        if libc::setgroups(groups.len() as _, groups.as_ptr()) != 0 {
            return report_setuid_failure(*uid, b"Could not set groups of effective user");
        }
        if libc::setgid(*gid) != 0 {
            return report_setuid_failure(*uid, b"Could not set group id of effective user");
        }
        libc::setuid(*uid) == 0 && (*uid == 0 || libc::setuid(0) != 0)
    }
}

/// Reports that the user could not be changed; the number is written without allocation.
///
/// # Safety
/// As [`become_child`].
unsafe fn report_setuid_failure(uid: u32, reason: &[u8]) -> bool {
    let mut digits = [0; 10];
    let mut at = digits.len();
    let mut rest = uid;
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    // SAFETY: as the caller promised.
    unsafe {
        write_stderr(&[b"supervisor: couldn't setuid to ", &digits[at..], b": ", reason, b"\n"]);
    }
    false
}

/// # Safety
/// As [`become_child`].
unsafe fn exit_not_spawned(message: &[u8], code: Option<i32>) -> ! {
    // SAFETY: as the caller promised; _exit does not return.
    unsafe {
        match code {
            Some(code) => {
                write_stderr(&[
                    message,
                    errno::name(code).unwrap_or("unknown error").as_bytes(),
                    b"\n",
                ]);
            }
            None => write_stderr(&[message]),
        }
        write_stderr(&[NOT_SPAWNED]);
        libc::_exit(127)
    }
}

/// # Safety
/// As [`become_child`].
unsafe fn write_stderr(parts: &[&[u8]]) {
    for part in parts {
        // SAFETY: pointer and length are of a live slice.
        unsafe { libc::write(2, part.as_ptr().cast(), part.len()) };
    }
}

/// # Safety
/// As [`become_child`].
unsafe fn last_errno() -> i32 {
    io::Error::last_os_error().raw_os_error().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::fd::OwnedFd;

    use super::*;

    fn spec(program: &str, argv: &[&str]) -> (ChildSpec, PipeReader) {
        let (reader, writer) = pipe().unwrap();
        let stdin = OwnedFd::from(std::fs::File::open("/dev/null").unwrap());
        let spec = ChildSpec {
            program: program.into(),
            argv: argv.iter().map(OsString::from).collect(),
            environment: vec![("A".into(), "b".into())],
            directory: None,
            umask: None,
            settings: Vec::new(),
            leads_group: true,
            user: None,
            stdin,
            stdout: writer.into(),
            stderr: None,
        };
        (spec, reader)
    }

    /// The output and exit status of the child.
    fn run(spec: ChildSpec, mut output: PipeReader) -> (String, i32) {
        let pid = spec.spawn().unwrap();
        let mut text = String::new();
        output.read_to_string(&mut text).unwrap();
        let mut status = 0;
        // SAFETY: the pointer is to a live integer.
        assert_eq!(unsafe { libc::waitpid(pid, &raw mut status, 0) }, pid);
        (text, libc::WEXITSTATUS(status))
    }

    #[test]
    fn a_child_has_a_clean_table_of_descriptors_and_signals() {
        let command = ["grep", "-E", "-o", "^Sig(Blk|Ign).*", "/proc/self/status"];
        let (spec, output) = self::spec("/bin/grep", &command);
        let (text, _) = run(spec, output);
        let masks = text.lines().filter_map(|line| line.split_once('\t'));
        // 32 and 33 are reserved by libc.
        let known = |mask: &str| u64::from_str_radix(mask, 16).unwrap() & !(0b11 << 31);
        let masks: Vec<_> = masks.map(|(name, mask)| (name, known(mask))).collect();
        let ignored = (1 << (libc::SIGPIPE - 1)) | (1 << (libc::SIGXFSZ - 1));
        assert_eq!(masks, [("SigBlk:", 0), ("SigIgn:", ignored)]);
        let (spec, output) = self::spec("/bin/ls", &["ls", "/proc/self/fd"]);
        assert_eq!(run(spec, output).0, "0\n1\n2\n3\n", "3 is the directory that ls reads");
        let script =
            "tr '\\0' ' ' < /proc/$$/environ; ps -o pgid= -p $$ | grep -qw $$ && echo leads";
        let (spec, output) = self::spec("/bin/sh", &["sh", "-c", script]);
        assert_eq!(run(spec, output).0, "A=b leads\n");
    }

    #[test]
    fn a_held_child_executes_nothing_before_its_gate_is_opened() {
        let (spec, mut output) = self::spec("/bin/echo", &["echo", "started"]);
        super::super::poller::set_nonblocking(&output).unwrap();
        let (pid, gate) = spec.spawn_held().unwrap();
        let mut byte = [0];
        assert_eq!(output.read(&mut byte).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        gate.open();
        wait_for(pid, 0);
        let mut text = String::new();
        output.read_to_string(&mut text).unwrap();
        assert_eq!(text, "started\n");
        // Two of them, because each has a copy of the gates that were made before.
        let held = [1, 2].map(|_| self::spec("/bin/echo", &["echo", "started"]));
        let held = held.map(|(spec, output)| (spec.spawn_held().unwrap(), output));
        let held = held.map(|((pid, gate), output)| {
            drop(gate);
            (pid, output)
        });
        for (pid, mut output) in held {
            wait_for(pid, 127);
            assert_eq!(output.read_to_string(&mut text).unwrap(), 0);
        }
    }

    fn wait_for(pid: i32, expected: i32) {
        let mut status = 0;
        // SAFETY: the pointer is to a live integer.
        assert_eq!(unsafe { libc::waitpid(pid, &raw mut status, 0) }, pid);
        assert_eq!(libc::WEXITSTATUS(status), expected);
    }

    #[test]
    fn a_failed_exec_is_reported_on_standard_error() {
        let (spec, output) = spec("/nonexistent/x", &["x", "y"]);
        let expected = "supervisor: couldn't exec x: ENOENT\n\
                        supervisor: child process was not spawned\n";
        assert_eq!(run(spec, output), (expected.to_owned(), 127));
    }

    #[test]
    fn a_script_without_an_interpreter_is_not_run_by_a_shell() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("script");
        std::fs::write(&path, "echo hello\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        let (spec, output) = spec(path.to_str().unwrap(), &["script"]);
        let expected = "supervisor: couldn't exec script: ENOEXEC\n\
                        supervisor: child process was not spawned\n";
        assert_eq!(run(spec, output), (expected.to_owned(), 127));
    }

    #[test]
    fn directory_and_user_errors_have_supervisors_messages() {
        let (mut spec, output) = self::spec("/bin/true", &["true"]);
        spec.directory = Some("/nonexistent".into());
        let (text, _) = run(spec, output);
        assert!(text.starts_with("supervisor: couldn't chdir to /nonexistent: ENOENT\n"), "{text}");
        let (mut spec, output) = self::spec("/bin/true", &["true"]);
        let reason = "Can't drop privilege as nonroot user".to_owned();
        spec.user = Some((33, Identity::Impossible(reason)));
        let expected = "supervisor: couldn't setuid to 33: Can't drop privilege as nonroot user\n\
                        supervisor: child process was not spawned\n";
        assert_eq!(run(spec, output), (expected.to_owned(), 127));
    }
}
