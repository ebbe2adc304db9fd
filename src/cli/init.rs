//! `paretorank init`: files to begin with.

use super::complain;
use crate::exit::Exit;
use crate::observe::say;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The Python module, by name of file.
const PYTHON: [(&str, &str); 7] = [
    ("__init__.py", include_str!("../../python/paretorank/__init__.py")),
    ("calls.py", include_str!("../../python/paretorank/calls.py")),
    ("line.py", include_str!("../../python/paretorank/line.py")),
    ("run.py", include_str!("../../python/paretorank/run.py")),
    ("source.py", include_str!("../../python/paretorank/source.py")),
    ("values.py", include_str!("../../python/paretorank/values.py")),
    ("watch.py", include_str!("../../python/paretorank/watch.py")),
];
/// How a file of ours begins, so that no other one is replaced.
const MARK: &str = "# paretorank: written by `paretorank init --python`";

/// Arguments of `paretorank init`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Write the Python module `paretorank` (`from paretorank import work`) into DIR; needs Python 3.9 and nothing
    /// else. It replaces the module of another version
    #[arg(long, value_name = "DIR", num_args = 0..=1, default_missing_value = ".", required = true)]
    python: PathBuf,
}

/// Writes the files.
pub fn run(args: &Args) -> Exit {
    match write_module(&args.python.join("paretorank")) {
        Ok(folder) => {
            say(format_args!(
                "wrote {}: Python finds it with {} in PYTHONPATH",
                folder.display(),
                args.python.display()
            ));
            Exit::Complete
        }
        Err(why) => {
            complain(why);
            Exit::Storage
        }
    }
}

fn write_module(folder: &Path) -> Result<PathBuf, String> {
    let told = |path: &Path, e: std::io::Error| format!("cannot write {}: {e}", path.display());
    for (name, _) in PYTHON {
        let path = folder.join(name);
        match fs::read(&path) {
            Ok(bytes) if !bytes.starts_with(MARK.as_bytes()) => {
                return Err(format!("{} is there and not ours: it is not replaced", path.display()));
            }
            Err(e) if e.kind() != ErrorKind::NotFound => return Err(told(&path, e)),
            _ => {}
        }
    }
    fs::create_dir_all(folder).map_err(|e| told(folder, e))?;
    for (name, text) in PYTHON {
        let (path, beside) = (folder.join(name), folder.join(format!(".{name}.new")));
        fs::write(&beside, text)
            .and_then(|()| fs::rename(&beside, &path))
            .map_err(|e| told(&path, e))?;
    }
    Ok(folder.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_module_is_whole_and_replaces_itself_but_nothing_else() {
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/paretorank");
        let files = fs::read_dir(shipped).unwrap().map(|entry| entry.unwrap().file_name());
        let mut files: Vec<_> = files.filter(|name| name != "__pycache__").collect();
        files.sort();
        assert_eq!(files, PYTHON.map(|(name, _)| name));
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("a/paretorank");
        for _ in 0..2 {
            write_module(&folder).unwrap();
            for (name, text) in PYTHON {
                assert!(text.starts_with(MARK), "{name}");
                assert_eq!(fs::read_to_string(folder.join(name)).unwrap(), text);
            }
        }
        fs::write(folder.join("run.py"), "# mine").unwrap();
        let refused = write_module(&folder).unwrap_err();
        assert!(refused.contains("run.py is there and not ours"), "{refused}");
        assert_eq!(fs::read_to_string(folder.join("run.py")).unwrap(), "# mine");
    }
}
