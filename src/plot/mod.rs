//! Pictures as SVG text, for papers and READMEs: panels of lines, marks, bands and bars. Pure.
//!
//! Fonts are left to whoever shows the picture. What is interactive is made elsewhere: see
//! [`crate::report`].

mod axis;
mod draw;

pub use axis::Axis;
pub use draw::{PlotError, svg};

/// Colours that people who see colours differently can tell apart (Okabe and Ito 2008), in the order in which
/// series take them: red, green, blue.
pub const COLOURS: [(u8, u8, u8); 8] = [
    (0, 114, 178),
    (230, 159, 0),
    (0, 158, 115),
    (213, 94, 0),
    (204, 121, 167),
    (86, 180, 233),
    (120, 120, 120),
    (0, 0, 0),
];

/// A picture: panels side by side, row by row.
#[derive(Debug, Clone, Default)]
pub struct Picture {
    /// Above everything; empty for none.
    pub title: String,
    /// The panels.
    pub panels: Vec<Panel>,
    /// Panels in a row; 0: all in one.
    pub columns: usize,
    /// Width and height of a panel in pixels; zeros for the usual 460 by 320.
    pub panel: (u32, u32),
}

/// Two axes and what is drawn between them.
#[derive(Debug, Clone, Default)]
pub struct Panel {
    /// Above it; empty for none.
    pub title: String,
    /// To the right.
    pub x: Axis,
    /// Upwards.
    pub y: Axis,
    /// Drawn one over the other.
    pub series: Vec<Series>,
}

/// Points that belong together. What is not finite, or not positive on a logarithmic axis, is left out.
#[derive(Debug, Clone)]
pub struct Series {
    /// In the legend; empty: not there. A panel with no names has no legend.
    pub name: String,
    /// Which of [`COLOURS`], counted round.
    pub colour: usize,
    /// The points.
    pub shape: Shape,
}

/// How points are drawn.
#[derive(Debug, Clone)]
pub enum Shape {
    /// A line from point to point.
    Line(Vec<(f64, f64)>),
    /// The same with a mark at each.
    Marked(Vec<(f64, f64)>),
    /// A dashed line.
    Dashed(Vec<(f64, f64)>),
    /// A line that keeps its height until the next point: what holds until something happens.
    Steps(Vec<(f64, f64)>),
    /// A mark at each point.
    Marks(Vec<(f64, f64)>),
    /// A paler mark.
    Faint(Vec<(f64, f64)>),
    /// A pale area: x, its lower and its upper edge.
    Band(Vec<(f64, f64, f64)>),
    /// Horizontal bars of nearly a unit's height: from, to, and the middle's height.
    Bars(Vec<(f64, f64, f64)>),
}

impl Series {
    /// A series.
    pub fn new(name: impl Into<String>, colour: usize, shape: Shape) -> Self {
        Self { name: name.into(), colour, shape }
    }
}

#[cfg(test)]
mod tests;
