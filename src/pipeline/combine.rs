//! Several measured values as one, with its standard error.

use crate::config::Combine;
use crate::problem::Measurement;

/// Combines values, each with its weight (`Combine` says how; the extremes take no notice of weights).
///
/// Standard errors are propagated to first order, `s² = Σ (∂y/∂xᵢ)² sᵢ²`, with the values taken as
/// independent: exact for means and sums, the delta method for the harmonic mean, and for the smallest
/// and largest the error of the value that it is. It is unknown if one of those that count is.
///
/// # Errors
/// No value, no weight above 0, a harmonic mean of values that are not above 0, or a result that is
/// not finite, in words.
pub fn combine(how: Combine, values: &[(f64, Measurement)]) -> Result<Measurement, String> {
    if values.is_empty() {
        return Err("there is no value".to_owned());
    }
    let total: f64 = values.iter().map(|(weight, _)| weight).sum();
    let by_weight = !matches!(how, Combine::Min | Combine::Max);
    if by_weight && total <= 0.0 {
        return Err("the weights of the values that there are, are all 0".to_owned());
    }
    let extreme = |first_is_better: fn(f64, f64) -> bool| {
        let better = |best: Measurement, (_, m): &(f64, Measurement)| {
            if first_is_better(m.value(), best.value()) { *m } else { best }
        };
        values[1..].iter().fold(values[0].1, better)
    };
    let (value, slopes): (f64, Vec<f64>) = match how {
        Combine::Min => return Ok(extreme(|a, b| a < b)),
        Combine::Max => return Ok(extreme(|a, b| a > b)),
        Combine::Sum => (
            values.iter().map(|(weight, m)| weight * m.value()).sum(),
            values.iter().map(|(weight, _)| *weight).collect(),
        ),
        Combine::Mean => (
            values.iter().map(|(weight, m)| weight / total * m.value()).sum(),
            values.iter().map(|(weight, _)| weight / total).collect(),
        ),
        Combine::Harmonic => {
            if let Some((_, m)) = values.iter().find(|(_, m)| m.value() <= 0.0) {
                return Err(format!("a harmonic mean is of values above 0, not of {}", m.value()));
            }
            let mean = total / values.iter().map(|(weight, m)| weight / m.value()).sum::<f64>();
            let slope = |(weight, m): &(f64, Measurement)| {
                (mean / m.value()) * (mean / m.value()) * weight / total
            };
            (mean, values.iter().map(slope).collect())
        }
    };
    // A value of weight 0 does not count, and neither does what is not known about it.
    let square = |(slope, (_, m)): (&f64, &(f64, Measurement))| match m.sem() {
        _ if *slope == 0.0 => Some(0.0),
        sem => Some((slope * sem?).powi(2)),
    };
    let variance = slopes.iter().zip(values).map(square).sum::<Option<f64>>();
    Measurement::new(value, variance.map(f64::sqrt))
        .ok_or_else(|| format!("the {} of the values is not finite", how.name()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng;
    use proptest::prelude::*;
    use rand::RngExt;

    fn m(value: f64, sem: Option<f64>) -> Measurement {
        Measurement::new(value, sem).unwrap()
    }

    fn equal(values: &[(f64, f64)]) -> Vec<(f64, Measurement)> {
        values.iter().map(|(value, sem)| (1.0, m(*value, Some(*sem)))).collect()
    }

    #[test]
    fn values_by_hand() {
        let values = equal(&[(2.0, 0.3), (4.0, 0.4), (12.0, 1.2)]);
        let done = |how| combine(how, &values).unwrap();
        // 0.3² + 0.4² + 1.2² = 1.3².
        assert!((done(Combine::Mean).value() - 6.0).abs() < 1e-12);
        assert!((done(Combine::Mean).sem().unwrap() - 1.3 / 3.0).abs() < 1e-12);
        assert_eq!(done(Combine::Sum).value(), 18.0);
        assert!((done(Combine::Sum).sem().unwrap() - 1.3).abs() < 1e-12);
        assert_eq!(done(Combine::Min), m(2.0, Some(0.3)));
        assert_eq!(done(Combine::Max), m(12.0, Some(1.2)));
        // 3 / (1/2 + 1/4 + 1/12) = 3.6
        assert!((done(Combine::Harmonic).value() - 3.6).abs() < 1e-12);
        // Momentum bins of weights 1 and 0.5: 1.5 / (1/2 + 0.5/4).
        let weighted = [(1.0, m(2.0, Some(0.0))), (0.5, m(4.0, Some(0.0)))];
        assert!((combine(Combine::Harmonic, &weighted).unwrap().value() - 2.4).abs() < 1e-12);
        assert!((combine(Combine::Mean, &weighted).unwrap().value() - 8.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn what_is_not_known_stays_unknown() {
        let values = [(1.0, m(2.0, Some(0.1))), (1.0, m(3.0, None))];
        for how in [Combine::Mean, Combine::Sum, Combine::Harmonic, Combine::Max] {
            assert_eq!(combine(how, &values).unwrap().sem(), None, "{}", how.name());
        }
        assert_eq!(combine(Combine::Min, &values).unwrap().sem(), Some(0.1));
        let without = [values[0], (0.0, m(3.0, None))];
        assert_eq!(combine(Combine::Mean, &without).unwrap(), m(2.0, Some(0.1)));
    }

    #[test]
    fn what_has_no_value_is_refused() {
        let wrong = |how, values: &[(f64, Measurement)]| combine(how, values).unwrap_err();
        assert_eq!(wrong(Combine::Mean, &[]), "there is no value");
        let zero = equal(&[(1.0, 0.1), (0.0, 0.1)]);
        assert_eq!(wrong(Combine::Harmonic, &zero), "a harmonic mean is of values above 0, not of 0");
        let unweighted = [(0.0, m(1.0, None))];
        assert!(wrong(Combine::Mean, &unweighted).contains("all 0"));
        let huge = equal(&[(f64::MAX, 0.0), (f64::MAX, 0.0)]);
        assert_eq!(wrong(Combine::Sum, &huge), "the sum of the values is not finite");
    }

    #[test]
    fn fewer_values_have_a_larger_error() {
        let of = |n: usize| combine(Combine::Mean, &equal(&vec![(5.0, 0.2); n])).unwrap();
        assert!((of(5).sem().unwrap() - 0.2 / 5f64.sqrt()).abs() < 1e-12);
        assert!((of(4).sem().unwrap() - 0.2 / 4f64.sqrt()).abs() < 1e-12);
    }

    /// The error of the harmonic mean is the spread that it has when its values are drawn again and again.
    #[test]
    fn the_error_of_a_harmonic_mean_is_its_spread() {
        let values = [(1.0, 3.0, 0.06), (0.5, 5.0, 0.2), (2.0, 8.0, 0.1)];
        let told: Vec<_> = values.iter().map(|(w, x, s)| (*w, m(*x, Some(*s)))).collect();
        let sem = combine(Combine::Harmonic, &told).unwrap().sem().unwrap();
        let mut stream = rng::stream(5, "test", 0);
        // Twelve uniform numbers less six: variance 1.
        let mut normal = || (0..12).map(|_| stream.random::<f64>()).sum::<f64>() - 6.0;
        let draws: Vec<f64> = (0..20_000)
            .map(|_| {
                let drawn = values.map(|(w, x, s)| (w, x + s * normal()));
                let sum: f64 = drawn.iter().map(|(w, x)| w / x).sum();
                3.5 / sum
            })
            .collect();
        let mean = draws.iter().sum::<f64>() / draws.len() as f64;
        let variance = draws.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / draws.len() as f64;
        // A spread of 20,000 draws is known to 0.5 %.
        assert!((variance.sqrt() / sem - 1.0).abs() < 0.02, "{} {sem}", variance.sqrt());
    }

    proptest! {
        /// Each value's part of the error is its own error times a slope found by finite differences.
        #[test]
        fn errors_follow_the_slopes(
            values in prop::collection::vec((0.1..3.0f64, 1.0..9.0f64, 0.01..0.5f64), 1..6),
            how in prop::sample::select(vec![Combine::Mean, Combine::Sum, Combine::Harmonic]),
        ) {
            let told = |shifted: usize, by: f64| -> Vec<(f64, Measurement)> {
                let at = |k| if k == shifted { by } else { 0.0 };
                values.iter().enumerate().map(|(k, (w, x, s))| (*w, m(x + at(k), Some(*s)))).collect()
            };
            let value = |shifted, by| combine(how, &told(shifted, by)).unwrap().value();
            let step = 1e-5;
            let part = |(k, (.., s)): (usize, &(f64, f64, f64))| {
                ((value(k, step) - value(k, -step)) / (2.0 * step) * s).powi(2)
            };
            let want = values.iter().enumerate().map(part).sum::<f64>().sqrt();
            let got = combine(how, &told(0, 0.0)).unwrap().sem().unwrap();
            prop_assert!((got / want - 1.0).abs() < 1e-6, "{} {}", got, want);
        }

        #[test]
        fn means_lie_between_the_extremes(
            values in prop::collection::vec((0.1..3.0f64, 0.5..9.0f64), 1..6),
        ) {
            let told: Vec<_> = values.iter().map(|(w, x)| (*w, m(*x, None))).collect();
            let of = |how| combine(how, &told).unwrap().value();
            let slack = 1e-12;
            prop_assert!(of(Combine::Min) <= of(Combine::Harmonic) + slack);
            prop_assert!(of(Combine::Harmonic) <= of(Combine::Mean) + slack);
            prop_assert!(of(Combine::Mean) <= of(Combine::Max) + slack);
        }
    }
}
