//! Findings: how they are kept, and how they are listed (A-33 … A-38).
//!
//! Findings of one run form a batch, sorted by resource. Batches follow each other in time, so that retention cuts
//! off the oldest, and listings walk backwards without sorting.

use std::collections::{BTreeMap, VecDeque};

use indexmap::IndexSet;

use crate::account::names::RowIndex;
use crate::error::ServiceError;
use crate::ids::IdMint;
use crate::request::{Page, text};
use crate::time::{Millis, Timestamp};

use crate::mitigation::FindingKey;

use super::catalog::{AuditCheck, ReasonCode};
use super::inspection::{Extra, Found, Related, RelatedSession};
use super::resource::{Filter, Resource, read_filter};
use super::schedule::extension_warning;
use super::wire::{
    AuditFinding, DescribeAuditFindingRequest, DescribeAuditFindingResponse, ListAuditFindingsRequest,
    ListAuditFindingsResponse, ListRelatedResourcesForAuditFindingRequest, ListRelatedResourcesForAuditFindingResponse,
    NonCompliantResource, PublishedFinding, RelatedResource, ResourceIdentifier, ResourceType,
};
use super::{Answer, Audit};

/// How long findings and audits are kept.
pub(super) const RETENTION: Millis = Millis::days(90);
/// Related resources that a finding itself shows (4.7).
const RELATED_SHOWN: usize = 10;

/// A finding as it is kept: about a hundred bytes.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    id: [u8; 32],
    pub(super) resource: Resource,
    pub(super) extra: Extra,
    pub(super) reason: ReasonCode,
    pub(super) suppressed: bool,
    text: u32,
}

/// The findings of one run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Batch {
    first: u64,
    length: u32,
    pub(super) time: Timestamp,
    pub(super) task: u64,
    pub(super) check: AuditCheck,
}

impl Batch {
    fn keys(&self) -> std::ops::Range<u64> {
        self.first..self.first + u64::from(self.length)
    }
}

/// All findings that are retained.
#[derive(Clone, Debug, Default)]
pub(super) struct FindingStore {
    findings: VecDeque<Finding>,
    first: u64,
    batches: VecDeque<Batch>,
    by_id: RowIndex,
    related: BTreeMap<u64, Related>,
    texts: IndexSet<Box<str>>,
}

/// How many resources a run found, for A-20 (CH-36).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) non_compliant: u64,
    pub(super) suppressed: u64,
}

impl FindingStore {
    /// Keeps what a run found: once per resource and reason (A-33, CH-43), each with whether it is suppressed.
    pub(super) fn add(
        &mut self,
        now: Timestamp,
        task: u64,
        check: AuditCheck,
        mut found: Vec<Found>,
        ids: &mut IdMint,
        is_suppressed: impl Fn(&Resource) -> bool,
    ) -> Counts {
        found.sort_by(|a, b| (&a.resource, a.reason).cmp(&(&b.resource, b.reason)));
        let first = self.first + self.findings.len() as u64;
        let mut counts = Counts::default();
        let mut previous: Option<(Resource, bool)> = None;
        for found in found {
            let same = previous.as_ref().filter(|(resource, _)| *resource == found.resource).map(|(_, is)| *is);
            let suppressed = same.unwrap_or_else(|| is_suppressed(&found.resource));
            if same.is_none() {
                // A suppression covers all reasons of a resource, so that each counts on one side only.
                let count = if suppressed { &mut counts.suppressed } else { &mut counts.non_compliant };
                *count += 1;
                previous = Some((found.resource.clone(), suppressed));
            }
            self.push(found, suppressed, ids);
        }
        let length = (self.first + self.findings.len() as u64 - first) as u32;
        self.batches.push_back(Batch { first, length, time: now, task, check });
        counts
    }

    fn push(&mut self, found: Found, suppressed: bool, ids: &mut IdMint) {
        let Found { resource, reason, text, extra, related } = found;
        let text = match self.texts.get_index_of(&*text) {
            Some(known) => known,
            None => self.texts.insert_full(text.into()).0,
        };
        let mut id = [0; 32];
        id.copy_from_slice(ids.mint("finding").as_bytes());
        let key = self.first + self.findings.len() as u64;
        self.findings.push_back(Finding { id, resource, extra, reason, suppressed, text: text as u32 });
        if related != Related::None {
            self.related.insert(key, related);
        }
        let (findings, first) = (&self.findings, self.first);
        // The index numbers rows by the low half of their key: fewer than 2^31 are ever retained at a time.
        let row = key as u32;
        self.by_id.insert(hash_id(&id), row, |row| hash_id(&findings[place(first, row)].id));
    }

    /// Forgets batches that are older than the retention.
    pub(super) fn forget_before(&mut self, time: Timestamp) {
        while let Some(batch) = self.batches.front().copied().filter(|batch| batch.time < time) {
            for key in batch.keys() {
                let finding = self.findings.pop_front().expect("batches cover the findings");
                self.by_id.remove(hash_id(&finding.id), |row| row == key as u32);
                self.related.remove(&key);
            }
            self.first += u64::from(batch.length);
            self.batches.pop_front();
        }
    }

    pub(super) fn key_of(&self, id: &str) -> Option<u64> {
        let id: [u8; 32] = id.as_bytes().try_into().ok()?;
        let row = self.by_id.find(hash_id(&id), |row| self.findings[place(self.first, row)].id == id)?;
        Some(self.first + place(self.first, row) as u64)
    }

    pub(super) fn get(&self, key: u64) -> Option<(&Finding, &Batch)> {
        let finding = self.findings.get(usize::try_from(key.checked_sub(self.first)?).ok()?)?;
        let batch = self.batches.partition_point(|batch| batch.keys().end <= key);
        Some((finding, &self.batches[batch]))
    }

    pub(super) fn related(&self, key: u64) -> &Related {
        self.related.get(&key).unwrap_or(&Related::None)
    }

    pub(super) fn text(&self, finding: &Finding) -> &str {
        &self.texts[finding.text as usize]
    }

    /// The keys of an audit's findings, ascending.
    pub(super) fn of_task(&self, task: u64) -> impl Iterator<Item = u64> + '_ {
        self.batches.iter().filter(move |batch| batch.task == task).flat_map(Batch::keys)
    }

    /// The keys of some batches, newest first, then by check name, then by resource (A-38, CH-52).
    fn newest_first<'a>(&'a self, wanted: impl Fn(&Batch) -> bool + 'a) -> impl Iterator<Item = u64> + 'a {
        let mut batches: Vec<&Batch> = self.batches.iter().filter(|batch| wanted(batch)).collect();
        batches.sort_by_key(|batch| (std::cmp::Reverse(batch.time), batch.check.name(), batch.first));
        let groups: Vec<Vec<&Batch>> =
            batches.chunk_by(|a, b| (a.time, a.check) == (b.time, b.check)).map(<[&Batch]>::to_vec).collect();
        groups.into_iter().flat_map(|group| {
            let mut keys: Vec<u64> = group.iter().flat_map(|batch| batch.keys()).collect();
            if group.len() > 1 {
                // Two audits of one instant: their findings interleave.
                keys.sort_by(|a, b| {
                    let resource = |key: &u64| &self.findings[(key - self.first) as usize].resource;
                    (resource(a), a).cmp(&(resource(b), b))
                });
            }
            keys
        })
    }
}

fn place(first: u64, row: u32) -> usize {
    row.wrapping_sub(first as u32) as usize
}

fn hash_id(id: &[u8; 32]) -> u64 {
    crate::account::names::hash_bytes(id)
}

impl Finding {
    /// `findingId`.
    pub(super) fn id(&self) -> &str {
        std::str::from_utf8(&self.id).expect("made of hexadecimal digits")
    }

    fn additional_info(&self) -> Option<BTreeMap<String, String>> {
        match &self.extra {
            Extra::ExpirationTime(time) => Some(info([("EXPIRATION_TIME", time.millis().to_string())])),
            Extra::CognitoIdentity(id) => Some(info([("COGNITO_IDENTITY_ID", id.to_string())])),
            Extra::None | Extra::Document(_) => None,
        }
    }
}

fn info<const N: usize>(members: [(&str, String); N]) -> BTreeMap<String, String> {
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

impl Related {
    fn len(&self) -> usize {
        match self {
            Related::None => 0,
            Related::Role(_) => 1,
            Related::Certificates(ids) => ids.len(),
            Related::Sessions(sessions) => sessions.len(),
            Related::Disconnects { each, .. } => each.len(),
        }
    }

    fn shown(&self, at: usize) -> RelatedResource {
        let none = ResourceIdentifier::default();
        let (resource_type, resource_identifier, additional_info) = match self {
            Related::None => unreachable!("no resource has a place"),
            Related::Role(arn) => {
                (ResourceType::IamRole, ResourceIdentifier { iam_role_arn: Some(arn.to_string()), ..none }, None)
            }
            Related::Certificates(ids) => {
                (ResourceType::DeviceCertificate, Resource::DeviceCertificate(ids[at]).identifier(), None)
            }
            Related::Sessions(sessions) => {
                let RelatedSession { client, connect_time, disconnect_time } = &sessions[at];
                let mut times = info([("CONNECTION_TIME", connect_time.millis().to_string())]);
                if let Some(end) = disconnect_time {
                    times.insert("DISCONNECTION_TIME".to_owned(), end.millis().to_string());
                }
                (ResourceType::ClientId, Resource::ClientId(client.clone()).identifier(), Some(times))
            }
            Related::Disconnects { client, each } => {
                let (principal, time) = &each[at];
                let more =
                    info([("PRINCIPAL_ID", principal.to_string()), ("DISCONNECTION_TIME", time.millis().to_string())]);
                (ResourceType::ClientId, Resource::ClientId(client.clone()).identifier(), Some(more))
            }
        };
        RelatedResource { resource_type, resource_identifier, additional_info }
    }
}

impl Audit {
    /// A finding with at most ten related resources, none for C-01.
    ///
    /// # Errors
    /// `ResourceNotFoundException`; `InvalidRequestException` for a malformed id.
    pub fn describe_audit_finding(
        &self,
        request: &DescribeAuditFindingRequest,
    ) -> Result<Answer<DescribeAuditFindingResponse>, ServiceError> {
        let key = self.retained_key(&request.finding_id)?;
        let (_, batch) = self.findings.get(key).expect("the key was just looked up");
        let warnings =
            batch.check.is_extension().then(|| extension_warning(batch.check, "/finding/checkName".to_owned()));
        let response = DescribeAuditFindingResponse { finding: self.shown(key) };
        Ok(Answer { response, warnings: warnings.into_iter().collect() })
    }

    /// Findings of an audit, or of a span of time, both ends included (A-35 … A-38).
    ///
    /// # Errors
    /// `InvalidRequestException` unless exactly one of the two is given; for a bad filter or page.
    pub fn list_audit_findings(
        &self,
        now: Timestamp,
        request: &ListAuditFindingsRequest,
    ) -> Result<Answer<ListAuditFindingsResponse>, ServiceError> {
        let mut warnings = Vec::new();
        let page = Page::new(request.max_results, request.next_token.as_deref())?;
        let (task, from, to) = match (&request.task_id, request.start_time, request.end_time) {
            (Some(task_id), None, None) => {
                text::AUDIT_TASK_ID.check("taskId", task_id)?;
                // An unknown audit has no findings, which is no error.
                (Some(self.tasks.number_of(task_id)), Timestamp(i64::MIN), Timestamp(i64::MAX))
            }
            (None, Some(from), Some(to)) => (None, from, to),
            _ => return Err(ServiceError::invalid("give either taskId, or both startTime and endTime")),
        };
        let check = match &request.check_name {
            Some(name) => Some(AuditCheck::read(name, self.settings.compatibility, "/checkName", &mut warnings)?),
            None => None,
        };
        let filter = request.resource_identifier.as_ref().map(read_filter).transpose()?;
        let retained = now - RETENTION;
        let batches = self.findings.newest_first(move |batch| {
            batch.time >= retained
                && from <= batch.time
                && batch.time <= to
                && task.is_none_or(|task| task == Some(batch.task))
                && check.is_none_or(|check| check == batch.check)
        });
        let suppressed = request.list_suppressed_findings;
        let (keys, next_token) = page.of(batches.filter(|key| self.selects(*key, filter.as_ref(), suppressed)))?;
        let findings: Vec<AuditFinding> = keys.iter().map(|key| self.shown(*key)).collect();
        for (place, key) in keys.iter().enumerate() {
            let check = self.findings.get(*key).map(|(_, batch)| batch.check);
            if let Some(check) = check.filter(|check| check.is_extension()) {
                warnings.push(extension_warning(check, format!("/findings/{place}/checkName")));
            }
        }
        Ok(Answer { response: ListAuditFindingsResponse { findings, next_token }, warnings })
    }

    /// All related resources of a finding.
    ///
    /// # Errors
    /// `ResourceNotFoundException`; `InvalidRequestException` for a malformed id or page.
    pub fn list_related_resources_for_audit_finding(
        &self,
        request: &ListRelatedResourcesForAuditFindingRequest,
    ) -> Result<ListRelatedResourcesForAuditFindingResponse, ServiceError> {
        let page = Page::new(request.max_results, request.next_token.as_deref())?;
        let related = self.findings.related(self.retained_key(&request.finding_id)?);
        let (places, next_token) = page.of(0..related.len())?;
        let related_resources = places.into_iter().map(|place| related.shown(place)).collect();
        Ok(ListRelatedResourcesForAuditFindingResponse { related_resources, next_token })
    }

    /// What PUBLISH_FINDING_TO_SNS sends of a finding.
    pub fn published_finding(&self, key: FindingKey) -> Option<PublishedFinding> {
        self.findings.get(key.0).map(|_| self.shown(key.0).into())
    }

    fn selects(&self, key: u64, filter: Option<&Filter>, suppressed: Option<bool>) -> bool {
        let Some((finding, _)) = self.findings.get(key) else { return false };
        suppressed.is_none_or(|suppressed| suppressed == finding.suppressed)
            && filter.is_none_or(|filter| finding.resource.is_selected_by(filter))
    }

    fn retained_key(&self, finding_id: &str) -> Result<u64, ServiceError> {
        text::PLAIN_NAME.check("findingId", finding_id)?;
        self.findings.key_of(finding_id).ok_or_else(|| ServiceError::not_found("finding", finding_id))
    }

    pub(super) fn shown(&self, key: u64) -> AuditFinding {
        let (finding, batch) = self.findings.get(key).expect("the caller looked it up");
        let task = self.tasks.get(batch.task).expect("audits outlive their findings");
        let related = self.findings.related(key);
        let shown = match related {
            Related::Certificates(_) => 0,
            _ => related.len().min(RELATED_SHOWN),
        };
        AuditFinding {
            finding_id: finding.id().to_owned(),
            task_id: task.id().to_owned(),
            check_name: batch.check.name().to_owned(),
            task_start_time: task.start(),
            finding_time: batch.time,
            severity: batch.check.severity(),
            non_compliant_resource: NonCompliantResource {
                resource_type: finding.resource.resource_type(),
                resource_identifier: finding.resource.identifier(),
                additional_info: finding.additional_info(),
            },
            related_resources: (0..shown).map(|place| related.shown(place)).collect(),
            reason_for_non_compliance: self.findings.text(finding).to_owned(),
            reason_for_non_compliance_code: finding.reason.code().to_owned(),
            is_suppressed: finding.suppressed,
        }
    }
}
