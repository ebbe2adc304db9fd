//! One copy of an image per node, on the node's own disk.
//!
//! The first process of a node that needs it makes it under a lock, the others wait; the copy appears
//! under its name only when it is whole. Its name follows from path, size and time of the original, so
//! that the next session finds it, and a new image under an old name is another one. Copies stay when
//! the run ends: they lie in a directory of the user's own, and may be removed at any time between runs.

use super::engine::Before;
use crate::exec::directory::failed;
use rustix::fs::{FlockOperation, flock};
use rustix::process::geteuid;
use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// The copy of `source` in `place`, made if it is not there yet. Blocks while it is being made.
///
/// # Errors
/// The original is not there, there is no room, an archive cannot be unpacked; in words, with the path.
pub(super) fn stage(place: &Path, source: &Path, before: Before) -> Result<PathBuf, String> {
    if before == Before::Nothing {
        return Ok(source.to_owned());
    }
    let dir = own_directory(place)?;
    let name = name(source, before)?;
    let copy = dir.join(&name);
    if copy.exists() {
        return Ok(copy);
    }
    let lock = dir.join(format!("{name}.lock"));
    let held = File::create(&lock).map_err(|e| failed("write", &lock, &e))?;
    flock(&held, FlockOperation::LockExclusive).map_err(|e| failed("lock", &lock, &e.into()))?;
    if copy.exists() {
        return Ok(copy);
    }
    let part = dir.join(format!("{name}.part"));
    // Of a process that was killed, since the lock is ours.
    remove(&part).map_err(|e| failed("remove", &part, &e))?;
    let start = Instant::now();
    tracing::info!(image = %source.display(), copy = %copy.display(), "staging on this node");
    let made = make(source, &part, before)
        .and_then(|()| fs::rename(&part, &copy).map_err(|e| failed("name", &copy, &e)));
    if made.is_err() {
        // The reason is told; room is made for other things.
        let _ = remove(&part);
    }
    made?;
    tracing::info!(seconds = start.elapsed().as_secs_f64(), copy = %copy.display(), "staged");
    Ok(copy)
}

/// Where the copy of an image will be, or is.
///
/// # Errors
/// The original is not there, in words.
pub(super) fn place_of(place: &Path, source: &Path, before: Before) -> Result<PathBuf, String> {
    Ok(images(place).join(name(source, before)?))
}

fn images(place: &Path) -> PathBuf {
    place.join(format!(".paretorank-images-{}", geteuid().as_raw()))
}

/// The directory of this user's copies: nobody else can have put something there.
fn own_directory(place: &Path) -> Result<PathBuf, String> {
    let dir = images(place);
    match DirBuilder::new().mode(0o700).create(&dir) {
        Err(e) if e.kind() != std::io::ErrorKind::AlreadyExists => {
            return Err(failed("make directory", &dir, &e));
        }
        _ => {}
    }
    let meta = fs::symlink_metadata(&dir).map_err(|e| failed("look at", &dir, &e))?;
    if meta.is_dir() && meta.uid() == geteuid().as_raw() && meta.mode() & 0o022 == 0 {
        Ok(dir)
    } else {
        Err(format!("{} is not a directory that only this user can write; remove it", dir.display()))
    }
}

/// `eic_xl.sif-1a2b3c4d`, or `eic_xl.sqfs-1a2b3c4d.d` for what was unpacked.
fn name(source: &Path, before: Before) -> Result<String, String> {
    let told = |e| format!("image {}: {e}", source.display());
    let meta = fs::metadata(source).map_err(told)?;
    let identity = format!("{} {} {} {}", source.display(), meta.len(), meta.mtime(), meta.mtime_nsec());
    let file = source.file_name().unwrap_or_default().to_string_lossy();
    let ending = if before == Before::Unpack { ".d" } else { "" };
    Ok(format!("{file}-{:08x}{ending}", crc32fast::hash(identity.as_bytes())))
}

fn make(source: &Path, part: &Path, before: Before) -> Result<(), String> {
    if before == Before::Copy {
        return fs::copy(source, part)
            .map(drop)
            .map_err(|e| format!("cannot copy {} to {}: {e}", source.display(), part.display()));
    }
    fs::create_dir(part).map_err(|e| failed("make directory", part, &e))?;
    let is_squash = super::image::kind(&crate::config::Image::Path(source.to_owned()))?
        == super::image::Kind::Squash;
    let mut command = if is_squash {
        let mut command = Command::new("unsquashfs");
        command.args(["-no-progress", "-quiet", "-force", "-dest"]).arg(part).arg(source);
        command
    } else {
        let mut command = Command::new("tar");
        // Only root can make devices, and engines bring their own.
        command.args(["--extract", "--no-same-owner", "--exclude=dev/*", "--exclude=./dev/*"]);
        command.arg("--directory").arg(part).arg("--file").arg(source);
        command
    };
    let program = command.get_program().to_string_lossy().into_owned();
    let told = |what: String| format!("image {}: {program} {what}", source.display());
    let ran = command.output().map_err(|e| told(format!("cannot be started: {e}")))?;
    // unsquashfs ends with 2 if all is there but for devices and attributes that only root can make.
    if ran.status.success() || (is_squash && ran.status.code() == Some(2)) {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&ran.stderr);
    let last = said.lines().rev().find(|l| !l.trim().is_empty()).unwrap_or("no output");
    Err(told(format!("failed ({}): {last}", ran.status)))
}

fn remove(path: &Path) -> std::io::Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Ok(meta) if meta.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(e) => Err(e),
    };
    match removed {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use std::thread;

    #[test]
    fn one_copy_is_made_however_many_want_it() {
        let place = tempfile::tempdir().unwrap();
        let source = place.path().join("eic_xl.sif");
        fs::write(&source, vec![7; 3_000_000]).unwrap();
        let copies: Vec<PathBuf> = thread::scope(|scope| {
            let one = || stage(place.path(), &source, Before::Copy).unwrap();
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(one)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(copies.iter().all(|copy| copy == &copies[0]));
        assert_eq!(fs::read(&copies[0]).unwrap(), vec![7; 3_000_000]);
        let files = || fs::read_dir(copies[0].parent().unwrap()).unwrap().count();
        assert_eq!(files(), 2, "a copy and its lock");
        // The next session, and one with another image of the same name.
        let made = fs::metadata(&copies[0]).unwrap().ino();
        assert_eq!(stage(place.path(), &source, Before::Copy).unwrap(), copies[0]);
        assert_eq!(fs::metadata(&copies[0]).unwrap().ino(), made);
        fs::write(&source, "new").unwrap();
        let new = stage(place.path(), &source, Before::Copy).unwrap();
        assert_ne!(new, copies[0]);
        assert_eq!(fs::read(new).unwrap(), b"new");
    }

    #[test]
    fn what_a_killed_process_left_is_no_image() {
        let place = tempfile::tempdir().unwrap();
        let source = place.path().join("x.sif");
        fs::write(&source, "whole").unwrap();
        let dir = own_directory(place.path()).unwrap();
        let part = dir.join(name(&source, Before::Copy).unwrap() + ".part");
        fs::write(&part, "half").unwrap();
        let copy = stage(place.path(), &source, Before::Copy).unwrap();
        assert_eq!(fs::read(copy).unwrap(), b"whole");
        assert!(!part.exists());
    }

    #[test]
    fn archives_are_unpacked() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().join("root");
        fs::create_dir_all(root.join("bin")).unwrap();
        fs::create_dir_all(root.join("dev")).unwrap();
        fs::write(root.join("bin/tool"), "tool").unwrap();
        fs::write(root.join("dev/null"), "no device").unwrap();
        let tar = place.path().join("image.tar.gz");
        let mut pack = Command::new("tar");
        pack.args(["-C", root.to_str().unwrap(), "-czf"]).arg(&tar).arg(".");
        assert!(pack.status().unwrap().success());
        let copy = stage(place.path(), &tar, Before::Unpack).unwrap();
        assert_eq!(fs::read(copy.join("bin/tool")).unwrap(), b"tool");
        assert!(copy.join("dev").is_dir() && !copy.join("dev/null").exists());
    }

    #[test]
    fn what_cannot_be_staged_is_told_and_leaves_nothing() {
        let place = tempfile::tempdir().unwrap();
        let told = stage(place.path(), Path::new("/no/such/x.sif"), Before::Copy).unwrap_err();
        assert!(told.starts_with("image /no/such/x.sif: No such file"), "{told}");
        let broken = place.path().join("broken.tar");
        fs::write(&broken, "no archive").unwrap();
        let told = stage(place.path(), &broken, Before::Unpack).unwrap_err();
        assert!(told.contains("broken.tar: tar failed (exit status: 2): tar: "), "{told}");
        let dir = own_directory(place.path()).unwrap();
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 1, "the lock");
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o777)).unwrap();
        let told = stage(place.path(), &broken, Before::Unpack).unwrap_err();
        assert!(told.contains(".paretorank-images-"), "{told}");
        assert!(stage(&place.path().join("gone"), &broken, Before::Unpack).is_err());
    }
}
