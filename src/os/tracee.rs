//! A process that this one stops, and that makes system calls on request (`ptrace(2)`, x86-64). It is used
//! to replace the program of a process from outside. Until that has happened, everything can be taken
//! back: the process continues where it was stopped, as if nothing had happened.

use std::ffi::{CStr, CString};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::ptr;

/// What the kernel reports beside signals: entry and return of system calls by a number of their own, and
/// an execve.
const OPTIONS: libc::c_int = libc::PTRACE_O_TRACESYSGOOD | libc::PTRACE_O_TRACEEXEC;

/// The signal number of a stop at a system call.
const SYSTEM_CALL: i32 = libc::SIGTRAP | 0x80;

/// The length of the instruction `syscall`.
const INSTRUCTION: u64 = 2;
const SYSCALL: [u8; 2] = [0x0f, 0x05];

/// The error numbers by which the kernel restarts an interrupted call, which programs never see.
const RESTARTS: std::ops::RangeInclusive<i64> = -516..=-512;

/// `orig_rax` of a process that was stopped outside a system call.
const NO_CALL: u64 = u64::MAX;

type Registers = libc::user_regs_struct;

/// A stopped process. It runs on when this is dropped.
#[derive(Debug)]
pub struct Tracee {
    pid: i32,
    memory: File,
    /// With which it continues if its program is not replaced.
    original: Registers,
    /// The address of an instruction that makes a system call.
    instruction: u64,
    mask: u64,
    /// Whether it is about to make a system call, which it makes if nothing else is requested.
    is_at_entry: bool,
    /// Where strings for system calls are.
    scratch: Option<(u64, u64)>,
    /// Signals that could not be delayed.
    withheld: Vec<i32>,
    is_replaced: bool,
}

/// Why a process was not stopped.
#[derive(Debug)]
pub enum StopError {
    Io(io::Error),
    /// It did not come to such a system call.
    Elsewhere,
}

impl From<io::Error> for StopError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// What the process did last.
#[derive(Debug, PartialEq, Eq)]
enum Stop {
    SystemCall,
    Executed,
    Interrupted,
    Signal(i32),
}

impl Tracee {
    /// Stops a process in one of these system calls: where it waits, or else where it makes the next one.
    pub fn stop(pid: i32, calls: &[libc::c_long]) -> Result<Self, StopError> {
        request(libc::PTRACE_SEIZE as _, pid, 0, OPTIONS as u64)?;
        let mut attached = Attached(Some(pid));
        request(libc::PTRACE_INTERRUPT as _, pid, 0, 0)?;
        // Signals are delivered as usual; the stop follows.
        while let Some(signal) = match wait(pid)? {
            Stop::Interrupted => None,
            Stop::Signal(signal) => Some(signal),
            Stop::SystemCall | Stop::Executed => Some(0),
        } {
            request(libc::PTRACE_CONT as _, pid, 0, signal as u64)?;
        }
        let is_wanted = |registers: &Registers| calls.contains(&(registers.orig_rax as i64));
        let mut original = registers(pid)?;
        let is_at_entry = !is_wanted(&original);
        if is_at_entry {
            original = run_to_entry(pid, is_wanted)?.ok_or(StopError::Elsewhere)?;
        }
        let memory = OpenOptions::new().read(true).write(true).open(format!("/proc/{pid}/mem"))?;
        let instruction = original.rip.wrapping_sub(INSTRUCTION);
        let mut bytes = [0; SYSCALL.len()];
        memory.read_exact_at(&mut bytes, instruction)?;
        if bytes != SYSCALL {
            return Err(StopError::Elsewhere);
        }
        let mask = signal_mask(pid)?;
        // No handler of its own may run meanwhile.
        set_signal_mask(pid, u64::MAX)?;
        attached.0 = None;
        Ok(Self {
            pid,
            memory,
            original,
            instruction,
            mask,
            is_at_entry,
            scratch: None,
            withheld: Vec::new(),
            is_replaced: false,
        })
    }

    /// Lets it inherit a descriptor, or not.
    pub fn set_inherited(&mut self, number: i32, is_inherited: bool) -> io::Result<()> {
        let flags = if is_inherited { 0 } else { libc::FD_CLOEXEC };
        self.call(libc::SYS_fcntl, [number as u64, libc::F_SETFD as u64, flags as u64, 0, 0, 0])?;
        Ok(())
    }

    /// Makes a file without a name in it that contains `bytes`; returns its descriptor, which is
    /// inherited.
    pub fn memory_file(&mut self, bytes: &[u8]) -> io::Result<i32> {
        let name = self.store(c"supkit-state".to_bytes_with_nul(), 0)?;
        let number = self.call(libc::SYS_memfd_create, [name, 0, 0, 0, 0, 0])?;
        let number = i32::try_from(number).map_err(io::Error::other)?;
        let path = format!("/proc/{}/fd/{number}", self.pid);
        let written = OpenOptions::new().write(true).open(path);
        match written.and_then(|mut file| file.write_all(bytes)) {
            Ok(()) => Ok(number),
            Err(error) => {
                // What matters is the first error.
                let _ = self.close(number);
                Err(error)
            }
        }
    }

    pub fn close(&mut self, number: i32) -> io::Result<()> {
        self.call(libc::SYS_close, [number as u64, 0, 0, 0, 0, 0]).map(drop)
    }

    /// Replaces its program. With an error, the program is the one before.
    pub fn execute(
        &mut self,
        program: &CStr,
        arguments: &[CString],
        environment: &[CString],
    ) -> io::Result<()> {
        let base = self.scratch()?;
        let block = Block::new(base, program, arguments, environment);
        self.store(&block.bytes, 0)?;
        let call = [base, block.arguments, block.environment, 0, 0, 0];
        self.begin(libc::SYS_execve, call)?;
        match self.next_stop()? {
            Stop::Executed => {
                self.is_replaced = true;
                Ok(())
            }
            _ => Err(match self.result() {
                Ok(_) => io::Error::other("execve returned"),
                Err(error) => error,
            }),
        }
    }

    /// Lets the new program run, which handles these signals when it is ready for them.
    pub fn release(mut self, delayed: &[i32]) -> io::Result<()> {
        let bit = |signal: &i32| 1_u64 << (signal - 1);
        self.mask |= delayed.iter().map(bit).sum::<u64>();
        self.detach()
    }

    /// Makes one system call and returns its result.
    fn call(&mut self, number: libc::c_long, arguments: [u64; 6]) -> io::Result<u64> {
        self.begin(number, arguments)?;
        match self.next_stop()? {
            Stop::SystemCall => self.result(),
            other => Err(io::Error::other(format!("unexpected stop: {other:?}"))),
        }
    }

    /// Up to the entry of a system call.
    fn begin(&mut self, number: libc::c_long, arguments: [u64; 6]) -> io::Result<()> {
        self.skip_call()?;
        let [rdi, rsi, rdx, r10, r8, r9] = arguments;
        let registers = Registers {
            rip: self.instruction,
            rax: number as u64,
            // Nothing is restarted.
            orig_rax: NO_CALL,
            rdi,
            rsi,
            rdx,
            r10,
            r8,
            r9,
            ..self.original
        };
        set_registers(self.pid, &registers)?;
        match self.next_stop()? {
            Stop::SystemCall => Ok(()),
            other => Err(io::Error::other(format!("unexpected stop: {other:?}"))),
        }
    }

    /// Leaves out the call that the process is about to make. It is made when the process continues.
    fn skip_call(&mut self) -> io::Result<()> {
        if !std::mem::take(&mut self.is_at_entry) {
            return Ok(());
        }
        set_registers(self.pid, &Registers { orig_rax: NO_CALL, ..self.original })?;
        let nothing_done = self.next_stop().map(drop);
        self.original = Registers {
            rip: self.original.rip.wrapping_sub(INSTRUCTION),
            rax: self.original.orig_rax,
            orig_rax: NO_CALL,
            ..self.original
        };
        nothing_done
    }

    /// Runs up to the next entry or return of a system call.
    fn next_stop(&mut self) -> io::Result<Stop> {
        loop {
            request(libc::PTRACE_SYSCALL as _, self.pid, 0, 0)?;
            match wait(self.pid)? {
                Stop::Signal(signal) => self.withheld.push(signal),
                Stop::Interrupted => {}
                stop => return Ok(stop),
            }
        }
    }

    fn result(&self) -> io::Result<u64> {
        let result = registers(self.pid)?.rax;
        match result as i64 {
            error @ -4095..=-1 => Err(io::Error::from_raw_os_error(-error as i32)),
            _ => Ok(result),
        }
    }

    /// Memory of the process for strings.
    fn scratch(&mut self) -> io::Result<u64> {
        match self.scratch {
            Some((address, _)) => Ok(address),
            None => self.map(Block::ROOM),
        }
    }

    fn map(&mut self, length: u64) -> io::Result<u64> {
        let (protection, flags) =
            (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        let arguments = [0, length, protection as u64, flags as u64, u64::MAX, 0];
        let address = self.call(libc::SYS_mmap, arguments)?;
        self.scratch = Some((address, length));
        Ok(address)
    }

    /// Writes to its scratch memory and returns the address.
    fn store(&mut self, bytes: &[u8], offset: u64) -> io::Result<u64> {
        let address = self.scratch()? + offset;
        if bytes.len() as u64 + offset > Block::ROOM {
            return Err(io::Error::from_raw_os_error(libc::E2BIG));
        }
        self.memory.write_all_at(bytes, address)?;
        Ok(address)
    }

    fn detach(&mut self) -> io::Result<()> {
        if !self.is_replaced {
            if let Some((address, length)) = self.scratch.take() {
                self.call(libc::SYS_munmap, [address, length, 0, 0, 0, 0])?;
            }
            if !self.is_at_entry {
                set_registers(self.pid, &continued(&self.original))?;
            }
        }
        set_signal_mask(self.pid, self.mask)?;
        request(libc::PTRACE_DETACH as _, self.pid, 0, 0)?;
        for signal in self.withheld.drain(..) {
            super::signals::kill(self.pid, signal, false)?;
        }
        self.pid = 0;
        Ok(())
    }
}

impl Drop for Tracee {
    fn drop(&mut self) {
        if self.pid != 0 {
            // The process may have been killed.
            let _ = self.detach();
        }
    }
}

/// Runs up to the entry of a system call; `None` if it makes very many others.
fn run_to_entry(pid: i32, is_wanted: impl Fn(&Registers) -> bool) -> io::Result<Option<Registers>> {
    let mut signal = 0;
    for _ in 0..MAX_CALLS {
        request(libc::PTRACE_SYSCALL as _, pid, 0, signal as u64)?;
        signal = 0;
        match wait(pid)? {
            Stop::Signal(number) => signal = number,
            Stop::SystemCall => {
                let registers = registers(pid)?;
                // So the kernel marks an entry.
                let is_entry = registers.rax as i64 == i64::from(-libc::ENOSYS);
                if is_entry && is_wanted(&registers) {
                    return Ok(Some(registers));
                }
            }
            Stop::Interrupted | Stop::Executed => {}
        }
    }
    Ok(None)
}

/// How many stops may come before the wanted one.
const MAX_CALLS: usize = 20_000;

/// The registers with which a process continues: a call that was interrupted returns EINTR, after which
/// every program repeats it.
fn continued(original: &Registers) -> Registers {
    let is_interrupted = RESTARTS.contains(&(original.rax as i64));
    let rax = if is_interrupted { i64::from(-libc::EINTR) as u64 } else { original.rax };
    Registers { rax, orig_rax: NO_CALL, ..*original }
}

/// Detaches from a process that is not examined further.
struct Attached(Option<i32>);

impl Drop for Attached {
    fn drop(&mut self) {
        if let Some(pid) = self.0 {
            // The process may have been killed.
            let _ = request(libc::PTRACE_DETACH as _, pid, 0, 0);
        }
    }
}

/// The memory block of an execve: the strings, then the two tables of their addresses.
struct Block {
    bytes: Vec<u8>,
    arguments: u64,
    environment: u64,
}

impl Block {
    /// More than the kernel accepts by default.
    const ROOM: u64 = 4 << 20;

    fn new(base: u64, program: &CStr, arguments: &[CString], environment: &[CString]) -> Self {
        let mut bytes = program.to_bytes_with_nul().to_vec();
        let mut table = |strings: &[CString]| -> Vec<u64> {
            let mut addresses = Vec::with_capacity(strings.len() + 1);
            for string in strings {
                addresses.push(base + bytes.len() as u64);
                bytes.extend_from_slice(string.to_bytes_with_nul());
            }
            addresses.push(0);
            addresses
        };
        let tables = [table(arguments), table(environment)];
        bytes.resize(bytes.len().next_multiple_of(size_of::<u64>()), 0);
        let [arguments, environment] = tables.map(|addresses| {
            let at = base + bytes.len() as u64;
            bytes.extend(addresses.iter().flat_map(|address| address.to_ne_bytes()));
            at
        });
        Self { bytes, arguments, environment }
    }
}

/// A request whose argument is a number.
fn request(request: libc::c_uint, pid: i32, address: u64, data: u64) -> io::Result<()> {
    // SAFETY: the requests that are made through this function take numbers and access no memory of
    // this process.
    match unsafe { libc::ptrace(request as _, pid, address, data) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

fn registers(pid: i32) -> io::Result<Registers> {
    let mut registers = std::mem::MaybeUninit::<Registers>::zeroed();
    let address = ptr::null_mut::<libc::c_void>();
    // SAFETY: the kernel writes a `user_regs_struct` to the address, for which there is room; all bytes are
    // valid numbers also if it writes nothing.
    unsafe {
        match libc::ptrace(libc::PTRACE_GETREGS as _, pid, address, registers.as_mut_ptr()) {
            -1 => Err(io::Error::last_os_error()),
            _ => Ok(registers.assume_init()),
        }
    }
}

fn set_registers(pid: i32, registers: &Registers) -> io::Result<()> {
    let address = ptr::null_mut::<libc::c_void>();
    // SAFETY: the kernel reads a `user_regs_struct` from the address of one. What the other process does with
    // it concerns the memory of that process only.
    match unsafe { libc::ptrace(libc::PTRACE_SETREGS as _, pid, address, ptr::from_ref(registers)) }
    {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// Signal N is bit N - 1.
fn signal_mask(pid: i32) -> io::Result<u64> {
    let mut mask = 0_u64;
    // SAFETY: the kernel writes as many bytes as the third argument says to the address, for which there is
    // room.
    match unsafe {
        libc::ptrace(libc::PTRACE_GETSIGMASK as _, pid, size_of::<u64>(), &raw mut mask)
    } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(mask),
    }
}

fn set_signal_mask(pid: i32, mask: u64) -> io::Result<()> {
    // SAFETY: the kernel reads as many bytes as the third argument says from the address of a number of that
    // size.
    match unsafe {
        libc::ptrace(libc::PTRACE_SETSIGMASK as _, pid, size_of::<u64>(), &raw const mask)
    } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// Waits for the next stop.
fn wait(pid: i32) -> io::Result<Stop> {
    let mut status = 0;
    // SAFETY: the kernel writes a number to the address of one.
    while unsafe { libc::waitpid(pid, &raw mut status, libc::__WALL) } == -1 {
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    if !libc::WIFSTOPPED(status) {
        return Err(io::Error::from_raw_os_error(libc::ESRCH));
    }
    Ok(match (libc::WSTOPSIG(status), status >> 16) {
        (SYSTEM_CALL, 0) => Stop::SystemCall,
        (_, libc::PTRACE_EVENT_EXEC) => Stop::Executed,
        (_, libc::PTRACE_EVENT_STOP) => Stop::Interrupted,
        (signal, _) => Stop::Signal(signal),
    })
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::process::{Child, Command, Stdio};

    use super::*;

    /// Waits in poll for its standard input, and prints each line.
    fn python() -> Child {
        let script = "import select\np = select.poll()\np.register(0, 1)\nprint('ready', flush=True)\n\
                      while True:\n    if p.poll(1000):\n        print(input(), flush=True)\n";
        let mut command = Command::new("/usr/bin/python3");
        command.args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped());
        command.stderr(Stdio::null());
        command.spawn().unwrap()
    }

    fn stop(pid: i32) -> Tracee {
        Tracee::stop(pid, &[libc::SYS_poll]).unwrap()
    }

    fn strings(words: &[&str]) -> Vec<CString> {
        words.iter().map(|word| CString::new(*word).unwrap()).collect()
    }

    #[test]
    fn a_program_continues_when_its_replacement_fails() {
        let mut child = python();
        let pid = i32::try_from(child.id()).unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert_eq!(lines.next().unwrap().unwrap(), "ready");
        let before = super::super::descriptor_table::of(pid).unwrap();
        for _ in 0..20 {
            let mut tracee = stop(pid);
            let file = tracee.memory_file(b"text").unwrap();
            let link = format!("/proc/{pid}/fd/{file}");
            assert_eq!(std::fs::read(&link).unwrap(), b"text");
            tracee.close(file).unwrap();
            let error = tracee.execute(c"/nowhere", &strings(&["x"]), &[]).unwrap_err();
            assert_eq!(error.raw_os_error(), Some(libc::ENOENT));
        }
        let mut stdin = child.stdin.take().unwrap();
        writeln!(stdin, "still here").unwrap();
        assert_eq!(lines.next().unwrap().unwrap(), "still here");
        assert_eq!(super::super::descriptor_table::of(pid).unwrap(), before);
        drop(stdin);
        child.wait().unwrap();
    }

    #[test]
    fn a_program_that_never_waits_is_stopped_between_two_turns() {
        let script = "import os, select\np = select.poll()\np.register(1, 4)\nn = 0\n\
                      while p.poll(1000):\n    n += 1\n    os.write(1, b'%d\\n' % n)\n";
        let mut command = Command::new("/usr/bin/python3");
        command.args(["-c", script]).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut count = 0;
        for round in 0..200 {
            count += 1;
            assert_eq!(lines.next().unwrap().unwrap(), count.to_string());
            let mut tracee = stop(pid);
            if round % 2 == 0 {
                tracee.execute(c"/nowhere", &strings(&["x"]), &[]).unwrap_err();
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn a_program_is_replaced_in_the_same_process() {
        let mut child = python();
        let pid = i32::try_from(child.id()).unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert_eq!(lines.next().unwrap().unwrap(), "ready");
        let mut tracee = stop(pid);
        let file = tracee.memory_file(b"handed over\n").unwrap();
        let script = format!("cat /dev/fd/{file}; echo $$ $VALUE; exec cat");
        let (arguments, environment) =
            (strings(&["sh", "-c", &script]), strings(&["VALUE=v", "PATH=/bin:/usr/bin"]));
        tracee.execute(c"/bin/sh", &arguments, &environment).unwrap();
        tracee.release(&[]).unwrap();
        assert_eq!(lines.next().unwrap().unwrap(), "handed over");
        assert_eq!(lines.next().unwrap().unwrap(), format!("{pid} v"));
        let mut stdin = child.stdin.take().unwrap();
        writeln!(stdin, "next").unwrap();
        assert_eq!(lines.next().unwrap().unwrap(), "next");
        drop(stdin);
        assert!(child.wait().unwrap().success());
    }

    #[test]
    fn an_interrupted_call_is_repeated_by_its_program() {
        // SAFETY: all members are numbers.
        let mut registers: Registers = unsafe { std::mem::zeroed() };
        registers.rax = -516_i64 as u64;
        registers.orig_rax = 7;
        let continued = self::continued(&registers);
        assert_eq!((continued.rax as i64, continued.orig_rax), (-4, NO_CALL));
        registers.rax = 1;
        assert_eq!(self::continued(&registers).rax, 1);
    }
}
