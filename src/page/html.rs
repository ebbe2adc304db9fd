//! The page: template, style, Plotly, the document, and the script that draws it.

use super::Document;
use plotly::Plot;

const TEMPLATE: &str = include_str!("web/page.html");
const STYLE: &str = include_str!("web/page.css");
/// One script, in this order: each part uses what stands before it.
const SCRIPT: [&str; 7] = [
    include_str!("web/words.js"),
    include_str!("web/fronts.js"),
    include_str!("web/parameters.js"),
    include_str!("web/model.js"),
    include_str!("web/tables.js"),
    include_str!("web/ranks.js"),
    include_str!("web/all.js"),
];

/// The whole page as one text: about 4.7 MB of it are Plotly.
///
/// # Errors
/// The document cannot be written as JSON.
pub fn html(document: &Document) -> Result<String, serde_json::Error> {
    // Inside a script element, "</" could end it, whatever stands around.
    let data = serde_json::to_string(document)?.replace("</", "<\\/");
    let parts = [
        ("{{title}}", escaped(document.title())),
        ("/*{{style}}*/", STYLE.to_owned()),
        ("<!--{{plotly}}-->", plotly().to_owned()),
        ("{{data}}", data),
        ("/*{{script}}*/", SCRIPT.concat()),
    ];
    // One after the other from the front: what is put in is not looked at again.
    let mut page = String::with_capacity(parts.iter().map(|(_, text)| text.len()).sum());
    let mut rest = TEMPLATE;
    for (mark, text) in &parts {
        let (before, after) = rest.split_once(mark).unwrap_or((rest, ""));
        page += before;
        page += text;
        rest = after;
    }
    Ok(page + rest)
}

/// The script element with Plotly.js. The library that carries it has MathJax behind it, which no plot here
/// needs.
fn plotly() -> &'static str {
    const END: &str = "</script>";
    static SOURCES: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    let sources = SOURCES.get_or_init(Plot::offline_js_sources);
    let elements = sources.split_inclusive(END).map(str::trim_start);
    elements.max_by_key(|element| element.len()).unwrap_or_default()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_has_every_mark_once_and_in_order() {
        let marks = ["{{title}}", "/*{{style}}*/", "<!--{{plotly}}-->", "{{data}}", "/*{{script}}*/"];
        let places: Vec<usize> = marks.iter().map(|m| TEMPLATE.find(m).expect(m)).collect();
        assert!(places.is_sorted(), "{places:?}");
        assert!(marks.iter().all(|m| TEMPLATE.matches(m).count() == 1));
    }

    #[test]
    fn plotly_is_one_whole_element() {
        let element = plotly();
        assert!(element.starts_with("<script") && element.ends_with("</script>"));
        assert_eq!(element.matches("</script>").count(), 1);
        assert!(element.contains("plotly.js v3"), "{}", &element[..200]);
    }
}
