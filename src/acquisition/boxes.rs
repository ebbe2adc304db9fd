//! Exact expected hypervolume improvement over boxes.

use super::normal::{log_cdf, log_density, log_positive_part, log_sum_exp};

/// The region that no front point dominates and that is better than the reference point, as
/// disjoint boxes.
#[derive(Debug, Clone)]
pub struct Boxes {
    objectives: usize,
    /// (lower, upper) corners; −∞ below.
    boxes: Vec<(Vec<f64>, Vec<f64>)>,
}

/// One side of a box for one normal variable: log(ψ(u) − ψ(l)), ψ(t) = E[max(t − Y, 0)], and its
/// derivatives with respect to μ and σ.
struct Side {
    log: f64,
    dmean: f64,
    dsd: f64,
}

impl Boxes {
    /// The boxes of a front with respect to a reference point (length M), smaller is better.
    pub fn new(front: &[Vec<f64>], reference: &[f64]) -> Self {
        let whole = (vec![f64::NEG_INFINITY; reference.len()], reference.to_vec());
        let mut boxes = Self { objectives: reference.len(), boxes: vec![whole] };
        for point in front {
            boxes.insert(point);
        }
        boxes
    }

    /// Cuts the region dominated by `point` out: of each box that it reaches into at most M remain.
    pub fn insert(&mut self, point: &[f64]) {
        let mut kept = Vec::with_capacity(self.boxes.len() + self.objectives);
        for (mut lower, upper) in std::mem::take(&mut self.boxes) {
            if point.iter().zip(&upper).any(|(p, u)| p >= u) {
                kept.push((lower, upper));
                continue;
            }
            for m in 0..self.objectives {
                if point[m] > lower[m] {
                    let mut below = upper.clone();
                    below[m] = point[m];
                    kept.push((lower.clone(), below));
                    lower[m] = point[m];
                }
            }
        }
        self.boxes = kept;
    }

    /// Number of boxes.
    pub fn len(&self) -> usize {
        self.boxes.len()
    }

    /// Whether nothing is left to improve.
    pub fn is_empty(&self) -> bool {
        self.boxes.is_empty()
    }

    /// log Σ_boxes Π_m [ψ_m(u) − ψ_m(l)] with derivatives (see [`super::Improvement::log_value`]).
    /// Hypervolume improvement and its expectation over boxes: arXiv 2006.05078.
    pub fn log_value(&self, mean: &[f64], sd: &[f64], dmean: &mut [f64], dsd: &mut [f64]) -> f64 {
        let m = self.objectives;
        let mut sides = Vec::with_capacity(self.boxes.len() * m);
        let mut logs = Vec::with_capacity(self.boxes.len());
        for (lower, upper) in &self.boxes {
            let mut log = 0.0;
            for k in 0..m {
                let side = side(lower[k], upper[k], mean[k], sd[k]);
                log += side.log;
                sides.push(side);
            }
            logs.push(log);
        }
        let total = log_sum_exp(&logs);
        dmean.fill(0.0);
        dsd.fill(0.0);
        if total == f64::NEG_INFINITY {
            return total;
        }
        for (log, sides) in logs.iter().zip(sides.chunks_exact(m)) {
            let share = (log - total).exp();
            if share > 0.0 {
                for k in 0..m {
                    dmean[k] += share * sides[k].dmean;
                    dsd[k] += share * sides[k].dsd;
                }
            }
        }
        total
    }
}

fn side(lower: f64, upper: f64, mean: f64, sd: f64) -> Side {
    let zu = (upper - mean) / sd;
    let log_upper = log_positive_part(zu);
    if lower == f64::NEG_INFINITY {
        let log = sd.ln() + log_upper;
        let dmean = -(log_cdf(zu) - log).exp();
        return Side { log, dmean, dsd: (log_density(zu) - log).exp() };
    }
    let zl = (lower - mean) / sd;
    let log_lower = log_positive_part(zl);
    let gap = log_lower - log_upper;
    let log = sd.ln() + log_upper + (-gap.exp()).ln_1p();
    let dmean = (log_cdf(zl) - log).exp() - (log_cdf(zu) - log).exp();
    let dsd = (log_density(zu) - log).exp() - (log_density(zl) - log).exp();
    Side { log, dmean, dsd }
}
