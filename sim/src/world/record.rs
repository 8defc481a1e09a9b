//! What gets written down: alarms with their violations and alerts, audits, findings, timeline, totals.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use defender::account::Account;
use defender::detect::Detect;
use defender::detect::alarm::ViolationEventType;
use defender::detect::behavior::{Behavior, Criteria};
use defender::detect::columns::{self, Judge, Program, Transition};
use defender::detect::criteria::{Membership, Observed, Relation, Rule};
use defender::detect::evaluation::EvaluationId;
use defender::detect::violation::{self, Cause, ViolationId};
use defender::detect::wire::{AttachSecurityProfileRequest, CreateCustomMetricRequest};
use defender::error::Warning;
use defender::ids::{ProfileId, ThingId};
use defender::metric::MetricRef;
use defender::notification::Outbox;
use defender::time::{Millis, Timestamp};

use super::evidence::Documents;
use super::{Stopped, World};
use crate::event::{Event, EventKind};
use crate::outcome::{
    Act, Alarm, AuditRow, BehaviorRow, CampaignRow, CaseRow, CheckRow, ClassRow, Crossing, DeviceId, FindingRow,
    Header, JobRow, LifeRow, MitigationRow, ModelRow, Outcome, Tally, TimelineRow, Value,
};
use crate::scenario::{ProfilePlan, Scenario};
use crate::shard::{Detail, Shard, TickTally};

/// How long an alert takes from the datapoint's time to the subscriber: as seen in one published payload (D-67).
pub(super) const NOTIFICATION_DELAY: Millis = Millis::seconds(36);

/// A security profile in force.
pub(super) struct ProfileInForce {
    pub id: ProfileId,
    pub name: String,
    pub behaviors: Vec<Behavior>,
    pub evaluations: Vec<EvaluationId>,
    /// Devices that its targets covered at the start, as ascending ranges.
    covers: Vec<Range<u32>>,
    /// Devices that it covered later.
    covered_later: BTreeSet<u32>,
    /// Whether its alerts have a target.
    pub alerts: bool,
}

/// Creates the scenario's custom metrics and dimensions.
pub(super) fn create_metrics(scenario: &Scenario, account: &Account, detect: &mut Detect) -> Result<(), Stopped> {
    let refused = |error: defender::error::ServiceError| Stopped::Setup(vec![error.to_string()]);
    let since = scenario.start - scenario.ml.history;
    for metric in &scenario.custom_metrics {
        let request = CreateCustomMetricRequest {
            metric_name: metric.name.clone(),
            display_name: None,
            metric_type: metric.metric_type,
            tags: None,
            client_request_token: None,
        };
        detect.create_custom_metric(since, &request, account).map_err(refused)?;
    }
    for dimension in &scenario.dimensions {
        detect.create_dimension(since, &dimension.request(), account).map_err(refused)?;
    }
    Ok(())
}

/// Creates and attaches the scenario's profiles.
pub(super) fn create_profiles(
    scenario: &Scenario,
    account: &Account,
    detect: &mut Detect,
) -> Result<Vec<ProfileInForce>, Stopped> {
    scenario.profiles.iter().map(|plan| create_profile(scenario, plan, account, detect)).collect()
}

fn create_profile(
    scenario: &Scenario,
    plan: &ProfilePlan,
    account: &Account,
    detect: &mut Detect,
) -> Result<ProfileInForce, Stopped> {
    let refused = |error: defender::error::ServiceError| Stopped::Setup(vec![format!("{}: {error}", plan.file)]);
    let name = &plan.request.security_profile_name;
    let since = scenario.start - scenario.ml.history;
    detect.create_security_profile(since, &plan.request, account).map_err(refused)?;
    for target in &plan.targets {
        let request = AttachSecurityProfileRequest {
            security_profile_name: name.clone(),
            security_profile_target_arn: target.clone(),
        };
        detect.attach_security_profile(since, &request, account).map_err(refused)?;
    }
    let profile = detect.profiles().find(|profile| profile.name() == name).expect("it was just created");
    let evaluations = profile.evaluations().to_vec();
    Ok(ProfileInForce {
        id: profile.id(),
        name: name.clone(),
        behaviors: evaluations.iter().map(|id| detect.evaluation(*id).behavior().clone()).collect(),
        evaluations,
        covers: ranges(account.things().filter(|thing| profile.covers_thing(*thing, account)).map(|thing| thing.0)),
        covered_later: BTreeSet::new(),
        alerts: plan.request.alert_targets.as_ref().is_some_and(|targets| !targets.is_empty()),
    })
}

/// Ascending numbers as ranges.
fn ranges(numbers: impl Iterator<Item = u32>) -> Vec<Range<u32>> {
    let mut ranges: Vec<Range<u32>> = Vec::new();
    for number in numbers {
        match ranges.last_mut() {
            Some(last) if last.end == number => last.end += 1,
            _ => ranges.push(number..number + 1),
        }
    }
    ranges
}

impl ProfileInForce {
    /// Devices that its targets covered at any time, as ascending ranges.
    fn ever_covered(&self) -> Vec<Range<u32>> {
        if self.covered_later.is_empty() {
            return self.covers.clone();
        }
        let all: BTreeSet<u32> = self.covers.iter().cloned().flatten().chain(self.covered_later.clone()).collect();
        ranges(all.into_iter())
    }
}

/// Everything written down during a run.
pub(super) struct Record {
    profiles: Vec<ProfileInForce>,
    /// By rule: (position of the profile, behavior, evaluation, rank by profile and behavior name (D-69)).
    rules: Vec<RuleRow>,
    pub alarms: Vec<Alarm>,
    open: BTreeMap<(u32, u32), usize>,
    told: BTreeSet<u32>,
    pub audits: Vec<AuditRow>,
    pub checks: Vec<CheckRow>,
    pub findings: Vec<FindingRow>,
    pub documents: Documents,
    pub timeline: Vec<TimelineRow>,
    notifications: Vec<String>,
    pub warnings: Vec<String>,
}

struct RuleRow {
    profile: usize,
    behavior: usize,
    evaluation: EvaluationId,
    rank: usize,
    notifies: bool,
}

impl Record {
    pub fn new(scenario: &Scenario, program: &Program, profiles: Vec<ProfileInForce>) -> Record {
        let mut rules: Vec<RuleRow> = program
            .rules()
            .iter()
            .map(|rule| {
                let profile = &profiles[rule.profile as usize];
                let behavior = rule.behavior as usize;
                RuleRow {
                    profile: rule.profile as usize,
                    behavior,
                    evaluation: profile.evaluations[behavior],
                    rank: 0,
                    notifies: profile.alerts && !profile.behaviors[behavior].suppress_alerts,
                }
            })
            .collect();
        let mut order: Vec<usize> = (0..rules.len()).collect();
        order.sort_by_key(|i| {
            let profile = &profiles[rules[*i].profile];
            (profile.name.clone(), profile.behaviors[rules[*i].behavior].name.clone())
        });
        order.iter().enumerate().for_each(|(rank, i)| rules[*i].rank = rank);
        let mut warnings: Vec<String> = scenario.warnings.iter().map(line).collect();
        warnings.extend(profiles.iter().filter(|profile| !profile.alerts).map(|profile| {
            format!("NO_ALERT_TARGET: profile `{}` has no alertTargets: nobody is told of its alarms", profile.name)
        }));
        Record {
            profiles,
            rules,
            alarms: Vec::new(),
            open: BTreeMap::new(),
            told: BTreeSet::new(),
            audits: Vec::new(),
            checks: Vec::new(),
            findings: Vec::new(),
            documents: Documents::default(),
            timeline: Vec::new(),
            notifications: Vec::new(),
            warnings,
        }
    }

    /// By profile: whether it covers a thing.
    pub fn coverage(&self, detect: &Detect, account: &Account, thing: ThingId) -> Vec<bool> {
        self.profiles.iter().map(|profile| detect.profile(profile.id).covers_thing(thing, account)).collect()
    }

    /// Notes that a profile covers a device from now on.
    pub fn covers(&mut self, profile: usize, device: u32) {
        let profile = &mut self.profiles[profile];
        if !profile.covers.iter().any(|range| range.contains(&device)) {
            profile.covered_later.insert(device);
        }
    }

    /// The evaluation of a rule.
    pub fn evaluation(&self, rule: u32) -> EvaluationId {
        self.rules[rule as usize].evaluation
    }

    /// Profile and behavior names of a rule.
    pub fn names(&self, rule: u32) -> (&str, &str) {
        let row = &self.rules[rule as usize];
        let profile = &self.profiles[row.profile];
        (&profile.name, &profile.behaviors[row.behavior].name)
    }

    /// The metric of a rule, by AWS name.
    pub fn metric(&self, rule: u32) -> String {
        let row = &self.rules[rule as usize];
        self.profiles[row.profile].behaviors[row.behavior].metric.to_string()
    }

    /// How long after an attack's end an alarm of a rule still belongs to it: its duration × datapoints to clear.
    pub fn grace(&self, rule: u32) -> Millis {
        let row = &self.rules[rule as usize];
        let behavior = &self.profiles[row.profile].behaviors[row.behavior];
        Millis(behavior.window().0 * i64::from(behavior.consecutive.to_clear))
    }

    /// Notes what was tolerated or looks odd.
    pub fn warn(&mut self, warnings: Vec<Warning>) {
        self.warnings.extend(warnings.iter().map(line));
    }

    /// Adds a line to the timeline.
    pub fn tell(&mut self, time: Timestamp, lane: &str, text: String) {
        self.timeline.push(TimelineRow { time, lane: lane.to_owned(), text });
    }

    /// Writes down what was sent since the last time, up to the cap; the outbox need not hold it any longer.
    pub fn take_messages(&mut self, outbox: &mut Outbox) {
        let left = Outcome::NOTIFICATIONS_CAP - self.notifications.len();
        self.notifications.extend(outbox.since(0).take(left).map(|message| message.body()));
        outbox.forget_before(outbox.end());
    }

    /// Puts everything together.
    #[expect(clippy::too_many_arguments, reason = "the parts of an outcome, each from its owner")]
    pub fn outcome(
        mut self,
        header: Header,
        classes: Vec<ClassRow>,
        lives: Vec<LifeRow>,
        truth: Vec<Act>,
        campaigns: Vec<CampaignRow>,
        shards: &[Shard],
        tally: Tally,
        mitigations: Vec<MitigationRow>,
        cases: Vec<CaseRow>,
        models: Vec<ModelRow>,
        jobs: Vec<JobRow>,
        sent: u64,
    ) -> Outcome {
        let behaviors = self.rules.iter().enumerate().map(|(index, row)| {
            let behavior = &self.profiles[row.profile].behaviors[row.behavior];
            let counts = shards.iter().map(|shard| shard.judge().counts()[index]);
            let (datapoints, violating) =
                counts.fold((0, 0), |(judged, violating), count| (judged + count.judged, violating + count.violating));
            BehaviorRow {
                profile: self.profiles[row.profile].name.clone(),
                name: behavior.name.clone(),
                metric: behavior.metric.to_string(),
                criteria: in_words(behavior),
                duration: behavior.window(),
                to_alarm: behavior.consecutive.to_alarm,
                to_clear: behavior.consecutive.to_clear,
                suppressed: behavior.suppress_alerts,
                built_in_share: built_in_share(behavior),
                covers: self.profiles[row.profile].ever_covered(),
                datapoints,
                violating,
            }
        });
        let behaviors = behaviors.collect();
        self.timeline.sort_by_key(|row| row.time);
        let windows_per_hour = (Millis::HOUR.0 / header.window.0).max(1) as u32;
        Outcome {
            header,
            classes,
            lives,
            behaviors,
            checks: self.checks,
            truth,
            campaigns,
            alarms: self.alarms,
            crossings: crossings(shards),
            audits: self.audits,
            findings: self.findings,
            documents: self.documents.rows,
            mitigations,
            cases,
            models,
            jobs,
            timeline: self.timeline,
            notifications: self.notifications,
            tally: Tally {
                notifications: sent,
                active_by_hour: tally.active_by_hour.iter().map(|sum| sum / windows_per_hour).collect(),
                ..tally
            },
            warnings: self.warnings,
        }
    }
}

impl World<'_> {
    /// Writes down alarm events, in the order of D-69, and sets responders off.
    pub(super) fn record_transitions(&mut self, now: Timestamp, mut found: Vec<(Transition, u32, Detail)>) {
        if found.is_empty() {
            return;
        }
        let (record, fleet) = (&self.record, &self.fleet);
        let class = |device: u32| fleet.devices[device as usize].class;
        found.sort_by(|(a, left, _), (b, right, _)| {
            let rank = |transition: &Transition| record.rules[transition.rule as usize].rank;
            let names = || match class(*left) == class(*right) {
                true => left.cmp(right),
                false => fleet.account.thing_name(ThingId(*left)).cmp(fleet.account.thing_name(ThingId(*right))),
            };
            (a.time, rank(a)).cmp(&(b.time, rank(b))).then_with(names).then(a.kind.cmp(&b.kind))
        });
        for (transition, device, observed) in found {
            self.record_transition(now, transition, device, observed);
        }
        self.detect.publish(now, &mut self.outbox);
    }

    fn record_transition(&mut self, now: Timestamp, transition: Transition, device: u32, detail: Detail) {
        let row = &self.record.rules[transition.rule as usize];
        let cause = match detail {
            Detail::Unmonitored => Cause::Unmonitored,
            Detail::Discontinued => Cause::ModelExpired,
            Detail::Plain | Detail::Set(_) => Cause::Silence,
        };
        let observed = match detail {
            Detail::Set(observed) => observed,
            Detail::Plain | Detail::Unmonitored | Detail::Discontinued => {
                let behavior = &self.record.profiles[row.profile].behaviors[row.behavior];
                Observed::Number(match behavior.metric {
                    // In single precision, as short as it can be written.
                    MetricRef::Custom(_) => {
                        columns::number(transition.value as u32).to_string().parse().unwrap_or_default()
                    }
                    MetricRef::Aws(_) => transition.value as f64,
                })
            }
        };
        let value = value_of(&observed);
        let (kind, outcome) = match transition.kind {
            ViolationEventType::InAlarm => (EventKind::InAlarm, violation::Outcome::Raised(observed)),
            ViolationEventType::AlarmCleared => (EventKind::AlarmCleared, violation::Outcome::Cleared(observed)),
            ViolationEventType::AlarmInvalidated => {
                (EventKind::AlarmInvalidated, violation::Outcome::Invalidated(cause))
            }
        };
        let identity = self.detect.device_of_thing(ThingId(device), &self.fleet.account);
        let id = self.detect.record(
            now,
            violation::Transition { evaluation: row.evaluation, device: identity, time: transition.time, outcome },
        );
        self.log.push(Event {
            time: transition.time,
            kind,
            subject: device,
            object: transition.rule,
            value: transition.value,
        });
        if self.fleet.account.indexes_violations() {
            let (profile, behavior) = self.record.names(transition.rule);
            let is_in_alarm = transition.kind == ViolationEventType::InAlarm;
            self.fleet.account.index_violation(now, ThingId(device), profile, behavior, is_in_alarm);
        }
        if transition.kind == ViolationEventType::InAlarm {
            self.raised(transition, device, value, id);
        } else if let Some(index) = self.record.open.remove(&(transition.rule, device)) {
            self.record.alarms[index].ended = Some((transition.time, transition.kind));
            if let Some(notified) = self.alert_reaches(transition, device) {
                self.notify_responders(notified, transition.kind, index);
            }
        }
    }

    /// When the alert about an alarm event reaches its subscribers, if there is one and it does (D-88).
    fn alert_reaches(&self, transition: Transition, device: u32) -> Option<Timestamp> {
        let sent = transition.time + NOTIFICATION_DELAY;
        let notifies = self.record.rules[transition.rule as usize].notifies;
        notifies.then(|| self.disruptions.delivered(device, transition.rule, sent)).flatten()
    }

    fn raised(&mut self, transition: Transition, device: u32, value: Value, id: ViolationId) {
        self.stages_detected(transition.rule, device, transition.time);
        let notified = self.alert_reaches(transition, device);
        let index = self.record.alarms.len();
        self.record.open.insert((transition.rule, device), index);
        self.record.alarms.push(Alarm {
            behavior: transition.rule,
            device: DeviceId(device),
            raised: transition.time,
            value,
            first_violation: transition.first,
            notified,
            ended: None,
            violation_id: id.to_string(),
        });
        if self.record.told.insert(transition.rule) {
            let (_, behavior) = self.record.names(transition.rule);
            let text = format!("first alarm of {behavior}, on {}", self.fleet.account.thing_name(ThingId(device)));
            self.record.tell(transition.time, "alarm", text);
        }
        if let Some(notified) = notified {
            self.notify_responders(notified, transition.kind, index);
        }
    }
}

/// How near rules came to an alarm on attacked devices, as the overlays noted it.
fn crossings(shards: &[Shard]) -> Vec<Crossing> {
    let overlays = shards.iter().flat_map(|shard| shard.overlays().iter().map(move |overlay| (shard.first, overlay)));
    let mut rows: Vec<Crossing> = overlays
        .flat_map(|(first, overlay)| {
            let runs = overlay.longest_runs.iter().enumerate().filter(|(_, longest)| **longest > 0);
            runs.map(move |(rule, longest)| Crossing {
                act: overlay.act,
                device: DeviceId(first + overlay.lane),
                onset: overlay.onset,
                behavior: rule as u32,
                longest: *longest,
            })
        })
        .collect();
    rows.sort_unstable();
    rows
}

/// A warning as an outcome tells it.
fn line(warning: &Warning) -> String {
    format!("{}: {}", warning.code, warning.message)
}

fn value_of(observed: &Observed) -> Value {
    match observed {
        Observed::Ports(ports) => Value::Ports(ports.iter().copied().collect()),
        Observed::Cidrs(addresses) => Value::Cidrs(addresses.iter().map(ToString::to_string).collect()),
        Observed::Number(number) if number.fract() == 0.0 && *number >= 0.0 => Value::Count(*number as u64),
        Observed::Number(number) => Value::Number(*number),
        Observed::Numbers(numbers) => Value::Numbers(numbers.clone()),
        Observed::Strings(strings) => Value::Strings(strings.iter().cloned().collect()),
    }
}

/// A behavior's criteria for people: `≤ 60 per 300 s`.
fn in_words(behavior: &Behavior) -> String {
    let relation = |relation: Relation| match relation {
        Relation::LessThan => "<",
        Relation::LessThanEquals => "≤",
        Relation::GreaterThan => ">",
        Relation::GreaterThanEquals => "≥",
    };
    let membership = |membership: Membership| match membership {
        Membership::In => "only",
        Membership::NotIn => "none of",
    };
    let per = behavior.duration.map_or(String::new(), |duration| format!(" per {} s", duration.0 / 1_000));
    match &behavior.criteria {
        Criteria::Static(Rule::Number { relation: r, threshold }) => {
            format!("{} {}{per}", relation(*r), separated(*threshold))
        }
        Criteria::Static(Rule::Cidrs { membership: m, .. }) => format!("{} the listed networks", membership(*m)),
        Criteria::Static(Rule::Ports { membership: m, set }) => {
            let ports: Vec<u16> = (0..=u16::MAX).filter(|port| set.contains(*port)).collect();
            let shown: Vec<String> = ports.iter().take(6).map(ToString::to_string).collect();
            let rest = if ports.len() > 6 { format!(" and {} more", ports.len() - 6) } else { String::new() };
            format!("{} ports {}{rest}", membership(*m), shown.join(", "))
        }
        Criteria::Static(_) => "only the listed values".to_owned(),
        Criteria::Statistical { relation: r, statistic } => {
            format!("{} p{}{per}", relation(*r), f64::from(statistic.hundredths) / 100.0)
        }
        Criteria::MachineLearning { confidence } => {
            format!("what was learned ({} confidence, surrogate model)", format!("{confidence:?}").to_uppercase())
        }
    }
}

/// A number with its thousands apart: `4,000,000`, `1,234.5`.
fn separated(number: f64) -> String {
    let plain = number.to_string();
    let (sign, digits) = plain.strip_prefix('-').map_or(("", plain.as_str()), |digits| ("-", digits));
    let (whole, rest) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let mut out = sign.to_owned();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out + rest
}

/// The share of device-windows that a percentile threshold puts outside by construction.
fn built_in_share(behavior: &Behavior) -> Option<f64> {
    let Criteria::Statistical { relation, statistic } = &behavior.criteria else { return None };
    let below = f64::from(statistic.hundredths) / 10_000.0;
    Some(if relation.bounds_from_above() { 1.0 - below } else { below })
}

/// Adds what happened between two synchronization points to the totals.
pub(super) fn tally(total: &mut Tally, shards: &[TickTally], first_tick: u64, tick: Millis) {
    for (offset, tally) in shards.iter().enumerate() {
        let since = Millis(tick.0 * (first_tick + offset as u64) as i64);
        let (day, hour) = ((since.0 / Millis::DAY.0) as usize, (since.0 / Millis::HOUR.0) as usize);
        total.messages_sent += tally.messages;
        total.authorization_failures += tally.failures;
        total.reports += tally.reports;
        grow(&mut total.messages_by_day, day, 0);
        grow(&mut total.authorization_failures_by_day, day, 0);
        grow(&mut total.active_by_hour, hour, 0);
        total.messages_by_day[day] += tally.messages;
        total.authorization_failures_by_day[day] += tally.failures;
        // A sum over the hour's windows; `Record::outcome` makes it a mean.
        total.active_by_hour[hour] += tally.active as u32;
    }
}

fn grow<T: Clone>(series: &mut Vec<T>, index: usize, zero: T) {
    if series.len() <= index {
        series.resize(index + 1, zero);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        let shown = [0.0, 60.0, 999.0, 1_000.0, 4_000_000.0, 1_234.5, -12_345.0].map(separated);
        assert_eq!(shown, ["0", "60", "999", "1,000", "4,000,000", "1,234.5", "-12,345"]);
    }
}
