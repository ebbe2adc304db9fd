//! The normal distribution far out in its tails.

use std::f64::consts::{FRAC_1_SQRT_2, PI};
use std::sync::LazyLock;

/// ½ log 2π.
const HALF_LOG_TWO_PI: f64 = 0.918_938_533_204_672_8;
/// Below this erfc underflows and the asymptotic series is exact to rounding.
const TAIL: f64 = -30.0;

/// Φ(z).
pub fn cdf(z: f64) -> f64 {
    0.5 * libm::erfc(-z * FRAC_1_SQRT_2)
}

/// log Φ(z).
pub fn log_cdf(z: f64) -> f64 {
    if z > 5.0 {
        (-0.5 * libm::erfc(z * FRAC_1_SQRT_2)).ln_1p()
    } else if z > TAIL {
        (0.5 * libm::erfc(-z * FRAC_1_SQRT_2)).ln()
    } else {
        let q = 1.0 / (z * z);
        let series = -q * (1.0 - q * (2.5 - q * 37.0 / 3.0));
        log_density(z) - (-z).ln() + series
    }
}

/// log φ(z).
pub fn log_density(z: f64) -> f64 {
    -0.5 * z * z - HALF_LOG_TWO_PI
}

/// φ(z) / Φ(z), the derivative of [`log_cdf`].
pub fn hazard(z: f64) -> f64 {
    (log_density(z) - log_cdf(z)).exp()
}

/// log Φ and its slope from a table, for sums over thousands of them: off by less than 1e-9 and 1e-6.
///
/// Cubic Hermite interpolation; the slope is that of the interpolant, so that an optimizer sees a
/// function and its own gradient.
#[derive(Debug)]
pub struct LogCdfTable {
    /// log Φ, and its derivative times the step, at each knot.
    knots: Vec<[f64; 2]>,
}

/// Knots per unit.
const PER_UNIT: f64 = 64.0;
/// Where the table begins and ends: below, the asymptotic series is as quick; above, Φ is 1.
const TABLE: (f64, f64) = (-38.0, 8.5);

static LOG_CDF: LazyLock<LogCdfTable> = LazyLock::new(|| {
    let last = ((TABLE.1 - TABLE.0) * PER_UNIT) as usize + 1;
    let knot = |i: usize| {
        let z = TABLE.0 + i as f64 / PER_UNIT;
        [log_cdf(z), hazard(z) / PER_UNIT]
    };
    LogCdfTable { knots: (0..=last).map(knot).collect() }
});

impl LogCdfTable {
    /// The one table.
    pub fn get() -> &'static Self {
        &LOG_CDF
    }

    /// log Φ(z).
    #[inline]
    pub fn value(&self, z: f64) -> f64 {
        let Some(([f0, g0], [f1, g1], t)) = self.cell(z) else {
            return if z >= TABLE.1 { 0.0 } else { log_cdf(z) };
        };
        let rise = f1 - f0;
        f0 + t * (g0 + t * (3.0 * rise - 2.0 * g0 - g1 + t * (g0 + g1 - 2.0 * rise)))
    }

    /// Its derivative.
    #[inline]
    pub fn slope(&self, z: f64) -> f64 {
        let Some(([f0, g0], [f1, g1], t)) = self.cell(z) else {
            return if z >= TABLE.1 { 0.0 } else { hazard(z) };
        };
        let rise = f1 - f0;
        PER_UNIT * (g0 + t * (2.0 * (3.0 * rise - 2.0 * g0 - g1) + 3.0 * t * (g0 + g1 - 2.0 * rise)))
    }

    /// The knots around z and the place between them.
    #[inline]
    fn cell(&self, z: f64) -> Option<([f64; 2], [f64; 2], f64)> {
        let place = (z - TABLE.0) * PER_UNIT;
        // Not for NaN either.
        if !(place >= 0.0 && z < TABLE.1) {
            return None;
        }
        let at = place as usize;
        Some((self.knots[at], self.knots[at + 1], place - at as f64))
    }
}

/// log h(z), h(z) = φ(z) + z Φ(z) = E[max(z + N(0, 1), 0)]. By its asymptotic series far out,
/// where the two terms cancel.
pub fn log_positive_part(z: f64) -> f64 {
    if z > -1.0 {
        let density = (-0.5 * z * z).exp() / (2.0 * PI).sqrt();
        (density + z * 0.5 * libm::erfc(-z * FRAC_1_SQRT_2)).ln()
    } else if z > TAIL {
        // 1 + z Φ/φ loses z² in relative accuracy: 900 roundings at most.
        log_density(z) + (z * (log_cdf(z) - log_density(z)).exp()).ln_1p()
    } else {
        let q = 1.0 / (z * z);
        let series = -q * (3.0 - q * (15.0 - q * (105.0 - q * 945.0)));
        log_density(z) + q.ln() + series.ln_1p()
    }
}

/// log Σ exp; −∞ for none.
pub fn log_sum_exp(terms: &[f64]) -> f64 {
    let largest = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if largest == f64::NEG_INFINITY {
        return largest;
    }
    largest + terms.iter().map(|t| (t - largest).exp()).sum::<f64>().ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_scipy() {
        // scipy.stats.norm.logcdf(z)
        let cases = [
            (-40.0, -804.608_442_013_753_9),
            (-30.0, -454.321_243_956_343_27),
            (-10.0, -53.231_285_150_512_48),
            (-1.0, -1.841_021_645_009_264),
            (0.5, -0.368_946_415_288_656_2),
            (3.0, -1.350_809_964_748_202e-3),
            (7.0, -1.279_812_543_886_654e-12),
        ];
        for (z, expected) in cases {
            let error = (log_cdf(z) / expected - 1.0).abs();
            assert!(error < 1e-12, "z = {z}: {} against {expected}", log_cdf(z));
        }
    }

    #[test]
    fn the_table_agrees_with_the_function_and_its_slope_with_differences() {
        let table = LogCdfTable::get();
        for i in -4500..1100 {
            let z = f64::from(i) * 0.01 + 0.003;
            let error = (table.value(z) - log_cdf(z)).abs();
            assert!(error < 1e-9 * log_cdf(z).abs().max(1.0), "z = {z}: off by {error}");
            let error = (table.slope(z) - hazard(z)).abs();
            assert!(error < 1e-6 * hazard(z).max(1.0), "slope at {z}: off by {error}");
            let difference = (table.value(z + 1e-6) - table.value(z - 1e-6)) / 2e-6;
            assert!((difference - table.slope(z)).abs() < 1e-6 * hazard(z).max(1.0), "z = {z}");
        }
        assert!(table.value(f64::NAN).is_nan());
    }

    #[test]
    fn positive_part_is_the_integral_of_the_distribution() {
        // h(z) = ∫_0^∞ Φ(z − t) dt, by Simpson's rule in units of Φ(z).
        for z in [-30.01_f64, -29.99, -12.0, -3.0, -1.01, -0.99, 0.0, 2.0] {
            let (n, width) = (4000, 40.0 / (1.0_f64 - z.min(0.0)));
            let width = if z > 0.0 { width + z } else { width };
            let step = width / f64::from(n);
            let integrand = |i: i32| (log_cdf(z - f64::from(i) * step) - log_cdf(z)).exp();
            let inner: f64 = (1..n).map(|i| if i % 2 == 1 { 4.0 } else { 2.0 } * integrand(i)).sum();
            let integral = (integrand(0) + inner + integrand(n)) * step / 3.0;
            let found = log_positive_part(z) - log_cdf(z);
            assert!((found - integral.ln()).abs() < 1e-7, "z = {z}: {found} {}", integral.ln());
        }
    }
}
