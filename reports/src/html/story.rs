//! What happened on one device, from all that a run left behind: the drill-down of the table of attacked devices.

use std::collections::BTreeMap;

use lab::Timestamp;
use lab::matching::label;
use lab::outcome::{DeviceId, Outcome, Verdict};

use crate::tables::{event_name, value};
use crate::wording::{minute, span};

/// Lines of one story; what comes later is in the files.
const LINES: usize = 80;

/// The stories of some devices, a line for each thing that happened, by time.
pub(super) fn stories(outcome: &Outcome, devices: impl Iterator<Item = DeviceId>) -> BTreeMap<DeviceId, String> {
    let mut stories: BTreeMap<DeviceId, Vec<(Timestamp, String)>> =
        devices.map(|device| (device, Vec::new())).collect();
    let mut tell = |device: Option<DeviceId>, time: Option<Timestamp>, text: &dyn Fn() -> String| {
        if let (Some(time), Some(story)) = (time, device.and_then(|device| stories.get_mut(&device))) {
            story.push((time, text()));
        }
    };
    for act in &outcome.truth {
        for part in &act.devices {
            let (device, name) = (Some(part.device), &act.name);
            tell(device, Some(part.onset), &|| format!("“{name}” begins"));
            tell(device, part.first_observable, &|| format!("the first datapoint that shows “{name}” is complete"));
            tell(device, part.contained, &|| format!("“{name}” is contained"));
            tell(device, Some(part.end), &|| format!("“{name}” is over, as planned"));
        }
    }
    for alarm in &outcome.alarms {
        let device = Some(alarm.device);
        let behavior = || label(outcome, alarm.behavior as usize);
        tell(device, Some(alarm.raised), &|| format!("alarm: {}, measured {}", behavior(), value(&alarm.value)));
        if let Some((time, how)) = alarm.ended {
            tell(device, Some(time), &|| format!("{}: {}", event_name(how), behavior()));
        }
    }
    for finding in &outcome.findings {
        let check = &outcome.checks[finding.check as usize].name;
        tell(finding.device, Some(finding.time), &|| format!("finding: {check}, {}", finding.reason));
    }
    for case in &outcome.cases {
        let team = &case.team;
        tell(case.device, Some(case.arrived), &|| format!("an alert reaches {team}"));
        tell(case.device, case.decided, &|| match case.verdict {
            Verdict::Open => format!("{team} has not decided"),
            Verdict::Escalated => format!("{team} hands the alert on"),
            Verdict::Confirmed => format!("{team} confirms the alert"),
            Verdict::Dismissed => format!("{team} dismisses the alert"),
        });
    }
    for row in &outcome.mitigations {
        let (responder, action) = (&row.responder, &row.action);
        let failed = row.error.as_ref().map_or_else(String::new, |error| format!(": {error}"));
        tell(row.device, Some(row.started), &|| {
            let after = span(row.started - row.triggered);
            format!("{responder} starts {action}, {after} after {} ({}{failed})", row.trigger, row.status)
        });
        tell(row.device, row.effective, &|| format!("{action} takes hold"));
    }
    stories.into_iter().map(|(device, story)| (device, told(story))).collect()
}

fn told(mut story: Vec<(Timestamp, String)>) -> String {
    story.sort_by_key(|(time, _)| *time);
    let mut lines: Vec<String> =
        story.iter().take(LINES).map(|(time, text)| format!("{}  {text}", minute(*time))).collect();
    if story.len() > LINES {
        lines.push(format!("… and {} more, in the CSV files", story.len() - LINES));
    }
    lines.join("\n")
}
