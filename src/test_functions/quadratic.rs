//! Response surfaces of second order, as fitted to simulations.

/// `constant + Σ a_j x_j + Σ b_jk x_j x_k`; variables are counted from 1, as the publications do.
#[derive(Debug)]
pub struct Quadratic {
    pub constant: f64,
    /// `(j, a_j)`
    pub linear: &'static [(usize, f64)],
    /// `(j, k, b_jk)`
    pub products: &'static [(usize, usize, f64)],
}

impl Quadratic {
    /// The value at `x`.
    pub fn at(&self, x: &[f64]) -> f64 {
        let linear: f64 = self.linear.iter().map(|&(j, a)| a * x[j - 1]).sum();
        let products: f64 = self.products.iter().map(|&(j, k, b)| b * x[j - 1] * x[k - 1]).sum();
        self.constant + linear + products
    }
}
