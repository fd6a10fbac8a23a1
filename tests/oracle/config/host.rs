//! The real system, but with a directory and an environment of the test's own.

use std::net::IpAddr;
use std::path::Path;

use supkit::conf::Host;
use supkit::conf::host::{Account, ReadFailure};
use supkit::conf::python::path;
use supkit::daemon::real_host::RealHost;

pub struct TestHost {
    dir: String,
    environ: Vec<(String, String)>,
}

impl TestHost {
    pub fn new(dir: &Path, environ: &[(String, String)]) -> Self {
        Self { dir: dir.to_string_lossy().into_owned(), environ: environ.to_vec() }
    }

    fn at(&self, name: &str) -> String {
        path::join(&self.dir, name)
    }
}

impl Host for TestHost {
    fn read(&self, path: &str) -> Result<Vec<u8>, ReadFailure> {
        RealHost.read(&self.at(path))
    }

    fn exists(&self, path: &str) -> bool {
        RealHost.exists(&self.at(path))
    }

    fn is_dir(&self, path: &str) -> bool {
        !path.is_empty() && RealHost.is_dir(&self.at(path))
    }

    fn list_dir(&self, path: &str) -> Vec<String> {
        RealHost.list_dir(&self.at(path))
    }

    fn is_executable(&self, path: &str) -> bool {
        RealHost.is_executable(&self.at(path))
    }

    fn mode(&self, path: &str) -> Option<u32> {
        RealHost.mode(&self.at(path))
    }

    fn environment(&self) -> Vec<(String, String)> {
        self.environ.clone()
    }

    fn current_dir(&self) -> String {
        self.dir.clone()
    }

    fn temp_dir(&self) -> String {
        self.variable("TMPDIR").unwrap_or_else(|| "/tmp".to_owned())
    }

    fn host_name(&self) -> String {
        RealHost.host_name()
    }

    fn address_of(&self, host: &str) -> Option<IpAddr> {
        RealHost.address_of(host)
    }

    fn uid(&self) -> u32 {
        RealHost.uid()
    }

    fn user(&self, name: &str) -> Option<Account> {
        RealHost.user(name)
    }

    fn user_by_id(&self, uid: u32) -> Option<Account> {
        RealHost.user_by_id(uid)
    }

    fn group(&self, name: &str) -> Option<u32> {
        RealHost.group(name)
    }

    fn has_group(&self, gid: u32) -> bool {
        RealHost.has_group(gid)
    }
}
