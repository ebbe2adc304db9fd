//! Who started this process: an MPI launcher, or nobody in particular. Read from the environment,
//! before MPI is touched, so that a plain start needs no MPI at all.

/// How the ranks of this run are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Launch {
    /// No launcher: evaluators are threads of this process.
    None,
    /// One process of an MPI job.
    Mpi,
}

/// A launcher that starts many processes without telling them about each other.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "srun started {tasks} tasks without MPI support, which would be {tasks} independent runs in one \
     directory; use srun --mpi=pmix, or mpirun inside sbatch, or a single task"
)]
pub struct LauncherError {
    /// Number of tasks of the step.
    pub tasks: usize,
}

/// What the environment says.
///
/// A Slurm batch script without `srun` counts as no launcher: it is one process.
///
/// # Errors
/// `srun --mpi=none` with several tasks.
pub fn detect() -> Result<Launch, LauncherError> {
    detect_in(&from_environment)
}

/// Whether this process may print for all: rank 0 of its launcher, or started without one.
pub fn talks() -> bool {
    rank_in(&from_environment).is_none_or(|rank| rank == 0)
}

/// Number of processes the launcher speaks of; `None` if it says nothing.
#[cfg(feature = "mpi")]
pub(super) fn size() -> Option<usize> {
    size_in(&from_environment)
}

/// Looks up a variable.
type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

fn from_environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Set by Open MPI, by MPICH and its relatives, and by anything that speaks PMIx.
const RANKS: [&str; 3] = ["OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"];
const SIZES: [&str; 2] = ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE"];

fn number(lookup: Lookup, name: &str) -> Option<usize> {
    lookup(name)?.parse().ok()
}

/// Tasks of the `srun` this process belongs to. The batch script belongs to none, although it has
/// a `SLURM_PROCID` and the allocation's `SLURM_NTASKS`.
fn step_tasks(lookup: Lookup) -> Option<usize> {
    lookup("SLURM_STEP_ID")?;
    number(lookup, "SLURM_STEP_NUM_TASKS")
}

fn speaks_mpi(lookup: Lookup) -> bool {
    RANKS.iter().chain(&SIZES).any(|name| lookup(name).is_some())
}

fn detect_in(lookup: Lookup) -> Result<Launch, LauncherError> {
    match step_tasks(lookup) {
        _ if speaks_mpi(lookup) => Ok(Launch::Mpi),
        Some(tasks) if tasks > 1 => Err(LauncherError { tasks }),
        _ => Ok(Launch::None),
    }
}

fn rank_in(lookup: Lookup) -> Option<usize> {
    let told = RANKS.iter().find_map(|name| number(lookup, name));
    told.or_else(|| step_tasks(lookup).and_then(|_| number(lookup, "SLURM_PROCID")))
}

#[cfg(any(test, feature = "mpi"))]
fn size_in(lookup: Lookup) -> Option<usize> {
    let told = SIZES.iter().find_map(|name| number(lookup, name));
    told.or_else(|| speaks_mpi(lookup).then(|| step_tasks(lookup)).flatten())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Launch, printing rank or not, size for an environment.
    fn seen(variables: &[(&str, &str)]) -> (Result<Launch, LauncherError>, bool, Option<usize>) {
        let lookup = |name: &str| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        };
        (detect_in(&lookup), rank_in(&lookup).is_none_or(|r| r == 0), size_in(&lookup))
    }

    #[test]
    fn a_plain_start_and_a_batch_script_have_no_launcher() {
        assert_eq!(seen(&[]), (Ok(Launch::None), true, None));
        let batch = [("SLURM_JOB_ID", "7"), ("SLURM_NTASKS", "8"), ("SLURM_PROCID", "0")];
        assert_eq!(seen(&batch), (Ok(Launch::None), true, None));
    }

    #[test]
    fn every_launcher_is_recognized() {
        let open_mpi = [("OMPI_COMM_WORLD_SIZE", "4"), ("OMPI_COMM_WORLD_RANK", "2")];
        assert_eq!(seen(&open_mpi), (Ok(Launch::Mpi), false, Some(4)));
        let mpich = [("PMI_SIZE", "3"), ("PMI_RANK", "0")];
        assert_eq!(seen(&mpich), (Ok(Launch::Mpi), true, Some(3)));
        let srun_pmix = [("PMIX_RANK", "1"), ("SLURM_STEP_ID", "0"), ("SLURM_STEP_NUM_TASKS", "5")];
        assert_eq!(seen(&srun_pmix), (Ok(Launch::Mpi), false, Some(5)));
    }

    #[test]
    fn srun_without_mpi_is_refused_for_several_tasks_only() {
        let step =
            |tasks| [("SLURM_STEP_ID", "0"), ("SLURM_STEP_NUM_TASKS", tasks), ("SLURM_PROCID", "1")];
        let (launch, talks, _) = seen(&step("2"));
        assert!(launch.unwrap_err().to_string().contains("--mpi=pmix"));
        assert!(!talks, "one message, not one per task");
        assert_eq!(seen(&step("1")).0, Ok(Launch::None));
    }
}
