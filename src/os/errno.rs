//! Error numbers and their names. Usable between fork and exec, because [`name`] does not allocate
//! or format.

use std::io;

/// Number, name, and the message of the GNU C library, which Supervisor's messages contain. That of
/// another C library differs: musl's for EBUSY is "Resource busy".
const NAMES: &[(i32, &str, &str)] = &[
    (libc::EPERM, "EPERM", "Operation not permitted"),
    (libc::ENOENT, "ENOENT", "No such file or directory"),
    (libc::ESRCH, "ESRCH", "No such process"),
    (libc::EINTR, "EINTR", "Interrupted system call"),
    (libc::EIO, "EIO", "Input/output error"),
    (libc::ENXIO, "ENXIO", "No such device or address"),
    (libc::E2BIG, "E2BIG", "Argument list too long"),
    (libc::ENOEXEC, "ENOEXEC", "Exec format error"),
    (libc::EBADF, "EBADF", "Bad file descriptor"),
    (libc::ECHILD, "ECHILD", "No child processes"),
    (libc::EAGAIN, "EAGAIN", "Resource temporarily unavailable"),
    (libc::ENOMEM, "ENOMEM", "Cannot allocate memory"),
    (libc::EACCES, "EACCES", "Permission denied"),
    (libc::EFAULT, "EFAULT", "Bad address"),
    (libc::EBUSY, "EBUSY", "Device or resource busy"),
    (libc::EEXIST, "EEXIST", "File exists"),
    (libc::EXDEV, "EXDEV", "Invalid cross-device link"),
    (libc::ENODEV, "ENODEV", "No such device"),
    (libc::ENOTDIR, "ENOTDIR", "Not a directory"),
    (libc::EISDIR, "EISDIR", "Is a directory"),
    (libc::EINVAL, "EINVAL", "Invalid argument"),
    (libc::ENFILE, "ENFILE", "Too many open files in system"),
    (libc::EMFILE, "EMFILE", "Too many open files"),
    (libc::ENOTTY, "ENOTTY", "Inappropriate ioctl for device"),
    (libc::ETXTBSY, "ETXTBSY", "Text file busy"),
    (libc::EFBIG, "EFBIG", "File too large"),
    (libc::ENOSPC, "ENOSPC", "No space left on device"),
    (libc::ESPIPE, "ESPIPE", "Illegal seek"),
    (libc::EROFS, "EROFS", "Read-only file system"),
    (libc::EMLINK, "EMLINK", "Too many links"),
    (libc::EPIPE, "EPIPE", "Broken pipe"),
    (libc::ENAMETOOLONG, "ENAMETOOLONG", "File name too long"),
    (libc::ENOSYS, "ENOSYS", "Function not implemented"),
    (libc::ELOOP, "ELOOP", "Too many levels of symbolic links"),
    (libc::EADDRINUSE, "EADDRINUSE", "Address already in use"),
    (libc::EADDRNOTAVAIL, "EADDRNOTAVAIL", "Cannot assign requested address"),
    (libc::EAFNOSUPPORT, "EAFNOSUPPORT", "Address family not supported by protocol"),
    (libc::ENETUNREACH, "ENETUNREACH", "Network is unreachable"),
    (libc::ECONNREFUSED, "ECONNREFUSED", "Connection refused"),
    (libc::ESTALE, "ESTALE", "Stale file handle"),
    (libc::EDQUOT, "EDQUOT", "Disk quota exceeded"),
];

/// `ENOENT` for 2; `None` for errors that our system calls do not return.
pub fn name(code: i32) -> Option<&'static str> {
    NAMES.iter().find(|row| row.0 == code).map(|row| row.1)
}

/// The name of the error number, or the number itself, or the message of the error.
pub fn describe(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(code) => name(code).map_or_else(|| code.to_string(), str::to_owned),
        None => error.to_string(),
    }
}

/// The words of an error: `No such file or directory`.
pub fn message(error: &io::Error) -> String {
    let code = error.raw_os_error();
    let known = NAMES.iter().find(|row| Some(row.0) == code).map(|row| row.2.to_owned());
    known.unwrap_or_else(|| {
        let text = error.to_string();
        text.split(" (os error").next().unwrap_or_default().to_owned()
    })
}

/// The error in Python's format: `[Errno 2] No such file or directory`.
pub fn python_format(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(code) => format!("[Errno {code}] {}", message(error)),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_those_of_the_gnu_library() {
        let format = |code| python_format(&io::Error::from_raw_os_error(code));
        assert_eq!(format(libc::ENOENT), "[Errno 2] No such file or directory");
        assert_eq!(format(libc::ELOOP), "[Errno 40] Too many levels of symbolic links");
        assert!(format(libc::EPROTO).starts_with("[Errno 71] Protocol"));
        assert_eq!(python_format(&io::Error::other("no address")), "no address");
        #[cfg(target_env = "gnu")]
        for (code, ..) in NAMES {
            let text = io::Error::from_raw_os_error(*code).to_string();
            let message = text.split(" (os error").next().expect("a message");
            assert_eq!(format(*code), format!("[Errno {code}] {message}"));
        }
    }
}
