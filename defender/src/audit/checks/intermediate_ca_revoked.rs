//! C-01: an intermediate CA that issued device certificates in scope (CH-16) was revoked by its own issuer.

use std::collections::BTreeMap;

use crate::account::{IssuerIndex, Revocation};
use crate::audit::catalog::{AuditCheck, ReasonCode};
use crate::audit::inspection::{Check, Inspected, Related, Scene};
use crate::audit::resource::{IssuerName, Resource};
use crate::ids::CertificateId;

use super::permissions;

pub(super) struct IntermediateCaRevoked;

impl Check for IntermediateCaRevoked {
    fn check(&self) -> AuditCheck {
        AuditCheck::IntermediateCaRevokedForActiveDeviceCertificates
    }

    fn permissions(&self) -> &'static [&'static str] {
        permissions::CERTIFICATES
    }

    fn inspect(&self, scene: &mut Scene<'_>) -> Inspected {
        let mut inspected = Inspected::of(self);
        let mut issued: BTreeMap<IssuerIndex, Vec<CertificateId>> = BTreeMap::new();
        for (_, certificate) in scene.certificates_in_scope() {
            if let Some(issuer) = certificate.issuer() {
                issued.entry(issuer).or_default().push(certificate.id());
            }
        }
        let mut without_data = 0;
        for (issuer, certificates) in issued {
            // Without an issuer of its own it is a root, or nobody knows.
            let Some(facts) = scene.account.issuer(issuer).filter(|facts| facts.issuer.is_some()) else { continue };
            inspected.total += 1;
            match scene.account.revocation(facts.issuer, facts.serial, scene.at) {
                Revocation::Revoked { .. } => {
                    let name = IssuerName {
                        subject: facts.subject.clone(),
                        id: facts.id.clone(),
                        serial: facts.serial.to_string(),
                    };
                    inspected
                        .find(
                            Resource::Issuer(Box::new(name)),
                            ReasonCode::IntermediateCaRevokedByIssuer,
                            "Intermediate CA was revoked by its issuer.",
                        )
                        .related = Related::Certificates(certificates.into());
                }
                Revocation::NoData => without_data += 1,
                Revocation::NotRevoked => {}
            }
        }
        inspected.without_revocation_data(without_data);
        inspected
    }
}
