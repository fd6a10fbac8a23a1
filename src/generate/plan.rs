//! What would be written, before anything is: each file is new, the same, different, or somebody
//! else's. Knows what lies there only by being told.

use super::seal::{self, Maker};

/// A file to be.
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

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Configuration,
    /// Something in `bin` or `libexec`.
    Script,
    /// Written once and then the user's own.
    Gift,
    /// What buildout has noted about its files.
    Record,
}

/// What lies at a path now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    Nothing,
    File {
        bytes: Vec<u8>,
        executable: bool,
    },
    Link(String),
    /// A directory, a socket, something unreadable: the word for it.
    Other(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    New,
    Unchanged,
    Changed,
    Conflict(Conflict),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// Made by supkit and edited since.
    Edited,
    /// Not made by supkit.
    Foreign,
    /// Nothing that could be replaced.
    NoFile(String),
}

impl File {
    pub fn is_executable(&self) -> bool {
        self.role == Role::Script
    }

    /// What is to be done, given what is there. `own` is the program that is running; `is_remade`
    /// says that buildout has made the file and makes it again on demand.
    pub fn judge(&self, found: &Found, own: &[u8], is_remade: bool) -> Verdict {
        match (found, &self.content) {
            (Found::Nothing, _) => Verdict::New,
            (Found::Other(what), _) => Verdict::Conflict(Conflict::NoFile(what.clone())),
            _ if self.role == Role::Gift => Verdict::Unchanged,
            (Found::Link(target), Content::Link(wanted)) if target == wanted => Verdict::Unchanged,
            (Found::Link(target), _) if target == "supkit" || is_remade => Verdict::Changed,
            (Found::Link(_), _) => Verdict::Conflict(Conflict::Foreign),
            (Found::File { bytes, executable }, content) => {
                let same = match content {
                    Content::Text(text) => bytes == text.as_bytes(),
                    Content::OwnProgram => bytes == own,
                    Content::Link(_) => false,
                };
                if same {
                    let is_right = *executable || !self.is_executable();
                    return if is_right { Verdict::Unchanged } else { Verdict::Changed };
                }
                match seal::maker(bytes) {
                    Maker::Supkit | Maker::Buildout => Verdict::Changed,
                    Maker::Edited => Verdict::Conflict(Conflict::Edited),
                    Maker::Other if is_remade => Verdict::Changed,
                    Maker::Other => Verdict::Conflict(Conflict::Foreign),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_file(text: &str) -> File {
        let content = Content::Text(seal::seal(text, ";"));
        File { path: "/p/x".into(), content, role: Role::Configuration }
    }

    fn found(text: &str) -> Found {
        Found::File { bytes: text.as_bytes().to_vec(), executable: false }
    }

    #[test]
    fn only_what_supkit_wrote_is_replaced() {
        let file = text_file("[a]\n");
        assert_eq!(file.judge(&Found::Nothing, b"", false), Verdict::New);
        assert_eq!(file.judge(&found(&seal::seal("[a]\n", ";")), b"", false), Verdict::Unchanged);
        assert_eq!(file.judge(&found(&seal::seal("[b]\n", ";")), b"", false), Verdict::Changed);
        let foreign = Verdict::Conflict(Conflict::Foreign);
        assert_eq!(file.judge(&found("[a]\n"), b"", false), foreign);
        let edited = format!("{}x", seal::seal("[b]\n", ";"));
        assert_eq!(file.judge(&found(&edited), b"", false), Verdict::Conflict(Conflict::Edited));
        assert_eq!(file.judge(&Found::Link("/usr/bin/x".into()), b"", false), foreign);
    }

    #[test]
    fn what_buildout_makes_again_is_replaced() {
        let file = text_file("[a]\n");
        assert_eq!(file.judge(&found("[mine]\n"), b"", true), Verdict::Changed);
        let directory = Found::Other("a directory".into());
        assert!(matches!(file.judge(&directory, b"", true), Verdict::Conflict(_)));
        let edited = format!("{}x", seal::seal("[b]\n", ";"));
        assert_eq!(file.judge(&found(&edited), b"", true), Verdict::Conflict(Conflict::Edited));
    }

    #[test]
    fn links_to_the_program_are_ours() {
        let link = File {
            path: "/p/libexec/supervisord".into(),
            content: Content::Link("supkit".into()),
            role: Role::Script,
        };
        assert_eq!(link.judge(&Found::Link("supkit".into()), b"", false), Verdict::Unchanged);
        assert_eq!(
            link.judge(&found("#!python"), b"", false),
            Verdict::Conflict(Conflict::Foreign)
        );
    }

    #[test]
    fn a_gift_is_given_once() {
        let gift = File {
            path: "/p/etc/supervisord.d/local.conf".into(),
            content: Content::Text("; yours\n".into()),
            role: Role::Gift,
        };
        assert_eq!(gift.judge(&found("[program:mine]\n"), b"", false), Verdict::Unchanged);
    }
}
