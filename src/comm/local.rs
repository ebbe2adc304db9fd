//! Ranks as threads of one process.
//!
//! Each rank owns an inbox. A rank that waits is parked; a sender unparks it, so a message wakes it
//! at once. Whoever else wants to wake it (rank 0's strategist) unparks the same thread.

use super::{Message, Rank, Transport, TransportError};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Thread};
use std::time::Duration;

/// One rank's end of the line between threads.
#[derive(Debug)]
pub struct LocalTransport {
    rank: Rank,
    inboxes: Arc<[Inbox]>,
}

#[derive(Debug, Default)]
struct Inbox(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    messages: VecDeque<(Rank, Message)>,
    /// Whom to wake: the thread that last waited here.
    waiter: Option<Thread>,
    closed: bool,
}

impl Inbox {
    /// No code panics while it holds the lock, so a poisoned one is as good as any.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `size` connected ranks; the index is the rank. Dropping one closes its end of the line.
pub fn network(size: usize) -> Vec<LocalTransport> {
    let inboxes: Arc<[Inbox]> = (0..size).map(|_| Inbox::default()).collect();
    (0..size).map(|rank| LocalTransport { rank, inboxes: Arc::clone(&inboxes) }).collect()
}

impl Transport for LocalTransport {
    fn rank(&self) -> Rank {
        self.rank
    }

    fn size(&self) -> usize {
        self.inboxes.len()
    }

    fn send(&mut self, to: Rank, message: &Message) -> Result<(), TransportError> {
        let mut inbox = self.inboxes.get(to).ok_or(TransportError::Gone(to))?.lock();
        if inbox.closed {
            return Err(TransportError::Gone(to));
        }
        inbox.messages.push_back((self.rank, message.clone()));
        if let Some(thread) = &inbox.waiter {
            thread.unpark();
        }
        Ok(())
    }

    fn try_receive(&mut self) -> Result<Option<(Rank, Message)>, TransportError> {
        Ok(self.inboxes[self.rank].lock().messages.pop_front())
    }

    /// A thread that is held up finds its messages later.
    fn abandon(&mut self, _: Rank) {}

    /// Parked for all of `at_most` unless a message or an unpark comes first.
    fn wait(&mut self, at_most: Duration) {
        let mut inbox = self.inboxes[self.rank].lock();
        if !inbox.messages.is_empty() {
            return;
        }
        // A message that arrives between here and parking leaves a token: parking returns at once.
        inbox.waiter = Some(thread::current());
        drop(inbox);
        thread::park_timeout(at_most);
    }
}

impl Drop for LocalTransport {
    fn drop(&mut self) {
        let mut inbox = self.inboxes[self.rank].lock();
        inbox.closed = true;
        inbox.messages.clear();
        inbox.waiter = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[test]
    fn a_closed_rank_is_gone() {
        let mut ranks = network(3);
        ranks.truncate(2);
        assert!(matches!(ranks[0].send(2, &Message::Leave(0)), Err(TransportError::Gone(2))));
        assert!(matches!(ranks[0].send(9, &Message::Leave(0)), Err(TransportError::Gone(9))));
        ranks[0].send(1, &Message::Leave(0)).unwrap();
        assert_eq!(ranks[1].try_receive().unwrap(), Some((0, Message::Leave(0))));
        assert_eq!(ranks[1].try_receive().unwrap(), None);
    }

    #[test]
    fn a_message_wakes_a_parked_rank() {
        let mut ranks = network(2);
        let mut one = ranks.pop().unwrap();
        let hour = Duration::from_secs(3600);
        let waiter = thread::spawn(move || {
            while one.try_receive().unwrap().is_none() {
                one.wait(hour);
            }
        });
        thread::sleep(Duration::from_millis(20));
        ranks[0].send(1, &Message::Leave(0)).unwrap();
        waiter.join().unwrap();
    }

    #[test]
    fn unparking_the_waiting_thread_ends_the_wait() {
        let mut only = network(1).pop().unwrap();
        let waiting = thread::current();
        let strategist = thread::spawn(move || waiting.unpark());
        let start = Instant::now();
        only.wait(Duration::from_secs(60));
        assert!(start.elapsed() < Duration::from_secs(50));
        strategist.join().unwrap();
    }
}
