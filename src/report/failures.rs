//! Failed attempts by class.

use crate::problem::FailureClass;
use crate::store::{Attempt, History};

/// The failed attempts of one class.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Failures<'a> {
    /// The class.
    pub class: FailureClass,
    /// How many there are.
    pub count: usize,
    /// The last of them to end.
    pub last: &'a Attempt,
}

/// By class, in the order of [`FailureClass::ALL`]; classes without failures are left out.
pub fn failures(history: &History) -> Vec<Failures<'_>> {
    let failed = || history.attempts.iter().filter(|attempt| attempt.status == "failed");
    let of = |class: FailureClass| {
        let is_one =
            move |a: &&Attempt| FailureClass::split(&a.reason).is_some_and(|(found, _)| found == class);
        let last = failed().rfind(is_one)?;
        Some(Failures { class, count: failed().filter(is_one).count(), last })
    };
    FailureClass::ALL.into_iter().filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_counted_by_class_and_the_last_is_known() {
        let attempt = |trial: u64, status: &str, reason: &str| Attempt {
            trial,
            attempt: 1,
            rank: 1,
            host: String::new(),
            dispatched: 0.0,
            started: 0.0,
            finished: 0.0,
            status: status.into(),
            reason: reason.into(),
            start: None,
            detail: Default::default(),
        };
        let mut history = History::default();
        assert_eq!(failures(&history), []);
        history.attempts = vec![
            attempt(0, "failed", "timeout: after 1 min"),
            attempt(1, "failed", "exit: code 3"),
            attempt(2, "failed", "timeout: after 2 min"),
            attempt(3, "infeasible", "exit: no failure at all"),
            attempt(4, "interrupted", "signal TERM"),
        ];
        let found: Vec<_> =
            failures(&history).iter().map(|f| (f.class, f.count, f.last.trial)).collect();
        assert_eq!(found, [(FailureClass::Exit, 1, 1), (FailureClass::Timeout, 2, 2)]);
    }
}
