//! The files of a new project: `supkit init`. Zope and Plone projects are buildouts; a plain one has a
//! configuration with the programs of its Procfile.

use serde_json::{Value, json};

use super::render::{RenderFault, template};
use crate::assets;

/// What a new project is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scaffold {
    Zope(Site),
    Plone(Site),
    Plain { programs: Vec<PlainProgram>, from_procfile: bool },
}

/// ZEO server, instances and Varnish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// At least one.
    pub instances: u16,
    /// The port of Varnish.
    pub port: u16,
    /// The port of the first instance; the others follow.
    pub instance_port: u16,
    pub zeo_port: u16,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlainProgram {
    pub name: String,
    /// For a shell.
    pub command: String,
}

/// A file of the project, with its path in it.
#[derive(Debug, PartialEq, Eq)]
pub struct ScaffoldFile {
    pub path: &'static str,
    pub text: String,
}

/// As often as Varnish tries a request again (`max_retries`).
const MOST_RETRIES: u16 = 4;

/// The first port of the programs of a Procfile, as Foreman sets it; each has its own hundred.
const FIRST_PORT: usize = 5000;

impl Scaffold {
    /// All files. `name` is the name of the project.
    pub fn files(&self, name: &str) -> Result<Vec<ScaffoldFile>, RenderFault> {
        match self {
            Self::Zope(site) => site_files(site, name, true),
            Self::Plone(site) => plone_files(site, name),
            Self::Plain { programs, from_procfile } => plain_files(programs, name, *from_procfile),
        }
    }
}

fn plone_files(site: &Site, name: &str) -> Result<Vec<ScaffoldFile>, RenderFault> {
    let mut files = site_files(site, name, false)?;
    let text = assets::CREATE_SITE.to_owned();
    files.push(ScaffoldFile { path: "scripts/create_site.py", text });
    Ok(files)
}

fn site_files(site: &Site, name: &str, is_zope: bool) -> Result<Vec<ScaffoldFile>, RenderFault> {
    let (title, egg, versions, probe_path) = if is_zope {
        ("A Zope site", "Zope", assets::ZOPE_VERSIONS, "/")
    } else {
        ("A Plone site", "Plone", assets::PLONE_VERSIONS, "/ok")
    };
    let instances = instances(site);
    let data = json!({
        "name": name,
        "title": title,
        "egg": egg,
        "is_plain_zope": is_zope,
        "first_instance": instances[0]["name"],
        "instances": instances,
        "others": (site.instances - 1).min(MOST_RETRIES),
        "count": counted(site.instances),
        "varnish_port": site.port,
        "zeo_port": site.zeo_port,
        "probe_path": probe_path,
    });
    let rendered = |path, source| Ok(ScaffoldFile { path, text: template(source, &data)? });
    let verbatim = |path, text: &str| ScaffoldFile { path, text: text.to_owned() };
    Ok(vec![
        rendered("buildout.cfg", "init/buildout.cfg.hbs")?,
        verbatim("versions.cfg", versions),
        verbatim("requirements.txt", assets::BUILDOUT_REQUIREMENTS),
        rendered("etc/varnish.vcl", "init/varnish.vcl.hbs")?,
        rendered("Makefile", "init/Makefile.hbs")?,
        rendered(".gitignore", "init/gitignore.hbs")?,
        rendered("README.md", "init/README.md.hbs")?,
    ])
}

/// The instances after the first one are made from it. `next` is the one that answers in place of it.
fn instances(site: &Site) -> Vec<Value> {
    let name =
        |number| if site.instances == 1 { "instance".into() } else { format!("instance{number}") };
    let instance = |number: u16| {
        json!({
            "name": name(number),
            "own_port": site.instance_port + number - 1,
            "first": (number > 1).then(|| name(1)),
            "next": name(number % site.instances + 1),
        })
    };
    (1..=site.instances).map(instance).collect()
}

fn counted(instances: u16) -> String {
    if instances == 1 { "an instance".to_owned() } else { format!("{instances} instances") }
}

fn plain_files(
    programs: &[PlainProgram],
    name: &str,
    from_procfile: bool,
) -> Result<Vec<ScaffoldFile>, RenderFault> {
    let program = |(index, program): (usize, &PlainProgram)| {
        let (name, command) = (&program.name, configured(&program.command));
        json!({ "name": name, "call": command, "own_port": FIRST_PORT + 100 * index })
    };
    let programs: Vec<Value> = programs.iter().enumerate().map(program).collect();
    let data = json!({ "name": name, "all": programs, "from_procfile": from_procfile });
    let rendered = |path, source| Ok(ScaffoldFile { path, text: template(source, &data)? });
    Ok(vec![
        rendered("etc/supervisord.conf", "init/plain/supervisord.conf.hbs")?,
        rendered("Makefile", "init/plain/Makefile.hbs")?,
        rendered(".gitignore", "init/plain/gitignore.hbs")?,
        rendered("README.md", "init/plain/README.md.hbs")?,
    ])
}

/// A command for a shell as a value of `command=`. There `%` begins an expansion, `;` and `#` after a
/// blank begin a comment, quoted or not, and words are split by the rules of the shell: so the quotes
/// are closed and opened again in between.
fn configured(command: &str) -> String {
    let word = command.replace('\'', r#"'"'"'"#).replace('%', "%%");
    let word = [' ', '\t'].iter().fold(word, |word, blank| {
        word.replace(&format!("{blank};"), &format!("{blank}'';"))
            .replace(&format!("{blank}#"), &format!("{blank}''#"))
    });
    format!("/bin/sh -c '{word}'")
}

/// The programs of a Procfile: `name: command` on each line.
pub fn procfile(text: &str) -> Result<Vec<PlainProgram>, String> {
    let mut programs: Vec<PlainProgram> = Vec::new();
    for (index, line) in text.lines().map(str::trim).enumerate() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let is_name = |name: &str| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c))
        };
        let program = line.split_once(':').filter(|(name, _)| is_name(name));
        let program = program.filter(|(_, command)| !command.trim().is_empty());
        let (name, command) =
            program.ok_or_else(|| format!("line {}: expected `name: command`", index + 1))?;
        if programs.iter().any(|other| other.name == name) {
            return Err(format!("line {}: `{name}` is there twice", index + 1));
        }
        let (name, command) = (name.to_owned(), command.trim().to_owned());
        programs.push(PlainProgram { name, command });
    }
    Ok(programs)
}

/// The program of a plain project without a Procfile.
pub fn example() -> PlainProgram {
    let command = "while :; do date; sleep 10; done".to_owned();
    PlainProgram { name: "example".to_owned(), command }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conf::words;

    fn site(instances: u16) -> Site {
        Site { instances, port: 8000, instance_port: 8080, zeo_port: 8100 }
    }

    fn file(scaffold: &Scaffold, path: &str) -> String {
        let files = scaffold.files("shop").unwrap();
        files.into_iter().find(|file| file.path == path).unwrap().text
    }

    #[test]
    fn one_instance_has_no_number_and_several_share_their_options() {
        let one = file(&Scaffold::Zope(site(1)), "buildout.cfg");
        assert!(one.contains("\n[instance]\nrecipe = plone.recipe.zope2instance\n"), "{one}");
        let three = file(&Scaffold::Zope(site(3)), "buildout.cfg");
        assert!(three.contains("[instance3]\n<= instance1\n"), "{three}");
        assert!(three.contains("instance3 = 8082\n"), "{three}");
        let vcl = file(&Scaffold::Zope(site(3)), "etc/varnish.vcl");
        assert!(vcl.contains("instances.add_backend(instance3);") && vcl.contains("\"8082\""));
    }

    #[test]
    fn what_one_instance_fails_to_answer_the_next_one_answers() {
        let vcl = |instances| file(&Scaffold::Zope(site(instances)), "etc/varnish.vcl");
        assert!(!vcl(1).contains("vcl_backend_error"), "{}", vcl(1));
        let three = vcl(3);
        for (failed, next) in [(1, 2), (2, 3), (3, 1)] {
            let step = format!(
                "if (beresp.backend == instance{failed}) {{\n            \
                 set bereq.backend = instance{next};\n"
            );
            assert!(three.contains(&step), "{step}: {three}");
        }
        assert!(three.contains("bereq.retries < 2)"), "{three}");
        assert!(vcl(100).contains("bereq.retries < 4)"));
    }

    #[test]
    fn plone_is_another_egg_and_is_packed() {
        let plone = file(&Scaffold::Plone(site(2)), "buildout.cfg");
        assert!(plone.contains("\n    Plone\n") && !plone.contains("zodb-temporary"), "{plone}");
        assert!(plone.contains("[zeopack]\nsupervisor-command = "), "{plone}");
        assert!(file(&Scaffold::Plone(site(2)), "README.md").starts_with("# shop\n\nA Plone site"));
        assert!(file(&Scaffold::Plone(site(2)), "versions.cfg").contains("\nPlone = 6."));
        let makefile = file(&Scaffold::Plone(site(1)), "Makefile");
        assert!(makefile.contains("bin/instance run scripts/create_site.py"), "{makefile}");
        let zope = Scaffold::Zope(site(2));
        assert!(!file(&zope, "Makefile").contains("create-site"));
        assert!(!file(&zope, "buildout.cfg").contains("zeopack"));
    }

    #[test]
    fn a_procfile_is_read() {
        let text = "# all\nweb: bin/web --port $PORT\n\nworker-1:  exec worker\n";
        let programs = procfile(text).unwrap();
        let names: Vec<_> = programs.iter().map(|it| (&*it.name, &*it.command)).collect();
        assert_eq!(names, [("web", "bin/web --port $PORT"), ("worker-1", "exec worker")]);
        assert_eq!(procfile("web: a\nnonsense\n").unwrap_err(), "line 2: expected `name: command`");
        assert_eq!(procfile("web:\n").unwrap_err(), "line 1: expected `name: command`");
        assert_eq!(procfile("web: a\nweb: b\n").unwrap_err(), "line 2: `web` is there twice");
    }

    #[test]
    fn a_command_reaches_the_shell_as_it_is() {
        for command in ["a 'b c' \"d\" \\$e", "date +%H:%M", "it's", r"printf 'a\n'", "a ; b\t# c"]
        {
            let words = words::split(&configured(command)).unwrap();
            let shell = words[2].replace("%%", "%");
            assert_eq!((&*words[0], &*words[1], &*shell), ("/bin/sh", "-c", command));
        }
        assert!(!configured("a ; b").contains(" ;") && !configured("a #b").contains(" #"));
    }
}
