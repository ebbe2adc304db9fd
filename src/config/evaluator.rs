//! The `[evaluator]` table: which kind of evaluator it is.

use super::command_keys;
use super::section::Section;

const BUILTIN_KEYS: [&str; 8] =
    ["builtin", "dimension", "objectives", "shift", "heterogeneous", "rotated", "noise", "delay"];

/// Which of the kinds of evaluator a study has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    Builtin,
    Command,
    Outside,
}

/// Reports keys that do not belong to the kind of evaluator, and an evaluator that is none or several.
pub fn which(section: &Section<'_>) -> Option<Which> {
    match (
        section.has("builtin"),
        section.has("command") || section.has("steps") || section.has("python"),
        section.has("outside"),
    ) {
        (true, false, false) => {
            section.only(&BUILTIN_KEYS);
            Some(Which::Builtin)
        }
        (false, true, false) => {
            section.only(command_keys::keys(section));
            Some(Which::Command)
        }
        (false, false, true) => {
            section.only(&["outside"]);
            if section.flag("outside")? {
                return Some(Which::Outside);
            }
            section.problem("outside", "can only be true; name another evaluator in its place");
            None
        }
        (builtin, command, _) => {
            let found = match (builtin, command) {
                (false, false) => "none",
                (true, true) => "both",
                _ => "outside beside it",
            };
            section.problems.add(
                &section.place,
                format!(
                    "[evaluator] needs builtin = \"dtlz2\" (a test function), command = [\"program\", …], \
                     python = \"module:function\" or outside = true (results are told), or [[stage]] tables in its place, and has {found}"
                ),
            );
            None
        }
    }
}
