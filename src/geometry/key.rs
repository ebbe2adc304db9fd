//! When two tasks do the same.

use super::layout::Layout;
use crate::problem::{Space, Value};
use sha2::{Digest, Sha256};

/// A hash of everything that decides what a stage does for a design: its `arguments` (of all its steps,
/// and `NAME=value` of its environment) with the values of the parameters that they name, the texts of its
/// `templates` likewise, the trial's detector description if an argument asks for it, and `inputs`, which
/// the caller knows: keys of the stages before, seeds, event counts. 64 hexadecimal digits.
///
/// Two tasks with the same key may share one result: trials that differ only in what later stages use have
/// the same simulation. What a program reads elsewhere is not seen here: `parameters.json`, the rest of the
/// install, files of its own.
pub fn content_key(
    arguments: &[String],
    templates: &[String],
    layout: Option<&Layout>,
    space: &Space,
    design: &[Value],
    inputs: &[String],
) -> String {
    let mut parts: Vec<String> = vec![];
    let mut asks = false;
    for text in arguments {
        asks |= text.contains("{geometry}");
        parts.push(with_values(text, ("{param.", "}"), space, design));
    }
    parts.extend(templates.iter().map(|text| with_values(text, ("{{", "}}"), space, design)));
    if let Some(layout) = layout.filter(|_| asks) {
        // Not where a trial has its files, only what is in them.
        let overlay = layout.overlay("", space, design);
        parts.extend(overlay.files.into_iter().flat_map(|(name, text)| [name, text]));
    }
    parts.extend_from_slice(inputs);
    let mut hash = Sha256::new();
    for part in parts {
        // Lengths keep "a", "bc" apart from "ab", "c".
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A text with the values of the parameters it names.
fn with_values(text: &str, (open, close): (&str, &str), space: &Space, design: &[Value]) -> String {
    let mut text = text.to_owned();
    for (parameter, value) in space.parameters.iter().zip(design) {
        text = text.replace(&format!("{open}{}{close}", parameter.name), &value.to_string());
    }
    text
}
