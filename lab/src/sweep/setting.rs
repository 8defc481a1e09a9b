//! The part of a behavior that a sweep varies.

use defender::detect::wire;
use defender::time::Millis;
use serde::{Deserialize, Serialize};

/// Where a behavior's line lies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Threshold {
    /// A fixed count.
    Count(u64),
    /// A percentile of the profile's devices, by its API name: `p99.9`.
    Percentile(String),
    /// What a model learned, at a confidence level.
    Level(wire::ConfidenceLevel),
    /// None of them: a set, or a number that is no count. It is left as it is.
    Other,
}

/// What a sweep varies of a behavior.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Setting {
    /// The threshold.
    pub threshold: Threshold,
    /// Its window; `None` where the metric has none.
    pub duration: Option<Millis>,
    /// Consecutive datapoints to alarm.
    pub to_alarm: u8,
    /// Consecutive datapoints to clear.
    pub to_clear: u8,
}

impl Setting {
    /// The setting of a validated behavior.
    pub fn of(behavior: &wire::Behavior) -> Setting {
        let criteria = behavior.criteria.clone().unwrap_or_default();
        let count = criteria.value.as_ref().and_then(|value| value.count.as_ref()?.as_u64());
        let statistic = criteria.statistical_threshold.and_then(|threshold| threshold.statistic);
        let level = criteria.ml_detection_config.and_then(|config| config.confidence_level);
        let level = level.and_then(|level| wire::ConfidenceLevel::from_name(&level));
        let datapoints = |given: Option<i64>| given.and_then(|n| u8::try_from(n).ok()).unwrap_or(1);
        Setting {
            threshold: match (count, statistic, level) {
                (Some(count), ..) => Threshold::Count(count),
                (None, Some(statistic), _) => Threshold::Percentile(statistic),
                (None, None, Some(level)) => Threshold::Level(level),
                (None, None, None) => Threshold::Other,
            },
            duration: criteria.duration_seconds.map(Millis::seconds),
            to_alarm: datapoints(criteria.consecutive_datapoints_to_alarm),
            to_clear: datapoints(criteria.consecutive_datapoints_to_clear),
        }
    }

    /// The behavior with this setting instead of its own.
    pub fn apply(&self, behavior: &wire::Behavior) -> wire::Behavior {
        let mut changed = behavior.clone();
        let criteria = changed.criteria.get_or_insert_default();
        match &self.threshold {
            Threshold::Count(count) => {
                criteria.value = Some(wire::MetricValue { count: Some((*count).into()), ..Default::default() });
                criteria.statistical_threshold = None;
            }
            Threshold::Percentile(statistic) => {
                criteria.value = None;
                criteria.statistical_threshold =
                    Some(wire::StatisticalThreshold { statistic: Some(statistic.clone()) });
            }
            Threshold::Level(level) => {
                criteria.ml_detection_config =
                    Some(wire::MachineLearningDetectionConfig { confidence_level: Some(level.name().to_owned()) });
            }
            Threshold::Other => {}
        }
        criteria.duration_seconds = self.duration.map(|duration| duration.0 / 1_000);
        criteria.consecutive_datapoints_to_alarm = Some(i64::from(self.to_alarm));
        criteria.consecutive_datapoints_to_clear = Some(i64::from(self.to_clear));
        changed
    }

    /// For people, without the operator: `60 per 5m, 2 in a row to alarm, 3 to clear`.
    pub fn words(&self) -> String {
        let threshold = match &self.threshold {
            Threshold::Count(count) => count.to_string(),
            Threshold::Percentile(statistic) => statistic.clone(),
            Threshold::Level(level) => format!("{} confidence", level.name()),
            Threshold::Other => "as it is".to_owned(),
        };
        let per = self.duration.map_or(String::new(), |duration| format!(" per {duration}"));
        let alarm = if self.to_alarm == 1 { String::new() } else { format!(", {} in a row to alarm", self.to_alarm) };
        let clear = if self.to_clear == 1 { String::new() } else { format!(", {} to clear", self.to_clear) };
        format!("{threshold}{per}{alarm}{clear}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn behavior(criteria: serde_json::Value) -> wire::Behavior {
        let behavior = serde_json::json!({"name": "B", "metric": "aws:num-messages-sent", "criteria": criteria});
        serde_json::from_value(behavior).expect("a behavior")
    }

    #[test]
    fn a_setting_applied_to_its_own_behavior_changes_nothing_but_what_was_implied() {
        let written = behavior(serde_json::json!({"comparisonOperator": "less-than-equals", "value": {"count": 60},
            "durationSeconds": 300, "consecutiveDatapointsToAlarm": 2, "consecutiveDatapointsToClear": 3}));
        assert_eq!(Setting::of(&written).apply(&written), written);
        assert_eq!(Setting::of(&written).words(), "60 per 5m, 2 in a row to alarm, 3 to clear");
        let implied = behavior(serde_json::json!({"comparisonOperator": "less-than", "value": {"count": 6}}));
        let said = Setting::of(&implied).apply(&implied);
        assert_eq!(Setting::of(&said), Setting::of(&implied));
    }

    #[test]
    fn a_level_takes_the_place_of_a_level() {
        let learned = behavior(serde_json::json!({"mlDetectionConfig": {"confidenceLevel": "HIGH"}}));
        let mut setting = Setting::of(&learned);
        assert_eq!(setting.words(), "HIGH confidence");
        setting.threshold = Threshold::Level(wire::ConfidenceLevel::Low);
        let changed = setting.apply(&learned);
        assert_eq!(Setting::of(&changed), setting);
        let criteria = changed.criteria.expect("criteria");
        assert!(criteria.value.is_none() && criteria.statistical_threshold.is_none());
    }

    #[test]
    fn a_percentile_takes_the_place_of_a_count_and_the_other_way_round() {
        let fixed = behavior(serde_json::json!({"comparisonOperator": "less-than", "value": {"count": 6},
            "durationSeconds": 300}));
        let mut setting = Setting::of(&fixed);
        setting.threshold = Threshold::Percentile("p99".into());
        let statistical = setting.apply(&fixed);
        let criteria = statistical.criteria.clone().expect("criteria");
        assert!(criteria.value.is_none());
        assert_eq!(Setting::of(&statistical), setting);
        setting.threshold = Threshold::Count(9);
        let back = setting.apply(&statistical).criteria.expect("criteria");
        assert!(back.statistical_threshold.is_none() && back.value.is_some());
    }
}
