//! Whether a record fits the study, so that every history can be stored without loss.

use super::record::Record;
use crate::problem::{Outcome, ParameterKind, Problem, Value};

/// Checks shapes and kinds of a record's values.
///
/// # Errors
/// What does not fit, in words.
pub(super) fn check(problem: &Problem, record: &Record) -> Result<(), String> {
    match record {
        Record::Proposed(proposed) => {
            let parameters = &problem.space.parameters;
            if proposed.design.len() != parameters.len() {
                let (got, want) = (proposed.design.len(), parameters.len());
                return Err(format!("a design of {got} values for {want} parameters"));
            }
            match parameters.iter().zip(&proposed.design).find(|(p, v)| !holds(&p.kind, v)) {
                Some((p, value)) => Err(format!("parameter {} cannot be {value}", p.name)),
                None => Ok(()),
            }
        }
        Record::Completed(completed) => match &completed.outcome {
            Outcome::Ok { objectives, metrics } => {
                let same = |what, got, want| match got == want {
                    true => Ok(()),
                    false => Err(format!("{got} {what} instead of {want}")),
                };
                same("objectives", objectives.len(), problem.objectives.len())?;
                same("metrics", metrics.len(), problem.metrics.len())?;
                problem.check(&completed.outcome)
            }
            _ => Ok(()),
        },
        Record::Contained(.., container_s) if !(container_s.is_finite() && *container_s >= 0.0) => {
            Err(format!("a container that took {container_s} s to start"))
        }
        Record::Contained(..)
        | Record::Session(_)
        | Record::Attempt(_)
        | Record::Attempted(..)
        | Record::Ended(..)
        | Record::Stopped(_)
        | Record::Asked(_) => Ok(()),
    }
}

fn holds(kind: &ParameterKind, value: &Value) -> bool {
    match (kind, value) {
        (ParameterKind::Float { .. }, Value::Float(x)) => x.is_finite(),
        (ParameterKind::Integer { .. } | ParameterKind::Events(_), Value::Integer(_)) => true,
        (ParameterKind::Choice { values }, v) => values.contains(v),
        (ParameterKind::Fixed { value }, v) => value == v,
        _ => false,
    }
}

/// Replaces NUL, which HDF5 strings cannot hold, by its picture in every text of a record. Payloads
/// can put anything into a reason.
pub(super) fn clean(record: &mut Record) {
    match record {
        Record::Asked(_) => {}
        Record::Session(s) => clean_all([&mut s.host, &mut s.job]),
        Record::Proposed(p) => clean_all([&mut p.origin]),
        Record::Stopped(s) => clean_all([&mut s.setting, &mut s.reason]),
        Record::Attempt(a) | Record::Attempted(a, _) => {
            clean_all([&mut a.host, &mut a.status, &mut a.reason])
        }
        Record::Ended(a, _, d) | Record::Contained(a, _, d, _) => {
            clean_all([&mut a.host, &mut a.status, &mut a.reason, &mut d.stage, &mut d.key]);
            d.values.iter_mut().for_each(|(name, _)| clean_all([name]));
        }
        Record::Completed(c) => match &mut c.outcome {
            Outcome::Ok { .. } => {}
            Outcome::Infeasible { reason }
            | Outcome::Failed { reason, .. }
            | Outcome::Interrupted { reason } => clean_all([reason]),
        },
    }
}

fn clean_all<const N: usize>(texts: [&mut String; N]) {
    for text in texts {
        if text.contains('\0') {
            *text = text.replace('\0', "\u{2400}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing;

    #[test]
    fn whole_histories_fit_and_wrong_shapes_do_not() {
        let study = testing::study();
        for mut record in testing::records(&study, 30) {
            check(&study.problem, &record).unwrap();
            let said = match &mut record {
                Record::Proposed(p) => {
                    p.design.pop();
                    check(&study.problem, &record).unwrap_err()
                }
                Record::Completed(c) if matches!(c.outcome, Outcome::Ok { .. }) => {
                    c.outcome = Outcome::Ok { objectives: vec![], metrics: vec![None] };
                    check(&study.problem, &record).unwrap_err()
                }
                _ => continue,
            };
            assert!(said.contains("values for") || said.contains("0 objectives"), "{said}");
        }
    }

    #[test]
    fn an_ok_trial_without_the_metric_of_a_constraint_does_not_fit() {
        let study = testing::study();
        let measured = testing::records(&study, 30).into_iter().find_map(|record| match record {
            Record::Completed(c) if matches!(c.outcome, Outcome::Ok { .. }) => Some(c),
            _ => None,
        });
        let mut completed = measured.unwrap();
        if let Outcome::Ok { metrics, .. } = &mut completed.outcome {
            metrics[0] = None;
        }
        let said = check(&study.problem, &Record::Completed(completed)).unwrap_err();
        assert!(said.starts_with("the metric \"overlaps\" is missing"), "{said}");
    }

    #[test]
    fn values_of_another_kind_do_not_fit() {
        let study = testing::study();
        let proposed = testing::records(&study, 1)
            .into_iter()
            .find_map(|r| if let Record::Proposed(p) = r { Some(p) } else { None })
            .unwrap();
        for wrong in [Value::Text("no such word".into()), Value::Float(f64::NAN)] {
            for at in 0..proposed.design.len() {
                let mut broken = proposed.clone();
                broken.design[at] = wrong.clone();
                let said = check(&study.problem, &Record::Proposed(broken)).unwrap_err();
                assert!(said.contains("cannot be"), "{said}");
            }
        }
    }

    #[test]
    fn nul_becomes_visible() {
        let outcome = Outcome::Interrupted { reason: "a\0b".into() };
        let completed = crate::store::Completed { trial: 0, outcome, started: 0.0, finished: 1.0 };
        let mut record = Record::Completed(completed);
        clean(&mut record);
        let Record::Completed(c) = record else { unreachable!("still an end") };
        assert_eq!(c.outcome.reason(), "a\u{2400}b");
    }
}
