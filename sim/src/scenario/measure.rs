//! What an account measures beside the service's own metrics: custom metrics (5.3), and what devices report of them;
//! dimensions (5.4).

use std::collections::BTreeSet;
use std::net::IpAddr;

use defender::detect::criteria::Observed;
use defender::detect::wire::CustomMetricType;
use serde_json::json;

use super::field::{Field, Mismatch, Shape};
use super::fields::{Fields, OneOrMore};
use super::problem::Problem;
use super::source::{Place, Placed};
use super::tree::{Node, Value};

/// A custom metric of the account.
#[derive(Clone, Debug, PartialEq)]
pub struct CustomMetricPlan {
    /// Name.
    pub name: String,
    /// What its datapoints are.
    pub metric_type: CustomMetricType,
    /// By class, in their order: what its devices report; `None`: nothing.
    pub reported: Vec<Option<Reported>>,
}

impl CustomMetricPlan {
    /// Its name and what the devices of a class (by position) report of it, if it is a list: an empty one if they do not.
    pub(crate) fn list_of(&self, class: usize) -> Option<(String, Observed)> {
        let list = match &self.reported[class] {
            Some(Reported::Number(_)) => return None,
            Some(Reported::List(list)) => list.clone(),
            None if self.metric_type == CustomMetricType::Number => return None,
            None => observed(self.metric_type, &[]).expect("nothing can be wrong about no element"),
        };
        Some((self.name.clone(), list))
    }
}

/// What the devices of a class report of a custom metric.
#[derive(Clone, Debug, PartialEq)]
pub enum Reported {
    /// A number.
    Number(Box<Level>),
    /// A list, always the same.
    List(Observed),
}

/// How a reported number varies. Reports are independent of each other, given the device and the hour.
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    /// Mean over the day and over devices.
    pub mean: f64,
    /// Whether it is log-normal rather than normal.
    pub log_normal: bool,
    /// Standard deviation from report to report; of the logarithm if log-normal.
    pub spread: f64,
    /// Standard deviation from device to device; of the logarithm if log-normal.
    pub heterogeneity: f64,
    /// Mean of each local hour as a multiple of that over the day.
    pub hours: [f64; 24],
    /// Never less, and never more.
    pub bounds: (f64, f64),
}

/// A dimension of the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DimensionPlan {
    /// Name.
    pub name: String,
    /// MQTT topic filters; `${iot:ClientId}` stands for the device.
    pub filters: Vec<String>,
}

/// `[[dimension]]` as written.
#[derive(Debug)]
pub(crate) struct DimensionDraft {
    pub name: Placed<String>,
    pub filters: Vec<String>,
}

/// Reads `[[dimension]]`.
pub(crate) fn dimension(fields: &mut Fields<'_>) -> DimensionDraft {
    DimensionDraft {
        name: fields.required("name", "name of the dimension, as `metricDimension` refers to it"),
        filters: fields
            .required::<OneOrMore<String>>(
                "topic-filters",
                "MQTT topic filters; `${iot:ClientId}` is the device (D-11)",
            )
            .0,
    }
}

/// `[[custom-metric]]` as written.
#[derive(Debug)]
pub(crate) struct CustomMetricDraft {
    pub name: Placed<String>,
    pub metric_type: CustomMetricType,
    pub reported: Vec<ReportedDraft>,
}

/// `[[custom-metric.reported]]` as written.
#[derive(Debug)]
pub(crate) struct ReportedDraft {
    pub place: Place,
    pub classes: Vec<Placed<String>>,
    pub level: Option<Level>,
    pub list: Option<Placed<Vec<Element>>>,
}

/// An element of a list, as text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Element(pub String);

impl Field for Element {
    fn read(node: &Node) -> Result<Element, Mismatch> {
        match &node.value {
            Value::Text(text) => Ok(Element(text.clone())),
            Value::Integer(number) => Ok(Element(number.to_string())),
            Value::Float(_, text) => Ok(Element(text.clone())),
            _ => Err(Mismatch::new(node, "be a text in quotes or a number")),
        }
    }

    fn placeholder() -> Element {
        Element(String::new())
    }

    fn shape() -> Shape {
        Shape {
            noun: "a text or a number".to_owned(),
            example: "\"text\"".to_owned(),
            schema: json!({ "type": ["string", "number"] }),
        }
    }

    fn written(&self) -> serde_json::Value {
        self.0.clone().into()
    }
}

/// Reads `[[custom-metric]]`.
pub(crate) fn custom_metric(fields: &mut Fields<'_>) -> CustomMetricDraft {
    CustomMetricDraft {
        name: fields.required("name", "name of the metric; must not start with `aws:` (D-08)"),
        metric_type: fields.keyword(
            "type",
            Some("number"),
            &[
                ("number", CustomMetricType::Number),
                ("number-list", CustomMetricType::NumberList),
                ("string-list", CustomMetricType::StringList),
                ("ip-address-list", CustomMetricType::IpAddressList),
            ],
            "what a datapoint is",
        ),
        reported: fields.tables(
            "reported",
            "what some classes report; devices without an agent report nothing",
            reported,
        ),
    }
}

fn reported(fields: &mut Fields<'_>) -> ReportedDraft {
    let place = fields.table_place();
    let classes = fields.or("classes", OneOrMore(Vec::new()), "classes by name; all unless given").0;
    let list = fields.optional("values", "a list: its elements, always the same");
    let mean: Option<f64> = fields.optional("mean", "a number: mean over the day and over devices");
    let log_normal = fields.keyword(
        "distribution",
        Some("normal"),
        &[("normal", false), ("log-normal", true)],
        "a number: how it is distributed",
    );
    let spread = fields.or_in(
        "spread",
        0.0,
        0.0..=1e12,
        "a number: standard deviation from report to report; of the logarithm if log-normal",
    );
    let heterogeneity = fields.or_in(
        "heterogeneity",
        0.0,
        0.0..=1e12,
        "a number: standard deviation from device to device; of the logarithm if log-normal",
    );
    let hours: Vec<f64> = fields.or("hours", vec![1.0; 24], "a number: relative mean of each local hour");
    let minimum = fields.optional("minimum", "a number: never less");
    let maximum = fields.optional("maximum", "a number: never more");
    let hours_place = if fields.has("hours") { fields.place("hours") } else { place.clone() };
    let hours = super::archetype::normalized(fields, &hours, &hours_place);
    let bounds = (minimum.unwrap_or(f64::NEG_INFINITY), maximum.unwrap_or(f64::INFINITY));
    if bounds.0 > bounds.1 {
        fields.refuse("maximum", bounds.1, format!("be at least the minimum {}", bounds.0));
    }
    if log_normal && mean.is_some_and(|mean| mean <= 0.0) {
        fields.refuse("mean", mean.unwrap_or_default(), "be more than 0, since it is log-normal");
    }
    let level = mean.map(|mean| Level { mean, log_normal, spread, heterogeneity, hours, bounds });
    ReportedDraft { place, classes, level, list }
}

impl ReportedDraft {
    /// What it stands for, in a metric of this type.
    pub(crate) fn resolve(&self, metric_type: CustomMetricType) -> Result<Reported, Problem> {
        let number = metric_type == CustomMetricType::Number;
        match (&self.level, &self.list) {
            (Some(level), None) if number => Ok(Reported::Number(Box::new(level.clone()))),
            (None, Some(list)) if !number => {
                let texts: Vec<&str> = list.value.iter().map(|element| element.0.as_str()).collect();
                observed(metric_type, &texts).map(Reported::List).map_err(|(wrong, must)| {
                    Problem::error(list.place.clone(), format!("values must {must}, found `{wrong}`"))
                })
            }
            _ if number => {
                Err(Problem::error(self.place.clone(), "a number is reported by its `mean`, without `values`"))
            }
            _ => Err(Problem::error(self.place.clone(), "a list is reported by its `values`, without `mean`")),
        }
    }
}

/// A list of elements as a datapoint of a metric of this type.
///
/// # Errors
/// An element that cannot be one, and what it must be.
pub(crate) fn observed<'t>(
    metric_type: CustomMetricType,
    texts: &[&'t str],
) -> Result<Observed, (&'t str, &'static str)> {
    fn all<'t, T>(
        texts: &[&'t str],
        read: impl Fn(&str) -> Option<T>,
        must: &'static str,
    ) -> Result<Vec<T>, (&'t str, &'static str)> {
        texts.iter().map(|text| read(text).ok_or((*text, must))).collect()
    }
    let finite = |text: &str| text.parse::<f64>().ok().filter(|number| number.is_finite());
    Ok(match metric_type {
        CustomMetricType::Number | CustomMetricType::NumberList => Observed::Numbers(all(texts, finite, "be numbers")?),
        CustomMetricType::StringList => Observed::Strings(texts.iter().map(ToString::to_string).collect()),
        CustomMetricType::IpAddressList => {
            let addresses: Vec<IpAddr> = all(texts, |text| text.parse().ok(), "be addresses")?;
            Observed::Cidrs(BTreeSet::from_iter(addresses))
        }
    })
}
