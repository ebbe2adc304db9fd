//! Reference directions on the unit simplex (Das and Dennis 1998, doi 10.1137/S1052623496307510).

/// At most `most` evenly spread points of the simplex Σ w = 1, w >= 0 in `objectives` coordinates
/// (but never fewer than one per coordinate): the finest lattice that fits. A lattice has points
/// inside only with at least as many divisions as coordinates; where that is too many, two layers
/// are used, the inner one shrunk half-way to the centre (Deb and Jain 2014).
pub(super) fn directions(objectives: usize, most: usize) -> Vec<Vec<f64>> {
    if objectives == 1 {
        return vec![vec![1.0]];
    }
    let count = |divisions: usize| binomial(divisions + objectives - 1, objectives - 1);
    let finest = |size: &dyn Fn(usize) -> usize| (1..).take_while(|p| size(*p) <= most).last();
    match finest(&count) {
        Some(divisions) if divisions >= objectives => lattice(objectives, divisions),
        _ => {
            let divisions = finest(&|p| count(p) + count(p - 1)).unwrap_or(1);
            let mut layers = lattice(objectives, divisions);
            let towards_centre = |w: f64| 0.5 * w + 0.5 / objectives as f64;
            let inner = lattice(objectives, divisions - 1).into_iter();
            layers.extend(inner.map(|w| w.into_iter().map(towards_centre).collect()));
            layers
        }
    }
}

/// All points whose coordinates are whole shares of `divisions`; the centre for none.
fn lattice(objectives: usize, divisions: usize) -> Vec<Vec<f64>> {
    if divisions == 0 {
        return vec![vec![1.0 / objectives as f64; objectives]];
    }
    let mut partial: Vec<(Vec<f64>, usize)> = vec![(Vec::new(), divisions)];
    let share = |k: usize| k as f64 / divisions as f64;
    for _ in 1..objectives {
        let split = |(w, left): (Vec<f64>, usize)| {
            (0..=left).map(move |k| ([w.clone(), vec![share(k)]].concat(), left - k))
        };
        partial = partial.into_iter().flat_map(split).collect();
    }
    partial.into_iter().map(|(w, left)| [w, vec![share(left)]].concat()).collect()
}

fn binomial(n: usize, k: usize) -> usize {
    (1..=k).fold(1, |product, i| product * (n - k + i) / i)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_those_of_the_paper() {
        // Deb and Jain 2014, table I: M = 3 with 12 divisions 91, M = 5 with 6 divisions 210, M = 8
        // with 3 and 2 divisions 156.
        assert_eq!(directions(3, 91).len(), 91);
        assert_eq!(directions(5, 210).len(), 210);
        assert_eq!(directions(8, 160).len(), 156);
        assert_eq!(directions(2, 20).len(), 20);
        assert_eq!(directions(1, 20), [[1.0]]);
        assert_eq!(directions(9, 3).len(), 10);
    }

    #[test]
    fn all_lie_on_the_simplex_and_differ_and_some_lie_inside() {
        for objectives in 2..8 {
            let mut all = directions(objectives, 100);
            for w in &all {
                assert!((w.iter().sum::<f64>() - 1.0).abs() < 1e-12);
                assert!(w.iter().all(|x| *x >= 0.0));
            }
            assert!(all.iter().any(|w| w.iter().all(|x| *x > 0.0)));
            let n = all.len();
            all.sort_by(|a, b| a.partial_cmp(b).unwrap());
            all.dedup();
            assert_eq!(all.len(), n);
        }
    }
}
