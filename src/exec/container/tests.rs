//! Containers for real, on a root file system made of this machine's own shell and tools. An engine that
//! is not here, or that may not run here, is told and left out; `PARETORANK_REQUIRE_CONTAINERS` makes it
//! a failure.

use super::*;
use crate::exec::process::{Ended, Process, unique};
use crate::exec::tree::MARK;
use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// What the tests run inside.
const TOOLS: [&str; 10] = [
    "/bin/bash",
    "/bin/sh",
    "/bin/cat",
    "/bin/echo",
    "/bin/env",
    "/bin/mkdir",
    "/bin/sleep",
    "/bin/touch",
    "/bin/true",
    "/usr/bin/setsid",
];

/// A root file system with a shell, a few tools and what these are linked to, some megabytes in all.
fn root(at: &Path) {
    for dir in ["dev", "proc", "sys", "tmp", "etc", "opt", "usr/bin"] {
        fs::create_dir_all(at.join(dir)).unwrap();
    }
    for file in ["etc/passwd", "etc/group", "etc/hosts", "etc/resolv.conf"] {
        fs::write(at.join(file), "").unwrap();
    }
    fs::write(at.join("opt/setup.sh"), "export DETECTOR=$1\n").unwrap();
    let mut files: BTreeSet<String> = TOOLS.iter().map(|tool| (*tool).to_owned()).collect();
    for tool in TOOLS {
        let linked = Command::new("ldd").arg(tool).output().unwrap();
        let text = String::from_utf8(linked.stdout).unwrap();
        files.extend(text.split_whitespace().filter(|word| word.starts_with('/')).map(str::to_owned));
    }
    for file in files {
        let to = at.join(&file[1..]);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(&file, to).unwrap();
    }
}

fn settings(engine: Engine, image: &Path) -> config::Container {
    config::Container {
        engine,
        image: Some(Image::Path(image.to_owned())),
        binds: vec![],
        env: vec![],
        prologue: None,
        options: vec![],
        stage: Staging::None,
    }
}

/// A run directory outside of /tmp, which some engines show inside anyway.
fn run_directory() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("paretorank test").tempdir_in("/var/tmp").unwrap()
}

struct Call {
    container: Container,
    files: PathBuf,
    process: Process,
}

impl Call {
    fn start(container: Container, run: &Path, program: &[&str]) -> Result<Self, String> {
        let files = run.join("trials/000001/it's attempt-1");
        fs::create_dir_all(&files).unwrap();
        let program: Vec<String> = program.iter().map(|w| (*w).to_owned()).collect();
        let mark = unique();
        let env = [(MARK.to_owned(), mark.clone()), ("V".to_owned(), "a 'b' $c".to_owned())];
        let launch = Launch {
            program: &program,
            dir: &files,
            files: &files,
            binds: &[run.to_owned(), files.clone()],
            env: &env,
        };
        let spawn = container.wrap(&launch)?;
        let mut command = Command::new(&spawn.program);
        command.args(&spawn.args).stdin(Stdio::null()).env(MARK, mark).env("FROM_HOST", "1");
        command.stdout(fs::File::create(files.join("stdout")).unwrap());
        command.stderr(fs::File::create(files.join("stderr")).unwrap());
        // Podman's other runtime does not start where control groups are of both versions.
        let conf = run.join("containers.conf");
        if program::find("runc", &[]).is_ok() {
            fs::write(&conf, "[engine]\nruntime = \"runc\"\n").unwrap();
            command.env("CONTAINERS_CONF", &conf);
        }
        for (name, value) in &spawn.env {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let process = Process::start(&mut command).unwrap();
        Ok(Self { container, files, process })
    }

    fn wait(&mut self) -> Ended {
        loop {
            if let Some(ended) = self.process.poll(Instant::now()).unwrap() {
                return ended;
            }
            sleep(Duration::from_millis(1));
        }
    }

    fn said(&self, name: &str) -> String {
        fs::read_to_string(self.files.join(name)).unwrap_or_default()
    }

    /// Exit code, standard output and what is said of it if that code was the last step's.
    fn end(mut self, last_step: Option<i32>) -> (Option<i32>, String, Option<String>) {
        let code = self.wait().status.code();
        let fault = self.container.fault(&self.files, code, last_step);
        (code, self.said("stdout"), fault)
    }
}

/// An engine that can run a directory here, with the arguments that it needs for it.
fn engines(root: &Path) -> Vec<config::Container> {
    let podman = ["--ulimit", "nofile=20000:20000", "--ulimit", "nproc=4096:4096"];
    let mut found = vec![];
    for (engine, options) in [(Engine::Charliecloud, &[][..]), (Engine::Podman, &podman[..])] {
        let options = options.iter().map(|o| (*o).to_owned()).collect();
        let settings = config::Container { options, ..settings(engine, root) };
        let run = run_directory();
        let tried =
            Call::start(Container::new(settings.clone()), run.path(), &["/bin/true"]).map(|mut call| {
                let ok = call.wait().status.success();
                (ok, call.said("stderr"))
            });
        match tried {
            Ok((true, _)) => found.push(settings),
            Ok((false, why)) | Err(why) => {
                let required = std::env::var_os("PARETORANK_REQUIRE_CONTAINERS").is_some();
                assert!(!(required && engine == Engine::Charliecloud), "{why}");
                println!("left out: {} does not run here: {}", engine.name(), why.trim());
            }
        }
    }
    found
}

/// Runs a test with every engine that is here, on one root file system.
fn with_engines(test: impl Fn(&config::Container, &Path)) {
    let place = tempfile::Builder::new().prefix("paretorank-root").tempdir_in("/var/tmp").unwrap();
    let at = place.path().join("root");
    root(&at);
    for settings in engines(&at) {
        let run = run_directory();
        println!("with {}", settings.engine.name());
        test(&settings, run.path());
    }
}

#[test]
fn a_program_runs_inside_with_its_environment_only_and_its_status_comes_out() {
    with_engines(|settings, run| {
        let own = run.to_str().unwrap();
        let script = "cat /opt/setup.sh; echo \"$PWD|$HOME|$V|$DETECTOR|${FROM_HOST-unset}\"; echo kept > file; \
                      touch /var/tmp/never 2> /dev/null; exit 9";
        let settings = config::Container {
            env: vec![("V".into(), "covered".into())],
            prologue: Some("source /opt/setup.sh epic".into()),
            ..settings.clone()
        };
        let call = Call::start(Container::new(settings), run, &["/bin/sh", "-c", script]).unwrap();
        let files = call.files.clone();
        let (code, out, fault) = call.end(Some(9));
        let dir = format!("{own}/trials/000001/it's attempt-1");
        assert_eq!(out, format!("export DETECTOR=$1\n{dir}|{dir}|a 'b' $c|epic|unset\n"));
        assert_eq!((code, fault), (Some(9), None));
        assert_eq!(fs::read_to_string(files.join("file")).unwrap(), "kept\n");
        assert!(!Path::new("/var/tmp/never").exists());
    });
}

#[test]
fn engine_prologue_and_image_are_not_the_programs_fault() {
    with_engines(|settings, run| {
        let fault = |settings: config::Container, program: &[&str]| {
            Call::start(Container::new(settings), run, program).unwrap().end(None)
        };
        let prologue =
            config::Container { prologue: Some("source /no/such".into()), ..settings.clone() };
        let (code, _, reason) = fault(prologue, &["/bin/true"]);
        assert_eq!(
            (code, reason.as_deref()),
            (Some(1), Some("container.prologue failed (exit code 1)"))
        );
        let bad = config::Container { options: vec!["--no-such-option".into()], ..settings.clone() };
        let reason = fault(bad, &["/bin/true"]).2.unwrap();
        assert!(reason.contains("did not start the container from the image"), "{reason}");
        // The first process of Podman's container could not kill itself.
        let killed = ["/bin/sh", "-c", "/bin/sh -c 'kill -KILL $$'; exit $?"];
        let (code, _, reason) = fault(settings.clone(), &killed);
        assert_eq!((code, reason), (Some(137), None));
    });
}

#[test]
fn an_image_that_vanishes_is_named() {
    with_engines(|settings, run| {
        let place = tempfile::Builder::new().prefix("paretorank-root").tempdir_in("/var/tmp").unwrap();
        let image = place.path().join("root");
        root(&image);
        let image_text = image.to_str().unwrap().to_owned();
        let settings = config::Container { image: Some(Image::Path(image.clone())), ..settings.clone() };
        let wait = "touch begun; while [ ! -e go ]; do sleep 0.02; done; exec /opt/late";
        let mut call =
            Call::start(Container::new(settings.clone()), run, &["/bin/sh", "-c", wait]).unwrap();
        while !call.files.join("begun").exists() {
            assert!(call.process.poll(Instant::now()).unwrap().is_none(), "{}", call.said("stderr"));
            sleep(Duration::from_millis(5));
        }
        fs::rename(&image, place.path().join("moved")).unwrap();
        fs::write(call.files.join("go"), "").unwrap();
        let (_, _, reason) = call.end(Some(127));
        let want = format!("the image {image_text} is not there any more");
        assert!(reason.as_ref().unwrap().starts_with(&want), "{reason:?}");
        let told = Call::start(Container::new(settings), run, &["/bin/true"]).err().unwrap();
        assert!(told.starts_with(&format!("image {image_text}: No such file")), "{told}");
    });
}

#[test]
fn nothing_is_left_inside_when_the_call_is_killed_or_ends() {
    with_engines(|settings, run| {
        for killed in [true, false] {
            let _ = fs::remove_dir_all(run.join("trials"));
            let end = if killed { "sleep 600" } else { "exit 0" };
            let script = format!(
                "trap '' TERM; setsid sleep 613 & (setsid sh -c 'trap \"\" TERM; : > hidden; sleep 617; :' &); \
                 while [ ! -e hidden ]; do sleep 0.02; done; touch begun; {end}"
            );
            let container = Container::new(settings.clone());
            let mut call = Call::start(container, run, &["/bin/sh", "-c", &script]).unwrap();
            while killed && !call.files.join("begun").exists() {
                assert!(call.process.poll(Instant::now()).unwrap().is_none(), "{}", call.said("stderr"));
                sleep(Duration::from_millis(5));
            }
            if killed {
                call.process.ask_to_end(Instant::now() + Duration::from_millis(100));
            }
            call.wait();
            assert!(call.files.join("begun").exists(), "{}", call.said("stderr"));
            assert_eq!(call.process.processes(), []);
            assert!(!lives(&["sleep", "613"]) && !lives(&["sleep", "617"]));
        }
    });
}

/// Whether a process with this command line is on the machine.
fn lives(words: &[&str]) -> bool {
    let line = words.join("\0") + "\0";
    let all = fs::read_dir("/proc").unwrap().flatten();
    all.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok()).any(|l| l == line.as_bytes())
}

#[test]
fn an_image_is_unpacked_once_and_taken_again() {
    with_engines(|settings, run| {
        let Some(Image::Path(root)) = settings.image.clone() else { panic!("a directory") };
        let place = tempfile::Builder::new().prefix("paretorank-node").tempdir_in("/var/tmp").unwrap();
        let tar = place.path().join("image.tar");
        let packed = Command::new("tar").arg("-C").arg(&root).arg("-cf").arg(&tar).arg(".").status();
        assert!(packed.unwrap().success());
        let staged = config::Container {
            image: Some(Image::Path(tar)),
            stage: Staging::Node,
            ..settings.clone()
        };
        for session in 0..2 {
            let container = Container { place: place.path().into(), ..Container::new(staged.clone()) };
            // In the background; whoever asks is not held up.
            assert!(!container.is_ready());
            while !container.is_ready() {
                sleep(Duration::from_millis(1));
            }
            let (code, out, fault) =
                Call::start(container, run, &["/bin/echo", "inside"]).unwrap().end(Some(0));
            assert_eq!((code, out.as_str(), fault), (Some(0), "inside\n", None), "session {session}");
        }
        let copies = fs::read_dir(
            place.path().join(format!(".paretorank-images-{}", rustix::process::geteuid().as_raw())),
        );
        assert_eq!(copies.unwrap().count(), 2, "one copy and its lock");

        let gone = config::Container { image: Some(Image::Path("/no/such.tar".into())), ..staged };
        let container = Container { place: place.path().into(), ..Container::new(gone) };
        while !container.is_ready() {
            sleep(Duration::from_millis(1));
        }
        assert!(container.prepare().unwrap_err().contains("/no/such.tar"));
        assert!(!container.is_ready(), "the next program tries it again");
    });
}

#[test]
fn without_an_engine_the_script_runs_on_the_node() {
    let run = run_directory();
    let settings = config::Container {
        engine: Engine::None,
        image: None,
        prologue: Some("export DETECTOR=here".into()),
        ..settings(Engine::None, Path::new("/"))
    };
    let call = Call::start(Container::new(settings), run.path(), &["/bin/sh", "-c", "echo $DETECTOR"]);
    assert_eq!(call.unwrap().end(Some(0)), (Some(0), "here\n".to_owned(), None));
}

#[test]
fn what_check_says_of_a_container() {
    with_engines(|settings, _| {
        let rows = check_container(settings).unwrap();
        let row = |name: &str| rows.iter().find(|row| row.0 == name).unwrap().1.clone();
        assert!(row("image").ends_with("/root: a directory"), "{rows:?}");
        let engine = row("engine");
        assert!(engine.split(' ').nth(1).unwrap().starts_with(|c: char| c.is_ascii_digit()), "{engine}");
        let gone =
            config::Container { image: Some(Image::Path("/no/such.sif".into())), ..settings.clone() };
        assert!(check_container(&gone).unwrap_err().starts_with("image /no/such.sif: No such file"));
    });
}
