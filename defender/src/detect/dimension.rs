//! Dimensions: named topic filters that a behavior can be restricted to (5.4).

use crate::account::Account;
use crate::error::ServiceError;
use crate::policy::mqtt;
use crate::request::{Page, text};
use crate::time::Timestamp;

use super::Detect;
use super::custom_metric::{Repetition, repetition, token_reused};
use super::wire::{self, DimensionOperator, DimensionType, Tag};

/// Dimensions per account.
const DIMENSIONS_MAX: usize = 10;
/// The variable that stands for the device under evaluation (D-11).
const CLIENT_ID: &str = "${iot:ClientId}";

/// A dimension on record.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TopicFilters {
    /// The filters and since when they are the ones, oldest first: a window uses those in force at its start (D-14).
    versions: Vec<(Timestamp, Vec<String>)>,
    tags: Vec<Tag>,
    created: Timestamp,
    token: Option<String>,
    order: u64,
}

impl TopicFilters {
    /// The filters in force at an instant.
    pub(crate) fn at(&self, time: Timestamp) -> &[String] {
        let in_force = self.versions.iter().rev().find(|(since, _)| *since <= time);
        in_force.or_else(|| self.versions.first()).map_or(&[], |(_, filters)| filters)
    }

    fn current(&self) -> &(Timestamp, Vec<String>) {
        self.versions.last().expect("a dimension has filters from its creation on")
    }
}

/// Whether an event counts under a dimension (D-12): with `IN` its topic matches at least one filter, with `NOT_IN`
/// none. An event without topic, such as a refused CONNECT, never matches (CH-56).
pub fn counts(operator: DimensionOperator, filters: &[String], client_id: &str, topic: Option<&str>) -> bool {
    let matches = topic.is_some_and(|topic| filters.iter().any(|filter| matches(filter, client_id, topic)));
    matches == (operator == DimensionOperator::In)
}

fn matches(filter: &str, client_id: &str, topic: &str) -> bool {
    if !filter.contains(CLIENT_ID) {
        return mqtt::filter_matches(filter, topic);
    }
    // A client id is text, not a pattern, and no topic contains a wildcard.
    !client_id.contains(['+', '#']) && mqtt::filter_matches(&filter.replace(CLIENT_ID, client_id), topic)
}

fn check_filters(values: &[String]) -> Result<(), ServiceError> {
    if !(1..=100).contains(&values.len()) {
        return Err(ServiceError::invalid(format!("stringValues must have 1..=100 elements, found {}", values.len())));
    }
    values.iter().try_for_each(|value| {
        text::TOPIC_FILTER.check("stringValues", value)?;
        if mqtt::is_valid_filter(&value.replace(CLIENT_ID, "x")) {
            return Ok(());
        }
        Err(ServiceError::invalid(format!("stringValues must be MQTT topic filters, found `{value}`")))
    })
}

impl Detect {
    /// Creates a dimension (D-11). The same request with the same token again gives the same answer.
    ///
    /// # Errors
    /// `InvalidRequestException` for a bad name, filter or token, and for a token used otherwise before;
    /// `ResourceAlreadyExistsException`; `LimitExceededException` beyond 10.
    pub fn create_dimension(
        &mut self,
        now: Timestamp,
        request: &wire::CreateDimensionRequest,
        account: &Account,
    ) -> Result<wire::DimensionIdentifier, ServiceError> {
        let name = &request.name;
        text::NAME.check("name", name)?;
        check_filters(&request.string_values)?;
        Tag::check_all(request.tags.as_deref())?;
        let token = request.client_request_token.as_deref();
        text::TOKEN.check_if_given("clientRequestToken", token)?;
        let answer = wire::DimensionIdentifier { name: name.clone(), arn: dimension_arn(name, account) };
        if let Some(found) = self.dimensions.get(name) {
            let same = found.current().1 == request.string_values;
            return match repetition(token, found.token.as_deref(), same) {
                Some(Repetition::Same) => Ok(answer),
                Some(Repetition::Different) => Err(token_reused(token)),
                None => Err(ServiceError::already_exists("dimension", name, answer.arn)),
            };
        }
        if token.is_some() && self.dimensions.values().any(|dimension| dimension.token.as_deref() == token) {
            return Err(token_reused(token));
        }
        if self.dimensions.len() >= DIMENSIONS_MAX {
            return Err(ServiceError::limit(format!("the account has {DIMENSIONS_MAX} dimensions, the most allowed")));
        }
        let dimension = TopicFilters {
            versions: vec![(now, request.string_values.clone())],
            tags: request.tags.clone().unwrap_or_default(),
            created: now,
            token: token.map(str::to_owned),
            order: self.next_order(),
        };
        self.dimensions.insert(name.clone(), dimension);
        self.catalog.dimensions.insert(name.clone());
        Ok(answer)
    }

    /// Replaces a dimension's filters; running windows keep the old ones (D-14, D-79).
    ///
    /// # Errors
    /// `ResourceNotFoundException`; `InvalidRequestException` for a bad filter.
    pub fn update_dimension(
        &mut self,
        now: Timestamp,
        request: &wire::UpdateDimensionRequest,
        account: &Account,
    ) -> Result<wire::DimensionDescription, ServiceError> {
        let name = &request.name;
        text::NAME.check("name", name)?;
        check_filters(&request.string_values)?;
        let dimension = self.dimensions.get_mut(name).ok_or_else(|| ServiceError::not_found("dimension", name))?;
        dimension.versions.push((now, request.string_values.clone()));
        self.generation += 1;
        self.describe_dimension(name, account)
    }

    /// A dimension.
    ///
    /// # Errors
    /// `ResourceNotFoundException`; `InvalidRequestException` for a name that none can have.
    pub fn describe_dimension(
        &self,
        name: &str,
        account: &Account,
    ) -> Result<wire::DimensionDescription, ServiceError> {
        text::NAME.check("name", name)?;
        let dimension = self.dimensions.get(name).ok_or_else(|| ServiceError::not_found("dimension", name))?;
        let (modified, filters) = dimension.current();
        Ok(wire::DimensionDescription {
            name: name.to_owned(),
            arn: dimension_arn(name, account),
            r#type: DimensionType::TopicFilter,
            string_values: filters.clone(),
            creation_date: dimension.created,
            last_modified_date: *modified,
        })
    }

    /// Deletes a dimension; success if there is none (G-08).
    ///
    /// # Errors
    /// `InvalidRequestException` for a name that none can have, and while a profile uses it (D-14).
    pub fn delete_dimension(&mut self, _now: Timestamp, name: &str) -> Result<(), ServiceError> {
        text::NAME.check("name", name)?;
        if let Some(profile) = self.profiles().find(|profile| profile.uses_dimension(name)) {
            return Err(ServiceError::invalid(format!(
                "dimension `{name}` is used by security profile `{}`",
                profile.name()
            )));
        }
        self.dimensions.remove(name);
        self.catalog.dimensions.remove(name);
        Ok(())
    }

    /// The names of all dimensions, by creation (CH-02).
    ///
    /// # Errors
    /// `InvalidRequestException` for a bad page.
    pub fn list_dimensions(
        &self,
        request: &wire::ListDimensionsRequest,
    ) -> Result<wire::ListDimensionsResponse, ServiceError> {
        let page = Page::new(request.max_results, request.next_token.as_deref())?;
        let mut dimensions: Vec<_> = self.dimensions.iter().collect();
        dimensions.sort_by_key(|(_, dimension)| dimension.order);
        let (dimension_names, next_token) = page.of(dimensions.into_iter().map(|(name, _)| name.clone()))?;
        Ok(wire::ListDimensionsResponse { dimension_names, next_token })
    }

    /// The topic filters of a dimension in force at an instant; empty if there is no such dimension.
    pub fn topic_filters(&self, name: &str, at: Timestamp) -> &[String] {
        self.dimensions.get(name).map_or(&[], |dimension| dimension.at(at))
    }
}

fn dimension_arn(name: &str, account: &Account) -> String {
    account.arn(format!("dimension/{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d12_in_counts_matches_and_not_in_the_rest() {
        let filters = ["device/+/auth".to_owned(), "alarm/#".to_owned()];
        for (topic, matches) in [("device/1/auth", true), ("alarm", true), ("device/1/data", false)] {
            assert_eq!(counts(DimensionOperator::In, &filters, "d", Some(topic)), matches, "{topic}");
            assert_eq!(counts(DimensionOperator::NotIn, &filters, "d", Some(topic)), !matches, "{topic}");
        }
    }

    #[test]
    fn ch56_an_event_without_topic_is_never_in() {
        let filters = ["#".to_owned()];
        assert!(!counts(DimensionOperator::In, &filters, "d", None));
        assert!(counts(DimensionOperator::NotIn, &filters, "d", None));
    }

    #[test]
    fn d11_the_client_id_is_substituted() {
        let filters = ["device/${iot:ClientId}/#".to_owned()];
        assert!(counts(DimensionOperator::In, &filters, "d7", Some("device/d7/a")));
        assert!(!counts(DimensionOperator::In, &filters, "d7", Some("device/d8/a")));
        assert!(!counts(DimensionOperator::In, &filters, "+", Some("device/d8/a")));
    }

    #[test]
    fn d14_a_window_uses_the_filters_in_force_at_its_start() {
        let (old, new) = (vec!["a".to_owned()], vec!["b".to_owned()]);
        let dimension = TopicFilters {
            versions: vec![(Timestamp(0), old.clone()), (Timestamp(500), new.clone())],
            tags: Vec::new(),
            created: Timestamp(0),
            token: None,
            order: 0,
        };
        assert_eq!([dimension.at(Timestamp(499)), dimension.at(Timestamp(500))], [old, new]);
    }
}
