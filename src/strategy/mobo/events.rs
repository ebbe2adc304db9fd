//! How many events a trial is worth.
//!
//! A measurement with n events of a quantity whose process has standard deviation σ at the design has the
//! noise variance v/n. What it tells about the quantity there is, in nats,
//!
//! I(n) = ½ log(1 + σ² n / v),
//!
//! the mutual information of the value and its measurement (Cover and Thomas, Elements of Information
//! Theory, section 9.1), summed over all quantities. The number of events is the one with the largest
//! I(n)^γ per cost. Where the process knows little, σ² n ≫ v already for few events, and more tell hardly
//! more; near designs that are known well, as those are where candidates gather, it takes more, though never
//! many times more than the overhead costs; without an overhead the fewest are best.
//!
//! γ = 1 would be information per cost, and takes too many: what one measurement tells of the designs
//! around it, the next one tells as well. The expected improvement of the posterior mean per cost (Picheny
//! et al. 2013, doi 10.1080/00401706.2012.707580) takes too few. Judged by the true hypervolume of the
//! recommended designs at equal cost, the choice with γ = 0.7 does as well as the best number for all trials,
//! which nobody knows beforehand.
//!
//! Pending trials are believed in as exact all the same ([`super::model`]): believing in their noise lets
//! candidates of a batch gather at one place, and costs a tenth of the hypervolume.

use crate::problem::EventRange;
use crate::strategy::Observed;

/// A quantity at a design, as its process knows it: variance of the process, and of the measurement of a
/// single event, in the same unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Doubt {
    /// σ².
    pub variance: f64,
    /// v > 0.
    pub per_event: f64,
}

/// γ.
const SHARED: f64 = 0.7;

/// The rung with the largest I^γ per cost, the lowest of equals; `None` where no quantity's errors are
/// known.
pub fn worth(range: &EventRange, doubts: &[Doubt]) -> Option<i64> {
    let information = |events: i64| -> f64 {
        doubts.iter().map(|d| (d.variance * events as f64 / d.per_event).ln_1p()).sum()
    };
    let rate = |events: i64| information(events).powf(SHARED) / range.cost(events);
    let rungs = range.rungs().into_iter().map(|events| (events, rate(events)));
    let best = rungs.filter(|(_, rate)| rate.is_finite()).reduce(|a, b| if b.1 > a.1 { b } else { a });
    best.filter(|_| !doubts.is_empty()).map(|(events, _)| events)
}

/// Variance of one event's measurement in the quantity's own unit: the mean of sem² · events over the trials
/// that tell both; `None` if there is none, or if they are exact. `sem` is that of the quantity in a trial.
pub fn variance_of_one(trials: &[Observed], sem: impl Fn(&Observed) -> Option<f64>) -> Option<f64> {
    let told = trials.iter().filter_map(|o| Some(sem(o)?.powi(2) * o.events? as f64));
    let (sum, count) = told.fold((0.0, 0_u32), |(sum, count), v| (sum + v, count + 1));
    let mean = sum / f64::from(count);
    (mean > 0.0 && mean.is_finite()).then_some(mean)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::RngExt;
    use rand_distr::StandardNormal;

    fn range(overhead: f64) -> EventRange {
        EventRange { lower: 100, upper: 1600, overhead }
    }

    fn doubt(sd: f64, per_event: f64) -> Doubt {
        Doubt { variance: sd * sd, per_event }
    }

    #[test]
    fn few_events_where_little_is_known_and_many_where_much_is() {
        let chosen = |sd: f64, overhead: f64| worth(&range(overhead), &[doubt(sd, 4.0)]).unwrap();
        // Errors of 100 events are 0.2, of 1600 events 0.05.
        let numbers: Vec<i64> = [10.0, 0.5, 0.1, 0.02].map(|sd| chosen(sd, 200.0)).to_vec();
        assert!(numbers.is_sorted() && numbers[0] < numbers[3], "{numbers:?}");
        assert_eq!(chosen(1e-3, 1e9), 1600, "what costs next to nothing beside the overhead");
        // I^γ ∝ n^γ there, and n^γ / (c + n) is largest at n = c γ / (1 - γ).
        assert_eq!(chosen(1e-3, 180.0), 400);
        for sd in [10.0, 0.5, 0.1, 1e-3] {
            assert_eq!(chosen(sd, 0.0), 100, "without an overhead the fewest are best");
        }
        assert_eq!(worth(&range(200.0), &[]), None);
        assert_eq!(worth(&range(200.0), &[doubt(0.0, 4.0)]), Some(100), "there is nothing to learn");
    }

    /// What the formula calls information is what a measurement takes away from the variance: of many values
    /// drawn from the process and measured, the error of the posterior mean.
    #[test]
    fn information_is_how_much_the_variance_shrinks() {
        let (sd, per_event, events) = (0.3, 9.0, 400.0);
        let noise = f64::sqrt(per_event / events);
        let mut rng = crate::rng::stream(3, "test events", 0);
        let draws = 200_000;
        let squares = (0..draws).map(|_| {
            let (a, b): (f64, f64) = (rng.sample(StandardNormal), rng.sample(StandardNormal));
            let (value, measured) = (sd * a, sd * a + noise * b);
            let weight = sd * sd / (sd * sd + noise * noise);
            (value - weight * measured).powi(2)
        });
        let left = squares.sum::<f64>() / f64::from(draws);
        let by_simulation = 0.5 * (sd * sd / left).ln();
        let by_formula = 0.5 * (sd * sd * events / per_event).ln_1p();
        assert!((by_formula / by_simulation - 1.0).abs() < 0.01, "{by_formula} {by_simulation}");
    }

    #[test]
    fn the_variance_of_one_event_is_learnt_from_those_that_tell_it() {
        let observed = |events, sem| Observed {
            trial: 0,
            unit: vec![],
            events,
            objectives: Some(vec![0.0]),
            sems: vec![sem],
            slacks: Some(vec![]),
            acceptable: true,
            infeasible: false,
        };
        let variance = |trials: &[Observed]| variance_of_one(trials, |o| o.sems[0]);
        let told = [observed(Some(100), Some(0.2)), observed(Some(400), Some(0.1))];
        assert!((variance(&told).unwrap() - 4.0).abs() < 1e-12);
        assert_eq!(variance(&[observed(None, Some(0.2)), observed(Some(400), None)]), None);
        assert_eq!(variance(&[observed(Some(100), Some(0.0))]), None, "exact");
    }
}
