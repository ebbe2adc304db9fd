//! How much a point is expected to enlarge the hypervolume, in logarithms.
//!
//! For M = 1 to 3 exactly, over a decomposition of the region not yet dominated into boxes
//! ([`Boxes`]; with one objective this is log expected improvement). For more objectives over
//! directions ([`Directions`]): boxes would explode. Logarithms (arXiv 2310.20708) keep a slope
//! where the improvement itself underflows, which at the start is everywhere.

mod boxes;
mod directions;
mod normal;

pub use boxes::Boxes;
pub use directions::Directions;
pub use normal::{hazard, log_cdf, log_positive_part, log_sum_exp};

/// Log expected hypervolume improvement, up to a constant, of a point whose objectives are
/// independent normal variables.
#[derive(Debug, Clone)]
pub enum Improvement {
    /// Exact.
    Boxes(Boxes),
    /// Approximate.
    Directions(Directions),
}

/// Largest number of objectives for which boxes are used.
pub const MOST_BOX_OBJECTIVES: usize = 3;

impl Improvement {
    /// Value at means and standard deviations (length M, σ > 0).
    pub fn log_value(&self, mean: &[f64], sd: &[f64]) -> f64 {
        match self {
            Improvement::Boxes(boxes) => boxes.log_value(mean, sd),
            Improvement::Directions(directions) => directions.log_value(mean, sd),
        }
    }

    /// The same at a part of the price, where only the order of many points matters.
    pub fn rough_log_value(&self, mean: &[f64], sd: &[f64]) -> f64 {
        match self {
            Improvement::Boxes(boxes) => boxes.log_value(mean, sd),
            Improvement::Directions(directions) => directions.rough_log_value(mean, sd),
        }
    }

    /// The same; derivatives with respect to means and standard deviations go to `dmean` and `dsd`.
    pub fn log_value_with_gradient(
        &self,
        mean: &[f64],
        sd: &[f64],
        dmean: &mut [f64],
        dsd: &mut [f64],
    ) -> f64 {
        match self {
            Improvement::Boxes(boxes) => boxes.log_value_with_gradient(mean, sd, dmean, dsd),
            Improvement::Directions(directions) => {
                directions.log_value_with_gradient(mean, sd, dmean, dsd)
            }
        }
    }

    /// Notes points that the front will have.
    pub fn extend<'a>(&mut self, points: impl Iterator<Item = &'a [f64]>) {
        match self {
            Improvement::Boxes(boxes) => boxes.extend(points),
            Improvement::Directions(directions) => points.for_each(|p| directions.insert(p)),
        }
    }
}
