//! The `[container]` table.

use super::*;

/// The study of a command with a container of these lines.
fn contained(lines: &str) -> String {
    format!("{COMMAND}[container]\n{lines}\n")
}

fn read(text: &str) -> Container {
    let study = understand(text, Path::new("/studies/study.toml"), &Overrides::default()).unwrap();
    let json = serde_json::to_string(&study).unwrap();
    assert_eq!(serde_json::from_str::<Study>(&json).unwrap(), study);
    study.container.unwrap()
}

fn bind(source: &str, target: &str, read_only: bool) -> Bind {
    Bind { source: source.into(), target: target.into(), read_only }
}

#[test]
fn a_container_is_understood_with_its_defaults() {
    assert_eq!(study(COMMAND).container, None);
    let least = Container {
        engine: Engine::Auto,
        image: Some(Image::Path("/studies/eic_xl.sif".into())),
        binds: vec![bind("/studies", "/studies", true)],
        env: vec![],
        prologue: None,
        options: vec![],
        stage: Staging::None,
    };
    assert_eq!(read(&contained("image = \"eic_xl.sif\"")), least);
    let all = "engine = \"podman\"\nimage = \"/cvmfs/eicweb/eic_xl:24.11.1-stable\"\n\
               binds = [\"/cvmfs:/cvmfs:ro\", \"/data\", \"/a:/b:rw\"]\nenv = { DETECTOR = \"epic\" }\n\
               prologue = \"source /opt/x.sh\"\noptions = [\"--ulimit\", \"host\"]\nstage = \"node\"";
    let want = Container {
        engine: Engine::Podman,
        image: Some(Image::Path("/cvmfs/eicweb/eic_xl:24.11.1-stable".into())),
        binds: vec![
            bind("/studies", "/studies", true),
            bind("/cvmfs", "/cvmfs", true),
            bind("/data", "/data", false),
            bind("/a", "/b", false),
        ],
        env: vec![("DETECTOR".into(), "epic".into())],
        prologue: Some("source /opt/x.sh".into()),
        options: vec!["--ulimit".into(), "host".into()],
        stage: Staging::Node,
    };
    assert_eq!(read(&contained(all)), want);
    let name = read(&contained("image = \"docker://eicweb/eic_xl:24.11.1-stable\""));
    assert_eq!(name.image, Some(Image::Name("docker://eicweb/eic_xl:24.11.1-stable".into())));
    let none = read(&contained("engine = \"none\"\nprologue = \"module load root\""));
    assert_eq!((none.engine, none.image), (Engine::None, None));
}

#[test]
fn a_program_with_an_absolute_path_is_one_of_the_image() {
    let with_program = with(COMMAND, "\"python3\", \"-c\"", "\"/no/such/npsim\"");
    let inside = format!("{with_program}[container]\nimage = \"x.sif\"\n");
    let Evaluator::Command(command) = study(&inside).evaluator else { panic!("a command") };
    assert_eq!(command.argv[0], "/no/such/npsim");
    let outside = inside.replace("image = ", "engine = \"none\"\nimage = ");
    for text in [with_program, outside] {
        let told = refusal(&text, &Overrides::default());
        assert!(told.contains("evaluator.command has the program /no/such/npsim"), "{told}");
    }
}

#[test]
fn bad_containers_are_refused() {
    let image = "image = \"x.sif\"\n";
    for (lines, want) in [
        ("engine = \"auto\"".to_owned(), "container.image is missing; for example image = \"/cvmfs/"),
        (
            "imge = \"x\"".into(),
            "[container] has no key \"imge\"; did you mean \"image\"? known keys: engine, image, binds, env, prologue, options, stage",
        ),
        (
            format!("{image}engine = \"docker\""),
            "container.engine cannot be \"docker\"; known words: auto, apptainer, singularity, charliecloud, podman, shifter, none",
        ),
        (
            format!("{image}binds = [\"data\"]"),
            "container.binds has \"data\", which has the path \"data\", which is not absolute",
        ),
        (
            format!("{image}binds = [\"/a:/b:ro:/c\"]"),
            "container.binds has \"/a:/b:ro:/c\", which is not SOURCE, SOURCE:TARGET or SOURCE:TARGET:ro",
        ),
        (format!("{image}binds = [\"/a,b\"]"), "container.binds has \"/a,b\", which has a comma"),
        (
            format!("{image}env = {{ A = 1 }}"),
            "container.env.A must be a variable's name and a text, not 1",
        ),
        (
            format!("{image}stage = \"disk\""),
            "container.stage cannot be \"disk\"; known words: node, none",
        ),
        (
            "image = \"docker://a/b\"\nstage = \"node\"".into(),
            "container.stage cannot be \"node\" for an image that its engine fetches; give a file",
        ),
    ] {
        let told = refusal(&contained(&lines), &Overrides::default());
        assert!(told.contains(want), "{told}");
    }
    let told = refusal(&format!("{BUILTIN}[container]\n{image}"), &Overrides::default());
    assert_eq!(told, "study.toml:5: [container] is for a command; this study has none");
}

#[test]
fn another_image_is_another_study_and_another_engine_is_not() {
    let old = study(&contained("image = \"/x.sif\"\nprologue = \"source a\""));
    let same = "image = \"/x.sif\"\nprologue = \"source a\"\nengine = \"apptainer\"\nstage = \"node\"\n\
                binds = [\"/a\"]\noptions = [\"-x\"]\nenv = { A = \"b\" }";
    assert_eq!(differences(&old, &study(&contained(same))), [""; 0]);
    let other = study(&contained("image = \"/y.sif\""));
    assert_eq!(
        differences(&old, &other),
        [
            "container.image: /x.sif in the run directory, /y.sif asked for",
            "container.prologue: source a in the run directory, nothing asked for",
        ]
    );
    assert_eq!(
        differences(&study(COMMAND), &other),
        ["container.image: nothing in the run directory, /y.sif asked for"]
    );
    let text = describe(&old);
    for line in ["container\n  engine       auto\n  image        /x.sif\n", "  prologue     source a\n"]
    {
        assert!(text.contains(line), "{text}");
    }
}
