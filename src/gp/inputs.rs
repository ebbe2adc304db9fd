//! Points of the unit cube, coordinate by coordinate: what the kernel's loops run along.

use super::hyper::Bowl;

/// n points of d coordinates, to which more can be added.
#[derive(Debug, Clone)]
pub struct Inputs {
    /// d columns of length n.
    columns: Vec<Vec<f64>>,
    /// ρ of each point.
    radii: Vec<f64>,
}

impl Inputs {
    /// n points of length d, with ρ as `bowl` says.
    pub fn new<'a>(points: impl Iterator<Item = &'a [f64]>, d: usize, bowl: &Bowl) -> Self {
        let mut inputs = Self { columns: vec![Vec::new(); d], radii: Vec::new() };
        points.for_each(|p| inputs.push(p, bowl.value(p)));
        inputs
    }

    /// Adds a point and its ρ.
    pub fn push(&mut self, point: &[f64], rho: f64) {
        for (column, x) in self.columns.iter_mut().zip(point) {
            column.push(*x);
        }
        self.radii.push(rho);
    }

    /// Forgets all but the first `n` points.
    pub fn truncate(&mut self, n: usize) {
        self.columns.iter_mut().for_each(|c| c.truncate(n));
        self.radii.truncate(n);
    }

    /// n.
    pub fn len(&self) -> usize {
        self.radii.len()
    }

    /// Point `i`.
    pub fn point(&self, i: usize) -> Vec<f64> {
        self.columns.iter().map(|c| c[i]).collect()
    }

    /// Coordinate `j` of every point.
    pub fn column(&self, j: usize) -> &[f64] {
        &self.columns[j]
    }

    /// ρ of every point.
    pub fn radii(&self) -> &[f64] {
        &self.radii
    }
}
