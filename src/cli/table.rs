//! Answers in columns: headed, lined up by what is seen, the last column wrapped to the width of the terminal.

use unicode_width::UnicodeWidthStr;

use super::style::Meaning;
use super::visible::visible;

/// What stands between two columns.
const GAP: usize = 2;
/// A last column narrower than this is not wrapped: it would be harder to read than a long line.
const NARROWEST: usize = 20;

/// One text of a table, with the colour that it takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    text: String,
    meaning: Option<Meaning>,
}

impl Cell {
    /// A text in a colour; control characters are shown escaped.
    pub fn new(meaning: Meaning, text: impl AsRef<str>) -> Cell {
        Cell { text: visible(text.as_ref()).into_owned(), meaning: Some(meaning) }
    }

    fn paint(&self, text: &str) -> String {
        self.meaning.map_or_else(|| text.to_owned(), |meaning| meaning.paint(text))
    }
}

impl<T: AsRef<str>> From<T> for Cell {
    fn from(text: T) -> Cell {
        Cell { text: visible(text.as_ref()).into_owned(), meaning: None }
    }
}

/// Rows of texts under headings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table<const COLUMNS: usize> {
    rows: Vec<[Cell; COLUMNS]>,
}

impl<const COLUMNS: usize> Table<COLUMNS> {
    /// A table that has its headings and no rows.
    #[must_use]
    pub fn new(headings: [&str; COLUMNS]) -> Table<COLUMNS> {
        Table { rows: vec![headings.map(|heading| Cell::new(Meaning::Heading, heading))] }
    }

    /// Adds a row below the others.
    pub fn row(&mut self, cells: [Cell; COLUMNS]) {
        self.rows.push(cells);
    }

    /// The table as coloured lines without a line end after the last, no wider than `width` characters where given.
    #[must_use]
    pub fn render(&self, width: Option<usize>) -> String {
        let widths: [usize; COLUMNS] = std::array::from_fn(|column| {
            self.rows.iter().map(|row| row[column].text.width()).max().unwrap_or_default()
        });
        let indent = widths.iter().take(COLUMNS.saturating_sub(1)).map(|width| width + GAP).sum::<usize>();
        let room = width.map_or(usize::MAX, |width| width.saturating_sub(indent).max(NARROWEST));
        let lines: Vec<String> = self.rows.iter().map(|row| line(row, &widths, indent, room)).collect();
        lines.join("\n")
    }
}

fn line(row: &[Cell], widths: &[usize], indent: usize, room: usize) -> String {
    let Some((last, others)) = row.split_last() else {
        return String::new();
    };
    let mut line = String::new();
    for (cell, width) in others.iter().zip(widths) {
        line += &cell.paint(&cell.text);
        line += &" ".repeat(width - cell.text.width() + GAP);
    }
    if last.text.is_empty() {
        return line.trim_end().to_owned();
    }
    for (number, piece) in wrapped(&last.text, room).iter().enumerate() {
        if number > 0 {
            line += "\n";
            line += &" ".repeat(indent);
        }
        line += &last.paint(piece);
    }
    line
}

/// The text in lines of at most `room` columns, broken at spaces; a longer word has a line of its own.
fn wrapped(text: &str, room: usize) -> Vec<String> {
    if text.width() <= room {
        return vec![text.to_owned()];
    }
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is a line from the start");
        if line.is_empty() {
            line.push_str(word);
        } else if line.width() + 1 + word.width() <= room {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(table: &Table<2>, width: Option<usize>) -> String {
        anstream::adapter::strip_str(&table.render(width)).to_string()
    }

    #[test]
    fn columns_line_up_by_what_is_seen() {
        let mut table = Table::new(["name", "rows"]);
        table.row([Cell::new(Meaning::Added, "表"), "1".into()]);
        table.row(["Größe".into(), "22".into()]);
        assert_eq!(plain(&table, None), "name   rows\n表     1\nGröße  22");
    }

    #[test]
    fn the_last_column_wraps_under_itself() {
        let mut table = Table::new(["id", "message"]);
        table.row(["a1".into(), "one two three four five six".into()]);
        assert_eq!(plain(&table, Some(24)), "id  message\na1  one two three four\n    five six");
    }

    #[test]
    fn an_empty_end_leaves_no_spaces_and_a_name_cannot_break_the_row() {
        let mut table = Table::new(["id", "message"]);
        table.row(["a\nb".into(), "".into()]);
        assert_eq!(plain(&table, None), "id    message\na\\nb");
    }
}
