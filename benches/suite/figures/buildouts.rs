//! Buildouts: `supkit` beside zc.buildout.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use crate::bench::Goal::{TimesBetter, TimesTheCost};
use crate::bench::{Bench, Contender, Figure, Goal, measure};
use crate::kernel::{self, processor_time_of_children};

pub(crate) fn figures(bench: &Bench) -> Vec<Figure> {
    let parts = bench.curve(&[10, 100, 1000], 100).into_iter();
    let mut figures: Vec<Figure> = parts.map(generate).collect();
    figures.push(annotate(50));
    figures
}

/// `supkit generate`, and `buildout -N` with the same sections and nothing to build.
fn generate(count: usize) -> Figure {
    let goals: &[Goal] = match count {
        100 => &[TimesBetter(100.0)],
        1000 => &[TimesTheCost(8.0)],
        _ => &[],
    };
    let measures = [measure("wall", "ms").goal(goals), measure("CPU", "ms")];
    let title = format!("generate with {count} parts, buildout -N");
    Figure::new(title, &measures, move |bench, contender| {
        let dir = tempfile::tempdir().expect("a temporary directory");
        fs::write(dir.path().join("buildout.cfg"), parts(count)).expect("a buildout");
        fs::create_dir(dir.path().join("eggs")).expect("a directory");
        let files = ["buildout.cfg".to_owned()];
        let arguments: &[&str] = match contender {
            Contender::Supkit => &["generate"],
            _ => &["-N", "-o", "buildout:parts="],
        };
        let measured = command(bench, contender, dir.path(), arguments, &files)?;
        let generated = fs::read_to_string(dir.path().join("etc/supervisord.conf"));
        let programs = generated.map_or(0, |text| text.matches("[program:").count());
        assert!(contender != Contender::Supkit || programs == count, "{programs} programs");
        Some(measured)
    })
}

fn parts(count: usize) -> String {
    let names: Vec<String> = (0..count).map(|number| format!("instance{number}")).collect();
    let mut text = format!(
        "[buildout]\neggs-directory = eggs\nparts = {}\n\n[ports]\nbase = 8000\n\n\
         [common]\nrecipe = plone.recipe.zope2instance\nuser = admin:admin\nzeo-client = on\n\
         eggs = Plone\n",
        names.join(" ")
    );
    for (number, name) in names.iter().enumerate() {
        let port = 10_000 + number;
        let _ =
            write!(text, "\n[{name}]\n<= common\nhttp-address = {port}\nbase = ${{ports:base}}\n");
    }
    text
}

/// `annotate` of a buildout that extends many files.
fn annotate(count: usize) -> Figure {
    let measures = [
        measure("wall", "ms").goal(&[TimesBetter(300.0), TimesTheCost(15.0)]),
        measure("CPU", "ms"),
    ];
    let title = format!("annotate over {count} files");
    Figure::new(title, &measures, move |bench, contender| {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let files: Vec<String> = (1..count).map(|number| format!("{number}.cfg")).collect();
        let files = [files, vec!["buildout.cfg".to_owned()]].concat();
        for (number, file) in files.iter().enumerate() {
            let extends = match number {
                0 => String::new(),
                _ => format!("extends = {}\n", files[number - 1]),
            };
            let mut text = format!("[buildout]\n{extends}parts =\n");
            for option in 0..20 {
                let _ = write!(text, "[s{option}]\na{number} = x\nb += {number}\n");
            }
            fs::write(dir.path().join(file), text).expect("a file");
        }
        command(bench, contender, dir.path(), &["annotate"], &files)
    })
}

/// Wall and processor time of a command in milliseconds. The reference reads the files once.
fn command(
    bench: &Bench,
    contender: Contender,
    dir: &Path,
    arguments: &[&str],
    files: &[String],
) -> Option<Vec<f64>> {
    let mut command = match contender {
        Contender::Supkit => Command::new(bench.program(contender, "supkit")?),
        Contender::Supervisor => Command::new(bench.program(contender, "buildout")?),
        Contender::Reference => Command::new(&bench.worker),
        Contender::Runit | Contender::S6 => return None,
    };
    match contender {
        Contender::Reference => command.args(["--as", "sections"]).args(files),
        _ => command.args(arguments),
    };
    let (before, began) = (processor_time_of_children(), Instant::now());
    let (status, out, err) = kernel::run(command.current_dir(dir));
    let wall = began.elapsed().as_secs_f64();
    let cpu = processor_time_of_children() - before;
    assert!(status.success(), "{out}{err}");
    Some(vec![wall * 1e3, cpu * 1e3])
}
