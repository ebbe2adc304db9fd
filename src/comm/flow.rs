//! What may be on the way at a time: pure bookkeeping for the MPI transport.
//!
//! MPI's buffered send returns at once but takes its memory from a buffer of fixed size, and a full
//! buffer ends the job. So messages are cut into frames, and a frame goes out only while the bytes
//! not yet known to have arrived stay below a window per rank and a budget for all. To learn what
//! arrived, the sender asks: an empty synchronous send completes only when the receiver takes it,
//! and messages between two ranks do not overtake each other.

use super::Rank;
use std::collections::VecDeque;

/// Longest piece of a message.
pub(super) const FRAME: usize = 32 << 10;
/// Most unconfirmed bytes to one rank.
const WINDOW: usize = 128 << 10;
/// Most unconfirmed bytes to all ranks.
const BUDGET: usize = 16 << 20;
/// Size of MPI's buffer: twice the budget, because a frame's memory may come back a little after
/// the receiver has confirmed it, and for the gaps between frames of different lengths.
pub(super) const BUFFER: usize = 2 * BUDGET;
/// What a frame costs beyond its bytes: at least `MPI_BSEND_OVERHEAD` (128 in Open MPI, 96 in MPICH).
const OVERHEAD: usize = 512;

/// A piece of a message.
#[derive(Debug, PartialEq)]
pub(super) struct Frame {
    pub(super) bytes: Vec<u8>,
    /// Whether the message ends here.
    pub(super) last: bool,
}

/// What to do next on a line.
#[derive(Debug, PartialEq)]
pub(super) enum Step {
    /// Send this frame.
    Send(Frame),
    /// Ask for a confirmation of everything sent so far.
    Ask,
}

#[derive(Debug, Default)]
struct Line {
    queue: VecDeque<Frame>,
    unconfirmed: usize,
    /// Bytes that the outstanding question covers.
    asked: Option<usize>,
}

/// The outgoing side of one rank.
#[derive(Debug)]
pub(super) struct Flow {
    lines: Vec<Line>,
    unconfirmed: usize,
}

fn cost(frame: &Frame) -> usize {
    frame.bytes.len() + OVERHEAD
}

impl Flow {
    pub(super) fn new(size: usize) -> Self {
        Self { lines: (0..size).map(|_| Line::default()).collect(), unconfirmed: 0 }
    }

    /// Queues a message, which is not empty.
    pub(super) fn push(&mut self, to: Rank, message: Vec<u8>) {
        let queue = &mut self.lines[to].queue;
        // The common case: no copy.
        if message.len() <= FRAME {
            return queue.push_back(Frame { bytes: message, last: true });
        }
        let pieces = message.chunks(FRAME).map(|p| Frame { bytes: p.to_vec(), last: false });
        queue.extend(pieces);
        if let Some(frame) = queue.back_mut() {
            frame.last = true;
        }
    }

    /// The next step towards a rank; `None` if there is nothing to do until a confirmation comes.
    pub(super) fn next(&mut self, to: Rank) -> Option<Step> {
        let line = &mut self.lines[to];
        if let Some(cost) = line.queue.front().map(cost)
            && line.unconfirmed + cost <= WINDOW
            && self.unconfirmed + cost <= BUDGET
        {
            line.unconfirmed += cost;
            self.unconfirmed += cost;
            return line.queue.pop_front().map(Step::Send);
        }
        // Above half the budget every line asks: then at least half of it always comes back.
        let pressed =
            !line.queue.is_empty() || line.unconfirmed > WINDOW / 2 || self.unconfirmed > BUDGET / 2;
        (pressed && self.ask(to)).then_some(Step::Ask)
    }

    /// Notes a question to a rank, unless one is open or there is nothing to confirm.
    pub(super) fn ask(&mut self, to: Rank) -> bool {
        let line = &mut self.lines[to];
        let useful = line.asked.is_none() && line.unconfirmed > 0;
        if useful {
            line.asked = Some(line.unconfirmed);
        }
        useful
    }

    /// The open question to a rank was answered.
    pub(super) fn confirmed(&mut self, to: Rank) {
        let line = &mut self.lines[to];
        let bytes = line.asked.take().unwrap_or(0);
        line.unconfirmed -= bytes;
        self.unconfirmed -= bytes;
    }

    /// What is on the way to a rank counts no longer against the budget: it may never be taken, and the
    /// others need the room. What is queued stays, and goes out if the rank answers after all.
    pub(super) fn forget(&mut self, to: Rank) {
        let line = &mut self.lines[to];
        self.unconfirmed -= line.unconfirmed;
        line.unconfirmed = 0;
        line.asked = None;
    }

    /// Ranks to which something is still queued.
    pub(super) fn queued(&self) -> Vec<Rank> {
        (0..self.lines.len()).filter(|rank| !self.lines[*rank].queue.is_empty()).collect()
    }

    /// Whether everything for a rank is known to have arrived.
    pub(super) fn settled(&self, to: Rank) -> bool {
        self.lines[to].queue.is_empty() && self.lines[to].unconfirmed == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Puts frames together again, as the receiver does.
    fn join(frames: &[Frame]) -> Vec<Vec<u8>> {
        let (mut messages, mut part) = (vec![], vec![]);
        for frame in frames {
            part.extend(&frame.bytes);
            if frame.last {
                messages.push(std::mem::take(&mut part));
            }
        }
        assert!(part.is_empty());
        messages
    }

    proptest! {
        /// Whatever is sent and in whatever order ranks confirm, everything arrives whole and in
        /// order, and the limits hold.
        #[test]
        fn all_arrives_in_order_within_the_limits(
            lengths in prop::collection::vec((0_usize..400, 1_usize..200_000), 1..300),
            picks in prop::collection::vec(any::<prop::sample::Index>(), 64),
        ) {
            let size = 400;
            let mut flow = Flow::new(size);
            let mut sent: Vec<Vec<Vec<u8>>> = vec![vec![]; size];
            let mut arrived: Vec<Vec<Frame>> = (0..size).map(|_| vec![]).collect();
            let mut open = vec![];
            let mut pump = |flow: &mut Flow, open: &mut Vec<Rank>, to: Rank| {
                while let Some(step) = flow.next(to) {
                    match step {
                        Step::Send(frame) => arrived[to].push(frame),
                        Step::Ask => open.push(to),
                    }
                    assert!(flow.unconfirmed <= BUDGET && flow.lines[to].unconfirmed <= WINDOW);
                }
            };
            for (k, (to, length)) in lengths.into_iter().enumerate() {
                let message = vec![k as u8; length];
                sent[to].push(message.clone());
                flow.push(to, message);
                pump(&mut flow, &mut open, to);
            }
            let mut pick = picks.iter().cycle();
            while !flow.queued().is_empty() {
                prop_assert!(!open.is_empty(), "stuck");
                let to = open.swap_remove(pick.next().unwrap().index(open.len()));
                flow.confirmed(to);
                for to in flow.queued() {
                    pump(&mut flow, &mut open, to);
                }
            }
            for (sent, arrived) in sent.iter().zip(&arrived) {
                prop_assert_eq!(sent, &join(arrived));
            }
        }
    }

    #[test]
    fn what_lies_with_lost_ranks_takes_no_room_from_the_others() {
        let size = 2 * BUDGET / WINDOW;
        let mut flow = Flow::new(size + 1);
        for to in 0..size {
            flow.push(to, vec![0; WINDOW]);
            while flow.next(to).is_some() {}
            flow.forget(to);
        }
        assert_eq!(flow.unconfirmed, 0);
        // A confirmation that comes after all is of nothing that counts.
        flow.confirmed(0);
        flow.push(size, vec![1]);
        assert_eq!(flow.next(size), Some(Step::Send(Frame { bytes: vec![1], last: true })));
    }

    #[test]
    fn a_full_budget_is_shared_out_again() {
        let size = 2 * BUDGET / WINDOW;
        let mut flow = Flow::new(size);
        let mut open = vec![];
        for to in 0..size {
            flow.push(to, vec![0; WINDOW]);
            while let Some(step) = flow.next(to) {
                if step == Step::Ask {
                    open.push(to);
                }
            }
        }
        assert!(!flow.queued().is_empty(), "the budget is too small for all");
        while let Some(to) = open.pop() {
            flow.confirmed(to);
            for to in flow.queued() {
                while let Some(step) = flow.next(to) {
                    if step == Step::Ask {
                        open.push(to);
                    }
                }
            }
        }
        assert!(flow.queued().is_empty());
    }
}
