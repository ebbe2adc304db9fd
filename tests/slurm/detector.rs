//! The Geant4 study that is shipped, in a container and as a batch job, when everything goes wrong at once.

use super::job::Job;
use super::mount::Small;
use super::pipeline::{assert_no_process, trials};
use super::{attempts, folder_with};
use std::fs;
use std::path::{Path, PathBuf};

/// What the simulation does in the place of its work, by trial; `$5` is the test's folder. All of it happens
/// to pions at the low point, and what the machine is to blame for only once.
const SABOTAGE: &str = r#"
trial=$1 what=$2,$3 folder=$5; shift 5
case $trial,$what in
1,pi+,low)
    : > "$folder/vanish"
    while [ ! -e "$folder/back" ]; do sleep 0.1; done;;
2,pi+,low)
    if [ ! -e "$folder/filled" ]; then
        : > "$folder/filled"
        exec dd if=/dev/zero of=fill bs=1M
    fi;;
3,pi+,low) kill -KILL $$;;
4,pi+,low) exec python3 -c 'import time; x = b"x" * 700_000_000; time.sleep(60)';;
5,pi+,low) while :; do echo tick; sleep 0.2; done;;
6,pi+,low)
    trap "" TERM
    (setsid sh -c 'trap "" TERM; while :; do sleep 0.1; done' hidden "$folder/run" &)
    while :; do echo tick; sleep 0.2; done;;
esac
exec "$@"
"#;

/// Where Python has Geant4: its own folder of programs.
fn geant4() -> Option<PathBuf> {
    let python = std::env::var_os("PARETORANK_GEANT4").map(PathBuf::from);
    let required = std::env::var_os("PARETORANK_REQUIRE_GEANT4").is_some();
    let Some(python) = python.filter(|python| python.exists()) else {
        assert!(!required, "PARETORANK_REQUIRE_GEANT4 is set, and PARETORANK_GEANT4 names no Python");
        println!("SKIPPED: PARETORANK_GEANT4 names no Python that has Geant4 (make geant4)");
        return None;
    };
    python.parent().map(Path::to_owned)
}

/// An image of nothing but this machine's own programs and the folders that are seen inside.
fn make_image(at: &Path) {
    for dir in ["dev", "proc", "sys", "tmp", "etc", "usr", "root", "home"] {
        fs::create_dir_all(at.join(dir)).unwrap();
    }
    for file in ["etc/passwd", "etc/group", "etc/hosts", "etc/resolv.conf"] {
        fs::write(at.join(file), "").unwrap();
    }
    for name in ["bin", "lib", "lib64"] {
        std::os::unix::fs::symlink(format!("usr/{name}"), at.join(name)).unwrap();
    }
}

/// The shipped study with these faults: seven designs near the nominal one, with few events each.
fn study(folder: &Path, geant4: &Path) -> String {
    let source = Path::new(env!("CARGO_MANIFEST_DIR"));
    let program = source.join("configs/drich/drich.py").display().to_string();
    let simulate = format!(
        "\"/bin/sh\", \"-c\", '''{SABOTAGE}''', \"sh\", \"{{trial.id}}\", \"{{key.particle}}\", \
         \"{{key.point}}\", \"{{event.first}}\", \"{}\", \"{program}\", \"simulate\",",
        folder.display()
    );
    let (source, geant4, place) = (source.display(), geant4.display(), folder.display());
    let container = format!(
        "engine = \"charliecloud\"\nimage = \"{place}/image\"\nbinds = [\"/usr\", \"{source}\"]\n\
         env = {{ PATH = \"{geant4}:/usr/bin:/bin\" }}"
    );
    let strategy = "method = \"list\"\npoints = \"points.csv\"\nnominal = false\ntrials = 7";
    let mut text = include_str!("../../configs/drich/geant4.toml").to_owned();
    for (from, to) in [
        ("\"drich.py\", \"simulate\",", &*simulate),
        ("\"drich.py\"", &format!("\"{program}\"")),
        ("total = 300, per_job = 150", "total = 150, per_job = 150"),
        (
            "timeout = \"10 min\"\nretries = 1",
            "timeout = \"15 s\"\nretries = 0\nscratch = \"local\"\ngrace = \"300 ms\"",
        ),
        ("engine = \"none\"", &container),
        ("method = \"mobo\"", strategy),
        ("initial = 25", "#"),
        ("\ntrials = 60", ""),
        ("[study]", "[study]\noutput = \"run\""),
    ] {
        assert!(text.contains(from), "the shipped study has no {from:?}");
        text = text.replace(from, to);
    }
    text
}

#[test]
fn six_faults_end_in_their_class_and_the_study_of_a_real_detector_completes() {
    let Some(folder) = folder_with("") else { return };
    let Some(geant4) = geant4() else { return };
    let Some(scratch) = Small::mount("size=24m") else { return };
    let place = folder.path();
    let image = place.join("image");
    make_image(&image);
    fs::write(place.join("study.toml"), study(place, &geant4)).unwrap();
    let names = "mirror_radius,mirror_x,sensor_radius,sensor_x,sensor_z,aerogel\n";
    let points: String =
        (0..7).map(|k| format!("{},115,110,115,19,4\n", 220.0 + f64::from(k) / 4.0)).collect();
    fs::write(place.join("points.csv"), names.to_owned() + &points).unwrap();

    let scratch_path = scratch.path().display().to_string();
    let job = Job::submit_with(place, "mpirun", &[("SLURM_TMPDIR", &scratch_path)]);
    let over = || job.log().contains("no evaluating rank is left");
    job.until("the second trial", || place.join("vanish").exists() || over());
    fs::rename(&image, place.join("away")).unwrap();
    job.until("a task without an image", || job.log().contains("infrastructure: "));
    fs::rename(place.join("away"), &image).unwrap();
    fs::write(place.join("back"), "").unwrap();
    assert_eq!(job.end(), ("COMPLETED".into(), "0:0".into()), "{}", job.log());

    assert_no_process(place);
    let left: Vec<_> = fs::read_dir(scratch.path()).unwrap().flatten().map(|e| e.path()).collect();
    assert!(left.is_empty(), "{left:?}");
    let want = ["ok", "ok", "ok", "signal: ", "memory: ", "timeout: ", "timeout: "];
    let trials = trials(place);
    assert_eq!(trials.len(), want.len());
    for (trial, want) in trials.iter().zip(want) {
        let told = if want == "ok" { &trial["status"] } else { &trial["reason"] };
        assert!(told.as_str().unwrap().contains(want), "{want:?}: {trial}\n{}", job.log());
    }
    // What the machine was to blame for is on record, and cost no trial.
    let attempts = attempts(place);
    for (trials, what) in [(0..=1, "image"), (2..=2, "No space left on device")] {
        let is_blamed = attempts.iter().any(|(trial, status, reason)| {
            trials.contains(trial)
                && status == "failed"
                && reason.starts_with("infrastructure: ")
                && reason.contains(what)
        });
        assert!(is_blamed, "{what}: {attempts:?}");
    }
}
