//! What the two policy checks say of each distinct document, found out once (C-08, C-09).
//!
//! A document never changes, so a verdict holds for good: an audit after the first looks only at new documents.

use crate::account::{Account, DocumentId};
use crate::policy::{Action, ActionSet, Document, MisconfigurationReason, broad_data_plane, misconfigurations};

/// What is wrong with a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Data-plane actions that it grants too broadly (P-31).
    pub(crate) broad: ActionSet,
    /// A Deny with an MQTT wildcard (P-36).
    pub(crate) mqtt_wildcard_in_deny: bool,
    /// A Deny of a sub-tree that can be subscribed to from above (P-37).
    pub(crate) bypassed_deny: bool,
}

impl Verdict {
    fn of(document: &Document) -> Verdict {
        let suspicious = misconfigurations(document);
        let shows = |reason| suspicious.iter().any(|found| found.reason == reason);
        Verdict {
            broad: broad_data_plane([document]).iter().map(|grant| grant.action).collect(),
            mqtt_wildcard_in_deny: shows(MisconfigurationReason::PolicyContainsMqttWildcardsInDenyStatement),
            bypassed_deny: shows(MisconfigurationReason::TopicFiltersIntendedToDenyAllowedUsingWildcards),
        }
    }
}

/// The sentence of a C-08 finding (P-31).
pub(crate) fn broad_message(actions: ActionSet) -> String {
    let names: Vec<&str> = actions.iter().map(Action::as_str).collect();
    format!("Policy allows broad access to IoT data plane actions: [{}].", names.join(", "))
}

/// Verdicts by document. Each goes with the hash of its text, so that another account's documents, or those of a copy
/// that went another way, are not mistaken for those that were judged.
#[derive(Clone, Debug, Default)]
pub(crate) struct Verdicts {
    known: Vec<Option<(u64, Verdict)>>,
}

impl Verdicts {
    /// The verdict on a document of the account.
    pub(crate) fn of(&mut self, account: &Account, document: DocumentId) -> Verdict {
        let (at, hash) = (document.index(), account.document_hash(document));
        if at >= self.known.len() {
            self.known.resize(account.document_count().max(at + 1), None);
        }
        match self.known[at] {
            Some((judged, verdict)) if judged == hash => verdict,
            _ => {
                let verdict = Verdict::of(&account.parse_document(document));
                self.known[at] = Some((hash, verdict));
                verdict
            }
        }
    }
}
