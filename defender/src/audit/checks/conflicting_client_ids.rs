//! C-13: a connection knocked another one with the same client id off the broker; one such event is enough (CH-29).

use crate::audit::catalog::{AuditCheck, ReasonCode};
use crate::audit::inspection::{Check, Inspected, Related, Scene};
use crate::audit::resource::Resource;

use super::permissions;

pub(super) struct ConflictingClientIds;

impl Check for ConflictingClientIds {
    fn check(&self) -> AuditCheck {
        AuditCheck::ConflictingClientIds
    }

    fn permissions(&self) -> &'static [&'static str] {
        permissions::NONE
    }

    fn inspect(&self, scene: &mut Scene<'_>) -> Inspected {
        let mut inspected = Inspected::of(self);
        let account = scene.account;
        let (from, to) = (scene.window_start(), scene.at);
        inspected.total = account.clients_connected_since(from).count() as u64;
        for (client, disconnects) in account.duplicate_disconnects() {
            let in_window = disconnects.iter().rev().filter(|duplicate| from <= duplicate.time && duplicate.time <= to);
            let each: Box<[_]> =
                in_window.map(|duplicate| (account.principal_id(duplicate.principal).into(), duplicate.time)).collect();
            if each.is_empty() {
                continue;
            }
            let name: Box<str> = account.client_id(client).into();
            let related = Related::Disconnects { client: name.clone(), each };
            inspected
                .find(
                    Resource::ClientId(name),
                    ReasonCode::DuplicateClientIdAcrossConnections,
                    "Client ID was used by several connections at a time.",
                )
                .related = related;
        }
        inspected
    }
}
