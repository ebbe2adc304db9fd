//! Numbers and tables as people read them.

/// A number with five digits.
pub fn short(value: f64) -> String {
    let rounded = format!("{value:.4e}");
    // What was just written can be read.
    rounded.parse().map_or(rounded, |value: f64| value.to_string())
}

/// Rows of cells, the first of them a head, in columns that are as wide as they need.
pub fn columns(rows: &[Vec<String>]) -> String {
    let count = rows.first().map_or(0, Vec::len);
    let width = |c: usize| rows.iter().map(|r| r[c].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..count).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells: Vec<String> =
            row.iter().zip(&widths).map(|(cell, w)| format!("{cell:<w$}", w = *w)).collect();
        format!("{}\n", cells.join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}
