//! A run's history as people and other programs want it: tables and curves. Pure functions of study
//! and history; who prints them is another matter.

mod ax;
mod compare;
mod curve;
mod events;
mod failures;
mod makeshift;
mod split;
mod stages;
mod starts;
mod table;
mod time;
mod utilisation;

pub use ax::{AxExperiment, ax};
pub use compare::{Band, Comparison, Contender, Disagreement, Group, Growth, Spread, Step};
pub use curve::{Curve, front, violating};
pub use events::EventFigures;
pub use failures::{Failures, failures};
pub use makeshift::Makeshift;
pub use split::Split;
pub use stages::{StageFigures, stages};
pub use starts::Starts;
pub use table::{csv, json};
pub use time::time;
pub use utilisation::{Doing, Lane, RankTime, Segment, SessionUse, Utilisation};
