//! Hypervolume: how much of objective space is dominated.

use super::volume::Volume;

/// Volume of the region that `points` (n × M, minimised) dominate and `reference` (M) bounds, exact
/// up to rounding. A point that is not strictly better than the reference in every objective adds
/// nothing; neither do dominated ones and duplicates.
///
/// | M | by | cost |
/// |---|---|---|
/// | 1 to 3 | sorting and a sweep (Beume et al. 2009, doi 10.1109/TEVC.2009.2015575) | n log n |
/// | 4 | a sweep that grows a three-dimensional set (after HV4D+, doi 10.1109/TEVC.2017.2729550) | n², and staircases where boxes meet |
/// | 5 and more | slabs and limit sets (WFG, doi 10.1109/TEVC.2010.2077298) down to 4 | n^(M − 2) at worst |
///
/// ```
/// use paretorank::pareto::hypervolume;
///
/// let front = [vec![0.0, 2.0], vec![1.0, 1.0], vec![1.5, 1.5]];
/// assert_eq!(hypervolume(&front, &[3.0, 3.0]), 3.0 + 2.0);
/// ```
///
/// # Panics
///
/// If a point has not as many coordinates as the reference.
pub fn hypervolume(points: &[Vec<f64>], reference: &[f64]) -> f64 {
    let inside = points.iter().filter(|p| lies_inside(p, reference));
    let mut rows: Vec<f64> = inside.flatten().copied().collect();
    Volume::default().dominated(&mut rows, reference)
}

/// Whether a point is strictly better than the reference everywhere.
pub(super) fn lies_inside(point: &[f64], reference: &[f64]) -> bool {
    assert_eq!(point.len(), reference.len(), "a point has one coordinate per objective");
    point.iter().zip(reference).all(|(x, r)| x < r)
}
