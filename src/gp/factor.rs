//! Cholesky factor of a covariance, with a ladder of jitters.

use super::blas;
use ndarray::{Array1, Array2};
use ndarray_linalg::{Cholesky, Diag, SolveTriangular, UPLO};

/// Jitters relative to the process variance, tried in turn.
const JITTERS: [f64; 5] = [0.0, 1e-10, 1e-8, 1e-6, 1e-4];

/// The covariance is not positive definite, whatever jitter is added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a covariance matrix of {0} observations is not positive definite, even with jitter")]
pub struct NotPositive(pub usize);

/// K = L Lᵀ, kept as L⁻¹.
#[derive(Debug, Clone)]
pub struct Factor {
    /// n × n, lower triangular, rows contiguous.
    pub inverse: Array2<f64>,
    /// log det K.
    pub log_det: f64,
}

impl Factor {
    /// Factor of `covariance` (n × n, symmetric), whose jitter is in units of `signal`.
    ///
    /// # Errors
    /// [`NotPositive`], also where an entry is not finite.
    pub fn new(covariance: &Array2<f64>, signal: f64) -> Result<Self, NotPositive> {
        blas::single_threaded();
        let n = covariance.nrows();
        // LAPACK may loop or lie on NaN.
        if covariance.iter().any(|k| !k.is_finite()) {
            return Err(NotPositive(n));
        }
        for jitter in JITTERS {
            let mut shifted = covariance.clone();
            shifted.diag_mut().mapv_inplace(|k| k + jitter * signal);
            let Ok(lower) = shifted.cholesky(UPLO::Lower) else { continue };
            let log_det = 2.0 * lower.diag().iter().map(|l| l.ln()).sum::<f64>();
            let identity = Array2::eye(n);
            let Ok(inverse) = lower.solve_triangular(UPLO::Lower, Diag::NonUnit, &identity) else {
                continue;
            };
            let inverse = inverse.as_standard_layout().into_owned();
            if log_det.is_finite() && inverse.iter().all(|x| x.is_finite()) {
                return Ok(Self { inverse, log_det });
            }
        }
        Err(NotPositive(n))
    }

    /// L⁻¹ b.
    pub fn whiten(&self, b: &[f64]) -> Array1<f64> {
        let rows = self.inverse.rows().into_iter().enumerate();
        rows.map(|(i, row)| row.iter().take(i + 1).zip(b).map(|(l, b)| l * b).sum()).collect()
    }

    /// L⁻ᵀ v.
    pub fn unwhiten(&self, v: &[f64]) -> Array1<f64> {
        let mut out = Array1::zeros(v.len());
        for (i, (row, v)) in self.inverse.rows().into_iter().zip(v).enumerate() {
            for (o, l) in out.iter_mut().zip(row.iter().take(i + 1)) {
                *o += l * v;
            }
        }
        out
    }

    /// K⁻¹.
    pub fn precision(&self) -> Array2<f64> {
        self.inverse.t().dot(&self.inverse)
    }
}
