//! Times as a server wants them.

use std::time::{Duration, SystemTime};

/// `YYYY-MM-DD hh:mm:ss`, UTC; `None` for what is no time since 1970.
pub(super) fn text(seconds: f64) -> Option<String> {
    let since = Duration::try_from_secs_f64(seconds).ok()?;
    let at = SystemTime::UNIX_EPOCH.checked_add(since)?;
    // RFC 3339 has a T in the place of the blank, and a Z at the end.
    let text = humantime::format_rfc3339_seconds(at).to_string();
    Some(text.trim_end_matches('Z').replace('T', " "))
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn times_are_written_as_databases_read_them() {
        assert_eq!(text(0.0).as_deref(), Some("1970-01-01 00:00:00"));
        assert_eq!(text(1_764_100_799.9).as_deref(), Some("2025-11-25 19:59:59"));
        assert_eq!(text(-1.0), None);
        assert_eq!(text(f64::NAN), None);
    }
}
