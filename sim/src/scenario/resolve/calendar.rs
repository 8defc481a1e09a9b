//! What happens when, and to whom: attacks, confounders, posture defects, faults.

use defender::time::Millis;

use super::super::format::{ActDraft, Amount, SelectorDraft};
use super::super::plan::{AttackPlan, ClassPlan, ConfounderPlan, DefectPlan, FaultPlan, Selector};
use super::super::problem::Problem;
use super::super::source::Placed;
use super::Resolver;
use crate::alteration::{Alter, Noun};

impl Resolver<'_> {
    /// Attacks with their targets counted out.
    pub(super) fn attacks(&mut self, classes: &[ClassPlan]) -> Vec<AttackPlan> {
        let draft = self.draft;
        self.unique("attack", draft.attacks.iter().map(|attack| &attack.name));
        let mut attacks = Vec::new();
        for attack in &draft.attacks {
            self.fits(attack, "attack");
            let targets = self.targets(&attack.targets, "attack", &attack.name, classes);
            if let Some(act) = &attack.act {
                if let Some(alter) = act.alteration() {
                    self.names_exist(alter);
                }
                attacks.push(AttackPlan {
                    name: attack.name.value.clone(),
                    start: attack.start.value,
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
                    start: confounder.start.value,
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
                start: act.start.value,
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
        if !self.starts_within(&act.start, noun, name) {
            return;
        }
        let end = act.start.value + act.duration.value;
        if end > run {
            let message = format!("{noun} `{name}` ends {end} after the start, but the run lasts {run}");
            let problem = Problem::error(act.duration.place.clone(), message);
            self.error(problem.help(format!("its duration can be at most {}", run - act.start.value)));
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
        let mut selector = Selector {
            classes: draft.classes.iter().map(|class| class.value.clone()).collect(),
            cohorts: draft.cohorts.iter().map(|cohort| cohort.value.clone()).collect(),
            count: None,
        };
        // A class that could not be read has left the list.
        if !known || !self.sizes_known || classes.len() < names.len() {
            return selector;
        }
        let matching = matching(&selector, classes);
        let place = draft.place.clone();
        if matching == 0 {
            let message = format!("{noun} `{}` targets no device", act.value);
            self.error(Problem::error(place, message).help("no device is in these classes and cohorts at once"));
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
            self.names_exist(&**defect);
            let targets = defect.targets().map(|targets| self.targets(&targets.0, "defect", &written.name, classes));
            let (name, start) = (written.name.value.clone(), written.start.value);
            defects.push(DefectPlan { name, start, targets, defect: defect.clone() });
        }
        defects
    }

    /// What an act on the account refers to exists.
    fn names_exist(&mut self, alter: &dyn Alter) {
        let draft = self.draft;
        for (noun, name) in alter.names() {
            let text = |name: &'_ Placed<String>| name.value.clone();
            let (noun, known): (&str, Vec<String>) = match noun {
                Noun::Policy => ("policy", draft.policies.iter().map(|policy| text(&policy.name)).collect()),
                Noun::Authority => ("authority", draft.authorities.iter().map(|a| text(&a.name)).collect()),
                Noun::Group => ("group", draft.groups.iter().map(|group| text(&group.name)).collect()),
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
fn matching(selector: &Selector, classes: &[ClassPlan]) -> u32 {
    classes
        .iter()
        .filter(|class| selector.classes.is_empty() || selector.classes.contains(&class.name))
        .map(|class| {
            if selector.cohorts.is_empty() {
                return class.count;
            }
            let cohorts = class.cohorts.iter().filter(|cohort| selector.cohorts.contains(&cohort.name));
            cohorts.map(|cohort| cohort.count).sum()
        })
        .sum()
}
