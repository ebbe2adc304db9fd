//! Cholesky factor of a covariance, with a ladder of jitters.

use super::blas;
use ndarray::{Array1, Array2, ArrayView2, aview1, s};
use ndarray_linalg::{Cholesky, Diag, SolveTriangular, UPLO};

/// Jitters relative to the process variance, tried in turn.
const JITTERS: [f64; 5] = [0.0, 1e-10, 1e-8, 1e-6, 1e-4];

/// The covariance is not positive definite, whatever jitter is added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a covariance matrix of {0} observations is not positive definite, even with jitter")]
pub struct NotPositive(pub usize);

/// K = L Lᵀ of n observations, kept as L⁻¹, to which rows can be added.
#[derive(Debug, Clone)]
pub struct Factor {
    /// Lower triangular, rows contiguous; n × n of it are in use.
    inverse: Array2<f64>,
    n: usize,
    /// log det K.
    pub log_det: f64,
    /// What had to be added to the diagonal.
    jitter: f64,
}

impl Factor {
    /// Factor of `covariance` (n × n, symmetric), whose jitter is in units of `size`.
    ///
    /// # Errors
    /// [`NotPositive`], also where an entry is not finite.
    pub fn new(covariance: &Array2<f64>, size: f64) -> Result<Self, NotPositive> {
        blas::single_threaded();
        let n = covariance.nrows();
        // LAPACK may loop or lie on NaN.
        if covariance.iter().any(|k| !k.is_finite()) {
            return Err(NotPositive(n));
        }
        for jitter in JITTERS.map(|j| j * size) {
            let mut shifted = covariance.clone();
            shifted.diag_mut().mapv_inplace(|k| k + jitter);
            let Ok(lower) = shifted.cholesky(UPLO::Lower) else { continue };
            let log_det = 2.0 * lower.diag().iter().map(|l| l.ln()).sum::<f64>();
            let identity = Array2::eye(n);
            let Ok(inverse) = lower.solve_triangular(UPLO::Lower, Diag::NonUnit, &identity) else {
                continue;
            };
            let inverse = inverse.as_standard_layout().into_owned();
            if log_det.is_finite() && inverse.iter().all(|x| x.is_finite()) {
                return Ok(Self { inverse, n, log_det, jitter });
            }
        }
        Err(NotPositive(n))
    }

    /// What had to be added to the diagonal; 0 as a rule.
    pub fn jitter(&self) -> f64 {
        self.jitter
    }

    /// n.
    pub fn len(&self) -> usize {
        self.n
    }

    /// L⁻¹, n × n.
    pub fn inverse(&self) -> ArrayView2<'_, f64> {
        self.inverse.slice(s![..self.n, ..self.n])
    }

    /// Adds an observation in O(n²): `cross` are its covariances with the n others, `variance` its own,
    /// noise included, of which `least` is left at any rate once the others are known.
    pub fn extend(&mut self, cross: &[f64], variance: f64, least: f64) {
        let n = self.n;
        let row = self.whiten(cross);
        let rest = variance + self.jitter - row.dot(&row);
        let pivot = rest.max(least).sqrt();
        let solved = self.unwhiten(&row);
        if self.inverse.nrows() == n {
            let mut larger = Array2::zeros((n + n / 8 + 8, n + n / 8 + 8));
            larger.slice_mut(s![..n, ..n]).assign(&self.inverse());
            self.inverse = larger;
        }
        for (j, s) in solved.iter().enumerate() {
            self.inverse[[n, j]] = -s / pivot;
            self.inverse[[j, n]] = 0.0;
        }
        self.inverse[[n, n]] = 1.0 / pivot;
        self.log_det += 2.0 * pivot.ln();
        self.n = n + 1;
    }

    /// Forgets all but the first `n` observations: the rows of L⁻¹ do not depend on later ones.
    pub fn truncate(&mut self, n: usize) {
        for i in n..self.n {
            self.log_det += 2.0 * self.inverse[[i, i]].ln();
        }
        self.n = self.n.min(n);
    }

    /// L⁻¹ b.
    pub fn whiten(&self, b: &[f64]) -> Array1<f64> {
        self.inverse().dot(&aview1(b))
    }

    /// L⁻ᵀ v.
    pub fn unwhiten(&self, v: &Array1<f64>) -> Array1<f64> {
        self.inverse().t().dot(v)
    }

    /// K⁻¹.
    pub fn precision(&self) -> Array2<f64> {
        self.inverse().t().dot(&self.inverse())
    }
}
