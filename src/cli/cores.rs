//! The cores that rank 0 may use, and no more.

use std::num::NonZero;

/// The cores that this process was given: by its affinity mask and its control group, which the
/// system knows, and by Slurm's `--cpus-per-task`, which binds nothing where binding is off.
pub fn given() -> usize {
    let system = std::thread::available_parallelism().map_or(1, NonZero::get);
    given_of(system, std::env::var("SLURM_CPUS_PER_TASK").ok().as_deref())
}

fn given_of(system: usize, slurm: Option<&str>) -> usize {
    let slurm = slurm.and_then(|text| text.trim().parse().ok()).filter(|cores| *cores > 0);
    system.min(slurm.unwrap_or(system))
}

/// Gives the strategy as many threads as there are cores; says how many that is. A pool that is there
/// already (a second run of this process, which only tests do) stays as it is.
pub fn use_for_strategy() -> usize {
    let cores = given();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(cores);
    let _ = pool.thread_name(|k| format!("strategy {k}")).build_global();
    rayon::current_num_threads()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slurms_word_counts_where_it_is_the_smaller_one() {
        for (slurm, want) in [(None, 8), (Some("2"), 2), (Some("64"), 8), (Some("0"), 8), (Some("x"), 8)]
        {
            assert_eq!(given_of(8, slurm), want, "{slurm:?}");
        }
    }
}
