//! Linear constraints as faces of a polytope in scaled coordinates.
//!
//! One axis per float or integer that takes part in a constraint.
//! Bounds are tightened by what the constraints imply; an axis runs from 0 to 1 between them, in
//! natural units also where the parameter's own scale is logarithmic (there constraints are linear).

use super::nearest::{Face, dot, nearest};
use crate::problem::{Design, LinearConstraint, ParameterKind, Scale, Space, Value};

/// One coordinate of the polytope.
#[derive(Debug, Clone)]
pub(super) struct Axis {
    /// Index into the space's parameters.
    pub parameter: usize,
    /// Tightened bounds, natural units; equal where the constraints leave one integer.
    pub lower: f64,
    pub upper: f64,
    pub integer: bool,
    /// A float on a logarithmic scale.
    pub log: bool,
}

impl Axis {
    pub(super) fn range(&self) -> f64 {
        self.upper - self.lower
    }

    fn magnitude(&self) -> f64 {
        self.lower.abs().max(self.upper.abs())
    }

    fn least_magnitude(&self) -> f64 {
        if self.lower <= 0.0 && self.upper >= 0.0 { 0.0 } else { self.lower.abs().min(self.upper.abs()) }
    }

    pub(super) fn natural(&self, z: f64) -> f64 {
        (self.lower + z * self.range()).clamp(self.lower, self.upper)
    }

    fn scaled(&self, x: f64) -> f64 {
        if self.range() > 0.0 { (x - self.lower) / self.range() } else { 0.0 }
    }

    /// The nearest place that an integer axis has; floats stay.
    fn rounded(&self, z: f64) -> f64 {
        if self.integer { self.scaled(self.natural(z).round()) } else { z }
    }
}

/// The constraints of a space, scaled.
#[derive(Debug, Clone)]
pub(super) struct Polytope {
    pub axes: Vec<Axis>,
    pub faces: Vec<Face>,
}

/// Relative size of what rounding leaves of zero.
const ROUNDING: f64 = 1e-12;

impl Polytope {
    /// `None` if bounds and a single constraint already contradict each other.
    pub(super) fn new(space: &Space) -> Option<Self> {
        let mut rows = reduced(space)?;
        let mut axes = axes(space);
        tighten(&mut axes, &rows)?;
        rows.retain(|row| !row.terms.is_empty());
        let place = |parameter: usize| axes.iter().position(|a| a.parameter == parameter);
        let mut faces: Vec<Face> = Vec::new();
        for row in &rows {
            let mut face = Face {
                normal: vec![0.0; axes.len()],
                bound: row.upper,
                equality: false,
                tolerance: 0.0,
            };
            let mut size = row.size;
            for &(parameter, a) in &row.terms {
                let k = place(parameter)?;
                face.normal[k] = a * axes[k].range();
                face.bound -= a * axes[k].lower;
                size = size.max((a * axes[k].least_magnitude()).abs());
            }
            face.tolerance = 0.5 * LinearConstraint::TOLERANCE * size;
            faces.extend(unit(face).ok());
        }
        Some(Self { axes, faces: pair_up(faces) })
    }

    /// Coordinates of a design; beyond 0 or 1 outside the tightened bounds.
    pub(super) fn scaled(&self, design: &[Value]) -> Vec<f64> {
        let number = |a: &Axis| design[a.parameter].number().unwrap_or(a.lower);
        self.axes.iter().map(|a| a.scaled(number(a))).collect()
    }

    /// Writes coordinates into a design.
    pub(super) fn place(&self, z: &[f64], design: &mut Design) {
        for (axis, z) in self.axes.iter().zip(z) {
            let x = axis.natural(*z);
            design[axis.parameter] =
                if axis.integer { Value::Integer(x.round() as i64) } else { Value::Float(x) };
        }
    }

    /// `z` with integers at their nearest places.
    pub(super) fn rounded(&self, z: &[f64]) -> Vec<f64> {
        self.axes.iter().zip(z).map(|(axis, z)| axis.rounded(*z)).collect()
    }

    /// What is left when integers stay where `z` has them; `None` if a face of integers is violated.
    pub(super) fn slice(&self, z: &[f64]) -> Option<Slice> {
        self.restrict(z, |axis| !axis.integer && axis.range() > 0.0)
    }

    /// What is left when integers may take any real value.
    pub(super) fn relaxed(&self, z: &[f64]) -> Option<Slice> {
        self.restrict(z, |axis| axis.range() > 0.0)
    }

    fn restrict(&self, z: &[f64], is_free: impl Fn(&Axis) -> bool) -> Option<Slice> {
        let free: Vec<usize> = (0..z.len()).filter(|k| is_free(&self.axes[*k])).collect();
        let held: Vec<usize> = (0..z.len()).filter(|k| !is_free(&self.axes[*k])).collect();
        let mut faces = Vec::new();
        for face in &self.faces {
            let normal = free.iter().map(|k| face.normal[*k]).collect();
            let bound = face.bound - held.iter().map(|k| face.normal[*k] * z[*k]).sum::<f64>();
            match unit(Face { normal, bound, ..*face }) {
                Ok(face) => faces.push(face),
                Err(rest) if rest.bound < -rest.tolerance => return None,
                Err(rest) if rest.equality && rest.bound > rest.tolerance => return None,
                Err(_) => {}
            }
        }
        Some(Slice { base: z.to_vec(), free, faces })
    }
}

/// A polytope with some axes held.
#[derive(Debug, Clone)]
pub(super) struct Slice {
    base: Vec<f64>,
    /// Axes that move, in the order of the faces' normals.
    pub free: Vec<usize>,
    pub faces: Vec<Face>,
}

impl Slice {
    /// Its point nearest to `z`; held axes keep their place.
    pub(super) fn nearest(&self, z: &[f64]) -> Option<Vec<f64>> {
        Some(self.full(&nearest(&self.part(z), &self.faces)?))
    }

    /// The free coordinates of `z`.
    pub(super) fn part(&self, z: &[f64]) -> Vec<f64> {
        self.free.iter().map(|k| z[*k]).collect()
    }

    /// All coordinates, given the free ones.
    pub(super) fn full(&self, part: &[f64]) -> Vec<f64> {
        let mut z = self.base.clone();
        self.free.iter().zip(part).for_each(|(k, x)| z[*k] = x.clamp(0.0, 1.0));
        z
    }
}

/// `Σ a_j x_j <= upper` over parameters that vary.
struct Row {
    terms: Vec<(usize, f64)>,
    upper: f64,
    /// Largest magnitude of what went into `upper`, to which rounding is relative.
    size: f64,
}

/// The constraints with fixed parameters moved to the right; `None` if one of fixed ones alone fails.
fn reduced(space: &Space) -> Option<Vec<Row>> {
    let mut rows = Vec::new();
    for constraint in &space.constraints {
        let upper = constraint.upper;
        let mut row = Row { terms: Vec::new(), upper, size: upper.abs() };
        for &(j, a) in &constraint.terms {
            match &space.parameters[j].kind {
                ParameterKind::Fixed { value } => {
                    let term = a * value.number().unwrap_or(0.0);
                    row.upper -= term;
                    row.size = row.size.max(term.abs());
                }
                _ => row.terms.push((j, a)),
            }
        }
        if row.terms.is_empty() && row.upper < -LinearConstraint::TOLERANCE * row.size {
            return None;
        }
        rows.push(row);
    }
    Some(rows)
}

fn axes(space: &Space) -> Vec<Axis> {
    let takes_part = |j: usize| space.constraints.iter().any(|c| c.terms.iter().any(|t| t.0 == j));
    let axis = |(parameter, p): (usize, &crate::problem::Parameter)| match p.kind {
        ParameterKind::Float { lower, upper, scale } => {
            Some(Axis { parameter, lower, upper, integer: false, log: scale == Scale::Log })
        }
        ParameterKind::Integer { lower, upper, .. } => {
            let (lower, upper) = (lower as f64, upper as f64);
            Some(Axis { parameter, lower, upper, integer: true, log: false })
        }
        _ => None,
    };
    space.parameters.iter().enumerate().filter(|(j, _)| takes_part(*j)).filter_map(axis).collect()
}

/// Bound propagation: no axis reaches further than its constraints allow when all other axes are at
/// their best. Floats keep a width that rounding does not spoil. `None` if no integer is left of an
/// axis.
fn tighten(axes: &mut [Axis], rows: &[Row]) -> Option<()> {
    const ROUNDS: usize = 20;
    const WIDTH: f64 = 1e-3;
    let original: Vec<f64> = axes.iter().map(Axis::range).collect();
    for _ in 0..ROUNDS {
        let before: f64 = axes.iter().map(Axis::range).sum();
        for row in rows {
            let place = |j: usize| axes.iter().position(|axis| axis.parameter == j);
            let terms: Option<Vec<(usize, f64)>> =
                row.terms.iter().map(|&(j, a)| Some((place(j)?, a))).collect();
            let terms = terms?;
            for &(k, a) in &terms {
                let least = |&(i, a): &(usize, f64)| (a * axes[i].lower).min(a * axes[i].upper);
                let others: f64 = terms.iter().filter(|t| t.0 != k).map(least).sum();
                let limit = (row.upper - others) / a;
                let sizes = terms.iter().map(|&(i, a)| (a * axes[i].magnitude()).abs());
                let size = sizes.fold(row.size, f64::max);
                // Outwards by more than rounding, which the next rounds would multiply.
                let slack = LinearConstraint::TOLERANCE * size / a.abs();
                let axis = &mut axes[k];
                let (mut lower, mut upper) = (axis.lower, axis.upper);
                match (axis.integer, a > 0.0) {
                    (true, true) => upper = upper.min((limit + slack).floor()),
                    (true, false) => lower = lower.max((limit - slack).ceil()),
                    (false, true) => upper = upper.min(limit + slack),
                    (false, false) => lower = lower.max(limit - slack),
                }
                if axis.integer && lower > upper {
                    return None;
                }
                // A logarithmic axis has no size of its own.
                let width = WIDTH * if axis.log { upper.abs() } else { original[k] };
                if axis.integer || upper - lower > width {
                    (axis.lower, axis.upper) = (lower, upper);
                }
            }
        }
        let after: f64 = axes.iter().map(Axis::range).sum();
        if after >= before * (1.0 - 1e-3) {
            break;
        }
    }
    Some(())
}

/// A face with its normal made one unit long; `Err` if the normal is nothing but rounding.
fn unit(mut face: Face) -> Result<Face, Face> {
    let norm = dot(&face.normal, &face.normal).sqrt();
    if norm <= ROUNDING * face.bound.abs().max(face.tolerance) || norm == 0.0 {
        return Err(face);
    }
    face.normal.iter_mut().for_each(|a| *a /= norm);
    face.bound /= norm;
    face.tolerance = (face.tolerance / norm).max(ROUNDING);
    Ok(face)
}

/// Two opposite faces without room between them become one equality.
fn pair_up(faces: Vec<Face>) -> Vec<Face> {
    let mut kept: Vec<Face> = Vec::new();
    for face in faces {
        let opposite = kept.iter_mut().find(|other| {
            dot(&other.normal, &face.normal) < -1.0 + ROUNDING
                && (other.bound + face.bound).abs() <= other.tolerance
        });
        match opposite {
            Some(other) => {
                other.bound = 0.5 * (other.bound - face.bound);
                other.equality = true;
            }
            None => kept.push(face),
        }
    }
    kept
}
