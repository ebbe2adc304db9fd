//! The recursion behind every hypervolume: the volume of a union of boxes with one common end point.
//!
//! One dimension is dropped at a time, as in WFG (While, Bradstreet and Barone 2012, doi
//! 10.1109/TEVC.2010.2077298): in rising last coordinate, a point adds a slab from its own last
//! coordinate to the end, whose base is what the point alone dominates among its predecessors in the
//! other coordinates. That base is a box less the volume of its *limit set* ([`Limit`]). Points that
//! share the lowest last coordinate, many in a limit set, are one slab. Down from four dimensions
//! there are sweeps ([`Solid`], [`Staircase`]).

use super::dominance::{lexicographic, weakly_dominates};
use super::limit::Limit;
use super::solid::Solid;
use super::staircase::Staircase;
use std::mem::take;

/// What the recursion works in, kept from one call to the next: nothing is allocated inside.
#[derive(Debug, Clone, Default)]
pub(super) struct Volume {
    plane: Staircase,
    solid: Solid,
    /// By dimension.
    limits: Vec<Limit>,
    slabs: Vec<Slabs>,
}

#[derive(Debug, Clone, Default)]
struct Slabs {
    order: Vec<usize>,
    /// Mutually non-dominated, without the last coordinate.
    below: Vec<f64>,
}

impl Volume {
    /// Volume dominated by points strictly better than `end` everywhere; `rows` holds their
    /// coordinates one after another, and has its points in another order afterwards.
    pub(super) fn dominated(&mut self, rows: &mut [f64], end: &[f64]) -> f64 {
        match *end {
            [] => 0.0,
            [r] => rows.iter().copied().reduce(f64::min).map_or(0.0, |x| r - x),
            [r, s] => self.plane.area(rows.as_chunks_mut().0, [r, s]),
            [r, s, t] => self.plane.volume(rows.as_chunks_mut().0, [r, s, t]),
            [r, s, t, u] => self.solid.volume(rows.as_chunks_mut().0, [r, s, t, u]),
            _ => self.slabs(rows, end),
        }
    }

    /// Volume that `point`, strictly better than `end`, alone dominates beside others; `None` if one
    /// of them dominates or equals it.
    pub(super) fn exclusive(&mut self, point: &[f64], others: &[f64], end: &[f64]) -> Option<f64> {
        let d = end.len();
        if self.limits.len() <= d {
            self.limits.resize_with(d + 1, Limit::default);
        }
        let mut limit = take(&mut self.limits[d]);
        let free = limit.of(others, point, end);
        // Rounding can take more than all of a box that is nearly covered.
        let volume = free.then(|| (limit.volume - self.dominated(&mut limit.rows, &limit.end)).max(0.0));
        self.limits[d] = limit;
        volume
    }

    fn slabs(&mut self, rows: &[f64], end: &[f64]) -> f64 {
        let d = end.len();
        if self.slabs.len() <= d {
            self.slabs.resize_with(d + 1, Slabs::default);
        }
        let Slabs { mut order, mut below } = take(&mut self.slabs[d]);
        let (height, end) = (end[d - 1], &end[..d - 1]);
        let row = |k: usize| &rows[k * d..k * d + d - 1];
        let last = |k: usize| rows[k * d + d - 1];
        order.clear();
        order.extend(0..rows.len() / d);
        order.sort_unstable_by(|&a, &b| last(a).total_cmp(&last(b)));
        let lowest = order.first().map_or(height, |k| last(*k));
        let ties = order.partition_point(|k| last(*k) <= lowest);
        let (ties, others) = order.split_at_mut(ties);
        ties.sort_unstable_by(|&a, &b| lexicographic(row(a), row(b)));
        below.clear();
        for k in &*ties {
            if !below.chunks_exact(d - 1).any(|p| weakly_dominates(p, row(*k))) {
                below.extend_from_slice(row(*k));
            }
        }
        let mut volume = self.dominated(&mut below, end) * (height - lowest);
        for k in &*others {
            if let Some(base) = self.exclusive(row(*k), &below, end) {
                volume += base * (height - last(*k));
                insert(&mut below, row(*k));
            }
        }
        self.slabs[d] = Slabs { order, below };
        volume
    }
}

/// Adds a point to `rows` and drops those it covers; the others keep their order.
pub(super) fn insert(rows: &mut Vec<f64>, point: &[f64]) {
    // A length known while compiling: this is a good part of the time of a front, and of five objectives.
    match point.len() {
        2 => drop_covered::<2>(rows, point),
        3 => drop_covered::<3>(rows, point),
        4 => drop_covered::<4>(rows, point),
        _ => drop_covered::<0>(rows, point),
    }
    rows.extend_from_slice(point);
}

#[inline(always)]
fn drop_covered<const D: usize>(rows: &mut Vec<f64>, point: &[f64]) {
    let d = if D == 0 { point.len() } else { D };
    let point = &point[..d];
    let covered = |row: &[f64]| (0..d).fold(true, |all, i| all & (point[i] <= row[i]));
    let Some(first) = rows.chunks_exact(d).position(covered) else { return };
    let mut kept = first * d;
    for from in (kept + d..rows.len()).step_by(d) {
        if !covered(&rows[from..from + d]) {
            rows.copy_within(from..from + d, kept);
            kept += d;
        }
    }
    rows.truncate(kept);
}
