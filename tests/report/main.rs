//! `paretorank report`: the page in a real browser, its figures against h5py, its pictures as SVG.

mod browser;
#[allow(dead_code)]
#[path = "../support/mod.rs"]
mod support;

use browser::Opened;
use serde_json::{Value as Json, json};
use std::fs;
use std::path::Path;
use support::{Ranks, Scene, commanded};

/// A study with outcomes of every kind: a mass and a bending, one of them beyond a bound, a nominal design, and
/// what the evaluator makes of it.
const BEAM: &str = r#"
[study]
name = "beam"
[[parameter]]
name = "height"
kind = "float"
lower = 20.0
upper = 120.0
default = 60.0
unit = "mm"
[[parameter]]
name = "width"
kind = "float"
lower = 1.0
upper = 100.0
default = 20.0
scale = "log"
unit = "m<m"
[[parameter]]
name = "material"
kind = "choice"
values = ["steel", "brass", "wood </script><script>document.title=1</script>&"]
default = "steel"
[[objective]]
name = "mass"
goal = "minimize"
threshold = 12000.0
unit = "g"
[[objective]]
name = "stiffness"
goal = "maximize"
threshold = 0.0
[[objective]]
name = "price"
goal = "minimize"
threshold = 400.0
[[metric]]
name = "stress"
[[outcome_constraint]]
text = "stress <= 60"
[strategy]
method = "mobo"
initial = 12
trials = 26
[evaluator]
command = ["/bin/sh", "-c", '''
case $1 in 5) exit 9;; 7) exit 3;; esac
awk -v h="$2" -v w="$3" -v m="$4" 'BEGIN {
  density = m == "steel" ? 7.8 : m == "brass" ? 8.5 : 0.7; price = m == "brass" ? 5 : 1
  printf "{\"mass\": {\"value\": %g, \"sem\": 1.5}, \"stiffness\": %g, \"price\": %g, \"stress\": %g}\n",
    h * w * density / 2, w * h * h / 1000, price * density * w * 0.3 + h / 9, 90000 / (w * h + 100) }' > result.json
''', "sh", "{trial.id}", "{param.height}", "{param.width}", "{param.material}"]
result = "result.json"
exit_codes = { 9 = "infeasible" }
"#;

fn beam() -> Scene {
    let scene = Scene::new(BEAM);
    scene.complete(Ranks::Threads(2), &[]);
    scene
}

fn page(scene: &Scene) -> std::path::PathBuf {
    scene.run_dir().join("report.html")
}

fn document(scene: &Scene) -> Json {
    serde_json::from_str(&scene.ask("report", &["--json"]).expect(0).out).unwrap()
}

/// Nothing was said on the console, and nothing but the page itself was asked for.
fn assert_quiet(opened: &Opened) {
    assert_eq!(opened.complaints(), [""; 0]);
    assert_eq!(opened.requests().len(), 1, "{:?}", opened.requests());
}

#[test]
fn the_page_opens_and_answers_without_a_word_on_the_console() {
    let scene = beam();
    let said = scene.ask("report", &[]).expect(0).out;
    assert!(said.contains("report.html (open it in a browser)"), "{said}");
    let Some(opened) = browser::open(&page(&scene)) else { return };
    assert_eq!((opened.text("title"), opened.tell("document.title")), ("beam".into(), json!("beam")));
    assert!(opened.text("good").starts_with("hypervolume"), "{}", opened.text("good"));
    assert!(opened.text("good-more").contains("not dominated"), "{}", opened.text("good-more"));
    assert!(opened.text("sure").starts_with("rank correlation"), "{}", opened.text("sure"));
    assert!(opened.text("long").contains("ranks busy"), "{}", opened.text("long"));
    assert_eq!(opened.text("failed"), "1 of 26 failed");
    assert!(opened.text("failed-more").contains("1 infeasible"), "{}", opened.text("failed-more"));
    assert!(opened.text("failures-table").contains("exit code 3"), "{}", opened.text("failures-table"));
    // All four answers and both first plots are on the first screen.
    let fits = "document.getElementById('hypervolume').getBoundingClientRect().bottom <= innerHeight";
    assert_eq!(opened.tell(fits), json!(true));
    // Every plot has drawn something.
    for id in ["hypervolume", "pair", "pairs", "importance", "left-out", "slices", "timeline", "split"] {
        let marks = format!("document.querySelectorAll('#{id} .trace, #{id} .bars').length");
        assert!(opened.tell(&marks).as_u64().unwrap() > 0, "{id} is empty");
    }
    assert_eq!(opened.tell("document.querySelectorAll('#parallel-plot .y-axis').length"), json!(6));
    let rows = opened.tell("document.querySelectorAll('#designs-table tbody tr').length");
    assert!(rows.as_u64().unwrap() > 3, "{rows}");
    let wall = "document.querySelector('input[value=time]').click(), \
                document.querySelector('#hypervolume .xtitle').textContent";
    assert!(opened.tell(&format!("({wall})")).as_str().unwrap().starts_with("time since"), "{wall}");
    let png = opened.screenshot();
    fs::write(scene.path("page.png"), &png).unwrap();
    assert!(png.len() > 50_000, "{} bytes are no page with plots", png.len());
    assert_quiet(&opened);
}

#[test]
fn a_brush_along_an_axis_keeps_the_trials_within() {
    let scene = beam();
    scene.ask("report", &[]).expect(0);
    let Some(opened) = browser::open(&page(&scene)) else { return };
    let document = document(&scene);
    let status = document["trials"]["status"].as_array().unwrap();
    let valued: Vec<usize> = (0..26).filter(|k| status[*k].as_u64().unwrap() <= 1).collect();
    assert_eq!(opened.text("selected"), format!("Kept: {0} of {0}.", valued.len()));
    // The upper half of the first axis.
    let place = opened.tell(
        "(() => { document.getElementById('parallel-plot').scrollIntoView();
           const box = document.querySelector('#parallel-plot .axis-brush .background').getBoundingClientRect();
           return [box.x + box.width / 2, box.top, box.bottom]; })()",
    );
    let [x, top, bottom] = [0, 1, 2].map(|k| place[k].as_f64().unwrap());
    opened.drag((x, top + 6.0), (x, (top + bottom) / 2.0));
    opened.until(
        "document.getElementById('selected').textContent.split(' ')[1] !== \
                  document.getElementById('selected').textContent.split(' ')[3].replace('.', '')",
    );
    let range = opened.tell(
        "document.getElementById('parallel-plot').data[0].dimensions[0].constraintrange.map(Number)",
    );
    let [low, high] = [0, 1].map(|k| range[k].as_f64().unwrap());
    assert!((60.0..80.0).contains(&low) && high > 110.0, "{range}");
    let heights = &document["trials"]["parameters"][0];
    let inside = |k: &&usize| (low..=high).contains(&heights[**k].as_f64().unwrap());
    let want = valued.iter().filter(inside).count();
    assert!(want > 0 && want < valued.len());
    assert_eq!(opened.text("selected"), format!("Kept: {want} of {}.", valued.len()));
    // The fronts show these alone.
    let shown = opened.tell(
        "document.getElementById('pair').data.filter(t => ['dominated', 'not dominated', \
         'beyond a constraint'].includes(t.name)).reduce((n, t) => n + t.x.length, 0)",
    );
    assert_eq!(shown, json!(want));
    assert_quiet(&opened);
}

#[test]
fn figures_are_those_of_the_history() {
    let scene = beam();
    let document = document(&scene);
    let script = "y = f['trials/objectives'][:]; ok = f['trials/acceptable'][:] == 1
done = [int(k) for k in f['completions'][:]]
v = y * [1, -1, 1]
front = [i for i in range(len(y)) if ok[i] and not any(
    ok[j] and (v[j] <= v[i]).all() and (v[j] < v[i]).any() for j in range(len(y)))]
t = f['tasks']
print(json.dumps({'y': [[None if x != x else x for x in r] for r in y.tolist()], 'front': front,
  'curve': f['hypervolume'][:].tolist(), 'ended': done, 'busy': float((t['finished'][:] - t['started'][:]).sum()),
  'status': f['trials/status'].asstr()[:].tolist()}))";
    let Some(h5) = support::python::h5py(&scene.run_dir().join("history.h5"), script) else { return };
    let trials = &document["trials"];
    assert_eq!(trials["front"], h5["front"]);
    assert_eq!(trials["ended"], h5["ended"]);
    let close = |a: &Json, b: &Json| match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => (a - b).abs() <= 1e-4 * b.abs(),
        (a, b) => a.is_none() && b.is_none(),
    };
    for k in 0..26 {
        for m in 0..3 {
            let (found, want) = (&trials["objectives"][m][k], &h5["y"][k][m]);
            assert!(close(found, want), "trial {k}: {found} {want}");
        }
        assert!(close(&trials["hypervolume"][k], &h5["curve"][k]));
        let word = &trials["statuses"][trials["status"][k].as_u64().unwrap() as usize];
        let known = if word == "violating" { &json!("ok") } else { word };
        assert_eq!(known, &h5["status"][k], "trial {k}");
    }
    assert_eq!(trials["sem"][0][0], json!(1.5));
    assert_eq!(trials["reasons"].as_object().unwrap().len(), 2);
    let busy = document["ranks"]["busy"].as_f64().unwrap();
    let allocated = 3600.0 * document["ranks"]["rank_hours"].as_f64().unwrap();
    let want = h5["busy"].as_f64().unwrap();
    assert!((busy * allocated - want).abs() < 0.01 * want, "{busy} of {allocated}: {want}");
    // Against the nominal design, by hand.
    let designs = document["designs"].as_array().unwrap();
    assert_eq!(designs[0]["roles"], json!(["nominal"]));
    let nominal = &designs[0];
    for design in &designs[1..] {
        for (m, sign) in [(0, 1.0), (1, -1.0), (2, 1.0)] {
            let value = |d: &Json| d["measured"][m][0].as_f64().unwrap();
            let want = 100.0 * sign * (value(nominal) - value(design)) / value(nominal);
            let found = design["better"][m].as_f64().unwrap();
            assert!((found - want).abs() < 0.1 + 1e-3 * want.abs(), "{found} {want}");
        }
    }
    // The model learnt from what has values, and every share is one of a whole.
    let model = &document["model"];
    let valued = h5["status"].as_array().unwrap().iter().filter(|s| **s == "ok").count();
    assert_eq!(model["trials"], json!(valued));
    for shares in model["importance"].as_array().unwrap() {
        let sum: f64 = shares.as_array().unwrap().iter().filter_map(Json::as_f64).sum();
        assert!((sum - 1.0).abs() < 1e-3, "{sum}");
    }
}

#[test]
fn pictures_lie_beside_the_page_and_are_svg() {
    let scene = beam();
    scene.ask("report", &["--out", scene.path("told.html").to_str().unwrap()]).expect(0);
    assert!(!page(&scene).exists());
    for name in ["front", "hypervolume", "ranks"] {
        let text = fs::read_to_string(scene.path(&format!("told-{name}.svg"))).unwrap();
        let document = roxmltree::Document::parse(&text).unwrap();
        assert!(document.root_element().has_tag_name("svg"));
        let drawn = document
            .descendants()
            .filter(|n| ["circle", "polyline", "rect"].iter().any(|tag| n.has_tag_name(*tag)));
        assert!(drawn.count() > 20, "{name}");
        assert!(!text.contains("href"), "{name} has links");
    }
}

#[test]
fn a_run_without_values_has_a_page_that_says_so() {
    let scene = Scene::new(&commanded(4, "exit 3", ""));
    scene.run(Ranks::Threads(2), &[]).expect_one_of(&[0, 1]);
    scene.ask("report", &[]).expect(0);
    let document = document(&scene);
    assert_eq!(document["model"], Json::Null);
    let failures = &document["failures"][0];
    assert_eq!((&failures["class"], &failures["trials"]), (&json!("exit"), &json!(4)));
    let log = document["facts"]["logs"]["exit"].as_str().unwrap();
    assert!(scene.run_dir().join(log).exists(), "{log}");
    let Some(opened) = browser::open(&page(&scene)) else { return };
    assert_eq!(opened.text("good"), "no value yet");
    assert!(opened.text("failed").contains("failed"), "{}", opened.text("failed"));
    assert!(
        opened.text("model-about").starts_with("There is no model:"),
        "{}",
        opened.text("model-about")
    );
    assert_quiet(&opened);
}

#[test]
fn a_report_can_be_made_while_the_study_runs() {
    let scene = Scene::quick(40, "100 ms");
    let mut running = scene.start(Ranks::Threads(2), &[]);
    scene.wait_for(&mut running, 6);
    scene.ask("report", &[]).expect(0);
    assert_eq!(document(&scene)["facts"]["state"], json!("running"));
    let text = fs::read_to_string(page(&scene)).unwrap();
    assert!(text.contains("\"state\":\"running\""));
    running.wait().expect(0);
    assert_eq!(document(&scene)["facts"]["state"], json!("complete"));
}

#[test]
fn what_cannot_be_read_or_written_is_said() {
    let scene = Scene::quick(2, "1 ms");
    scene.ask("report", &[]).expect(2).says(&["no run was ever started there"]);
    scene.complete(Ranks::Threads(1), &[]);
    scene.ask("report", &["--out", "/proc/none/report.html"]).expect(74).says(&["/proc/none"]);
    scene.ask("report", &["--json", "--out", "x.html"]).expect(2);
    assert!(!Path::new("x.html").exists());
}
