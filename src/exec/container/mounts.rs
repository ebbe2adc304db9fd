//! What is seen inside, and where.

use crate::config::Bind;
use std::fs::{self, OpenOptions};
use std::path::{Component, Path, PathBuf};

/// Where every engine mounts something of the host's.
const SHARED: [&str; 4] = ["/tmp", "/dev", "/proc", "/sys"];

/// The study's binds and then the paths that a task needs, each at its own place and writable; those
/// below another of them are seen already.
///
/// # Errors
/// A path that engines would take apart, in words.
pub(super) fn all(study: &[Bind], needed: &[PathBuf]) -> Result<Vec<Bind>, String> {
    for path in needed {
        if path.to_string_lossy().contains([',', ':']) {
            return Err(format!(
                "{} has a comma or a colon in its path, which container engines take for the end of it; use \
                 another run directory",
                path.display()
            ));
        }
    }
    let is_needed = |path: &Path| needed.iter().any(|n| n == path);
    let outermost = |(at, path): (usize, &PathBuf)| {
        let within = |other: &PathBuf| path.starts_with(other) && path != other;
        (!needed.iter().any(within) && !needed[..at].contains(path)).then(|| path.clone())
    };
    let needed = needed.iter().enumerate().filter_map(outermost);
    let own = needed.map(|path| Bind { source: path.clone(), target: path, read_only: false });
    let of_study = study.iter().filter(|bind| !is_needed(&bind.target)).cloned();
    Ok(of_study.chain(own).collect())
}

/// Makes the mount points that a directory image lacks, for engines that cannot do it themselves:
/// empty directories, or empty files for files.
///
/// # Errors
/// One that cannot be made, in words.
pub(super) fn make_points(image: &Path, binds: &[Bind]) -> Result<(), String> {
    for (at, Bind { source, target, .. }) in binds.iter().enumerate() {
        let below = |dir: &Path| target.starts_with(dir);
        if SHARED.iter().any(|dir| below(dir.as_ref())) || binds[..at].iter().any(|b| below(&b.target)) {
            continue;
        }
        let told = |e: std::io::Error| {
            format!(
                "the image {} has nothing at {} to mount {} on, and it cannot be made: {e}; make it there, pack \
                 the image and use container.stage = \"node\", or use a run directory below /tmp",
                image.display(),
                target.display(),
                source.display()
            )
        };
        make_point(image, target, source.is_dir()).map_err(told)?;
    }
    Ok(())
}

fn make_point(image: &Path, target: &Path, is_dir: bool) -> std::io::Result<()> {
    let parts: Vec<_> = target.components().filter(|c| matches!(c, Component::Normal(_))).collect();
    let mut path = image.to_owned();
    for (at, part) in parts.iter().enumerate() {
        path.push(part);
        match fs::symlink_metadata(&path) {
            // It may lead out of the image: for the engine to judge.
            Ok(meta) if meta.is_symlink() => return Ok(()),
            Ok(_) => {}
            Err(_) if is_dir || at + 1 < parts.len() => match fs::create_dir(&path) {
                // Another rank was quicker.
                Err(e) if e.kind() != std::io::ErrorKind::AlreadyExists => return Err(e),
                _ => {}
            },
            Err(_) => drop(OpenOptions::new().append(true).create(true).open(&path)?),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bind(path: &str, read_only: bool) -> Bind {
        Bind { source: path.into(), target: path.into(), read_only }
    }

    #[test]
    fn what_a_task_needs_comes_last_and_once() {
        let paths = |paths: &[&str]| paths.iter().map(PathBuf::from).collect::<Vec<_>>();
        let study = [bind("/studies", true), bind("/studies/run", true), bind("/cvmfs", true)];
        let needed = paths(&[
            "/studies/run/trials/1",
            "/studies/run",
            "/scratch",
            "/studies/run",
            "/studies/runs",
        ]);
        assert_eq!(
            all(&study, &needed),
            Ok(vec![
                bind("/studies", true),
                bind("/cvmfs", true),
                bind("/studies/run", false),
                bind("/scratch", false),
                bind("/studies/runs", false),
            ])
        );
        for path in ["/a,b", "/a:b"] {
            assert!(all(&[], &paths(&[path])).unwrap_err().starts_with(path));
        }
    }

    #[test]
    fn missing_mount_points_are_made_in_the_image_only() {
        let dir = tempfile::tempdir().unwrap();
        let (image, host) = (dir.path().join("image"), dir.path().join("host"));
        fs::create_dir_all(image.join("opt")).unwrap();
        fs::create_dir(&host).unwrap();
        std::os::unix::fs::symlink(&host, image.join("link")).unwrap();
        let file = host.join("file");
        fs::write(&file, "").unwrap();
        let at = |target: &str| Bind { source: host.clone(), target: target.into(), read_only: false };
        let binds =
            [at("/scratch/run"), at("/link/below"), at("/tmp/x"), at("/opt"), at("/opt/in/mount")];
        let binds = [&binds[..], &[Bind { source: file, target: "/opt2/file".into(), read_only: true }]]
            .concat();
        make_points(&image, &binds).unwrap();
        make_points(&image, &binds).unwrap();
        assert!(image.join("scratch/run").is_dir() && image.join("opt2/file").is_file());
        assert!(!host.join("below").exists() && !image.join("tmp").exists());
        assert!(!image.join("opt/in").exists());
        fs::write(image.join("blocked"), "").unwrap();
        let told = make_points(&image, &[at("/blocked/run")]).unwrap_err();
        assert!(told.contains("has nothing at /blocked/run to mount"), "{told}");
    }
}
