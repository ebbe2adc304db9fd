//! The integral behind fronts that are not closed curves.

/// `∫ min_{s <= t} f(s) dt` over `[0, end]`: how high the attainment surface of the curve `(t, f(t))`
/// lies, gaps of a disconnected front included.
///
/// Trapezoidal rule in 200,000 steps; the kinks of the minimum and a square root at 0 leave errors
/// near 1e-8.
pub fn integral_of_running_minimum(f: impl Fn(f64) -> f64, end: f64) -> f64 {
    const STEPS: u32 = 200_000;
    let step = end / f64::from(STEPS);
    let mut lowest = f(0.0);
    let mut sum = 0.0;
    for k in 1..=STEPS {
        let before = lowest;
        lowest = lowest.min(f(f64::from(k) * step));
        sum += 0.5 * (before + lowest);
    }
    sum * step
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_a_valley_and_stays_at_its_bottom() {
        // (t - 1)² falls until t = 1 and then the minimum stays 0.
        let integral = integral_of_running_minimum(|t| (t - 1.0) * (t - 1.0), 3.0);
        assert!((integral - 1.0 / 3.0).abs() < 1e-8, "{integral}");
    }
}
