//! What the account measures: custom metrics, by class, and what profiles may refer to.

use defender::account::Account;
use defender::detect::Detect;
use defender::detect::behavior::Catalog;
use defender::detect::wire::{CreateDimensionRequest, CustomMetricType, DimensionType};

use super::super::measure::{CustomMetricPlan, DimensionPlan, observed};
use super::super::plan::ClassPlan;
use super::super::problem::Problem;
use super::Resolver;
use crate::attack::OwnMetric;

impl Resolver<'_> {
    /// Custom metrics, with what each class reports of them.
    pub(super) fn custom_metrics(&mut self, classes: &[ClassPlan]) -> Vec<CustomMetricPlan> {
        let draft = self.draft;
        self.unique("custom metric", draft.custom_metrics.iter().map(|metric| &metric.name));
        let names: Vec<&str> = draft.classes.iter().map(|class| class.name.value.as_str()).collect();
        let mut plans = Vec::new();
        for metric in &draft.custom_metrics {
            self.well_formed("custom metric", &metric.name, 128, ":_-");
            if metric.name.value.starts_with("aws:") {
                let message =
                    format!("a custom metric must not start with `aws:` (D-08), found `{}`", metric.name.value);
                self.error(Problem::error(metric.name.place.clone(), message));
            }
            let mut reported = vec![None; classes.len()];
            for row in &metric.reported {
                for class in &row.classes {
                    self.exists("class", class, names.iter().copied());
                }
                let what = match row.resolve(metric.metric_type) {
                    Ok(what) => what,
                    Err(problem) => {
                        self.error(problem);
                        continue;
                    }
                };
                let concerned = |class: &ClassPlan| {
                    row.classes.is_empty() || row.classes.iter().any(|name| name.value == class.name)
                };
                for (class, slot) in classes.iter().zip(&mut reported).filter(|(class, _)| concerned(class)) {
                    if slot.is_some() {
                        let message = format!("class `{}` reports `{}` twice", class.name, metric.name.value);
                        self.error(Problem::error(row.place.clone(), message));
                    }
                    *slot = Some(what.clone());
                }
            }
            plans.push(CustomMetricPlan { name: metric.name.value.clone(), metric_type: metric.metric_type, reported });
        }
        plans
    }

    /// Dimensions, as the service takes them.
    pub(super) fn dimensions(&mut self) -> Vec<DimensionPlan> {
        let draft = self.draft;
        self.unique("dimension", draft.dimensions.iter().map(|dimension| &dimension.name));
        let mut service = Detect::new(draft.seed, draft.compatibility);
        let Ok(account) = Account::with_any_id(&draft.account.id.value, &draft.account.region) else {
            return Vec::new();
        };
        let mut plans = Vec::new();
        for dimension in &draft.dimensions {
            let plan = DimensionPlan { name: dimension.name.value.clone(), filters: dimension.filters.clone() };
            let named_before = plans.iter().any(|known: &DimensionPlan| known.name == plan.name);
            let created = service.create_dimension(draft.start.value, &plan.request(), &account);
            if let Err(error) = created
                && !named_before
            {
                self.error(Problem::error(dimension.name.place.clone(), format!("dimension `{}`: {error}", plan.name)));
            }
            plans.push(plan);
        }
        plans
    }

    /// What profiles may refer to.
    pub(super) fn catalog(&self) -> Catalog {
        let draft = self.draft;
        Catalog {
            custom_metrics: draft.custom_metrics.iter().map(|m| (m.name.value.clone(), m.metric_type)).collect(),
            dimensions: draft.dimensions.iter().map(|dimension| dimension.name.value.clone()).collect(),
        }
    }

    /// The custom metric that an attack disturbs is one, and of the type that it takes.
    pub(super) fn disturbs_what_there_is(&mut self, own: &OwnMetric) {
        let draft = self.draft;
        let names = draft.custom_metrics.iter().map(|metric| metric.name.value.as_str());
        if !self.exists("metric", &own.name, names) {
            return;
        }
        let metric_type = draft.custom_metrics.iter().find(|metric| metric.name.value == own.name.value);
        let metric_type = metric_type.map_or(CustomMetricType::Number, |metric| metric.metric_type);
        let texts: Vec<&str> = own.values.iter().map(String::as_str).collect();
        let problem = match metric_type {
            CustomMetricType::Number if !texts.is_empty() => Some("is a number, which `amount` moves".to_owned()),
            CustomMetricType::Number => None,
            _ if texts.is_empty() => Some("is a list, to which `values` are added".to_owned()),
            list => observed(list, &texts)
                .err()
                .map(|(wrong, must)| format!("has values that must {must}, found `{wrong}`")),
        };
        if let Some(problem) = problem {
            self.error(Problem::error(own.name.place.clone(), format!("metric `{}` {problem}", own.name.value)));
        }
    }
}

impl DimensionPlan {
    /// As `create-dimension` takes it.
    pub(crate) fn request(&self) -> CreateDimensionRequest {
        CreateDimensionRequest {
            name: self.name.clone(),
            r#type: DimensionType::TopicFilter,
            string_values: self.filters.clone(),
            tags: None,
            client_request_token: None,
        }
    }
}
