//! All ranks there are, of which each run has the first few.

use crate::comm::{Message, Rank, Transport, TransportError};
use crate::hosts::{Hosts, Place};
use crate::signal::Signals;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Every rank has said hello, or hello again, after so long; ranks on a new allocation may take their time.
const PATIENCE: Duration = Duration::from_secs(120);
/// Pause between two looks at the line.
const LOOK: Duration = Duration::from_millis(1);

/// Why the ranks are not together.
#[derive(Debug)]
pub enum Missing {
    /// A signal came.
    Stopped,
    /// Some do not answer, in words.
    Silent(String),
}

/// The evaluating ranks, and what each said first.
pub struct Roster<'a> {
    transport: &'a mut dyn Transport,
    /// By rank, from 1 on; `None` while it has not said it, or has not yet again.
    hellos: Vec<Option<Message>>,
}

impl<'a> Roster<'a> {
    /// Waits for the first word of every rank.
    ///
    /// # Errors
    /// See [`Missing`].
    pub fn muster(transport: &'a mut dyn Transport, signals: &mut Signals) -> Result<Self, Missing> {
        let hellos = vec![None; transport.size() - 1];
        let mut this = Self { transport, hellos };
        this.await_all(signals)?;
        Ok(this)
    }

    /// The first `count` evaluating ranks, as a line of their own. The others are told that rank 0 is there,
    /// and nothing else.
    pub fn first(&mut self, count: usize) -> Crew<'a, '_> {
        let words = self.hellos.iter().take(count).enumerate();
        let words = words.filter_map(|(k, hello)| Some((k + 1, hello.clone()?))).collect();
        Crew { size: count + 1, words, roster: self }
    }

    /// Takes the first `count` ranks back from a run that is over: whatever they do ends.
    ///
    /// # Errors
    /// See [`Missing`].
    pub fn recall(&mut self, count: usize, signals: &mut Signals) -> Result<(), Missing> {
        for rank in 1..=count {
            self.hellos[rank - 1] = None;
            let told = self.transport.send(rank, &Message::Rejoin);
            told.map_err(|error| Missing::Silent(error.to_string()))?;
        }
        self.await_all(signals)
    }

    fn await_all(&mut self, signals: &mut Signals) -> Result<(), Missing> {
        let since = Instant::now();
        while self.hellos.iter().any(Option::is_none) {
            if signals.poll().is_some() {
                return Err(Missing::Stopped);
            }
            match self.transport.try_receive() {
                // What is said before hello belongs to what is over.
                Ok(Some((rank, hello @ Message::Hello { .. }))) => self.hellos[rank - 1] = Some(hello),
                Ok(Some(_)) => {}
                Ok(None) if since.elapsed() > PATIENCE => {
                    let silent = self.hellos.iter().position(Option::is_none).map_or(0, |k| k + 1);
                    let s = PATIENCE.as_secs();
                    return Err(Missing::Silent(format!("rank {silent} has said nothing for {s} s")));
                }
                Ok(None) => self.transport.wait(LOOK),
                Err(error) => return Err(Missing::Silent(error.to_string())),
            }
        }
        Ok(())
    }

    /// Where the ranks are: hosts with their processors, and whether all are threads of this process.
    pub fn hosts(&self) -> (Hosts, bool) {
        let mut hosts = Hosts::default();
        let mut is_threads = true;
        for (k, hello) in self.hellos.iter().enumerate() {
            if let Some(Message::Hello { host, pid, cpus, cores, memory }) = hello {
                let (host, cpus) = (host.clone(), cpus.clone());
                hosts.add(k + 1, &Place { host, cpus, cores: *cores, memory: *memory });
                is_threads &= *pid == std::process::id();
            }
        }
        (hosts, is_threads)
    }
}

/// A line to the first ranks of a roster.
pub struct Crew<'a, 'r> {
    roster: &'r mut Roster<'a>,
    /// Rank 0 included.
    size: usize,
    /// What was heard before there was a run.
    words: VecDeque<(Rank, Message)>,
}

impl Transport for Crew<'_, '_> {
    fn rank(&self) -> Rank {
        self.roster.transport.rank()
    }

    fn size(&self) -> usize {
        self.size
    }

    fn send(&mut self, to: Rank, message: &Message) -> Result<(), TransportError> {
        if to >= self.size {
            return Err(TransportError::Gone(to));
        }
        self.roster.transport.send(to, message)
    }

    fn try_receive(&mut self) -> Result<Option<(Rank, Message)>, TransportError> {
        if let Some(word) = self.words.pop_front() {
            return Ok(Some(word));
        }
        loop {
            match self.roster.transport.try_receive()? {
                Some((rank, Message::Alive)) if rank >= self.size => {
                    // So that it knows the same of rank 0. Should it be gone, the next run with it will tell.
                    let _ = self.roster.transport.send(rank, &Message::Alive);
                }
                Some((rank, message)) if rank >= self.size => {
                    tracing::debug!("rank {rank}, which waits for its turn, says {message:?}");
                }
                other => return Ok(other),
            }
        }
    }

    fn abandon(&mut self, rank: Rank) {
        self.roster.transport.abandon(rank);
    }

    fn wait(&mut self, at_most: Duration) {
        if self.words.is_empty() {
            self.roster.transport.wait(at_most);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comm::local::{LocalTransport, network};

    fn hello(host: &str, pid: u32) -> Message {
        Message::Hello { host: host.into(), pid, cpus: vec![0, 1], cores: 2, memory: None }
    }

    fn heard(end: &mut LocalTransport) -> Vec<Message> {
        std::iter::from_fn(|| end.try_receive().unwrap()).map(|(_, message)| message).collect()
    }

    #[test]
    fn each_run_has_the_first_ranks_and_the_others_are_kept_awake() {
        let mut ends = network(4);
        let mut lead = ends.remove(0);
        let mut signals = Signals::install().unwrap();
        for (k, end) in ends.iter_mut().enumerate() {
            end.send(0, &hello(["a", "a", "b"][k], 1)).unwrap();
        }
        let mut roster = Roster::muster(&mut lead, &mut signals).unwrap();
        let (hosts, is_threads) = roster.hosts();
        let processors: Vec<(&str, u64)> = hosts.processors().collect();
        assert_eq!((processors, is_threads), (vec![("a", 2), ("b", 2)], false));

        let mut crew = roster.first(2);
        assert_eq!((crew.rank(), crew.size()), (0, 3));
        // A rank that waits for its turn, and one that works.
        ends[2].send(0, &Message::Alive).unwrap();
        ends[1].send(0, &Message::Fit).unwrap();
        let said: Vec<_> = std::iter::from_fn(|| crew.try_receive().unwrap()).collect();
        assert_eq!(said, [(1, hello("a", 1)), (2, hello("a", 1)), (2, Message::Fit)]);
        crew.send(1, &Message::Alive).unwrap();
        assert!(matches!(crew.send(3, &Message::Alive), Err(TransportError::Gone(3))));
        assert_eq!(heard(&mut ends[0]), [Message::Alive]);
        assert_eq!(heard(&mut ends[2]), [Message::Alive], "an answer to its own");

        // What was said before hello is of no interest.
        for (k, end) in ends.iter_mut().enumerate().take(2) {
            end.send(0, &Message::Unfit("late".into())).unwrap();
            end.send(0, &hello("c", 7 + k as u32)).unwrap();
        }
        roster.recall(2, &mut signals).unwrap();
        assert_eq!(heard(&mut ends[0]), [Message::Rejoin]);
        let mut crew = roster.first(3);
        let said: Vec<_> = std::iter::from_fn(|| crew.try_receive().unwrap()).collect();
        assert_eq!(said, [(1, hello("c", 7)), (2, hello("c", 8)), (3, hello("b", 1))]);
    }
}
