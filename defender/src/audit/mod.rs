//! Audit: checks of an account's configuration and connections, by hand and by schedule (section 4).
//!
//! An [`Audit`] holds the configuration, the scheduled audits, the audits with their findings, and the suppressions. Its
//! operations are named as in the API and speak its shapes ([`wire`]). Nothing happens by itself: whoever drives the
//! engine asks [`Audit::next_due`] when to come back, and then lets [`Audit::advance`] start what is due and look at the
//! account. A check is a pure function of account, settings and time.
//!
//! ```
//! use defender::account::Account;
//! use defender::audit::wire::{AccountAuditConfiguration, AuditTaskId, StartOnDemandAuditTaskRequest};
//! use defender::audit::{Audit, AuditSettings};
//! use defender::time::Timestamp;
//!
//! let now = Timestamp::from_seconds(1_748_736_000);
//! let account = Account::new("123456789012", "eu-west-1")?;
//! let mut audit = Audit::new(AuditSettings::default());
//! let configuration: AccountAuditConfiguration = serde_json::from_str(r#"{
//!     "roleArn": "arn:aws:iam::123456789012:role/audit",
//!     "auditCheckConfigurations": {"LOGGING_DISABLED_CHECK": {"enabled": true}}
//! }"#).expect("well-formed");
//! audit.update_account_audit_configuration(now, &account, &configuration)?;
//! let checks = StartOnDemandAuditTaskRequest { target_check_names: vec!["LOGGING_DISABLED_CHECK".to_owned()] };
//! let AuditTaskId { task_id } = audit.start_on_demand_audit_task(now, &checks)?.response;
//! audit.advance(now, &account);
//! let task = audit.describe_audit_task(&AuditTaskId { task_id })?;
//! assert_eq!(task.task_statistics.non_compliant_checks, 1);
//! # Ok::<(), defender::error::ServiceError>(())
//! ```

use std::collections::{BTreeMap, BTreeSet};

use crate::account::DebianFingerprint;
use crate::error::{Compatibility, Warning};
use crate::ids::IdMint;
use crate::time::Millis;

mod calendar;
mod catalog;
mod checks;
mod configuration;
mod event;
mod evidence;
mod finding;
mod inspection;
mod mitigable;
mod resource;
mod schedule;
mod security_hub;
mod suppression;
mod task;
mod verdict;
pub mod wire;

pub use catalog::{AuditCheck, ReasonCode};
pub use event::{AuditEvent, TaskEnd};
pub use evidence::{DocumentRepair, Evidence, Fault};
pub use resource::{IssuerName, Resource};
pub use security_hub::{AffectedResource, RecordState, SecurityHubFinding, Severity};

/// The answer of an operation, with the warnings that belong to it (0.3).
#[derive(Clone, Debug, PartialEq)]
pub struct Answer<T> {
    /// What the service answers.
    pub response: T,
    /// Aliases, defaults, extensions.
    pub warnings: Vec<Warning>,
}

/// What an audit engine is told once.
#[derive(Clone, Debug, Default)]
pub struct AuditSettings {
    /// The run's seed: ids follow from it (CH-03).
    pub seed: u64,
    /// Strict, or lenient with warnings (0.3).
    pub compatibility: Compatibility,
    /// When in the day scheduled audits run, after midnight UTC; less than a day (CH-40).
    pub time_of_day: Millis,
    /// How long the first collection of data for a check takes; 0 s where nothing is said (CH-13).
    pub data_collection_delays: BTreeMap<AuditCheck, Millis>,
    /// The block list of Debian's weak keys (CH-20).
    pub key_block_list: Option<BTreeSet<DebianFingerprint>>,
}

impl AuditSettings {
    fn data_collection_delay(&self, check: AuditCheck) -> Millis {
        self.data_collection_delays.get(&check).copied().unwrap_or_default()
    }
}

/// Audit in one account and region.
#[derive(Clone, Debug)]
pub struct Audit {
    settings: AuditSettings,
    configuration: configuration::Configuration,
    schedules: schedule::Schedules,
    tasks: task::Tasks,
    findings: finding::FindingStore,
    suppressions: suppression::Suppressions,
    verdicts: verdict::Verdicts,
    ids: IdMint,
}

impl Audit {
    /// Nothing configured, nothing planned.
    pub fn new(settings: AuditSettings) -> Audit {
        let ids = IdMint::new(settings.seed);
        Audit {
            settings,
            configuration: configuration::Configuration::default(),
            schedules: schedule::Schedules::default(),
            tasks: task::Tasks::default(),
            findings: finding::FindingStore::default(),
            suppressions: suppression::Suppressions::default(),
            verdicts: verdict::Verdicts::default(),
            ids,
        }
    }
}
