//! remarks that are not findings.

use defender::policy::lint::{any_wildcard, quarantine_without_deny};

use crate::{allow, deny, policy};

#[test]
fn x07_each_allow_with_a_star() {
    let document = policy(&[
        allow("iot:Pub*", "topic/a"),
        allow("iot:Connect", "client/a topic/fleet/*"),
        allow("iot:Publish", "topic/${*}"),
        deny("iot:*", "*"),
    ]);
    let seen: Vec<_> = any_wildcard(&document).into_iter().map(|w| (w.code, w.path, w.message)).collect();
    assert_eq!(
        seen,
        [
            ("ANY_WILDCARD", "/Statement/0".into(), "statement 0 (line 1) allows by wildcard: `iot:Pub*`".into()),
            (
                "ANY_WILDCARD",
                "/Statement/1".into(),
                "statement 1 (line 1) allows by wildcard: `arn:aws:iot:us-east-1:123456789012:topic/fleet/*`".into()
            ),
        ]
    );
}

#[test]
fn x17_a_quarantine_needs_a_deny() {
    let void = policy(&[allow("iot:Publish", "topic/quarantine/*")]);
    let real = policy(&[deny("iot:*", "!topic/quarantine/*")]);
    let warning = quarantine_without_deny([&void], "/groups/quarantine").expect("a warning");
    assert_eq!((warning.code, warning.path.as_str()), ("QUARANTINE_WITHOUT_DENY", "/groups/quarantine"));
    assert!(quarantine_without_deny([&void, &real], "").is_none());
}
