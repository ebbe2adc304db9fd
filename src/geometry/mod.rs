//! Detector descriptions of single trials.
//!
//! A description is a tree of XML files in an install that many trials, ranks and people share; nothing
//! is ever written there. A trial gets a folder of its own with the files that its parameters change and
//! the files that lead to these from the top file. Their includes are redirected to one another by
//! absolute paths; every other include keeps pointing at the install. Attribute values are replaced where
//! they stand: comments, quotes and blanks stay byte for byte.
//!
//! ```text
//! RUN/trials/000123/+geometry/epic_craterlake.xml       includes the next one, and the rest of the install
//! RUN/trials/000123/+geometry/compact/pid/drich.xml     with this trial's values
//! RUN/trials/000123/+geometry/geometry.diff             what differs from the install
//! ```
//!
//! [`Layout::read`] looks everything up once, [`Layout::overlay`] is a pure function of a design, and
//! [`place`] writes its files, whoever comes first.

mod edits;
mod includes;
mod layout;
mod overlay;
mod place;
mod value;

pub use layout::{Found, Layout};
pub use overlay::{Overlay, written};
pub use place::place;

#[cfg(test)]
mod tests;
