//! Attempts with real processes that misbehave in every way: what is said of them, what is measured,
//! and that nothing of them is left.

mod bounds;
mod containers;
mod files;
mod functions;
mod kills;
mod reuse;
mod scene;
mod stages;
