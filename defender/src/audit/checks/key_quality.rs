//! What the two key-quality checks have in common: the weaknesses of C-04.

use std::collections::BTreeSet;

use crate::account::{CertificateText, DebianFingerprint, KeyAlgorithm, KeyFacts};
use crate::audit::catalog::ReasonCode;
use crate::audit::inspection::Inspected;
use crate::audit::resource::Resource;

/// Collects what one run finds.
pub(super) struct KeyQuality<'a> {
    block_list: Option<&'a BTreeSet<DebianFingerprint>>,
    untested: u64,
}

impl<'a> KeyQuality<'a> {
    pub(super) fn new(block_list: Option<&'a BTreeSet<DebianFingerprint>>) -> KeyQuality<'a> {
        KeyQuality { block_list, untested: 0 }
    }

    /// Judges the key of one certificate; each weakness is a finding of its own.
    pub(super) fn judge(
        &mut self,
        key: KeyFacts,
        text: Option<&CertificateText>,
        resource: impl Fn() -> Resource,
        inspected: &mut Inspected,
    ) {
        if key.roca {
            inspected.find(
                resource(),
                ReasonCode::CertificateKeyVulnerabilityCve201715361,
                "Certificate key is affected by CVE-2017-15361.",
            );
        }
        let fingerprint = text.and_then(|text| text.debian_fingerprint);
        let listed = match (self.block_list, fingerprint) {
            (Some(list), Some(fingerprint)) => list.contains(&fingerprint),
            _ => {
                self.untested += u64::from(matches!(key.algorithm, KeyAlgorithm::Rsa(_)) && !key.debian);
                false
            }
        };
        if listed || key.debian {
            inspected.find(
                resource(),
                ReasonCode::CertificateKeyVulnerabilityCve20080166,
                "Certificate key is affected by CVE-2008-0166.",
            );
        }
    }

    /// The Debian test is never passed without a list: it was not performed, and that is said (CH-20).
    pub(super) fn finish(self, inspected: &mut Inspected) {
        if self.untested > 0 {
            let reason = match self.block_list {
                None => "no block list was given",
                Some(_) => "their moduli are not known",
            };
            let untested = self.untested;
            let message = format!("the test for CVE-2008-0166 was not performed on {untested} RSA keys: {reason}");
            inspected.diagnose("DEBIAN_KEY_TEST_NOT_PERFORMED", message, Some(untested));
        }
    }
}
