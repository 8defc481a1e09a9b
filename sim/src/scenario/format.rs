//! The scenario format: every key that a scenario file may hold, read into a draft. Names are not looked up yet and
//! shares are not yet counts; [`super::resolve`] does that, where all the names are known.

use std::sync::Arc;

use defender::error::Compatibility;
use defender::time::{Millis, Timestamp};
use ipnet::IpNet;

use super::archetype;
use super::campaign::{CampaignDraft, campaign};
use super::churn::{self, AddressChurn, Churn};
use super::expect::{Statements, SubjectKind};
use super::fields::{Choice, Fields, OneOrMore};
use super::measure::{CustomMetricDraft, DimensionDraft, custom_metric, dimension};
use super::plan::{CriteriaReading, ModelKind};
use super::quantity::Probability;
use super::responder::{ResponderDraft, responder};
use super::source::{Place, Placed};
use super::swarm::{ChaosDraft, chaos};
use super::team::{TeamDraft, team};
use super::tree::Node;
use crate::attack::{self, Attack};
use crate::confounder::{self, Confounder};
use crate::defect::{self, Defect};
use crate::fault::{self, Fault};

/// A scenario file as written.
#[derive(Debug)]
pub(crate) struct Draft {
    pub place: Place,
    pub name: Option<Placed<String>>,
    pub title: String,
    pub seed: u64,
    pub start: Placed<Timestamp>,
    pub duration: Placed<Millis>,
    pub devices: Option<Placed<u32>>,
    pub compatibility: Compatibility,
    pub criteria: CriteriaReading,
    pub account: AccountDraft,
    pub authorities: Vec<AuthorityDraft>,
    pub policies: Vec<PolicyDraft>,
    pub groups: Vec<GroupDraft>,
    pub classes: Vec<ClassDraft>,
    pub custom_metrics: Vec<CustomMetricDraft>,
    pub dimensions: Vec<DimensionDraft>,
    pub profiles: Vec<ProfileDraft>,
    pub ml: MlDraft,
    pub audit: AuditDraft,
    pub mitigation_actions: Vec<Placed<String>>,
    pub attacks: Vec<ActDraft<Arc<dyn Attack>>>,
    pub campaigns: Vec<CampaignDraft>,
    pub confounders: Vec<ActDraft<Arc<dyn Confounder>>>,
    pub defects: Vec<DefectDraft>,
    pub faults: Vec<FaultDraft>,
    pub chaos: Option<ChaosDraft>,
    pub teams: Vec<TeamDraft>,
    pub responders: Vec<ResponderDraft>,
    pub expect: ExpectDraft,
    pub documents: Vec<(String, String, Place)>,
}

/// `[expect]` as written.
#[derive(Debug, Default)]
pub(crate) struct ExpectDraft {
    pub run: Statements,
    /// By kind of subject: names with what is said about them.
    pub subjects: Vec<(SubjectKind, NamedStatements)>,
}

/// Statements by name of what they are about.
pub(crate) type NamedStatements = Vec<(Placed<String>, Statements)>;

#[derive(Debug)]
pub(crate) struct AccountDraft {
    pub id: Placed<String>,
    pub region: String,
    pub logging: Option<&'static str>,
}

#[derive(Debug)]
pub(crate) struct AuthorityDraft {
    pub name: Placed<String>,
    pub not_before: Placed<Timestamp>,
    pub not_after: Placed<Timestamp>,
}

#[derive(Debug)]
pub(crate) struct PolicyDraft {
    pub name: Placed<String>,
    pub document: Placed<String>,
}

#[derive(Debug)]
pub(crate) struct GroupDraft {
    pub name: Placed<String>,
    pub parent: Option<Placed<String>>,
    pub policies: Vec<Placed<String>>,
    pub query: Option<Placed<String>>,
}

/// How many: a number, a share, or (where allowed) whatever is left.
#[derive(Clone, Debug)]
pub(crate) enum Amount {
    Count(Placed<u32>),
    Share(Placed<Probability>),
    Rest,
}

#[derive(Debug)]
pub(crate) struct ClassDraft {
    pub place: Place,
    pub name: Placed<String>,
    pub amount: Amount,
    pub archetype: Placed<String>,
    pub overrides: Option<Node>,
    pub policies: Vec<Placed<String>>,
    pub groups: Vec<Placed<String>>,
    pub time_zone: Placed<String>,
    pub source_networks: Vec<IpNet>,
    pub addresses: AddressChurn,
    pub churn: Option<Churn>,
    pub cohorts: Vec<CohortDraft>,
}

#[derive(Debug)]
pub(crate) struct CohortDraft {
    pub place: Place,
    pub name: Placed<String>,
    pub amount: Amount,
    pub authority: Option<Placed<String>>,
    pub not_before: Placed<Timestamp>,
    pub lifetime: Placed<Millis>,
    pub spread: Millis,
}

#[derive(Debug)]
pub(crate) struct ProfileDraft {
    pub document: Placed<String>,
    pub targets: Vec<Placed<String>>,
}

#[derive(Debug)]
pub(crate) struct MlDraft {
    pub history: Placed<Millis>,
    pub model: ModelKind,
}

#[derive(Debug, Default)]
pub(crate) struct AuditDraft {
    pub configuration: Option<Placed<String>>,
    pub schedules: Vec<Placed<String>>,
    pub on_demand: Vec<(Placed<Millis>, Vec<Placed<String>>)>,
}

#[derive(Debug)]
pub(crate) struct SelectorDraft {
    pub place: Place,
    pub classes: Vec<Placed<String>>,
    pub cohorts: Vec<Placed<String>>,
    pub groups: Vec<Placed<String>>,
    pub networks: Vec<IpNet>,
    pub amount: Amount,
}

#[derive(Debug)]
pub(crate) struct ActDraft<T> {
    pub name: Placed<String>,
    /// Absent only in an attack, which then is a stage that waits for another.
    pub start: Option<Placed<Millis>>,
    pub duration: Placed<Millis>,
    pub stagger: Placed<Millis>,
    pub targets: SelectorDraft,
    pub act: Option<T>,
}

#[derive(Debug)]
pub(crate) struct DefectDraft {
    pub name: Placed<String>,
    pub start: Placed<Millis>,
    pub defect: Option<Arc<dyn Defect>>,
}

/// A fault, its intensity and its place in the registry beside what every act has.
#[derive(Debug)]
pub(crate) struct FaultDraft {
    pub intensity: Option<Probability>,
    pub act: ActDraft<(&'static fault::Entry, Arc<dyn Fault>)>,
}

/// Reads a scenario file.
pub(crate) fn scenario(fields: &mut Fields<'_>) -> Draft {
    Draft {
        place: fields.table_place(),
        name: fields.optional("name", "name of the scenario; the file's name without its ending unless given"),
        title: fields.or("title", String::new(), "one line about it"),
        seed: fields.or("seed", 1, "decides everything random: same scenario and seed, same run"),
        start: fields.required("start", "when simulated time begins; lies on a five-minute boundary"),
        duration: fields.required("duration", "how long the run lasts in simulated time; a multiple of five minutes"),
        devices: fields.optional("devices", "number of devices; needed where classes are given as shares"),
        compatibility: fields.keyword(
            "compatibility",
            Some("strict"),
            &[("strict", Compatibility::Strict), ("lenient", Compatibility::Lenient)],
            "whether documents that the service would refuse are refused, or accepted with a warning where possible",
        ),
        criteria: fields.keyword(
            "criteria",
            Some("normal"),
            &[("normal", CriteriaReading::Normal), ("alarm", CriteriaReading::Alarm)],
            "whether behaviors state what is normal, as the service reads them, or when to alarm; the latter are \
             translated to their complement",
        ),
        account: fields.table_or_empty("account", "the account", account),
        authorities: fields.tables("authority", "a certificate authority", authority),
        policies: fields.tables("policy", "an IoT policy", policy),
        groups: fields.tables("group", "a thing group: static, or dynamic by its query", group),
        classes: fields.tables("class", "a class of devices", class),
        custom_metrics: fields.tables(
            "custom-metric",
            "a custom metric of the account, and what devices report of it",
            custom_metric,
        ),
        dimensions: fields.tables("dimension", "topic filters that behaviors can be restricted to", dimension),
        profiles: fields.tables("profile", "a security profile and what it is attached to", profile),
        ml: fields.table_or_empty("ml", "how ML behaviors learn; what judges is a surrogate", ml),
        audit: fields.table("audit", "what is audited, and when", audit).unwrap_or_default(),
        mitigation_actions: fields.or(
            "mitigation-actions",
            Vec::new(),
            "documents as `create-mitigation-action` takes them, by path",
        ),
        attacks: fields.tables("attack", "an attack on the calendar", |fields| {
            let choices: Vec<Choice<Arc<dyn Attack>>> = attack::REGISTRY
                .iter()
                .map(|entry| Choice { name: entry.name, summary: entry.summary, read: entry.read })
                .collect();
            act(fields, "attack", &choices, |fields| {
                fields.optional("start", "when it begins, after the run's start; a campaign can say so instead")
            })
        }),
        campaigns: fields.tables("campaign", "attacks that hang together, stage by stage", campaign),
        confounders: fields.tables("confounder", "an innocent event that may look guilty", |fields| {
            let choices: Vec<Choice<Arc<dyn Confounder>>> = confounder::REGISTRY
                .iter()
                .map(|entry| Choice { name: entry.name, summary: entry.summary, read: entry.read })
                .collect();
            act(fields, "confounder", &choices, start)
        }),
        defects: fields.tables("defect", "a weakness of the posture that audits exist for", defect_draft),
        faults: fields.tables("fault", "something that breaks in the defence itself", fault_draft),
        chaos: fields.table("chaos", "faults that are not written down one by one", chaos),
        teams: fields.tables("team", "people who judge alerts before anything is done", team),
        responders: fields.tables("responder", "who responds to what, how fast, with what", responder),
        expect: fields.table("expect", "what a test expects of the run", expect).unwrap_or_default(),
        documents: fields
            .texts("documents", "documents by path, instead of files beside the scenario; a lock file has them all"),
    }
}

fn expect(fields: &mut Fields<'_>) -> ExpectDraft {
    let run = fields.or("run", Statements::default(), "about the whole run, for example `recall >= 0.95`");
    let mut subject = |kind: SubjectKind, doc| (kind, fields.named(kind.name(), doc));
    let subjects = vec![
        subject(SubjectKind::Attack, "about an attack, by name"),
        subject(SubjectKind::Defect, "about a defect, by name"),
        subject(SubjectKind::Behavior, "about a behavior, as `BEHAVIOR` or `PROFILE/BEHAVIOR`"),
        subject(SubjectKind::Class, "about a device class, by name"),
        subject(SubjectKind::Check, "about an audit check, by name"),
        subject(SubjectKind::Action, "about a mitigation action or an operation of the registry, by name"),
    ];
    ExpectDraft { run, subjects }
}

fn account(fields: &mut Fields<'_>) -> AccountDraft {
    AccountDraft {
        id: fields.or(
            "id",
            Placed { value: "123456789012".to_owned(), place: fields.table_place() },
            "account id, 12 digits",
        ),
        region: fields.or("region", "us-east-1".to_owned(), "region, as ARNs spell it"),
        logging: fields.keyword(
            "logging",
            Some("off"),
            &[
                ("off", None),
                ("ERROR", Some("ERROR")),
                ("WARN", Some("WARN")),
                ("INFO", Some("INFO")),
                ("DEBUG", Some("DEBUG")),
            ],
            "level of the account's V2 logging at the start",
        ),
    }
}

fn authority(fields: &mut Fields<'_>) -> AuthorityDraft {
    AuthorityDraft {
        name: fields.required("name", "name of the authority"),
        not_before: fields.required("not-before", "first instant of its certificate's validity"),
        not_after: fields.required("not-after", "last instant of its certificate's validity"),
    }
}

fn policy(fields: &mut Fields<'_>) -> PolicyDraft {
    PolicyDraft {
        name: fields.required("name", "name of the policy"),
        document: fields.required("document", "path of the JSON document"),
    }
}

fn group(fields: &mut Fields<'_>) -> GroupDraft {
    GroupDraft {
        name: fields.required("name", "name of the thing group"),
        parent: fields.optional("parent", "parent group"),
        policies: fields.or("policies", Vec::new(), "policies attached to the group, by name; at most two"),
        query: fields.optional(
            "query",
            "a dynamic group: the fleet-index query that decides who is in it, such as `thingName:camera-*` or \
             `deviceDefender.violationCount>0`; it has neither parent nor policies",
        ),
    }
}

fn amount(fields: &mut Fields<'_>, noun: &'static str) -> Amount {
    let count: Option<Placed<u32>> = fields.optional("count", "how many");
    let share: Option<Placed<Probability>> = fields.optional("share", "how many, as a share");
    match (count, share) {
        (Some(count), None) => Amount::Count(count),
        (None, Some(share)) => Amount::Share(share),
        (None, None) => Amount::Rest,
        (Some(count), Some(_)) => {
            fields.complain("share", format!("{noun} has a count and a share"), "keep one of the two");
            Amount::Count(count)
        }
    }
}

fn class(fields: &mut Fields<'_>) -> ClassDraft {
    ClassDraft {
        place: fields.table_place(),
        name: fields.required("name", "name of the class; its things are called NAME-000000 and so on"),
        amount: amount(fields, "a class"),
        archetype: fields.required("archetype", "a built-in archetype, or the path of a file like theirs"),
        overrides: fields.unread("overrides", "what is different from the archetype", || {
            Fields::describe(archetype::archetype).all_optional()
        }),
        policies: fields.or("policies", Vec::new(), "policies attached to the certificates of the class, by name"),
        groups: fields.or("groups", Vec::new(), "thing groups that its things are in, by name"),
        time_zone: fields.or(
            "time-zone",
            Placed { value: "UTC".to_owned(), place: fields.table_place() },
            "IANA time zone of its sites",
        ),
        source_networks: fields.or(
            "source-networks",
            vec!["198.51.100.0/24".parse().expect("a network for documentation")],
            "networks that its devices connect from",
        ),
        addresses: fields
            .table("addresses", "how often its devices get another address; never unless given", churn::addresses)
            .unwrap_or_default(),
        churn: fields.table("churn", "devices that join, are retired, are renamed; none unless given", churn::churn),
        cohorts: fields.tables("cohort", "certificates that were issued together", cohort),
    }
}

fn cohort(fields: &mut Fields<'_>) -> CohortDraft {
    CohortDraft {
        place: fields.table_place(),
        name: fields.required("name", "name of the cohort, unique in the scenario"),
        amount: amount(fields, "a cohort"),
        authority: fields.optional("authority", "issuing authority; may be left out if there is only one"),
        not_before: fields.required("not-before", "first instant of validity of its first certificate"),
        lifetime: fields.required("lifetime", "length of the validity"),
        spread: fields.or("spread", Millis(0), "how long issuing took: validities begin evenly within it"),
    }
}

fn profile(fields: &mut Fields<'_>) -> ProfileDraft {
    ProfileDraft {
        document: fields.required("document", "path of the document, as `create-security-profile` takes it"),
        targets: fields
            .or(
                "targets",
                OneOrMore(vec![Placed { value: "all/registered-things".to_owned(), place: fields.table_place() }]),
                "what it is attached to: target ARNs, or their last field (`thinggroup/NAME`, `all/things`)",
            )
            .0,
    }
}

fn ml(fields: &mut Fields<'_>) -> MlDraft {
    MlDraft {
        history: fields.or(
            "history",
            Placed { value: Millis(0), place: fields.table_place() },
            "how long before the start the profiles were attached; what the fleet did meanwhile is simulated for models to \
             learn from, and not scored. `14d` lets a run begin with models in use, if it starts at midnight UTC",
        ),
        model: fields.keyword(
            "model",
            Some("seasonal-tails"),
            &[("seasonal-tails", ModelKind::SeasonalTails), ("stand-in", ModelKind::StandIn)],
            "which surrogate stands in for the service's model, which is not public (docs/ml.md)",
        ),
    }
}

fn audit(fields: &mut Fields<'_>) -> AuditDraft {
    AuditDraft {
        configuration: fields
            .optional("configuration", "path of the document, as `update-account-audit-configuration` takes it"),
        schedules: fields.or("schedules", Vec::new(), "documents as `create-scheduled-audit` takes them, by path"),
        on_demand: fields.tables("on-demand", "an audit that is started by hand", |fields| {
            (
                fields.required("at", "when it is started, after the run's start"),
                fields.required("checks", "names of the checks"),
            )
        }),
    }
}

fn selector(fields: &mut Fields<'_>) -> SelectorDraft {
    SelectorDraft {
        place: fields.table_place(),
        classes: fields.or("class", OneOrMore(Vec::new()), "classes, by name; all unless given").0,
        cohorts: fields.or("cohort", OneOrMore(Vec::new()), "certificate cohorts, by name; all unless given").0,
        groups: fields
            .or(
                "group",
                OneOrMore(Vec::new()),
                "thing groups that they are in at the start, nested ones too; any unless given",
            )
            .0,
        networks: fields
            .or(
                "network",
                OneOrMore(Vec::new()),
                "networks that they connect from: a site, a carrier; any unless given",
            )
            .0,
        amount: amount(fields, "a selection of targets"),
    }
}

fn start(fields: &mut Fields<'_>) -> Option<Placed<Millis>> {
    Some(fields.required("start", "when it begins, after the run's start"))
}

fn act<T>(
    fields: &mut Fields<'_>,
    noun: &'static str,
    choices: &[Choice<T>],
    start: impl Fn(&mut Fields<'_>) -> Option<Placed<Millis>>,
) -> ActDraft<T> {
    ActDraft {
        name: fields.required("name", "name for reports"),
        start: start(fields),
        duration: fields.required("duration", "how long it lasts"),
        stagger: fields.or(
            "stagger",
            Placed { value: Millis(0), place: fields.table_place() },
            "a device's own onset is later by a draw between nothing and this",
        ),
        targets: fields.table_or_empty("targets", "whom it concerns; which of them is decided by the seed", selector),
        act: fields.choice(noun, choices),
    }
}

fn defect_draft(fields: &mut Fields<'_>) -> DefectDraft {
    let choices: Vec<Choice<Arc<dyn Defect>>> = defect::REGISTRY
        .iter()
        .map(|entry| Choice { name: entry.name, summary: entry.summary, read: entry.read })
        .collect();
    DefectDraft {
        name: fields.required("name", "name for reports"),
        start: fields.or(
            "start",
            Placed { value: Millis(0), place: fields.table_place() },
            "when it is introduced, after the run's start; from the beginning unless given",
        ),
        defect: fields.choice("defect", &choices),
    }
}

fn fault_draft(fields: &mut Fields<'_>) -> FaultDraft {
    let choices: Vec<Choice<Arc<dyn Fault>>> = fault::REGISTRY
        .iter()
        .map(|entry| Choice { name: entry.name, summary: entry.summary, read: entry.read })
        .collect();
    let intensity = fields.optional(
        "intensity",
        "how hard it strikes, from 0 (exactly off) to 1; what it is a share of, and what it is unless given, depends \
         on the fault",
    );
    let entry = fault::REGISTRY.iter().find(|entry| fields.has(entry.name));
    let ActDraft { name, start, duration, stagger, targets, act } = act(fields, "fault", &choices, start);
    let act = entry.zip(act);
    FaultDraft { intensity, act: ActDraft { name, start, duration, stagger, targets, act } }
}
