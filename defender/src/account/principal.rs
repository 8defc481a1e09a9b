//! What a device authenticates as, and which things that is attached to (V-28).

use crate::error::ServiceError;
use crate::ids::{CertificateIndex, ThingId};
use crate::time::Timestamp;

use super::id_set::IdList;
use super::{Account, Change, CognitoIdentityIndex};

/// A principal of the registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Principal {
    /// A device certificate.
    Certificate(CertificateIndex),
    /// A Cognito identity.
    CognitoIdentity(CognitoIdentityIndex),
}

/// Set in a packed principal that is a Cognito identity.
const COGNITO: u32 = 1 << 31;

impl Principal {
    pub(crate) fn pack(self) -> u32 {
        match self {
            Principal::Certificate(certificate) => certificate.0,
            Principal::CognitoIdentity(identity) => identity.0 | COGNITO,
        }
    }

    pub(crate) fn unpack(packed: u32) -> Principal {
        match packed & COGNITO {
            0 => Principal::Certificate(CertificateIndex(packed)),
            _ => Principal::CognitoIdentity(CognitoIdentityIndex(packed & !COGNITO)),
        }
    }
}

/// `thingPrincipalType` (V-28).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ThingPrincipalType {
    /// The principal may be attached to other things too.
    #[default]
    NonExclusiveThing,
    /// The principal is attached to this thing and no other.
    ExclusiveThing,
}

impl Account {
    /// Attaches a principal to a thing; again is success (V-28).
    ///
    /// # Errors
    /// `ResourceNotFoundException` for an unknown thing or principal; `InvalidRequestException` if the principal is
    /// attached elsewhere and either that attachment or this one is `EXCLUSIVE_THING`.
    pub fn attach_thing_principal(
        &mut self,
        _now: Timestamp,
        thing: ThingId,
        principal: Principal,
        kind: ThingPrincipalType,
    ) -> Result<(), ServiceError> {
        self.thing_row(thing)?;
        self.check_principal(principal)?;
        let wants_exclusive = kind == ThingPrincipalType::ExclusiveThing;
        let (exclusive, things) = self.attachments_mut(principal);
        let elsewhere = things.as_slice().iter().any(|&other| other != thing.0);
        if elsewhere && (*exclusive || wants_exclusive) {
            return Err(ServiceError::invalid(format!(
                "the principal is attached to another thing, and `EXCLUSIVE_THING` allows one (`{}`)",
                self.thing_name(thing)
            )));
        }
        *exclusive |= wants_exclusive;
        if things.insert_sorted(thing.0) {
            self.things.get_mut(thing).expect("looked up above").principals.push(principal.pack());
            self.journal.note(Change::ThingPrincipals(thing));
        }
        Ok(())
    }

    /// Detaches a principal from a thing; success if it is not attached.
    ///
    /// # Errors
    /// `ResourceNotFoundException` for an unknown thing or principal.
    pub fn detach_thing_principal(
        &mut self,
        _now: Timestamp,
        thing: ThingId,
        principal: Principal,
    ) -> Result<(), ServiceError> {
        self.thing_row(thing)?;
        self.check_principal(principal)?;
        let (exclusive, things) = self.attachments_mut(principal);
        if things.remove(thing.0) {
            *exclusive &= !things.is_empty();
            self.things.get_mut(thing).expect("looked up above").principals.remove(principal.pack());
            self.journal.note(Change::ThingPrincipals(thing));
        }
        Ok(())
    }

    /// The things that a principal is attached to, ascending (`ListPrincipalThings`, V-28).
    pub fn things_of_principal(&self, principal: Principal) -> impl Iterator<Item = ThingId> + '_ {
        let things = match principal {
            Principal::Certificate(certificate) => self.certificates.get(certificate).map(|row| &row.things),
            Principal::CognitoIdentity(identity) => self.cognito.identity_row(identity).map(|row| &row.things),
        };
        things.map_or(&[][..], IdList::as_slice).iter().map(|&thing| ThingId(thing))
    }

    /// The things that a certificate is attached to, ascending.
    pub fn things_of_certificate(&self, certificate: CertificateIndex) -> impl Iterator<Item = ThingId> + '_ {
        self.things_of_principal(Principal::Certificate(certificate))
    }

    /// How sessions and events call a principal: the certificate id, or the Cognito identity id.
    ///
    /// # Panics
    /// If the index was not handed out by this account.
    pub fn principal_id(&self, principal: Principal) -> String {
        match principal {
            Principal::Certificate(certificate) => self.certificates.rows[certificate.index()].id().to_string(),
            Principal::CognitoIdentity(identity) => self.cognito.identities[identity.index()].id.clone(),
        }
    }

    fn check_principal(&self, principal: Principal) -> Result<(), ServiceError> {
        match principal {
            Principal::Certificate(certificate) => self.certificate_row(certificate).map(|_| ()),
            Principal::CognitoIdentity(identity) => match self.cognito.identity_row(identity) {
                Some(_) => Ok(()),
                None => Err(ServiceError::not_found("Cognito identity", &identity.0.to_string())),
            },
        }
    }

    fn attachments_mut(&mut self, principal: Principal) -> (&mut bool, &mut IdList) {
        match principal {
            Principal::Certificate(certificate) => {
                let row = &mut self.certificates.rows[certificate.index()];
                (&mut row.exclusive, &mut row.things)
            }
            Principal::CognitoIdentity(identity) => {
                let row = &mut self.cognito.identities[identity.index()];
                (&mut row.exclusive, &mut row.things)
            }
        }
    }
}
