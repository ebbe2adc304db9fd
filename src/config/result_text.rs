//! The key `result`: a JSON file, or numbers in a text with names for them.

use super::command::ResultFile;
use super::command_keys::inside;
use super::section::Section;
use crate::problem::Column;

/// What makes another column's name that of its standard error.
const ERRORS: [&str; 4] = [".sem", ".sd", "_sem", "_sd"];

/// A path, or a table `{ table = "out.txt", columns = ["a", "a.sem"], line = "last" }`.
pub fn read(section: &Section<'_>) -> Option<ResultFile> {
    if !section.has_table("result") {
        return inside(section, "result", section.text("result")?).map(ResultFile::Json);
    }
    let table = section.inner("result")?;
    table.only(&["table", "columns", "line"]);
    let path = table.need("table", table.text("table"), "\"out.txt\"");
    let path = path.and_then(|text| inside(&table, "table", text));
    let names = table.need("columns", table.texts("columns"), "[\"a\", \"a.sem\", \"b\"]");
    let last_line = if table.has("line") {
        table.word("line", &[("last", true), ("all", false)])
    } else {
        Some(false)
    };
    let columns = columns(&table, &names?)?;
    Some(ResultFile::Table { table: path?, columns, last_line: last_line? })
}

fn columns(table: &Section<'_>, names: &[String]) -> Option<Vec<Column>> {
    let value_of = |name: &str| {
        let of = ERRORS.iter().find_map(|ending| name.strip_suffix(ending))?;
        names.iter().any(|other| other == of).then(|| of.to_owned())
    };
    let column = |name: &String| match &name[..] {
        "-" => Column::Skipped,
        name => match value_of(name) {
            Some(of) => Column::Error(of),
            None => Column::Value(name.to_owned()),
        },
    };
    let columns: Vec<Column> = names.iter().map(column).collect();
    let mut wrong = None;
    for (k, (name, column)) in names.iter().zip(&columns).enumerate() {
        let before = columns[..k].contains(column);
        wrong = wrong.or_else(|| match column {
            Column::Value(_) if name.is_empty() => {
                Some("has a column without a name; \"-\" skips one".to_owned())
            }
            Column::Value(_) if name.ends_with(".sem") || name.ends_with(".sd") => {
                Some(format!("has {name:?}, but no column for the value that it is the error of"))
            }
            Column::Value(_) if before => Some(format!("has {name:?} twice")),
            Column::Error(of) if before => Some(format!("has two standard errors of {of:?}")),
            _ => None,
        });
    }
    if columns.iter().all(|column| *column == Column::Skipped) {
        wrong = Some("names no value".to_owned());
    }
    match wrong {
        Some(wrong) => {
            table.problem("columns", wrong);
            None
        }
        None => Some(columns),
    }
}
