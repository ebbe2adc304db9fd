//! Which module may use which: the arrows of the program, none of which runs back.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// A module and what it may use of this crate.
const MAY_USE: [(&str, &[&str]); 42] = [
    ("clock", &[]),
    ("problem", &[]),
    ("rng", &[]),
    ("exit", &[]),
    ("signal", &[]),
    ("machine", &[]),
    ("panda", &[]),
    ("queue", &[]),
    ("plot", &[]),
    ("pareto", &[]),
    ("optimize", &[]),
    ("acquisition", &[]),
    ("doe", &["problem", "rng"]),
    ("test_functions", &["doe", "rng"]),
    ("gp", &["optimize"]),
    ("xml", &[]),
    ("config", &["problem", "test_functions", "xml"]),
    ("geometry", &["config", "problem", "xml"]),
    ("import", &["config", "xml"]),
    ("pipeline", &["config", "problem", "rng"]),
    ("job", &["problem"]),
    ("comm", &["job", "problem"]),
    ("hosts", &["comm", "pipeline"]),
    ("tenancy", &["clock", "comm", "hosts", "signal"]),
    ("overflow", &["clock", "comm", "config", "hosts", "panda", "problem"]),
    ("exec", &["config", "geometry", "job", "pipeline", "problem", "rng"]),
    ("slurm", &["exec"]),
    ("store", &["clock", "config", "pareto", "problem"]),
    ("report", &["config", "pareto", "problem", "store"]),
    ("stopping", &["config", "pareto", "problem", "store"]),
    ("observe", &["clock", "pareto", "problem", "store"]),
    ("strategy", &["acquisition", "config", "doe", "gp", "optimize", "pareto", "problem", "rng"]),
    (
        "evaluator",
        &[
            "clock",
            "comm",
            "config",
            "exec",
            "exit",
            "job",
            "machine",
            "problem",
            "rng",
            "signal",
            "slurm",
            "test_functions",
        ],
    ),
    (
        "coordinator",
        &[
            "clock", "comm", "config", "hosts", "observe", "pareto", "pipeline", "problem", "signal",
            "stopping", "store", "strategy", "tenancy",
        ],
    ),
    (
        "simulation",
        &["comm", "config", "coordinator", "pipeline", "problem", "rng", "stopping", "store"],
    ),
    (
        "pilot",
        &[
            "clock", "comm", "config", "hosts", "job", "panda", "pipeline", "problem", "signal",
            "tenancy",
        ],
    ),
    ("steer", &["clock", "config", "problem", "report", "stopping", "store", "strategy"]),
    ("recommend", &["config", "pareto", "problem", "store", "strategy"]),
    ("page", &["config", "plot", "problem", "recommend", "report", "store", "strategy"]),
    ("replay", &["config", "problem", "steer", "store", "strategy"]),
    (
        "cli",
        &[
            "clock",
            "comm",
            "config",
            "coordinator",
            "evaluator",
            "exec",
            "exit",
            "geometry",
            "hosts",
            "import",
            "job",
            "observe",
            "overflow",
            "page",
            "panda",
            "pareto",
            "pilot",
            "pipeline",
            "plot",
            "problem",
            "queue",
            "recommend",
            "replay",
            "report",
            "rng",
            "signal",
            "simulation",
            "slurm",
            "steer",
            "stopping",
            "store",
            "strategy",
            "tenancy",
            "test_functions",
        ],
    ),
    ("main", &["cli"]),
];

/// Words that only one module may say: what it hides from the others.
const HIDDEN_IN: [(&str, &str); 4] =
    [("mpi::traits", "comm"), ("hdf5::", "store"), ("process::Command", "exec"), ("plotters::", "plot")];

/// Calls `visit` with module, file and text of every source file that is no test.
fn sources(visit: &mut dyn FnMut(&str, &Path, &str)) {
    fn walk(dir: &Path, root: &Path, visit: &mut dyn FnMut(&str, &Path, &str)) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            if name.contains("test") && name != "test_functions" || name == "restart_law" {
                continue;
            }
            if path.is_dir() {
                walk(&path, root, visit);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let first = path.strip_prefix(root).unwrap().components().next().unwrap();
                let module = first.as_os_str().to_string_lossy().replace(".rs", "");
                let text = fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
                let plain = code.lines().filter(|l| !l.trim_start().starts_with("//"));
                visit(&module, &path, &plain.collect::<Vec<_>>().join("\n"));
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    walk(&root, &root, visit);
}

/// First path segments after `crate::`, in plain and in braced `use`s.
fn used(text: &str) -> BTreeSet<String> {
    let word = |t: &str| -> String {
        t.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    let mut found = BTreeSet::new();
    for part in text.split("crate::").skip(1) {
        match part.strip_prefix('{') {
            None => {
                found.insert(word(part));
            }
            Some(list) => {
                let mut depth = 0;
                let mut begins = true;
                for (at, c) in list.char_indices() {
                    match c {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => begins = true,
                        c if begins && c.is_alphabetic() => {
                            found.insert(word(&list[at..]));
                            begins = false;
                        }
                        _ => {}
                    }
                }
            }
        }
    }
    found
}

#[test]
fn arrows_run_one_way() {
    let mut seen = BTreeSet::new();
    sources(&mut |module, path, text| {
        if module == "lib" {
            return;
        }
        let Some((_, may)) = MAY_USE.iter().find(|(m, _)| *m == module) else {
            panic!("module {module} is not in the table");
        };
        seen.insert(module.to_owned());
        let modules = MAY_USE.iter().map(|(m, _)| *m);
        for other in modules.filter(|m| *m != module && used(text).contains(*m)) {
            assert!(may.contains(&other), "{} uses {other}, which {module} may not", path.display());
        }
    });
    assert_eq!(seen.len(), MAY_USE.len(), "every module of the table exists: {seen:?}");
    let place = |name: &str| MAY_USE.iter().position(|(m, _)| *m == name).unwrap();
    for (module, may) in MAY_USE {
        for other in may {
            assert!(place(other) < place(module), "{module} stands before {other}, which it uses");
        }
    }
}

#[test]
fn libraries_stay_where_they_are_hidden() {
    for (word, owner) in HIDDEN_IN {
        let mut at_home = false;
        sources(&mut |module, path, text| {
            if text.contains(word) {
                assert_eq!(module, owner, "{} names {word}", path.display());
                at_home = true;
            }
        });
        assert!(at_home, "{owner} does not name {word} any more");
    }
}
