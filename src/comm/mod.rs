//! Messages between rank 0 and the evaluators, and the two ways to carry them.
//!
//! [`Transport`] has two implementations: MPI ranks ([`mpi`], feature `mpi`) and threads of one
//! process ([`local`]). Nothing above this module knows which one it is on.

#[cfg(feature = "mpi")]
mod backoff;
#[cfg(feature = "mpi")]
mod flow;
pub mod launcher;
pub mod local;
mod message;
#[cfg(feature = "mpi")]
pub mod mpi;
mod vigil;

pub use message::{Input, Message, PROTOCOL, Report, Task};
pub use vigil::Vigil;

/// A rank's number; rank 0 coordinates.
pub type Rank = usize;

/// One rank's end of the line.
///
/// Sending never blocks for long and receiving never blocks: who waits does so with
/// [`Transport::wait`], which costs a few per cent of a core at most.
pub trait Transport {
    /// This rank.
    fn rank(&self) -> Rank;
    /// Number of ranks, rank 0 included.
    fn size(&self) -> usize;
    /// Sends a message to a rank.
    ///
    /// # Errors
    /// The line is broken: the rank is gone.
    fn send(&mut self, to: Rank, message: &Message) -> Result<(), TransportError>;
    /// The next message, if one is there.
    ///
    /// # Errors
    /// Bytes that are not a message of this protocol version.
    fn try_receive(&mut self) -> Result<Option<(Rank, Message)>, TransportError>;
    /// Sends nothing more to a rank, which does not answer, until it says something: a message to a dead
    /// rank can end the job. [`Transport::send`] answers that it is gone.
    fn abandon(&mut self, rank: Rank);
    /// Waits a little for something to happen; returns early if it did where that can be known.
    /// Waits longer the longer nothing was received, up to a millisecond or `at_most`.
    fn wait(&mut self, at_most: std::time::Duration);
}

/// Tells every evaluator to stop what it runs and to leave with exit code `code`.
pub fn dismiss(transport: &mut dyn Transport, code: u8) {
    for rank in 1..transport.size() {
        // A rank that is gone needs no goodbye.
        let _ = transport.send(rank, &Message::Leave(code));
    }
}

/// What can go wrong on the line.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The peer does not exist any more.
    #[error("rank {0} is gone")]
    Gone(Rank),
    /// Bytes that do not decode.
    #[error(
        "rank {from} sent {bytes} bytes that are not a message of protocol version {PROTOCOL}: {reason}"
    )]
    Garbled {
        /// Sender.
        from: Rank,
        /// Length.
        bytes: usize,
        /// What the decoder said.
        reason: String,
    },
}

/// Version of the MPI library, `none` without one.
pub fn mpi_version() -> String {
    #[cfg(feature = "mpi")]
    return mpi::version();
    #[cfg(not(feature = "mpi"))]
    return "none".to_owned();
}
