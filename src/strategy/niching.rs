//! Survival in NSGA-III: normalisation of the front and niches around reference directions.

use crate::pareto::non_dominated_sort;
use ndarray::{Array1, Array2};
use ndarray_linalg::Solve;
use rand::{Rng, RngExt};

/// Weight of the other objectives when the extreme point along one is sought.
const OTHERS: f64 = 1e6;
/// Ranges below this share of the objective's magnitude count as none.
const NO_RANGE: f64 = 1e-9;

/// Reference directions and what normalisation keeps of the points seen so far.
#[derive(Debug, Clone)]
pub(super) struct Niching {
    directions: Vec<Vec<f64>>,
    /// Least value of each objective.
    ideal: Vec<f64>,
    /// Greatest value of each objective.
    worst: Vec<f64>,
    /// Per objective the point that is best in all others.
    extremes: Vec<Vec<f64>>,
}

impl Niching {
    /// `directions` are not empty and have one coordinate per objective.
    pub(super) fn new(directions: Vec<Vec<f64>>) -> Self {
        let ideal = vec![f64::INFINITY; directions[0].len()];
        let worst = vec![f64::NEG_INFINITY; directions[0].len()];
        Self { directions, ideal, worst, extremes: Vec::new() }
    }

    /// The one of the points (at least one) that does not survive: the member of the last front that
    /// niching leaves over when all others have been chosen.
    pub(super) fn worst(&mut self, points: &[Vec<f64>], rng: &mut impl Rng) -> usize {
        let mut fronts = non_dominated_sort(points);
        let last = fronts.pop().unwrap_or_default();
        let chosen: Vec<usize> = fronts.iter().flatten().copied().collect();
        let first = fronts.first().unwrap_or(&last);
        let range = self.normalize(points, first);
        let niche = |k: usize| self.niche(&points[k], &range);
        let mut count = vec![0_usize; self.directions.len()];
        for k in &chosen {
            count[niche(*k).0] += 1;
        }
        let mut open: Vec<(usize, (usize, f64))> = last.iter().map(|k| (*k, niche(*k))).collect();
        while open.len() > 1 {
            // Of the niches that have candidates, one of the emptiest; by distance if it is empty.
            let least = open.iter().map(|(_, (d, _))| count[*d]).min().unwrap_or(0);
            let mut emptiest: Vec<usize> =
                open.iter().map(|(_, (d, _))| *d).filter(|d| count[*d] == least).collect();
            emptiest.sort_unstable();
            emptiest.dedup();
            let direction = emptiest[rng.random_range(0..emptiest.len())];
            let candidates = (0..open.len()).filter(|i| open[*i].1.0 == direction);
            let candidates: Vec<usize> = candidates.collect();
            let by_distance = |a: &&usize, b: &&usize| open[**a].1.1.total_cmp(&open[**b].1.1);
            let pick = match candidates.iter().min_by(by_distance) {
                Some(nearest) if least == 0 => *nearest,
                _ => candidates[rng.random_range(0..candidates.len())],
            };
            open.remove(pick);
            count[direction] += 1;
        }
        open[0].0
    }

    /// Takes points into ideal and extremes; the range of each objective between the ideal and the
    /// plane through the extremes, or the worst of the first front where there is no such plane. A
    /// plane that meets an axis beyond everything seen (two extremes that hardly differ) is cut off
    /// there: the range would say nothing about the points.
    fn normalize(&mut self, points: &[Vec<f64>], first: &[usize]) -> Vec<f64> {
        for point in points {
            self.ideal.iter_mut().zip(point).for_each(|(i, x)| *i = i.min(*x));
            self.worst.iter_mut().zip(point).for_each(|(w, x)| *w = w.max(*x));
        }
        let objectives = self.ideal.len();
        let candidates: Vec<&Vec<f64>> =
            self.extremes.iter().chain(first.iter().map(|k| &points[*k])).collect();
        let achievement = |point: &[f64], along: usize| {
            let weight = |m: usize| if m == along { 1.0 } else { OTHERS };
            let terms = (0..objectives).map(|m| (point[m] - self.ideal[m]) * weight(m));
            terms.fold(f64::NEG_INFINITY, f64::max)
        };
        let extreme = |along: usize| {
            let best =
                |a: &&&Vec<f64>, b: &&&Vec<f64>| achievement(a, along).total_cmp(&achievement(b, along));
            candidates.iter().min_by(best).map_or_else(|| self.ideal.clone(), |p| (*p).clone())
        };
        self.extremes = (0..objectives).map(extreme).collect();
        let worst = |m: usize| first.iter().map(|k| points[*k][m]).fold(self.ideal[m], f64::max);
        let usable = |m: usize, range: f64| {
            range.is_finite() && range > NO_RANGE * self.ideal[m].abs().max(f64::MIN_POSITIVE)
        };
        let plane = self.intercepts().filter(|a| a.iter().enumerate().all(|(m, x)| usable(m, *x)));
        let nadir = |m: usize| {
            let range = worst(m) - self.ideal[m];
            if usable(m, range) { range } else { 1.0 }
        };
        match plane {
            Some(plane) => {
                let cut = |(m, x): (usize, &f64)| {
                    let most = self.worst[m] - self.ideal[m];
                    if usable(m, most) { x.min(most) } else { *x }
                };
                plane.iter().enumerate().map(cut).collect()
            }
            None => (0..objectives).map(nadir).collect(),
        }
    }

    /// Where the plane through the extremes meets the axes, measured from the ideal.
    fn intercepts(&self) -> Option<Vec<f64>> {
        let m = self.ideal.len();
        let rows = Array2::from_shape_fn((m, m), |(i, j)| self.extremes[i][j] - self.ideal[j]);
        let inverse = rows.solve_into(Array1::ones(m)).ok()?;
        Some(inverse.iter().map(|x| x.recip()).collect())
    }

    /// The direction nearest to a point and the distance from it, normalised.
    fn niche(&self, point: &[f64], range: &[f64]) -> (usize, f64) {
        let z: Vec<f64> = (0..range.len()).map(|m| (point[m] - self.ideal[m]) / range[m]).collect();
        let distance = |w: &Vec<f64>| {
            let along =
                z.iter().zip(w).map(|(z, w)| z * w).sum::<f64>() / w.iter().map(|w| w * w).sum::<f64>();
            z.iter().zip(w).map(|(z, w)| (z - along * w).powi(2)).sum::<f64>().sqrt()
        };
        let distances = self.directions.iter().map(distance).enumerate();
        distances.min_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((0, 0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::super::directions::directions;
    use super::*;
    use crate::rng;

    #[test]
    fn a_plane_of_known_intercepts_is_found() {
        // On y1/2 + y2/4 + y3/8 = 1, from an ideal at (1, 1, 1); one point more on each axis.
        let on = |a: f64, b: f64, c: f64| vec![1.0 + 2.0 * a, 1.0 + 4.0 * b, 1.0 + 8.0 * c];
        let points = vec![on(1.0, 0.0, 0.0), on(0.2, 0.3, 0.5), on(0.0, 1.0, 0.0), on(0.0, 0.0, 1.0)];
        let mut niching = Niching::new(directions(3, 20));
        let range = niching.normalize(&points, &[0, 1, 2, 3]);
        for (found, expected) in range.iter().zip([2.0, 4.0, 8.0]) {
            assert!((found - expected).abs() < 1e-9, "{range:?}");
        }
        let (direction, distance) = niching.niche(&on(0.5, 0.5, 0.0), &range);
        let expected = &niching.directions[direction];
        assert!(expected[2] == 0.0 && expected[0] == expected[1], "{expected:?}");
        assert!(distance < 1e-9);
    }

    #[test]
    fn a_plane_that_meets_an_axis_far_out_is_cut_off_at_the_worst_seen() {
        // From the ideal (0, 0) the line through (1, 0.5) and (0.5, 0.505) meets the axes at 51 and
        // 0.51, while no first coordinate seen is beyond 1.
        let points = vec![vec![1.0, 0.5], vec![0.5, 0.505]];
        let mut niching = Niching::new(directions(2, 20));
        niching.ideal = vec![0.0, 0.0];
        niching.extremes = vec![vec![1.0, 0.5], vec![0.5, 0.505]];
        let far = niching.intercepts().unwrap();
        assert!(far[0] > 40.0, "{far:?}");
        let range = niching.normalize(&points, &[0, 1]);
        assert!(range.iter().all(|r| *r <= 1.0), "{range:?}");
    }

    #[test]
    fn without_a_plane_the_front_gives_the_range() {
        let mut niching = Niching::new(directions(2, 20));
        assert_eq!(niching.normalize(&[vec![3.0, 5.0]], &[0]), [1.0, 1.0]);
    }

    #[test]
    fn the_dominated_leave_first_and_then_one_of_the_fullest_niche() {
        // Three directions: (0, 1), (½, ½), (1, 0).
        let mut rng = rng::stream(1, "test", 0);
        let lattice = vec![vec![0.0, 1.0], vec![0.5, 0.5], vec![1.0, 0.0]];
        let ends = [vec![0.0, 1.0], vec![1.0, 0.0]];
        let with = |more: &[Vec<f64>]| [ends.to_vec(), more.to_vec()].concat();
        let dominated = with(&[vec![0.5, 0.5], vec![0.6, 0.9]]);
        assert_eq!(Niching::new(lattice.clone()).worst(&dominated, &mut rng), 3);
        for _ in 0..20 {
            // Both of the middle; the nearer to the direction is chosen first.
            let crowded = with(&[vec![0.45, 0.5], vec![0.51, 0.45]]);
            let leaver = Niching::new(lattice.clone()).worst(&crowded, &mut rng);
            assert_eq!(leaver, 3);
        }
    }
}
