//! Attacks on the account: what they change there, who finds it, and what it does to devices.

use defender::time::Millis;
use sim::outcome::{Act, ActKind, Outcome};

use crate::attacks::{self, truth};
use crate::defects::outcome;

/// An attack a day and a bit into the run of three days.
fn attack(name: &str, targets: u32, duration: &str, what: &str) -> String {
    format!(
        "[[attack]]\nname = \"{name}\"\nstart = \"30h\"\nduration = \"{duration}\"\ntargets = {{ count = {targets} }}\n{what}\n"
    )
}

fn responder(check: &str, action: &str) -> String {
    format!(
        "[[responder]]\nname = \"mender\"\ndelay = \"1h\"\nwhen = {{ finding = {{ check = \"{check}\" }} }}\n\
         then = {{ mitigation = {{ action = \"{action}\" }} }}\n"
    )
}

/// Whether an audit found a check's defect at the resource of an act while it lasted.
fn found(outcome: &Outcome, act: &Act) -> bool {
    let within = |time| act.onset <= time && time <= act.resolved.unwrap_or(act.end);
    outcome.findings.iter().any(|finding| {
        Some(&finding.resource) == act.resource.as_ref()
            && act.checks.contains(&outcome.checks[finding.check as usize].name)
            && within(finding.time)
    })
}

#[test]
fn what_an_intruder_does_to_the_account_is_found_and_mended_at_its_place() {
    for (what, check, action) in [
        (r#"policy-widening = { policy = "device" }"#, "IOT_POLICY_OVERLY_PERMISSIVE_CHECK", "Blank"),
        ("logging-off = {}", "LOGGING_DISABLED_CHECK", "Log"),
    ] {
        let attack = attack("intruder", 1, "2h", what);
        let alone = outcome(&attack);
        let act = truth(&alone, "intruder");
        assert_eq!((act.category, &*act.checks), (ActKind::Attack, &[check.to_owned()][..]), "{what}");
        assert!(found(&alone, act) && act.resolved.is_none(), "{what}: {act:?}");
        let mended = outcome(&format!("{attack}{}", responder(check, action)));
        let resolved = truth(&mended, "intruder").resolved.expect("it is mended");
        // The next daily audit, and an hour.
        assert!(resolved > act.onset && resolved - act.onset < Millis::hours(26), "{what}: {resolved}");
    }
}

#[test]
fn what_is_restored_before_the_next_audit_stays_unseen() {
    for what in [r#"policy-widening = { policy = "device", restored = true }"#, "logging-off = { restored = true }"] {
        let outcome = outcome(&attack("intruder", 1, "2h", what));
        let act = truth(&outcome, "intruder");
        assert!(!found(&outcome, act), "{what}: {:?}", outcome.findings);
        assert_eq!((act.resolved, act.end - act.onset), (None, Millis::hours(2)), "{what}: nobody mended it");
    }
}

#[test]
fn a_widened_policy_lets_devices_command_others_until_it_is_blanked() {
    let what = r#"policy-widening = { policy = "device", rate = "1/min", exploit-after = "1h" }"#;
    let attack = attack("insider", 10, "30h", what);
    let harm = |outcome: &Outcome| {
        let rows = &truth(outcome, "insider").devices;
        rows.iter().fold((0, 0), |(done, planned), row| (done + row.harm, planned + row.harm_planned))
    };
    let free = outcome(&attack);
    assert_eq!(harm(&free), (10 * 29 * 60, 10 * 29 * 60));
    let posture = truth(&free, "insider: device");
    assert!(posture.category == ActKind::Defect && found(&free, posture));
    let held = outcome(&format!("{attack}{}", responder("IOT_POLICY_OVERLY_PERMISSIVE_CHECK", "Blank")));
    let (done, planned) = harm(&held);
    assert!(done > 0 && done < planned, "{done} of {planned}");
    assert!(truth(&held, "insider").devices.iter().all(|row| row.contained.is_some()));
    assert_eq!(truth(&held, "insider: device").resolved, truth(&held, "insider").devices[0].contained);
}

fn harm(act: &Act) -> (u64, u64) {
    act.devices.iter().fold((0, 0), |(done, planned), row| (done + row.harm, planned + row.harm_planned))
}

#[test]
fn an_expiry_wave_silences_devices_unless_rotation_comes_first() {
    for what in ["{ expires-in = \"24h\" }", "{ expires-in = \"24h\", own-authority = true }"] {
        let wave = attack("wave", 20, "42h", &format!("certificate-expiry = {what}"));
        let alone = outcome(&wave);
        let (done, planned) = harm(truth(&alone, "wave"));
        assert_eq!(planned, 20 * 18 * 3_600, "{what}");
        // A certificate ends within a tick, and the broker knows at the next.
        assert!(planned - done <= 20 * 300 && done <= planned, "{what}: {done} of {planned}");
        assert!(
            truth(&alone, "wave").devices.iter().all(|row| row.first_observable.is_some() && row.contained.is_none())
        );
        let rotation = "[[responder]]\nname = \"rotate\"\ndelay = \"1h\"\n\
            when = { finding = { check = \"DEVICE_CERTIFICATE_EXPIRING_CHECK\" } }\n\
            then = { rotate-certificates = {} }\n";
        let saved = outcome(&format!("{wave}{rotation}"));
        assert_eq!(harm(truth(&saved, "wave")), (0, planned), "{what}");
        assert!(truth(&saved, "wave").devices.iter().all(|row| row.contained.is_some()), "{what}");
        if what.contains("own-authority") {
            assert!(found(&alone, truth(&alone, "wave: wave")));
        }
    }
}

#[test]
fn what_an_issuer_revokes_goes_on_and_what_an_intruder_takes_falls_silent() {
    let by = |who: &str| attack("revocation", 50, "10h", &format!("issuer-revocation = {{ authority = \"ca\"{who} }}"));
    let intruder = outcome(&by(""));
    let act = truth(&intruder, "revocation");
    assert_eq!(act.devices.len(), 50);
    let (done, planned) = harm(act);
    assert_eq!((done, planned), (50 * 10 * 3_600, 50 * 10 * 3_600));
    let slow = outcome(&by(", pace = \"2/h\""));
    assert_eq!(truth(&slow, "revocation").devices.len(), 20, "two an hour for ten hours");
    let issuer = outcome(&by(", by = \"issuer\""));
    let act = truth(&issuer, "revocation");
    assert!(act.devices.is_empty() && found(&issuer, act), "{act:?}");
    let posture = truth(&issuer, "revocation: REVOKED_DEVICE_CERTIFICATE_STILL_ACTIVE_CHECK");
    assert_eq!(posture.devices.len(), 50);
    assert_eq!(issuer.tally.messages_sent, outcome("").tally.messages_sent, "everybody goes on as before");
    // Those who act on the finding cut off devices that worked.
    let acted = outcome(&format!(
        "{}{}",
        by(", by = \"issuer\""),
        responder("REVOKED_DEVICE_CERTIFICATE_STILL_ACTIVE_CHECK", "Deactivate")
    ));
    let cut: Vec<_> = acted.truth.iter().filter(|act| act.category == ActKind::SelfInflicted).collect();
    assert_eq!(cut[0].devices.len(), 50);
}

/// An attack on the world of `attacks`, three hours after its start.
fn later(name: &str, class: &str, duration: &str, what: &str) -> String {
    let targets = if class.is_empty() { String::new() } else { format!("targets = {{ class = \"{class}\" }}\n") };
    format!("[[attack]]\nname = \"{name}\"\nstart = \"3h\"\nduration = \"{duration}\"\n{targets}{what}\n")
}

#[test]
fn a_worm_spreads_where_policies_let_it_and_passes_by_whoever_is_in_quarantine() {
    let worm =
        |more: &str| later("worm", "", "12h", &format!("worm = {{ rate = \"12/h\", edges = \"policy\"{more} }}"));
    let free = attacks::outcome(&worm(""));
    let rows = &truth(&free, "worm").devices;
    assert!(rows.len() > 450, "{} of 500", rows.len());
    // Exponential at first: half of those come within two hours of each other.
    let (half, most) = (rows.len() / 4, rows.len() * 3 / 4);
    let mut onsets: Vec<_> = rows.iter().map(|row| row.onset).collect();
    onsets.sort_unstable();
    assert!(onsets[most] - onsets[half] < Millis::hours(2));
    // A policy that lets devices publish to nobody but themselves.
    let tight = attacks::outcome(&worm(", topic = \"devices/{other}/command\""));
    assert_eq!(truth(&tight, "worm").devices.len(), 1);
    assert_eq!(harm(truth(&tight, "worm")).0, 0, "what it tries is refused");
    // Half of the fleet sits in quarantine for something else.
    let other = attacks::attack("other", 250, "20h", r#"exfiltration = { rate = "4 KiB/s", message-size = "8 KiB" }"#);
    let held = attacks::outcome(&format!("{other}{}{}", worm(", patients = 5"), attacks::QUARANTINE));
    let apart: std::collections::BTreeSet<_> = truth(&held, "other").devices.iter().map(|row| row.device).collect();
    let (ill, well): (Vec<_>, Vec<_>) =
        truth(&held, "worm").devices.iter().partition(|row| apart.contains(&row.device));
    assert!(ill.len() <= 5 && well.len() > 220, "{} and {}", ill.len(), well.len());
    assert!(ill.iter().all(|row| row.harm == 0));
}

/// The world of `attacks` with a class of impostors and an open policy beside it.
fn with_impostors() -> String {
    let impostors = "[[class]]\nname = \"impostor\"\narchetype = \"thermostat\"\ncount = 60\npolicies = [\"device\"]\n\
        source-networks = [\"203.0.113.0/24\"]\n\n[[class.cohort]]\nname = \"impostors\"\n\
        not-before = 2025-06-01T00:00:00Z\nlifetime = \"3650d\"\n\n[[profile]]";
    attacks::WORLD.replacen("[[profile]]", impostors, 1)
}

#[test]
fn impostors_come_in_with_a_stolen_authority_and_not_once_it_is_inactive() {
    let rogue =
        later("rogue", "impostor", "4h", r#"rogue-provisioning = { authority = "ca", pace = "30/h", rate = "1/min" }"#);
    let outcome = attacks::outcome_in(&with_impostors(), &rogue);
    let act = truth(&outcome, "rogue");
    assert_eq!(act.devices.len(), 60);
    let (done, planned) = harm(act);
    assert!(done == planned && done > 60 * 100, "{done} of {planned}");
    let sources = outcome.behaviors.iter().position(|row| row.name == "Sources").expect("it is there");
    let seen: Vec<_> = outcome.alarms.iter().filter(|alarm| alarm.behavior as usize == sources).collect();
    assert_eq!(seen.len(), 60, "each shows itself by its address");
    assert!(
        seen.iter().all(|alarm| act.devices.iter().any(|row| row.device == alarm.device && row.onset < alarm.raised))
    );
    let withdrawn = format!(
        "[[attack]]\nname = \"first\"\nstart = \"1h\"\nduration = \"1h\"\ntargets = {{ count = 1 }}\n\
         issuer-revocation = {{ authority = \"ca\", pace = \"0.001/h\" }}\n{rogue}"
    );
    let refused = attacks::outcome_in(&with_impostors(), &withdrawn);
    assert!(truth(&refused, "rogue").devices.is_empty());
    assert!(refused.timeline.iter().any(|row| row.text.contains("rogue was refused")), "{:?}", refused.timeline);
}

#[test]
fn a_clone_under_another_client_id_needs_an_open_policy_and_quarantine_does_not_reach_it() {
    let clone = attacks::attack("clone", 10, "3h", r#"cloned-credentials = { rate = "1/min", client-id = "new" }"#);
    let tight = attacks::outcome(&clone);
    assert_eq!(harm(truth(&tight, "clone")), (0, 10 * 180), "it is no attached thing");
    assert!(tight.truth.iter().all(|act| act.category != ActKind::Defect));
    // A statement more, in which no policy variable binds anybody to a thing.
    let open = attacks::WORLD.replacen(
        r#""Statement": ["#,
        r#""Statement": [ { "Effect": "Allow", "Action": ["iot:Connect", "iot:Publish"], "Resource": "*" },"#,
        1,
    );
    let loud = attacks::attack("other", 500, "3h", r#"exfiltration = { rate = "4 KiB/s", message-size = "8 KiB" }"#);
    let outcome = attacks::outcome_in(&open, &format!("{clone}{loud}{}", attacks::QUARANTINE));
    assert!(truth(&outcome, "other").devices.iter().all(|row| row.contained.is_some()));
    assert_eq!(harm(truth(&outcome, "clone")), (10 * 180, 10 * 180));
    assert!(
        truth(&outcome, "clone").devices.iter().all(|row| row.first_observable.is_none() && row.contained.is_none())
    );
}

#[test]
fn audits_see_the_sessions_of_clones() {
    let clones = attack("clones", 8, "40h", r#"cloned-credentials = { rate = "1/h" }"#);
    let outcome = outcome(&clones);
    let posture = truth(&outcome, "clones: CONFLICTING_CLIENT_IDS_CHECK");
    let check = outcome.checks.iter().position(|check| check.name == posture.checks[0]).expect("it is on");
    let found: std::collections::BTreeSet<_> =
        outcome.findings.iter().filter(|finding| finding.check as usize == check).filter_map(|f| f.device).collect();
    assert_eq!(found, posture.devices.iter().map(|row| row.device).collect());
}
