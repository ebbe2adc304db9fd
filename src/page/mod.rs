//! The report of a run: one HTML file that needs nothing else, and pictures beside it.
//!
//! A [`Document`] holds every figure of the report; what draws them on the page (`web`, with Plotly) computes
//! nothing. Pure functions of study and history; who writes the files is another matter.

mod designs;
mod document;
mod html;
mod model;
mod pictures;
mod ranks;
mod rounded;
mod trials;

pub use document::{Document, Facts};
pub use html::html;
pub use pictures::pictures;
