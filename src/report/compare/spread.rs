//! Median and spread of a few numbers.

/// So many numbers have quartiles; of fewer, the range says more.
const ENOUGH: usize = 5;

/// A median, and from where to where the numbers lie.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// The middle one, or the mean of the two in the middle.
    pub median: f64,
    /// First quartile, or the least number where they are fewer than five.
    pub low: f64,
    /// Third quartile, or the greatest.
    pub high: f64,
    /// Whether these are quartiles.
    pub quartiles: bool,
}

impl Spread {
    /// The spread of numbers, infinite ones allowed; `None` of none. Quartiles are interpolated (type 7 of
    /// Hyndman and Fan 1996, what NumPy does).
    pub fn of(values: &[f64]) -> Option<Self> {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let quartiles = sorted.len() >= ENOUGH;
        let (low, high) = if quartiles { (0.25, 0.75) } else { (0.0, 1.0) };
        Some(Self {
            median: quantile(&sorted, 0.5)?,
            low: quantile(&sorted, low)?,
            high: quantile(&sorted, high)?,
            quartiles,
        })
    }
}

fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let place = share * sorted.len().checked_sub(1)? as f64;
    let (below, part) = (place.floor() as usize, place.fract());
    let value = *sorted.get(below)?;
    // Nothing of what may be infinite.
    Some(if part > 0.0 { value + part * (sorted.get(below + 1)? - value) } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_numbers_have_a_range_and_more_have_quartiles() {
        assert_eq!(Spread::of(&[]), None);
        let few = Spread { median: 2.5, low: 1.0, high: 4.0, quartiles: false };
        assert_eq!(Spread::of(&[4.0, 1.0, 3.0, 2.0]), Some(few));
        // numpy.percentile([1, 2, 4, 8, 16, 32], [25, 50, 75]) is [2.5, 6, 14].
        let more = Spread { median: 6.0, low: 2.5, high: 14.0, quartiles: true };
        assert_eq!(Spread::of(&[32.0, 1.0, 4.0, 2.0, 16.0, 8.0]), Some(more));
        let infinite = Spread::of(&[1.0, f64::INFINITY, 2.0]).unwrap();
        assert_eq!((infinite.median, infinite.low), (2.0, 1.0));
        assert!(Spread::of(&[1.0, f64::INFINITY]).unwrap().median.is_infinite());
    }
}
