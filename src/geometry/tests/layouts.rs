//! What is found in an install, what is refused, and with which words.

use super::*;

/// What is said about one edit, with the install's path as `INSTALL`.
fn refused(edits: Vec<Edit>) -> Vec<String> {
    let install = install();
    let wrong = Layout::read(&geometry(install.path(), edits), &space()).unwrap_err();
    let here = install.path().to_str().unwrap();
    wrong.into_iter().map(|text| text.replace(here, "INSTALL")).collect()
}

#[test]
fn what_stands_in_the_install_is_told() {
    let install = install();
    let layout = Layout::read(&geometry(install.path(), vec![radius()]), &space()).unwrap();
    let found = Found {
        parameter: "r".into(),
        file: "compact/pid/rich.xml".into(),
        line: 9,
        attribute: "radius".into(),
        old: "219.8*cm".into(),
    };
    assert_eq!(layout.found(), [found]);
    assert_eq!(layout.files(), ["top.xml", "compact/all.xml", "compact/pid/rich.xml"]);
    assert_eq!(layout.warnings(), [] as [String; 0]);
}

#[test]
fn what_cannot_be_edited_is_refused() {
    let rich = "compact/pid/rich.xml";
    let component = |index| Edit { index: Some(index), ..edit("r", rich, ".//mirror", "weights") };
    let expression = edit("r", rich, ".//mirror", "centerx");
    for (edit, want) in [
        (
            edit("r", rich, ".//detector/miror", "radius"),
            "edit of r: compact/pid/rich.xml: .//detector/miror finds nothing: <detector> (line 8) has no child \
             <miror>; there are mirror, sensors, gas",
        ),
        (
            edit("r", rich, ".//mirror", "radus"),
            "edit of r: compact/pid/rich.xml:9: <mirror> has no attribute \"radus\"; it has radius, centerx, \
             weights",
        ),
        (
            expression.clone(),
            "edit of r: compact/pid/rich.xml:9: centerx is \"138.4*cm - RICH_zmin\", which is no plain number; \
             to replace it all the same, write expression = \"replace\" in the edit",
        ),
        (
            edit("r", rich, ".//gas", "material"),
            "edit of r: compact/pid/rich.xml:13: material is \"C2F6\", which is no plain number; to replace it \
             all the same, write expression = \"replace\" in the edit",
        ),
        (
            component(3),
            "edit of r: compact/pid/rich.xml:9: weights is \"1, 2 ,3\" and has 3 components; index 3 is beyond \
             (it counts from 0)",
        ),
        (
            edit("r", "compact/pid/rch.xml", ".//mirror", "radius"),
            "edit of r: INSTALL/compact/pid/rch.xml: No such file or directory (os error 2); did you mean \
             rich.xml?",
        ),
        (
            edit("r", "compact/pid/unused.xml", ".//mirror", "radius"),
            "edit of r: INSTALL/compact/pid/unused.xml is not included by top.xml, at any depth: an edit of it \
             would change nothing; not followed: INSTALL/top.xml:7 includes \
             ${NO_SUCH_VARIABLE_HERE}/elements.xml: the environment variable NO_SUCH_VARIABLE_HERE is not set \
             (1 such in all)",
        ),
    ] {
        assert_eq!(refused(vec![edit]), [want]);
    }
    let on_purpose = Edit { expression: Expression::Replace, ..expression };
    let install = install();
    Layout::read(&geometry(install.path(), vec![on_purpose]), &space()).unwrap();
}

#[test]
fn every_wrong_edit_is_told_at_once() {
    let rich = "compact/pid/rich.xml";
    let wrong = refused(vec![edit("r", rich, ".//a", "x"), radius(), edit("s", rich, ".//b", "x")]);
    assert_eq!(wrong.len(), 2, "{wrong:?}");
}

#[test]
fn two_ways_to_one_attribute_are_refused() {
    let rich = "compact/pid/rich.xml";
    let other = edit("s", rich, "detectors/*/mirror[1]", "radius");
    let said = "edit of s: compact/pid/rich.xml:9: radius is edited by r already";
    assert_eq!(refused(vec![radius(), other.clone()]), [said]);
    // Through another path of the same file, too.
    let link = Edit { file: "compact/pid/../pid/rich.xml".into(), ..other };
    assert_eq!(refused(vec![radius(), link]).len(), 1);
    let whole = edit("r", rich, ".//mirror", "weights");
    let one = |index| Edit { index: Some(index), ..edit("s", rich, "*/*/mirror", "weights") };
    assert_eq!(refused(vec![Edit { expression: Expression::Replace, ..whole }, one(0)]).len(), 1);
    assert_eq!(refused(vec![one(1), one(1)]).len(), 1);
    let install = install();
    Layout::read(&geometry(install.path(), vec![one(0), one(2)]), &space()).unwrap();
}

#[test]
fn what_is_odd_is_told() {
    let rich = "compact/pid/rich.xml";
    let install = install();
    let sphere = edit("r", rich, ".//sensors/sphere", "radius");
    let second = edit("s", rich, ".//sensors[2]/sphere", "radius");
    let bare = edit("gas", rich, ".//sphere/[@centerx]", "centerx");
    let layout = Layout::read(&geometry(install.path(), vec![sphere, second, bare]), &space()).unwrap();
    assert_eq!(
        layout.warnings(),
        [
            "compact/pid/rich.xml: .//sensors/sphere finds 2 elements (lines 11, 12); only the first is edited",
            "compact/pid/rich.xml:12: the edit of radius writes cm where the file has mrad",
            "compact/pid/rich.xml:11: the edit of centerx writes cm where the file has a number without a unit",
        ]
    );
}

#[test]
fn a_default_that_is_not_the_installed_value_is_told() {
    let install = install();
    for (default, want) in [
        (219.8, None),
        (219.0, Some("compact/pid/rich.xml:9: r has the default 219, but the install has 219.8*cm")),
    ] {
        let mut space = space();
        space.parameters[0].default = Some(Value::Float(default));
        let layout = Layout::read(&geometry(install.path(), vec![radius()]), &space).unwrap();
        assert_eq!(layout.warnings().first().map(String::as_str), want);
    }
}

#[test]
fn an_install_that_is_not_there_is_explained() {
    let gone = Layout::read(&geometry(Path::new("/no/such/detector"), vec![]), &space()).unwrap_err();
    assert!(gone[0].contains("/no/such/detector is no folder on this machine"), "{gone:?}");
    let install = install();
    fs::remove_file(install.path().join("top.xml")).unwrap();
    let gone = Layout::read(&geometry(install.path(), vec![]), &space()).unwrap_err();
    assert!(gone[0].contains("top.xml: No such file"), "{gone:?}");
}

#[test]
fn includes_in_a_circle_end() {
    let install = install();
    fs::write(install.path().join("compact/calo.xml"), "<a><include ref=\"../top.xml\"/></a>").unwrap();
    let layout = Layout::read(&geometry(install.path(), vec![radius()]), &space()).unwrap();
    assert_eq!(
        layout.files(),
        ["top.xml", "compact/all.xml", "compact/pid/rich.xml", "compact/calo.xml"]
    );
    let overlay = layout.overlay("/run", &space(), &design(1.0, 1.0));
    assert_eq!(text(&overlay, "compact/calo.xml"), "<a><include ref=\"/run/top.xml\"/></a>");
}

#[test]
fn an_install_behind_a_link_is_the_same() {
    let real = install();
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("epic");
    std::os::unix::fs::symlink(real.path(), &link).unwrap();
    // The chain leads through the real path, as an install may have it.
    let absolute =
        ALL.replace("pid/rich.xml", &format!("{}/compact/pid/rich.xml", real.path().display()));
    fs::write(real.path().join("compact/all.xml"), absolute).unwrap();
    let layout = Layout::read(&geometry(&link, vec![radius()]), &space()).unwrap();
    let overlay = layout.overlay("/run", &space(), &design(1.0, 1.0));
    assert!(text(&overlay, "compact/all.xml").contains("\"/run/compact/pid/rich.xml\""));
}
