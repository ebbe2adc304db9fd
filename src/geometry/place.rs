//! Writing a trial's files: whoever comes first, whole or not at all.

use super::overlay::Overlay;
use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Numbers the folders under way of this process.
static UNDER_WAY: AtomicU64 = AtomicU64::new(0);

/// Makes the folder `root` with the files of `overlay`, unless somebody has made the same before.
/// Returns the path of the top file.
///
/// The files are written into a folder beside it, which then gets its name: no reader meets a half of
/// it, and of several ranks that do this at once one wins.
///
/// # Errors
/// What could not be written; or `root` is there with other contents. In words, with the path.
pub fn place(overlay: &Overlay, root: &Path) -> Result<PathBuf, String> {
    if !root.exists() {
        write(overlay, root)?;
        remove_abandoned(root);
    }
    // Also what another one wrote meanwhile, and also after a crash of the machine.
    compare(overlay, root)?;
    Ok(root.join(&overlay.top))
}

fn write(overlay: &Overlay, root: &Path) -> Result<(), String> {
    let number = UNDER_WAY.fetch_add(1, Ordering::Relaxed);
    let name = root.file_name().unwrap_or_default().to_string_lossy();
    let beside = format!("{name}.making-{}-{}-{number}", host(), std::process::id());
    let beside = root.with_file_name(beside);
    let written = fill(overlay, &beside).and_then(|()| match fs::rename(&beside, root) {
        Err(why) if !root.exists() => Err((root.to_owned(), why)),
        _ => Ok(()),
    });
    if beside.exists() {
        // Another one was first, or something failed: in both cases it is of no further use.
        let _ = fs::remove_dir_all(&beside);
    }
    written.map_err(|(path, why)| format!("cannot write {}: {why}", path.display()))
}

/// Removes what processes of this host left that were killed while they made the same folder.
fn remove_abandoned(root: &Path) {
    let name = root.file_name().unwrap_or_default().to_string_lossy();
    let prefix = format!("{name}.making-{}-", host());
    let entries = root.parent().and_then(|parent| fs::read_dir(parent).ok());
    for entry in entries.into_iter().flatten().flatten() {
        let left = entry.file_name();
        let rest = left.to_str().and_then(|left| left.strip_prefix(&prefix)?.split_once('-'));
        // Of a host whose name only begins like this one's there are more parts.
        let pid = rest.and_then(|(pid, number)| {
            number.parse::<u64>().ok()?;
            Pid::from_raw(pid.parse().ok()?)
        });
        if pid.is_some_and(|pid| test_kill_process(pid) == Err(Errno::SRCH)) {
            // Nobody needs it; if it cannot be removed, it is only in the way of tidiness.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

fn fill(overlay: &Overlay, folder: &Path) -> Result<(), (PathBuf, io::Error)> {
    for (name, text) in &overlay.files {
        let path = folder.join(name);
        let write = || {
            fs::create_dir_all(path.parent().unwrap_or(folder))?;
            let mut file = File::create(&path)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()
        };
        write().map_err(|why| (path, why))?;
    }
    Ok(())
}

fn compare(overlay: &Overlay, root: &Path) -> Result<(), String> {
    for (name, text) in &overlay.files {
        let path = root.join(name);
        let found = fs::read(&path).map_err(|e| format!("cannot read {}: {e}", path.display()))?;
        if found != text.as_bytes() {
            return Err(format!(
                "{} is not what this trial's parameters and the install give: one of them changed since it \
                 was written, or somebody edited it; remove {} to have it made again",
                path.display(),
                root.display()
            ));
        }
    }
    Ok(())
}
