//! Candidates that had to make do with less than their method's best, as their origins tell: `method (kind: detail)`.

use crate::store::History;
use std::collections::BTreeMap;

/// How many candidates made do, and with what.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Makeshift {
    /// Candidates in all.
    pub candidates: usize,
    /// Those that made do with something.
    pub count: usize,
    /// By kind: how many, and the detail of the last of them.
    pub kinds: BTreeMap<String, (usize, String)>,
}

impl Makeshift {
    /// The figures of a history.
    pub fn of(history: &History) -> Self {
        let mut this = Self { candidates: history.trials.len(), ..Self::default() };
        for trial in &history.trials {
            let mut some = false;
            for (kind, detail) in remarks(&trial.proposed.origin) {
                let entry = this.kinds.entry(kind.to_owned()).or_default();
                *entry = (entry.0 + 1, detail.to_owned());
                some = true;
            }
            this.count += usize::from(some);
        }
        this
    }

    /// One line for people; `None` if nobody made do.
    pub fn line(&self) -> Option<String> {
        if self.count == 0 {
            return None;
        }
        let kinds =
            self.kinds.iter().map(|(kind, (count, detail))| format!("{kind} {count} ({detail})"));
        Some(format!(
            "{} of {} candidates: {}",
            self.count,
            self.candidates,
            kinds.collect::<Vec<_>>().join("; ")
        ))
    }
}

/// What stands in parentheses behind an origin's first word: kind and detail of each remark.
fn remarks(origin: &str) -> impl Iterator<Item = (&str, &str)> {
    let inside = origin.split_once(" (").and_then(|(_, rest)| rest.strip_suffix(')'));
    let each = inside.into_iter().flat_map(|text| text.split(") ("));
    each.map(|remark| remark.split_once(": ").unwrap_or((remark, "")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Proposed, Record};

    #[test]
    fn remarks_are_counted_by_their_kind() {
        let origins = [
            "sobol",
            "mobo",
            "mobo (jitter: 1e-8 of a variance)",
            "mobo (jitter: 1e-6 of a variance) (repeat: every design has been proposed)",
            "sobol (mobo: no trial has values yet)",
        ];
        let mut history = History::default();
        for (trial, origin) in (0..).zip(origins) {
            let origin = origin.to_owned();
            let (seen, design, generation_s, at, memory) = (0, vec![], 0.0, 0.0, None);
            let proposed = Proposed { trial, seen, design, origin, generation_s, at, memory };
            history.apply(Record::Proposed(proposed)).unwrap();
        }
        let found = Makeshift::of(&history);
        let line = "3 of 5 candidates: jitter 2 (1e-6 of a variance); mobo 1 (no trial has values yet); repeat 1 \
                    (every design has been proposed)";
        assert_eq!(found.line().as_deref(), Some(line));
        history.trials.truncate(2);
        assert_eq!(Makeshift::of(&history).line(), None);
    }

    #[test]
    fn a_detail_may_hold_parentheses() {
        let found: Vec<_> = remarks("sobol (mobo: numerics: a matrix (of 3) is none)").collect();
        assert_eq!(found, [("mobo", "numerics: a matrix (of 3) is none")]);
    }
}
