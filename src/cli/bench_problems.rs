//! `paretorank bench problems`: the table of test functions.

use super::write_out;
use crate::exit::Exit;
use crate::test_functions::{Entry, entries};

/// Prints the table.
pub fn run() -> Exit {
    write_out(None, table().as_bytes())
}

fn table() -> String {
    let head = ["problem", "parameters d", "objectives M", "usual d, M", "variants", "source"];
    let mut rows = vec![head.map(str::to_owned)];
    rows.extend(entries().map(row));
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let widths: [usize; 6] = std::array::from_fn(width);
    let line = |row: &[String; 6]| {
        let cells: Vec<String> =
            row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        format!("{}\n", cells.join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}

fn row(entry: &Entry) -> [String; 6] {
    let variants = entry.variants().join(", ");
    [
        entry.name.to_owned(),
        entry.parameters.to_string(),
        entry.objectives.to_string(),
        format!("{}, {}", entry.parameters.usual(), entry.objectives.usual()),
        if variants.is_empty() { "-".to_owned() } else { variants },
        entry.source.to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_a_line_for_every_problem() {
        let table = table();
        assert_eq!(table.lines().count(), 1 + entries().count());
        let cells = |name: &str| {
            let line = table.lines().find(|line| line.split_whitespace().next() == Some(name)).unwrap();
            line.split("  ").map(str::trim).filter(|c| !c.is_empty()).take(5).collect::<Vec<_>>()
        };
        assert_eq!(
            cells("dtlz2"),
            ["dtlz2", "M or more", "2 or more", "20, 3", "shift, heterogeneous, rotated"]
        );
        assert_eq!(cells("gp-rq-short"), ["gp-rq-short", "1 to 500", "2 to 10", "20, 3", "shift"]);
        assert_eq!(cells("penicillin"), ["penicillin", "7", "3", "7, 3", "-"]);
    }
}
