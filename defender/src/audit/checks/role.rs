//! The four IoT reasons by which a role is overly permissive (3.6, 3.7): for C-07 and C-10.

use crate::account::IamRole;
use crate::audit::catalog::ReasonCode;
use crate::policy::administrative::{ActionClass, message};
use crate::policy::{AdministrativeGrants, administrative, broad, broad_data_plane};

/// A reason with its sentence.
pub(super) type Reason = (ReasonCode, String);

/// What an authenticated Cognito role or a role behind an alias grants too much of (P-32, P-33).
pub(super) fn iot_reasons(role: &IamRole) -> Vec<Reason> {
    let AdministrativeGrants { thing_admin_write, thing_admin_read, non_thing_admin } = administrative(role.policies());
    let broad_reads: Vec<_> = thing_admin_read.iter().filter(|grant| grant.broad).collect();
    let mut reasons = Vec::new();
    if !broad_reads.is_empty() {
        let text = message(ActionClass::ThingAdminRead, broad_reads);
        let text = text.replacen("allows access", "allows broad access", 1);
        reasons.push((ReasonCode::AllowsBroadAccessToIotThingAdminReadActions, text));
    }
    if !non_thing_admin.is_empty() {
        let text = message(ActionClass::NonThingAdmin, &non_thing_admin);
        reasons.push((ReasonCode::AllowsAccessToIotNonThingAdminActions, text));
    }
    if !thing_admin_write.is_empty() {
        let text = message(ActionClass::ThingAdminWrite, &thing_admin_write);
        reasons.push((ReasonCode::AllowsAccessToIotThingAdminWriteActions, text));
    }
    reasons.extend(data_plane_reason(role));
    reasons
}

/// Broad access to data-plane actions (3.6).
pub(super) fn data_plane_reason(role: &IamRole) -> Option<Reason> {
    let grants = broad_data_plane(role.policies());
    (!grants.is_empty()).then(|| (ReasonCode::AllowsBroadAccessToIotDataPlaneActions, broad::message(&grants)))
}
