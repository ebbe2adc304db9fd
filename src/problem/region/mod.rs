//! The allowed part of the search space: bounds, integers and linear constraints together.

mod nearest;
mod polytope;
mod program;
mod wander;

use super::{Design, Space};
use polytope::Polytope;
use program::NoPoint;
use rand::Rng;

/// Where designs may lie.
///
/// Distances are Euclidean in natural units, each parameter scaled by the range that bounds and
/// constraints leave it. Choices take no part.
#[derive(Debug, Clone)]
pub struct Region {
    space: Space,
    /// `None` without constraints.
    inside: Option<Inside>,
}

/// The constraints and one design that satisfies them.
#[derive(Debug, Clone)]
struct Inside {
    polytope: Polytope,
    centre: Vec<f64>,
}

/// No design satisfies the constraints.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("no design within the bounds satisfies the constraints {}{detail}", .constraints.join(" and "))]
pub struct EmptyRegion {
    /// The constraints as the user wrote them.
    pub constraints: Vec<String>,
    /// Empty if that is proved; otherwise why none was found.
    pub detail: String,
}

impl Region {
    /// The region of a space.
    ///
    /// # Errors
    /// It is empty.
    pub fn new(space: &Space) -> Result<Self, EmptyRegion> {
        let mut region = Self { space: space.clone(), inside: None };
        if region.is_constrained() {
            region.inside = Some(region.find_inside().map_err(|reason| EmptyRegion {
                constraints: space.constraints.iter().map(|c| c.text.clone()).collect(),
                detail: match reason {
                    NoPoint::Empty => String::new(),
                    NoPoint::Unsolved(why) => format!(" (not proved: {why})"),
                },
            })?);
        }
        Ok(region)
    }

    fn find_inside(&self) -> Result<Inside, NoPoint> {
        let polytope = Polytope::new(&self.space).ok_or(NoPoint::Empty)?;
        let centre = program::centre(&polytope, None)?;
        let middle = self.space.snap(&vec![0.5; self.space.dimension()]);
        let design = self.space.decode(&middle);
        let (centre, _) = self.settle(&polytope, &centre, &design).ok_or_else(|| {
            NoPoint::Unsolved("what the solver found does not survive rounding".to_owned())
        })?;
        Ok(Inside { polytope, centre })
    }

    /// The space.
    pub fn space(&self) -> &Space {
        &self.space
    }

    /// Whether there is any linear constraint.
    pub fn is_constrained(&self) -> bool {
        !self.space.constraints.is_empty()
    }

    /// Whether the design at `unit` (unit cube) respects every constraint.
    pub fn contains(&self, unit: &[f64]) -> bool {
        !self.is_constrained() || self.space.allows(&self.space.decode(unit))
    }

    /// The allowed point nearest to `unit` (unit cube), snapped ([`Space::snap`]). Exact where only
    /// floats are constrained; with integers the better of the nearest with integers as they are and
    /// the nearest with integers rounded after a projection, and only if neither exists the nearest
    /// by a mixed-integer program.
    pub fn project(&self, unit: &[f64]) -> Vec<f64> {
        let snapped = self.space.snap(unit);
        let Some(Inside { polytope, centre }) = &self.inside else {
            return snapped;
        };
        if self.contains(&snapped) {
            return snapped;
        }
        let design = self.space.decode(&snapped);
        let target = polytope.scaled(&design);
        let settle = |z: &[f64]| self.settle(polytope, &target_at(polytope, z, &target), &design);
        let held = settle(&polytope.rounded(&target));
        let relaxed = polytope.relaxed(&target).and_then(|slice| slice.nearest(&target));
        let rounded = relaxed.and_then(|z| settle(&polytope.rounded(&z)));
        let far = |z: &[f64]| z.iter().zip(&target).map(|(a, b)| (a - b) * (a - b)).sum::<f64>();
        let near = [held, rounded].into_iter().flatten();
        near.min_by(|(a, _), (b, _)| far(a).total_cmp(&far(b)))
            .or_else(|| settle(&program::closest(polytope, &target).ok()?))
            .map_or_else(|| self.at(polytope, centre, &design), |(_, unit)| unit)
    }

    /// Replaces the constrained floats of `unit` by a random allowed choice after `steps` steps of a
    /// walk; everything else is as [`Region::project`] has it.
    pub fn wander(&self, unit: &[f64], steps: usize, rng: &mut impl Rng) -> Vec<f64> {
        let start = self.project(unit);
        let Some(Inside { polytope, .. }) = &self.inside else {
            return start;
        };
        let design = self.space.decode(&start);
        let z = polytope.scaled(&design);
        let Some(slice) = polytope.slice(&z) else {
            return start;
        };
        // From a corner most directions lead nowhere, so the walk begins half-way to the centre.
        let inner = program::centre(polytope, Some(&z)).ok().and_then(|c| slice.nearest(&c));
        let inner = inner.map(|c| c.iter().zip(&z).map(|(c, z)| 0.5 * (c + z)).collect());
        let inner: Vec<f64> = inner.unwrap_or(z);
        let walked = wander::wander(&slice, &polytope.axes, &inner, steps, rng);
        self.project(&self.at(polytope, &slice.full(&walked), &design))
    }

    /// The allowed point nearest to `z` that has its integers, with the rest of `design`: in
    /// coordinates of the polytope and in the unit cube.
    fn settle(&self, polytope: &Polytope, z: &[f64], design: &Design) -> Option<(Vec<f64>, Vec<f64>)> {
        let slice = polytope.slice(z)?;
        let nearest = slice.nearest(z)?;
        let unit = self.at(polytope, &nearest, design);
        if self.contains(&unit) {
            return Some((nearest, unit));
        }
        // Rounding in and out of the unit cube left a face: step inwards, as little as it takes.
        let centre = slice.nearest(&program::centre(polytope, Some(z)).ok()?)?;
        (0..=14).map(|k| 10.0_f64.powi(k - 14)).find_map(|share| {
            let towards = |(a, c): (&f64, &f64)| a + share * (c - a);
            let inner: Vec<f64> = nearest.iter().zip(&centre).map(towards).collect();
            let unit = self.at(polytope, &inner, design);
            self.contains(&unit).then_some((inner, unit))
        })
    }

    /// The unit-cube point of `design` with the constrained parameters at `z`.
    fn at(&self, polytope: &Polytope, z: &[f64], design: &Design) -> Vec<f64> {
        let mut design = design.clone();
        polytope.place(z, &mut design);
        self.space.encode(&design)
    }
}

/// Integers as in `z`, floats as in `target`.
fn target_at(polytope: &Polytope, z: &[f64], target: &[f64]) -> Vec<f64> {
    let pick = |(axis, (z, t)): (&polytope::Axis, (&f64, &f64))| if axis.integer { *z } else { *t };
    polytope.axes.iter().zip(z.iter().zip(target)).map(pick).collect()
}

#[cfg(test)]
pub(crate) mod tests;
