//! Custom metrics (5.3).

use crate::account::Account;
use crate::error::{Exception, ServiceError};
use crate::request::{Page, text};
use crate::time::Timestamp;

use super::Detect;
use super::wire::{self, CustomMetricType, Tag};

/// Custom metrics per account.
const CUSTOM_METRICS_MAX: usize = 100;

/// A custom metric on record.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CustomMetric {
    pub(crate) metric_type: CustomMetricType,
    pub(crate) display_name: Option<String>,
    pub(crate) tags: Vec<Tag>,
    pub(crate) created: Timestamp,
    pub(crate) modified: Timestamp,
    /// The token that created it (G-07).
    pub(crate) token: Option<String>,
    /// Position in the order of creation.
    pub(crate) order: u64,
}

/// What a repeated creation with a token means (G-07, CH-01).
pub(crate) enum Repetition {
    /// The very same request: the same answer again.
    Same,
    /// Something else.
    Different,
}

/// Compares a creation with the resource that is in its way.
pub(crate) fn repetition(token: Option<&str>, stored: Option<&str>, same: bool) -> Option<Repetition> {
    match (token, stored) {
        (Some(given), Some(stored)) if given == stored => {
            Some(if same { Repetition::Same } else { Repetition::Different })
        }
        _ => None,
    }
}

/// `InvalidRequestException` for a token that was used for something else (CH-01).
pub(crate) fn token_reused(token: Option<&str>) -> ServiceError {
    let token = token.unwrap_or_default();
    ServiceError::invalid(format!("clientRequestToken `{token}` was used with other parameters"))
}

impl Detect {
    /// Creates a custom metric (D-08). The same request with the same token again gives the same answer.
    ///
    /// # Errors
    /// `InvalidRequestException` for a bad name, display name or token, for a name that starts with `aws:`, and for a
    /// token used otherwise before; `ResourceAlreadyExistsException`; `LimitExceededException` beyond 100.
    pub fn create_custom_metric(
        &mut self,
        now: Timestamp,
        request: &wire::CreateCustomMetricRequest,
        account: &Account,
    ) -> Result<wire::CustomMetricIdentifier, ServiceError> {
        let name = &request.metric_name;
        text::NAME.check("metricName", name)?;
        if name.starts_with("aws:") {
            return Err(ServiceError::invalid(format!("metricName must not start with `aws:`, found `{name}`")));
        }
        text::DISPLAY_NAME.check_if_given("displayName", request.display_name.as_deref())?;
        Tag::check_all(request.tags.as_deref())?;
        let token = request.client_request_token.as_deref();
        text::TOKEN.check_if_given("clientRequestToken", token)?;
        let answer =
            wire::CustomMetricIdentifier { metric_name: name.clone(), metric_arn: custom_metric_arn(name, account) };
        if let Some(found) = self.custom_metrics.get(name) {
            let same = found.metric_type == request.metric_type && found.display_name == request.display_name;
            return match repetition(token, found.token.as_deref(), same) {
                Some(Repetition::Same) => Ok(answer),
                Some(Repetition::Different) => Err(token_reused(token)),
                None => Err(ServiceError::already_exists("custom metric", name, answer.metric_arn)),
            };
        }
        if token.is_some() && self.custom_metrics.values().any(|metric| metric.token.as_deref() == token) {
            return Err(token_reused(token));
        }
        if self.custom_metrics.len() >= CUSTOM_METRICS_MAX {
            return Err(ServiceError::limit(format!(
                "the account has {CUSTOM_METRICS_MAX} custom metrics, the most allowed"
            )));
        }
        let metric = CustomMetric {
            metric_type: request.metric_type,
            display_name: request.display_name.clone(),
            tags: request.tags.clone().unwrap_or_default(),
            created: now,
            modified: now,
            token: token.map(str::to_owned),
            order: self.next_order(),
        };
        self.custom_metrics.insert(name.clone(), metric);
        self.catalog.custom_metrics.insert(name.clone(), request.metric_type);
        Ok(answer)
    }

    /// Changes a custom metric's display name, the only thing about it that can change (D-08).
    ///
    /// # Errors
    /// `ResourceNotFoundException`; `InvalidRequestException` for a bad display name.
    pub fn update_custom_metric(
        &mut self,
        now: Timestamp,
        request: &wire::UpdateCustomMetricRequest,
        account: &Account,
    ) -> Result<wire::CustomMetricDescription, ServiceError> {
        let name = &request.metric_name;
        text::NAME.check("metricName", name)?;
        let display_name = request.display_name.as_deref();
        let display_name = display_name.ok_or_else(|| ServiceError::invalid("displayName is required"))?;
        text::DISPLAY_NAME.check("displayName", display_name)?;
        let metric = self.custom_metrics.get_mut(name).ok_or_else(|| ServiceError::not_found("custom metric", name))?;
        metric.display_name = Some(display_name.to_owned());
        metric.modified = now;
        Ok(description(name, metric, account))
    }

    /// A custom metric.
    ///
    /// # Errors
    /// `ResourceNotFoundException`; `InvalidRequestException` for a name that none can have.
    pub fn describe_custom_metric(
        &self,
        name: &str,
        account: &Account,
    ) -> Result<wire::CustomMetricDescription, ServiceError> {
        text::NAME.check("metricName", name)?;
        let metric = self.custom_metrics.get(name).ok_or_else(|| ServiceError::not_found("custom metric", name))?;
        Ok(description(name, metric, account))
    }

    /// Deletes a custom metric with its data; success if there is none (G-08).
    ///
    /// # Errors
    /// `InvalidRequestException` for a name that none can have, and while a profile uses or retains it (D-09).
    pub fn delete_custom_metric(&mut self, _now: Timestamp, name: &str) -> Result<(), ServiceError> {
        text::NAME.check("metricName", name)?;
        if let Some(profile) = self.profiles().find(|profile| profile.uses_metric(name)) {
            return Err(ServiceError::new(
                Exception::InvalidRequest,
                format!("custom metric `{name}` is used by security profile `{}`", profile.name()),
            ));
        }
        self.custom_metrics.remove(name);
        self.catalog.custom_metrics.remove(name);
        self.retained.forget_custom(name);
        Ok(())
    }

    /// The names of all custom metrics, by creation (CH-02).
    ///
    /// # Errors
    /// `InvalidRequestException` for a bad page.
    pub fn list_custom_metrics(
        &self,
        request: &wire::ListCustomMetricsRequest,
    ) -> Result<wire::ListCustomMetricsResponse, ServiceError> {
        let page = Page::new(request.max_results, request.next_token.as_deref())?;
        let mut metrics: Vec<_> = self.custom_metrics.iter().collect();
        metrics.sort_by_key(|(_, metric)| metric.order);
        let (metric_names, next_token) = page.of(metrics.into_iter().map(|(name, _)| name.clone()))?;
        Ok(wire::ListCustomMetricsResponse { metric_names, next_token })
    }
}

fn custom_metric_arn(name: &str, account: &Account) -> String {
    account.arn(format!("custommetric/{name}"))
}

fn description(name: &str, metric: &CustomMetric, account: &Account) -> wire::CustomMetricDescription {
    wire::CustomMetricDescription {
        metric_name: name.to_owned(),
        metric_arn: custom_metric_arn(name, account),
        metric_type: metric.metric_type,
        display_name: metric.display_name.clone(),
        creation_date: metric.created,
        last_modified_date: metric.modified,
    }
}
