//! How far did each campaign get, where was it first seen, and what was contained of each stage?

use defender::time::{Millis, Timestamp};
use serde::{Deserialize, Serialize};
use sim::outcome::{CampaignRow, Outcome, StageRow, WaitRow};

use crate::detection::DetectionScore;
use crate::interval::Proportion;
use crate::remediation::RemediationScore;

/// A campaign, stage by stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CampaignScore {
    /// Its name.
    pub name: String,
    /// Its stages, in the order of the scenario.
    pub stages: Vec<StageScore>,
    /// Stages that began.
    pub begun: u64,
    /// From the onset of its first stage to the first strict detection of any; `None` if nothing of it was seen.
    pub first_seen: Option<Millis>,
}

/// One stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StageScore {
    /// Position of its attack in the ledger of truth.
    pub act: u32,
    /// The attack's name.
    pub name: String,
    /// What it waited for, in words; `None` if it began by the clock.
    pub waits_for: Option<String>,
    /// When it began, after the run's start; `None`: never.
    pub began: Option<Millis>,
    /// When it did its first harm, after the run's start.
    pub succeeded: Option<Millis>,
    /// When its first device was detected (strictly), after the run's start.
    pub detected: Option<Millis>,
    /// Devices that it began on.
    pub devices: u64,
    /// Those contained before its end.
    pub contained: Option<Proportion>,
}

/// Scores the campaigns of a run, from what was seen and contained of their attacks.
pub fn score(outcome: &Outcome, detection: &DetectionScore, remediation: &RemediationScore) -> Vec<CampaignScore> {
    let of = |campaign: &CampaignRow| {
        let stages: Vec<StageScore> =
            campaign.stages.iter().map(|row| stage(outcome, row, detection, remediation)).collect();
        let onset = stages.iter().filter_map(|stage| stage.began).min();
        let seen = stages.iter().filter_map(|stage| stage.detected).min();
        CampaignScore {
            name: campaign.name.clone(),
            begun: stages.iter().filter(|stage| stage.began.is_some()).count() as u64,
            first_seen: onset.zip(seen).map(|(onset, seen)| seen - onset),
            stages,
        }
    };
    outcome.campaigns.iter().map(of).collect()
}

fn stage(outcome: &Outcome, row: &StageRow, seen: &DetectionScore, done: &RemediationScore) -> StageScore {
    let act = &outcome.truth[row.act as usize];
    let since = |time: Timestamp| time - outcome.header.start;
    let seen = seen.attacks.iter().find(|attack| attack.act == row.act);
    StageScore {
        act: row.act,
        name: act.name.clone(),
        waits_for: row.waits.as_ref().map(|waits| in_words(outcome, waits)),
        began: row.began.map(since),
        succeeded: row.succeeded.map(since),
        detected: seen.and_then(|attack| attack.first_device).map(|after| since(act.onset) + after),
        devices: act.devices.len() as u64,
        contained: done.attacks.iter().find(|attack| attack.act == row.act).and_then(|attack| attack.coverage),
    }
}

/// `30m after foothold has succeeded, device by device`.
fn in_words(outcome: &Outcome, waits: &WaitRow) -> String {
    let delay = if waits.delay > Millis(0) { format!("{} after ", waits.delay) } else { "once ".to_owned() };
    let each = if waits.each { ", device by device" } else { "" };
    let has = if waits.milestone == "detected" { "was" } else { "has" };
    format!("{delay}{} {has} {}{each}", outcome.truth[waits.act as usize].name, waits.milestone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detection;
    use crate::fixture::{Fixture, at};
    use crate::matching::match_alarms;
    use crate::options::Options;
    use crate::remediation;

    /// A foothold on two devices from minute 60, seen on one at 75 and contained there at 80; a theft that follows it
    /// at minute 90, unseen; a rush that would follow its detection, and never comes.
    fn scored() -> CampaignScore {
        let mut fixture = Fixture::new(10, 1);
        fixture.behavior("sent", "aws:num-messages-sent");
        fixture.attack("foothold", &["aws:num-messages-sent"], &[(1, 60, 120), (2, 60, 120)]);
        fixture.attack("theft", &["aws:all-bytes-out"], &[(1, 90, 150)]);
        fixture.attack("rush", &["aws:all-bytes-out"], &[]);
        fixture.alarm(0, 1, 75, 5);
        fixture.outcome.truth[0].devices[0].contained = Some(at(80));
        let wait = |act, milestone: &str, delay, each| {
            Some(WaitRow { act, milestone: milestone.to_owned(), delay: Millis::minutes(delay), each })
        };
        let stage = |act, waits, began: Option<i64>| StageRow {
            act,
            waits,
            began: began.map(at),
            succeeded: began.map(|minute| at(minute + 5)),
        };
        fixture.outcome.campaigns.push(CampaignRow {
            name: "heist".to_owned(),
            stages: vec![
                stage(0, None, Some(60)),
                stage(1, wait(0, "succeeded", 25, true), Some(90)),
                stage(2, wait(1, "detected", 0, false), None),
            ],
        });
        let matching = match_alarms(&fixture.outcome, &Options::default());
        let seen = detection::score(&fixture.outcome, &matching);
        let done = remediation::score(&fixture.outcome, &matching);
        score(&fixture.outcome, &seen, &done).remove(0)
    }

    #[test]
    fn stages_tell_when_they_began_did_harm_and_were_seen() {
        let campaign = scored();
        assert_eq!((campaign.begun, campaign.first_seen), (2, Some(Millis::minutes(15))));
        let times: Vec<_> = campaign
            .stages
            .iter()
            .map(|stage| [stage.began, stage.succeeded, stage.detected].map(|time| time.map(|time| time.0 / 60_000)))
            .collect();
        assert_eq!(times, [[Some(60), Some(65), Some(75)], [Some(90), Some(95), None], [None, None, None]]);
        let contained = campaign.stages.iter().map(|stage| stage.contained.map(|p| (p.successes, p.trials)));
        assert_eq!(contained.collect::<Vec<_>>(), [Some((1, 2)), Some((0, 1)), None]);
    }

    #[test]
    fn what_a_stage_waits_for_is_a_sentence() {
        let words: Vec<_> = scored().stages.into_iter().map(|stage| stage.waits_for.unwrap_or_default()).collect();
        assert_eq!(words, ["", "25m after foothold has succeeded, device by device", "once theft was detected"]);
    }
}
