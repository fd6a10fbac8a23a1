//! What the keys do.

use super::help;
use super::key::Key;
use super::log::{self, Log, Stream};
use super::request::{Query, Request};
use super::row::{Column, Row, Target};
use super::state::{Dialog, Model, Purpose, Text, TextKind, View};
use super::task::{self, Task, Verb};
use super::update::{self, Manner};
use crate::ctl::Channel;

/// The longest text that is typed.
const MAX_INPUT: usize = 200;
const DEFAULT_SIGNAL: &str = "HUP";

impl Model {
    pub(in crate::top) fn on_key(&mut self, key: Key) -> Vec<Request> {
        match key {
            Key::Ctrl('c') => return vec![Request::Quit],
            Key::Ctrl('z') => return vec![Request::Suspend],
            Key::Ctrl('l') => return vec![Request::Redraw, Request::Refresh],
            _ => {}
        }
        if let Some(dialog) = self.dialog.take() {
            return self.on_dialog_key(dialog, key);
        }
        match &self.view {
            View::List => self.on_list_key(key),
            View::Text(_) => self.on_text_key(key),
            View::Log(_) => self.on_log_key(key),
        }
    }

    fn on_dialog_key(&mut self, dialog: Dialog, key: Key) -> Vec<Request> {
        match dialog {
            Dialog::Confirm { task, .. } => {
                if matches!(key, Key::Char('y' | 'Y')) {
                    return self.run(task);
                }
                self.say("nothing was done");
                Vec::new()
            }
            Dialog::Input { purpose, mut text } => {
                match key {
                    Key::Enter => return self.on_input(purpose, &text),
                    Key::Escape => return self.on_input_cancelled(&purpose),
                    Key::Backspace if text.is_empty() => {
                        return self.on_input_cancelled(&purpose);
                    }
                    Key::Backspace => {
                        text.pop();
                    }
                    Key::Ctrl('u') => text.clear(),
                    Key::Char(character) if text.len() < MAX_INPUT => text.push(character),
                    _ => {}
                }
                // The list shows at once what is left.
                if purpose == Purpose::Filter {
                    self.filter(&text);
                }
                self.dialog = Some(Dialog::Input { purpose, text });
                Vec::new()
            }
        }
    }

    fn on_input(&mut self, purpose: Purpose, text: &str) -> Vec<Request> {
        match purpose {
            Purpose::Filter => self.filter(text),
            Purpose::Search => {
                if let View::Log(log) = &mut self.view {
                    if !log.begin_search(text) {
                        self.complain(format!("nothing contains `{text}`"));
                    }
                }
            }
            Purpose::Cancel => match text.trim().parse() {
                Ok(job) => {
                    let id = self.next_id();
                    return self.run(Task::cancel(id, job));
                }
                Err(_) => self.complain(format!("`{text}` is not the number of a job")),
            },
            Purpose::Signal(targets) => {
                let signal = match text.trim() {
                    "" => DEFAULT_SIGNAL,
                    signal => signal,
                };
                let id = self.next_id();
                return self.run(Task::new(id, &Verb::Signal(signal.to_owned()), &targets));
            }
        }
        Vec::new()
    }

    fn on_input_cancelled(&mut self, purpose: &Purpose) -> Vec<Request> {
        match purpose {
            Purpose::Filter => self.filter(""),
            Purpose::Search => {
                if let View::Log(log) = &mut self.view {
                    log.search.clear();
                }
            }
            Purpose::Signal(_) | Purpose::Cancel => self.say("nothing was done"),
        }
        Vec::new()
    }

    fn filter(&mut self, text: &str) {
        text.clone_into(&mut self.arrangement.filter);
        self.arrange();
    }

    fn on_list_key(&mut self, key: Key) -> Vec<Request> {
        self.message = None;
        match key {
            Key::Char('q') => return vec![Request::Quit],
            Key::Escape => {
                self.filter("");
                self.marked.clear();
                self.notes.retain(|_, note| !note.is_error);
            }
            Key::Char('?') => self.show(TextKind::Help, help::lines()),
            Key::Char('J') => self.show(TextKind::Jobs, update::job_lines(&self.snapshot.jobs)),
            Key::Char('/') => {
                let text = self.arrangement.filter.clone();
                self.dialog = Some(Dialog::Input { purpose: Purpose::Filter, text });
            }
            Key::Char('<') => self.sort_by_next(true),
            Key::Char('>') => self.sort_by_next(false),
            Key::Char('!') => {
                self.arrangement.is_reversed = !self.arrangement.is_reversed;
                self.arrange();
            }
            Key::Char(' ') => self.mark(),
            Key::Left => self.collapse(true),
            Key::Right => self.collapse(false),
            Key::Char('-') => {
                let names = self.snapshot.processes.iter().map(|process| process.group.clone());
                self.arrangement.collapsed = names.collect();
                self.arrange();
            }
            Key::Char('+') => {
                self.arrangement.collapsed.clear();
                self.arrange();
            }
            Key::Char('g') => return self.ask(Query::Graph),
            Key::Char('u') => return self.ask(Query::Plan),
            Key::Enter | Key::Char('w' | 'l' | 'L') => return self.open(key),
            Key::Char(letter) if self.move_cursor(key) || !is_action(letter) => {}
            Key::Char(letter) => return self.on_action(letter),
            _ => {
                self.move_cursor(key);
            }
        }
        Vec::new()
    }

    fn show(&mut self, kind: TextKind, lines: Vec<String>) {
        self.view = View::Text(Text::new(kind, lines));
    }

    fn move_cursor(&mut self, key: Key) -> bool {
        let page = self.scroll.height.saturating_sub(1).max(1);
        let at = match key {
            Key::Up | Key::Char('k') => self.cursor.saturating_sub(1),
            Key::Down | Key::Char('j') => self.cursor + 1,
            Key::PageUp | Key::Ctrl('b') => self.cursor.saturating_sub(page),
            Key::PageDown | Key::Ctrl('f') => self.cursor + page,
            Key::Home => 0,
            Key::End => usize::MAX,
            _ => return false,
        };
        self.select(at);
        true
    }

    /// The columns that the daemon has values for.
    fn sort_by_next(&mut self, is_backwards: bool) {
        let processes = &self.snapshot.processes;
        let known: Vec<Column> =
            Column::ALL.into_iter().filter(|column| column.is_known(processes)).collect();
        let at = known.iter().position(|column| *column == self.arrangement.sort).unwrap_or(0);
        let step = if is_backwards { known.len() - 1 } else { 1 };
        self.arrangement.sort = known[(at + step) % known.len()];
        self.arrange();
        self.say(format!("sorted by {}", self.arrangement.sort.head().to_lowercase()));
    }

    fn mark(&mut self) {
        if let Some(target) = self.selected.clone() {
            if !self.marked.remove(&target) {
                self.marked.insert(target);
            }
        }
        self.select(self.cursor + 1);
    }

    fn collapse(&mut self, is_collapsed: bool) {
        let Some(group) = self.selected.as_ref().map(|target| target.group().to_owned()) else {
            return;
        };
        let head = Target::Group(group.clone());
        let has_head = self.rows.iter().any(|row| row.target(&self.snapshot.processes) == head);
        if !has_head {
            return;
        }
        if is_collapsed {
            self.arrangement.collapsed.insert(group);
            self.selected = Some(head);
        } else {
            self.arrangement.collapsed.remove(&group);
        }
        self.arrange();
    }

    /// Opens what belongs to the selected row.
    fn open(&mut self, key: Key) -> Vec<Request> {
        match (self.rows.get(self.cursor), self.selected.clone(), key) {
            (Some(Row::Group(group)), _, Key::Enter) => {
                let is_collapsed = group.is_collapsed;
                self.collapse(!is_collapsed);
            }
            (Some(Row::Group(_)), ..) => self.say("select a process of the group"),
            (Some(Row::Process { .. }), Some(target), Key::Char('l')) => {
                return self.open_log(target, Channel::Stdout);
            }
            (Some(Row::Process { .. }), Some(target), Key::Char('L')) => {
                return self.open_log(target, Channel::Stderr);
            }
            (Some(Row::Process { .. }), Some(target), _) => return self.ask(Query::Why(target)),
            (None, ..) | (_, None, _) => {}
        }
        Vec::new()
    }

    fn open_log(&mut self, process: Target, channel: Channel) -> Vec<Request> {
        let id = self.next_id();
        let name = process.full_name();
        self.message = None;
        self.view = View::Log(Box::new(Log::new(id, process, channel)));
        vec![Request::Follow { id, name, channel }]
    }

    /// What an action is for: what is marked, or else the selected row.
    fn targets(&self) -> Vec<Target> {
        if self.marked.is_empty() {
            let selected: Vec<Target> = self.selected.iter().cloned().collect();
            return if self.arrangement.filter.is_empty() {
                selected
            } else {
                self.shown(&selected)
            };
        }
        // The members of a marked group are included already.
        let is_included = |target: &Target| match target {
            Target::Group(_) => false,
            Target::Process { group, .. } => self.marked.contains(&Target::Group(group.clone())),
        };
        self.marked.iter().filter(|target| !is_included(target)).cloned().collect()
    }

    fn on_action(&mut self, letter: char) -> Vec<Request> {
        let mut targets = self.targets();
        if targets.is_empty() {
            self.say("there is no process");
            return Vec::new();
        }
        let verb = match letter {
            's' => Verb::Start,
            'x' => Verb::Stop,
            'r' => Verb::Restart,
            'R' => {
                let group = |target: &Target| Target::Group(target.group().to_owned());
                targets = targets.iter().map(group).collect();
                targets.dedup();
                Verb::Restart
            }
            'o' => Verb::Roll,
            'c' => {
                targets = self.expanded(&targets);
                Verb::ClearLogs
            }
            'd' => Verb::Disable,
            'e' => Verb::Enable,
            _ => {
                let purpose = Purpose::Signal(targets);
                self.dialog = Some(Dialog::Input { purpose, text: String::new() });
                return Vec::new();
            }
        };
        let id = self.next_id();
        let task = Task::new(id, &verb, &targets);
        if verb.is_destructive() {
            let question = format!("{} {}?", verb.words(), task::names(&targets));
            self.dialog = Some(Dialog::Confirm { question, task });
            return Vec::new();
        }
        self.run(task)
    }

    /// Of a group, the processes that the filter leaves.
    fn shown(&self, targets: &[Target]) -> Vec<Target> {
        let rows = self.rows.iter().filter(|row| matches!(row, Row::Process { .. }));
        let rows: Vec<Target> = rows.map(|row| row.target(&self.snapshot.processes)).collect();
        self.expanded(targets).into_iter().filter(|target| rows.contains(target)).collect()
    }

    /// The processes of groups: the logs of a group cannot be cleared by one call.
    fn expanded(&self, targets: &[Target]) -> Vec<Target> {
        let is_meant = |process: &Target| {
            targets.contains(process)
                || targets.contains(&Target::Group(process.group().to_owned()))
        };
        self.snapshot.processes.iter().map(Target::of).filter(is_meant).collect()
    }

    fn on_text_key(&mut self, key: Key) -> Vec<Request> {
        let View::Text(text) = &mut self.view else { return Vec::new() };
        match (key, &text.kind) {
            (Key::Char('y'), TextKind::Plan(plan)) => {
                let plan = plan.clone();
                return self.apply(&plan, Manner::Minimal);
            }
            (Key::Char('o'), TextKind::Plan(plan @ update::Plan::Supkit)) => {
                let plan = plan.clone();
                return self.apply(&plan, Manner::Rolling);
            }
            (Key::Char('x'), TextKind::Jobs) => self.on_cancel(),
            (Key::Char('r'), TextKind::Answer(query)) => {
                let query = query.clone();
                return self.ask(query);
            }
            (Key::Char('q') | Key::Escape | Key::Enter, _) => self.view = View::List,
            (Key::Char('?'), kind) if *kind != TextKind::Help => {
                self.show(TextKind::Help, help::lines());
            }
            (key, _) => {
                let count = text.count;
                text.scroll.on_key(key, count);
            }
        }
        Vec::new()
    }

    /// Asks about the only job that can be cancelled, or which of several is meant.
    fn on_cancel(&mut self) {
        let jobs = self.snapshot.cancellable_jobs();
        match jobs.as_slice() {
            [] => self.complain("no rolling restart is running"),
            [job] => {
                let question = format!("cancel job {} ({} of {})?", job.id, job.kind, job.target);
                let job = job.id;
                let task = Task::cancel(self.next_id(), job);
                self.dialog = Some(Dialog::Confirm { question, task });
            }
            _ => {
                let purpose = Purpose::Cancel;
                self.dialog = Some(Dialog::Input { purpose, text: String::new() });
            }
        }
    }

    fn apply(&mut self, plan: &update::Plan, manner: Manner) -> Vec<Request> {
        let id = self.next_id();
        self.view = View::List;
        self.run(plan.task(id, manner))
    }

    fn on_log_key(&mut self, key: Key) -> Vec<Request> {
        let View::Log(log) = &mut self.view else { return Vec::new() };
        self.message = None;
        match key {
            Key::Char('q') | Key::Escape => {
                self.view = View::List;
                return vec![Request::Unfollow];
            }
            Key::Char('?') => {
                self.show(TextKind::Help, help::lines());
                return vec![Request::Unfollow];
            }
            Key::Tab => {
                let (process, channel) = (log.process.clone(), log::other(log.channel));
                return self.open_log(process, channel);
            }
            Key::Char('p') => log.is_following = !log.is_following,
            Key::Char('f') => log.is_following = true,
            Key::Char('W') => log.is_wrapped = !log.is_wrapped,
            Key::Char('/') => {
                let purpose = Purpose::Search;
                self.dialog = Some(Dialog::Input { purpose, text: String::new() });
                return Vec::new();
            }
            Key::Char(letter @ ('n' | 'N')) if !log.search.is_empty() => {
                if !log.find(letter == 'N') {
                    let text = format!("nothing contains `{}`", log.search);
                    self.complain(text);
                    return Vec::new();
                }
            }
            key => {
                let count = log.len();
                if log.scroll.on_key(key, count) && !matches!(key, Key::Left | Key::Right) {
                    log.is_following = log.scroll.is_at_end(count);
                }
            }
        }
        if log.is_following && log.stream == Stream::Open {
            let count = log.len();
            log.scroll.go_to_end(count);
        }
        Vec::new()
    }
}

fn is_action(letter: char) -> bool {
    "sxrRoicde".contains(letter)
}
