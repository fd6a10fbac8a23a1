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

/// What supervisord reads before the programs.
pub(crate) fn head() -> String {
    let descriptors = super::kernel::most_descriptors().min(65_536);
    format!(
        "[unix_http_server]\nfile=%(here)s/s.sock\n\
         [rpcinterface:supervisor]\n\
         supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n\
         [supervisord]\nnodaemon=true\nsilent=true\nlogfile=%(here)s/s.log\nlogfile_maxbytes=0\n\
         pidfile=%(here)s/s.pid\nchildlogdir=%(here)s\nminfds={descriptors}\n\
         [supervisorctl]\nserverurl=unix://%(here)s/s.sock\n"
    )
}
