//! Tables for terminals and for Markdown: the same [`Table`] that the page shows.

use std::fmt::Write;

use crate::html::table::{Cell, Table};
use crate::wording::cut;

/// Widest first column in a terminal.
const FIRST: usize = 44;

/// A table in plain text: heading and rows, columns aligned, at most `rows` of them.
pub(crate) fn text(table: &Table, rows: usize) -> String {
    let cells: Vec<Vec<String>> = table.rows.iter().take(rows).map(|row| row.iter().map(line).collect()).collect();
    let heading: Vec<String> = table.columns.iter().map(|column| column.name.to_owned()).collect();
    let width = |column: usize| {
        let all = cells.iter().chain([&heading]).map(|row| row[column].chars().count());
        let widest = all.max().unwrap_or(0);
        if column == 0 { widest.min(FIRST) } else { widest }
    };
    let widths: Vec<usize> = (0..heading.len()).map(width).collect();
    let mut out = String::new();
    for row in [&heading].into_iter().chain(&cells) {
        let mut text = String::from("  ");
        for (i, cell) in row.iter().enumerate() {
            let width = widths[i];
            let gap = if i == 0 { "" } else { "  " };
            let _ = if table.columns[i].numeric {
                write!(text, "{gap}{cell:>width$}")
            } else {
                write!(text, "{gap}{:<width$}", cut(cell, width))
            };
        }
        out.push_str(text.trim_end());
        out.push('\n');
    }
    if table.rows.len() > rows {
        let _ = writeln!(out, "  … and {} more", table.rows.len() - rows);
    }
    out
}

/// A table in Markdown.
pub(crate) fn markdown(table: &Table) -> String {
    let mut out = String::new();
    let mut line_of = |cells: Vec<String>| {
        let _ = writeln!(out, "| {} |", cells.join(" | "));
    };
    line_of(table.columns.iter().map(|column| escaped(column.name)).collect());
    line_of(table.columns.iter().map(|column| if column.numeric { "---:" } else { "---" }.to_owned()).collect());
    for row in &table.rows {
        line_of(row.iter().map(|cell| escaped(&line(cell))).collect());
    }
    out
}

/// A cell in one line.
fn line(cell: &Cell) -> String {
    if cell.beside.is_empty() { cell.text.clone() } else { format!("{} ({})", cell.text, cell.beside) }
}

/// What would end a cell or begin markup.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' => out.push(' '),
            '|' | '\\' | '`' | '*' | '_' | '<' | '[' | ']' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::html::table::{numbers, text as words_in, value, words};

    fn table() -> Table {
        let row = |name: &str, shown: &str| vec![words_in(name), value(shown, None)];
        let mut rows = vec![row("a|b_c", "12"), row("plain", "1")];
        rows[1][1] = rows[1][1].clone().beside("0–2");
        Table::new("things", &[words("thing"), numbers("count", "")], rows)
    }

    #[test]
    fn columns_stand_under_each_other_and_what_is_left_out_is_counted() {
        assert_eq!(text(&table(), 9), "  thing    count\n  a|b_c       12\n  plain  1 (0–2)\n");
        assert_eq!(text(&table(), 1), "  thing  count\n  a|b_c     12\n  … and 1 more\n");
    }

    #[test]
    fn a_name_cannot_break_a_markdown_table() {
        let expected = "| thing | count |\n| --- | ---: |\n| a\\|b\\_c | 12 |\n| plain | 1 (0–2) |\n";
        assert_eq!(markdown(&table()), expected);
    }
}
