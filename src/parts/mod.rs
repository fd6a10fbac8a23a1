//! What known recipes make of their parts, without Python: files, scripts and directories as values.
//! A builder is a function from the options of a part to its products; an option that it does not
//! know, or a value that it does not support, is an error, and the project is built by zc.buildout.
//! Which options a builder supports is listed in `recipes/*.ini`.

mod decision;
mod directories;
mod egg;
mod environment;
mod instance;
mod part;
mod products;
mod script;
mod template;
mod varnish;
mod zconfig;
mod zeoserver;

pub use decision::{Plan, Reason, decide};
pub use environment::{Distribution, Distributions, Requirements, scripts};
pub use part::Place;
pub use products::{Directory, Mode, Product, Products};
