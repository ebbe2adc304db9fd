//! The point from which hypervolume is measured.

use super::dominance::non_dominated;

/// Share of the front's range by which the reference point lies beyond its worst values.
const MARGIN: f64 = 0.1;

/// One coordinate per objective: the threshold where there is one, elsewhere the worst value among
/// the non-dominated points plus 10 % of their range (of its magnitude if they have no range, 1 if
/// that is zero too). `None` if a threshold is missing and there is no point.
pub fn reference_point(thresholds: &[Option<f64>], points: &[Vec<f64>]) -> Option<Vec<f64>> {
    let front = non_dominated(points);
    let beyond = |m: usize| {
        let values = front.iter().map(|&k| points[k][m]);
        let worst = values.clone().reduce(f64::max)?;
        let range = worst - values.fold(worst, f64::min);
        let length = if range > 0.0 { range } else { worst.abs() };
        Some(worst + if length > 0.0 { MARGIN * length } else { 1.0 })
    };
    thresholds.iter().enumerate().map(|(m, threshold)| threshold.or_else(|| beyond(m))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_win_over_the_nadir_of_the_front() {
        let points = vec![vec![0.0, 4.0], vec![2.0, 1.0], vec![9.0, 9.0]];
        assert_eq!(reference_point(&[Some(5.0), None], &points), Some(vec![5.0, 4.3]));
        assert_eq!(reference_point(&[Some(5.0), Some(6.0)], &[]), Some(vec![5.0, 6.0]));
        assert_eq!(reference_point(&[Some(5.0), None], &[]), None);
    }

    #[test]
    fn a_single_point_still_lies_inside() {
        let only = vec![vec![-2.0, 0.0]];
        assert_eq!(reference_point(&[None, None], &only), Some(vec![-1.8, 1.0]));
    }
}
