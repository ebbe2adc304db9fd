//! L-BFGS-B (Byrd, Lu, Nocedal, Zhu 1995, doi 10.1137/0916069) behind one function.

use basin::{
    BoxBounds, ConstraintDescription, ConstraintSet, Constraints, CostFunction, Executor,
    FirstOrderState, Gradient, Lbfgsb, State,
};
use std::cell::RefCell;

/// Pairs of steps that approximate the curvature; the customary number.
const HISTORY: usize = 10;
/// Relative gain below which another round is not worth it.
const WORTHWHILE: f64 = 1e-10;

/// The best point met.
#[derive(Debug, Clone, PartialEq)]
pub struct Minimum {
    /// Where, within the bounds.
    pub x: Vec<f64>,
    /// The function there, finite.
    pub value: f64,
}

/// The search met no finite value at all, or a value without finite gradient at its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the function has no finite value and gradient at the start of the search")]
pub struct NoStart;

/// Minimizes `f` within `lower <= x <= upper` from `start` (moved into the bounds), with at most
/// `iterations` iterations. `f` writes its gradient into its second argument and returns its value.
///
/// The best point met counts, wherever the search ended: it may end early for want of progress, of
/// iterations, or because `f` was not finite at a trial point (which no optimizer may see as a
/// value).
///
/// # Errors
/// [`NoStart`].
pub fn minimize(
    f: impl Fn(&[f64], &mut [f64]) -> f64,
    start: &[f64],
    lower: &[f64],
    upper: &[f64],
    iterations: u64,
) -> Result<Minimum, NoStart> {
    let clamp = |(x, (l, u)): (&f64, (&f64, &f64))| x.clamp(*l, *u);
    let start: Vec<f64> = start.iter().zip(lower.iter().zip(upper)).map(clamp).collect();
    let problem = Bounded { f, lower: lower.to_vec(), upper: upper.to_vec(), best: RefCell::new(None) };
    problem.evaluate(&start, &mut vec![0.0; start.len()]).map_err(|_| NoStart)?;
    let mut left = iterations;
    while left > 0 {
        let Some(begin) = problem.best.borrow().clone() else { return Err(NoStart) };
        let solver = Lbfgsb::new().with_m_capacity(HISTORY);
        let state = FirstOrderState::new(begin.x);
        let ran = Executor::new(&problem, solver, state).max_iter(left).run();
        // A line search that stalls beside a bound counts as convergence: begin again from the best
        // point with a fresh memory, until that gains nothing.
        left = ran.map_or(0, |r| left.saturating_sub(r.state.iter().max(1)));
        let reached = problem.best.borrow().as_ref().map_or(begin.value, |b| b.value);
        if begin.value - reached <= WORTHWHILE * begin.value.abs().max(1.0) {
            break;
        }
    }
    problem.best.into_inner().ok_or(NoStart)
}

/// The value or the gradient is not finite.
#[derive(Debug, thiserror::Error)]
#[error("not finite")]
struct NotFinite;

struct Bounded<F> {
    f: F,
    lower: Vec<f64>,
    upper: Vec<f64>,
    best: RefCell<Option<Minimum>>,
}

impl<F: Fn(&[f64], &mut [f64]) -> f64> Bounded<F> {
    fn evaluate(&self, x: &[f64], gradient: &mut [f64]) -> Result<f64, NotFinite> {
        let value = (self.f)(x, gradient);
        if !value.is_finite() || gradient.iter().any(|g| !g.is_finite()) {
            return Err(NotFinite);
        }
        let mut best = self.best.borrow_mut();
        if best.as_ref().is_none_or(|b| value < b.value) {
            *best = Some(Minimum { x: x.to_vec(), value });
        }
        Ok(value)
    }
}

impl<F> Constraints for &Bounded<F> {
    type Set = ConstraintSet<BoxBounds<Vec<f64>>>;
    fn constraints(&self) -> <Self::Set as ConstraintDescription>::Borrowed<'_> {
        ConstraintSet::new().with_bounds(BoxBounds::new(Some(&self.lower), Some(&self.upper)))
    }
}

impl<F: Fn(&[f64], &mut [f64]) -> f64> CostFunction for &Bounded<F> {
    type Param = Vec<f64>;
    type Output = f64;
    type Error = NotFinite;
    fn cost(&self, x: &Vec<f64>) -> Result<f64, NotFinite> {
        self.evaluate(x, &mut vec![0.0; x.len()])
    }
}

impl<F: Fn(&[f64], &mut [f64]) -> f64> Gradient for &Bounded<F> {
    type Gradient = Vec<f64>;
    fn gradient(&self, x: &Vec<f64>) -> Result<Vec<f64>, NotFinite> {
        self.cost_and_gradient(x).map(|(_, gradient)| gradient)
    }
    fn cost_and_gradient(&self, x: &Vec<f64>) -> Result<(f64, Vec<f64>), NotFinite> {
        let mut gradient = vec![0.0; x.len()];
        let value = self.evaluate(x, &mut gradient)?;
        Ok((value, gradient))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The chained Rosenbrock function of SciPy's `rosen`.
    fn rosenbrock(x: &[f64], g: &mut [f64]) -> f64 {
        g.fill(0.0);
        let mut f = 0.0;
        for i in 0..x.len() - 1 {
            let t = x[i + 1] - x[i] * x[i];
            f += 100.0 * t * t + (1.0 - x[i]).powi(2);
            g[i] += -400.0 * x[i] * t - 2.0 * (1.0 - x[i]);
            g[i + 1] += 200.0 * t;
        }
        f
    }

    #[test]
    fn finds_the_free_and_the_bound_optimum() {
        let free = minimize(rosenbrock, &[0.0; 10], &[-5.0; 10], &[5.0; 10], 500).unwrap();
        assert!(free.value < 1e-6, "{free:?}");
        // From SciPy: minimize(rosen, [2, 2], jac=rosen_der, method="L-BFGS-B",
        // bounds=[(1.1, 3.5)] * 2) ends at (1.1, 1.21) with f = 0.01.
        let bound = minimize(rosenbrock, &[2.0; 2], &[1.1; 2], &[3.5; 2], 500).unwrap();
        assert!((bound.value - 0.01).abs() < 1e-8, "{bound:?}");
        assert!((bound.x[0] - 1.1).abs() < 1e-9 && (bound.x[1] - 1.21).abs() < 1e-4);
    }

    #[test]
    fn a_function_that_turns_nan_keeps_the_best_finite_point() {
        let cliff = |x: &[f64], g: &mut [f64]| {
            g[0] = -1.0;
            if x[0] > 0.5 { f64::NAN } else { -x[0] }
        };
        let found = minimize(cliff, &[0.1], &[0.0], &[1.0], 50).unwrap();
        assert!(found.value.is_finite() && found.x[0] <= 0.5);
        assert_eq!(minimize(cliff, &[0.9], &[0.0], &[1.0], 50), Err(NoStart));
    }
}
