//! How each engine is told to run a script inside an image.
//!
//! Every call starts from an empty environment (the script sets it), does not bring the user's home
//! directory, keeps the host's network, and ends with the exit status of what it ran. Apptainer,
//! Singularity, Charliecloud and Shifter keep the host's process numbers; Podman's are its own, so
//! that what is left inside ends with the first process.

use super::image::Kind;
use crate::config::Bind;
use std::ffi::{OsStr, OsString};
use std::path::Path;

/// One call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run<'a> {
    /// The image as the engine is to find it.
    pub(super) image: &'a OsStr,
    /// What it is.
    pub(super) kind: Kind,
    /// Whether it is a directory with Charliecloud's file of environment variables.
    pub(super) has_variables: bool,
    /// What is seen inside.
    pub(super) binds: &'a [Bind],
    /// Working directory.
    pub(super) dir: &'a Path,
    /// The user's own arguments.
    pub(super) options: &'a [String],
    /// Shell and script.
    pub(super) script: [&'a OsStr; 2],
}

/// What has to be done before an engine can read an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Before {
    /// Nothing.
    Nothing,
    /// A copy on the node's disk.
    Copy,
    /// A directory on the node's disk with what is in it.
    Unpack,
}

/// An engine.
pub(super) trait Runner: std::fmt::Debug + Send {
    /// The program to look for.
    fn program(&self) -> &'static str;

    /// What has to be done with an image of this kind, which is `staged` or not; `None`: it cannot be
    /// run.
    fn before(&self, kind: Kind, staged: bool) -> Option<Before>;

    /// Arguments after the program.
    fn argv(&self, run: &Run) -> Vec<OsString>;

    /// Whether it makes mount points that a directory lacks.
    fn makes_mount_points(&self) -> bool {
        true
    }

    /// Whether the engine ends with this code if it fails itself, also after the start.
    fn is_own_code(&self, code: i32) -> bool;
}

/// Apptainer, or Singularity, which knows the same arguments.
#[derive(Debug)]
pub(super) struct Apptainer(pub(super) &'static str);

#[derive(Debug)]
pub(super) struct Charliecloud;

#[derive(Debug)]
pub(super) struct Podman;

#[derive(Debug)]
pub(super) struct Shifter;

impl Runner for Apptainer {
    fn program(&self) -> &'static str {
        self.0
    }

    fn before(&self, kind: Kind, staged: bool) -> Option<Before> {
        match (kind, staged) {
            (Kind::Sif | Kind::Squash | Kind::Directory | Kind::Name, false) => Some(Before::Nothing),
            (Kind::Sif | Kind::Squash, true) => Some(Before::Copy),
            (Kind::Archive, true) => Some(Before::Unpack),
            _ => None,
        }
    }

    fn argv(&self, run: &Run) -> Vec<OsString> {
        let mut argv = words(&["exec", "--cleanenv", "--no-home", "--pwd"]);
        argv.push(run.dir.into());
        for bind in run.binds {
            argv.extend(["--bind".into(), volume(bind)]);
        }
        finish(argv, run, &[run.image])
    }

    fn is_own_code(&self, code: i32) -> bool {
        code == 255
    }
}

impl Runner for Charliecloud {
    fn program(&self) -> &'static str {
        "ch-run"
    }

    /// A directory starts several times faster than a SquashFS file, so the copy is unpacked.
    fn before(&self, kind: Kind, staged: bool) -> Option<Before> {
        match (kind, staged) {
            (Kind::Directory | Kind::Squash, false) => Some(Before::Nothing),
            (Kind::Squash | Kind::Archive, true) => Some(Before::Unpack),
            _ => None,
        }
    }

    fn argv(&self, run: &Run) -> Vec<OsString> {
        let mut argv = words(&["--unset-env=*"]);
        if run.has_variables {
            argv.push("--set-env".into());
        }
        argv.push(option("--cd=", run.dir.as_os_str()));
        // The host's /tmp is there in any case, and nothing can be mounted below it. There are no
        // read-only binds.
        for bind in run.binds.iter().filter(|b| b.source != b.target || !b.target.starts_with("/tmp")) {
            argv.push(option("--bind=", &pair(bind)));
        }
        finish(argv, run, &[run.image, "--".as_ref()])
    }

    fn makes_mount_points(&self) -> bool {
        false
    }

    /// It turns into what it runs.
    fn is_own_code(&self, _: i32) -> bool {
        false
    }
}

impl Runner for Podman {
    fn program(&self) -> &'static str {
        "podman"
    }

    fn before(&self, kind: Kind, staged: bool) -> Option<Before> {
        match (kind, staged) {
            (Kind::Directory | Kind::Name, false) => Some(Before::Nothing),
            (Kind::Squash | Kind::Archive, true) => Some(Before::Unpack),
            _ => None,
        }
    }

    fn argv(&self, run: &Run) -> Vec<OsString> {
        let mut argv = words(&[
            "run",
            "--rm",
            "--network=host",
            "--http-proxy=false",
            // Output is ours to keep.
            "--log-driver=none",
            // Binds are not to be relabelled, and are to be seen nevertheless.
            "--security-opt=label=disable",
            "--entrypoint=",
            "--workdir",
        ]);
        argv.push(run.dir.into());
        for bind in run.binds {
            argv.extend(["--volume".into(), volume(bind)]);
        }
        match run.kind {
            Kind::Name => finish(argv, run, &[run.image]),
            _ => finish(argv, run, &["--rootfs".as_ref(), run.image]),
        }
    }

    fn is_own_code(&self, code: i32) -> bool {
        (125..=127).contains(&code)
    }
}

impl Runner for Shifter {
    fn program(&self) -> &'static str {
        "shifter"
    }

    fn before(&self, kind: Kind, staged: bool) -> Option<Before> {
        (kind == Kind::Name && !staged).then_some(Before::Nothing)
    }

    fn argv(&self, run: &Run) -> Vec<OsString> {
        // Shifter writes docker:NAME where others write docker://NAME.
        let image = run.image.to_string_lossy().replacen("://", ":", 1);
        let mut argv = vec![option("--image=", image.as_ref()), "--clearenv".into()];
        argv.push(option("--workdir=", run.dir.as_os_str()));
        for bind in run.binds {
            argv.push(option("--volume=", &volume(bind)));
        }
        finish(argv, run, &[])
    }

    fn is_own_code(&self, _: i32) -> bool {
        false
    }
}

/// The user's options, the image, then shell and script.
fn finish(mut argv: Vec<OsString>, run: &Run, image: &[&OsStr]) -> Vec<OsString> {
    argv.extend(run.options.iter().map(OsString::from));
    argv.extend(image.iter().chain(&run.script).map(|word| (*word).to_owned()));
    argv
}

fn words(words: &[&str]) -> Vec<OsString> {
    words.iter().map(OsString::from).collect()
}

fn option(name: &str, value: &OsStr) -> OsString {
    let mut word = OsString::from(name);
    word.push(value);
    word
}

/// `SOURCE:TARGET`.
fn pair(bind: &Bind) -> OsString {
    let mut word = bind.source.clone().into_os_string();
    word.push(":");
    word.push(&bind.target);
    word
}

/// `SOURCE:TARGET`, and `:ro` where it is so.
fn volume(bind: &Bind) -> OsString {
    let mut word = pair(bind);
    if bind.read_only {
        word.push(":ro");
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    fn argv(runner: &dyn Runner, image: &str, kind: Kind) -> String {
        let bind = |source: &str, target: &str, read_only| Bind {
            source: source.into(),
            target: target.into(),
            read_only,
        };
        let binds = [
            bind("/cvmfs", "/cvmfs", true),
            bind("/d", "/data", false),
            bind("/tmp/r", "/tmp/r", false),
        ];
        let run = Run {
            image: image.as_ref(),
            kind,
            has_variables: kind == Kind::Directory,
            binds: &binds,
            dir: Path::new("/run/a,b"),
            options: &["--more".to_owned()],
            script: ["/bin/sh".as_ref(), "/run/container.sh".as_ref()],
        };
        let argv = runner.argv(&run);
        argv.iter().map(|word| word.to_str().unwrap()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn every_engine_is_called_in_its_own_way() {
        let own = "/bin/sh /run/container.sh";
        for program in ["apptainer", "singularity"] {
            assert_eq!(
                argv(&Apptainer(program), "/x.sif", Kind::Sif),
                format!(
                    "exec --cleanenv --no-home --pwd /run/a,b --bind /cvmfs:/cvmfs:ro --bind /d:/data \
                     --bind /tmp/r:/tmp/r --more /x.sif {own}"
                )
            );
        }
        assert_eq!(
            argv(&Charliecloud, "/x", Kind::Directory),
            format!(
                "--unset-env=* --set-env --cd=/run/a,b --bind=/cvmfs:/cvmfs --bind=/d:/data --more /x -- {own}"
            )
        );
        assert_eq!(
            argv(&Charliecloud, "/x.sqfs", Kind::Squash),
            format!(
                "--unset-env=* --cd=/run/a,b --bind=/cvmfs:/cvmfs --bind=/d:/data --more /x.sqfs -- {own}"
            )
        );
        let podman = "run --rm --network=host --http-proxy=false --log-driver=none \
                      --security-opt=label=disable --entrypoint= --workdir /run/a,b --volume \
                      /cvmfs:/cvmfs:ro --volume /d:/data --volume /tmp/r:/tmp/r --more";
        assert_eq!(argv(&Podman, "/x", Kind::Directory), format!("{podman} --rootfs /x {own}"));
        assert_eq!(
            argv(&Podman, "docker://a/b:1", Kind::Name),
            format!("{podman} docker://a/b:1 {own}")
        );
        assert_eq!(
            argv(&Shifter, "docker://a/b:1", Kind::Name),
            format!(
                "--image=docker:a/b:1 --clearenv --workdir=/run/a,b --volume=/cvmfs:/cvmfs:ro \
                 --volume=/d:/data --volume=/tmp/r:/tmp/r --more {own}"
            )
        );
    }
}
