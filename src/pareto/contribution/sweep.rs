//! Contributions in three objectives by one sweep.

use crate::pareto::staircase::Staircase;

/// A point of the staircase of the plane at the sweep's height.
#[derive(Debug, Default)]
struct Step {
    point: usize,
    x: f64,
    y: f64,
    /// What others cover of the rectangle between the step and its neighbours.
    covered: Staircase,
    /// Area that the point alone dominates at this height.
    area: f64,
    /// The height from which on that is its area.
    since: f64,
}

/// Contributions of points strictly better than `end`, in their order.
///
/// In rising z, a point takes the steps it dominates in the plane out of the staircase, and nothing
/// is theirs alone any more from there on; its own rectangle lies between its new neighbours, which
/// lose to it a strip each. A point that is dominated itself takes its part of the rectangle that
/// only its dominator had.
pub(super) fn contributions(points: impl Iterator<Item = [f64; 3]>, end: [f64; 3]) -> Vec<f64> {
    let points: Vec<[f64; 3]> = points.collect();
    let mut order: Vec<usize> = (0..points.len()).collect();
    order.sort_unstable_by(|&a, &b| points[a][2].total_cmp(&points[b][2]));
    let mut sweep = Sweep { steps: Vec::new(), spare: Vec::new(), found: vec![0.0; points.len()] };
    for k in order {
        sweep.meet(k, points[k], [end[0], end[1]]);
    }
    for step in std::mem::take(&mut sweep.steps) {
        sweep.settle(&step, end[2]);
    }
    sweep.found
}

struct Sweep {
    /// In rising x and falling y.
    steps: Vec<Step>,
    /// Used up, kept for their memory.
    spare: Vec<Step>,
    found: Vec<f64>,
}

impl Sweep {
    fn meet(&mut self, point: usize, [x, y, z]: [f64; 3], [right, top]: [f64; 2]) {
        let at = self.steps.partition_point(|s| s.x <= x);
        if let Some(left) = at.checked_sub(1).filter(|&left| self.steps[left].y <= y) {
            return self.lose(left, [x, y], z);
        }
        let gone = self.steps[at..].partition_point(|s| s.y >= y) + at;
        let start = at - usize::from(at > 0 && self.steps[at - 1].x == x);
        let right = self.steps.get(gone).map_or(right, |s| s.x);
        let top = start.checked_sub(1).map_or(top, |left| self.steps[left].y);
        let mut step = Step { point, x, y, since: z, ..self.spare.pop().unwrap_or_default() };
        step.covered.reset([right, top]);
        step.area = (right - x) * (top - y);
        for old in self.steps.drain(start..gone) {
            step.area -= step.covered.cover([old.x, old.y]);
            self.found[old.point] += old.area * (z - old.since);
            self.spare.push(old);
        }
        self.steps.insert(start, step);
        if start > 0 {
            let y = self.steps[start - 1].y;
            self.lose(start - 1, [x, y], z);
        }
        if let Some(next) = self.steps.get(start + 1) {
            let x = next.x;
            self.lose(start + 1, [x, y], z);
        }
    }

    /// Takes from a step what lies beyond a corner, from height z on.
    fn lose(&mut self, at: usize, corner: [f64; 2], z: f64) {
        let step = &mut self.steps[at];
        let lost = step.covered.cover(corner);
        if lost > 0.0 {
            self.found[step.point] += step.area * (z - step.since);
            step.since = z;
            step.area = (step.area - lost).max(0.0);
        }
    }

    fn settle(&mut self, step: &Step, z: f64) {
        self.found[step.point] += step.area * (z - step.since);
    }
}
