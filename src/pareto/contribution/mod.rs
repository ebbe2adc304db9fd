//! What each point adds to the hypervolume.

mod sweep;

use super::hypervolume::lies_inside;
use super::volume::Volume;

/// For each of the `points` (n × M, minimised) the hypervolume below `reference` (M) that would be
/// lost without it; 0 for points that others cover (each of two equal points included) and for
/// points not strictly better than the reference. Dominated points count: what they dominate too is
/// not lost.
///
/// One sweep for two and three objectives, n log n (after Emmerich and Fonseca 2011, doi
/// 10.1007/978-3-642-19893-9_9). Otherwise a point's own box less the hypervolume of what the others
/// dominate in it (its limit set, doi 10.1109/TEVC.2010.2077298): n² for finding the limit sets,
/// which are small as a rule, and their hypervolumes.
///
/// ```
/// use paretorank::pareto::exclusive_contributions;
///
/// let points = [vec![0.0, 2.0], vec![1.0, 1.0], vec![1.5, 1.5]];
/// assert_eq!(exclusive_contributions(&points, &[3.0, 3.0]), [1.0, 1.25, 0.0]);
/// ```
///
/// # Panics
///
/// If a point has not as many coordinates as the reference.
pub fn exclusive_contributions(points: &[Vec<f64>], reference: &[f64]) -> Vec<f64> {
    let inside: Vec<usize> = (0..points.len()).filter(|&k| lies_inside(&points[k], reference)).collect();
    let found = match *reference {
        // Two objectives are three of which one is the same for all: the staircase has one step.
        [r, s] => {
            let of = |k: &usize| [0.0, points[*k][1], points[*k][0]];
            sweep::contributions(inside.iter().map(of), [1.0, s, r])
        }
        [r, s, t] => {
            let of = |k: &usize| [points[*k][0], points[*k][1], points[*k][2]];
            sweep::contributions(inside.iter().map(of), [r, s, t])
        }
        _ => one_by_one(inside.iter().flat_map(|&k| &points[k]).copied().collect(), reference),
    };
    let mut contributions = vec![0.0; points.len()];
    for (k, contribution) in inside.into_iter().zip(found) {
        contributions[k] = contribution;
    }
    contributions
}

/// Contributions of points strictly better than the reference, given one after another.
fn one_by_one(mut rows: Vec<f64>, reference: &[f64]) -> Vec<f64> {
    let d = reference.len();
    let mut volume = Volume::default();
    let n = rows.len() / d;
    let others = n.saturating_sub(1) * d;
    let mut of = |at: usize| {
        // The last point takes the place of this one for a while.
        let point = rows[at..at + d].to_vec();
        rows.copy_within(others.., at);
        let contribution = volume.exclusive(&point, &rows[..others], reference).unwrap_or(0.0);
        rows[at..at + d].copy_from_slice(&point);
        contribution
    };
    (0..n).map(|k| of(k * d)).collect()
}
