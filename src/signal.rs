//! Signals as events for rank 0, and their absence for the others.
//!
//! Launchers relay signals to every rank, and some relay them twice. Rank 0 alone decides what a
//! signal means; an evaluator leaves when rank 0 says so. Evaluators therefore *handle* the signals
//! and do nothing, rather than ignore them: an ignored signal would stay ignored in the payloads
//! they start, a handled one is back to its default there. USR1 under MPI is the exception: there it is
//! meant to stay ignored.

use signal_hook::consts::{SIGINT, SIGTERM, SIGUSR1};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Two requests to stop within this time are one, relayed twice.
const ECHO: Duration = Duration::from_millis(500);

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignalEvent {
    /// USR1: start nothing new.
    Drain,
    /// TERM or INT: stop what runs, write the checkpoint, leave.
    Stop,
    /// TERM or INT again: kill what runs, leave now.
    Leave,
}

/// Installed handlers. When a signal came is known from when it is looked at, so whoever works
/// between [`SignalEvent::Stop`] and the end of the program keeps looking.
#[derive(Debug)]
pub struct Signals {
    usr1: Arc<AtomicBool>,
    end: Arc<AtomicBool>,
    stopped: Option<Instant>,
    left: bool,
}

impl Signals {
    /// Handles USR1, TERM and INT from now on.
    ///
    /// # Errors
    /// The system refuses a handler.
    pub fn install() -> io::Result<Self> {
        let (usr1, end) = (Arc::default(), Arc::default());
        signal_hook::flag::register(SIGUSR1, Arc::clone(&usr1))?;
        signal_hook::flag::register(SIGTERM, Arc::clone(&end))?;
        signal_hook::flag::register(SIGINT, Arc::clone(&end))?;
        Ok(Self { usr1, end, stopped: None, left: false })
    }

    /// The next event, if a signal came since the last call.
    pub fn poll(&mut self) -> Option<SignalEvent> {
        if self.end.swap(false, Ordering::Relaxed)
            && let Some(event) = self.ended(Instant::now())
        {
            return Some(event);
        }
        self.usr1.swap(false, Ordering::Relaxed).then_some(SignalEvent::Drain)
    }

    fn ended(&mut self, now: Instant) -> Option<SignalEvent> {
        match self.stopped {
            None => {
                self.stopped = Some(now);
                Some(SignalEvent::Stop)
            }
            Some(first) => (now - first > ECHO).then(|| {
                self.left = true;
                SignalEvent::Leave
            }),
        }
    }

    /// Whether [`SignalEvent::Leave`] has come, now or before. The other events, which have nothing
    /// to say any more once the run is over, are dropped.
    pub fn leave_now(&mut self) -> bool {
        while self.poll().is_some() {}
        self.left
    }
}

/// Makes this process survive USR1, TERM and INT. Does not take them away from [`Signals`] in the same
/// process. What it returns becomes true when TERM or INT comes.
///
/// # Errors
/// The system refuses a handler.
pub fn ignore() -> io::Result<Arc<AtomicBool>> {
    let end = Arc::<AtomicBool>::default();
    signal_hook::flag::register(SIGUSR1, Arc::default())?;
    for signal in [SIGTERM, SIGINT] {
        signal_hook::flag::register(signal, Arc::clone(&end))?;
    }
    Ok(end)
}

/// Makes this process, and all that it starts from now on, deaf to USR1, whatever handlers there are.
///
/// `srun` and `scancel` send it to payloads as well as to ranks, and it ends who does not handle it: just
/// what was to be let end by itself. A payload may still handle it, unless it is a shell script.
///
/// # Errors
/// The system refuses.
#[allow(unsafe_code, reason = "an ignored signal is inherited by programs; no safe wrapper is at hand")]
pub fn shield_from_usr1() -> io::Result<()> {
    // SAFETY: no handler runs, and nobody else changes what USR1 does: all handlers of this program are
    // there before, and further ones join them without asking the system.
    match unsafe { libc::signal(SIGUSR1, libc::SIG_IGN) } {
        libc::SIG_ERR => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use signal_hook::low_level::raise;

    /// One test, because signals belong to the whole process.
    #[test]
    fn signals_become_events_and_an_echo_is_none() {
        let mut signals = Signals::install().unwrap();
        ignore().unwrap();
        assert_eq!(signals.poll(), None);
        raise(SIGUSR1).unwrap();
        raise(SIGTERM).unwrap();
        assert_eq!(signals.poll(), Some(SignalEvent::Stop));
        assert_eq!(signals.poll(), Some(SignalEvent::Drain));
        assert_eq!(signals.poll(), None);
        let first = signals.stopped.unwrap();
        assert_eq!(signals.ended(first + ECHO / 2), None, "relayed twice");
        assert!(!signals.leave_now());
        assert_eq!(signals.ended(first + ECHO * 2), Some(SignalEvent::Leave));
        assert!(signals.leave_now());
    }
}
