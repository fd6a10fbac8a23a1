use std::fs;
use std::io::Read;
use std::os::unix::fs::{PermissionsExt, lchown, symlink};
use std::path::PathBuf;

use super::*;

const MALLORY: u32 = 65_533;

struct Fixture(tempfile::TempDir);

impl Fixture {
    /// A directory like `/tmp`, with a file outside of it that no other user may write.
    fn new(mode: u32) -> Self {
        let fixture = Self(tempfile::tempdir().unwrap());
        fs::set_permissions(fixture.0.path(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::create_dir(fixture.at("shared")).unwrap();
        fs::set_permissions(fixture.at("shared"), fs::Permissions::from_mode(mode)).unwrap();
        fs::write(fixture.at("victim"), "secret").unwrap();
        fixture
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn victim(&self) -> String {
        fs::read_to_string(self.at("victim")).unwrap()
    }
}

/// Whether files can be given to another user, whose attack is then tried for real. The rules
/// themselves have tests that need no rights.
fn is_root() -> bool {
    let is_root = nix::unistd::geteuid().is_root();
    if !is_root {
        eprintln!("only root can place a file of another user");
    }
    is_root
}

fn assert_refused<T>(result: io::Result<T>) {
    let error = result.err().expect("refused");
    assert!(is_refusal(&error), "{error}");
    assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
}

#[test]
fn own_links_are_followed_everywhere() {
    let fixture = Fixture::new(0o1777);
    symlink("../victim", fixture.at("shared/link")).unwrap();
    append(&fixture.at("shared/link")).unwrap().write_all(b" and more").unwrap();
    assert_eq!(fixture.victim(), "secret and more");
    overwrite(&fixture.at("shared/link"), b"12\n").unwrap();
    assert_eq!(fixture.victim(), "12\n");
    assert_eq!(read_to_string(&fixture.at("shared/link")).unwrap(), "12\n");
    symlink("new", fixture.at("shared/dangling")).unwrap();
    append(&fixture.at("shared/dangling")).unwrap();
    assert!(fixture.at("shared/new").exists());
}

#[test]
fn links_of_others_are_refused_and_their_target_stays() {
    if !is_root() {
        return;
    }
    for mode in [0o1777, 0o777] {
        let fixture = Fixture::new(mode);
        for (name, target) in [("link", "../victim"), ("new", "../created")] {
            symlink(target, fixture.at("shared").join(name)).unwrap();
            lchown(fixture.at("shared").join(name), Some(MALLORY), Some(MALLORY)).unwrap();
        }
        let link = fixture.at("shared/link");
        assert_refused(append(&link));
        assert_refused(overwrite(&link, b"x"));
        assert_refused(read(&link));
        assert_refused(check(&link));
        assert_refused(append(&fixture.at("shared/new")));
        assert_eq!(fixture.victim(), "secret");
        assert!(!fixture.at("created").exists());
    }
}

#[test]
fn a_linked_directory_on_the_way_and_what_is_in_a_foreign_one_are_refused() {
    if !is_root() {
        return;
    }
    let fixture = Fixture::new(0o1777);
    symlink("..", fixture.at("shared/dir")).unwrap();
    lchown(fixture.at("shared/dir"), Some(MALLORY), Some(MALLORY)).unwrap();
    assert_refused(append(&fixture.at("shared/dir/log")));
    assert_refused(create_new(&fixture.at("shared/dir/log"), 0o600));
    fs::create_dir(fixture.at("shared/own")).unwrap();
    symlink("../../victim", fixture.at("shared/own/log")).unwrap();
    for name in ["shared/own", "shared/own/log"] {
        lchown(fixture.at(name), Some(MALLORY), Some(MALLORY)).unwrap();
    }
    assert_refused(append(&fixture.at("shared/own/log")));
    append(&fixture.at("shared/own/other")).unwrap();
    assert_eq!(fixture.victim(), "secret");
}

#[test]
fn hard_links_files_and_fifos_of_others_are_refused() {
    let fixture = Fixture::new(0o1777);
    fs::hard_link(fixture.at("victim"), fixture.at("shared/hard")).unwrap();
    assert_refused(append(&fixture.at("shared/hard")));
    assert_eq!(fixture.victim(), "secret");
    if !is_root() {
        return;
    }
    fs::write(fixture.at("shared/file"), "").unwrap();
    nix::unistd::mkfifo(&fixture.at("shared/fifo"), Mode::S_IRWXU).unwrap();
    for name in ["shared/file", "shared/fifo"] {
        lchown(fixture.at(name), Some(MALLORY), Some(MALLORY)).unwrap();
        assert_refused(append(&fixture.at(name)));
        assert_refused(overwrite(&fixture.at(name), b"1\n"));
    }
}

#[test]
fn errors_are_those_of_the_kernel() {
    let fixture = Fixture::new(0o755);
    symlink("loop", fixture.at("loop")).unwrap();
    symlink("none/new", fixture.at("lost")).unwrap();
    symlink("shared", fixture.at("dir")).unwrap();
    let long = "x".repeat(300);
    let names =
        ["victim", "shared", "loop", "lost", "dir", "none/x", "victim/x", "shared/", "dir/"];
    let others = ["shared/../victim", "./victim", "shared/.", "victim/", "none/", "dir/..", &long];
    for name in names.into_iter().chain(others) {
        let path = PathBuf::from(format!("{}/{name}", fixture.0.path().display()));
        let code = |result: io::Result<File>| result.err().and_then(|it| it.raw_os_error());
        let by_kernel = File::options().append(true).create(true).open(&path);
        assert_eq!(code(append(&path)), code(by_kernel), "{name}");
    }
}

#[test]
fn files_are_created_with_the_usual_mode_and_fifos_need_no_reader() {
    let fixture = Fixture::new(0o755);
    append(&fixture.at("ours")).unwrap();
    File::options().append(true).create(true).open(fixture.at("theirs")).unwrap();
    let mode = |name| fs::metadata(fixture.at(name)).unwrap().permissions().mode();
    assert_eq!(mode("ours"), mode("theirs"));
    nix::unistd::mkfifo(&fixture.at("fifo"), Mode::S_IRWXU).unwrap();
    let mut fifo = append(&fixture.at("fifo")).unwrap();
    fifo.write_all(b"x").unwrap();
    let mut byte = [0];
    fifo.read_exact(&mut byte).unwrap();
    assert!(read(&fixture.at("fifo")).is_err());
}

#[test]
fn standard_output_can_be_opened_through_a_link_of_ours() {
    let fixture = Fixture::new(0o1777);
    symlink("/dev/stdout", fixture.at("shared/log")).unwrap();
    let file = fixture.at("target");
    let target = File::create(&file).unwrap();
    let by_number = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&target));
    symlink(by_number, fixture.at("shared/number")).unwrap();
    append(&fixture.at("shared/number")).unwrap().write_all(b"there").unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), "there");
    assert!(check(&fixture.at("shared/log")).is_ok());
}
