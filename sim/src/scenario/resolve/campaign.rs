//! Campaigns: their stages exist, each waits for at most one other, and none in the end for itself.

use std::sync::Arc;

use defender::time::Millis;

use super::super::campaign::{AfterDraft, StageDraft};
use super::super::format::{ActDraft, Amount};
use super::super::plan::{After, CampaignPlan, Milestone, Onset};
use super::super::problem::Problem;
use super::super::source::Placed;
use super::Resolver;
use crate::attack::Attack;

type AttackDraft = ActDraft<Arc<dyn Attack>>;

impl Resolver<'_> {
    /// When an attack begins: by its own start, or by what the campaign says.
    pub(super) fn onset(&mut self, attack: &AttackDraft) -> Onset {
        let after = self.stage_of(&attack.name.value).and_then(|stage| stage.after.as_ref());
        match (&attack.start, after) {
            (Some(start), None) => Onset::At(start.value),
            (None, Some(after)) => match self.position(&after.stage.value) {
                Some(stage) => {
                    let AfterDraft { milestone, delay, each, .. } = *after;
                    Onset::After(After { stage, milestone, delay, each })
                }
                // It is told where the campaign is read.
                None => Onset::At(Millis(0)),
            },
            (Some(start), Some(_)) => {
                let message = format!("attack `{}` has a start, and waits for another stage", attack.name.value);
                self.error(Problem::error(start.place.clone(), message).help("keep one of the two"));
                Onset::At(start.value)
            }
            (None, None) => {
                let message = format!("nothing says when attack `{}` begins", attack.name.value);
                let problem = Problem::error(attack.name.place.clone(), message);
                self.error(problem.help("add `start = …`, or let a stage of a `[[campaign]]` say what it waits for"));
                Onset::At(Millis(0))
            }
        }
    }

    fn stage_of(&self, attack: &str) -> Option<&StageDraft> {
        self.draft.campaigns.iter().flat_map(|campaign| &campaign.stages).find(|stage| stage.attack.value == attack)
    }

    fn position(&self, attack: &str) -> Option<usize> {
        self.draft.attacks.iter().position(|draft| draft.name.value == attack)
    }

    /// Campaigns, their stages looked up.
    pub(super) fn campaigns(&mut self) -> Vec<CampaignPlan> {
        let draft = self.draft;
        self.unique("campaign", draft.campaigns.iter().map(|campaign| &campaign.name));
        let stages = || draft.campaigns.iter().flat_map(|campaign| &campaign.stages);
        self.unique("stage", stages().map(|stage| &stage.attack));
        let attacks = || draft.attacks.iter().map(|attack| attack.name.value.as_str());
        let mut campaigns = Vec::new();
        for campaign in &draft.campaigns {
            let names: Vec<&str> = campaign.stages.iter().map(|stage| stage.attack.value.as_str()).collect();
            let mut positions = Vec::new();
            for stage in &campaign.stages {
                if self.exists("attack", &stage.attack, attacks()) {
                    positions.extend(self.position(&stage.attack.value));
                }
                if let Some(after) = &stage.after
                    && self.exists("stage of the campaign", &after.stage, names.iter().copied())
                {
                    self.is_no_circle(&campaign.stages, &stage.attack, after);
                    self.can_follow(&stage.attack.value, after);
                }
            }
            campaigns.push(CampaignPlan { name: campaign.name.value.clone(), stages: positions });
        }
        campaigns
    }

    /// No stage waits in the end for itself.
    fn is_no_circle(&mut self, stages: &[StageDraft], first: &Placed<String>, after: &AfterDraft) {
        let next = |name: &str| stages.iter().find(|stage| stage.attack.value == name)?.after.as_ref();
        let mut at = Some(after);
        for _ in stages {
            match at {
                Some(after) if after.stage.value == first.value => {
                    let message = format!("stage `{}` waits in the end for itself", first.value);
                    self.error(Problem::error(after.stage.place.clone(), message));
                    return;
                }
                Some(after) => at = next(&after.stage.value),
                None => return,
            }
        }
    }

    /// A stage that goes where another got to acts on devices one by one, as that one does, and has no other targets.
    fn can_follow(&mut self, attack: &str, after: &AfterDraft) {
        let draft = self.draft;
        let find = |name: &str| draft.attacks.iter().find(|attack| attack.name.value == name);
        let (Some(own), Some(other)) = (find(attack), find(&after.stage.value)) else { return };
        let place = after.stage.place.clone();
        let grows = self.stage_of(&after.stage.value).and_then(|stage| stage.after.as_ref()).is_some_and(|it| it.each);
        if after.milestone == Milestone::Ended && !after.each && grows {
            let message =
                format!("attack `{}` begins device by device, so nobody knows when all of it ends", after.stage.value);
            self.error(Problem::error(place.clone(), message).help("follow it device by device: `each = true`"));
        }
        if !after.each {
            return;
        }
        if own.act.as_ref().is_some_and(|act| act.alteration().is_some() || !act.acts_on_devices()) {
            let message = format!("attack `{attack}` changes the account, so it cannot begin device by device");
            self.error(Problem::error(place.clone(), message).help("leave `each` out"));
        }
        if other.act.as_ref().is_some_and(|act| !act.acts_on_devices()) {
            let message = format!("attack `{}` acts on no device, so there is none to follow it on", after.stage.value);
            self.error(Problem::error(place, message).help("leave `each` out"));
        }
        let targets = &own.targets;
        if !targets.classes.is_empty() || !targets.cohorts.is_empty() || !matches!(targets.amount, Amount::Rest) {
            let message =
                format!("attack `{attack}` begins where another stage gets to, so it has no targets of its own");
            self.error(Problem::error(targets.place.clone(), message).help("leave `targets` out"));
        }
    }
}
