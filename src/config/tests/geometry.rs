//! `[geometry]` and `edit`: what is understood, what is refused and with which words.

use super::*;

const STUDY: &str = r#"[study]
name = "rich"

[geometry]
install = "/opt/detector"
top = "./top.xml"

[[parameter]]
name = "r"
kind = "float"
lower = 1
upper = 9
unit = "cm"
edit = { file = "compact/rich.xml", xpath = ".//mirror/[@radius]", attribute = "radius" }

[[parameter]]
name = "n"
kind = "int"
lower = 0
upper = 5
edit = [
  { file = "compact/rich.xml", xpath = ".//a", attribute = "w", index = 0 },
  { file = "compact/b.xml", xpath = ".//b", attribute = "v", value = "L/2+{n}*({r}*cm)", expression = "replace" },
]

[[objective]]
name = "cost"
goal = "minimize"

[evaluator]
command = ["sh", "-c", "true", "{geometry}"]
"#;

#[test]
fn edits_are_understood() {
    let geometry = study(STUDY).geometry.unwrap();
    assert_eq!(
        (geometry.install.as_path(), geometry.top.as_path()),
        ("/opt/detector".as_ref(), "top.xml".as_ref())
    );
    let shown: Vec<String> = geometry.edits.iter().map(Edit::shown).collect();
    assert_eq!(
        shown,
        [
            "compact/rich.xml .//mirror/[@radius] radius = {r}*cm",
            "compact/rich.xml .//a w[0] = {n}",
            "compact/b.xml .//b v = L/2+{n}*({r}*cm)",
        ]
    );
    let expressions: Vec<Expression> = geometry.edits.iter().map(|e| e.expression).collect();
    assert_eq!(expressions, [Expression::Keep, Expression::Keep, Expression::Replace]);
    let pieces = geometry.edits[2].pieces();
    let want = [
        Piece::Text("L/2+"),
        Piece::Value("n"),
        Piece::Text("*("),
        Piece::Value("r"),
        Piece::Text("*cm)"),
    ];
    assert_eq!(pieces, want);
    let formatted =
        with(STUDY, "attribute = \"radius\" }", "attribute = \"radius\", format = \"%.3f\" }");
    assert_eq!(study(&formatted).geometry.unwrap().edits[0].format, Some(NumberFormat::Fixed(3)));
    // What a run directory stores reads back, and a study without a detector stores nothing of it.
    let whole = study(STUDY);
    let text = serde_json::to_string(&whole).unwrap();
    assert_eq!(serde_json::from_str::<Study>(&text).unwrap(), whole);
    assert!(!serde_json::to_string(&study(COMMAND)).unwrap().contains("geometry"));
    assert!(describe(&whole).contains("geometry (3 edits)\n  install      /opt/detector\n"));
}

#[test]
fn another_edit_is_another_study() {
    let other = with(STUDY, "L/2+{n}", "L/3+{n}");
    let found = differences(&study(STUDY), &study(&other));
    let want = "edit 3 (parameter n): compact/b.xml .//b v = L/2+{n}*({r}*cm) in the run directory, \
                compact/b.xml .//b v = L/3+{n}*({r}*cm) asked for";
    assert_eq!(found, [want]);
    let moved = with(STUDY, "/opt/detector", "/opt/other");
    let found = differences(&study(STUDY), &study(&moved));
    assert_eq!(found, ["geometry.install: /opt/detector in the run directory, /opt/other asked for"]);
}

#[test]
fn wrong_edits_are_refused() {
    for (old, new, want) in [
        (
            "./top.xml",
            "../top.xml",
            "study.toml:6: geometry.top must be a path below the install, not \"../top.xml\"",
        ),
        (
            "top =",
            "tip =",
            "study.toml:4: geometry.top is missing; for example top = \"epic_craterlake.xml\"\nstudy.toml:6: [geometry] has no key \"tip\"; did you mean \"top\"? known keys: install, top",
        ),
        (
            "{ file = \"compact/rich.xml\", xpath = \".//mirror/[@radius]\"",
            "{ file = \"/etc/x\", xpath = \".//mirror/[@radius]\"",
            "study.toml:14: parameter.r.edit.file must be a path below the install, not \"/etc/x\"",
        ),
        (
            ".//mirror/[@radius]",
            "//mirror",
            "study.toml:14: parameter.r.edit.xpath (\"//mirror\") begins with a slash; a path begins at the root element, for example .//detector",
        ),
        (
            "unit = \"cm\"",
            "unit = \"furlong\"",
            "study.toml:14: writes the unit \"furlong\", which detector descriptions do not know; use one like cm, mm, mrad, deg, GeV, or say what to write, for example value = \"{r}*furlong\"",
        ),
        (
            "+{n}*({r}*cm)",
            "+{m}",
            "study.toml:23: parameter.n.edit.2.value has {m}, but there is no such parameter; known parameters: r, n",
        ),
        (
            "+{n}*({r}*cm)",
            "+{param.n}",
            "study.toml:23: parameter.n.edit.2.value has {param.n}, but there is no such parameter; here it is just {n}",
        ),
        (
            "+{n}*({r}*cm)",
            "+{r}",
            "study.toml:23: parameter.n.edit.2.value (\"L/2+{r}\") does not depend on the parameter; it must have {n}",
        ),
        (
            "index = 0",
            "index = 0, format = \"%.3f\"",
            "study.toml:22: parameter.n.edit.1.format is for floats; leave it away",
        ),
        (
            "attribute = \"radius\" }",
            "attribute = \"radius\", format = \"3\" }",
            "study.toml:14: parameter.r.edit.format must be \"%.4f\" or \"%.6e\" with other digits, not \"3\"",
        ),
        (
            "\"replace\"",
            "\"drop\"",
            "study.toml:23: parameter.n.edit.2.expression cannot be \"drop\"; known words: keep, replace",
        ),
        (
            ", attribute = \"radius\"",
            "",
            "study.toml:14: parameter.r.edit.attribute is missing; for example attribute = \"radius\"",
        ),
        (
            ".//a\", attribute = \"w\"",
            ".//mirror/[@radius]\", attribute = \"radius\"",
            "study.toml:22: n edits the attribute \"radius\" at .//mirror/[@radius] of compact/rich.xml, which r edits already",
        ),
        (
            "[geometry]\ninstall = \"/opt/detector\"\ntop = \"./top.xml\"\n",
            "",
            "study.toml:11: parameter.r.edit needs to know of which detector; write a table [geometry] with top = \"epic_craterlake.xml\" and install = \"/opt/detector/share/epic\"",
        ),
    ] {
        assert_eq!(refusal(&with(STUDY, old, new), &Overrides::default()), want, "{new}");
    }
}

#[test]
fn a_detector_needs_somebody_who_uses_it() {
    let geometry = "[geometry]\ninstall = \"/opt/detector\"\ntop = \"top.xml\"\n";
    let want = "study.toml:2: evaluator.builtin is a test function, which no detector description changes; remove [geometry]";
    assert_eq!(refusal(&format!("{BUILTIN}{geometry}"), &Overrides::default()), want);
    let asks = with(COMMAND, "\"{trial.id}\"", "\"{geometry}\"");
    let said = refusal(&asks, &Overrides::default());
    assert!(said.ends_with("evaluator.command has {geometry}, but there is no table [geometry] that says of which detector"), "{said}");
}

#[test]
fn the_environment_stands_for_an_install_that_is_not_written() {
    use crate::config::{document, geometry_table};
    let read = |environment: Option<&str>| {
        let text = with(STUDY, "install = \"/opt/detector\"\n", "");
        let document = document::parse(&text).unwrap();
        let problems = Problems::default();
        let parameters = study(STUDY).problem.space.parameters;
        let environment = environment.map(PathBuf::from);
        let geometry =
            geometry_table::read(&document, Path::new(""), Some(&parameters), environment, &problems);
        (geometry.flatten().map(|g| g.install), problems.sorted())
    };
    assert_eq!(read(Some("/cvmfs/epic")), (Some("/cvmfs/epic".into()), vec![]));
    let (none, problems) = read(None);
    assert_eq!(none, None);
    let want = "geometry.install is missing, and so is the environment variable DETECTOR_PATH, which would stand \
                for it; for example install = \"/opt/detector/share/epic\"";
    assert_eq!(problems[0].text, want);
}
