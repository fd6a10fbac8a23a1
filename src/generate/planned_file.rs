//! A file that is to be written, and its status compared with what exists at its path.

use super::checksum_header::{self, Author};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Absolute.
    pub path: String,
    pub content: Content,
    pub role: Role,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    Text(String),
    /// The program that is running now.
    OwnProgram,
    /// A symbolic link, relative to its directory.
    Link(String),
}

/// The purpose of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Configuration,
    /// Something in `bin` or `libexec`.
    Script,
    /// Written only if it does not exist; it belongs to the user.
    CreateOnce,
    /// `.installed.cfg`, in which buildout lists its files.
    InstalledCfg,
}

/// What exists at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    Nothing,
    File {
        bytes: Vec<u8>,
        executable: bool,
    },
    Link(String),
    /// A directory, a socket or an unreadable file, with its description.
    Other(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileStatus {
    New,
    Unchanged,
    Changed,
    Conflict(Conflict),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// Written by supkit and edited since.
    Edited,
    /// Not written by supkit.
    Foreign,
    /// Neither a file nor a link.
    NotAFile(String),
}

impl File {
    pub fn is_executable(&self) -> bool {
        self.role == Role::Script
    }

    /// Compares the file with what exists. `own` is the running program; `is_remade` is true for
    /// files of buildout, which can make them again.
    pub fn status(&self, found: &Found, own: &[u8], is_remade: bool) -> FileStatus {
        match (found, &self.content) {
            (Found::Nothing, _) => FileStatus::New,
            (Found::Other(what), _) => FileStatus::Conflict(Conflict::NotAFile(what.clone())),
            _ if self.role == Role::CreateOnce => FileStatus::Unchanged,
            (Found::Link(target), Content::Link(wanted)) if target == wanted => {
                FileStatus::Unchanged
            }
            (Found::Link(target), _) if target == "supkit" || is_remade => FileStatus::Changed,
            (Found::Link(_), _) => FileStatus::Conflict(Conflict::Foreign),
            (Found::File { bytes, executable }, content) => {
                let same = match content {
                    Content::Text(text) => bytes == text.as_bytes(),
                    Content::OwnProgram => bytes == own,
                    Content::Link(_) => false,
                };
                if same {
                    let is_right = *executable || !self.is_executable();
                    return if is_right { FileStatus::Unchanged } else { FileStatus::Changed };
                }
                match checksum_header::author(bytes) {
                    Author::Supkit | Author::Buildout => FileStatus::Changed,
                    Author::Edited => FileStatus::Conflict(Conflict::Edited),
                    Author::Other if is_remade => FileStatus::Changed,
                    Author::Other => FileStatus::Conflict(Conflict::Foreign),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_file(text: &str) -> File {
        let content = Content::Text(checksum_header::add(text, ";"));
        File { path: "/p/x".into(), content, role: Role::Configuration }
    }

    fn found(text: &str) -> Found {
        Found::File { bytes: text.as_bytes().to_vec(), executable: false }
    }

    #[test]
    fn only_files_of_supkit_are_replaced() {
        let file = text_file("[a]\n");
        assert_eq!(file.status(&Found::Nothing, b"", false), FileStatus::New);
        assert_eq!(
            file.status(&found(&checksum_header::add("[a]\n", ";")), b"", false),
            FileStatus::Unchanged
        );
        assert_eq!(
            file.status(&found(&checksum_header::add("[b]\n", ";")), b"", false),
            FileStatus::Changed
        );
        let foreign = FileStatus::Conflict(Conflict::Foreign);
        assert_eq!(file.status(&found("[a]\n"), b"", false), foreign);
        let edited = format!("{}x", checksum_header::add("[b]\n", ";"));
        assert_eq!(
            file.status(&found(&edited), b"", false),
            FileStatus::Conflict(Conflict::Edited)
        );
        assert_eq!(file.status(&Found::Link("/usr/bin/x".into()), b"", false), foreign);
    }

    #[test]
    fn files_of_buildout_are_replaced() {
        let file = text_file("[a]\n");
        assert_eq!(file.status(&found("[mine]\n"), b"", true), FileStatus::Changed);
        let directory = Found::Other("a directory".into());
        assert!(matches!(file.status(&directory, b"", true), FileStatus::Conflict(_)));
        let edited = format!("{}x", checksum_header::add("[b]\n", ";"));
        assert_eq!(file.status(&found(&edited), b"", true), FileStatus::Conflict(Conflict::Edited));
    }

    #[test]
    fn links_to_the_program_belong_to_supkit() {
        let link = File {
            path: "/p/libexec/supervisord".into(),
            content: Content::Link("supkit".into()),
            role: Role::Script,
        };
        assert_eq!(link.status(&Found::Link("supkit".into()), b"", false), FileStatus::Unchanged);
        assert_eq!(
            link.status(&found("#!python"), b"", false),
            FileStatus::Conflict(Conflict::Foreign)
        );
    }

    #[test]
    fn a_file_of_the_user_is_created_once() {
        let file = File {
            path: "/p/etc/supervisord.d/local.conf".into(),
            content: Content::Text("; yours\n".into()),
            role: Role::CreateOnce,
        };
        assert_eq!(file.status(&found("[program:mine]\n"), b"", false), FileStatus::Unchanged);
    }
}
