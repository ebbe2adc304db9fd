//! Ranks of an allocation as pilots of a PanDA queue.
//!
//! [`Pilot`] decides and does nothing else: an event goes in, commands come out. [`Driver`]
//! feeds it, from ranks, signals, the clock, and two threads that talk to the server: one takes jobs ([`Fetcher`]), one tells how they are ([`Courier`]). Neither waits for the other, and the ranks
//! wait for neither.

mod asking;
mod cache;
mod courier;
mod drive;
mod events;
mod fetcher;
mod ledger;
mod lending;
mod order;
mod state;
mod unpack;
mod verdict;

pub use courier::Courier;
pub use drive::{Drive, Driver, Ended};
pub use events::{Command, Ending, Event, Settings};
pub use fetcher::Fetcher;
pub use ledger::{Ledger, Left};
pub use order::Places;
pub use state::Pilot;
