//! Policy documents, each distinct text stored and read once.

use std::sync::Arc;

use crate::error::{Exception, ServiceError};

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

/// Characters of a document, white space not counted (V-26, Q-33).
pub const DOCUMENT_CHARACTERS_MAX: usize = 2048;
/// Characters of the raw text (P-03).
const RAW_CHARACTERS_MAX: usize = 404_600;

#[derive(Clone, Debug)]
struct Row {
    text: Arc<str>,
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
    /// `MalformedPolicyException` for a document that is too long (CH-119) or not a policy document (P-01).
    pub(crate) fn intern(&mut self, text: &str) -> Result<DocumentId, ServiceError> {
        let hash = hash_bytes(text.as_bytes());
        if let Some(row) = self.index.find(hash, |row| &*self.rows[row as usize].text == text) {
            return Ok(DocumentId(row));
        }
        check(text)?;
        let row = u32::try_from(self.rows.len()).expect("fewer than 2^32 documents");
        self.rows.push(Row { text: text.into() });
        let rows = &self.rows;
        self.index.insert(hash, row, |row| hash_bytes(rows[row as usize].text.as_bytes()));
        Ok(DocumentId(row))
    }

    pub(crate) fn text(&self, document: DocumentId) -> &str {
        &self.rows[document.index()].text
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.rows.capacity() * size_of::<Row>()
            + self.rows.iter().map(|row| row.text.len() + 16).sum::<usize>()
            + self.index.heap_bytes()
    }
}

fn check(text: &str) -> Result<(), ServiceError> {
    let malformed = |text: String| Err(ServiceError::new(Exception::MalformedPolicy, text));
    let (mut raw, mut counted) = (0, 0);
    for c in text.chars() {
        raw += 1;
        counted += usize::from(!c.is_whitespace());
    }
    if raw > RAW_CHARACTERS_MAX {
        return malformed(format!("policy document may have {RAW_CHARACTERS_MAX} characters, found {raw}"));
    }
    if counted > DOCUMENT_CHARACTERS_MAX {
        return malformed(format!(
            "policy document may have {DOCUMENT_CHARACTERS_MAX} characters without white space, found {counted}"
        ));
    }
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(serde_json::Value::Object(_)) => Ok(()),
        Ok(_) => malformed("policy document must be a JSON object".to_owned()),
        Err(error) => malformed(format!("policy document is not JSON: {error}")),
    }
}
