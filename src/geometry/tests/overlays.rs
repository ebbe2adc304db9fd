//! What trials get.

use super::*;

fn overlay(edits: Vec<Edit>, r: f64, s: f64) -> (tempfile::TempDir, Overlay) {
    let install = install();
    let layout = Layout::read(&geometry(install.path(), edits), &space()).unwrap();
    let overlay = layout.overlay("/run/geometry", &space(), &design(r, s));
    (install, overlay)
}

#[test]
fn only_the_chain_to_a_changed_file_is_written() {
    let (install, overlay) = overlay(vec![radius()], 200.5, 0.0);
    let names: Vec<&str> = overlay.files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["top.xml", "compact/all.xml", "compact/pid/rich.xml", "geometry.diff"]);
    assert_eq!(overlay.top, "top.xml");
    let here = install.path().display();
    assert_eq!(
        text(&overlay, "top.xml"),
        TOP.replace("'compact/all.xml'", "'/run/geometry/compact/all.xml'")
    );
    assert_eq!(
        text(&overlay, "compact/all.xml"),
        ALL.replace("pid/rich.xml", "/run/geometry/compact/pid/rich.xml")
            .replace("../compact/calo", &format!("{here}/compact/../compact/calo"))
    );
    // Byte for byte, but for the value.
    assert_eq!(text(&overlay, "compact/pid/rich.xml"), RICH.replace("219.8*cm", "200.5*cm"));
}

#[test]
fn several_edits_meet_in_one_file_and_in_several() {
    let mut gas = edit("gas", "compact/pid/rich.xml", ".//gas", "material");
    gas.value = "{gas}".into();
    let mut weight = edit("s", "compact/pid/rich.xml", ".//mirror", "weights");
    (weight.index, weight.value, weight.format) = (Some(1), "{s}".into(), Some(NumberFormat::Fixed(2)));
    let mut layer = edit("s", "compact/far/b0.xml", ".//constant[@name='L2']", "value");
    layer.value = "B0_length/2.0+{r}*cm+{s}*cm".into();
    layer.expression = Expression::Replace;
    let (_install, overlay) = overlay(vec![radius(), gas, weight, layer], 1e-7, -0.126);
    let rich = RICH
        .replace("219.8*cm", "1e-7*cm")
        .replace("material=\"C2F6\"", "material=\"C4F10\"")
        .replace("1, 2 ,3", "1, -0.13 ,3");
    assert_eq!(text(&overlay, "compact/pid/rich.xml"), rich);
    let b0 = B0.replace("B0_length/2.0 + 2*cm", "B0_length/2.0+1e-7*cm+(-0.126)*cm");
    assert_eq!(text(&overlay, "compact/far/b0.xml"), b0);
    let all = text(&overlay, "compact/all.xml");
    assert!(all.contains("\"/run/geometry/compact/far/b0.xml\""), "{all}");
}

#[test]
fn the_difference_shows_what_changed_and_nothing_else() {
    let (_install, overlay) = overlay(vec![radius()], 200.5, 0.0);
    let difference = text(&overlay, "geometry.diff");
    let changed: Vec<&str> = difference
        .lines()
        .filter(|line| {
            line.starts_with(['+', '-']) && !line.starts_with("+++") && !line.starts_with("---")
        })
        .map(str::trim_end)
        .collect();
    assert_eq!(changed.len(), 8, "{difference}");
    assert!(changed.contains(&"-    <mirror radius=\"219.8*cm\""), "{difference}");
    assert!(changed.contains(&"+    <mirror radius=\"200.5*cm\""), "{difference}");
    assert!(
        difference.contains("--- install/compact/pid/rich.xml\n+++ trial/compact/pid/rich.xml\n@@ -")
    );
}

#[test]
fn a_run_directory_may_have_any_name() {
    let install = install();
    let layout = Layout::read(&geometry(install.path(), vec![radius()]), &space()).unwrap();
    let root = "/run/a & 'b' \"c\"";
    let overlay = layout.overlay(root, &space(), &design(1.0, 1.0));
    let top = text(&overlay, "top.xml");
    let xml = crate::xml::Xml::parse(top).unwrap();
    let include = xml.select(&crate::xml::Path::parse("./include").unwrap());
    assert_eq!(include[0].attribute("ref"), Some(&*format!("{root}/compact/all.xml")));
}

#[test]
fn without_edits_there_is_the_top_file() {
    let (_install, overlay) = overlay(vec![], 1.0, 1.0);
    assert_eq!(overlay.files.len(), 2);
    let top = text(&overlay, "top.xml");
    assert!(top.contains("ref='/") && top.contains("/compact/all.xml'"), "{top}");
}
