//! Durations and amounts of memory with their units, for example `90 s`, `2 h 30 min` or `4 GB`.

/// Units with their length in seconds, longest first; the first word of each is the one we write.
const UNITS: [(&[&str], f64); 6] = [
    (&["d", "day", "days"], 86_400.0),
    (&["h", "hour", "hours"], 3_600.0),
    (&["min", "minute", "minutes"], 60.0),
    (&["s", "sec", "second", "seconds"], 1.0),
    (&["ms"], 1e-3),
    (&["us", "µs"], 1e-6),
];

/// What a duration looks like, for messages.
pub const EXAMPLES: &str =
    "a duration with its unit such as \"100 ms\", \"30 s\", \"10 min\" or \"1.5 h\"";

/// Seconds of a duration: numbers each followed by a unit, longer units first. `None` if it is
/// anything else.
pub fn seconds(text: &str) -> Option<f64> {
    let mut rest = text.trim();
    let mut sum = 0.0;
    let mut units = UNITS.iter();
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let number = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let value: f64 = rest[..number].parse().ok()?;
        rest = rest[number..].trim_start();
        let word = rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
        // The iterator goes on from the last unit, so that none comes twice.
        let (_, length) = units.find(|(words, _)| words.contains(&&rest[..word]))?;
        sum += value * length;
        rest = rest[word..].trim_start();
    }
    // 700 ms are 0.7 s, not 0.7000000000000001 s.
    Some(rounded(sum))
}

/// A duration as people write it; `seconds` reads it back.
pub fn duration(seconds: f64) -> String {
    if seconds < 1.0 {
        let (unit, length) = if seconds < 1e-3 { ("us", 1e-6) } else { ("ms", 1e-3) };
        return format!("{} {unit}", rounded(seconds / length));
    }
    let mut rest = rounded(seconds);
    let mut parts = vec![];
    for (words, length) in &UNITS[..3] {
        let count = (rest / length).floor();
        if count > 0.0 {
            parts.push(format!("{count} {}", words[0]));
            rest = rounded(rest - count * length);
        }
    }
    if rest > 0.0 {
        parts.push(format!("{rest} s"));
    }
    parts.join(" ")
}

/// Units of memory and disk with their bytes; the first of those that divide an amount is written.
const SIZES: [(&str, u64); 9] = [
    ("TB", 1_000_000_000_000),
    ("TiB", 1 << 40),
    ("GB", 1_000_000_000),
    ("GiB", 1 << 30),
    ("MB", 1_000_000),
    ("MiB", 1 << 20),
    ("kB", 1_000),
    ("KiB", 1 << 10),
    ("B", 1),
];

/// What an amount looks like, for messages.
pub const BYTES: &str = "an amount above 0 with its unit such as \"4 GB\", \"4000 MB\" or \"1.5 GiB\"";

/// Bytes of a number with a unit (`GB` are 10⁹, `GiB` are 2³⁰); `None` if it is anything else.
pub fn bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let number = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let value: f64 = text[..number].parse().ok()?;
    let (_, size) = SIZES.iter().find(|(unit, _)| *unit == text[number..].trim_start())?;
    let bytes = (value * *size as f64).round();
    // Beyond 2^53 not every number is a float any more.
    (bytes <= (1u64 << 53) as f64).then_some(bytes as u64)
}

/// An amount as people write it; `bytes` reads it back.
pub fn amount(bytes: u64) -> String {
    let fits = |(_, size): &&(&str, u64)| bytes.is_multiple_of(*size) && bytes >= *size;
    let (unit, size) = SIZES.iter().find(fits).unwrap_or(&("B", 1));
    format!("{} {unit}", bytes / size)
}

/// To nine decimals: below what a clock can tell, above what rounding leaves behind.
fn rounded(x: f64) -> f64 {
    (x * 1e9).round() / 1e9
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_numbers_with_units() {
        for (text, want) in [
            ("30 s", 30.0),
            ("30s", 30.0),
            ("1.5 h", 5400.0),
            ("100 ms", 0.1),
            ("2 h 30 min", 9000.0),
            ("1 day 1 s", 86_401.0),
            ("250 us", 2.5e-4),
            ("0 s", 0.0),
        ] {
            let got = seconds(text).unwrap();
            assert!((got - want).abs() < 1e-12, "{text}: {got}");
        }
        assert_eq!(seconds("700 ms").unwrap().to_string(), "0.7");
    }

    #[test]
    fn refuses_anything_else() {
        for text in
            ["", "30", "s", "30 sx", "-1 s", "1 s 2 s", "1 s 1 h", "1 h 30", "inf s", "1..5 s", "1e3 s"]
        {
            assert_eq!(seconds(text), None, "{text}");
        }
    }

    #[test]
    fn writes_what_people_write() {
        assert_eq!(duration(0.02), "20 ms");
        assert_eq!(duration(2.5e-4), "250 us");
        assert_eq!(duration(60.0), "1 min");
        assert_eq!(duration(9000.0), "2 h 30 min");
        assert_eq!(duration(1.5), "1.5 s");
    }

    #[test]
    fn amounts_have_units() {
        for (text, want) in [
            ("4 GB", 4_000_000_000),
            ("4000MB", 4_000_000_000),
            ("1.5 GiB", 3 << 29),
            ("512 MiB", 1 << 29),
            ("1 B", 1),
            ("2 TB", 2_000_000_000_000),
        ] {
            assert_eq!(bytes(text), Some(want), "{text}");
            assert_eq!(bytes(&amount(want)), Some(want), "{}", amount(want));
        }
        for text in ["", "4", "GB", "4 gb", "-1 GB", "1 GB 2 MB", "1e3 MB", "99999999 TB"] {
            assert_eq!(bytes(text), None, "{text}");
        }
        assert_eq!((amount(4_000_000_000), amount(1 << 30)), ("4 GB".into(), "1 GiB".into()));
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(milliseconds in 1u32..400_000_000) {
            let want = f64::from(milliseconds) / 1000.0;
            let got = seconds(&duration(want)).unwrap();
            prop_assert!((got - want).abs() < 1e-6 * want, "{}", duration(want));
        }
    }
}
