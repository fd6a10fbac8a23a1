//! The place of the configuration in the deployment, and paths relative to it. A deployment with
//! all paths relative to `%(here)s` can be moved.

use super::blank_paths::{Split, hide};
use crate::buildout::paths::{dirname, normalize};

/// The files for local additions, relative to the configuration.
pub const LOCAL_ADDITIONS: &str = "supervisord.d/*.conf";

/// The place of a configuration file within a deployment.
#[derive(Clone, Debug)]
pub struct Place {
    directory: String,
    /// The path from the directory of the configuration to the deployment: `%(here)s/..`, or the
    /// absolute path if the configuration is outside.
    prefix: String,
    conf_directory: String,
}

impl Place {
    /// Both paths are absolute.
    pub fn new(directory: &str, conf: &str) -> Self {
        let (directory, conf_directory) = (normalize(directory), normalize(dirname(conf)));
        let prefix = match below(&directory, &conf_directory) {
            Some(steps) => format!("%(here)s{}", "/..".repeat(steps)),
            None => directory.replace('%', "%%"),
        };
        Self { directory, prefix, conf_directory }
    }

    /// Whether the configuration is inside the deployment.
    pub fn is_inside(&self) -> bool {
        self.prefix.starts_with("%(here)s")
    }

    /// The pattern of the files for local additions. Patterns end at a blank, even in `%(here)s`.
    pub fn local_additions(&self) -> String {
        if self.conf_directory.contains([' ', '\t']) {
            LOCAL_ADDITIONS.to_owned()
        } else {
            format!("%(here)s/{LOCAL_ADDITIONS}")
        }
    }

    /// A path below the deployment, as it is written in the configuration.
    pub fn path(&self, below: &str) -> String {
        format!("{}/{below}", self.prefix)
    }

    /// The value of an option with paths below the deployment relative, and in quotes if they have
    /// blanks.
    pub(super) fn value(&self, option: &str, text: &str) -> String {
        self.shorten(&Split::of(option).quoted(&hide(&self.directory, text)))
    }

    /// Replaces paths below the deployment by relative ones, if they begin at the start of a word.
    pub fn shorten(&self, text: &str) -> String {
        // Percent signs in `text` are already doubled.
        let directory = self.directory.replace('%', "%%");
        let mut out = String::new();
        let mut rest = text;
        while let Some(found) = rest.find(&directory) {
            let (before, after) = (&rest[..found], &rest[found + directory.len()..]);
            out.push_str(before);
            let starts = out.chars().next_back().is_none_or(|c| " \t\n\"'=,:".contains(c));
            let ends = after.chars().next().is_none_or(|c| "/ \t\n\"',;:".contains(c));
            out.push_str(if starts && ends { &self.prefix } else { &directory });
            rest = after;
        }
        out + rest
    }
}

/// `path` relative to `directory`; both are absolute.
pub fn relative(directory: &str, path: &str) -> String {
    let (directory, path) = (normalize(directory), normalize(path));
    let from: Vec<&str> = directory.split('/').filter(|step| !step.is_empty()).collect();
    let to: Vec<&str> = path.split('/').filter(|step| !step.is_empty()).collect();
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = vec![".."; from.len() - common];
    [up, to[common..].to_vec()].concat().join("/")
}

/// The number of steps from `outer` down to `inner`.
fn below(outer: &str, inner: &str) -> Option<usize> {
    let rest = inner.strip_prefix(outer.trim_end_matches('/'))?;
    (rest.is_empty() || rest.starts_with('/'))
        .then(|| rest.split('/').filter(|step| !step.is_empty()).count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_to_the_configuration() {
        let place = Place::new("/srv/p", "/srv/p/etc/supervisord.conf");
        assert_eq!(place.path("var"), "%(here)s/../var");
        assert_eq!(place.shorten("/srv/p/bin/zeo fg"), "%(here)s/../bin/zeo fg");
        assert_eq!(place.shorten("a -f=/srv/p/x /srv/p"), "a -f=%(here)s/../x %(here)s/..");
        assert_eq!(place.shorten("/srv/plone /x/srv/p/y"), "/srv/plone /x/srv/p/y");
    }

    #[test]
    fn relative_paths_climb_and_descend() {
        assert_eq!(relative("/p/bin", "/p/etc/s.conf"), "../etc/s.conf");
        assert_eq!(relative("/p", "/p/b.cfg"), "b.cfg");
        assert_eq!(relative("/a/b", "/c"), "../../c");
    }

    #[test]
    fn the_prefix_depends_on_the_place_of_the_configuration() {
        assert_eq!(Place::new("/srv/p", "/srv/p/s.conf").path("var"), "%(here)s/var");
        assert_eq!(Place::new("/srv/p", "/srv/p/a/b/s.conf").path("x"), "%(here)s/../../x");
        assert_eq!(Place::new("/srv/p", "/etc/s.conf").path("var"), "/srv/p/var");
        assert_eq!(Place::new("/srv/p", "/srv/pp/s.conf").path("var"), "/srv/p/var");
        assert_eq!(Place::new("/srv/50%", "/etc/s.conf").path("var"), "/srv/50%%/var");
    }
}
