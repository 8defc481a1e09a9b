//! What stands behind a finding about a policy or a role: the statements at fault and a proposed repair.

use std::collections::{BTreeMap, BTreeSet};

use defender::account::PolicyTarget;
use defender::audit::{DocumentRepair, Evidence};
use defender::ids::ThingId;
use defender::mitigation::{FindingView, NonCompliant};
use defender::policy::{Action, Change, Repair, Usage};

use super::World;
use crate::broker::Usual;
use crate::outcome::{DocumentRow, FaultRow, Outcome, RepairRow};

/// Documents at fault, each once.
#[derive(Default)]
pub(super) struct Documents {
    pub rows: Vec<DocumentRow>,
    /// By (check, reason, resource with its version): seen already.
    seen: BTreeSet<(u32, String, String)>,
}

impl Documents {
    /// Whether there is something to be learned from this finding.
    fn is_new(&mut self, check: u32, reason: &str, resource: &str, version: &str) -> bool {
        let key = (check, reason.to_owned(), format!("{resource}:{version}"));
        self.rows.len() < Outcome::DOCUMENTS_CAP && self.seen.insert(key)
    }

    fn add(&mut self, row: DocumentRow) {
        let alike = self.rows.iter_mut().find(|known| {
            known.resource != row.resource
                && (known.check, &known.reason, &known.faults, &known.repair)
                    == (row.check, &row.reason, &row.faults, &row.repair)
        });
        match alike {
            Some(known) => known.alike += 1,
            None => self.rows.push(row),
        }
    }
}

impl World<'_> {
    /// Keeps the evidence of a finding about a policy or a role.
    pub(super) fn documents_at_fault(
        &self,
        documents: &mut Documents,
        audit: u32,
        check: u32,
        finding: &FindingView<'_>,
        resource: &str,
    ) {
        let version = match finding.resource {
            NonCompliant::PolicyVersion { version, .. } => version.to_string(),
            NonCompliant::RoleAlias(_) | NonCompliant::CognitoIdentityPool(_) => String::new(),
            _ => return,
        };
        if !documents.is_new(check, finding.reason_code, resource, &version) {
            return;
        }
        let known = self.known_requests(&finding.resource);
        let usage: Vec<Usage<'_>> =
            known.iter().map(|(thing, action, name)| Usage { thing, action: *action, resource: name }).collect();
        let Some(evidence) = self.audit.evidence(&self.fleet.account, finding.id, &usage) else { return };
        let Evidence { faults, repairs } = evidence;
        for DocumentRepair { document, repair } in repairs {
            let of_document = faults.iter().filter(|fault| fault.document == document);
            documents.add(DocumentRow {
                audit,
                check,
                reason: finding.reason_code.to_owned(),
                resource: resource.to_owned(),
                faults: of_document
                    .map(|fault| FaultRow {
                        path: fault.statement.path.clone(),
                        line: fault.statement.position.line,
                        action: fault.action.clone(),
                        resource: fault.resource.clone(),
                        witness: fault.witness.as_ref().map(|witness| witness.sentence.clone()),
                    })
                    .collect(),
                document,
                alike: 0,
                repair: told(repair),
            });
        }
    }

    /// What a device of each class with the policy is known to do: the repair must keep it allowed.
    fn known_requests(&self, resource: &NonCompliant<'_>) -> Vec<(String, Action, String)> {
        let NonCompliant::PolicyVersion { policy, .. } = resource else { return Vec::new() };
        let account = &self.fleet.account;
        let Some(policy) = account.policy(policy) else { return Vec::new() };
        let targets = account.targets_of_policy(policy);
        let things = targets.iter().flat_map(|target| -> Vec<ThingId> {
            match target {
                PolicyTarget::Certificate(certificate) => account.things_of_certificate(*certificate).collect(),
                PolicyTarget::ThingGroup(group) => account.things_in_group(*group, true),
                PolicyTarget::CognitoIdentity(_) => Vec::new(),
            }
        });
        let mut of_class = BTreeMap::new();
        for device in things.filter_map(|thing| self.fleet.device(thing)) {
            let class = self.fleet.devices[device as usize].class;
            of_class.entry(class).or_insert(device);
        }
        let requests = of_class.into_iter().flat_map(|(class, device)| {
            let name = account.thing_name(ThingId(device)).to_owned();
            let usual = Usual::of(&self.scenario.classes[class as usize].archetype, &name);
            [
                (name.clone(), Action::Connect, name.clone()),
                (name.clone(), Action::Publish, usual.publishes),
                (name.clone(), Action::Subscribe, usual.subscribes),
                (name, Action::Receive, usual.receives),
            ]
        });
        requests.collect()
    }
}

fn told(repair: Repair) -> RepairRow {
    match repair {
        Repair::Compliant => RepairRow::Compliant,
        Repair::NotDerivable(why) => RepairRow::NotDerivable(why),
        Repair::Proposed(proposal) => RepairRow::Proposed {
            text: proposal.document.text().to_owned(),
            changes: proposal.changes.iter().map(sentence).collect(),
            notes: proposal.notes,
        },
    }
}

/// A change in words, for example ``iot:Publish on `*` becomes `topic/a` ``.
fn sentence(change: &Change) -> String {
    let to = change.to.iter().map(|to| format!("`{to}`")).collect::<Vec<_>>().join(", ");
    match (&change.from, change.to.is_empty()) {
        (Some(from), true) => format!("{} on `{from}` is gone", change.action),
        (Some(from), false) => format!("{} on `{from}` becomes {to}", change.action),
        (None, _) => format!("{} is added on {to}", change.action),
    }
}
