//! Which engine runs an image.

use super::engine::{Apptainer, Before, Charliecloud, Podman, Runner, Shifter};
use super::image::Kind;
use crate::config::Engine;
use std::path::PathBuf;

/// An engine that was found.
#[derive(Debug)]
pub(super) struct Chosen {
    pub(super) runner: Box<dyn Runner>,
    /// Where its program is.
    pub(super) program: PathBuf,
    /// What has to be done with the image before.
    pub(super) before: Before,
}

fn runner(engine: Engine) -> Option<Box<dyn Runner>> {
    match engine {
        Engine::Apptainer => Some(Box::new(Apptainer("apptainer"))),
        Engine::Singularity => Some(Box::new(Apptainer("singularity"))),
        Engine::Charliecloud => Some(Box::new(Charliecloud)),
        Engine::Podman => Some(Box::new(Podman)),
        Engine::Shifter => Some(Box::new(Shifter)),
        Engine::Auto | Engine::None => None,
    }
}

/// The order in which `auto` looks: the most usual where simulations run is first.
const ORDER: [Engine; 5] =
    [Engine::Apptainer, Engine::Singularity, Engine::Charliecloud, Engine::Shifter, Engine::Podman];

/// The engine for an image that is `staged` or not; `find` looks for a program or says why not.
/// `image` is the image's name for messages.
///
/// # Errors
/// None that can run it is there, in words: what was looked for, and where.
pub(super) fn choose(
    wanted: Engine,
    (image, kind): (&str, Kind),
    staged: bool,
    find: impl Fn(&str) -> Result<PathBuf, String>,
) -> Result<Chosen, String> {
    let what = format!("the image {image}, {}", kind.shown());
    if staged && kind == Kind::Directory {
        return Err(format!(
            "container.stage = \"node\" takes one file, and {what}; pack it (mksquashfs {image} IMAGE.sqfs) or \
             leave stage away"
        ));
    }
    let can = |engine: Engine, staged| runner(engine).is_some_and(|r| r.before(kind, staged).is_some());
    let able = |staged| ORDER.into_iter().filter(move |e| can(*e, staged)).collect::<Vec<Engine>>();
    let candidates: Vec<Engine> = match wanted {
        Engine::Auto => able(staged),
        one => able(staged).into_iter().filter(|e| *e == one).collect(),
    };
    if candidates.is_empty() {
        let names: Vec<&str> = able(staged).iter().map(|e| e.name()).collect();
        let hint = match wanted {
            Engine::Auto => "stage = \"node\" unpacks it".to_owned(),
            one if able(true).contains(&one) => format!("with stage = \"node\" {} can", one.name()),
            _ => format!("what can: {}", names.join(", ")),
        };
        return Err(match wanted {
            Engine::Auto => format!("no engine can run {what}; {hint}"),
            one => format!("{} cannot run {what}; {hint}", one.name()),
        });
    }
    let mut missing = vec![];
    for engine in &candidates {
        let found = runner(*engine).map(|runner| (find(runner.program()), runner));
        match found {
            Some((Ok(program), runner)) => {
                let before = runner.before(kind, staged).unwrap_or(Before::Nothing);
                return Ok(Chosen { runner, program, before });
            }
            Some((Err(why), _)) => missing.push(why),
            None => {}
        }
    }
    Err(format!("no engine is there for {what}: {}", missing.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Program and preparation where only the programs in `there` are.
    fn chosen(
        wanted: Engine,
        kind: Kind,
        staged: bool,
        there: &[&str],
    ) -> Result<(String, Before), String> {
        let find = |program: &str| {
            let at = format!("/bin/{program}");
            if there.contains(&program) { Ok(at.into()) } else { Err(format!("no {program} in PATH")) }
        };
        let chosen = choose(wanted, ("/i", kind), staged, find)?;
        Ok((chosen.program.display().to_string(), chosen.before))
    }

    const ALL: [&str; 5] = ["apptainer", "singularity", "ch-run", "shifter", "podman"];

    #[test]
    fn auto_takes_the_first_that_is_there_and_suits() {
        use Engine::Auto;
        for (kind, staged, there, program, before) in [
            (Kind::Sif, false, &ALL[..], "apptainer", Before::Nothing),
            (Kind::Sif, true, &["ch-run", "singularity"], "singularity", Before::Copy),
            (Kind::Directory, false, &["ch-run", "podman"], "ch-run", Before::Nothing),
            (Kind::Squash, false, &["podman", "ch-run"], "ch-run", Before::Nothing),
            (Kind::Squash, true, &["podman", "ch-run"], "ch-run", Before::Unpack),
            (Kind::Squash, true, &["podman"], "podman", Before::Unpack),
            (Kind::Archive, true, &ALL, "apptainer", Before::Unpack),
            (Kind::Name, false, &["ch-run", "podman", "shifter"], "shifter", Before::Nothing),
        ] {
            let want = Ok((format!("/bin/{program}"), before));
            assert_eq!(chosen(Auto, kind, staged, there), want, "{kind:?} {staged} {there:?}");
        }
        assert_eq!(chosen(Engine::Podman, Kind::Directory, false, &ALL).unwrap().0, "/bin/podman");
    }

    #[test]
    fn what_was_looked_for_is_told() {
        for (wanted, kind, staged, want) in [
            (
                Engine::Auto,
                Kind::Sif,
                false,
                "no engine is there for the image /i, a SIF file: no apptainer in PATH; no singularity in PATH",
            ),
            (
                Engine::Podman,
                Kind::Directory,
                false,
                "no engine is there for the image /i, a directory: no podman in PATH",
            ),
            (Engine::Podman, Kind::Sif, false, "podman cannot run the image /i, a SIF file"),
            (Engine::Podman, Kind::Squash, false, "with stage = \"node\" podman can"),
            (
                Engine::Auto,
                Kind::Archive,
                false,
                "no engine can run the image /i, a tar archive; stage = \"node\" unpacks it",
            ),
            (Engine::Auto, Kind::Directory, true, "pack it (mksquashfs /i IMAGE.sqfs)"),
        ] {
            let told = chosen(wanted, kind, staged, &[]).unwrap_err();
            assert!(told.contains(want), "{told}");
        }
        let told = chosen(Engine::Podman, Kind::Sif, false, &ALL).unwrap_err();
        assert!(told.ends_with("what can: apptainer, singularity"), "{told}");
    }
}
