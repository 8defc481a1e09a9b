//! Policy documents, each distinct text stored once and parsed when first asked for.

use std::sync::OnceLock;

use crate::error::ServiceError;
use crate::policy::{Document, malformed};

use super::names::{RowIndex, hash_bytes};

/// A distinct policy document of the account. Two policies with the same text have the same id, so that whatever is
/// computed from a document can be computed once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentId(pub u32);

impl DocumentId {
    /// The position in the table.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

#[derive(Clone, Debug)]
struct Row {
    text: Box<str>,
    hash: u64,
    parsed: OnceLock<Document>,
}

/// The documents of an account. A document that no version uses any more stays.
#[derive(Clone, Debug, Default)]
pub(crate) struct Documents {
    rows: Vec<Row>,
    index: RowIndex,
}

impl Documents {
    /// The id of a text, which is checked and added if new.
    ///
    /// # Errors
    /// `MalformedPolicyException` naming every defect (P-01 … P-05, CH-119).
    pub(crate) fn intern(&mut self, text: &str) -> Result<DocumentId, ServiceError> {
        let hash = hash_bytes(text.as_bytes());
        if let Some(row) = self.index.find(hash, |row| &*self.rows[row as usize].text == text) {
            return Ok(DocumentId(row));
        }
        // Only checked here: a fleet may have a document per device, and most are never looked into.
        Document::parse_iot(text).map_err(|errors| malformed(&errors))?;
        let row = u32::try_from(self.rows.len()).expect("fewer than 2^32 documents");
        self.rows.push(Row { text: text.into(), hash, parsed: OnceLock::new() });
        let rows = &self.rows;
        self.index.insert(hash, row, |row| rows[row as usize].hash);
        Ok(DocumentId(row))
    }

    pub(crate) fn text(&self, document: DocumentId) -> &str {
        &self.rows[document.index()].text
    }

    /// A hash of the text, the same in every run.
    pub(crate) fn hash(&self, document: DocumentId) -> u64 {
        self.rows[document.index()].hash
    }

    /// The document, parsed now and kept if it was not before.
    pub(crate) fn parsed(&self, document: DocumentId) -> &Document {
        let row = &self.rows[document.index()];
        row.parsed.get_or_init(|| parse(&row.text))
    }

    /// The document, parsed anew unless it is kept anyway: for one look at each of very many.
    pub(crate) fn parse_once(&self, document: DocumentId) -> Document {
        let row = &self.rows[document.index()];
        row.parsed.get().cloned().unwrap_or_else(|| parse(&row.text))
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.rows.capacity() * size_of::<Row>()
            + self.rows.iter().map(|row| row.text.len()).sum::<usize>()
            + self.index.heap_bytes()
    }
}

fn parse(text: &str) -> Document {
    Document::parse_iot(text).expect("checked when it was stored")
}
