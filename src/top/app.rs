//! The loop: keys, signals and reports change the state, which is drawn; requests are carried out.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::time::Duration;

use super::model::key::KeyReader;
use super::model::state::Link;
use super::model::{Model, Request};
use super::panics;
use super::screen::Screen;
use super::threads::Threads;
use super::view;
use crate::os::clock::monotonic;
use crate::os::ready::wait_readable;
use crate::os::signals::{self, Signals};
use crate::os::stdout;

const SIGNALS: [i32; 7] = [
    signals::TERM,
    signals::HUP,
    signals::INT,
    signals::QUIT,
    signals::WINCH,
    signals::TSTP,
    signals::CONT,
];
/// After this time without another byte, the escape character was the escape key.
const ESCAPE_TIME: Duration = Duration::from_millis(50);
/// Reports do not draw more often. Keys draw at once.
const FRAME_TIME: Duration = Duration::from_millis(50);
/// So that a flood of reports does not keep the keys waiting.
const MAX_REPORTS: usize = 64;
/// The age of a lost connection is shown in seconds.
const SECOND: Duration = Duration::from_secs(1);

pub(super) struct App {
    pub(super) model: Model,
    pub(super) threads: Threads,
    screen: Screen,
    signals: Signals,
    keyboard: File,
    keys: KeyReader,
    /// When the picture is to be drawn; `None` if it is up to date.
    draw_at: Option<Duration>,
    drawn_at: Duration,
    /// The exit status, at the end.
    ended: Option<u8>,
}

impl App {
    pub(super) fn new(model: Model, threads: Threads, screen: Screen) -> io::Result<Self> {
        Ok(Self {
            model,
            threads,
            screen,
            signals: Signals::catch(&SIGNALS)?,
            keyboard: File::from(io::stdin().as_fd().try_clone_to_owned()?),
            keys: KeyReader::default(),
            draw_at: Some(Duration::ZERO),
            drawn_at: Duration::ZERO,
            ended: None,
        })
    }

    /// Runs until the end; returns the exit status.
    pub(super) fn run(&mut self) -> io::Result<u8> {
        loop {
            self.model.now = monotonic();
            if self.draw_at.is_some_and(|at| at <= self.model.now) {
                self.draw();
            }
            if stdout::has_failed() {
                return Ok(1);
            }
            let fds = [self.keyboard.as_fd(), self.signals.as_fd(), self.threads.as_fd()];
            let ready = wait_readable(&fds, self.limit())?;
            self.model.now = monotonic();
            if let Some(why) = panics::take() {
                return Err(io::Error::other(why));
            }
            if let [keyboard, signals, reports] = ready[..] {
                self.on_keyboard(keyboard)?;
                if signals {
                    self.on_signals()?;
                }
                if reports {
                    self.on_reports()?;
                }
            }
            if matches!(self.model.link, Link::Lost { .. }) {
                self.draw_soon(SECOND);
            }
            if let Some(status) = self.ended {
                return Ok(status);
            }
        }
    }

    fn limit(&self) -> Option<Duration> {
        let draw = self.draw_at.map(|at| at.saturating_sub(self.model.now));
        let escape = self.keys.is_partial().then_some(ESCAPE_TIME);
        [draw, escape].into_iter().flatten().min()
    }

    fn draw(&mut self) {
        let mut picture = Screen::blank();
        view::draw(&mut self.model, &mut picture);
        panics::provoke("picture");
        self.screen.show(picture);
        self.draw_at = None;
        self.drawn_at = monotonic();
    }

    fn draw_soon(&mut self, gap: Duration) {
        let at = self.drawn_at + gap;
        self.draw_at = Some(self.draw_at.map_or(at, |earlier| earlier.min(at)));
    }

    fn on_keyboard(&mut self, is_ready: bool) -> io::Result<()> {
        let mut keys = Vec::new();
        if is_ready {
            let mut buffer = [0; 1024];
            match self.keyboard.read(&mut buffer) {
                // The terminal is gone.
                Ok(0) => self.ended = Some(1),
                Ok(count) => keys = self.keys.feed(&buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => self.ended = Some(1),
            }
        } else if self.keys.is_partial() {
            keys.extend(self.keys.give_up());
        }
        for key in keys {
            let requests = self.model.on_key(key);
            self.draw_at = Some(Duration::ZERO);
            self.carry_out(requests)?;
        }
        Ok(())
    }

    fn on_signals(&mut self) -> io::Result<()> {
        for number in self.signals.take() {
            match number {
                signals::TSTP => self.suspend()?,
                // The shell may have changed the terminal meanwhile.
                signals::CONT => {
                    self.screen.leave();
                    self.resume()?;
                }
                signals::WINCH => self.draw_at = Some(Duration::ZERO),
                number => self.ended = u8::try_from(128 + number).ok(),
            }
        }
        Ok(())
    }

    fn on_reports(&mut self) -> io::Result<()> {
        self.threads.clear_wake();
        for _ in 0..MAX_REPORTS {
            let Some(report) = self.threads.next() else { return Ok(()) };
            let requests = self.model.on_report(report);
            self.draw_soon(FRAME_TIME);
            self.carry_out(requests)?;
        }
        // The rest comes after the next keys.
        self.threads.reporter.wake();
        Ok(())
    }

    fn carry_out(&mut self, requests: Vec<Request>) -> io::Result<()> {
        for request in requests {
            match request {
                Request::Quit => self.ended = Some(0),
                Request::Redraw => self.screen.forget(),
                Request::Suspend => self.suspend()?,
                request => self.threads.carry_out(request)?,
            }
        }
        Ok(())
    }

    fn suspend(&mut self) -> io::Result<()> {
        self.screen.leave();
        signals::stop_job()?;
        self.resume()
    }

    fn resume(&mut self) -> io::Result<()> {
        self.screen.resume()?;
        self.draw_at = Some(Duration::ZERO);
        self.threads.carry_out(Request::Refresh)
    }
}
