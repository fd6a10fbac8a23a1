//! Large configurations and buildouts.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::bench::{Bench, Contender, Figure, measure};
use crate::client::request;
use crate::conf::sleepers;
use crate::daemon::Daemon;
use crate::kernel::{processor_time_of_children, resident};

pub(crate) fn figures(bench: &Bench) -> Vec<Figure> {
    let mut figures = vec![sections(bench.amount(1000, 300))];
    if !bench.is_quick {
        figures.push(sections(5000));
    }
    figures.extend([generate(100), generate(bench.amount(1000, 300)), annotate(50)]);
    figures
}

/// A configuration whose programs are not started.
fn sections(count: usize) -> Figure {
    let measures = [measure("start", "ms"), measure("reread", "ms"), measure("RSS", "MB")];
    let title = format!("configuration with {count} programs");
    Figure::new(title, &measures, move |bench, contender| {
        let text = sleepers(count, "autostart=false\n");
        if contender == Contender::Reference {
            return Some(one_pass(bench, &text));
        }
        let began = Instant::now();
        let daemon = Daemon::supervisord(bench, contender, &text)?;
        let mut client = daemon.client();
        let start = began.elapsed().as_secs_f64() * 1e3;
        let reread = request("supervisor.reloadConfig");
        let began = Instant::now();
        assert!(client.call(&reread).is_some_and(|reply| !reply.is_empty()), "no reply");
        let reread = began.elapsed().as_secs_f64() * 1e3;
        Some(vec![start, reread, resident(daemon.pid())])
    })
}

/// The program that only reads the file; its start is part of its time.
fn one_pass(bench: &Bench, text: &str) -> Vec<f64> {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let file = dir.path().join("s.conf");
    fs::write(&file, text).expect("the configuration can be written");
    let began = Instant::now();
    let mut command = Command::new(&bench.worker);
    let status = command.args(["--as", "sections"]).arg(&file).status();
    assert!(status.is_ok_and(|status| status.success()), "the reference failed");
    let wall = began.elapsed().as_secs_f64() * 1e3;
    vec![wall, wall, f64::NAN]
}

/// `supkit generate`, and `buildout -N` with the same sections and nothing to build.
fn generate(count: usize) -> Figure {
    let measures = [measure("wall", "ms"), measure("CPU", "ms")];
    Figure::new(
        format!("generate with {count} parts (Supervisor: zc.buildout -N)"),
        &measures,
        move |bench, contender| {
            let dir = tempfile::tempdir().expect("a temporary directory");
            fs::write(dir.path().join("buildout.cfg"), parts(count)).expect("a buildout");
            fs::create_dir(dir.path().join("eggs")).expect("a directory");
            let arguments: &[&str] = match contender {
                Contender::Supkit => &["generate"],
                _ => &["-N", "-o", "buildout:parts="],
            };
            command(bench, contender, dir.path(), arguments)
        },
    )
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
    let measures = [measure("wall", "ms"), measure("CPU", "ms")];
    Figure::new(
        format!("annotate over {count} files (Supervisor: zc.buildout)"),
        &measures,
        move |bench, contender| {
            let dir = tempfile::tempdir().expect("a temporary directory");
            for number in 0..count {
                let extends = match number {
                    0 => String::new(),
                    _ => format!("extends = {}.cfg\n", number - 1),
                };
                let mut text = format!("[buildout]\n{extends}parts =\n");
                for option in 0..20 {
                    let _ = write!(text, "[s{option}]\na{number} = x\nb += {number}\n");
                }
                fs::write(dir.path().join(format!("{number}.cfg")), text).expect("a file");
            }
            fs::rename(
                dir.path().join(format!("{}.cfg", count - 1)),
                dir.path().join("buildout.cfg"),
            )
            .expect("a file");
            command(bench, contender, dir.path(), &["annotate"])
        },
    )
}

fn command(
    bench: &Bench,
    contender: Contender,
    dir: &Path,
    arguments: &[&str],
) -> Option<Vec<f64>> {
    let program = match contender {
        Contender::Supkit => bench.program(contender, "supkit")?,
        Contender::Supervisor => bench.program(contender, "buildout")?,
        _ => return None,
    };
    let (before, began) = (processor_time_of_children(), Instant::now());
    let mut command = Command::new(program);
    command.args(arguments).current_dir(dir).stdin(Stdio::null());
    let output = command.output().expect("the command runs");
    let wall = began.elapsed().as_secs_f64();
    let cpu = processor_time_of_children() - before;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(vec![wall * 1e3, cpu * 1e3])
}
