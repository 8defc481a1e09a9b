//! The journal: what changed since the driver last looked, so that it re-evaluates only that.

use crate::ids::{CaCertificateIndex, CertificateIndex, PolicyIndex, ThingGroupId, ThingId};

use super::{PolicyTarget, RoleAliasIndex};

/// One thing that changed in the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// A thing was registered.
    ThingCreated(ThingId),
    /// Attributes or type of a thing changed.
    ThingUpdated(ThingId),
    /// A thing was deleted.
    ThingDeleted(ThingId),
    /// The groups that contain a thing changed.
    ThingGroups(ThingId),
    /// The principals attached to a thing changed.
    ThingPrincipals(ThingId),
    /// A group was created.
    ThingGroupCreated(ThingGroupId),
    /// A group was deleted; it is no Detect target any more (D-34).
    ThingGroupDeleted(ThingGroupId),
    /// A certificate was registered, changed its status, or was deleted.
    Certificate(CertificateIndex),
    /// A CA certificate was registered, changed its status, or was deleted.
    CaCertificate(CaCertificateIndex),
    /// A policy got another default document, or was deleted.
    PolicyDefault(PolicyIndex),
    /// The policies attached to a target changed.
    PolicyAttachment(PolicyTarget),
    /// A role alias was created, changed or deleted.
    RoleAlias(RoleAliasIndex),
    /// Logging options changed.
    Logging,
}

/// Changes in the order in which they happened.
#[derive(Clone, Debug, Default)]
pub(crate) struct Journal {
    changes: Vec<Change>,
    paused: bool,
}

impl Journal {
    /// Notes a change, unless it repeats the one just noted or the journal is paused.
    pub(crate) fn note(&mut self, change: Change) {
        if !self.paused && self.changes.last() != Some(&change) {
            self.changes.push(change);
        }
    }

    /// Hands over what was noted and starts afresh.
    pub(crate) fn take(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.changes)
    }

    /// Stops or resumes noting. Pausing keeps what is there.
    pub(crate) fn pause(&mut self, paused: bool) {
        self.paused = paused;
    }

    /// Heap in use \[bytes\].
    pub(crate) fn heap_bytes(&self) -> usize {
        self.changes.capacity() * size_of::<Change>()
    }
}
