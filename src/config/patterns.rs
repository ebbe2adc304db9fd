//! The key `patterns`: what lines of the output say about a task.

use super::command::{Pattern, Verdict};
use super::command_keys::inside;
use super::section::Section;
use crate::problem::FailureClass;

/// All of a command's; none without the key.
pub fn read(section: &Section<'_>) -> Option<Vec<Pattern>> {
    let patterns: Vec<_> = section.tables("patterns")?.iter().map(pattern).collect();
    patterns.into_iter().collect()
}

fn pattern(section: &Section<'_>) -> Option<Pattern> {
    section.only(&["text", "above", "below", "equals", "is", "file", "required"]);
    let mut verdicts = vec![("infeasible", Verdict::Infeasible)];
    verdicts.push(("failed", Verdict::Failed(FailureClass::Output)));
    verdicts.extend(FailureClass::ALL.map(|class| (class.name(), Verdict::Failed(class))));
    let text = section.need("text", section.text("text"), "\"overlaps: {n}\"");
    let is = section.need("is", section.word("is", &verdicts), "\"infeasible\" (or failed)");
    let file = match section.text("file") {
        Some(text) => Some(inside(section, "file", text)?),
        None => None,
    };
    let required = if section.has("required") { section.flag("required") } else { Some(false) };
    let number = |key: &str| section.number(key);
    let (above, below, equals) = (number("above"), number("below"), number("equals"));
    let text = text?;
    let compared = ["above", "below", "equals"].iter().any(|key| section.has(key));
    let wrong = match (text.matches("{n}").count(), compared) {
        (1, true) | (0, false) => None,
        (1, false) => Some("has a number {n}, but above, below and equals are all missing"),
        (0, true) => Some("has no {n}, which above, below and equals compare"),
        _ => Some("has more than one {n}; compare one number in each pattern"),
    };
    if let Some(wrong) = wrong {
        section.problem("text", wrong);
        return None;
    }
    Some(Pattern { text: text.to_owned(), above, below, equals, is: is?, file, required: required? })
}
