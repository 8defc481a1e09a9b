//! Files of rule tests: their keys, read with every problem at its place.

use std::path::Path;
use std::sync::Arc;

use defender::detect::behavior::Catalog;
use defender::detect::wire::{CreateSecurityProfileRequest, CustomMetricType};
use defender::error::{Compatibility, Warning};
use defender::metric::{Metric, MetricRef, ValueKind};
use defender::time::{Millis, Timestamp};
use sim::scenario::document::{Reading, profile};
use sim::scenario::fields::{Fields, OneOrMore};
use sim::scenario::library::read as read_file;
use sim::scenario::problem::suggestion;
use sim::scenario::quantity::Exactly;
use sim::scenario::reference::TableDoc;
use sim::scenario::source::{Place, Placed, Source};
use sim::scenario::tree::parse_toml;
use sim::scenario::{CriteriaReading, Problem, Problems};

use super::event::{self, Event, Names, Subject};
use super::series::{self, Datum};

/// The grid that series lie on: the engine's shortest window (D-35).
pub(super) const GRID: Millis = Millis::minutes(5);

/// A rule test, ready to run: nothing in it needs checking again.
#[derive(Clone, Debug)]
pub struct RuleTest {
    /// Its name, unique in its file.
    pub name: String,
    /// Where it was written.
    pub place: Place,
    /// When it starts.
    pub start: Timestamp,
    /// How deviations are taken.
    pub compatibility: Compatibility,
    /// The security profile.
    pub profile: CreateSecurityProfileRequest,
    /// What the profile is attached to, as the last field of target ARNs.
    pub targets: Vec<String>,
    /// Custom metrics of the account.
    pub custom_metrics: Vec<(String, CustomMetricType)>,
    /// Dimensions of the account, with their topic filters.
    pub dimensions: Vec<(String, Vec<String>)>,
    /// Thing groups with their things.
    pub groups: Vec<(String, Vec<String>)>,
    /// Devices that are no things.
    pub unregistered: Vec<String>,
    /// What devices show.
    pub series: Vec<Series>,
    /// What is changed on the way, in order of time.
    pub changes: Vec<Change>,
    /// All events, if the test says them exactly.
    pub events: Option<Vec<Event>>,
    /// Behaviors that must have an in-alarm event.
    pub must_fire: Vec<Subject>,
    /// Behaviors that must have none.
    pub must_not_fire: Vec<Subject>,
}

impl RuleTest {
    /// The devices of the series, in the order of the file.
    pub fn devices(&self) -> Vec<String> {
        let mut devices: Vec<String> = Vec::new();
        for series in &self.series {
            if !devices.contains(&series.device) {
                devices.push(series.device.clone());
            }
        }
        devices
    }

    /// When it ends: with the last step of the longest series.
    pub fn end(&self) -> Timestamp {
        let lengths = self.series.iter().map(|series| series.step.0 * series.data.len() as i64);
        self.start + Millis(lengths.max().unwrap_or(0))
    }

    /// Names of the behaviors of its profile, those that a change brings included.
    pub fn behaviors(&self) -> Vec<String> {
        let changed = self.changes.iter().filter_map(|change| match &change.kind {
            ChangeKind::Profile(profile) => Some(profile.as_ref()),
            _ => None,
        });
        let mut names: Vec<String> = Vec::new();
        for behavior in
            std::iter::once(&self.profile).chain(changed).flat_map(|profile| profile.behaviors.iter().flatten())
        {
            if !names.contains(&behavior.name) {
                names.push(behavior.name.clone());
            }
        }
        names
    }
}

/// What one device shows of one metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// The device.
    pub device: String,
    /// The metric; `None`: whether its session is open.
    pub metric: Option<MetricRef>,
    /// The shape of its values.
    pub kind: Option<ValueKind>,
    /// Length of a step.
    pub step: Millis,
    /// Topic of its messages.
    pub topic: Option<String>,
    /// Step by step.
    pub data: Vec<Datum>,
    /// Where it was written.
    pub place: Place,
}

/// Something that is changed on the way.
#[derive(Clone, Debug)]
pub struct Change {
    /// Since the test's start.
    pub at: Millis,
    /// What.
    pub kind: ChangeKind,
}

/// What is changed.
#[derive(Clone, Debug)]
pub enum ChangeKind {
    /// The profile is attached to a target.
    Attach(String),
    /// The profile is detached from a target.
    Detach(String),
    /// The behaviors are replaced by those of this profile.
    Profile(Box<CreateSecurityProfileRequest>),
    /// The profile is deleted.
    DeleteProfile,
    /// A thing is deleted.
    DeleteThing(String),
}

/// A file as written.
#[derive(Debug)]
struct Draft {
    profile: Option<Placed<String>>,
    start: Placed<Timestamp>,
    step: Placed<Millis>,
    compatibility: Compatibility,
    criteria: CriteriaReading,
    targets: OneOrMore<Placed<String>>,
    custom_metrics: Vec<(Placed<String>, Placed<String>)>,
    dimensions: Vec<(Placed<String>, OneOrMore<String>)>,
    groups: Vec<(Placed<String>, OneOrMore<Placed<String>>)>,
    unregistered: OneOrMore<String>,
    tests: Vec<TestDraft>,
}

#[derive(Debug)]
struct TestDraft {
    place: Place,
    name: Placed<String>,
    profile: Option<Placed<String>>,
    targets: Option<OneOrMore<Placed<String>>>,
    step: Option<Placed<Millis>>,
    values: Option<Placed<String>>,
    series: Vec<SeriesDraft>,
    changes: Vec<ChangeDraft>,
    events: Option<Vec<Placed<String>>>,
    must_fire: Option<OneOrMore<Placed<String>>>,
    must_not_fire: Option<OneOrMore<Placed<String>>>,
}

#[derive(Debug)]
struct SeriesDraft {
    place: Place,
    device: Option<Placed<String>>,
    metric: Option<Placed<String>>,
    session: Option<Placed<String>>,
    values: Option<Placed<String>>,
    across: Option<Vec<Placed<String>>>,
    step: Option<Placed<Millis>>,
    topic: Option<String>,
}

#[derive(Debug)]
struct ChangeDraft {
    place: Place,
    at: Placed<Millis>,
    attach: Option<Placed<String>>,
    detach: Option<Placed<String>>,
    profile: Option<Placed<String>>,
    delete_profile: bool,
    delete_thing: Option<Placed<String>>,
}

/// The account of every rule test.
pub(super) const ACCOUNT: &str = "123456789012";

fn file(fields: &mut Fields<'_>) -> Draft {
    let place = fields.table_place();
    let start = Placed { value: Timestamp::from_seconds(1_780_272_000), place: place.clone() };
    let step = Placed { value: GRID, place: place.clone() };
    let _: String = fields.or("title", String::new(), "one line about the file");
    Draft {
        profile: fields.optional("profile", "the profile of tests that name none: a path, or the JSON itself"),
        start: fields.or("start", start, "when tests start; windows lie on the Unix epoch"),
        step: fields.or("step", step, "length of a step of the series; a multiple of five minutes"),
        compatibility: fields.keyword(
            "compatibility",
            Some("strict"),
            &[("strict", Compatibility::Strict), ("lenient", Compatibility::Lenient)],
            "as in scenarios",
        ),
        criteria: fields.keyword(
            "criteria",
            Some("normal"),
            &[("normal", CriteriaReading::Normal), ("alarm", CriteriaReading::Alarm)],
            "as in scenarios",
        ),
        targets: fields.or(
            "targets",
            OneOrMore(vec![Placed { value: "all/things".to_owned(), place }]),
            "what the profile is attached to: `all/things`, `all/registered-things`, `all/unregistered-things` or \
             `thinggroup/NAME`",
        ),
        custom_metrics: fields.named("custom-metrics", "custom metrics by name, each with its type"),
        dimensions: fields.named("dimensions", "dimensions by name, each with its topic filters"),
        groups: fields.named("groups", "thing groups by name, each with its devices"),
        unregistered: fields.or("unregistered", OneOrMore(Vec::new()), "devices that are no things"),
        tests: fields.tables("test", "a test", test),
    }
}

fn test(fields: &mut Fields<'_>) -> TestDraft {
    TestDraft {
        place: fields.table_place(),
        name: fields.required("name", "its name, unique in the file"),
        profile: fields.optional("profile", "its profile: a path, or the JSON itself"),
        targets: fields.optional("targets", "other targets than the file's"),
        step: fields.optional("step", "another step than the file's"),
        values: fields.optional("values", "the series of the profile's only metric on one device"),
        series: fields.tables("series", "what a device shows of a metric", |fields| SeriesDraft {
            place: fields.table_place(),
            device: fields.optional("device", "its device, or several as in `pump-1..20`; `device` unless given"),
            metric: fields.optional("metric", "the metric; may be left out where the profile has only one"),
            session: fields.optional("session", "instead of a metric: whether the session is `on` or `off`"),
            values: fields.optional("values", "its series"),
            across: fields.optional("across", "instead of `values`: for each step, the values of all devices"),
            step: fields.optional("step", "another step than the test's"),
            topic: fields.optional("topic", "topic of its messages, for dimensions"),
        }),
        changes: fields.tables("change", "something that is changed on the way", |fields| ChangeDraft {
            place: fields.table_place(),
            at: fields.required("at", "when, after the start"),
            attach: fields.optional("attach", "a target that the profile is attached to"),
            detach: fields.optional("detach", "a target that it is detached from"),
            profile: fields.optional("profile", "a profile whose behaviors replace those in force"),
            delete_profile: fields.or("delete-profile", false, "the profile is deleted"),
            delete_thing: fields.optional("delete-thing", "a thing that is deleted"),
        }),
        events: fields.optional("events", "all events, exactly: `AT KIND of BEHAVIOR on DEVICE = VALUE`"),
        must_fire: fields.optional("must-fire", "behaviors that must alarm: `BEHAVIOR on DEVICE`"),
        must_not_fire: fields.optional("must-not-fire", "behaviors that must not alarm"),
    }
}

/// The keys of a file of rule tests.
pub fn reference() -> TableDoc {
    Fields::describe(file)
}

/// Loads a file of rule tests, with what is odd about it.
///
/// # Errors
/// Every problem that was found, in the order of their places.
pub fn load(path: &Path) -> Result<(Vec<RuleTest>, Problems), Problems> {
    match read_file(path) {
        Ok(source) => load_source(path, &source),
        Err(problem) => {
            let mut problems = Problems::new();
            problems.push(problem);
            Err(problems)
        }
    }
}

/// As [`load`], of a text; `path` says where the paths in it begin.
pub(super) fn load_source(path: &Path, source: &Arc<Source>) -> Result<(Vec<RuleTest>, Problems), Problems> {
    let mut problems = Problems::new();
    let (tree, syntax) = parse_toml(source);
    if !syntax.is_empty() {
        problems.extend(syntax);
        return Err(problems);
    }
    let Some(table) = tree.as_table() else { return Err(problems) };
    let draft = Fields::read(table, &tree.place, &mut problems, file);
    let mut resolver = Resolver::new(path, &draft, &mut problems);
    let tests: Vec<RuleTest> = draft.tests.iter().filter_map(|test| resolver.test(test)).collect();
    if draft.tests.is_empty() {
        problems.push(Problem::error(tree.place.clone(), "a file of rule tests has at least one `[[test]]`"));
    }
    problems.sort();
    if problems.errors() > 0 { Err(problems) } else { Ok((tests, problems)) }
}

struct Resolver<'a> {
    directory: &'a Path,
    draft: &'a Draft,
    problems: &'a mut Problems,
    catalog: Catalog,
    custom_metrics: Vec<(String, CustomMetricType)>,
    names: Vec<String>,
}

impl<'a> Resolver<'a> {
    fn new(path: &'a Path, draft: &'a Draft, problems: &'a mut Problems) -> Resolver<'a> {
        let mut catalog = Catalog::default();
        let mut custom_metrics = Vec::new();
        for (name, kind) in &draft.custom_metrics {
            match CustomMetricType::from_name(&kind.value) {
                Some(kind) => {
                    catalog.custom_metrics.insert(name.value.clone(), kind);
                    custom_metrics.push((name.value.clone(), kind));
                }
                None => {
                    let message = format!("a custom metric has no type `{}`", kind.value);
                    let help = suggestion(&kind.value, CustomMetricType::ALL.iter().map(|kind| kind.name()));
                    problems.push(Problem { help, ..Problem::error(kind.place.clone(), message) });
                }
            }
        }
        catalog.dimensions.extend(draft.dimensions.iter().map(|(name, _)| name.value.clone()));
        if draft.start.value.floor_to(GRID) != draft.start.value {
            let message = format!("start must lie on a five-minute boundary, found `{}`", draft.start.value);
            problems.push(Problem::error(draft.start.place.clone(), message));
        }
        let directory = path.parent().unwrap_or_else(|| Path::new("."));
        Resolver { directory, draft, problems, catalog, custom_metrics, names: Vec::new() }
    }

    fn error(&mut self, place: &Place, message: impl Into<String>, help: Option<String>) {
        self.problems.push(Problem { help, ..Problem::error(place.clone(), message) });
    }

    fn test(&mut self, draft: &TestDraft) -> Option<RuleTest> {
        if self.names.contains(&draft.name.value) {
            self.error(&draft.name.place, format!("there is already a test named `{}`", draft.name.value), None);
        }
        self.names.push(draft.name.value.clone());
        let Some(written) = draft.profile.as_ref().or(self.draft.profile.as_ref()) else {
            let help = "write `profile = …` in the test, or above all tests".to_owned();
            self.error(&draft.place, format!("test `{}` has no profile", draft.name.value), Some(help));
            return None;
        };
        let profile = self.profile(written)?;
        let targets = draft.targets.as_ref().unwrap_or(&self.draft.targets);
        for target in &targets.0 {
            self.target(target);
        }
        let step = draft.step.clone().unwrap_or_else(|| self.draft.step.clone());
        let mut series = Vec::new();
        if let Some(values) = &draft.values {
            let short = SeriesDraft {
                place: values.place.clone(),
                device: None,
                metric: None,
                session: None,
                values: Some(values.clone()),
                across: None,
                step: None,
                topic: None,
            };
            self.series(&short, &step, &profile, &mut series);
        }
        for draft in &draft.series {
            self.series(draft, &step, &profile, &mut series);
        }
        if series.is_empty() && self.problems.errors() == 0 {
            let help = Some("write `values = …`, or a `[[test.series]]`".to_owned());
            self.error(&draft.place, format!("test `{}` has no series", draft.name.value), help);
        }
        let changes = draft.changes.iter().filter_map(|change| self.change(change, &profile)).collect();
        let mut test = RuleTest {
            name: draft.name.value.clone(),
            place: draft.place.clone(),
            start: self.draft.start.value,
            compatibility: self.draft.compatibility,
            profile,
            targets: targets.0.iter().map(|target| target.value.clone()).collect(),
            custom_metrics: self.custom_metrics.clone(),
            dimensions: self
                .draft
                .dimensions
                .iter()
                .map(|(name, filters)| (name.value.clone(), filters.0.clone()))
                .collect(),
            groups: self
                .draft
                .groups
                .iter()
                .map(|(name, things)| (name.value.clone(), things.0.iter().map(|thing| thing.value.clone()).collect()))
                .collect(),
            unregistered: self.draft.unregistered.0.clone(),
            series,
            changes,
            events: None,
            must_fire: Vec::new(),
            must_not_fire: Vec::new(),
        };
        test.changes.sort_by_key(|change| change.at);
        self.expectations(draft, &mut test);
        Some(test)
    }

    fn expectations(&mut self, draft: &TestDraft, test: &mut RuleTest) {
        let (behaviors, devices) = (test.behaviors(), test.devices());
        let names = Names { behaviors: &behaviors, devices: &devices };
        if draft.events.is_none() && draft.must_fire.is_none() && draft.must_not_fire.is_none() {
            let help = "write `events = […]` (empty for none), `must-fire` or `must-not-fire`".to_owned();
            self.error(&draft.place, format!("test `{}` expects nothing", test.name), Some(help));
        }
        if let Some(events) = &draft.events {
            let mut read = Vec::new();
            for text in events {
                match event::parse(&text.value, names) {
                    Ok(event) if test.start + event.at > test.end() && !devices.is_empty() => {
                        let end = Exactly(test.end() - test.start);
                        self.error(
                            &text.place,
                            format!("the event lies beyond the end of the series at `{end}`"),
                            None,
                        );
                    }
                    Ok(event) => read.push(event),
                    Err((message, help)) => self.error(&text.place.unquoted(&text.value), message, help),
                }
            }
            read.sort();
            test.events = Some(read);
        }
        let mut subjects = |list: &Option<OneOrMore<Placed<String>>>| -> Vec<Subject> {
            let mut read = Vec::new();
            for text in list.iter().flat_map(|list| &list.0) {
                match event::parse_subject(&text.value, names) {
                    Ok(subject) => read.push(subject),
                    Err((message, help)) => self.error(&text.place.unquoted(&text.value), message, help),
                }
            }
            read
        };
        test.must_fire = subjects(&draft.must_fire);
        test.must_not_fire = subjects(&draft.must_not_fire);
        if let Some(both) = test.must_fire.iter().find(|subject| test.must_not_fire.contains(subject)) {
            self.error(&draft.place, format!("`{both}` must fire and must not"), None);
        }
    }

    /// A profile by path, or written out.
    fn profile(&mut self, written: &Placed<String>) -> Option<CreateSecurityProfileRequest> {
        let source = if written.value.trim_start().starts_with('{') {
            inline(written)
        } else {
            match read_file(&self.directory.join(&written.value)) {
                Ok(source) => source,
                Err(problem) => {
                    self.problems.push(Problem { place: Some(written.place.clone()), ..problem });
                    return None;
                }
            }
        };
        let mut warnings: Vec<Warning> = Vec::new();
        let mut reading = Reading {
            compatibility: self.draft.compatibility,
            account: ACCOUNT,
            problems: self.problems,
            warnings: &mut warnings,
        };
        profile::read(&source, self.draft.criteria, &self.catalog, &mut reading)
    }

    fn target(&mut self, target: &Placed<String>) {
        const EVERYBODY: [&str; 3] = ["all/things", "all/registered-things", "all/unregistered-things"];
        let groups: Vec<String> =
            self.draft.groups.iter().map(|(name, _)| format!("thinggroup/{}", name.value)).collect();
        let known = || EVERYBODY.into_iter().chain(groups.iter().map(String::as_str));
        if !known().any(|name| name == target.value) {
            let help = suggestion(&target.value, known().collect::<Vec<_>>());
            self.error(&target.place, format!("no target is named `{}`", target.value), help);
        }
    }

    fn change(&mut self, draft: &ChangeDraft, profile: &CreateSecurityProfileRequest) -> Option<Change> {
        let mut kinds = Vec::new();
        if let Some(target) = &draft.attach {
            self.target(target);
            kinds.push(ChangeKind::Attach(target.value.clone()));
        }
        if let Some(target) = &draft.detach {
            self.target(target);
            kinds.push(ChangeKind::Detach(target.value.clone()));
        }
        if let Some(written) = &draft.profile {
            let new = self.profile(written)?;
            if new.security_profile_name != profile.security_profile_name {
                let message = format!(
                    "a profile is changed by one of its name `{}`, found `{}`",
                    profile.security_profile_name, new.security_profile_name
                );
                self.error(&written.place, message, None);
            }
            kinds.push(ChangeKind::Profile(Box::new(new)));
        }
        if draft.delete_profile {
            kinds.push(ChangeKind::DeleteProfile);
        }
        if let Some(thing) = &draft.delete_thing {
            kinds.push(ChangeKind::DeleteThing(thing.value.clone()));
        }
        match (kinds.len(), kinds.pop()) {
            (1, Some(kind)) => Some(Change { at: draft.at.value, kind }),
            (found, _) => {
                let message = format!(
                    "a change is one of attach, detach, profile, delete-profile and delete-thing, found {found}"
                );
                self.error(&draft.place, message, None);
                None
            }
        }
    }

    fn series(
        &mut self,
        draft: &SeriesDraft,
        step: &Placed<Millis>,
        profile: &CreateSecurityProfileRequest,
        all: &mut Vec<Series>,
    ) -> Option<()> {
        let step = draft.step.as_ref().unwrap_or(step);
        if step.value <= Millis(0) || step.value.0 % GRID.0 != 0 {
            let message = format!("a step must be a multiple of five minutes, found `{}`", Exactly(step.value));
            self.error(&step.place, message, None);
            return None;
        }
        let devices = self.devices(draft.device.as_ref())?;
        let (metric, kind) = match (&draft.metric, &draft.session) {
            (Some(_), Some(session)) => {
                self.error(&session.place, "a series is of a metric or of the session, found both", None);
                return None;
            }
            (None, Some(_)) => (None, None),
            (written, None) => {
                let (metric, kind) = self.metric(draft, written.as_ref(), profile)?;
                (Some(metric), Some(kind))
            }
        };
        let texts: Vec<&Placed<String>> = match (&draft.values, &draft.session, &draft.across) {
            (Some(values), None, None) => vec![values],
            (None, Some(session), None) => vec![session],
            (None, None, Some(across)) if !across.is_empty() => across.iter().collect(),
            _ => {
                let help = "write one of `values`, `session` and `across`".to_owned();
                self.error(&draft.place, "a series has its values in one place", Some(help));
                return None;
            }
        };
        let mut rows = Vec::new();
        for text in &texts {
            rows.push(self.row(text, metric.as_ref(), kind)?);
        }
        if let Some(across) = &draft.across {
            for (row, text) in rows.iter().zip(across) {
                if row.len() != devices.len() {
                    let message =
                        format!("a step across {} devices has as many values, found {}", devices.len(), row.len());
                    self.error(&text.place, message, None);
                    return None;
                }
            }
        }
        for (position, device) in devices.iter().enumerate() {
            let data = match &draft.across {
                Some(_) => rows.iter().map(|row| row[position].clone()).collect(),
                None => rows[0].clone(),
            };
            if all.iter().any(|other| other.device == *device && other.metric == metric && other.topic == draft.topic) {
                let what = metric.as_ref().map_or("the session".to_owned(), |metric| format!("`{metric}`"));
                self.error(&draft.place, format!("there is already a series of {what} on `{device}`"), None);
                return None;
            }
            let place = draft.place.clone();
            let topic = draft.topic.clone();
            all.push(Series {
                device: device.clone(),
                metric: metric.clone(),
                kind,
                step: step.value,
                topic,
                data,
                place,
            });
        }
        Some(())
    }

    /// Reads the text of a series and compares its values with the shape of the metric's.
    fn row(
        &mut self,
        text: &Placed<String>,
        metric: Option<&MetricRef>,
        kind: Option<ValueKind>,
    ) -> Option<Vec<Datum>> {
        let steps = match series::parse(&text.value) {
            Ok(steps) => steps,
            Err(wrong) => {
                self.error(&text.place.part(&text.value, wrong.span), wrong.message, None);
                return None;
            }
        };
        let is_size = matches!(metric, Some(MetricRef::Aws(Metric::MessageByteSize)));
        for (datum, span) in &steps {
            if let Err(must) = suits(datum, kind, is_size) {
                let of = metric.map_or("a session".to_owned(), |metric| format!("`{metric}`"));
                let message = format!("a value of {of} must be {must}, found `{datum}`");
                self.error(&text.place.part(&text.value, span.clone()), message, None);
                return None;
            }
        }
        Some(steps.into_iter().map(|(datum, _)| datum).collect())
    }

    fn metric(
        &mut self,
        draft: &SeriesDraft,
        written: Option<&Placed<String>>,
        profile: &CreateSecurityProfileRequest,
    ) -> Option<(MetricRef, ValueKind)> {
        let mut used: Vec<&str> = profile.behaviors.iter().flatten().filter_map(|b| b.metric.as_deref()).collect();
        used.sort_unstable();
        used.dedup();
        let (name, place) = match (written, used.as_slice()) {
            (Some(name), _) => (name.value.as_str(), &name.place),
            (None, [only]) => (*only, &draft.place),
            (None, _) => {
                let help = suggestion("", used.iter().copied());
                self.error(&draft.place, "the profile has several metrics, and the series names none", help);
                return None;
            }
        };
        let Some((metric, kind)) = self.catalog.metric(name) else {
            let custom: Vec<String> = self.catalog.custom_metrics.keys().cloned().collect();
            let known = Metric::ALL.iter().map(|metric| metric.name()).chain(custom.iter().map(String::as_str));
            let help = suggestion(name, known.collect::<Vec<_>>());
            self.error(place, format!("no metric is named `{name}`"), help);
            return None;
        };
        if metric == MetricRef::Aws(Metric::DisconnectDuration) {
            let help = "write the series as `session = \"on x3, off x8\"`".to_owned();
            self.error(place, "a disconnect duration follows from the session", Some(help));
            return None;
        }
        Some((metric, kind))
    }

    /// One device, or those of `pump-1..20`.
    fn devices(&mut self, written: Option<&Placed<String>>) -> Option<Vec<String>> {
        let Some(written) = written else { return Some(vec!["device".to_owned()]) };
        let Some((head, last)) = written.value.split_once("..") else { return Some(vec![written.value.clone()]) };
        let prefix = head.trim_end_matches(|c: char| c.is_ascii_digit());
        match (head[prefix.len()..].parse::<u32>(), last.parse::<u32>()) {
            (Ok(first), Ok(last)) if first <= last && last - first < 10_000 => {
                Some((first..=last).map(|number| format!("{prefix}{number}")).collect())
            }
            _ => {
                let message = format!("a range of devices is written as in `pump-1..20`, found `{}`", written.value);
                self.error(&written.place, message, None);
                None
            }
        }
    }
}

/// Whether a value can be one of a metric of this kind; what it must be instead.
fn suits(datum: &Datum, kind: Option<ValueKind>, is_size: bool) -> Result<(), &'static str> {
    let all = |elements: &[String], test: fn(&str) -> bool| elements.iter().all(|element| test(element));
    let is_count = |number: f64| number >= 0.0 && number.fract() == 0.0 && number <= f64::from(u32::MAX);
    let is_message = |text: &str| text.parse::<u32>().is_ok_and(|bytes| bytes > 0);
    let fits = match (kind, datum) {
        (None, Datum::Session(_)) => true,
        (None, _) => return Err("`on` or `off`"),
        (Some(_), Datum::Gap) => true,
        (Some(ValueKind::Count), Datum::Number(number)) if is_size => *number >= 1.0 && is_count(*number),
        (Some(ValueKind::Count), Datum::Set(sizes)) if is_size => all(sizes, is_message),
        (Some(ValueKind::Count), Datum::Number(number)) => is_count(*number),
        (Some(ValueKind::Number), Datum::Number(_)) => true,
        (Some(ValueKind::Ports), Datum::Set(ports)) => all(ports, |text| text.parse::<u16>().is_ok()),
        (Some(ValueKind::Cidrs), Datum::Set(list)) => all(list, |text| text.parse::<std::net::IpAddr>().is_ok()),
        (Some(ValueKind::Numbers), Datum::Set(list)) => all(list, |text| text.parse::<f64>().is_ok_and(f64::is_finite)),
        (Some(ValueKind::Strings), Datum::Set(_)) => true,
        _ => false,
    };
    if fits {
        return Ok(());
    }
    Err(match kind {
        Some(ValueKind::Count) if is_size => "a size of at least one byte, or a set of such",
        Some(ValueKind::Count) => "a whole number, 0 or more",
        Some(ValueKind::Number) => "a number",
        Some(ValueKind::Ports) => "a set of ports",
        Some(ValueKind::Cidrs) => "a set of addresses",
        Some(ValueKind::Numbers) => "a set of numbers",
        Some(ValueKind::Strings) | None => "a set of words",
    })
}

/// JSON that is written in the file itself: a source in which every line and column is that of the file.
fn inline(written: &Placed<String>) -> Arc<Source> {
    let file = &written.place.source;
    let inside = written.place.unquoted(&written.value);
    if file.text.get(inside.span.clone()) != Some(written.value.as_str()) {
        return Source::new(format!("{} (profile)", file.name), written.value.clone());
    }
    let before: String = file.text[..inside.span.start].chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
    Source::new(file.name.clone(), before + &written.value)
}
