//! Expected hypervolume improvement for many objectives, over directions.
//!
//! In polar form about the reference point r the hypervolume is proportional to the mean over
//! directions λ (positive orthant of the unit sphere) of R(λ)^M, R the distance from r to the
//! boundary of what is dominated (Deng and Zhang 2019, doi 10.1109/TEVC.2019.2909636). A point y
//! reaches min_m (r_m − y_m) / λ_m, so with S(λ) the radius of the front,
//!
//! E[gain] ∝ mean_λ ∫_S^∞ t^{M−1} Π_m Φ((r_m − λ_m t − μ_m) / σ_m) dt.
//!
//! Before any point dominates r, S = 0 and the same formula pulls towards it.

use super::normal::{LogCdfTable, log_sum_exp};

/// Nodes and weights of 8-point Gauss-Legendre quadrature on [0, 1].
const NODES: [(f64, f64); 8] = [
    (0.019_855_071_751_231_884, 0.050_614_268_145_188_13),
    (0.101_666_761_293_186_64, 0.111_190_517_226_687_24),
    (0.237_233_795_041_835_5, 0.156_853_322_938_943_63),
    (0.408_282_678_752_175, 0.181_341_891_689_181),
    (0.591_717_321_247_825, 0.181_341_891_689_181),
    (0.762_766_204_958_164_5, 0.156_853_322_938_943_63),
    (0.898_333_238_706_813_4, 0.111_190_517_226_687_24),
    (0.980_144_928_248_768_1, 0.050_614_268_145_188_13),
];

/// A factor counts as gone where its logarithm has dropped by this much squared over two.
const DROP: f64 = 5.0;

/// Directions with the front's radius along each.
#[derive(Debug, Clone)]
pub struct Directions {
    reference: Vec<f64>,
    /// L × M, one direction after the other.
    directions: Vec<f64>,
    radii: Vec<f64>,
}

/// How far the integrand of one direction reaches beyond S, from which objective that comes, and
/// its derivatives with respect to that objective's μ and σ.
struct Reach {
    width: f64,
    objective: usize,
    dmean: f64,
    dsd: f64,
}

/// M normal variables below the reference point: z = gap_m − t λ_m / σ_m at distance t along λ.
struct Normals<'a> {
    sd: &'a [f64],
    /// 1 / σ.
    precision: Vec<f64>,
    /// (r − μ) / σ.
    gaps: Vec<f64>,
}

/// One direction's integrand at the nodes.
struct Integrand {
    /// Distance of each node.
    at: [f64; NODES.len()],
    /// Share of each node in the integral.
    shares: [f64; NODES.len()],
    /// Log of the integral.
    log: f64,
}

impl Directions {
    /// `directions` are unit vectors with positive entries (length M); the front is given in the same
    /// coordinates as `reference`, smaller is better.
    pub fn new(front: &[Vec<f64>], reference: &[f64], directions: Vec<Vec<f64>>) -> Self {
        let radii = vec![0.0; directions.len()];
        let mut this = Self { reference: reference.to_vec(), directions: directions.concat(), radii };
        for point in front {
            this.insert(point);
        }
        this
    }

    /// Notes a point of the front.
    pub fn insert(&mut self, point: &[f64]) {
        let m = self.reference.len();
        for (direction, radius) in self.directions.chunks_exact(m).zip(&mut self.radii) {
            let along = self.reference.iter().zip(point).zip(direction).map(|((r, p), l)| (r - p) / l);
            *radius = radius.max(along.fold(f64::INFINITY, f64::min));
        }
    }

    /// Log of the mean over directions.
    pub fn log_value(&self, mean: &[f64], sd: &[f64]) -> f64 {
        let normals = self.normals(mean, sd);
        let logs: Vec<f64> = self.each().map(|(l, s)| normals.along(l, s).1.log).collect();
        log_sum_exp(&logs) - (logs.len() as f64).ln()
    }

    /// The same over every other direction: enough to tell which of many points are worth a climb.
    pub fn rough_log_value(&self, mean: &[f64], sd: &[f64]) -> f64 {
        let normals = self.normals(mean, sd);
        let half = self.each().step_by(2);
        let logs: Vec<f64> = half.map(|(l, s)| normals.along(l, s).1.log).collect();
        log_sum_exp(&logs) - (logs.len() as f64).ln()
    }

    /// The same with derivatives (see [`super::Improvement::log_value_with_gradient`]).
    pub fn log_value_with_gradient(
        &self,
        mean: &[f64],
        sd: &[f64],
        dmean: &mut [f64],
        dsd: &mut [f64],
    ) -> f64 {
        let normals = self.normals(mean, sd);
        let found: Vec<(Reach, Integrand)> = self.each().map(|(l, s)| normals.along(l, s)).collect();
        let logs: Vec<f64> = found.iter().map(|(_, i)| i.log).collect();
        let total = log_sum_exp(&logs);
        dmean.fill(0.0);
        dsd.fill(0.0);
        for ((direction, _), (reach, integrand)) in self.each().zip(&found) {
            let share = (integrand.log - total).exp();
            if share > 1e-14 {
                normals.add_slopes(share, direction, reach, integrand, dmean, dsd);
            }
        }
        total - (logs.len() as f64).ln()
    }

    fn each(&self) -> impl Iterator<Item = (&[f64], f64)> {
        self.directions.chunks_exact(self.reference.len()).zip(self.radii.iter().copied())
    }

    fn normals<'a>(&self, mean: &[f64], sd: &'a [f64]) -> Normals<'a> {
        let precision: Vec<f64> = sd.iter().map(|s| 1.0 / s).collect();
        let gap = |((r, m), p): ((&f64, &f64), &f64)| (r - m) * p;
        let gaps = self.reference.iter().zip(mean).zip(&precision).map(gap).collect();
        Normals { sd, precision, gaps }
    }
}

impl Normals<'_> {
    /// One direction's integral from the radius S on.
    fn along(&self, direction: &[f64], radius: f64) -> (Reach, Integrand) {
        let table = LogCdfTable::get();
        let power = self.sd.len() as i32 - 1;
        let reach = self.reach(direction, radius);
        let at = NODES.map(|(node, _)| radius + reach.width * node);
        let mut logs = [0.0; NODES.len()];
        for ((gap, precision), l) in self.gaps.iter().zip(&self.precision).zip(direction) {
            let slope = l * precision;
            for (log, t) in logs.iter_mut().zip(at) {
                *log += table.value(gap - slope * t);
            }
        }
        let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        // t^(M−1) enters as a factor: its logarithm would cost as much as all of Φ.
        let mut shares = [0.0; NODES.len()];
        for (((share, log), t), (_, weight)) in shares.iter_mut().zip(logs).zip(at).zip(NODES) {
            *share = weight * t.powi(power) * (log - largest).exp();
        }
        let sum: f64 = shares.iter().sum();
        let log = largest + (sum * reach.width).ln();
        (reach, Integrand { at, shares: shares.map(|s| s / sum), log })
    }

    /// Adds `share` · ∂ log integral / ∂ (μ, σ).
    fn add_slopes(
        &self,
        share: f64,
        direction: &[f64],
        reach: &Reach,
        integrand: &Integrand,
        dmean: &mut [f64],
        dsd: &mut [f64],
    ) {
        let table = LogCdfTable::get();
        let power = (self.sd.len() - 1) as f64;
        // Through the nodes; the factor `width` itself is the first term.
        let mut dwidth = 1.0 / reach.width;
        for ((node, _), (t, of_node)) in NODES.iter().zip(integrand.at.iter().zip(&integrand.shares)) {
            dwidth += of_node * power * node / t;
        }
        for (k, l) in direction.iter().enumerate() {
            let (gap, precision) = (self.gaps[k], self.precision[k]);
            let (mut by_mean, mut by_sd, mut by_width) = (0.0, 0.0, 0.0);
            for ((node, _), (t, of_node)) in NODES.iter().zip(integrand.at.iter().zip(&integrand.shares))
            {
                let z = gap - l * precision * t;
                let slope = of_node * table.slope(z);
                by_mean += slope;
                by_sd += slope * z;
                by_width += slope * node;
            }
            dmean[k] -= share * precision * by_mean;
            dsd[k] -= share * precision * by_sd;
            dwidth -= precision * l * by_width;
        }
        dmean[reach.objective] += share * dwidth * reach.dmean;
        dsd[reach.objective] += share * dwidth * reach.dsd;
    }

    /// Where the first factor has all but vanished: a z that starts at z₀ has lost ½ DROP² in
    /// log Φ after √(z₀² + DROP²) − |z₀| in the tail, or after z₀ + DROP from above. So the nodes lie
    /// where the integrand is, however deep in its tail it starts.
    fn reach(&self, direction: &[f64], radius: f64) -> Reach {
        let mut least = Reach { width: f64::INFINITY, objective: 0, dmean: 0.0, dsd: 0.0 };
        for (k, l) in direction.iter().enumerate() {
            let z = self.gaps[k] - l * self.precision[k] * radius;
            let (delta, slope) = if z >= 0.0 {
                (z + DROP, 1.0)
            } else {
                let root = (z * z + DROP * DROP).sqrt();
                (root + z, z / root + 1.0)
            };
            let width = delta * self.sd[k] / l;
            if width < least.width {
                let dsd = (delta - slope * z) / l;
                least = Reach { width, objective: k, dmean: -slope / l, dsd };
            }
        }
        least
    }
}

#[cfg(test)]
mod tests;
