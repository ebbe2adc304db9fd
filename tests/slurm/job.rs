//! A batch job of `slurm/dtlz2.sbatch`.

use rustix::process::{Pid, Signal, kill_process};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

/// No job of these tests takes so long, even where a job queued again waits two minutes.
const PATIENCE: Duration = Duration::from_secs(400);

/// Options of every job.
const OPTIONS: [&str; 2] = ["--parsable", "--output=job.log"];

/// A submitted job; cancelled when it goes out of scope.
pub struct Job {
    id: String,
    folder: PathBuf,
}

impl Job {
    /// Submits `study.toml` of `folder` with one coordinating and two evaluating ranks.
    pub fn submit(folder: &Path, launch: &str) -> Self {
        Self::submit_with(folder, launch, &[])
    }

    /// The same with more variables in the environment.
    pub fn submit_with(folder: &Path, launch: &str, variables: &[(&str, &str)]) -> Self {
        Self::submit_as(folder, launch, variables, &["--ntasks=3", "--time=10"])
    }

    /// The same with options of `sbatch` that say how large and how long the job is.
    pub fn submit_as(folder: &Path, launch: &str, variables: &[(&str, &str)], options: &[&str]) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("slurm/dtlz2.sbatch");
        let mut sbatch = Command::new("sbatch");
        sbatch.args(OPTIONS).args(options).arg("--chdir").args([folder, &script]).arg("study.toml");
        sbatch.env("PARETORANK", env!("CARGO_BIN_EXE_paretorank")).env("LAUNCH", launch);
        sbatch.envs(variables.iter().copied());
        Self::submitted(folder, sbatch)
    }

    /// Submits `slurm/pilot.sbatch` with arguments for the pilot, with three ranks to be.
    pub fn submit_pilot(folder: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("slurm/pilot.sbatch");
        let mut sbatch = Command::new("sbatch");
        sbatch.args(OPTIONS).args(["--ntasks=3", "--time=10", "--chdir"]).args([folder, &script]);
        sbatch.args(arguments).env("PARETORANK", env!("CARGO_BIN_EXE_paretorank"));
        sbatch.envs(variables.iter().copied());
        Self::submitted(folder, sbatch)
    }

    /// Submits `slurm/scaling.sbatch` with options of the benchmark, with five ranks to be.
    pub fn submit_scaling(folder: &Path, launch: &str, options: &[&str]) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("slurm/scaling.sbatch");
        let mut sbatch = Command::new("sbatch");
        let size = ["--nodes=1", "--ntasks=5", "--time=10", "--chdir"];
        sbatch.args(OPTIONS).args(size).args([folder, &script]).args(options);
        sbatch.env("PARETORANK", env!("CARGO_BIN_EXE_paretorank")).env("LAUNCH", launch);
        sbatch.env("SCRATCH", folder);
        Self::submitted(folder, sbatch)
    }

    /// Submits one line for a shell, with three ranks to be.
    pub fn submit_line(folder: &Path, line: &str) -> Self {
        let mut sbatch = Command::new("sbatch");
        sbatch.args(OPTIONS).args(["--ntasks=3", "--time=10", "--wrap", line, "--chdir"]).arg(folder);
        Self::submitted(folder, sbatch)
    }

    fn submitted(folder: &Path, mut sbatch: Command) -> Self {
        // What killed ranks leave of their shared memory goes with the folder.
        sbatch.env("OMPI_MCA_btl_vader_backing_directory", folder);
        // A test machine has fewer cores than ranks, and its only user may be root.
        for (name, value) in [
            ("OMPI_ALLOW_RUN_AS_ROOT", "1"),
            ("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1"),
            ("OMPI_MCA_rmaps_base_oversubscribe", "1"),
            ("OMPI_MCA_hwloc_base_binding_policy", "none"),
        ] {
            sbatch.env(name, value);
        }
        let id = text(&sbatch.output().expect("sbatch"));
        Self { id: id.trim().to_owned(), folder: folder.to_owned() }
    }

    /// Waits until `reached` holds.
    pub fn until(&self, what: &str, reached: impl Fn() -> bool) {
        let start = Instant::now();
        while !reached() {
            assert!(start.elapsed() < PATIENCE, "waited for {what}\n{}\n{}", self.facts(), self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits for the job's end, further rounds included; state and exit code as Slurm has them.
    pub fn end(&self) -> (String, String) {
        let over = || {
            let state = self.fact("JobState");
            // Between two rounds a job is for a moment neither running nor queued.
            !["PENDING", "CONFIGURING", "RUNNING", "COMPLETING"].contains(&state.as_str())
        };
        self.until("the job's end", over);
        (self.fact("JobState"), self.fact("ExitCode"))
    }

    /// Its number.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// `scontrol update`.
    pub fn update(&self, setting: &str) {
        let mut scontrol = Command::new("scontrol");
        let scontrol = scontrol.args(["update", &format!("JobId={}", self.id), setting]);
        text(&scontrol.output().expect("scontrol"));
    }

    /// Waits until nothing of it runs and it is queued again.
    pub fn is_queued_again(&self) {
        self.until("the job in the queue", || self.fact("JobState") == "PENDING");
    }

    /// What the job has printed.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("job.log")).unwrap_or_default()
    }

    /// `scancel` with these options.
    pub fn signal(&self, options: &[&str]) {
        text(&Command::new("scancel").args(options).arg(&self.id).output().expect("scancel"));
    }

    /// SIGKILL to the batch script, the launcher and every rank, which `scancel` would warn by TERM.
    pub fn kill(&self) {
        let listed = Command::new("scontrol").args(["listpids", &self.id]).output();
        let listed = text(&listed.expect("scontrol"));
        let pids =
            listed.lines().filter_map(|line| Pid::from_raw(line.split(' ').next()?.parse().ok()?));
        let hit = pids.filter(|pid| kill_process(*pid, Signal::KILL).is_ok()).count();
        assert!(hit > 4, "{listed}");
    }

    /// `scontrol requeue`.
    pub fn requeue(&self) {
        text(&Command::new("scontrol").args(["requeue", &self.id]).output().expect("scontrol"));
    }

    fn facts(&self) -> String {
        let show = Command::new("scontrol").args(["show", "job", "--oneliner", &self.id]).output();
        text(&show.expect("scontrol"))
    }

    fn fact(&self, name: &str) -> String {
        let facts = self.facts();
        let found = facts.split(' ').find_map(|f| f.strip_prefix(name)?.strip_prefix('='));
        found.unwrap_or_else(|| panic!("no {name} in {facts}")).to_owned()
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        // It may have ended long ago, or Slurm may be gone.
        let _ = Command::new("scancel").arg("--quiet").arg(&self.id).output();
    }
}

/// Standard output of a command that must succeed.
fn text(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}
