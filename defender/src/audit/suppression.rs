//! Suppressions of findings (A-39 … A-50).

use std::collections::BTreeMap;

use crate::error::{ServiceError, Warning};
use crate::request::{Page, text};
use crate::time::Timestamp;

use super::catalog::AuditCheck;
use super::resource::{Resource, read_filter, read_key};
use super::wire::{
    AuditSuppression, AuditSuppressionKey, CreateAuditSuppressionRequest, ListAuditSuppressionsRequest,
    ListAuditSuppressionsResponse, ResourceIdentifier,
};
use super::{Answer, Audit};

/// Suppressions of an account (CH-50).
const SUPPRESSIONS_MAX: usize = 10_000;

type Key = (AuditCheck, Resource);

/// A suppression. Without a date it is in force until deleted.
#[derive(Clone, Debug)]
struct Suppression {
    expiration: Option<Timestamp>,
    description: Option<String>,
    token: Option<String>,
    sequence: u64,
}

impl Suppression {
    /// At the very instant of its expiration it is over (CH-47).
    fn is_in_force(&self, at: Timestamp) -> bool {
        self.expiration.is_none_or(|expiration| at < expiration)
    }

    fn shown(&self, (check, resource): &Key) -> AuditSuppression {
        AuditSuppression {
            check_name: check.name().to_owned(),
            resource_identifier: resource.identifier(),
            expiration_date: self.expiration,
            suppress_indefinitely: Some(self.expiration.is_none()),
            description: self.description.clone(),
        }
    }
}

/// All suppressions.
#[derive(Clone, Debug, Default)]
pub(super) struct Suppressions {
    by_key: BTreeMap<Key, Suppression>,
    by_token: BTreeMap<String, Key>,
    next_sequence: u64,
}

impl Suppressions {
    /// Whether a finding of the check about the resource is suppressed in an audit that starts at `at`.
    pub(super) fn covers(&self, check: AuditCheck, resource: &Resource, at: Timestamp) -> bool {
        // The key of a map cannot be borrowed in parts; without any suppression of the check nothing is copied.
        let any = self.by_key.range((check, FIRST)..).next().is_some_and(|((other, _), _)| *other == check);
        any && self.by_key.get(&(check, resource.clone())).is_some_and(|suppression| suppression.is_in_force(at))
    }

    fn put(&mut self, key: Key, expiration: Option<Timestamp>, description: Option<String>, token: Option<String>) {
        self.remove(&key);
        if let Some(token) = &token {
            self.by_token.insert(token.clone(), key.clone());
        }
        let sequence = self.next_sequence;
        self.next_sequence += 1;
        self.by_key.insert(key, Suppression { expiration, description, token, sequence });
    }

    fn remove(&mut self, key: &Key) {
        if let Some(token) = self.by_key.remove(key).and_then(|old| old.token) {
            self.by_token.remove(&token);
        }
    }
}

/// No resource is smaller.
const FIRST: Resource = Resource::DeviceCertificate(crate::ids::CertificateId([0; 32]));

impl Audit {
    /// Creates a suppression. The resource need not exist, nor the check be enabled.
    ///
    /// # Errors
    /// `InvalidRequestException` for an unknown check, a member that the check's findings do not have (CH-33), neither
    /// or both of an expiration and `suppressIndefinitely`, a date that is not in the future (CH-45), or a token that
    /// was used for something else (CH-01); `ResourceAlreadyExistsException` for a key that is there and not expired
    /// (CH-48); `LimitExceededException` (CH-50).
    pub fn create_audit_suppression(
        &mut self,
        now: Timestamp,
        request: &CreateAuditSuppressionRequest,
    ) -> Result<Answer<()>, ServiceError> {
        let mut warnings = Vec::new();
        let key = self.suppression_key(&request.check_name, &request.resource_identifier, &mut warnings)?;
        text::DESCRIPTION.check_if_given("description", request.description.as_deref())?;
        text::TOKEN.check_if_given("clientRequestToken", request.client_request_token.as_deref())?;
        let token = request.client_request_token.clone();
        let answer = Answer { response: (), warnings };
        if let Some(earlier) = token.as_ref().and_then(|token| self.suppressions.by_token.get(token)) {
            let stored = &self.suppressions.by_key[earlier];
            let indefinite = request.suppress_indefinitely.unwrap_or(false);
            let same = *earlier == key
                && stored.description == request.description
                && stored.expiration == request.expiration_date
                && stored.expiration.is_none() == indefinite;
            return match same {
                true => Ok(answer),
                false => Err(ServiceError::invalid("clientRequestToken was used with other parameters")),
            };
        }
        let expiration = read_expiration(now, request.expiration_date, request.suppress_indefinitely)?;
        match self.suppressions.by_key.get(&key) {
            Some(stored) if stored.is_in_force(now) => {
                let id = serde_json::to_string(&key.1.identifier()).expect("texts have a JSON form");
                return Err(ServiceError::already_exists("audit suppression", format!("{} {id}", key.0), ""));
            }
            None if self.suppressions.by_key.len() >= SUPPRESSIONS_MAX => {
                return Err(ServiceError::limit(format!(
                    "the account has {SUPPRESSIONS_MAX} audit suppressions, the most allowed"
                )));
            }
            _ => {}
        }
        self.suppressions.put(key, expiration, request.description.clone(), token);
        Ok(answer)
    }

    /// A suppression, expired or not.
    ///
    /// # Errors
    /// `ResourceNotFoundException`; `InvalidRequestException` for a bad key.
    pub fn describe_audit_suppression(
        &self,
        request: &AuditSuppressionKey,
    ) -> Result<Answer<AuditSuppression>, ServiceError> {
        let mut warnings = Vec::new();
        let key = self.suppression_key(&request.check_name, &request.resource_identifier, &mut warnings)?;
        let stored = self.suppressions.by_key.get(&key).ok_or_else(|| unknown(&key))?;
        Ok(Answer { response: stored.shown(&key), warnings })
    }

    /// Changes the members given. A date ends "indefinitely", and the other way round.
    ///
    /// # Errors
    /// `ResourceNotFoundException`; `InvalidRequestException` for both, a date that is not in the future, or neither
    /// in the end.
    pub fn update_audit_suppression(
        &mut self,
        now: Timestamp,
        request: &AuditSuppression,
    ) -> Result<Answer<()>, ServiceError> {
        let mut warnings = Vec::new();
        let key = self.suppression_key(&request.check_name, &request.resource_identifier, &mut warnings)?;
        text::DESCRIPTION.check_if_given("description", request.description.as_deref())?;
        let stored = self.suppressions.by_key.get_mut(&key).ok_or_else(|| unknown(&key))?;
        let expiration = match (request.expiration_date, request.suppress_indefinitely) {
            (None, None) => stored.expiration,
            (None, Some(false)) if stored.expiration.is_some() => stored.expiration,
            (date, indefinitely) => read_expiration(now, date, indefinitely)?,
        };
        stored.expiration = expiration;
        stored.description = request.description.clone().or(stored.description.take());
        Ok(Answer { response: (), warnings })
    }

    /// Deletes a suppression; success if there is none. Findings keep what was decided.
    ///
    /// # Errors
    /// `InvalidRequestException` for a bad key.
    pub fn delete_audit_suppression(
        &mut self,
        _now: Timestamp,
        request: &AuditSuppressionKey,
    ) -> Result<Answer<()>, ServiceError> {
        let mut warnings = Vec::new();
        let key = self.suppression_key(&request.check_name, &request.resource_identifier, &mut warnings)?;
        self.suppressions.remove(&key);
        Ok(Answer { response: (), warnings })
    }

    /// Suppressions by expiration, ascending unless asked otherwise; those without one come last ascending, first
    /// descending (A-47, CH-49).
    ///
    /// # Errors
    /// `InvalidRequestException` for a bad filter or page.
    pub fn list_audit_suppressions(
        &self,
        request: &ListAuditSuppressionsRequest,
    ) -> Result<Answer<ListAuditSuppressionsResponse>, ServiceError> {
        let mut warnings = Vec::new();
        let page = Page::new(request.max_results, request.next_token.as_deref())?;
        let read = |name: &String, warnings: &mut Vec<Warning>| {
            AuditCheck::read(name, self.settings.compatibility, "/checkName", warnings)
        };
        let check = request.check_name.as_ref().map(|name| read(name, &mut warnings)).transpose()?;
        let filter = request.resource_identifier.as_ref().map(read_filter).transpose()?;
        let mut selected: Vec<(&Key, &Suppression)> = self
            .suppressions
            .by_key
            .iter()
            .filter(|((own, _), _)| check.is_none_or(|check| check == *own))
            .filter(|((_, resource), _)| filter.as_ref().is_none_or(|filter| resource.is_selected_by(filter)))
            .collect();
        selected.sort_by_key(|(_, suppression)| {
            (suppression.expiration.is_none(), suppression.expiration, suppression.sequence)
        });
        if request.ascending_order == Some(false) {
            selected.reverse();
        }
        let (shown, next_token) = page.of(selected)?;
        let suppressions = shown.into_iter().map(|(key, suppression)| suppression.shown(key)).collect();
        Ok(Answer { response: ListAuditSuppressionsResponse { suppressions, next_token }, warnings })
    }

    fn suppression_key(
        &self,
        check_name: &str,
        identifier: &ResourceIdentifier,
        warnings: &mut Vec<Warning>,
    ) -> Result<Key, ServiceError> {
        let check = AuditCheck::read(check_name, self.settings.compatibility, "/checkName", warnings)?;
        Ok((check, read_key(check, identifier)?))
    }
}

fn unknown(key: &Key) -> ServiceError {
    let id = serde_json::to_string(&key.1.identifier()).expect("texts have a JSON form");
    ServiceError::not_found("audit suppression", &format!("{} {id}", key.0))
}

/// Exactly one of a future date and "indefinitely" (CH-45).
fn read_expiration(
    now: Timestamp,
    date: Option<Timestamp>,
    indefinitely: Option<bool>,
) -> Result<Option<Timestamp>, ServiceError> {
    match (date, indefinitely.unwrap_or(false)) {
        (Some(_), true) => Err(ServiceError::invalid("expirationDate and suppressIndefinitely exclude each other")),
        (None, false) => Err(ServiceError::invalid("a suppression needs expirationDate or suppressIndefinitely")),
        (Some(date), false) if date <= now => {
            Err(ServiceError::invalid(format!("expirationDate must lie in the future, found {date} at {now}")))
        }
        (date, _) => Ok(date),
    }
}
