//! What the two expiration checks have in common (C-12, C-14).

use crate::audit::catalog::ReasonCode;
use crate::audit::inspection::{Extra, Inspected};
use crate::audit::resource::Resource;
use crate::time::{Millis, Timestamp};

/// Judges one certificate; both boundaries are inside (CH-27), and the two reasons exclude each other.
pub(super) fn judge(
    not_after: Timestamp,
    at: Timestamp,
    threshold: Millis,
    resource: impl Fn() -> Resource,
    inspected: &mut Inspected,
) {
    let (reason, text) = if not_after <= at {
        (ReasonCode::CertificatePastExpiration, "Certificate is past its expiration.")
    } else if not_after <= at + threshold {
        // The sentence is this engine's (CH-28).
        (ReasonCode::CertificateApproachingExpiration, "Certificate is approaching its expiration.")
    } else {
        return;
    };
    inspected.find(resource(), reason, text).extra = Extra::ExpirationTime(not_after);
}
