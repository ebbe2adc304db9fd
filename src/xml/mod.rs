//! XML files in which single attribute values are changed: everything else stays byte for byte.
//!
//! Elements are found with paths in the dialect of Python's `xml.etree.ElementTree`, as the files of
//! other tools write them (`.//detector/mirror/[@radius]`); see [`Path`].

mod document;
mod missing;
mod path;
mod select;
mod tokens;

pub use document::{Element, Span, Xml, escape};
pub use missing::explain;
pub use path::Path;

#[cfg(test)]
mod tests;
