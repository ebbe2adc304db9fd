//! Times as people read them.

/// A time from microseconds to hours, with its unit.
pub fn time(seconds: f64) -> String {
    match seconds {
        s if s > 0.0 && s < 1e-4 => format!("{:.1} µs", 1e6 * s),
        s if s < 1.0 => format!("{:.1} ms", 1e3 * s),
        s if s < 120.0 => format!("{s:.1} s"),
        s if s < 7200.0 => format!("{:.1} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::time;

    #[test]
    fn times_have_the_unit_that_suits_them() {
        let shown = [0.0, 2e-5, 0.012, 1.0, 119.0, 600.0, 9000.0].map(time);
        assert_eq!(shown, ["0.0 ms", "20.0 µs", "12.0 ms", "1.0 s", "119.0 s", "10.0 min", "2.5 h"]);
    }
}
