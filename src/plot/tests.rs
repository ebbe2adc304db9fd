use super::*;

fn picture(shape: Shape) -> Picture {
    let panel = Panel {
        title: "a < b".into(),
        x: Axis::linear("trials"),
        y: Axis::linear("hypervolume [1]"),
        series: vec![Series::new("mobo & co", 0, shape)],
    };
    Picture { title: "DTLZ2".into(), panels: vec![panel], ..Picture::default() }
}

/// The picture read as XML: whatever a name contains, that is what it must be.
fn read(text: &str) -> roxmltree::Document<'_> {
    roxmltree::Document::parse(text).unwrap()
}

/// How many elements of a kind there are, and every text.
fn content(text: &str, tag: &str) -> (usize, Vec<String>) {
    let document = read(text);
    let count = document.descendants().filter(|n| n.has_tag_name(tag)).count();
    let texts = document.descendants().filter(|n| n.has_tag_name("text"));
    (count, texts.map(|n| n.text().unwrap_or("").trim().to_owned()).collect())
}

#[test]
fn every_shape_draws_what_it_has_and_says_what_it_is() {
    let points = vec![(1.0, 2.0), (2.0, 3.0), (f64::NAN, 1.0), (3.0, 2.5)];
    let marks = svg(&picture(Shape::Marks(points.clone()))).unwrap();
    let (circles, texts) = content(&marks, "circle");
    assert_eq!(circles, 3 + 1, "what is not finite is left out, and the legend has one");
    for text in ["DTLZ2", "a < b", "mobo & co", "trials", "hypervolume [1]"] {
        assert!(texts.iter().any(|t| t == text), "{text} in {texts:?}");
    }
    let line = svg(&picture(Shape::Line(points.clone()))).unwrap();
    let marked = svg(&picture(Shape::Marked(points.clone()))).unwrap();
    assert_eq!(content(&marked, "polyline").0, content(&line, "polyline").0);
    assert_eq!(content(&marked, "circle").0, 3);
    let band = svg(&picture(Shape::Band(vec![(1.0, 1.0, 2.0), (2.0, 1.0, 3.0)]))).unwrap();
    assert_eq!(content(&band, "polygon").0, 1);
    let plain = svg(&picture(Shape::Bars(vec![]))).unwrap();
    let bars = svg(&picture(Shape::Bars(vec![(0.0, 1.0, 1.0), (2.0, 3.0, 2.0)]))).unwrap();
    assert_eq!(content(&bars, "rect").0, content(&plain, "rect").0 + 2);
}

/// Centres of the circles.
fn centres(text: &str) -> Vec<(i32, i32)> {
    let of = |n: roxmltree::Node, name| n.attribute(name).unwrap().parse().unwrap();
    let document = read(text);
    let circles = document.descendants().filter(|n| n.has_tag_name("circle"));
    circles.map(|n| (of(n, "cx"), of(n, "cy"))).collect()
}

#[test]
fn places_are_even_in_the_value_or_in_its_logarithm() {
    let mut picture = picture(Shape::Marks(vec![(1.0, 1.0), (2.0, 10.0), (3.0, 100.0), (4.0, -1.0)]));
    picture.panels[0].series[0].name = String::new();
    picture.panels[0].y = Axis::log("s");
    let at = centres(&svg(&picture).unwrap());
    assert_eq!(at.len(), 3, "what is not positive has no place on a logarithmic axis");
    let step = |a: (i32, i32), b: (i32, i32)| (b.0 - a.0, b.1 - a.1);
    let (first, second) = (step(at[0], at[1]), step(at[1], at[2]));
    assert!((first.0 - second.0).abs() <= 1 && (first.1 - second.1).abs() <= 1, "{at:?}");
    assert!(first.0 > 50 && first.1 < -50, "to the right and up: {at:?}");
    picture.panels[0].y = Axis::linear("s");
    let at = centres(&svg(&picture).unwrap());
    assert!((at[1].1 - at[0].1).abs() < 30, "a tenth of the way: {at:?}");
}

#[test]
fn steps_keep_their_height() {
    let text = svg(&picture(Shape::Steps(vec![(0.0, 0.0), (1.0, 5.0), (2.0, 6.0)]))).unwrap();
    let document = read(&text);
    let lines = document.descendants().filter(|n| n.has_tag_name("polyline"));
    let line = lines.filter_map(|n| n.attribute("points")).max_by_key(|p| p.split(' ').count()).unwrap();
    let corners: Vec<(i32, i32)> = line
        .split_whitespace()
        .map(|p| p.split_once(',').unwrap())
        .map(|(x, y)| (x.parse().unwrap(), y.parse().unwrap()))
        .collect();
    assert_eq!(corners.len(), 5);
    for pair in corners.windows(2) {
        assert!(pair[0].0 == pair[1].0 || pair[0].1 == pair[1].1, "{corners:?}");
    }
}

#[test]
fn ticks_have_the_words_they_are_given() {
    let mut picture = picture(Shape::Bars(vec![(0.0, 1.0, 1.0)]));
    picture.panels[0].y.ticks = vec![1.0];
    picture.panels[0].y.words = vec!["rank 1 (node7)".into()];
    let (_, texts) = content(&svg(&picture).unwrap(), "rect");
    assert!(texts.contains(&"rank 1 (node7)".to_owned()), "{texts:?}");
}

#[test]
fn nothing_at_all_is_a_picture_too() {
    for shape in [Shape::Line(vec![]), Shape::Band(vec![]), Shape::Marks(vec![(2.0, 2.0)])] {
        read(&svg(&picture(shape.clone())).unwrap());
        let mut logarithmic = picture(shape);
        logarithmic.panels[0].x.log = true;
        read(&svg(&logarithmic).unwrap());
    }
    read(&svg(&Picture::default()).unwrap());
}

#[test]
fn panels_stand_in_rows() {
    let mut three = picture(Shape::Line(vec![(0.0, 1.0), (1.0, 2.0)]));
    three.panels = vec![three.panels[0].clone(), three.panels[0].clone(), three.panels[0].clone()];
    three.columns = 2;
    three.panel = (300, 200);
    let text = svg(&three).unwrap();
    let document = read(&text);
    let size = |name| document.root_element().attribute(name).unwrap().to_owned();
    assert_eq!((size("width"), size("height")), ("600".to_owned(), "430".to_owned()));
}

#[test]
fn the_legend_stands_where_the_fewest_points_are() {
    // A line from the lower left to the upper right leaves the lower right empty; one that falls does not.
    let place = |points: Vec<(f64, f64)>| {
        let text = svg(&picture(Shape::Line(points))).unwrap();
        let document = read(&text);
        let legend = document.descendants().find(|n| n.text().is_some_and(|t| t.trim() == "mobo & co"));
        legend.unwrap().attribute("y").unwrap().parse::<i32>().unwrap()
    };
    let rising: Vec<(f64, f64)> = (0..20).map(|k| (f64::from(k), f64::from(k))).collect();
    let falling: Vec<(f64, f64)> = (0..20).map(|k| (f64::from(k), f64::from(20 - k))).collect();
    let (rising, falling) = (place(rising), place(falling));
    assert!(rising > falling + 100, "below at {rising}, above at {falling}");
}
