//! From a [`Picture`] to SVG text.

use super::axis::Scale;
use super::{COLOURS, Panel, Picture, Series, Shape};
use plotters::chart::{ChartBuilder, ChartContext, SeriesLabelPosition};
use plotters::coord::Shift;
use plotters::coord::cartesian::Cartesian2d;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea};
use plotters::element::{Circle, DashedPathElement, IntoDynElement, PathElement, Polygon, Rectangle};
use plotters::prelude::SVGBackend;
use plotters::series::{DashedLineSeries, LineSeries};
use plotters::style::{Color, IntoFont, RGBColor, ShapeStyle, WHITE};

/// Width and height of a panel in pixels.
const PANEL: (u32, u32) = (460, 320);
/// Height of the title in pixels.
const TITLE: u32 = 30;
/// Height and width of a mark, half of it, in pixels.
const MARK: i32 = 3;

/// A picture that could not be drawn.
#[derive(Debug, thiserror::Error)]
#[error("the picture cannot be drawn: {0}")]
pub struct PlotError(String);

impl<E: std::error::Error + Send + Sync> From<DrawingAreaErrorKind<E>> for PlotError {
    fn from(error: DrawingAreaErrorKind<E>) -> Self {
        Self(error.to_string())
    }
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<Scale, Scale>>;

/// Draws a picture: the text of an SVG file. The same picture gives the same text.
///
/// # Errors
/// The drawing library refuses.
pub fn svg(picture: &Picture) -> Result<String, PlotError> {
    let count = picture.panels.len().max(1);
    let columns = if picture.columns == 0 { count } else { picture.columns.min(count) };
    let rows = count.div_ceil(columns);
    let (width, height) = if picture.panel == (0, 0) { PANEL } else { picture.panel };
    let title = if picture.title.is_empty() { 0 } else { TITLE };
    let size = (width * columns as u32, height * rows as u32 + title);
    let mut text = String::new();
    {
        let root = SVGBackend::with_string(&mut text, size).into_drawing_area();
        root.fill(&WHITE)?;
        let below = match picture.title.is_empty() {
            true => root.clone(),
            false => root.titled(&picture.title, ("sans-serif", 18))?,
        };
        for (panel, area) in picture.panels.iter().zip(below.split_evenly((rows, columns))) {
            draw(panel, &area)?;
        }
        root.present()?;
    }
    Ok(text)
}

fn draw(panel: &Panel, area: &Area<'_>) -> Result<(), PlotError> {
    let points: Vec<(f64, f64)> = panel.series.iter().flat_map(|s| s.shape.extent()).collect();
    let (x, y) = (&panel.x, &panel.y);
    let mut builder = ChartBuilder::on(area);
    builder.margin(8).margin_right(16).x_label_area_size(42).y_label_area_size(62);
    if !panel.title.is_empty() {
        builder.caption(&panel.title, ("sans-serif", 15));
    }
    let (across, up) = (x.over(points.iter().map(|p| p.0)), y.over(points.iter().map(|p| p.1)));
    let corner = emptiest(points.iter().map(|(x, y)| (across.share(*x), up.share(*y))));
    let mut chart = builder.build_cartesian_2d(across, up)?;
    chart
        .configure_mesh()
        .x_desc(&x.label)
        .y_desc(&y.label)
        .axis_desc_style(("sans-serif", 13))
        .label_style(("sans-serif", 11))
        .light_line_style(WHITE)
        .bold_line_style(RGBColor(225, 225, 225))
        .x_labels(8)
        .y_labels(6)
        .draw()?;
    for series in &panel.series {
        let seen = |(x, y): &(f64, f64)| panel.x.takes(*x) && panel.y.takes(*y);
        add(&mut chart, series, &seen)?;
    }
    if panel.series.iter().any(|s| !s.name.is_empty()) {
        chart
            .configure_series_labels()
            .position(corner)
            .background_style(WHITE.mix(0.85))
            .border_style(RGBColor(200, 200, 200))
            .label_font(("sans-serif", 12).into_font())
            .draw()?;
    }
    Ok(())
}

/// The corner with the fewest points, which are shares of the way to the right and up: a legend hides what is
/// behind it.
fn emptiest(points: impl Iterator<Item = (f64, f64)>) -> SeriesLabelPosition {
    use SeriesLabelPosition::{LowerLeft, LowerRight, UpperLeft, UpperRight};
    // What a legend takes.
    let (wide, high) = (0.45, 0.4);
    let mut counts = [0_usize; 4];
    for (x, y) in points {
        if (wide..1.0 - wide).contains(&x) || (high..1.0 - high).contains(&y) {
            continue;
        }
        counts[2 * usize::from(y > 0.5) + usize::from(x > 0.5)] += 1;
    }
    // The first of those that are equally empty.
    let corners = [LowerRight, UpperRight, UpperLeft, LowerLeft];
    let places = [1, 3, 2, 0];
    let best = places.iter().zip(corners).min_by_key(|(place, _)| counts[**place]);
    best.map_or(SeriesLabelPosition::LowerRight, |(_, corner)| corner)
}

/// Whether a point has a place in the panel.
type Seen<'a> = &'a dyn Fn(&(f64, f64)) -> bool;

fn add<'b: 'a, 'a>(chart: &mut Chart<'a, 'b>, series: &Series, seen: Seen<'_>) -> Result<(), PlotError> {
    let (r, g, b) = COLOURS[series.colour % COLOURS.len()];
    let colour = RGBColor(r, g, b);
    let line = colour.stroke_width(2);
    let kept = |points: &[(f64, f64)]| points.iter().copied().filter(seen).collect::<Vec<_>>();
    let marks = |points: Vec<(f64, f64)>, style: ShapeStyle| {
        points.into_iter().map(move |point| Circle::new(point, MARK, style))
    };
    let drawn = match &series.shape {
        Shape::Line(points) => chart.draw_series(LineSeries::new(kept(points), line))?,
        Shape::Steps(points) => chart.draw_series(LineSeries::new(steps(&kept(points)), line))?,
        Shape::Dashed(points) => chart.draw_series(DashedLineSeries::new(kept(points), 6, 4, line))?,
        Shape::Marked(points) => {
            chart.draw_series(LineSeries::new(kept(points), line))?;
            chart.draw_series(marks(kept(points), colour.filled()))?
        }
        Shape::Marks(points) => chart.draw_series(marks(kept(points), colour.mix(0.8).filled()))?,
        Shape::Faint(points) => chart.draw_series(marks(kept(points), colour.mix(0.25).filled()))?,
        Shape::Band(edges) => {
            let seen = |e: &&(f64, f64, f64)| seen(&(e.0, e.1)) && seen(&(e.0, e.2));
            let edges: Vec<_> = edges.iter().filter(seen).collect();
            let lower = edges.iter().map(|(x, low, _)| (*x, *low));
            let upper = edges.iter().rev().map(|(x, _, high)| (*x, *high));
            let outline: Vec<_> = lower.chain(upper).collect();
            chart.draw_series(std::iter::once(Polygon::new(outline, colour.mix(0.2).filled())))?
        }
        Shape::Bars(bars) => {
            let bar = |(from, to, y): &(f64, f64, f64)| {
                Rectangle::new([(*from, y - 0.4), (*to, y + 0.4)], colour.filled())
            };
            let bars = bars.iter().filter(|(from, to, y)| seen(&(*from, *y)) && seen(&(*to, *y)));
            chart.draw_series(bars.map(bar).collect::<Vec<_>>())?
        }
    };
    if !series.name.is_empty() {
        let is_faint = matches!(series.shape, Shape::Faint(_));
        let area = matches!(series.shape, Shape::Band(_) | Shape::Bars(_));
        let style = if area { colour.stroke_width(8) } else { line };
        let is_mark = matches!(series.shape, Shape::Marks(_) | Shape::Faint(_));
        let mark = if is_faint { colour.mix(0.25) } else { colour.mix(0.8) }.filled();
        let is_dashed = matches!(series.shape, Shape::Dashed(_));
        drawn.label(&series.name).legend(move |(x, y)| {
            let ends = vec![(x, y), (x + 16, y)];
            match (is_mark, is_dashed) {
                (true, _) => Circle::new((x + 8, y), MARK, mark).into_dyn(),
                (_, true) => DashedPathElement::new(ends, 4, 2, style).into_dyn(),
                _ => PathElement::new(ends, style).into_dyn(),
            }
        });
    }
    Ok(())
}

/// The corners of a line that keeps its height until the next point.
fn steps(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let corner = |pair: &[(f64, f64)]| [(pair[1].0, pair[0].1), pair[1]];
    points.iter().take(1).copied().chain(points.windows(2).flat_map(corner)).collect()
}
