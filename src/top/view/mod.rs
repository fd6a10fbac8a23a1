//! Shows the state in a buffer of any size. Pure: the shell writes the buffer to the terminal.

mod canvas;
pub(super) mod cells;
mod frame;
mod list;
mod log;
mod sgr;
#[cfg(test)]
mod tests;
mod text;

use ratatui_core::buffer::Buffer;

use super::model::Model;
use super::model::state::View;

/// Draws everything. What is visible is remembered in the state, for keys that move by pages.
pub(super) fn draw(model: &mut Model, buffer: &mut Buffer) {
    let body = frame::draw(model, buffer);
    let Model { view, .. } = model;
    match view {
        View::List => list::draw(model, buffer, body),
        View::Text(text) => text::draw(text, buffer, body),
        View::Log(log) => log::draw(log, buffer, body),
    }
}
