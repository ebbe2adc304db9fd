//! The oracle: Python's own `xml.etree.ElementTree`.

use crate::xml::{Path, Xml};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use std::io::Write;
use std::process::{Command, Stdio};

/// Reads `[[xml, path], …]` and prints for each the positions (in document order) of what `findall`
/// gives, each element once; `null` where Python refuses the path.
const SCRIPT: &str = r"
import json, sys
from xml.etree import ElementTree
def found(xml, path):
    root = ElementTree.fromstring(xml)
    order = {element: k for k, element in enumerate(root.iter())}
    try:
        hits = root.findall(path)
    except Exception:
        return None
    first = root.find(path)
    assert first is (hits[0] if hits else None)
    return [order[hit] for hit in dict.fromkeys(hits)]
print(json.dumps([found(*case) for case in json.load(sys.stdin)]))
";

fn python(cases: &[(String, String)]) -> Vec<Option<Vec<usize>>> {
    let program = std::env::var("PARETORANK_PYTHON").unwrap_or_else(|_| "python3".into());
    let mut child = Command::new(program)
        .args(["-c", SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let text = serde_json::to_vec(cases).unwrap();
    child.stdin.take().unwrap().write_all(&text).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

fn ours(text: &str, path: &str) -> Option<Vec<usize>> {
    let xml = Xml::parse(text).unwrap();
    let path = Path::parse(path).ok()?;
    let all: Vec<_> = xml.elements().collect();
    let place = |element| all.iter().position(|e| *e == element).unwrap();
    Some(xml.select(&path).into_iter().map(place).collect())
}

/// Documents over few tags, attributes and texts, with comments and a namespace here and there.
fn document() -> impl Strategy<Value = String> {
    let attributes = prop::collection::btree_map("[xy]", "[12]", 0..3);
    let tag = prop::sample::select(vec!["a", "b", "c", "n:a"]);
    let leaf = (tag, attributes, "[12]?").prop_map(|(tag, attributes, text)| {
        let written: String = attributes.iter().map(|(k, v)| format!(" {k}='{v}'")).collect();
        (format!("{tag}{written}"), tag, text)
    });
    let element = leaf.prop_map(|(open, tag, text)| format!("<{open}>{text}</{tag}>"));
    let tree = element.prop_recursive(4, 24, 4, |inner| {
        let tag = prop::sample::select(vec!["a", "b", "c"]);
        let attributes = prop::collection::btree_map("[xy]", "[12]", 0..3);
        (tag, attributes, prop::collection::vec(inner, 0..4), "[12]?").prop_map(
            |(tag, attributes, inner, tail)| {
                let written: String = attributes.iter().map(|(k, v)| format!(" {k}=\"{v}\"")).collect();
                format!("<{tag}{written}><!--<a x='1'/>-->{}{tail}</{tag}>", inner.concat())
            },
        )
    });
    prop::collection::vec(tree, 0..4).prop_map(|all| format!("<r xmlns:n='u'>{}</r>", all.concat()))
}

/// Paths that are right, and some that are nearly.
fn path() -> impl Strategy<Value = String> {
    let tag = || prop::sample::select(vec!["a", "b", "c", "*", ".", "..", "{u}a"]);
    let predicate = prop::sample::select(vec![
        "",
        "",
        "",
        "[@x]",
        "[@x='1']",
        "[@y!=\"2\"]",
        "[a]",
        "[ b ]",
        "[a='1']",
        "[.='12']",
        "[b!='']",
        "[1]",
        "[2]",
        "[last()]",
        "[last()-1]",
        "[@x][1]",
        "/[@x]",
        "/[@y='1']",
        "[{u}a]",
        "[0]",
        "[@]",
        "[",
    ]);
    let sign = prop::sample::select(vec!["/", "/", "//", ""]);
    let step =
        (sign, tag(), predicate).prop_map(|(sign, tag, predicate)| format!("{sign}{tag}{predicate}"));
    let begin = prop::sample::select(vec![".", "a", "*", "b[@x]"]);
    let end = prop::sample::select(vec!["", "", "", "/"]);
    (begin, prop::collection::vec(step, 0..4), end)
        .prop_map(|(begin, steps, end)| format!("{begin}{}{end}", steps.concat()))
}

#[test]
fn paths_find_what_python_finds() {
    let mut runner = TestRunner::deterministic();
    let mut cases: Vec<(String, String)> = vec![];
    for _ in 0..150 {
        let xml = document().new_tree(&mut runner).unwrap().current();
        for _ in 0..20 {
            cases.push((xml.clone(), path().new_tree(&mut runner).unwrap().current()));
        }
    }
    let detector = super::DETECTOR.to_owned();
    for path in [
        ".//detector/mirror/[@radius]",
        ".//detector/sensors/sphere/[@radius]",
        ".//constant[@name='SNOUT_length']",
        ".//constant[@name=\"SNOUT_zmin\"]",
        ".//mirror[2]",
        ".//mirror[last()]/../sensors",
        ".//note[b='two']",
        ".//note[.='one two']",
        "detectors/*/*[@x='<1>']",
        "./define/constant/",
    ] {
        cases.push((detector.clone(), path.to_owned()));
    }
    let wanted = python(&cases);
    assert_eq!(wanted.len(), cases.len());
    let mut hits = [0; 3];
    for ((xml, path), wanted) in cases.iter().zip(wanted) {
        assert_eq!(ours(xml, path), wanted, "{path} in {xml}");
        hits[wanted.map_or(0, |found| found.len().min(1) + 1)] += 1;
    }
    // Refused, nothing, something: all three happen, and not by chance.
    assert!(hits.iter().all(|n| *n > 100), "{hits:?}");
}
