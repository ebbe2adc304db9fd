//! Several steps in one call of a container: a shell script that tells the exit status of each.

use super::render::shell_line;
use super::status::{Status, StepEnd};
use std::path::Path;

/// The script, in the attempt's working directory.
pub(super) const SCRIPT: &str = "steps.sh";
/// The file into which it writes, beside it: a line "number status" for each step that has ended.
pub(super) const STATUS: &str = "steps.status";

/// A script for a POSIX shell that runs the steps in order and ends with the first that fails. The
/// arguments are quoted: a shell sees nothing in them.
pub(super) fn text(steps: &[Vec<String>], status_file: &Path) -> String {
    let status_file = shell_line(&[status_file.display().to_string()]);
    let mut text = format!(
        "#!/bin/sh\n\
         # The steps of this task in order; what became of each goes to the file below.\n\
         step() {{\n\
         \x20   number=$1\n\
         \x20   shift\n\
         \x20   command \"$@\"\n\
         \x20   status=$?\n\
         \x20   echo \"$number $status\" >> {}\n\
         \x20   [ \"$status\" -eq 0 ] || exit \"$status\"\n\
         }}\n",
        status_file.trim_end()
    );
    for (k, step) in steps.iter().enumerate() {
        text += &format!("step {} {}", k + 1, shell_line(step));
    }
    text
}

/// What the script wrote, for steps with these names.
///
/// # Errors
/// A line that the script cannot have written, in words.
pub(super) fn read(text: &str, names: &[String]) -> Result<Vec<StepEnd>, String> {
    let read = |(at, line): (usize, &str)| {
        let wrong = || format!("{STATUS} has the line {line:?} in place of \"{} STATUS\"", at + 1);
        let (number, status) = line.split_once(' ').ok_or_else(wrong)?;
        let name = names.get(at).filter(|_| number == (at + 1).to_string()).ok_or_else(wrong)?;
        let status: i32 = status.parse().map_err(|_| wrong())?;
        Ok(StepEnd { name: name.clone(), status: Status::told_by_shell(status) })
    };
    text.lines().enumerate().map(read).collect()
}

/// The status of the last step that ended, as the shell told it.
pub(super) fn last_code(text: &str) -> Option<i32> {
    text.lines().last()?.split_once(' ')?.1.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::process::Command;

    /// Runs the steps in a directory with a name that needs quotes; its exit code, what was written
    /// to standard output, and what became of the steps.
    fn run(steps: &[&[&str]]) -> (Option<i32>, String, Vec<StepEnd>) {
        let dir = tempfile::tempdir().unwrap();
        let work = dir.path().join("it's a $HOME");
        fs::create_dir(&work).unwrap();
        let words = |step: &&[&str]| step.iter().map(|w| (*w).to_owned()).collect::<Vec<String>>();
        let steps: Vec<Vec<String>> = steps.iter().map(words).collect();
        let script = work.join(SCRIPT);
        fs::write(&script, text(&steps, &work.join(STATUS))).unwrap();
        let ran = Command::new("/bin/sh").arg(&script).current_dir(&work).output().unwrap();
        let names: Vec<String> = steps.iter().map(|s| s[0].clone()).collect();
        let told = fs::read_to_string(work.join(STATUS)).unwrap();
        (ran.status.code(), String::from_utf8(ran.stdout).unwrap(), read(&told, &names).unwrap())
    }

    fn end(name: &str, status: Status) -> StepEnd {
        StepEnd { name: name.to_owned(), status }
    }

    #[test]
    fn the_first_step_that_fails_ends_it_and_is_named() {
        let (code, out, ends) = run(&[
            &["printf", "%s|", "$HOME", "a b", "", "it's", "`date`", "*"],
            &["sh", "-c", "exit 3"],
            &["echo", "never"],
        ]);
        assert_eq!((code, out.as_str()), (Some(3), "$HOME|a b||it's|`date`|*|"));
        assert_eq!(ends, [end("printf", Status::Code(0)), end("sh", Status::Code(3))]);
    }

    #[test]
    fn a_signal_is_told_from_an_exit() {
        let (code, _, ends) = run(&[&["true"], &["sh", "-c", "kill -SEGV $$"]]);
        assert_eq!(code, Some(139));
        assert_eq!(ends[1], end("sh", Status::Signal { number: 11, core: false }));
        let (code, _, ends) = run(&[&["no-such-program-here"]]);
        assert_eq!(
            (code, &ends[..]),
            (Some(127), &[end("no-such-program-here", Status::Code(127))][..])
        );
        assert_eq!(run(&[&["true"], &["step", "9"]]).0, Some(127), "no function of the script");
    }

    #[test]
    fn what_the_script_did_not_write_is_refused() {
        let names = ["a".to_owned(), "b".to_owned()];
        assert_eq!((last_code("1 0\n2 137\n"), last_code("")), (Some(137), None));
        assert_eq!(read("1 0\n", &names), Ok(vec![end("a", Status::Code(0))]));
        for text in ["2 0\n", "1 0\n2 x\n", "1\n", "1 0\n2 0\n3 0\n", "\n"] {
            assert!(read(text, &names).unwrap_err().contains(STATUS), "{text:?}");
        }
    }
}
