//! The output of programs: logs and events.

use std::fs;
use std::path::Path;
use std::time::Instant;

use crate::bench::{Bench, Contender, Figure, measure};
use crate::daemon::Daemon;
use crate::kernel::until;
use crate::workers::line;

/// What the output goes through.
#[derive(Clone, Copy)]
enum Path_ {
    Plain,
    Rotated,
    Events,
    Listener,
}

pub(crate) fn figures(bench: &Bench) -> Vec<Figure> {
    let lines = bench.amount(2_000_000, 500_000);
    let blocks = bench.amount(8000, 2000);
    vec![
        output("80-byte lines", lines, 80, Path_::Plain),
        output("80-byte lines, rotated", lines, 80, Path_::Rotated),
        output("80-byte lines, events without a listener", lines, 80, Path_::Events),
        output("80-byte lines, events with a listener", lines, 80, Path_::Listener),
        output("64 KiB writes", blocks, 65_536, Path_::Plain),
        output("64 KiB writes, rotated", blocks, 65_536, Path_::Rotated),
    ]
}

fn output(title: &str, count: usize, size: usize, path: Path_) -> Figure {
    let measures = [measure("wall", "s/GB"), measure("CPU", "s/GB")];
    Figure::new(title, &measures, move |bench, contender| {
        let daemon = match contender {
            Contender::Reference => {
                Daemon::worker(bench, &["copy", ".", &count.to_string(), &size.to_string()])
            }
            _ => Daemon::supervisord(bench, contender, &sections(bench, count, size, path))?,
        };
        until("the writer", || daemon.at("ready").exists());
        let (before, began) = (daemon.processor_time(), Instant::now());
        fs::write(daemon.at("go"), "").expect("a file");
        let total = (count * size) as u64;
        until("the log", || written(daemon.dir()) >= total);
        let wall = began.elapsed().as_secs_f64();
        let cpu = daemon.processor_time() - before;
        if matches!(path, Path_::Listener) && contender != Contender::Reference {
            until("the events", || counted(&daemon.at("events")) == total);
        }
        verify(daemon.dir(), count, size);
        let gigabytes = total as f64 / 1e9;
        Some(vec![wall / gigabytes, cpu / gigabytes])
    })
}

fn sections(bench: &Bench, count: usize, size: usize, path: Path_) -> String {
    let worker = bench.worker.display();
    let more = match path {
        Path_::Plain => "stdout_logfile_maxbytes=0\n".to_owned(),
        Path_::Rotated => "stdout_logfile_maxbytes=10MB\nstdout_logfile_backups=1000\n".to_owned(),
        Path_::Events => "stdout_logfile_maxbytes=0\nstdout_events_enabled=true\n".to_owned(),
        Path_::Listener => format!(
            "stdout_logfile_maxbytes=0\nstdout_events_enabled=true\n\
             [eventlistener:l]\ncommand={worker} --as listener {{dir}}/events\n\
             events=PROCESS_LOG\nbuffer_size=1000000\nstdout_logfile=NONE\nstderr_logfile=NONE\n"
        ),
    };
    format!(
        "[program:w]\ncommand={worker} --as lines {{dir}} {count} {size}\nstartsecs=0\n\
         stderr_logfile=NONE\nstdout_logfile=%(here)s/w.log\n{more}"
    )
}

/// The logs, oldest first.
fn logs(dir: &Path) -> Vec<std::path::PathBuf> {
    let mut logs: Vec<(u32, std::path::PathBuf)> = Vec::new();
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        match name.strip_prefix("w.log") {
            Some("") => logs.push((0, entry.path())),
            Some(rest) => {
                logs.extend(rest[1..].parse().ok().map(|number| (number, entry.path())));
            }
            None => {}
        }
    }
    logs.sort();
    logs.into_iter().rev().map(|(_, path)| path).collect()
}

fn written(dir: &Path) -> u64 {
    logs(dir).iter().filter_map(|path| fs::metadata(path).ok()).map(|it| it.len()).sum()
}

fn counted(file: &Path) -> u64 {
    let text = fs::read_to_string(file).unwrap_or_default();
    text.split(' ').nth(1).and_then(|bytes| bytes.parse().ok()).unwrap_or(0)
}

/// Every numbered line is there once and in order.
fn verify(dir: &Path, count: usize, size: usize) {
    let mut text = Vec::new();
    for path in logs(dir) {
        text.extend(fs::read(path).expect("the log"));
    }
    assert_eq!(text.len(), count * size, "bytes in the logs");
    for (number, found) in text.chunks(size).enumerate() {
        assert!(found == line(number, size), "line {number} is damaged");
    }
}
