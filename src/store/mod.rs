//! The run directory: journal, `history.h5`, lock. Nothing else in the program knows HDF5.

mod record;

pub use record::{Attempt, Completed, History, Proposed, Record, Session, Trial};
