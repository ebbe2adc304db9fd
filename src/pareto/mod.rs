//! Dominance, fronts, hypervolume. Smaller is better throughout.

/// Whether `a` is at least as good as `b` everywhere and better somewhere.
pub fn dominates(a: &[f64], b: &[f64]) -> bool {
    a.iter().zip(b).all(|(x, y)| x <= y) && a != b
}

/// The volume between `points` and `reference`, by slices along the last coordinate.
pub fn hypervolume(points: &[Vec<f64>], reference: &[f64]) -> f64 {
    let inside: Vec<&Vec<f64>> =
        points.iter().filter(|p| p.iter().zip(reference).all(|(x, r)| x < r)).collect();
    let m = reference.len();
    if m == 1 {
        return inside.iter().map(|p| reference[0] - p[0]).fold(0.0, f64::max);
    }
    let mut levels: Vec<f64> = inside.iter().map(|p| p[m - 1]).collect();
    levels.push(reference[m - 1]);
    levels.sort_by(f64::total_cmp);
    let slice = |w: &[f64]| {
        let below = inside.iter().filter(|p| p[m - 1] <= w[0]);
        let below: Vec<Vec<f64>> = below.map(|p| p[..m - 1].to_vec()).collect();
        (w[1] - w[0]) * hypervolume(&below, &reference[..m - 1])
    };
    levels.windows(2).map(slice).sum()
}

/// The thresholds, completed by the worst value seen; `None` without points to complete them.
pub fn reference_point(thresholds: &[Option<f64>], points: &[Vec<f64>]) -> Option<Vec<f64>> {
    let worst = |m: usize| points.iter().map(|p| p[m]).reduce(f64::max);
    thresholds.iter().enumerate().map(|(m, t)| t.or_else(|| worst(m))).collect()
}
