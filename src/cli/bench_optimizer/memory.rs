//! Peak resident memory of this process, as Linux counts it (`proc(5)`).

use std::fs;

/// Starts the count anew from what is resident now; whether that worked.
pub fn reset_peak() -> bool {
    fs::write("/proc/self/clear_refs", "5").is_ok()
}

/// The peak since then, in MB (10^6 bytes).
pub fn peak_mb() -> Option<f64> {
    peak_of(&fs::read_to_string("/proc/self/status").ok()?)
}

fn peak_of(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024.0 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_line_is_read() {
        assert_eq!(peak_of("VmPeak:\t  9 kB\nVmHWM:\t   15625 kB\nVmRSS:\t 8 kB\n"), Some(16.0));
        assert_eq!(peak_of("VmPeak:\t  9 kB\n"), None);
    }

    #[test]
    fn a_peak_is_seen_and_forgotten() {
        assert!(reset_peak());
        let before = peak_mb().unwrap();
        let much = vec![1_u8; 80_000_000];
        assert!(much.iter().step_by(4096).all(|b| *b == 1));
        drop(much);
        assert!(peak_mb().unwrap() > before + 70.0);
        assert!(reset_peak());
        assert!(peak_mb().unwrap() < before + 40.0);
    }
}
