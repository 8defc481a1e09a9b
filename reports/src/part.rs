//! What comparison and chaos are told in: parts with a title, a sentence and a table; and JSON.

use std::fmt::Write;

use serde::Serialize;

use crate::grid;
use crate::html::table::Table;

/// A table with its title and a sentence.
pub(crate) struct Part {
    /// Its anchor on the page.
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    /// A sentence before the table, or nothing.
    pub(crate) lead: String,
    pub(crate) table: Table,
    /// Whether it is for the page only.
    pub(crate) is_detail: bool,
}

impl Part {
    /// A part that is told everywhere.
    pub(crate) fn new(id: &'static str, title: &'static str, lead: impl Into<String>, table: Table) -> Part {
        Part { id, title, lead: lead.into(), table, is_detail: false }
    }

    /// For a terminal, with at most so many rows of its table.
    pub(crate) fn text(&self, out: &mut String, rows: usize) {
        let _ = writeln!(out, "\n{}", self.title);
        if !self.lead.is_empty() {
            let _ = writeln!(out, "  {}", self.lead);
        }
        out.push_str(&grid::text(&self.table, rows));
    }

    /// For a pull request.
    pub(crate) fn markdown(&self, out: &mut String) {
        let _ = write!(out, "\n### {}\n\n", self.title);
        if !self.lead.is_empty() {
            let _ = write!(out, "{}\n\n", grid::escaped(&self.lead));
        }
        out.push_str(&grid::markdown(&self.table));
    }
}

/// A document as JSON, indented, with a line break at its end.
pub(crate) fn json(document: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(document).expect("plain data serializes");
    text.push('\n');
    text
}
