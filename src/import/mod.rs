//! Studies of other tools, rewritten as study files of this one.

mod aid2e;
mod json;
mod objectives;
mod parameters;
mod rich;
mod settings;
mod write;

pub use aid2e::{Imported, Options, Source, aid2e};

#[cfg(test)]
mod tests;
