//! Policies and roles at fault in the report: one block each, with the statement, a witness and a repair.

use lab::outcome::{Outcome, RepairRow};
use serde::Serialize;

use crate::documents::{files, name_of, sentence};
use crate::wording::things;

/// Documents shown in full; the others are in `documents.csv`.
const SHOWN: usize = 20;

/// A document at fault.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Faulty {
    name: String,
    /// Check, reason, and how many others are alike.
    about: String,
    faults: Vec<String>,
    /// What to do, in a sentence.
    remedy: String,
    /// Changes and notes of a repair.
    changes: Vec<String>,
    /// The proposed document, or nothing.
    proposal: String,
    /// Its file beside the report, or nothing.
    file: String,
}

/// What of the run's documents is shown.
pub(super) fn faulty(outcome: &Outcome) -> Vec<Faulty> {
    let shown = outcome.documents.iter().zip(files(outcome)).take(SHOWN).map(|(document, file)| {
        let mut about = format!("{} · {}", outcome.checks[document.check as usize].name, document.reason);
        if document.alike > 0 {
            about.push_str(&format!(" · {} alike", things(document.alike, "more document")));
        }
        let (remedy, changes, proposal) = match &document.repair {
            RepairRow::Proposed { text, changes, notes } => (
                "A document that passes the check and keeps what devices are known to do:".to_owned(),
                changes.iter().chain(notes).cloned().collect(),
                text.clone(),
            ),
            RepairRow::NotDerivable(why) => (format!("No repair can be derived: {why}."), Vec::new(), String::new()),
            RepairRow::Compliant => ("By itself this document is compliant.".to_owned(), Vec::new(), String::new()),
        };
        Faulty {
            name: name_of(document),
            about,
            faults: document.faults.iter().map(sentence).collect(),
            remedy,
            changes,
            proposal,
            file: file.unwrap_or_default(),
        }
    });
    shown.collect()
}

/// The section's first words.
pub(super) fn lead(outcome: &Outcome) -> String {
    let all = outcome.documents.len();
    let mut lead = format!(
        "{} found at fault by audits, with what could stand in the place of each.",
        things(all as u64, "document")
    );
    if all > SHOWN {
        lead.push_str(&format!(" The first {SHOWN} are shown; documents.csv has all."));
    }
    lead
}
