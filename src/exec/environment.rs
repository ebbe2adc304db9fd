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

/// Takes the launcher's variables away, asks for one thread, then adds the study's own.
pub(super) fn prepare(command: &mut Command, own: &[(String, String)]) {
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(is_launchers) {
            command.env_remove(name);
        }
    }
    // A rank is one core unless the study says otherwise.
    command.env("OMP_NUM_THREADS", "1");
    command.envs(own.iter().map(|(name, value)| (name, value)));
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
}
