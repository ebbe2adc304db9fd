//! The README's table of what may go wrong names a test for every row. They are there.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Rows that the table has at least.
const LEAST_ROWS: usize = 25;

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// Names of functions that follow `#[test]`, ignored ones left out.
fn tests(text: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for part in text.split("#[test]").skip(1) {
        let Some((before, after)) = part.split_once("fn ") else { continue };
        if !before.contains("#[ignore") {
            names.extend(after.split('(').next().map(str::to_owned));
        }
    }
    names
}

/// The last cell of each row of the README's table, if it is not empty.
fn promised(readme: &str) -> Vec<String> {
    let (_, rest) = readme.split_once("### What may go wrong\n").expect("the README has the table");
    let section = rest.split("\n#").next().unwrap_or_default();
    let rows = section.lines().filter(|line| line.starts_with("| "));
    let cell = |row: &str| row.trim_end_matches('|').rsplit('|').next().map(|c| c.trim().to_owned());
    let cells = rows.filter_map(cell).filter(|cell| cell.starts_with('`'));
    cells.map(|cell| cell.trim_matches('`').to_owned()).collect()
}

#[test]
fn every_row_of_what_may_go_wrong_has_its_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = vec![];
    sources(&root.join("tests"), &mut files);
    let known: BTreeSet<String> =
        files.iter().flat_map(|f| tests(&fs::read_to_string(f).expect("a source"))).collect();
    let promised = promised(&fs::read_to_string(root.join("README.md")).expect("the README"));
    let missing: Vec<&String> = promised.iter().filter(|name| !known.contains(*name)).collect();
    assert!(missing.is_empty(), "no such tests: {missing:?}");
    assert!(promised.len() >= LEAST_ROWS, "{} rows", promised.len());
    let different: BTreeSet<&String> = promised.iter().collect();
    assert_eq!(different.len(), promised.len(), "a test stands for one row");
}

#[test]
fn ignored_tests_and_other_functions_do_not_count() {
    let text = "#[test]\nfn one() {}\nfn two() {}\n#[test]\n#[ignore = \"slow\"]\nfn three() {}";
    assert_eq!(tests(text), BTreeSet::from(["one".to_owned()]));
}
