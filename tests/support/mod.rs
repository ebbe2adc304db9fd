//! The real program in a directory of its own: started, signalled, waited for, and what it left read.

pub mod mount;
pub mod process;
pub mod python;
#[allow(dead_code, reason = "only tests of jobs need it")]
pub mod queue;

use process::{Ended, Running};
use rustix::process::Pid;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The program.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_paretorank");

/// How evaluators are made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Ranks {
    /// So many threads of one process.
    Threads(usize),
    /// So many processes under mpirun, rank 0 included.
    Mpi(usize),
}

/// A directory with a study file `study.toml`; its run directory is `run`.
pub struct Scene {
    dir: tempfile::TempDir,
    run: PathBuf,
}

impl Scene {
    pub fn new(study: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let scene = Self { run: dir.path().join("run"), dir };
        scene.write("study.toml", study);
        scene
    }

    /// A test function with two objectives and four parameters, `trials` scrambled Sobol points, and
    /// evaluations of `delay` each.
    pub fn quick(trials: u64, delay: &str) -> Self {
        Self::new(&quick(trials, delay))
    }

    /// The same scene with its run directory elsewhere.
    pub fn in_run_directory(self, run: &Path) -> Self {
        Self { run: run.to_owned(), ..self }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn run_dir(&self) -> &Path {
        &self.run
    }

    /// Whether a run came as far as having something to tell.
    pub fn has_journal(&self) -> bool {
        self.run.join("journal").exists()
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// `paretorank run study.toml --output …` on these ranks with further arguments.
    pub fn line(&self, ranks: Ranks, more: &[&str]) -> Command {
        let mut command = match ranks {
            Ranks::Threads(_) => Command::new(PROGRAM),
            Ranks::Mpi(n) => process::mpirun(n, PROGRAM),
        };
        command.current_dir(self.dir.path()).args(["run", "study.toml", "--output"]).arg(&self.run);
        if let Ranks::Threads(n) = ranks {
            command.args(["--workers", &n.to_string()]);
        }
        command.args(more);
        command
    }

    pub fn start(&self, ranks: Ranks, more: &[&str]) -> Running {
        Running::start(&mut self.line(ranks, more))
    }

    /// Runs to the end.
    pub fn run(&self, ranks: Ranks, more: &[&str]) -> Ended {
        self.start(ranks, more).wait()
    }

    /// Runs to the end, which must be completion.
    pub fn complete(&self, ranks: Ranks, more: &[&str]) -> Ended {
        self.run(ranks, more).expect(0)
    }

    /// `paretorank COMMAND RUN …`.
    pub fn ask(&self, command: &str, more: &[&str]) -> Ended {
        let mut line = Command::new(PROGRAM);
        line.arg(command).arg(&self.run).args(more).current_dir(self.dir.path());
        Running::start(&mut line).wait()
    }

    pub fn status(&self) -> serde_json::Value {
        serde_json::from_str(&self.ask("status", &["--json"]).expect(0).out).unwrap()
    }

    pub fn table(&self) -> Table {
        Table::parse(&self.ask("export", &["--csv"]).expect(0).out)
    }

    /// Waits until a job holds the run directory's lock, and gives the process id of its rank 0,
    /// which under mpirun is not the process that was started.
    pub fn lead(&self, running: &mut Running) -> Pid {
        let mut lead = None;
        let started = running.tree()[0];
        running.watch("lock", || {
            let said = self.ask("status", &["--json"]);
            let status = serde_json::from_str::<serde_json::Value>(&said.out).unwrap_or_default();
            let pid = status["pid"].as_i64().unwrap_or(0) as i32;
            lead = Pid::from_raw(pid).filter(|_| process::descendants(started).contains(&pid));
            lead.is_some()
        });
        lead.unwrap()
    }

    /// Waits until `trials` trials of a running job have ended.
    pub fn wait_for(&self, running: &mut Running, trials: u64) {
        self.lead(running);
        running.watch(&format!("{trials} trials"), || {
            let said = self.ask("status", &["--json"]);
            let status = serde_json::from_str::<serde_json::Value>(&said.out).unwrap_or_default();
            let ended = |key: &str| status[key].as_u64().unwrap_or(0);
            ended("ok") + ended("infeasible") + ended("failed") >= trials
        });
    }
}

/// The study of [`Scene::quick`].
pub fn quick(trials: u64, delay: &str) -> String {
    format!(
        "[study]\nname = \"quick\"\n[strategy]\nmethod = \"sobol\"\ntrials = {trials}\n[evaluator]\n\
         builtin = \"dtlz2\"\ndimension = 4\nobjectives = 2\ndelay = \"{delay}\"\n"
    )
}

/// A study of one parameter `x` in 0..1 and two objectives `a` (smaller is better, threshold 2) and
/// `b` that a shell command evaluates.
pub fn commanded(trials: u64, command: &str, more: &str) -> String {
    format!(
        "[[parameter]]\nname = \"x\"\nkind = \"float\"\nlower = 0.0\nupper = 1.0\n\
         [[objective]]\nname = \"a\"\ngoal = \"minimize\"\nthreshold = 2.0\n\
         [[objective]]\nname = \"b\"\ngoal = \"minimize\"\nthreshold = 2.0\n\
         [strategy]\nmethod = \"sobol\"\ntrials = {trials}\n\
         [evaluator]\ncommand = [\"/bin/sh\", \"-c\", '''{command}''', \"sh\", \"{{trial.id}}\", \
         \"{{param.x}}\", \"{{trial.dir}}\"]\n{more}\n"
    )
}

/// What `export --csv` says.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    pub rows: Vec<BTreeMap<String, String>>,
}

impl Table {
    fn parse(text: &str) -> Self {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        Self { rows: reader.deserialize().collect::<Result<_, _>>().unwrap() }
    }

    pub fn column(&self, name: &str) -> Vec<&str> {
        self.rows.iter().map(|row| row[name].as_str()).collect()
    }

    /// Columns that begin with `prefix`, row by row: the parameters `x…` or objectives `f…` of a test
    /// function.
    pub fn values(&self, prefix: char) -> Vec<Vec<&str>> {
        let is_one = |key: &str| {
            key.strip_prefix(prefix).is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit()))
        };
        let of = |row| BTreeMap::iter(row).filter(|(key, _): &(&String, &String)| is_one(key));
        self.rows.iter().map(|row| of(row).map(|(_, value)| value.as_str()).collect()).collect()
    }

    /// Exactly `trials` trials, each ended once, and a hypervolume after every one that never falls.
    pub fn assert_complete(&self, trials: usize) {
        let ids: Vec<String> = (0..trials).map(|k| k.to_string()).collect();
        assert_eq!(self.column("trial"), ids);
        assert!(!self.column("status").contains(&"pending"));
        let number = |key: &str, row: &BTreeMap<String, String>| row[key].parse::<f64>().unwrap();
        let mut curve: Vec<(usize, f64)> = self
            .rows
            .iter()
            .map(|row| (row["ended"].parse().unwrap(), number("hypervolume", row)))
            .collect();
        curve.sort_by_key(|point| point.0);
        assert!(curve.iter().map(|point| point.0).eq(1..=trials), "{curve:?}");
        assert!(curve.windows(2).all(|pair| pair[0].1 <= pair[1].1), "{curve:?}");
    }
}

/// Every file below `dir` with its bytes; directories have none.
pub fn contents(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![dir.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(&dir).unwrap() {
            let path = entry.unwrap().path();
            let bytes = if path.is_dir() {
                open.push(path.clone());
                vec![]
            } else {
                fs::read(&path).unwrap()
            };
            found.insert(path, bytes);
        }
    }
    found
}
