//! Ranks as MPI processes. Only the thread that starts MPI (the main thread) touches it.
//!
//! Messages are postcard bytes received by matched probe. Nothing here blocks: sends are buffered
//! (`flow` keeps them within the buffer), and waiting is probing with growing pauses,
//! because blocking receives spin on a whole core and MPICH does not even yield it.

use super::backoff::Backoff;
use super::flow::{BUFFER, Flow, Step};
use super::{Message, Rank, Transport, TransportError, launcher};
use ::mpi::Threading;
use ::mpi::environment::{self, Universe};
use ::mpi::point_to_point::{self, MatchedReceiveVec, Status};
use ::mpi::request::{Request, StaticScope};
use ::mpi::topology::SimpleCommunicator;
use ::mpi::traits::{Communicator, Destination, Source};
use std::time::{Duration, Instant};

/// Tags of the frames on the line.
mod tag {
    /// The last or only frame of a message.
    pub const LAST: i32 = 1;
    /// A frame with more to follow.
    pub const MORE: i32 = 2;
    /// Empty: tells its sender, by being taken, that all before it was taken.
    pub const CONFIRM: i32 = 3;
    /// Empty, the last on its line: to rank 0 "I leave", from rank 0 "so do I".
    pub const FAREWELL: i32 = 4;
    /// Empty, from rank 0 in the place of its farewell: some rank is lost, leave without MPI.
    pub const ABANDONED: i32 = 5;
}

/// Exit code of the job when a rank panics: Rust's own.
const PANICKED: i32 = 101;
/// A rank that does not take a message for so long is stuck.
const RESPONSE: Duration = Duration::from_secs(10);
/// A rank that took its last message may need so long to stop what it runs.
const GRACE: Duration = Duration::from_secs(300);

/// A launcher takes less than this to end all ranks when one aborts.
const ABORT: Duration = Duration::from_secs(5);

static NOTHING: [u8; 0] = [];

/// One rank's end of the MPI line.
///
/// A panic that unwinds past it aborts the whole job: otherwise `MPI_Finalize` would run while
/// unwinding and wait for ranks that wait for this one.
pub struct MpiTransport {
    universe: Option<Universe>,
    world: SimpleCommunicator,
    rank: Rank,
    size: usize,
    flow: Flow,
    questions: Vec<(Rank, Request<'static, [u8]>)>,
    /// Frames of an unfinished message, by sender.
    parts: Vec<Vec<u8>>,
    backoff: Backoff,
    /// Ranks that know that the run ends, and the exit code they were told.
    dismissed: Vec<bool>,
    leaving: Option<u8>,
    /// Ranks that said farewell.
    parted: Vec<bool>,
    /// Ranks that may be dead: nothing is sent to them.
    abandoned: Vec<bool>,
    /// Rank 0 left without MPI.
    alone: bool,
}

/// Why MPI could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Somebody was first.
    #[error("MPI was started already in this process")]
    Twice,
    /// The library is too old or built without threads.
    #[error("this MPI library does not allow threads beside MPI (MPI_THREAD_FUNNELED): {0}")]
    Threads(String),
    /// Built for one MPI, started by the other.
    #[error(
        "the launcher started {launched} processes, but each sees only itself: this program is built for \
         {library}; start it with that library's mpirun, or with srun --mpi=pmix if it supports PMIx"
    )]
    Strangers {
        /// Processes the launcher speaks of.
        launched: usize,
        /// The library in use.
        library: String,
    },
}

/// Name and version of the MPI library, on one line.
pub fn version() -> String {
    // Open MPI's text ends in NUL, MPICH's has many lines.
    let text = environment::library_version().unwrap_or_default();
    let line = text.lines().next().unwrap_or_default();
    line.trim_matches(|c: char| c == '\0' || c.is_whitespace()).replace('\t', " ")
}

impl MpiTransport {
    /// Starts MPI. The calling thread is the only one that may use the transport.
    ///
    /// # Errors
    /// See [`StartError`]; MPI is left again.
    pub fn start() -> Result<Self, StartError> {
        let (mut universe, threading) =
            environment::initialize_with_threading(Threading::Funneled).ok_or(StartError::Twice)?;
        if threading < Threading::Funneled {
            return Err(StartError::Threads(version()));
        }
        let world = universe.world();
        let (rank, size) = (world.rank() as Rank, world.size() as usize);
        match launcher::size() {
            Some(launched) if launched > 1 && size == 1 => {
                return Err(StartError::Strangers { launched, library: version() });
            }
            _ => {}
        }
        universe.set_buffer_size(BUFFER);
        Ok(Self {
            universe: Some(universe),
            world,
            rank,
            size,
            flow: Flow::new(size),
            questions: vec![],
            parts: vec![vec![]; size],
            backoff: Backoff::new(),
            dismissed: vec![false; size],
            leaving: None,
            parted: vec![false; size],
            abandoned: vec![false; size],
            alone: false,
        })
    }

    /// Leaves MPI after [`Message::Leave`]; every rank calls it, with the exit code of the job where
    /// nobody said that the run ends.
    ///
    /// `MPI_Finalize` waits for every rank, so rank 0 first makes sure that all are there. If one
    /// is not, it aborts the job with the exit code that [`Message::Leave`] told, rather than wait
    /// as long as the allocation lasts. Once `hurry` says so, rank 0 tells those that are not there to kill
    /// what they run.
    pub fn finish(mut self, unless_told: u8, hurry: impl FnMut() -> bool) {
        if self.size > 1 {
            let Some(code) = self.leaving else {
                self.world.abort(i32::from(unless_told));
            };
            self.backoff.active();
            if self.rank > 0 {
                self.say(0, tag::FAREWELL);
                self.take_until(|line| line.parted[0] || line.alone);
                if self.alone {
                    // Where the launcher lets ranks outlive others (--enable-recovery), it ends by abort
                    // only the one that calls it; everywhere else all, and this rank does not wake up.
                    std::thread::sleep(ABORT);
                    std::process::exit(i32::from(code));
                }
            } else if !self.part_from_all(code, hurry) {
                self.world.abort(i32::from(code));
            }
            // Whoever has parted took all that was sent to it before: no answer is missing for long.
            self.take_until(|line| line.questions.is_empty());
        }
        self.universe = None;
    }

    /// Rank 0 waits for the farewell of all others and answers it; false if one is lost.
    fn part_from_all(&mut self, code: u8, mut hurry: impl FnMut() -> bool) -> bool {
        let others: Vec<Rank> = (1..self.size).filter(|to| !self.abandoned[*to]).collect();
        // Who counts as lost may be dead, and nobody leaves MPI without the dead.
        let all = others.len() == self.size - 1;
        let mut hurried = false;
        let start = Instant::now();
        while !others.iter().all(|to| self.parted[*to]) {
            if others.iter().any(|to| !self.dismissed[*to]) || start.elapsed() > GRACE {
                return false;
            }
            if !hurried && hurry() {
                hurried = true;
                for to in others.iter().copied().filter(|to| !self.parted[*to]).collect::<Vec<_>>() {
                    self.flow.push(to, Message::Leave(code).encode());
                    self.pump(to);
                }
            }
            for to in others.iter().copied() {
                if !self.parted[to] && self.flow.ask(to) {
                    self.question(to);
                }
            }
            let deaf = |to: Rank| !self.parted[to] && !self.flow.settled(to);
            if start.elapsed() > RESPONSE && others.iter().copied().any(deaf) {
                return false;
            }
            self.take();
        }
        for to in others {
            self.say(to, if all { tag::FAREWELL } else { tag::ABANDONED });
        }
        all
    }

    fn take_until(&mut self, done: impl Fn(&Self) -> bool) {
        while !done(self) {
            self.take();
        }
    }

    /// Takes what comes and drops it: nobody waits for it any more, but its sender cannot leave
    /// before it is taken.
    fn take(&mut self) {
        while matches!(self.try_receive(), Ok(Some(_)) | Err(_)) {}
        self.backoff.pause(RESPONSE);
    }

    /// An empty message outside the flow; there is room for one per rank beyond the budget.
    fn say(&self, to: Rank, tag: i32) {
        self.world.process_at_rank(to as i32).buffered_send_with_tag(&NOTHING[..], tag);
    }

    /// Sends what may be sent to a rank now.
    fn pump(&mut self, to: Rank) {
        while let Some(step) = self.flow.next(to) {
            match step {
                Step::Send(frame) => {
                    let tag = if frame.last { tag::LAST } else { tag::MORE };
                    let process = self.world.process_at_rank(to as i32);
                    process.buffered_send_with_tag(&frame.bytes[..], tag);
                }
                Step::Ask => self.question(to),
            }
        }
    }

    fn question(&mut self, to: Rank) {
        let process = self.world.process_at_rank(to as i32);
        let request =
            process.immediate_synchronous_send_with_tag(StaticScope, &NOTHING[..], tag::CONFIRM);
        self.questions.push((to, request));
    }

    /// Looks which questions were answered, and sends what that makes room for.
    fn progress(&mut self) {
        let mut answered = false;
        for (to, request) in std::mem::take(&mut self.questions) {
            match request.test() {
                Ok(_) => {
                    self.flow.confirmed(to);
                    answered = true;
                }
                Err(open) => self.questions.push((to, open)),
            }
        }
        if answered {
            for to in
                self.flow.queued().into_iter().filter(|to| !self.abandoned[*to]).collect::<Vec<_>>()
            {
                self.pump(to);
            }
        }
    }

    /// The next frame that is there.
    fn probe(&self) -> Option<(point_to_point::Message, Status)> {
        let any = self.world.any_process();
        // A probe that finds nothing lets MPI look at the network, and only the next one sees what
        // that brought: without a second try every wake-up would cost a pause more.
        any.immediate_matched_probe().or_else(|| any.immediate_matched_probe())
    }

    fn opened(&mut self, from: Rank, bytes: &[u8]) -> Result<Option<(Rank, Message)>, TransportError> {
        let garbled = |reason| TransportError::Garbled { from, bytes: bytes.len(), reason };
        let message = Message::decode(bytes).map_err(garbled)?;
        if let Message::Leave(code) = message {
            self.leaving = Some(code);
        }
        Ok(Some((from, message)))
    }
}

impl Transport for MpiTransport {
    fn rank(&self) -> Rank {
        self.rank
    }

    fn size(&self) -> usize {
        self.size
    }

    /// Fails for an abandoned rank alone: MPI does not say that a rank is gone.
    fn send(&mut self, to: Rank, message: &Message) -> Result<(), TransportError> {
        if self.abandoned[to] {
            return Err(TransportError::Gone(to));
        }
        if let Message::Leave(code) = message {
            self.leaving = Some(*code);
            self.dismissed[to] = true;
        }
        self.flow.push(to, message.encode());
        self.pump(to);
        self.backoff.active();
        Ok(())
    }

    fn try_receive(&mut self) -> Result<Option<(Rank, Message)>, TransportError> {
        self.progress();
        while let Some(found) = self.probe() {
            self.backoff.active();
            let (bytes, status) = found.matched_receive_vec::<u8>();
            let from = status.source_rank() as Rank;
            if std::mem::take(&mut self.abandoned[from]) {
                self.pump(from);
            }
            match status.tag() {
                tag::CONFIRM => {}
                tag::FAREWELL => self.parted[from] = true,
                tag::ABANDONED => self.alone = true,
                tag::MORE => self.parts[from].extend(bytes),
                _ if self.parts[from].is_empty() => return self.opened(from, &bytes),
                _ => {
                    let mut whole = std::mem::take(&mut self.parts[from]);
                    whole.extend(bytes);
                    return self.opened(from, &whole);
                }
            }
        }
        Ok(None)
    }

    fn abandon(&mut self, rank: Rank) {
        self.abandoned[rank] = true;
        self.flow.forget(rank);
    }

    fn wait(&mut self, at_most: Duration) {
        self.backoff.pause(at_most);
    }
}

impl Drop for MpiTransport {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.world.abort(PANICKED);
        }
        // Dropped without finish: nobody was told, and MPI_Finalize would wait for all.
        if self.universe.is_some() {
            self.world.abort(1);
        }
    }
}
