//! The page that a study is described on.

/// Lines of text under titles.
#[derive(Default)]
pub struct Page {
    pub text: String,
}

impl Page {
    /// Begins a paragraph.
    pub fn title(&mut self, title: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text += title;
        self.text.push('\n');
    }

    /// A key and its value.
    pub fn row(&mut self, key: &str, value: impl std::fmt::Display) {
        self.text += &format!("  {key:<12} {value}\n");
    }

    /// Rows of cells in columns of equal width.
    pub fn table(&mut self, rows: &[Vec<String>]) {
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |c: usize| rows.iter().filter_map(|r| r.get(c)).map(|s| s.chars().count()).max();
        let widths: Vec<usize> = (0..columns).map(|c| width(c).unwrap_or(0)).collect();
        for row in rows {
            let pad = |(cell, width): (&String, &usize)| format!("{cell:<width$}", width = *width);
            let cells: Vec<String> = row.iter().zip(&widths).map(pad).collect();
            self.text += format!("  {}", cells.join("  ")).trim_end();
            self.text.push('\n');
        }
    }
}
