//! The point of a polytope nearest to a given one.
//!
//! Dual active-set method of Goldfarb and Idnani (1983, doi 10.1007/BF02591962) for the identity as
//! Hessian: start at the target, add the most violated face, drop faces whose multiplier falls to
//! zero. Ends after finitely many steps, exact up to rounding.

/// `normal · z <= bound`, or `=` where it is an equality; `normal` has length 1.
#[derive(Debug, Clone)]
pub(super) struct Face {
    pub normal: Vec<f64>,
    pub bound: f64,
    pub equality: bool,
    /// Excess that is forgiven where faces contradict each other.
    pub tolerance: f64,
}

impl Face {
    /// How far `z` lies beyond the face.
    fn excess(&self, z: &[f64]) -> f64 {
        dot(&self.normal, z) - self.bound
    }
}

/// Excess that counts as none while searching, near the rounding of the dot products.
const NOTHING: f64 = 1e-13;

/// The same for the sides of the cube; the caller clamps and checks the design itself.
const WALL: f64 = 1e-6;

/// The point nearest to `target` on the right side of all faces and in the unit cube; `None` if
/// there is none.
pub(super) fn nearest(target: &[f64], faces: &[Face]) -> Option<Vec<f64>> {
    let mut faces = faces.to_vec();
    faces.extend(walls(target.len()));
    let mut search = Search { z: target.to_vec(), active: Vec::new(), basis: Basis::default() };
    let mut settled = vec![false; faces.len()];
    for k in 0..faces.len() {
        if faces[k].equality {
            if faces[k].excess(&search.z) < 0.0 {
                faces[k].normal.iter_mut().for_each(|a| *a = -*a);
                faces[k].bound = -faces[k].bound;
            }
            search.add(k, &faces)?;
            settled[k] = true;
        }
    }
    for _ in 0..100 + 20 * faces.len() {
        let beyond = |k: usize| faces[k].excess(&search.z);
        let open = (0..faces.len()).filter(|k| !settled[*k] && !search.is_active(*k));
        let Some(worst) = open.max_by(|a, b| beyond(*a).total_cmp(&beyond(*b))) else {
            break;
        };
        if beyond(worst) <= NOTHING {
            break;
        }
        // A face that adds nothing new and is missed by rounding alone would come up for ever.
        settled[worst] = !search.add(worst, &faces)?;
    }
    let misses = |face: &Face| {
        let excess = face.excess(&search.z);
        if face.equality { excess.abs() > face.tolerance } else { excess > face.tolerance }
    };
    (!faces.iter().any(misses)).then_some(search.z)
}

/// The sides of the unit cube.
fn walls(dimension: usize) -> impl Iterator<Item = Face> {
    let wall = move |j: usize, sign: f64| {
        let mut normal = vec![0.0; dimension];
        normal[j] = sign;
        Face { normal, bound: sign.max(0.0), equality: false, tolerance: WALL }
    };
    (0..dimension).flat_map(move |j| [wall(j, -1.0), wall(j, 1.0)])
}

/// The nearest point for the active faces alone: target − Σ multiplier · normal.
struct Search {
    z: Vec<f64>,
    /// Face and its multiplier, in the order of the basis.
    active: Vec<(usize, f64)>,
    basis: Basis,
}

impl Search {
    fn is_active(&self, k: usize) -> bool {
        self.active.iter().any(|(i, _)| *i == k)
    }

    /// Moves onto face `k`, which `z` lies beyond or on. `Some(false)`: it depends on the active
    /// faces and is met up to rounding; `None`: it contradicts them.
    fn add(&mut self, k: usize, faces: &[Face]) -> Option<bool> {
        let face = &faces[k];
        let mut multiplier = 0.0;
        loop {
            let excess = face.excess(&self.z).max(0.0);
            let (coefficients, rest) = self.basis.split(&face.normal);
            let shares = self.basis.solve(&coefficients);
            let free = dot(&rest, &rest);
            let full = if free > NOTHING { excess / free } else { f64::INFINITY };
            let limit = |(at, (i, u)): (usize, &(usize, f64))| {
                (!faces[*i].equality && shares[at] > NOTHING).then_some((u.max(0.0) / shares[at], at))
            };
            let first = self.active.iter().enumerate().filter_map(limit);
            let first = first.min_by(|a, b| a.0.total_cmp(&b.0));
            let step = first.map_or(full, |(t, _)| t.min(full));
            if step.is_infinite() {
                return (excess <= face.tolerance).then_some(false);
            }
            multiplier += step;
            for (at, (_, u)) in self.active.iter_mut().enumerate() {
                *u -= step * shares[at];
            }
            if full.is_finite() {
                self.z.iter_mut().zip(&rest).for_each(|(z, r)| *z -= step * r);
            }
            match first {
                Some((t, at)) if t < full => {
                    self.active.remove(at);
                    self.basis = Basis::default();
                    for (i, _) in &self.active {
                        self.basis.push(&faces[*i].normal);
                    }
                }
                _ => {
                    self.active.push((k, multiplier));
                    self.basis.push(&face.normal);
                    return Some(true);
                }
            }
        }
    }
}

/// Orthonormal columns `q` and the triangle that makes the pushed vectors of them.
#[derive(Default)]
pub(super) struct Basis {
    q: Vec<Vec<f64>>,
    triangle: Vec<Vec<f64>>,
}

impl Basis {
    /// Components along the columns, and the rest, orthogonal to all of them.
    pub(super) fn split(&self, vector: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let mut rest = vector.to_vec();
        let mut components = vec![0.0; self.q.len()];
        // Twice is enough for orthogonality to rounding.
        for _ in 0..2 {
            for (q, component) in self.q.iter().zip(&mut components) {
                let along = dot(q, &rest);
                *component += along;
                rest.iter_mut().zip(q).for_each(|(r, q)| *r -= along * q);
            }
        }
        (components, rest)
    }

    /// Adds a vector that is independent of those before.
    pub(super) fn push(&mut self, vector: &[f64]) {
        let (mut components, mut rest) = self.split(vector);
        let norm = dot(&rest, &rest).sqrt();
        rest.iter_mut().for_each(|r| *r /= norm);
        components.push(norm);
        self.q.push(rest);
        self.triangle.push(components);
    }

    /// Coefficients of the pushed vectors that give these components.
    fn solve(&self, components: &[f64]) -> Vec<f64> {
        let mut x = components.to_vec();
        for k in (0..x.len()).rev() {
            x[k] /= self.triangle[k][k];
            for i in 0..k {
                x[i] -= x[k] * self.triangle[k][i];
            }
        }
        x
    }
}

pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn face(normal: &[f64], bound: f64, equality: bool) -> Face {
        let norm = dot(normal, normal).sqrt();
        let normal = normal.iter().map(|a| a / norm).collect();
        Face { normal, bound: bound / norm, equality, tolerance: 1e-12 }
    }

    #[test]
    fn half_plane_corner_and_line_by_hand() {
        let close = |z: Option<Vec<f64>>, x: f64, y: f64| {
            let z = z.unwrap();
            assert!((z[0] - x).abs() < 1e-14 && (z[1] - y).abs() < 1e-14, "{z:?}");
        };
        close(nearest(&[1.0, 1.0], &[face(&[1.0, 1.0], 1.0, false)]), 0.5, 0.5);
        close(nearest(&[0.2, 0.9], &[face(&[1.0, 3.0], 0.0, false)]), 0.0, 0.0);
        close(nearest(&[0.1, 0.1], &[face(&[1.0, 1.0], 1.0, true)]), 0.5, 0.5);
        close(nearest(&[0.3, 0.4], &[face(&[1.0, 1.0], 1.0, false)]), 0.3, 0.4);
        assert!(nearest(&[0.5, 0.5], &[face(&[-1.0, -1.0], -2.1, false)]).is_none());
    }

    #[test]
    fn a_repeated_equality_is_no_contradiction() {
        let twice = [face(&[1.0, -1.0], 0.0, true), face(&[-2.0, 2.0], 0.0, true)];
        let z = nearest(&[0.2, 0.6], &twice).unwrap();
        assert!((z[0] - 0.4).abs() < 1e-14 && (z[1] - 0.4).abs() < 1e-14);
    }

    proptest! {
        /// p is the projection of t on a convex set exactly if (t − p)·(y − p) <= 0 for all y in it.
        #[test]
        fn no_allowed_point_lies_on_the_targets_side(
            target in proptest::collection::vec(-0.5..1.5_f64, 5),
            inner in proptest::collection::vec(0.1..0.9_f64, 5),
            normals in proptest::collection::vec(proptest::collection::vec(-1.0..1.0_f64, 5), 1..8),
            slack in 0.0..0.2_f64,
            others in proptest::collection::vec(proptest::collection::vec(-0.5..1.5_f64, 5), 20),
        ) {
            let faces: Vec<Face> = normals
                .iter()
                .enumerate()
                .map(|(k, n)| face(n, dot(n, &inner) + if k == 0 { 0.0 } else { slack }, k == 0))
                .collect();
            let p = nearest(&target, &faces).expect("holds `inner`");
            for f in faces.iter().cloned().chain(walls(5)) {
                prop_assert!(f.excess(&p) < 1e-11);
                prop_assert!(!f.equality || f.excess(&p).abs() < 1e-11);
            }
            let others = others.iter().map(|o| nearest(o, &faces).expect("holds `inner`"));
            for y in others.chain([inner]) {
                let sides = (0..5).map(|j| (target[j] - p[j]) * (y[j] - p[j]));
                prop_assert!(sides.sum::<f64>() < 1e-10);
            }
        }
    }
}
