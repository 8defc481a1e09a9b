//! What happens when, and to whom: attacks, confounders, posture defects, faults.

use defender::time::Millis;

use super::super::format::{ActDraft, Amount, SelectorDraft};
use super::super::plan::{AttackPlan, ClassPlan, ConfounderPlan, DefectPlan, FaultPlan, Selector};
use super::super::problem::Problem;
use super::super::source::Placed;
use super::Resolver;
use crate::alteration::{Name, Noun};
use crate::dice::{device_key, name_key};

impl Resolver<'_> {
    /// Attacks with their targets counted out.
    pub(super) fn attacks(&mut self, classes: &[ClassPlan]) -> Vec<AttackPlan> {
        let draft = self.draft;
        self.unique("attack", draft.attacks.iter().map(|attack| &attack.name));
        let mut attacks = Vec::new();
        for attack in &draft.attacks {
            self.fits(attack, "attack");
            let start = self.onset(attack);
            let targets = self.targets(&attack.targets, "attack", &attack.name, classes);
            if let Some(act) = &attack.act {
                if let Some(alter) = act.alteration() {
                    self.names_exist(alter.names());
                }
                if let Some(own) = act.own_metric() {
                    self.disturbs_what_there_is(own);
                }
                attacks.push(AttackPlan {
                    name: attack.name.value.clone(),
                    start,
                    duration: attack.duration.value,
                    stagger: attack.stagger.value,
                    targets,
                    attack: act.clone(),
                });
            }
        }
        attacks
    }

    /// Confounders with their targets counted out.
    pub(super) fn confounders(&mut self, classes: &[ClassPlan]) -> Vec<ConfounderPlan> {
        let draft = self.draft;
        self.unique("confounder", draft.confounders.iter().map(|confounder| &confounder.name));
        let mut confounders = Vec::new();
        for confounder in &draft.confounders {
            self.fits(confounder, "confounder");
            let targets = self.targets(&confounder.targets, "confounder", &confounder.name, classes);
            if let Some(act) = &confounder.act {
                confounders.push(ConfounderPlan {
                    name: confounder.name.value.clone(),
                    start: confounder.start.as_ref().map_or(Millis(0), |start| start.value),
                    duration: confounder.duration.value,
                    stagger: confounder.stagger.value,
                    targets,
                    confounder: act.clone(),
                });
            }
        }
        confounders
    }

    /// Faults with their targets counted out.
    pub(super) fn faults(&mut self, classes: &[ClassPlan]) -> Vec<FaultPlan> {
        let draft = self.draft;
        self.unique("fault", draft.faults.iter().map(|fault| &fault.act.name));
        let mut faults = Vec::new();
        for written in &draft.faults {
            let act = &written.act;
            self.fits(act, "fault");
            let targets = self.targets(&act.targets, "fault", &act.name, classes);
            let Some((entry, fault)) = &act.act else { continue };
            faults.push(FaultPlan {
                name: act.name.value.clone(),
                entry,
                start: act.start.as_ref().map_or(Millis(0), |start| start.value),
                duration: act.duration.value,
                stagger: act.stagger.value,
                targets,
                intensity: written.intensity.map_or(entry.intensity, |intensity| intensity.as_f64()),
                fault: fault.clone(),
            });
        }
        faults
    }

    /// An act lies within the run.
    fn fits<T>(&mut self, act: &ActDraft<T>, noun: &str) {
        let run = self.draft.duration.value;
        let name = &act.name.value;
        if act.duration.value <= Millis(0) {
            let message = format!("duration of {noun} `{name}` must be longer than nothing");
            self.error(Problem::error(act.duration.place.clone(), message));
        }
        if let Some(start) = &act.start {
            if !self.starts_within(start, noun, name) {
                return;
            }
            let end = start.value + act.duration.value;
            if end > run {
                let message = format!("{noun} `{name}` ends {end} after the start, but the run lasts {run}");
                let problem = Problem::error(act.duration.place.clone(), message);
                self.error(problem.help(format!("its duration can be at most {}", run - start.value)));
            }
        }
        if act.stagger.value > act.duration.value {
            let message =
                format!("stagger must be at most the duration {}, found `{}`", act.duration.value, act.stagger.value);
            self.error(Problem::error(act.stagger.place.clone(), message));
        }
    }

    fn starts_within(&mut self, start: &Placed<Millis>, noun: &str, name: &str) -> bool {
        let run = self.draft.duration.value;
        if start.value >= run {
            let message = format!("{noun} `{name}` starts {} after the start, but the run lasts {run}", start.value);
            self.error(Problem::error(start.place.clone(), message));
        }
        start.value < run
    }

    /// Whom an act concerns; there must be somebody.
    fn targets(&mut self, draft: &SelectorDraft, noun: &str, act: &Placed<String>, classes: &[ClassPlan]) -> Selector {
        let names: Vec<String> = self.draft.classes.iter().map(|class| class.name.value.clone()).collect();
        let cohort_names: Vec<String> = self
            .draft
            .classes
            .iter()
            .flat_map(|class| &class.cohorts)
            .map(|cohort| cohort.name.value.clone())
            .collect();
        let mut known = true;
        for class in &draft.classes {
            known &= self.exists("class", class, names.iter().map(String::as_str));
        }
        for cohort in &draft.cohorts {
            known &= self.exists("cohort", cohort, cohort_names.iter().map(String::as_str));
        }
        for group in &draft.groups {
            known &= self.static_group(group);
        }
        let mut selector = Selector {
            classes: draft.classes.iter().map(|class| class.value.clone()).collect(),
            cohorts: draft.cohorts.iter().map(|cohort| cohort.value.clone()).collect(),
            networks: draft.networks.clone(),
            count: None,
        };
        // A class that could not be read has left the list.
        if !known || !self.sizes_known || classes.len() < names.len() {
            return selector;
        }
        let nobody = !draft.groups.is_empty() && !self.narrow_to_groups(&mut selector, &draft.groups, classes);
        let matching = if nobody { 0 } else { matching(&selector, classes, self.draft.seed) };
        let place = draft.place.clone();
        if matching == 0 {
            let message = format!("{noun} `{}` targets no device", act.value);
            self.error(
                Problem::error(place, message)
                    .help("no device is in these classes, cohorts, groups and networks at once"),
            );
            return selector;
        }
        let (wanted, place) = match &draft.amount {
            Amount::Rest => return selector,
            Amount::Count(count) => (self.scaled(count.value, matching), count.place.clone()),
            Amount::Share(share) => {
                ((share.value.as_f64() * f64::from(matching)).round().max(0.0) as u32, share.place.clone())
            }
        };
        if wanted == 0 {
            self.error(Problem::error(place, format!("{noun} `{}` targets no device", act.value)));
        } else if wanted > matching {
            let message =
                format!("{noun} `{}` wants {wanted} devices, but only {matching} match its targets", act.value);
            self.error(Problem::error(place, message));
        }
        selector.count = Some(wanted);
        selector
    }

    /// Of the classes that a selector names, leaves those whose things are in one of the groups; whether there are any.
    fn narrow_to_groups(&self, selector: &mut Selector, groups: &[Placed<String>], classes: &[ClassPlan]) -> bool {
        let is_in = |class: &ClassPlan| {
            let line = class.groups.iter().flat_map(|group| self.ancestors(group));
            line.into_iter().any(|of_class| groups.iter().any(|group| group.value == of_class))
        };
        let meant = |class: &&ClassPlan| selector.classes.is_empty() || selector.classes.contains(&class.name);
        let left: Vec<String> =
            classes.iter().filter(meant).filter(|class| is_in(class)).map(|class| class.name.clone()).collect();
        let any = !left.is_empty();
        if any {
            selector.classes = left;
        }
        any
    }

    /// A number of targets in a fleet that was scaled: in proportion, rounded up, and no more than there are.
    fn scaled(&self, count: u32, matching: u32) -> u32 {
        let Some(devices) = self.scale_to else { return count };
        let scaled = (u64::from(count) * u64::from(devices)).div_ceil(self.written_devices.max(1));
        u32::try_from(scaled).unwrap_or(u32::MAX).min(matching.max(1))
    }

    /// Posture defects, their names looked up.
    pub(super) fn defects(&mut self, classes: &[ClassPlan]) -> Vec<DefectPlan> {
        let draft = self.draft;
        self.unique("defect", draft.defects.iter().map(|defect| &defect.name));
        let mut defects = Vec::new();
        for written in &draft.defects {
            self.starts_within(&written.start, "defect", &written.name.value);
            let Some(defect) = &written.defect else { continue };
            self.names_exist(defect.names());
            let targets = defect.targets().map(|targets| self.targets(&targets.0, "defect", &written.name, classes));
            let (name, start) = (written.name.value.clone(), written.start.value);
            defects.push(DefectPlan { name, start, targets, defect: defect.clone() });
        }
        defects
    }

    /// What an act on the account refers to exists.
    pub(super) fn names_exist(&mut self, names: Vec<(Noun, &Name)>) {
        let draft = self.draft;
        // A name that could not be read has been told already.
        for (noun, name) in names.into_iter().filter(|(_, name)| !name.placed().place.is_nowhere()) {
            let text = |name: &'_ Placed<String>| name.value.clone();
            let (noun, known): (&str, Vec<String>) = match noun {
                Noun::Policy => ("policy", draft.policies.iter().map(|policy| text(&policy.name)).collect()),
                Noun::Authority => ("authority", draft.authorities.iter().map(|a| text(&a.name)).collect()),
                Noun::Group => {
                    self.static_group(name.placed());
                    continue;
                }
                Noun::Cohort => {
                    let cohorts = draft.classes.iter().flat_map(|class| &class.cohorts);
                    ("cohort", cohorts.map(|cohort| text(&cohort.name)).collect())
                }
            };
            self.exists(noun, name.placed(), known.iter().map(String::as_str));
        }
    }
}

/// How many devices a selector can choose from.
fn matching(selector: &Selector, classes: &[ClassPlan], seed: u64) -> u32 {
    let counts = classes
        .iter()
        .filter(|class| selector.classes.is_empty() || selector.classes.contains(&class.name))
        .map(|class| {
            let mut from = 0;
            let cohorts = class.cohorts.iter().filter_map(|cohort| {
                let devices = from..(from + cohort.count).min(class.count);
                from = devices.end;
                selector.cohorts.contains(&cohort.name).then_some(devices)
            });
            let devices: Vec<_> =
                if selector.cohorts.is_empty() { std::iter::once(0..class.count).collect() } else { cohorts.collect() };
            if selector.networks.is_empty() {
                return devices.iter().map(|range| range.len() as u32).sum();
            }
            let class_key = name_key(&class.name);
            let connects = |position: &u32| {
                let key = device_key(seed, class_key, *position);
                selector.connects_from(&class.source_networks, key)
            };
            devices.into_iter().flatten().filter(connects).count() as u32
        });
    counts.sum()
}
