//! The `supervisorctl` applet: its options, and the `[supervisorctl]` section behind them.

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use crate::ctl::Settings;

pub(super) fn main(args: Vec<OsString>) -> ExitCode {
    let args: Vec<String> = args.iter().map(|a| a.to_string_lossy().into_owned()).collect();
    let settings = Settings {
        serverurl: args[1].clone(),
        username: None,
        password: None,
        prompt: "supervisor".to_owned(),
        history_file: Some("/tmp/ctlx/hist".to_owned()),
        interactive: false,
    };
    match crate::ctl::run(settings, &args[2..]) {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "Error: {error}");
            ExitCode::FAILURE
        }
    }
}
