//! What Slurm knows about this process: job, restarts, and when the allocation ends.

use crate::exec;
use std::time::{Duration, SystemTime};

/// Longest time to wait for `squeue`: at start, on a controller that is busy.
const PATIENCE: Duration = Duration::from_secs(10);

/// The batch job this process runs in.
#[derive(Debug, Clone, PartialEq)]
pub struct Allocation {
    /// Job id.
    pub job: String,
    /// How often the job was requeued.
    pub restarts: u32,
    /// End of the allocation in seconds since 1970; `None` if it has none or it is not known.
    pub end: Option<f64>,
    /// Where the end comes from, or why it is not known.
    pub source: String,
}

impl Allocation {
    /// The allocation this process is in; `None` outside Slurm. May ask `squeue` once.
    pub fn detect() -> Option<Self> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs_f64();
        Self::from(&|name| std::env::var(name).ok(), now, &time_left)
    }

    fn from(
        lookup: &dyn Fn(&str) -> Option<String>,
        now: f64,
        ask: &dyn Fn(&str) -> Result<String, String>,
    ) -> Option<Self> {
        let job = lookup("SLURM_JOB_ID").filter(|job| !job.is_empty())?;
        let restarts = lookup("SLURM_RESTART_COUNT").and_then(|n| n.parse().ok()).unwrap_or(0);
        let told = lookup("SLURM_JOB_END_TIME").and_then(|t| t.trim().parse::<u32>().ok());
        let (end, source) = match told.filter(|t| *t > 0) {
            Some(end) => (Some(f64::from(end)), "SLURM_JOB_END_TIME".to_owned()),
            None => match ask(&job).and_then(|text| parse_time_left(&text)) {
                Ok(Some(left)) => (Some(now + left), "squeue".to_owned()),
                Ok(None) => (None, "squeue: no limit".to_owned()),
                Err(reason) => (None, reason),
            },
        };
        Some(Self { job, restarts, end, source })
    }

    /// One line for people.
    pub fn describe(&self) -> String {
        let restarts = match self.restarts {
            0 => String::new(),
            n => format!(", restart {n}"),
        };
        let end = match self.end {
            Some(end) => {
                let at = SystemTime::UNIX_EPOCH + Duration::from_secs_f64(end.max(0.0));
                format!("ends {} ({})", humantime::format_rfc3339_seconds(at), self.source)
            }
            None => format!("no known end ({})", self.source),
        };
        format!("Slurm job {}{restarts}, {end}", self.job)
    }
}

/// Name of this node.
pub fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Time left rather than end time: it does not depend on the node's time zone.
fn time_left(job: &str) -> Result<String, String> {
    exec::answer("squeue", &["-h", "-j", job, "-o", "%L"], PATIENCE)
}

/// Seconds in Slurm's `[days-]hours:minutes:seconds`, `minutes:seconds` or a bare number of seconds
/// (squeue writes at least minutes and seconds); `None` for no limit.
fn parse_time_left(text: &str) -> Result<Option<f64>, String> {
    let unclear = || format!("squeue's time left is not understood: {:?}", text.trim());
    // A job array has a line per element; the first is as good as any.
    let line = text.lines().next().unwrap_or_default().trim();
    match line {
        "UNLIMITED" => return Ok(None),
        "" => return Err("squeue knows no such job".to_owned()),
        _ => {}
    }
    let (days, clock) = match line.split_once('-') {
        Some((days, clock)) => (days.parse::<u32>().map_err(|_| unclear())?, clock),
        None => (0, line),
    };
    let fields: Vec<u32> =
        clock.split(':').map(str::parse).collect::<Result<_, _>>().map_err(|_| unclear())?;
    if fields.len() > 3 {
        return Err(unclear());
    }
    let seconds = fields.iter().fold(0.0, |sum, field| 60.0 * sum + f64::from(*field));
    Ok(Some(86_400.0 * f64::from(days) + seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_left_in_every_format() {
        let parsed = |text| parse_time_left(text).unwrap();
        assert_eq!(parsed("0:09\n"), Some(9.0));
        assert_eq!(parsed("12:34"), Some(754.0));
        assert_eq!(parsed("  1:02:03\n"), Some(3723.0));
        assert_eq!(parsed("2-01:02:03"), Some(2.0 * 86_400.0 + 3723.0));
        assert_eq!(parsed("45"), Some(45.0));
        assert_eq!(parsed("10:00\n11:00\n"), Some(600.0));
        assert_eq!(parsed("UNLIMITED"), None);
        for bad in ["INVALID", "NOT_SET", "", "a-1:00", "1:x", "1:2:3:4", "-5", "1:-2"] {
            assert!(parse_time_left(bad).is_err(), "{bad:?}");
        }
    }

    fn allocation(variables: &[(&str, &str)], answer: Result<&str, &str>) -> Option<Allocation> {
        let lookup = |name: &str| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        };
        let ask = |_: &str| answer.map(str::to_owned).map_err(str::to_owned);
        Allocation::from(&lookup, 1000.0, &ask)
    }

    #[test]
    fn the_environment_comes_before_squeue() {
        assert_eq!(allocation(&[], Ok("5:00")), None);
        let told = [("SLURM_JOB_ID", "7"), ("SLURM_JOB_END_TIME", "86400")];
        let told = allocation(&told, Err("must not be asked")).unwrap();
        assert_eq!(told.end, Some(86_400.0));
        assert_eq!(told.describe(), "Slurm job 7, ends 1970-01-02T00:00:00Z (SLURM_JOB_END_TIME)");
        let requeued = [("SLURM_JOB_ID", "7"), ("SLURM_RESTART_COUNT", "2")];
        let asked = allocation(&requeued, Ok("1:00\n")).unwrap();
        assert_eq!((asked.end, asked.restarts), (Some(1060.0), 2));
        let silent = allocation(&requeued, Err("squeue is silent")).unwrap();
        assert_eq!(silent.end, None);
        assert_eq!(silent.describe(), "Slurm job 7, restart 2, no known end (squeue is silent)");
    }

    #[test]
    fn a_node_has_a_name() {
        let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
        assert_eq!(host_name(), name.trim());
    }
}
