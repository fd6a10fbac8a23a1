//! The output of programs: logs and events.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::bench::Goal::{TimesBetter, TimesTheCost};
use crate::bench::{Bench, Contender, Figure, Measure, measure};
use crate::daemon::Daemon;
use crate::kernel::{until, until_every};
use crate::workers::line;

/// What is written, and what it goes through.
#[derive(Clone, Copy)]
struct Output {
    lines: usize,
    size: usize,
    streams: usize,
    way: Way,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Log,
    RotatedLog,
    Events,
    Listener,
}

const MEASURES: [Measure; 2] = [measure("wall", "s/GB"), measure("CPU", "s/GB")];
/// The goals of small writes.
const SMALL: [Measure; 2] =
    [MEASURES[0].goal(&[TimesTheCost(1.3)]), MEASURES[1].goal(&[TimesTheCost(1.6)])];
const EVENTS: [Measure; 2] =
    [MEASURES[0].goal(&[TimesBetter(1.5)]), MEASURES[1].goal(&[TimesBetter(2.0)])];

pub(crate) fn figures(bench: &Bench) -> Vec<Figure> {
    let small =
        Output { lines: bench.amount(1_000_000, 250_000), size: 80, streams: 1, way: Way::Log };
    let large = Output { lines: bench.amount(8010, 2010), size: 65_536, ..small };
    let through = |way| Output { way, ..small };
    let mut figures = vec![
        output("80-byte lines", small, &SMALL),
        output("80-byte lines, rotated log", through(Way::RotatedLog), &SMALL),
        output("80-byte lines as events, no listener", through(Way::Events), &EVENTS),
        output("80-byte lines as events, a listener", through(Way::Listener), &EVENTS),
        output("64 KiB writes", large, &MEASURES),
        output("64 KiB writes, rotated log", Output { way: Way::RotatedLog, ..large }, &MEASURES),
    ];
    for streams in bench.curve(&[10, 100, 1000], 100) {
        let several = Output { streams, ..small };
        figures.push(output(&format!("80-byte lines of {streams} programs"), several, &MEASURES));
    }
    figures
}

fn output(title: &str, output: Output, measures: &[Measure]) -> Figure {
    Figure::new(title, measures, move |bench, contender| {
        let Output { lines, size, streams, way } = output;
        let each = lines / streams;
        let daemon = match contender {
            Contender::Reference => {
                let arguments = [streams, each, size].map(|it| it.to_string());
                let [streams, each, size] = &arguments;
                Daemon::worker(bench, &["copy", streams, each, size])
            }
            _ => Daemon::supervisord(bench, contender, &sections(bench, output))?,
        };
        let pause = Duration::from_millis(if streams > 1 { 10 } else { 1 });
        until_every(pause, "the writers", || ready(daemon.dir()) == streams);
        // Supervisor's loop is at rest.
        std::thread::sleep(Duration::from_millis(300));
        let (before, began, total) =
            (daemon.processor_time(), Instant::now(), each * streams * size);
        let _go = daemon.go();
        until_every(pause, "the logs", || written(daemon.dir()) >= total as u64);
        let wall = began.elapsed().as_secs_f64();
        let cpu = daemon.processor_time() - before;
        if way == Way::Listener && contender != Contender::Reference {
            until("the events", || counted(&daemon.at("events")) == total);
        }
        for stream in 0..streams {
            verify(daemon.dir(), &format!("w{stream}.log"), each, size);
        }
        let gigabytes = total as f64 / 1e9;
        Some(vec![wall / gigabytes, cpu / gigabytes])
    })
}

fn sections(bench: &Bench, output: Output) -> String {
    let Output { lines, size, streams, way } = output;
    let (worker, each) = (bench.worker.display(), lines / streams);
    let more = match way {
        Way::Log => "stdout_logfile_maxbytes=0\n".to_owned(),
        Way::RotatedLog => "stdout_logfile_maxbytes=10MB\nstdout_logfile_backups=1000\n".to_owned(),
        Way::Events => "stdout_logfile_maxbytes=0\nstdout_events_enabled=true\n".to_owned(),
        Way::Listener => format!(
            "stdout_logfile_maxbytes=0\nstdout_events_enabled=true\n\
             [eventlistener:l]\ncommand={worker} --as listener {{dir}}/events\n\
             events=PROCESS_LOG\nbuffer_size=1000000\nstdout_logfile=NONE\nstderr_logfile=NONE\n"
        ),
    };
    format!(
        "[program:w]\ncommand={worker} --as lines {{dir}} %(process_num)d {each} {size}\n\
         numprocs={streams}\nprocess_name=w%(process_num)d\nstartsecs=0\nstderr_logfile=NONE\n\
         stdout_logfile={{dir}}/w%(process_num)d.log\n{more}"
    )
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

fn ready(dir: &Path) -> usize {
    names(dir).iter().filter(|name| name.starts_with("ready.")).count()
}

/// A log with its rotated predecessors, oldest first.
fn logs(dir: &Path, log: &str) -> Vec<PathBuf> {
    let mut logs: Vec<(u32, String)> = Vec::new();
    for name in names(dir) {
        let Some(rest) = name.strip_prefix(log) else { continue };
        let number = rest.strip_prefix('.').and_then(|number| number.parse().ok());
        logs.extend(number.or(rest.is_empty().then_some(0)).map(|number| (number, name)));
    }
    logs.sort();
    logs.into_iter().rev().map(|(_, name)| dir.join(name)).collect()
}

/// The size of all logs.
fn written(dir: &Path) -> u64 {
    let logs = names(dir).into_iter().filter(|name| name.starts_with('w'));
    logs.filter_map(|name| fs::metadata(dir.join(name)).ok()).map(|it| it.len()).sum()
}

fn counted(file: &Path) -> usize {
    let text = fs::read_to_string(file).unwrap_or_default();
    text.split(' ').nth(1).and_then(|bytes| bytes.parse().ok()).unwrap_or(0)
}

/// Every numbered line is there once and in order.
fn verify(dir: &Path, log: &str, count: usize, size: usize) {
    let mut text = Vec::new();
    for path in logs(dir, log) {
        text.extend(fs::read(path).expect("the log"));
    }
    assert_eq!(text.len(), count * size, "bytes in {log}");
    for (number, found) in text.chunks(size).enumerate() {
        assert!(found == line(number, size), "line {number} of {log} is damaged");
    }
}
