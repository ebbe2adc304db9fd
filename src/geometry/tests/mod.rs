//! A detector in four files, as installs have them: text of our own.

mod layouts;
mod overlays;
mod places;

use super::*;
use crate::config::{Edit, Expression, Geometry, NumberFormat};
use crate::problem::{Parameter, ParameterKind, Scale, Space, Value};
use std::fs;
use std::path::Path;

/// The top file includes the middle one, which includes the detectors by relative paths.
const TOP: &str = r#"<?xml version="1.0"?>
<!-- a whole detector -->
<lccdd>
  <info name='stand-in' />
  <includes>
    <gdmlFile ref="${DETECTOR_PATH}/materials.xml"/>
    <gdmlFile ref="${NO_SUCH_VARIABLE_HERE}/elements.xml"/>
  </includes>
  <define><include ref="${DETECTOR_PATH}/compact/definitions.xml"/></define>
  <include ref='compact/all.xml'   /><!-- everything -->
</lccdd>
"#;
const ALL: &str = "<lccdd>\n\t<include ref=\"pid/rich.xml\"/>\n\t<include ref=\"../compact/calo.xml\"/>\n\t<include ref=\"${DETECTOR_PATH}/compact/far/b0.xml\"/>\n</lccdd>\n";
const RICH: &str = "<lccdd>\r\n<define>\r\n  <constant name=\"RICH_zmin\" value=\"195*cm\"/>\r\n  <constant name='RICH_length'  value = '20.0*cm' />\r\n</define>\r\n<detectors>\r\n  <!-- radius=\"1*cm\" -->\r\n  <detector name=\"RICH\" vis='A &amp; B'>\r\n    <mirror radius=\"219.8*cm\"\r\n            centerx=\"138.4*cm - RICH_zmin\" weights=\"1, 2 ,3\"/>\r\n    <sensors><sphere radius='110*cm' centerx=\"5\"/></sensors>\r\n    <sensors><sphere radius='9*mrad'/></sensors>\r\n    <gas material=\"C2F6\"/>\r\n  </detector>\r\n</detectors>\r\n</lccdd>\r\n";
const B0: &str = "<lccdd><define>\n  <constant name=\"L1\" value=\"B0_length/2.0 + 1*cm\"/>\n  <constant name=\"L2\" value=\"B0_length/2.0 + 2*cm\"/>\n</define></lccdd>\n";

/// A folder that holds the install.
fn install() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("top.xml", TOP),
        ("materials.xml", "<materials/>"),
        ("compact/definitions.xml", "<define/>"),
        ("compact/all.xml", ALL),
        ("compact/calo.xml", "<lccdd/>"),
        ("compact/pid/rich.xml", RICH),
        ("compact/pid/unused.xml", RICH),
        ("compact/far/b0.xml", B0),
    ] {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn geometry(install: &Path, edits: Vec<Edit>) -> Geometry {
    Geometry { install: install.to_owned(), top: "top.xml".into(), edits }
}

/// An edit that writes `{parameter}*cm`.
fn edit(parameter: &str, file: &str, xpath: &str, attribute: &str) -> Edit {
    Edit {
        parameter: parameter.into(),
        file: file.into(),
        xpath: xpath.into(),
        attribute: attribute.into(),
        index: None,
        value: format!("{{{parameter}}}*cm"),
        format: None,
        expression: Expression::Keep,
    }
}

fn radius() -> Edit {
    edit("r", "compact/pid/rich.xml", ".//detector/mirror/[@radius]", "radius")
}

fn space() -> Space {
    let float = ParameterKind::Float { lower: -1e3, upper: 1e3, scale: Scale::Linear };
    let words = ["C2F6", "C4F10"].map(|w| Value::Text(w.into())).to_vec();
    let parameter =
        |name: &str, kind| Parameter { name: name.into(), kind, unit: "".into(), default: None };
    let parameters = vec![
        parameter("r", float.clone()),
        parameter("s", float),
        parameter("gas", ParameterKind::Choice { values: words }),
    ];
    Space { parameters, constraints: vec![] }
}

fn design(r: f64, s: f64) -> Vec<Value> {
    vec![Value::Float(r), Value::Float(s), Value::Text("C4F10".into())]
}

/// The text of one file of an overlay.
fn text<'a>(overlay: &'a Overlay, name: &str) -> &'a str {
    &overlay.files.iter().find(|(n, _)| n == name).unwrap_or_else(|| panic!("no {name}")).1
}
