//! Responders as written: what sets them off, when they hold back, how their functions run, and what they do.

use defender::account::{CertificateStatus, LogLevel};
use defender::detect::alarm::ViolationEventType;
use defender::time::Millis;

use super::fields::{Choice, Fields, OneOrMore};
use super::plan::{Delay, FunctionPlan, RotationPlan};
use super::quantity::Probability;
use super::source::{Place, Placed};
use crate::alteration::Name;
use crate::operation::Operation;

/// A responder as written.
#[derive(Debug)]
pub(crate) struct ResponderDraft {
    pub name: Placed<String>,
    pub when: Option<TriggerDraft>,
    pub team: Option<Placed<String>>,
    pub approval: Option<Placed<String>>,
    pub escalation: Option<Placed<String>>,
    pub delay: Delay,
    pub conditions: ConditionsDraft,
    pub function: FunctionPlan,
    pub then: Vec<ResponseDraft>,
}

/// When a responder holds back.
#[derive(Debug)]
pub(crate) struct ConditionsDraft {
    pub place: Place,
    pub classes: Vec<Placed<String>>,
    pub standing: bool,
    pub budget: Option<(u32, Millis)>,
}

#[derive(Debug)]
pub(crate) enum TriggerDraft {
    Violation { event: ViolationEventType, profile: Placed<String>, behaviors: Vec<Placed<String>> },
    Finding { check: Placed<String> },
}

#[derive(Debug)]
pub(crate) enum ResponseDraft {
    Mitigation {
        action: Placed<String>,
    },
    Rotation {
        place: Place,
        plan: RotationPlan,
    },
    Operation {
        place: Place,
        operation: Operation,
    },
    /// An operation whose document has to be read.
    PolicyVersion {
        policy: Name,
        document: Option<Placed<String>>,
    },
}

impl ResponseDraft {
    /// The operation's name, if it is one.
    pub fn operation(&self) -> Option<&str> {
        match self {
            ResponseDraft::Operation { operation, .. } => Some(operation.name()),
            ResponseDraft::PolicyVersion { .. } => Some("create-policy-version"),
            ResponseDraft::Mitigation { .. } | ResponseDraft::Rotation { .. } => None,
        }
    }
}

/// Reads a `[[responder]]`.
pub(crate) fn responder(fields: &mut Fields<'_>) -> ResponderDraft {
    ResponderDraft {
        name: fields.required("name", "name for reports"),
        when: fields
            .required_table("when", "what sets it off", "{ violation = { profile = \"NAME\" } }", |fields| {
                fields.choice("trigger", TRIGGERS)
            })
            .flatten(),
        team: fields.optional("team", "the team that judges each alert first; without one nobody looks"),
        approval: fields.optional("approval", "a second team that has to agree with what the first one confirmed"),
        escalation: fields.optional(
            "escalate",
            "the team that takes over if the function fails for good: it judges the alert, and takes the steps by hand",
        ),
        delay: delay(fields),
        conditions: fields.table_or_empty("only", "conditions; where one does not hold, nothing is done", conditions),
        function: fields.table_or_empty("function", "the function that carries it out, as it really runs", function),
        then: fields
            .one_or_more(
                "then",
                "what it does; several steps are taken in their order, up to the first that fails",
                "{ mitigation = { action = \"NAME\" } }",
                |fields| fields.choice("response", RESPONSES),
            )
            .into_iter()
            .flatten()
            .collect(),
    }
}

const TRIGGERS: &[Choice<TriggerDraft>] = &[
    Choice {
        name: "violation",
        summary: "an alert about a behavior of a security profile",
        read: |fields| TriggerDraft::Violation {
            event: fields.keyword(
                "event",
                Some("in-alarm"),
                &[
                    ("in-alarm", ViolationEventType::InAlarm),
                    ("alarm-cleared", ViolationEventType::AlarmCleared),
                    ("alarm-invalidated", ViolationEventType::AlarmInvalidated),
                ],
                "the event that the alert tells (D-88); whoever answers the end of an alarm closes the device's case: \
                 its next alarm is a new matter for every responder",
            ),
            profile: fields.required("profile", "the security profile, by name"),
            behaviors: fields.or("behaviors", OneOrMore(Vec::new()), "behaviors, by name; any unless given").0,
        },
    },
    Choice {
        name: "finding",
        summary: "an audit finds something that no suppression covers",
        read: |fields| TriggerDraft::Finding { check: fields.required("check", "the audit check, by name") },
    },
];

/// What a responder can do: by the service's own road, by a job, or as a function that calls the registry.
const RESPONSES: &[Choice<ResponseDraft>] = &[
    Choice {
        name: "mitigation",
        summary: "starts a mitigation task with an action, within the service's rules of applicability",
        read: |fields| ResponseDraft::Mitigation {
            action: fields.required("action", "the mitigation action, by name"),
        },
    },
    Choice {
        name: "rotate-certificates",
        summary: "starts a job that gives the devices of the findings new certificates",
        read: |fields| ResponseDraft::Rotation { place: fields.table_place(), plan: rotation(fields) },
    },
    Choice {
        name: "update-certificate",
        summary: "`UpdateCertificate`, for every certificate of the device or finding: whoever else uses it is cut off \
                  as well. A revoked one stays revoked",
        read: |fields| {
            let status = fields.keyword(
                "status",
                Some("INACTIVE"),
                &[
                    ("INACTIVE", CertificateStatus::Inactive),
                    ("REVOKED", CertificateStatus::Revoked),
                    ("ACTIVE", CertificateStatus::Active),
                ],
                "the new status",
            );
            direct(fields, Operation::UpdateCertificate { status })
        },
    },
    Choice {
        name: "detach-policy",
        summary: "`DetachPolicy`, from every certificate of the device or finding",
        read: |fields| {
            let policy = fields.optional("policy", "the policy, by name; every attached one unless given");
            direct(fields, Operation::DetachPolicy { policy })
        },
    },
    Choice {
        name: "attach-policy",
        summary: "`AttachPolicy`, to every certificate of the device or finding",
        read: |fields| {
            let policy = fields.required("policy", "the policy, by name");
            direct(fields, Operation::AttachPolicy { policy })
        },
    },
    Choice {
        name: "create-policy-version",
        summary: "`CreatePolicyVersion`: another document becomes the policy's default version, for everybody who has \
                  the policy; of five versions the oldest makes room (Q-31)",
        read: |fields| ResponseDraft::PolicyVersion {
            policy: fields.required("policy", "the policy, by name"),
            document: fields.optional("document", "path of the JSON document; the blank policy unless given"),
        },
    },
    Choice {
        name: "detach-thing-principal",
        summary: "`DetachThingPrincipal`: the thing and its certificates no longer belong together, which denies what a \
                  policy allows to attached things only",
        read: |fields| direct(fields, Operation::DetachThingPrincipal),
    },
    Choice {
        name: "add-thing-to-thing-group",
        summary: "`AddThingToThingGroup`",
        read: |fields| {
            let group = fields.required("group", "the thing group, by name");
            direct(fields, Operation::AddThingToThingGroup { group })
        },
    },
    Choice {
        name: "remove-thing-from-thing-group",
        summary: "`RemoveThingFromThingGroup`: the way back from quarantine",
        read: |fields| {
            let group = fields.required("group", "the thing group, by name");
            direct(fields, Operation::RemoveThingFromThingGroup { group })
        },
    },
    Choice {
        name: "delete-connection",
        summary: "`DeleteConnection`: the client is disconnected, and connects again if the broker lets it",
        read: |fields| direct(fields, Operation::DeleteConnection),
    },
    Choice {
        name: "set-v2-logging-options",
        summary: "`SetV2LoggingOptions`: logging is on again",
        read: |fields| {
            let level = fields.keyword(
                "level",
                Some("WARN"),
                &[
                    ("ERROR", LogLevel::Error),
                    ("WARN", LogLevel::Warn),
                    ("INFO", LogLevel::Info),
                    ("DEBUG", LogLevel::Debug),
                ],
                "the default log level",
            );
            direct(fields, Operation::SetV2LoggingOptions { level })
        },
    },
];

/// A call of the registry that is read to the end here.
fn direct(fields: &Fields<'_>, operation: Operation) -> ResponseDraft {
    ResponseDraft::Operation { place: fields.table_place(), operation }
}

fn conditions(fields: &mut Fields<'_>) -> ConditionsDraft {
    ConditionsDraft {
        place: fields.table_place(),
        classes: fields.or("class", OneOrMore(Vec::new()), "devices of these classes; any unless given").0,
        standing: fields.or("still-in-alarm", false, "the alarm has neither cleared nor been invalidated meanwhile"),
        budget: fields.table("at-most", "no more than this many responses within a time", |fields| {
            let count = fields.required_in("count", 1.., "how many");
            (count, fields.or_in("per", Millis::HOUR, Millis::SECOND.., "within how long"))
        }),
    }
}

fn function(fields: &mut Fields<'_>) -> FunctionPlan {
    FunctionPlan {
        failure: fields.or("failure", Probability::ZERO, "share of runs that fail without doing anything").as_f64(),
        retries: fields.or_in("retries", 0, 0..=10, "how often a failed run is tried again, a minute later each"),
        runtime: fields.or("runtime", Millis(0), "how long a run takes before its effect"),
        concurrency: fields.optional_in("concurrency", 1.., "how many run at once; the others wait"),
    }
}

fn delay(fields: &mut Fields<'_>) -> Delay {
    let median = fields.or(
        "delay",
        Millis::MINUTE,
        "how long it takes from the notice to the start of the response; the median where there is a spread",
    );
    let spread: Option<f64> = fields.optional_in(
        "delay-p95-ratio",
        1.0..=100.0,
        "95th percentile of the delay over its median: the delay is then log-normal",
    );
    Delay::new(median, spread.unwrap_or(1.0))
}

fn rotation(fields: &mut Fields<'_>) -> RotationPlan {
    let base = fields.or_in("base-rate-per-minute", 50, 1..=1000, "things notified per minute at first (J-07)");
    RotationPlan {
        base_rate_per_minute: base,
        increment_factor: fields.optional_in(
            "increment-factor",
            1.1..=5.0,
            "factor of each increase of the rate (J-07); constant unless given",
        ),
        increase_every: fields.or_in("increase-every", 1000, 1.., "things that succeeded, per increase (J-08)"),
        maximum_per_minute: fields.or_in("maximum-per-minute", 1000, 1..=1000, "ceiling of the rate"),
        timeout: fields.or_in(
            "timeout",
            Millis::HOUR,
            Millis::MINUTE..=Millis::minutes(10_080),
            "an execution in progress for longer has timed out (J-14)",
        ),
        failure: fields.or("failure", Probability::ZERO, "share of executions that fail").as_f64(),
        abort_share: fields
            .or("abort-share", Probability::ONE, "the job is aborted once this share has failed (J-10)…")
            .as_f64(),
        abort_minimum: fields.or_in("abort-minimum", 100, 1.., "…of at least this many executed things"),
        device_time: fields.or("device-time", Millis::MINUTE, "median time that a device takes when it is online"),
        lifetime: fields.or("lifetime", Millis::days(365), "validity of the new certificates"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::team::team;
    use super::*;
    use crate::disturbance::testing::is_current;
    use crate::scenario::problem::Problems;
    use crate::scenario::tree::Table;

    const INTRODUCTION: &str = "# Responders

Who responds to what, how fast, with what. A `[[responder]]` is set off by an alert or a finding. If it names a team, the
team judges first, as fast as its shifts, its queue and its people allow, and a second one if `approval` says so; what a
team does not take in time goes to the team that its `escalate` names. Then the responder's function waits for its
`delay`, looks at its conditions (`only`), and takes its steps (`then`) in their order, up to the first that fails. If it
fails for good, as functions do, the team that the responder's own `escalate` names judges the alert and takes the steps
by hand.

A step takes one of three roads. `mitigation` starts a task of the service, within its rules: an alarm can start only
`ADD_THINGS_TO_THING_GROUP` (M-08). `rotate-certificates` starts a job. Everything else calls the registry directly, as a
function of your own would: nothing keeps it from harming innocents. Whether a step stops an attack, and whom else it cuts
off, is decided by the broker from the certificates, groups and policies in force afterwards; what is taken back while an
attack lasts has not contained it.

```toml
[[responder]]
name = \"lock out\"
when = { violation = { profile = \"Watch\", behaviors = \"AuthorizationFailures\" } }
team = \"soc\"
approval = \"owners\"
delay = \"1m\"
only = { class = \"camera\", still-in-alarm = true, at-most = { count = 20, per = \"1h\" } }
function = { failure = 0.01, retries = 2, runtime = \"5s\", concurrency = 10 }
then = [{ update-certificate = { status = \"INACTIVE\" } }, { delete-connection = {} }]
```

This page is generated from the format: `UPDATE_DOCS=1 cargo test -p fleetrange-sim --lib reference`.

";

    #[test]
    fn reference_is_current() {
        let responder = Fields::describe(responder).to_markdown("[[responder]]", 2);
        let team = Fields::describe(team).to_markdown("[[team]]", 2);
        is_current("responders.md", &format!("{INTRODUCTION}{responder}\n{team}"));
    }

    /// The name under which a call is read is the one that reports give it.
    #[test]
    fn operations_are_read_under_their_own_names() {
        let nothing = |choice: &Choice<ResponseDraft>| {
            Fields::read(&Table::default(), &Place::nowhere(), &mut Problems::new(), choice.read)
        };
        for choice in RESPONSES {
            if let Some(name) = nothing(choice).operation() {
                assert_eq!(name, choice.name);
            }
        }
    }
}
