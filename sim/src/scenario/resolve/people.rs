//! Teams, and what responders ask of them.

use defender::detect::alarm::ViolationEventType;

use super::super::plan::{ClassPlan, Conditions, Trigger};
use super::super::problem::{Problem, suggestion};
use super::super::responder::{ConditionsDraft, ResponderDraft};
use super::super::source::Placed;
use super::super::team::TeamPlan;
use super::Resolver;

impl Resolver<'_> {
    /// Teams: names are unique, zones exist, and alerts are handed on to somebody else.
    pub(super) fn teams(&mut self) -> Vec<TeamPlan> {
        let draft = self.draft;
        self.unique("team", draft.teams.iter().map(|team| &team.name));
        let mut teams = Vec::new();
        for team in &draft.teams {
            self.time_zone(&team.time_zone);
            let escalation = team.escalation.as_ref().and_then(|(after, to)| {
                if to.value == team.name.value {
                    let message = format!("team `{}` cannot hand alerts on to itself", to.value);
                    self.error(Problem::error(to.place.clone(), message));
                }
                self.team(Some(to)).map(|to| (*after, to))
            });
            teams.push(TeamPlan {
                name: team.name.value.clone(),
                time_zone: team.time_zone.value.clone(),
                shifts: team.shifts.clone(),
                analysts: team.analysts,
                triage: team.triage,
                dismisses: team.dismisses,
                confirms: team.confirms,
                fatigue_at: team.fatigue_at,
                escalation,
            });
        }
        teams
    }

    /// The position of a team.
    fn team(&mut self, name: Option<&Placed<String>>) -> Option<usize> {
        let (name, draft) = (name?, self.draft);
        self.exists("team", name, draft.teams.iter().map(|team| team.name.value.as_str()));
        draft.teams.iter().position(|team| team.name.value == name.value)
    }

    /// The teams of a responder: who judges, who has to agree, who takes over.
    pub(super) fn judges(&mut self, responder: &ResponderDraft) -> [Option<usize>; 3] {
        if let (None, Some(approval)) = (&responder.team, &responder.approval) {
            let problem = Problem::error(approval.place.clone(), "approval needs a team that confirms first");
            self.error(problem.help("name the team that judges alerts with `team = \"NAME\"`"));
        }
        [&responder.team, &responder.approval, &responder.escalation].map(|name| self.team(name.as_ref()))
    }

    /// The conditions of a responder.
    pub(super) fn conditions(
        &mut self,
        draft: &ConditionsDraft,
        trigger: Option<&Trigger>,
        classes: &[ClassPlan],
    ) -> Conditions {
        let ended = matches!(trigger, Some(Trigger::Violation { event, .. }) if *event != ViolationEventType::InAlarm);
        if draft.standing && ended {
            let problem = Problem::error(draft.place.clone(), "an alarm that has ended is not still in alarm");
            self.error(problem.help("leave `still-in-alarm` out"));
        }
        let position = |name: &Placed<String>| classes.iter().position(|class| class.name == name.value);
        for name in &draft.classes {
            self.exists("class", name, classes.iter().map(|class| class.name.as_str()));
        }
        Conditions {
            classes: draft.classes.iter().filter_map(position).collect(),
            standing: draft.standing,
            budget: draft.budget,
        }
    }

    /// Notes a time zone that the database does not have.
    pub(super) fn time_zone(&mut self, name: &Placed<String>) {
        let zones = jiff::tz::TimeZoneDatabase::bundled();
        if zones.get(&name.value).is_err() {
            let known: Vec<String> = zones.available().map(|zone| zone.to_string()).collect();
            let problem = Problem::error(name.place.clone(), format!("no time zone is named `{}`", name.value));
            self.error(match suggestion(&name.value, known.iter().map(String::as_str)) {
                Some(help) => problem.help(help),
                None => problem,
            });
        }
    }
}
