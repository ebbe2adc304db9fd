//! What a payload inherits.

use std::process::Command;

/// Variables by which launchers tell processes that they are ranks. An MPI program that inherits
/// them takes itself for one of ours: it fails without a word (Open MPI) or hangs the job (MPICH).
const PREFIXES: [&str; 12] = [
    "OMPI_", "PMIX_", "PMI_", "PRTE_", "ORTE_", "MPIR_", "HYDRA_", "HYDI_", "MPICH_", "I_MPI_",
    "SLURM_", "PALS_",
];
const NAMES: [&str; 2] = ["MPI_LOCALNRANKS", "MPI_LOCALRANKID"];

fn is_launchers(name: &str) -> bool {
    NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Variables by which numerical libraries are told how many threads they may start. Without them each
/// payload would start one per core of the whole node.
const THREADS: [&str; 6] = [
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
];

/// What a payload is told: how many threads its libraries may start, then the study's own.
pub(super) fn told(cores: u32, own: &[(String, String)]) -> Vec<(String, String)> {
    let threads = THREADS.iter().map(|name| ((*name).to_owned(), cores.to_string()));
    threads.chain(own.iter().cloned()).collect()
}

/// Takes the launcher's variables away, then adds these.
pub(super) fn prepare(command: &mut Command, told: &[(String, String)]) {
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(is_launchers) {
            command.env_remove(name);
        }
    }
    command.envs(told.iter().map(|(name, value)| (name, value)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn launchers_variables_are_told_from_others() {
        for name in ["OMPI_COMM_WORLD_RANK", "PMI_FD", "SLURM_JOB_ID", "MPI_LOCALRANKID"] {
            assert!(is_launchers(name), "{name}");
        }
        for name in ["PATH", "MPI_HOME", "MY_SLURM_X", "OMP_NUM_THREADS"] {
            assert!(!is_launchers(name), "{name}");
        }
    }

    #[test]
    fn a_study_may_ask_for_other_threads_than_cores() {
        let own = [("MKL_NUM_THREADS".to_owned(), "1".to_owned())];
        let mut command = Command::new("true");
        prepare(&mut command, &told(4, &own));
        let value = |name: &str| {
            let found = command.get_envs().find(|(n, _)| *n == name).and_then(|(_, value)| value);
            found.map(|value| value.to_string_lossy().into_owned())
        };
        assert_eq!(value("OMP_NUM_THREADS").as_deref(), Some("4"));
        assert_eq!(value("OPENBLAS_NUM_THREADS").as_deref(), Some("4"));
        assert_eq!(value("MKL_NUM_THREADS").as_deref(), Some("1"));
    }
}
