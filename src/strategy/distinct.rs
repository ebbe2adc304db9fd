//! Designs that are taken, and how to find one that is not.

use crate::problem::{Design, ParameterKind, SAME, Space, Value};
use std::collections::BTreeMap;

/// A set of unit-cube points that knows near-equality. Points are ordered by a weighted sum of their
/// coordinates, which differs little for points that differ little.
#[derive(Debug, Clone, Default)]
pub(super) struct Taken {
    by_sum: BTreeMap<u64, Vec<Vec<f64>>>,
}

impl Taken {
    pub(super) fn insert(&mut self, unit: Vec<f64>) {
        // Bit patterns of numbers that are not negative are ordered like the numbers.
        self.by_sum.entry(sum(&unit).to_bits()).or_default().push(unit);
    }

    /// Takes out one point that was put in with exactly these coordinates.
    pub(super) fn remove(&mut self, unit: &[f64]) {
        let key = sum(unit).to_bits();
        let Some(points) = self.by_sum.get_mut(&key) else { return };
        if let Some(at) = points.iter().rposition(|point| point == unit) {
            points.swap_remove(at);
        }
        if points.is_empty() {
            self.by_sum.remove(&key);
        }
    }

    pub(super) fn contains(&self, unit: &[f64]) -> bool {
        let (centre, reach) = (sum(unit), 3.0 * SAME * unit.len() as f64);
        let range = (centre - reach).max(0.0).to_bits()..=(centre + reach).to_bits();
        let same = |other: &Vec<f64>| other.iter().zip(unit).all(|(a, b)| (a - b).abs() <= SAME);
        self.by_sum.range(range).flat_map(|(_, points)| points).any(same)
    }
}

/// Weights between 1 and 2 without simple ratios; never minus zero, whose bits are out of order.
fn sum(unit: &[f64]) -> f64 {
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    let weight = |j: usize| 1.0 + ((j + 1) as f64 * GOLDEN).fract();
    unit.iter().enumerate().fold(0.0, |sum, (j, u)| sum + u * weight(j))
}

/// The designs of a space without floats in counting order, from number `start` round to the one
/// before it; `None` if there are floats or more than `most` designs.
pub(super) fn every_design(
    space: &Space,
    most: u64,
    start: u64,
) -> Option<impl Iterator<Item = Design> + '_> {
    let total = space.parameters.iter().try_fold(1_u64, |n, p| {
        let n = n.checked_mul(values(&p.kind)?)?;
        (n <= most).then_some(n)
    })?;
    Some((0..total).map(move |k| {
        let mut rest = (start % total + k) % total;
        let mut digit = |p: &crate::problem::Parameter| {
            let n = values(&p.kind).unwrap_or(1);
            let k = rest % n;
            rest /= n;
            match &p.kind {
                ParameterKind::Integer { lower, .. } => Value::Integer(lower + k as i64),
                ParameterKind::Choice { values } => values[k as usize].clone(),
                ParameterKind::Float { lower, .. } => Value::Float(*lower),
                ParameterKind::Fixed { value } => value.clone(),
                ParameterKind::Events(range) => Value::Integer(range.upper),
            }
        };
        space.parameters.iter().map(&mut digit).collect()
    }))
}

/// How many values a parameter has, if it can be counted.
fn values(kind: &ParameterKind) -> Option<u64> {
    match kind {
        ParameterKind::Float { .. } => None,
        ParameterKind::Integer { lower, upper, .. } => upper.abs_diff(*lower).checked_add(1),
        ParameterKind::Choice { values } => Some(values.len() as u64),
        ParameterKind::Fixed { .. } | ParameterKind::Events(_) => Some(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::{Parameter, Scale};
    use proptest::prelude::*;

    #[test]
    fn counting_visits_every_design_once_from_anywhere() {
        let kinds = [
            ParameterKind::Integer { lower: -1, upper: 1, scale: Scale::Linear },
            ParameterKind::Fixed { value: Value::Float(2.0) },
            ParameterKind::Choice { values: ["a", "b"].map(|w| Value::Text(w.into())).to_vec() },
        ];
        let parameter = |kind| Parameter { name: "p".into(), kind, unit: String::new(), default: None };
        let space = Space { parameters: kinds.map(parameter).to_vec(), constraints: vec![] };
        let mut seen: Vec<String> =
            every_design(&space, 6, 4).unwrap().map(|d| format!("{d:?}")).collect();
        assert_eq!(seen.len(), 6);
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 6);
        assert!(every_design(&space, 5, 0).is_none());
    }

    #[test]
    fn the_origin_is_found_with_either_sign_and_so_is_a_point_without_coordinates() {
        for unit in [vec![-0.0, 0.0], vec![0.0, 0.0], vec![]] {
            let mut taken = Taken::default();
            taken.insert(unit.clone());
            assert!(taken.contains(&unit));
            assert!(taken.contains(&vec![0.0; unit.len()]));
        }
    }

    proptest! {
        #[test]
        fn contains_agrees_with_looking_at_all(
            points in proptest::collection::vec(proptest::collection::vec(0.0..=1.0_f64, 4), 1..20),
            which in 0..20_usize,
            shift in proptest::collection::vec(-2e-9..2e-9_f64, 4),
        ) {
            let mut taken = Taken::default();
            points.iter().for_each(|p| taken.insert(p.clone()));
            let asked: Vec<f64> = points[which % points.len()]
                .iter()
                .zip(&shift)
                .map(|(x, s)| (x + s).clamp(0.0, 1.0))
                .collect();
            let near = |p: &Vec<f64>| p.iter().zip(&asked).all(|(a, b)| (a - b).abs() <= 1e-9);
            prop_assert_eq!(taken.contains(&asked), points.iter().any(near));
        }
    }
}
