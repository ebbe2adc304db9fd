//! Text that is shown over and over. The terminal stays as it is (no mode of it is changed, the cursor stays
//! visible and below the text), so that a signal at any time leaves nothing to be mended.

use std::io::{IsTerminal, Write};

/// Where text is shown.
#[derive(Debug)]
pub struct Screen {
    is_terminal: bool,
    /// Lines of the last text, on a terminal.
    lines: usize,
    begun: bool,
}

impl Screen {
    /// Standard output.
    pub fn of_standard_output() -> Self {
        Self { is_terminal: std::io::stdout().is_terminal(), lines: 0, begun: false }
    }

    /// Shows a text: in place of the last one on a terminal, where all but the last text are cut to its size;
    /// below it, after an empty line, elsewhere. Whether somebody may still be reading.
    pub fn show(&mut self, text: &str, is_last: bool) -> bool {
        if !self.is_terminal {
            let between = if std::mem::replace(&mut self.begun, true) { "\n" } else { "" };
            return written(&format!("{between}{text}"));
        }
        let back = match self.lines {
            0 => String::new(),
            // To the first column, so many lines up, and clear all below.
            n => format!("\r\x1b[{n}A\x1b[J"),
        };
        let size = rustix::termios::tcgetwinsize(std::io::stdout());
        let (columns, rows) = match size {
            Ok(size) if size.ws_col > 0 && size.ws_row > 0 => (size.ws_col.into(), size.ws_row.into()),
            _ => (80, 24),
        };
        let text = if is_last { text.to_owned() } else { cut(text, columns, rows) };
        self.lines = text.lines().count();
        written(&format!("{back}{text}"))
    }

    /// Writes one line below all others. Whether somebody may still be reading.
    pub fn line(&mut self, line: &str) -> bool {
        written(&format!("{line}\n"))
    }
}

fn written(text: &str) -> bool {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_ok()
}

/// As much of a text as fits into so many columns and rows, the row of the cursor left out.
fn cut(text: &str, columns: usize, rows: usize) -> String {
    let line = |line: &str| match line.chars().count() > columns {
        false => format!("{line}\n"),
        true => format!("{}…\n", line.chars().take(columns.saturating_sub(1)).collect::<String>()),
    };
    text.lines().take(rows.saturating_sub(1).max(1)).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn what_is_redrawn_fits_into_the_terminal() {
        let text = "12345\n123456\n1\n2\n";
        assert_eq!(cut(text, 5, 10), "12345\n1234…\n1\n2\n");
        assert_eq!(cut(text, 6, 3), "12345\n123456\n");
        assert_eq!(cut(text, 1, 1), "…\n");
    }
}
