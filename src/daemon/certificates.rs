//! The certificate and key of a TLS server: read when it is opened, and again when the files change. A
//! new pair that cannot be used leaves the old one in use.

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::conf::config::{Config, HttpServer, TlsFiles};
use crate::conf::sections::inet_http_server::{CERTIFICATE, KEY};
use crate::os::users::own_name;
use crate::tls::server::Acceptor;
use crate::tls::{Identity, PairFile};

/// More is no certificate.
const MAX_FILE: u64 = 1024 * 1024;

/// Why the files cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CertificateProblem {
    pub(super) option: &'static str,
    pub(super) message: String,
    pub(super) help: String,
}

impl CertificateProblem {
    /// On one line, with the position of the option.
    pub(super) fn line(&self, config: &Config, section: &str) -> String {
        let place = config.origins.of(section, self.option);
        let place = place.map_or(String::new(), |place| format!("{place}: "));
        format!("{place}{}; {}", self.message, self.help)
    }
}

/// What became of the files of a server that runs.
pub(super) enum Renewal {
    Renewed,
    /// The previous pair stays in use, if there is one.
    Failed(CertificateProblem),
}

pub(super) struct Certificates {
    files: TlsFiles,
    acceptor: Option<Acceptor>,
    /// The state of both files when they were read last.
    seen: Option<[FileState; 2]>,
    /// Reported already.
    problem: Option<CertificateProblem>,
}

impl Certificates {
    /// The certificates of a server; `None` if it has no TLS.
    pub(super) fn open(server: &HttpServer) -> Result<Option<Self>, CertificateProblem> {
        let Some(mut own) = Self::unread(server) else { return Ok(None) };
        match own.reload() {
            Renewal::Renewed => Ok(Some(own)),
            Renewal::Failed(problem) => Err(problem),
        }
    }

    /// Those of a server that another daemon opened: connections wait for a usable pair.
    pub(super) fn unread(server: &HttpServer) -> Option<Self> {
        let files = server.tls()?;
        let (acceptor, seen, problem) = (None, None, None);
        Some(Self { files, acceptor, seen, problem })
    }

    /// Makes sessions; `None` if there was no usable pair yet.
    pub(super) fn acceptor(&self) -> Option<Acceptor> {
        self.acceptor.clone()
    }

    /// Reads the files again if they have changed. Called for each connection: looking at both files
    /// takes some microseconds, the handshake that follows a hundred times as long.
    pub(super) fn refresh(&mut self) -> Option<Renewal> {
        let is_unchanged = self.seen.is_some() && self.seen == states(&self.files);
        if is_unchanged {
            return None;
        }
        match self.reload() {
            Renewal::Failed(problem) if self.problem.as_ref() == Some(&problem) => None,
            renewal => {
                self.problem = match &renewal {
                    Renewal::Renewed => None,
                    Renewal::Failed(problem) => Some(problem.clone()),
                };
                Some(renewal)
            }
        }
    }

    /// Reads the files.
    pub(super) fn reload(&mut self) -> Renewal {
        // before reading, so that a later change is noticed
        self.seen = states(&self.files);
        match read(&self.files) {
            Ok(acceptor) => {
                self.acceptor = Some(acceptor);
                Renewal::Renewed
            }
            Err(problem) => Renewal::Failed(problem),
        }
    }
}

/// What changes when a file is written or replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct FileState {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

fn states(files: &TlsFiles) -> Option<[FileState; 2]> {
    let state = |path: &str| {
        let file = fs::metadata(path).ok()?;
        Some(FileState {
            device: file.dev(),
            inode: file.ino(),
            size: file.len(),
            modified: (file.mtime(), file.mtime_nsec()),
            changed: (file.ctime(), file.ctime_nsec()),
        })
    };
    Some([state(&files.certificate)?, state(&files.key)?])
}

/// Reads a pair and checks that it can be used.
pub(super) fn read(files: &TlsFiles) -> Result<Acceptor, CertificateProblem> {
    let certificate = content(CERTIFICATE.name, &files.certificate)?;
    let key = content(KEY.name, &files.key)?;
    let identity = Identity::parse(&certificate, &key).map_err(|error| {
        let (option, path) = match error.file() {
            PairFile::Certificate => (CERTIFICATE.name, &files.certificate),
            PairFile::Key => (KEY.name, &files.key),
        };
        let message = format!("`{path}` cannot be used: {error}");
        CertificateProblem { option, message, help: error.help().to_owned() }
    })?;
    Acceptor::new(identity).map_err(|error| CertificateProblem {
        option: CERTIFICATE.name,
        message: format!("`{}` cannot be used: {error}", files.certificate),
        help: "use another certificate".to_owned(),
    })
}

fn content(option: &'static str, path: &str) -> Result<Vec<u8>, CertificateProblem> {
    read_small(Path::new(path)).map_err(|error| {
        let (message, help) = match error.kind() {
            ErrorKind::NotFound => {
                (format!("there is no file `{path}`"), format!("create it, or correct `{option}`"))
            }
            ErrorKind::PermissionDenied => {
                let user = own_name();
                (format!("`{user}` may not read `{path}`"), format!("let `{user}` read it"))
            }
            _ => (format!("`{path}` cannot be read: {error}"), format!("correct `{option}`")),
        };
        CertificateProblem { option, message, help }
    })
}

/// A FIFO would block the daemon.
fn read_small(path: &Path) -> io::Result<Vec<u8>> {
    let file = fs::metadata(path)?;
    if !file.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    if file.len() > MAX_FILE {
        return Err(io::Error::other("it is larger than 1 MB"));
    }
    fs::read(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixture(name: &str) -> String {
        format!("{}/fixtures/tls/{name}", env!("CARGO_MANIFEST_DIR"))
    }

    fn files(certificate: &str, key: &str) -> TlsFiles {
        TlsFiles { certificate: fixture(certificate), key: fixture(key) }
    }

    fn problem(files: &TlsFiles) -> (&'static str, String) {
        let problem = read(files).unwrap_err();
        let message = problem.message.replace(&fixture(""), "");
        (problem.option, message)
    }

    #[test]
    fn a_problem_names_the_option_whose_file_is_to_be_corrected() {
        assert!(read(&files("localhost.pem", "localhost.key")).is_ok());
        let missing = problem(&files("none.pem", "localhost.key"));
        assert_eq!(missing, ("certificate", "there is no file `none.pem`".to_owned()));
        let directory = problem(&files("localhost.pem", "."));
        assert_eq!(directory, ("key", "`.` cannot be read: it is no regular file".to_owned()));
        let (option, message) = problem(&files("localhost.pem", "renewed.key"));
        assert_eq!(option, "key");
        assert!(message.ends_with("does not belong to the certificate"), "{message}");
        let (option, message) = problem(&files("localhost.key", "localhost.key"));
        assert_eq!(option, "certificate");
        assert!(message.ends_with("the file contains no certificate"), "{message}");
    }

    #[test]
    fn changed_files_are_read_again_and_a_bad_pair_is_reported_once() {
        let dir = tempfile::tempdir().unwrap();
        let put = |name: &str, from: &str| {
            fs::copy(fixture(from), dir.path().join(name)).unwrap();
        };
        put("pem", "localhost.pem");
        put("key", "localhost.key");
        let path = |name: &str| dir.path().join(name).display().to_string();
        let files = TlsFiles { certificate: path("pem"), key: path("key") };
        let mut certificates = Certificates { files, acceptor: None, seen: None, problem: None };
        assert!(matches!(certificates.refresh(), Some(Renewal::Renewed)));
        assert!(certificates.refresh().is_none());
        put("pem", "renewed.pem");
        assert!(matches!(certificates.refresh(), Some(Renewal::Failed(_))));
        assert!(certificates.acceptor().is_some(), "the previous pair stays in use");
        assert!(certificates.refresh().is_none());
        put("key", "renewed.key");
        assert!(matches!(certificates.refresh(), Some(Renewal::Renewed)));
        fs::remove_file(dir.path().join("key")).unwrap();
        assert!(matches!(certificates.refresh(), Some(Renewal::Failed(_))));
        assert!(certificates.refresh().is_none());
        assert!(certificates.acceptor().is_some());
    }
}
