//! A run's history as people and other programs want it: tables and curves. Pure functions of study
//! and history; who prints them is another matter.

mod curve;
mod events;
mod makeshift;
mod stages;
mod starts;
mod table;
mod utilisation;

pub use curve::{Curve, front, violating};
pub use events::EventFigures;
pub use makeshift::Makeshift;
pub use stages::{StageFigures, stages};
pub use starts::Starts;
pub use table::{csv, json};
pub use utilisation::{Doing, Lane, RankTime, Segment, SessionUse, Utilisation};
