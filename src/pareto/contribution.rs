//! What each point adds to the hypervolume.

use super::hypervolume::{Cloud, exclusive, lies_inside};

/// For each point the hypervolume that would be lost without it; 0 for points that others cover
/// (each of two equal points included) and for points not strictly better than the reference.
pub fn exclusive_contributions(points: &[Vec<f64>], reference: &[f64]) -> Vec<f64> {
    let of = |(k, point): (usize, &Vec<f64>)| {
        if !lies_inside(point, reference) {
            return 0.0;
        }
        let others = points.iter().enumerate().filter(|(i, _)| *i != k);
        let others = Cloud::sorted(others.map(|(_, p)| p.as_slice()), reference);
        exclusive(point, &others, reference)
    };
    points.iter().enumerate().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::super::hypervolume::hypervolume;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn contribution_is_the_loss_without_the_point(
            (points, m) in (1_usize..=5).prop_flat_map(|m| {
                let coordinate = (0_i32..12).prop_map(|k| f64::from(k) / 11.0);
                let point = proptest::collection::vec(coordinate, m);
                (proptest::collection::vec(point, 0..12), Just(m))
            })
        ) {
            let reference = vec![0.95; m];
            let all = hypervolume(&points, &reference);
            let found = exclusive_contributions(&points, &reference);
            for (k, contribution) in found.iter().enumerate() {
                let mut others = points.clone();
                others.remove(k);
                let lost = all - hypervolume(&others, &reference);
                prop_assert!((contribution - lost).abs() < 1e-12);
            }
        }
    }
}
