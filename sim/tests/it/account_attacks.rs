//! Attacks on the account: what they change there, who finds it, and what it does to devices.

use defender::time::Millis;
use sim::outcome::{Act, ActKind, Outcome};

use crate::attacks::truth;
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
