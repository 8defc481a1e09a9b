//! Models of ML behaviors in the service: which there are, what they learn, when they are built (D-ML1 … D-ML8).

use super::behavior::{Behavior, Criteria, Dimension};
use super::evaluation::EvaluationId;
use super::ml::{BehaviorModel, Judgment, ModelDiagnostics, Normal, Sample, TrainingData};
use super::percentile::Multiset;
use super::violation::Cause;
use super::{Detect, wire};
use crate::account::Account;
use crate::error::ServiceError;
use crate::ids::ProfileId;
use crate::metric::MetricRef;
use crate::request::Page;
use crate::time::Timestamp;

/// The model of an ML behavior, and what it learns from: another metric or dimension needs another model, another
/// confidence does not (CH-80).
#[derive(Clone, Debug)]
pub(crate) struct ModelRow {
    pub(crate) model: BehaviorModel,
    metric: MetricRef,
    dimension: Option<Dimension>,
}

impl Detect {
    /// Drops models whose behavior is gone or measures something else, and starts those that are missing.
    pub(super) fn apply_models(&mut self, now: Timestamp, id: ProfileId, account: &Account) {
        let evaluations = self.profiles[id.index()].evaluations();
        let learned: Vec<Behavior> = evaluations
            .iter()
            .map(|evaluation| self.evaluations.get(*evaluation).behavior.clone())
            .filter(|behavior| matches!(behavior.criteria, Criteria::MachineLearning { .. }))
            .collect();
        self.models.retain(|(profile, name), row| {
            *profile != id
                || learned.iter().any(|behavior| {
                    behavior.name == *name && behavior.metric == row.metric && behavior.dimension == row.dimension
                })
        });
        for behavior in learned {
            let new_model = self.new_model;
            self.models.entry((id, behavior.name)).or_insert_with(|| ModelRow {
                model: BehaviorModel::new(new_model()),
                metric: behavior.metric,
                dimension: behavior.dimension,
            });
        }
        self.set_models_covered(now, id, account);
    }

    fn model_key(&self, evaluation: EvaluationId) -> (ProfileId, String) {
        let row = self.evaluations.get(evaluation);
        (row.profile, row.behavior.name.clone())
    }

    /// Lets the model of an ML behavior learn one datapoint.
    pub fn learn(&mut self, evaluation: EvaluationId, sample: Sample<'_>) {
        let key = self.model_key(evaluation);
        if let Some(row) = self.models.get_mut(&key) {
            row.model.learn(sample);
        }
    }

    /// Lets the model of an ML behavior learn many datapoints of one instant.
    pub fn learn_many(&mut self, evaluation: EvaluationId, time: Timestamp, values: &Multiset) {
        let key = self.model_key(evaluation);
        if let Some(row) = self.models.get_mut(&key) {
            row.model.learn_many(time, values);
        }
    }

    /// Lets the model of an ML behavior learn the datapoints of a stretch of time.
    pub fn learn_data(&mut self, evaluation: EvaluationId, data: &TrainingData) {
        let key = self.model_key(evaluation);
        if let Some(row) = self.models.get_mut(&key) {
            row.model.learn_data(data);
        }
    }

    /// The whole numbers that an ML behavior takes for normal at an instant; `None` while its model is not in use.
    pub fn normal(&self, evaluation: EvaluationId, time: Timestamp) -> Option<Normal> {
        let confidence = self.evaluations.get(evaluation).behavior.confidence()?;
        self.model(evaluation)?.normal(time, confidence)
    }

    /// The model of an ML behavior; `None` for other behaviors and ended evaluations.
    pub fn model(&self, evaluation: EvaluationId) -> Option<&BehaviorModel> {
        if self.evaluations.get(evaluation).ended.is_some() {
            return None;
        }
        self.models.get(&self.model_key(evaluation)).map(|row| &row.model)
    }

    /// Judges a datapoint of an ML behavior; `None` while its model is not in use (D-ML5).
    pub fn judge(&self, evaluation: EvaluationId, sample: Sample<'_>) -> Option<Judgment> {
        let confidence = self.evaluations.get(evaluation).behavior.confidence()?;
        self.model(evaluation)?.judge(sample, confidence)
    }

    /// The daily build of all models, to be called at 00:00 UTC after that instant's datapoints were judged. Alarms
    /// of a behavior whose model is discontinued are invalidated (D-80).
    pub fn build_models(&mut self, tick: Timestamp) {
        let expired = self.refresh_models(tick);
        if expired.is_empty() {
            return;
        }
        let running =
            self.violations.running(&self.evaluations, &self.devices, |evaluation, _| expired.contains(&evaluation));
        for (evaluation, device) in running {
            self.invalidate(tick, evaluation, device, Cause::ModelExpired);
        }
    }

    /// The daily build, for a driver that holds the alarms itself: it is to end those of the behaviors returned, whose
    /// models were discontinued (D-80).
    pub fn refresh_models(&mut self, tick: Timestamp) -> Vec<EvaluationId> {
        let expired: Vec<_> =
            self.models.iter_mut().filter_map(|(key, row)| row.model.tick(tick).then(|| key.clone())).collect();
        let all = self.evaluations().map(|(id, _)| id);
        all.filter(|evaluation| expired.contains(&self.model_key(*evaluation))).collect()
    }

    /// Tells all models whether their profile covers any device now (D-ML6).
    pub fn review_models(&mut self, now: Timestamp, account: &Account) {
        let profiles: Vec<ProfileId> = self.models.keys().map(|(profile, _)| *profile).collect();
        for profile in profiles {
            self.set_models_covered(now, profile, account);
        }
    }

    /// How far the models are, by profile and behavior (D-ML7).
    ///
    /// # Errors
    /// `ResourceNotFoundException` for an unknown profile; `InvalidRequestException` for a bad page (1–10 per page).
    pub fn get_behavior_model_training_summaries(
        &self,
        now: Timestamp,
        request: &wire::GetBehaviorModelTrainingSummariesRequest,
    ) -> Result<wire::GetBehaviorModelTrainingSummariesResponse, ServiceError> {
        let wanted = request.security_profile_name.as_deref().map(|name| self.profile_named(name)).transpose()?;
        let size = request.max_results.unwrap_or(10);
        if !(1..=10).contains(&size) {
            return Err(ServiceError::invalid(format!("maxResults must lie in 1..=10, found `{size}`")));
        }
        let page = Page::new(Some(size), request.next_token.as_deref())?;
        let rows = self.models.iter().filter(|((id, _), _)| wanted.is_none_or(|profile| profile.id() == *id));
        let (summaries, next_token) =
            page.of(rows.map(|((id, behavior), row)| wire::BehaviorModelTrainingSummary {
                security_profile_name: self.profiles[id.index()].name().to_owned(),
                behavior_name: behavior.clone(),
                training_data_collection_start_date: row.model.started(),
                model_status: row.model.status(now),
                datapoints_collection_percentage: row.model.percentage(now),
                last_model_refresh_date: row.model.refreshed(),
            }))?;
        Ok(wire::GetBehaviorModelTrainingSummariesResponse { summaries, next_token })
    }

    /// Which models judge the ML behaviors: surrogates, all of them.
    pub fn model_diagnostics(&self, now: Timestamp) -> Vec<ModelDiagnostics> {
        let rows = self.models.iter();
        rows.map(|((id, behavior), row)| row.model.diagnostics(now, self.profiles[id.index()].name(), behavior))
            .collect()
    }
}
