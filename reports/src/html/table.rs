//! Tables of the report: plain rows for everybody, sortable where script is on.

use serde::Serialize;

/// A table.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Table {
    /// What it lists; also its accessible name.
    pub(crate) title: &'static str,
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Vec<Cell>>,
    /// By row, what unfolds below it where script is on, a line each; empty if nothing does.
    pub(crate) stories: Vec<String>,
    /// What was left out, and by which rule.
    pub(crate) note: String,
    /// Whether it is folded away until asked for.
    pub(crate) folded: bool,
}

/// A column's heading.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    /// The id of its definition in the glossary, or nothing.
    pub(crate) term: &'static str,
    /// Whether it holds numbers: then it is aligned at the right.
    pub(crate) numeric: bool,
}

/// A cell.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Cell {
    pub(crate) text: String,
    /// A second, quieter line.
    pub(crate) beside: String,
    /// The id of its definition in the glossary, or nothing.
    pub(crate) term: &'static str,
    /// What to sort by, where the text does not say.
    pub(crate) key: String,
    /// Whether the value calls for attention.
    pub(crate) alert: bool,
}

impl Table {
    pub(crate) fn new(title: &'static str, columns: &[Column], rows: Vec<Vec<Cell>>) -> Table {
        debug_assert!(rows.iter().all(|row| row.len() == columns.len()), "a cell for each column of {title}");
        Table { title, columns: columns.to_vec(), rows, stories: Vec::new(), note: String::new(), folded: false }
    }

    pub(crate) fn with_stories(mut self, stories: Vec<String>) -> Table {
        debug_assert_eq!(stories.len(), self.rows.len(), "a story for each row of {}", self.title);
        self.stories = stories;
        self
    }

    pub(crate) fn folded(mut self, note: String) -> Table {
        self.folded = true;
        self.note = note;
        self
    }
}

/// A column of words.
pub(crate) const fn words(name: &'static str) -> Column {
    Column { name, term: "", numeric: false }
}

/// A column of numbers, with the id of its definition.
pub(crate) const fn numbers(name: &'static str, term: &'static str) -> Column {
    Column { name, term, numeric: true }
}

/// Words in a cell.
pub(crate) fn text(text: impl Into<String>) -> Cell {
    Cell { text: text.into(), beside: String::new(), term: "", key: String::new(), alert: false }
}

/// A number in a cell, with what to sort by.
pub(crate) fn value(shown: impl Into<String>, key: Option<f64>) -> Cell {
    Cell {
        text: shown.into(),
        beside: String::new(),
        term: "",
        key: key.map_or_else(|| "-1".to_owned(), |key| key.to_string()),
        alert: false,
    }
}

impl Cell {
    pub(crate) fn beside(mut self, beside: impl Into<String>) -> Cell {
        self.beside = beside.into();
        self
    }

    /// With a link to its definition.
    pub(crate) fn defined(mut self, term: &'static str) -> Cell {
        self.term = term;
        self
    }

    pub(crate) fn alert_if(mut self, alert: bool) -> Cell {
        self.alert = alert;
        self
    }
}
