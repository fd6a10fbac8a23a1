//! The configurations that are measured.

use std::fmt::Write as _;

/// Programs that sleep, without logs.
pub(crate) fn sleepers(count: usize, more: &str) -> String {
    let mut text = String::new();
    for number in 0..count {
        let _ = write!(
            text,
            "[program:p{number}]\ncommand=/bin/sleep 100000\nstartsecs=0\nstdout_logfile=NONE\n\
             stderr_logfile=NONE\n{more}"
        );
    }
    text
}

/// What supervisord reads before these programs.
pub(crate) fn head(programs: &str) -> String {
    let descriptors = descriptors(programs);
    format!(
        "[unix_http_server]\nfile=%(here)s/s.sock\n\
         [rpcinterface:supervisor]\n\
         supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n\
         [supervisord]\nnodaemon=true\nsilent=true\nlogfile=%(here)s/s.log\nlogfile_maxbytes=0\n\
         pidfile=%(here)s/s.pid\nchildlogdir=%(here)s\nminfds={descriptors}\n\
         [supervisorctl]\nserverurl=unix://%(here)s/s.sock\n"
    )
}

/// The default, or what so many programs need. Not more: Supervisor closes as many in each child.
fn descriptors(programs: &str) -> usize {
    let several = programs.lines().filter_map(|line| line.strip_prefix("numprocs="));
    let several: usize = several.filter_map(|number| number.parse::<usize>().ok()).sum();
    let all = programs.matches("[program:").count() + several;
    (3 * all + 300).clamp(1024, super::kernel::most_descriptors().max(1024))
}
