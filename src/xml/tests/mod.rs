//! Paths against Python's own ElementTree, spans, and what is said where nothing matches.

mod oracle;

use super::*;

const DETECTOR: &str = r#"<?xml version="1.0"?>
<lccdd>
  <define>
    <constant name="SNOUT_length" value="20.0*cm"/>
    <constant name='SNOUT_zmin' value='195.0 * cm'/>
  </define>
  <!-- <detector><mirror radius="0"/></detector> -->
  <detectors>
    <detector name="D"><mirror radius = "219.8*cm" x="&lt;1&gt;"/><mirror x="2"/>
      <sensors><sphere radius="110*cm"/></sensors><note>one <b>two</b></note></detector>
  </detectors>
</lccdd>
"#;

fn path(text: &str) -> Path {
    Path::parse(text).unwrap()
}

#[test]
fn a_span_is_what_stands_between_the_quotes() {
    let xml = Xml::parse(DETECTOR).unwrap();
    let found = xml.select(&path(".//detector/mirror/[@radius]"));
    assert_eq!(found.len(), 1);
    let span = found[0].span("radius").unwrap();
    assert_eq!(
        (&DETECTOR[span.range.clone()], span.raw.as_str(), span.line),
        ("219.8*cm", "219.8*cm", 9)
    );
    assert_eq!(found[0].span("x").unwrap().raw, "&lt;1&gt;");
    assert_eq!(found[0].attribute("x"), Some("<1>"));
    assert_eq!(found[0].span("y"), None);
    let single = xml.select(&path(".//constant[@name='SNOUT_zmin']"));
    assert_eq!(single[0].span("value").unwrap().raw, "195.0 * cm");
}

#[test]
fn values_from_entities_are_not_in_the_text() {
    let text = "<!DOCTYPE a [<!ENTITY e '<b c=\"1\"/>'>]><a>&e;<b c=\"2\"/></a>";
    let xml = Xml::parse(text).unwrap();
    for element in xml.select(&path("b")) {
        if let Some(span) = element.span("c") {
            assert_eq!(element.attribute("c"), Some(span.raw.as_str()));
            assert_eq!(&text[span.range.clone()], span.raw);
        }
    }
}

#[test]
fn what_is_escaped_reads_back() {
    let text = "a<b>&\"c\"'d'\n\t{}";
    for quote in ['"', '\''] {
        let xml = format!("<x y={quote}{}{quote}/>", escape(text));
        assert_eq!(Xml::parse(&xml).unwrap().select(&path("."))[0].attribute("y"), Some(text));
    }
}

#[test]
fn paths_that_are_none_say_why() {
    for (text, want) in [
        ("", "is empty"),
        ("/a", "begins with a slash; a path begins at the root element, for example .//detector"),
        ("a b", "has a blank outside of brackets"),
        ("a[@b='c]", "has a quote that nothing ends"),
        ("a[@b", "has a bracket that nothing closes"),
        ("a[0]", "has the position 0; positions begin at 1"),
        ("a[last()+1]", "has last()+1; what is possible is last()-1, last()-2, …"),
        ("a//", "lacks a tag after //"),
        ("a///b", "lacks a tag after //"),
        ("x:a", "has the prefix of \"x:a\", whose namespace it does not say; write {uri}name"),
        ("a]", "has an unexpected \"]\""),
    ] {
        let said = Path::parse(text).map(|_| ());
        match text {
            // ElementTree completes it to a//*.
            "a//" => assert_eq!(said, Ok(())),
            _ => assert_eq!(said, Err(want.to_owned()), "{text}"),
        }
    }
    assert!(Path::parse("a[b and c]").unwrap_err().contains("does not know"));
}

#[test]
fn where_nothing_matches_the_nearest_is_named() {
    let xml = Xml::parse(DETECTOR).unwrap();
    for (text, want) in [
        (
            ".//detector/miror/[@radius]",
            "<detector> (line 9) has no child <miror>; there are mirror, sensors, note",
        ),
        (
            ".//detector/mirror/[@radis]",
            "none of the 2 <mirror> (the first in line 9) has the attribute \"radis\"; there are radius, x",
        ),
        (
            ".//constant[@name='SNOUT_lenght']",
            "none of the 2 <constant> (the first in line 4) has the attribute \"name\" that is \
             \"SNOUT_lenght\"; there are SNOUT_length, SNOUT_zmin",
        ),
        (
            ".//detectors/sphere",
            "<detectors> (line 8) has no child <sphere>; there are detector; there is a \
             lccdd/detectors/detector/sensors/sphere (line 10)",
        ),
        (
            ".//mirror[3]",
            "none of the 2 <mirror> (the first in line 9) has the position that the path asks for",
        ),
        ("..", "<lccdd> (line 2) has no parent"),
        (".//note[.='one']", "<note> (line 10) has no such text; there are one two"),
    ] {
        let path = path(text);
        assert!(xml.select(&path).is_empty(), "{text}");
        let said = explain(&xml, &path);
        assert!(said.starts_with(want), "{text}: {said}");
    }
}
