//! What `supkit check` finds in the texts on standard input.

use std::collections::BTreeMap;
use std::io::{self, Read as _, Write as _};
use std::process::ExitCode;

use crate::buildout::EnvOverlay;
use crate::cli::real_buildout_env::RealBuildoutEnv;
use crate::cli::{check, check_project};
use crate::conf::check::check as lint;
use crate::conf::options::CommandLine;
use crate::conf::overlay::Overlay;
use crate::conf::read::examine;
use crate::conf::sections::{Section, supervisord};
use crate::daemon::real_host::RealHost;
use crate::diag::SourceMap;
use crate::editor::outline::{Block, Outline};
use crate::lsp::check::{CheckRequest, Checked};
use crate::os::stdout;

pub(in crate::cli) fn main() -> ExitCode {
    let mut bytes = Vec::new();
    let request = io::stdin().read_to_end(&mut bytes);
    let request = request.and_then(|_| Ok(serde_json::from_slice::<CheckRequest>(&bytes)?));
    let checked = request.and_then(|request| Ok(serde_json::to_vec(&checked(&request))?));
    match checked {
        Ok(text) => {
            stdout::write_all(&text);
            ExitCode::SUCCESS
        }
        Err(error) => {
            let _ = writeln!(io::stderr(), "supkit lsp: check: {error}");
            ExitCode::FAILURE
        }
    }
}

fn checked(request: &CheckRequest) -> Checked {
    let file = request.file();
    if request.is_project() {
        let real = RealBuildoutEnv::around(file);
        let (problems, sources) =
            check_project::problems(file, &EnvOverlay::new(&real, &request.texts));
        return Checked::new(&problems, &sources);
    }
    if request.is_fragment() {
        return fragment(request);
    }
    let host = Overlay::new(&RealHost, &request.texts);
    let examined = examine(file, &CommandLine::default(), &host);
    let (problems, _) = check::problems(&examined, &host);
    Checked::new(&problems, &examined.loaded.sources)
}

/// A part of a configuration is checked as if the section of the daemon came after it. What this host
/// allows depends on that section, so it is not tried.
fn fragment(request: &CheckRequest) -> Checked {
    let file = request.file();
    let text = request.texts.get(file).map_or("", String::as_str);
    let is_foreign = |block: &Block| Section::of(block.name.trim()).is_none();
    let blocks = Outline::new(text).blocks;
    if !blocks.is_empty() && blocks.iter().all(is_foreign) {
        // It is another program's; the lints leave such a file alone.
        let mut sources = SourceMap::default();
        sources.add(file, text);
        return Checked::new(&[], &sources);
    }
    let texts = format!("{text}\n[{}]\n", supervisord::SECTION.word);
    let texts = BTreeMap::from([(file.to_owned(), texts)]);
    let host = Overlay::new(&RealHost, &texts);
    let examined = examine(file, &CommandLine::default(), &host);
    Checked::new(&lint(&examined, &host), &examined.loaded.sources)
}
