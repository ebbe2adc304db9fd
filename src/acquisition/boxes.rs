//! Exact expected hypervolume improvement over boxes.

use super::normal::{cdf, log_cdf, log_density, log_positive_part, log_sum_exp};

/// The region that no front point dominates and that is better than the reference point, as
/// disjoint boxes.
#[derive(Debug, Clone)]
pub struct Boxes {
    objectives: usize,
    /// (lower, upper) corners; −∞ below.
    boxes: Vec<(Vec<f64>, Vec<f64>)>,
    /// Of each objective, every coordinate that a corner has, ascending.
    cuts: Vec<Vec<f64>>,
    /// Of each box and objective, the positions of its lower and upper corner in `cuts`.
    corners: Vec<(u32, u32)>,
}

/// ψ(t) = E[max(t − Y, 0)] for a normal variable Y, with its derivatives.
#[derive(Clone, Copy)]
struct Psi {
    value: f64,
    dmean: f64,
    dsd: f64,
}

/// log(ψ(u) − ψ(l)) and its derivatives.
struct Side {
    log: f64,
    dmean: f64,
    dsd: f64,
}

/// A sum of box volumes below this may have lost what matters to underflow.
const UNDERFLOW: f64 = 1e-250;

impl Boxes {
    /// The boxes of a front with respect to a reference point (length M), smaller is better.
    pub fn new(front: &[Vec<f64>], reference: &[f64]) -> Self {
        let whole = (vec![f64::NEG_INFINITY; reference.len()], reference.to_vec());
        let mut boxes =
            Self { objectives: reference.len(), boxes: vec![whole], cuts: vec![], corners: vec![] };
        for point in front {
            boxes.cut(point);
        }
        boxes.index();
        boxes
    }

    /// Notes points that the front will have.
    pub fn extend<'a>(&mut self, points: impl Iterator<Item = &'a [f64]>) {
        points.for_each(|point| self.cut(point));
        self.index();
    }

    /// Corners share coordinates with each other: what belongs to a coordinate is worked out once.
    fn index(&mut self) {
        let cuts = |k: usize| {
            let ends = self.boxes.iter().flat_map(|(lower, upper)| [lower[k], upper[k]]);
            let mut cuts: Vec<f64> = ends.collect();
            cuts.sort_by(f64::total_cmp);
            cuts.dedup();
            cuts
        };
        self.cuts = (0..self.objectives).map(cuts).collect();
        let place = |k: usize, t: f64| self.cuts[k].partition_point(|cut| *cut < t) as u32;
        let corners = self.boxes.iter().flat_map(|(lower, upper)| {
            (0..self.objectives).map(move |k| (place(k, lower[k]), place(k, upper[k])))
        });
        self.corners = corners.collect();
    }

    /// Cuts the region dominated by `point` out: of each box that it reaches into at most M remain.
    fn cut(&mut self, point: &[f64]) {
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

    /// log Σ_boxes Π_m [ψ_m(u) − ψ_m(l)]. Hypervolume improvement and its expectation over boxes:
    /// arXiv 2006.05078.
    pub fn log_value(&self, mean: &[f64], sd: &[f64]) -> f64 {
        let m = self.objectives;
        self.log_value_with_gradient(mean, sd, &mut vec![0.0; m], &mut vec![0.0; m])
    }

    /// The same with derivatives (see [`super::Improvement::log_value_with_gradient`]).
    pub fn log_value_with_gradient(
        &self,
        mean: &[f64],
        sd: &[f64],
        dmean: &mut [f64],
        dsd: &mut [f64],
    ) -> f64 {
        dmean.fill(0.0);
        dsd.fill(0.0);
        let total = self.sum(mean, sd, dmean, dsd);
        if total > UNDERFLOW {
            dmean.iter_mut().chain(dsd).for_each(|slope| *slope /= total);
            return total.ln();
        }
        self.log_sum(mean, sd, dmean, dsd)
    }

    /// The sum itself with its derivatives added, quick as long as nothing underflows.
    fn sum(&self, mean: &[f64], sd: &[f64], dmean: &mut [f64], dsd: &mut [f64]) -> f64 {
        let m = self.objectives;
        let at_cuts =
            |k: usize| -> Vec<Psi> { self.cuts[k].iter().map(|t| psi(*t, mean[k], sd[k])).collect() };
        let psis: Vec<Vec<Psi>> = (0..m).map(at_cuts).collect();
        let mut total = 0.0;
        let mut factors = vec![Psi { value: 0.0, dmean: 0.0, dsd: 0.0 }; m];
        for corners in self.corners.chunks_exact(m) {
            let mut volume = 1.0;
            for ((factor, psi), (lower, upper)) in factors.iter_mut().zip(&psis).zip(corners) {
                let (l, u) = (psi[*lower as usize], psi[*upper as usize]);
                *factor = Psi { value: u.value - l.value, dmean: u.dmean - l.dmean, dsd: u.dsd - l.dsd };
                volume *= factor.value;
            }
            total += volume;
            for k in 0..m {
                let others: f64 = (0..m).filter(|j| *j != k).map(|j| factors[j].value).product();
                dmean[k] += others * factors[k].dmean;
                dsd[k] += others * factors[k].dsd;
            }
        }
        total
    }

    /// Its logarithm with derivatives, however small it is.
    fn log_sum(&self, mean: &[f64], sd: &[f64], dmean: &mut [f64], dsd: &mut [f64]) -> f64 {
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

fn psi(t: f64, mean: f64, sd: f64) -> Psi {
    let z = (t - mean) / sd;
    if z < -38.0 {
        // −∞ among them: nothing is below.
        return Psi { value: 0.0, dmean: 0.0, dsd: 0.0 };
    }
    let (density, below) = (log_density(z).exp(), cdf(z));
    // The two terms cancel in the tail, by z² roundings.
    let value = if z > -5.0 { density + z * below } else { log_positive_part(z).exp() };
    Psi { value: sd * value, dmean: -below, dsd: density }
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
