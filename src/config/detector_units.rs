//! Units that detector descriptions know, as DD4hep's expression evaluator does.

/// Words for the same dimension in a row.
const KNOWN: [(&str, &[&str]); 19] = [
    (
        "length",
        &[
            "m",
            "meter",
            "metre",
            "mm",
            "millimeter",
            "cm",
            "centimeter",
            "decimeter",
            "km",
            "kilometer",
            "um",
            "micrometer",
            "micron",
            "nm",
            "nanometer",
            "angstrom",
            "fermi",
        ],
    ),
    ("area", &["m2", "mm2", "cm2", "km2", "barn", "millibarn", "mbarn"]),
    ("volume", &["m3", "mm3", "cm3", "cc", "liter", "litre", "L", "milliliter", "mL"]),
    ("angle", &["rad", "radian", "mrad", "milliradian", "deg", "degree"]),
    ("solid angle", &["sr", "steradian"]),
    (
        "time",
        &[
            "s",
            "second",
            "ms",
            "millisecond",
            "us",
            "microsecond",
            "ns",
            "nanosecond",
            "ps",
            "picosecond",
        ],
    ),
    ("frequency", &["Hz", "hertz", "kHz", "kilohertz", "MHz", "megahertz"]),
    ("mass", &["kg", "kilogram", "g", "gram", "mg", "milligram"]),
    (
        "energy",
        &[
            "eV",
            "electronvolt",
            "keV",
            "kiloelectronvolt",
            "MeV",
            "megaelectronvolt",
            "GeV",
            "gigaelectronvolt",
            "TeV",
            "teraelectronvolt",
            "PeV",
            "J",
            "joule",
        ],
    ),
    ("magnetic field", &["tesla", "T", "gauss", "Gs", "kilogauss", "kGs"]),
    ("temperature", &["kelvin", "K"]),
    ("amount", &["mole", "mol"]),
    ("pressure", &["pascal", "Pa", "hPa", "bar", "millibar", "mbar", "kilobar", "atmosphere", "atm"]),
    ("voltage", &["volt", "V", "kilovolt", "kV", "megavolt", "MV"]),
    ("current", &["ampere", "amp", "A", "milliampere", "mA"]),
    ("charge", &["coulomb", "C"]),
    ("resistance", &["ohm"]),
    ("power", &["watt", "W", "kilowatt", "kW"]),
    ("capacitance", &["farad", "F", "picofarad", "pF"]),
];

/// The dimension of a unit or of a product of units such as `g/cm3`, for comparing two; `None` if a word
/// of it is unknown.
pub fn dimension(unit: &str) -> Option<String> {
    let words = unit.split_inclusive(['*', '/']);
    let mut found = String::new();
    for word in words {
        let (name, sign) = match word.strip_suffix(['*', '/']) {
            Some(name) => (name, &word[name.len()..]),
            None => (word, ""),
        };
        let (dimension, _) = KNOWN.iter().find(|(_, words)| words.contains(&name.trim()))?;
        found += dimension;
        found += sign;
    }
    // A sign at the end has nothing to join.
    (!found.is_empty() && !found.ends_with(['*', '/'])).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_of_one_dimension_are_told_from_others() {
        assert_eq!(dimension("cm"), dimension("mm"));
        assert_ne!(dimension("cm"), dimension("mrad"));
        assert_eq!(dimension("g/cm3").as_deref(), Some("mass/volume"));
        assert_eq!(dimension("g / cm3"), dimension("kg/m3"));
        for unknown in ["", "furlong", "cm*", "cm//m", "CM"] {
            assert_eq!(dimension(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn no_word_means_two_things() {
        let mut words: Vec<&str> = KNOWN.iter().flat_map(|(_, words)| words.iter().copied()).collect();
        let all = words.len();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), all);
    }
}
