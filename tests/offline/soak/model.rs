//! What the states of the processes may be, after what was requested. Requests of one step overlap, so the
//! model is certain only about processes for which all of them agree.

use std::collections::{BTreeMap, BTreeSet};

use super::programs::{Conduct, Configuration, EXTRAS, names};

/// The state of a steady process when nothing is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Running,
    Stopped,
    Either,
}

/// A process, as `getAllProcessInfo` shows it.
#[derive(Clone, Debug)]
pub(super) struct Info {
    /// `group:process`, or the name alone if both are equal.
    pub(super) name: String,
    pub(super) state: String,
    pub(super) pid: i32,
}

#[derive(Default)]
pub(super) struct Model {
    wanted: BTreeMap<String, Wanted>,
    /// What the present step requests.
    touched: BTreeMap<String, Wanted>,
    /// The extra programs, if it is certain which of them are active.
    extras: Option<BTreeSet<&'static str>>,
}

impl Model {
    /// A request of the present step.
    pub(super) fn touch(&mut self, name: &str, wanted: Wanted) {
        let entry = self.touched.entry(name.to_owned()).or_insert(wanted);
        if *entry != wanted {
            *entry = Wanted::Either;
        }
    }

    pub(super) fn touch_all(&mut self, wanted: Wanted) {
        for name in names(Conduct::Steady).chain(EXTRAS) {
            self.touch(name, wanted);
        }
    }

    /// Which extra programs are active is no longer certain.
    pub(super) fn forget_extras(&mut self) {
        self.extras = None;
    }

    /// The daemon has done what the configuration requires, and nothing else was requested meanwhile.
    pub(super) fn expect_extras(&mut self, configuration: &Configuration) {
        self.extras = Some(configuration.present().map(|(name, _)| name).collect());
    }

    /// All requests of the step were answered.
    pub(super) fn end_step(&mut self) {
        self.wanted.append(&mut self.touched);
    }

    fn wanted(&self, name: &str) -> Wanted {
        self.wanted.get(name).copied().unwrap_or(Wanted::Either)
    }

    /// What the states contradict, in words that stay the same as long as it is the same.
    pub(super) fn contradictions(&self, infos: &[Info]) -> Vec<String> {
        let mut wrong = Vec::new();
        let find = |name: &str| infos.iter().find(|info| info.name == name);
        for name in names(Conduct::Steady) {
            match find(name) {
                Some(info) => wrong.extend(contradiction(info, self.wanted(name))),
                None => wrong.push(format!("{name} is missing")),
            }
        }
        for name in EXTRAS {
            let is_active = find(name).is_some();
            let expected = self.extras.as_ref().map(|extras| extras.contains(name));
            if expected.is_some_and(|expected| expected != is_active) {
                let what = if is_active { "is not removed" } else { "is not added" };
                wrong.push(format!("{name} {what}"));
            }
            wrong.extend(find(name).and_then(|info| contradiction(info, self.wanted(name))));
        }
        for name in names(Conduct::Ends) {
            if find(name).is_none_or(|info| !["STOPPED", "EXITED"].contains(&info.state.as_str())) {
                wrong.push(format!("{name} has not ended"));
            }
        }
        wrong
    }
}

fn contradiction(info: &Info, wanted: Wanted) -> Option<String> {
    let Info { name, state, .. } = info;
    match (wanted, state.as_str()) {
        (Wanted::Running | Wanted::Either, "RUNNING")
        | (Wanted::Stopped | Wanted::Either, "STOPPED") => None,
        (Wanted::Running, _) => Some(format!("{name} is not RUNNING")),
        (Wanted::Stopped, _) => Some(format!("{name} is not STOPPED")),
        (Wanted::Either, _) => Some(format!("{name} is neither RUNNING nor STOPPED")),
    }
}
