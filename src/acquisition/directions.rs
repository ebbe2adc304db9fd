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

use super::normal::{hazard, log_cdf, log_sum_exp};

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
    directions: Vec<Vec<f64>>,
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

impl Directions {
    /// `directions` are unit vectors with positive entries (length M); the front is given in the same
    /// coordinates as `reference`, smaller is better.
    pub fn new(front: &[Vec<f64>], reference: &[f64], directions: Vec<Vec<f64>>) -> Self {
        let radii = vec![0.0; directions.len()];
        let mut this = Self { reference: reference.to_vec(), directions, radii };
        for point in front {
            this.insert(point);
        }
        this
    }

    /// Notes a point of the front.
    pub fn insert(&mut self, point: &[f64]) {
        for (direction, radius) in self.directions.iter().zip(&mut self.radii) {
            let along = self.reference.iter().zip(point).zip(direction).map(|((r, p), l)| (r - p) / l);
            *radius = radius.max(along.fold(f64::INFINITY, f64::min));
        }
    }

    /// Log of the mean over directions, with derivatives (see [`super::Improvement::log_value`]).
    pub fn log_value(&self, mean: &[f64], sd: &[f64], dmean: &mut [f64], dsd: &mut [f64]) -> f64 {
        let m = mean.len();
        let count = self.directions.len();
        let mut logs = Vec::with_capacity(count);
        let mut slopes = vec![0.0; count * 2 * m];
        for ((direction, radius), slopes) in
            self.directions.iter().zip(&self.radii).zip(slopes.chunks_exact_mut(2 * m))
        {
            let (dm, ds) = slopes.split_at_mut(m);
            logs.push(self.along(direction, *radius, mean, sd, dm, ds));
        }
        let total = log_sum_exp(&logs);
        dmean.fill(0.0);
        dsd.fill(0.0);
        for (log, slopes) in logs.iter().zip(slopes.chunks_exact(2 * m)) {
            let share = (log - total).exp();
            if share > 0.0 {
                for k in 0..m {
                    dmean[k] += share * slopes[k];
                    dsd[k] += share * slopes[m + k];
                }
            }
        }
        total - (count as f64).ln()
    }

    /// Log of one direction's integral.
    fn along(
        &self,
        direction: &[f64],
        radius: f64,
        mean: &[f64],
        sd: &[f64],
        dmean: &mut [f64],
        dsd: &mut [f64],
    ) -> f64 {
        let m = mean.len();
        let power = (m - 1) as f64;
        let z = |k: usize, t: f64| (self.reference[k] - direction[k] * t - mean[k]) / sd[k];
        let reach = self.reach(direction, radius, mean, sd);
        let at = |node: f64| radius + reach.width * node;
        let mut logs = [0.0; NODES.len()];
        for (log, (node, weight)) in logs.iter_mut().zip(NODES) {
            let t = at(node);
            *log = weight.ln() + power * t.ln();
            for k in 0..m {
                *log += log_cdf(z(k, t));
            }
        }
        let sum = log_sum_exp(&logs);
        // ∂/∂width of the logarithm, through the nodes; the factor `width` itself comes at the end.
        let mut dwidth = 0.0;
        for (log, (node, _)) in logs.iter().zip(NODES) {
            let share = (log - sum).exp();
            if share < 1e-12 {
                continue;
            }
            let t = at(node);
            dwidth += share * power * node / t;
            for k in 0..m {
                let z = z(k, t);
                let slope = share * hazard(z) / sd[k];
                dmean[k] -= slope;
                dsd[k] -= slope * z;
                dwidth -= slope * direction[k] * node;
            }
        }
        dwidth += 1.0 / reach.width;
        dmean[reach.objective] += dwidth * reach.dmean;
        dsd[reach.objective] += dwidth * reach.dsd;
        sum + reach.width.ln()
    }

    /// Where the first factor has all but vanished: a z that starts at z₀ has lost ½ DROP² in
    /// log Φ after √(z₀² + DROP²) − |z₀| in the tail, or after z₀ + DROP from above. So the nodes lie
    /// where the integrand is, however deep in its tail it starts.
    fn reach(&self, direction: &[f64], radius: f64, mean: &[f64], sd: &[f64]) -> Reach {
        let mut least = Reach { width: f64::INFINITY, objective: 0, dmean: 0.0, dsd: 0.0 };
        for k in 0..mean.len() {
            let z = (self.reference[k] - direction[k] * radius - mean[k]) / sd[k];
            let (delta, slope) = if z >= 0.0 {
                (z + DROP, 1.0)
            } else {
                let root = (z * z + DROP * DROP).sqrt();
                (root + z, z / root + 1.0)
            };
            let width = delta * sd[k] / direction[k];
            if width < least.width {
                let dsd = (delta - slope * z) / direction[k];
                least = Reach { width, objective: k, dmean: -slope / direction[k], dsd };
            }
        }
        least
    }
}

#[cfg(test)]
mod tests;
