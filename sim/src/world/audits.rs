//! stub
use super::*;
pub(super) struct Audit;
impl Audit { pub fn new(_: u64) -> Self { Audit } pub fn next_due(&self) -> Option<Timestamp> { None } }
impl defender::mitigation::Findings for Audit {
    fn audit_is_over(&self, _: &str) -> Option<bool> { None }
    fn newest_audit_of(&self, _: &str) -> Option<&str> { None }
    fn findings_of(&self, _: &str) -> Vec<defender::mitigation::FindingKey> { vec![] }
    fn key_of(&self, _: &str) -> Option<defender::mitigation::FindingKey> { None }
    fn finding(&self, _: defender::mitigation::FindingKey) -> Option<defender::mitigation::FindingView<'_>> { None }
    fn published(&self, _: defender::mitigation::FindingKey) -> Option<String> { None }
}
impl World<'_> {
    pub(super) fn set_up_audits(&mut self) -> Result<(), Stopped> { Ok(()) }
    pub(super) fn advance_audits(&mut self, _now: Timestamp, _due: Timestamp) {}
    pub(super) fn start_audit(&mut self, _t: Timestamp, _c: Vec<String>) {}
    pub(super) fn expiring_devices(&self, _a: usize) -> Vec<u32> { vec![] }
    pub(super) fn target_of_finding(&self, _t: defender::mitigation::TaskRef, _r: u32) -> (String, Option<u32>) { (String::new(), None) }
}
