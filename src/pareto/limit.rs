//! The limit set: what other points dominate within the box of one point.

/// Others' boxes within the box between a corner and an end point, less what is covered twice.
#[derive(Debug, Clone, Default)]
pub(super) struct Limit {
    /// Coordinates of the points, one after another; each is nowhere better than the corner.
    pub(super) rows: Vec<f64>,
    /// End of the box, drawn in to where points that are beyond the corner in one coordinate alone
    /// cut the box off.
    pub(super) end: Vec<f64>,
    /// Volume of the box that ends there.
    pub(super) volume: f64,
}

impl Limit {
    /// Works out the limit set of some points (`others`, one after another); false if one of them
    /// covers the whole box. The coordinates come in another order: the last is the one in which
    /// most points are moved to the corner.
    ///
    /// Two passes, O(n M). `corner` is strictly better than `end`; the others may lie anywhere.
    pub(super) fn of(&mut self, others: &[f64], corner: &[f64], end: &[f64]) -> bool {
        // A length known while compiling: this is the innermost loop of five objectives and more.
        match corner.len() {
            2 => self.fill::<2>(others, corner, end),
            3 => self.fill::<3>(others, corner, end),
            4 => self.fill::<4>(others, corner, end),
            5 => self.fill::<5>(others, corner, end),
            6 => self.fill::<6>(others, corner, end),
            _ => self.fill::<0>(others, corner, end),
        }
    }

    /// [`Limit::of`] for D coordinates; 0 stands for any number.
    #[inline(always)]
    fn fill<const D: usize>(&mut self, others: &[f64], corner: &[f64], end: &[f64]) -> bool {
        let d = if D == 0 { corner.len() } else { D };
        let (corner, end) = (&corner[..d], &end[..d]);
        self.end.clear();
        self.end.extend_from_slice(end);
        for other in others.chunks_exact(d) {
            match beyond::<D>(other, corner) {
                Beyond::Nowhere => return false,
                Beyond::Only(i) if other[i] < self.end[i] => self.end[i] = other[i],
                Beyond::Only(_) | Beyond::Often => {}
            }
        }
        let end = &self.end[..d];
        self.rows.resize(others.len(), 0.0);
        let mut kept = 0;
        for other in others.chunks_exact(d) {
            let row = &mut self.rows[kept..kept + d];
            let mut inside = true;
            for i in 0..d {
                row[i] = if other[i] > corner[i] { other[i] } else { corner[i] };
                inside &= other[i] < end[i];
            }
            kept += if inside { d } else { 0 };
        }
        self.rows.truncate(kept);
        self.volume = (0..d).map(|i| end[i] - corner[i]).product();
        self.turn(corner);
        true
    }

    /// Puts the coordinate last in which most points are moved to the corner: those points then differ
    /// in the other coordinates only, and are one problem of a dimension less.
    fn turn(&mut self, corner: &[f64]) {
        let d = corner.len();
        let moved = |m: usize| self.rows.iter().skip(m).step_by(d).filter(|x| **x <= corner[m]).count();
        let Some(most) = (0..d).max_by_key(|m| moved(*m)) else { return };
        if most + 1 < d {
            self.rows.chunks_exact_mut(d).for_each(|row| row.swap(most, d - 1));
            self.end.swap(most, d - 1);
        }
    }
}

/// In how many coordinates a point is worse than a corner, and if in one, which.
enum Beyond {
    Nowhere,
    Only(usize),
    Often,
}

#[inline(always)]
fn beyond<const D: usize>(point: &[f64], corner: &[f64]) -> Beyond {
    if D == 0 {
        let mut found = (0..corner.len()).filter(|&i| point[i] > corner[i]);
        return match (found.next(), found.next()) {
            (None, _) => Beyond::Nowhere,
            (Some(i), None) => Beyond::Only(i),
            _ => Beyond::Often,
        };
    }
    // As bits, without a branch: there is no telling which coordinates it will be.
    match (0..D).fold(0_u32, |bits, i| bits | u32::from(point[i] > corner[i]) << i) {
        0 => Beyond::Nowhere,
        bits if bits.is_power_of_two() => Beyond::Only(bits.trailing_zeros() as usize),
        _ => Beyond::Often,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_is_cut_off_moved_into_and_turned() {
        let others = [
            [0.0, 0.0, 0.7], // cuts the box off in the last coordinate
            [0.6, 0.6, 0.8], // beyond that
            [0.9, 0.6, 0.2], // moved to the corner in the last coordinate
            [0.2, 0.6, 0.6], // in the first
            [0.3, 0.8, 0.6], // in the first
        ];
        let mut limit = Limit::default();
        assert!(limit.of(&others.concat(), &[0.5; 3], &[1.0; 3]));
        // The first coordinate has changed places with the last.
        assert_eq!(limit.rows, [0.5, 0.6, 0.9, 0.6, 0.6, 0.5, 0.6, 0.8, 0.5]);
        assert_eq!(limit.end, [0.7, 1.0, 1.0]);
        assert!((limit.volume - 0.5 * 0.5 * 0.2).abs() < 1e-15);
        assert!(!limit.of(&[0.5, 0.5, 0.4], &[0.5; 3], &[1.0; 3]));
        assert!(limit.of(&[], &[0.5; 3], &[1.0; 3]) && limit.rows.is_empty());
    }
}
