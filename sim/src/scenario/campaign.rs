//! Campaigns as written: which attacks are stages of what, and what each of them waits for.

use defender::time::Millis;

use super::fields::Fields;
use super::plan::Milestone;
use super::source::Placed;

/// A campaign as written.
#[derive(Debug)]
pub(crate) struct CampaignDraft {
    pub name: Placed<String>,
    pub stages: Vec<StageDraft>,
}

/// A stage as written.
#[derive(Debug)]
pub(crate) struct StageDraft {
    pub attack: Placed<String>,
    pub after: Option<AfterDraft>,
}

/// What a stage waits for, as written.
#[derive(Debug)]
pub(crate) struct AfterDraft {
    pub stage: Placed<String>,
    pub milestone: Milestone,
    pub delay: Millis,
    pub each: bool,
}

/// Reads a `[[campaign]]`.
pub(crate) fn campaign(fields: &mut Fields<'_>) -> CampaignDraft {
    CampaignDraft {
        name: fields.required("name", "name for reports"),
        stages: fields.tables("stage", "an attack that is part of it", stage),
    }
}

fn stage(fields: &mut Fields<'_>) -> StageDraft {
    StageDraft {
        attack: fields.required("attack", "the attack, by name; it belongs to no other campaign"),
        after: fields.table("after", "what it waits for, if it has no `start` of its own", after),
    }
}

fn after(fields: &mut Fields<'_>) -> AfterDraft {
    let milestones = [Milestone::Succeeded, Milestone::Begun, Milestone::Detected, Milestone::Ended];
    AfterDraft {
        stage: fields.required("stage", "another stage of the campaign, by the name of its attack"),
        milestone: fields.keyword(
            "has",
            Some(Milestone::Succeeded.name()),
            &milestones.map(|milestone| (milestone.name(), milestone)),
            "how far that one has to get: it began; it did its first harm, or changed the account; an alarm was raised \
             on one of its devices, by a behavior on a metric that it disturbs; it ended, by plan",
        ),
        delay: fields.or("delay", Millis(0), "how much later this one begins"),
        each: fields.or(
            "each",
            false,
            "device by device, where the other stage gets there, instead of on its own targets as soon as the other \
             one gets there anywhere",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disturbance::testing::is_current;

    const INTRODUCTION: &str = "# Campaigns

Attacks that hang together. A `[[campaign]]` names its stages, each of which is an `[[attack]]`. One begins by the clock,
as its `start` says; the others have no `start` and wait until another stage has got somewhere. If that never happens,
because the broker bars the way or a response came first, they never begin, and the report says so.

A stage that waits begins on its own targets, at the tick after its moment; or, with `each = true`, on the devices of the
other stage, one by one, each after that stage got there. It lasts for its `duration` from then on, at most to the end of
the run. To wait for what an alarm tells the intruder is to assume that he notices: a response, a broken session, a
changed password.

```toml
[[campaign]]
name = \"heist\"

[[campaign.stage]]
attack = \"foothold\"

[[campaign.stage]]
attack = \"theft\"
after = { stage = \"foothold\", has = \"succeeded\", delay = \"2h\", each = true }

[[campaign.stage]]
attack = \"rush\"
after = { stage = \"theft\", has = \"detected\", delay = \"30m\" }
```

`scenarios/heist.toml` plays it. The report shows each campaign stage by stage: what it waited for, when it began, did its
first harm, was first seen, and how much of it was contained in time.

This page is generated from the format: `UPDATE_DOCS=1 cargo test -p fleetrange-sim --lib reference`.

";

    #[test]
    fn reference_is_current() {
        let campaign = Fields::describe(campaign).to_markdown("[[campaign]]", 2);
        is_current("campaigns.md", &format!("{INTRODUCTION}{campaign}"));
    }
}
