//! Repairs and witnesses: every proposal passes the check it answers, and devices keep what is theirs.

use defender::policy::witness::{of_administrative_grant, of_broad_grant, of_misconfiguration};
use defender::policy::{
    Action, Context, Document, Identity, Repair, Request, RoleStandard, Scope, Situation, Usage, administrative,
    broad_data_plane, decide, misconfigurations, repair, repair_denies, repair_role, services,
};
use defender::time::Timestamp;

use crate::{IS_ATTACHED, PREFIX, TN, allow, deny, policy, statement, text};

fn scope() -> Scope {
    Scope::new("us-east-1", "123456789012")
}

fn proposal(document: &Document, usage: &[Usage<'_>]) -> Document {
    let scope = scope();
    let situation = Situation { scope: &scope, identity: Identity::Device, usage };
    match repair(document, &situation) {
        Repair::Proposed(proposal) => proposal.document,
        other => panic!("no proposal but {other:?} for {}", document.text()),
    }
}

fn allowed(document: &Document, thing: &str, action: Action, resource: &str) -> bool {
    let scope = scope();
    let context = Context::of_thing(Timestamp(0), &scope, thing);
    decide([document], &Request::new(action, resource), &context).is_allowed()
}

/// The statements of a proposal as (actions, resources without prefix and with TN).
fn outline(document: &Document) -> Vec<(String, String)> {
    let short = |text: &str| text.replace(PREFIX, "").replace(TN, "TN");
    let outlined = document.statements().iter().map(|statement| {
        let actions: Vec<&str> = statement.actions().listed().iter().map(|pattern| pattern.as_str()).collect();
        let targets: Vec<String> = statement.resources().listed().iter().map(|p| short(p.as_str())).collect();
        let guard = if statement.is_guarded() { " if attached" } else { "" };
        (format!("{} {}", statement.effect(), actions.join(" ")), targets.join(" ") + guard)
    });
    outlined.collect()
}

fn lines(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(left, right)| ((*left).to_owned(), (*right).to_owned())).collect()
}

/// Every non-compliant document of the vectors T-P01 to T-P36.
fn broad_documents() -> Vec<Document> {
    let guarded = |actions: &str, targets: &str| statement("Allow", actions, targets, IS_ATTACHED);
    let one = |statement: String| policy(&[statement]);
    vec![
        one(allow("iot:*", "*")),
        one(allow("iot:Connect", "client/*")),
        one(allow("iot:Connect", "client/${iot:ClientId}")),
        one(guarded("iot:Connect", "client/*")),
        one(allow("iot:Publish", "topic/$aws/things/*/shadow/update")),
        one(allow("iot:Publish", "topic/*")),
        one(allow("iot:Publish", "topic/$aws/*")),
        one(allow("iot:Subscribe", "topicfilter/$aws/things/+/shadow/update")),
        one(allow("iot:Subscribe", "topicfilter/$aws/things/#")),
        one(allow("iot:Subscribe", "topicfilter/#")),
        one(allow("iot:GetThingShadow", "thing/*")),
        one(allow("iot:Publish iot:Subscribe", "topic/*")),
        policy(&[allow("iot:Publish", "topic/*"), deny("iot:Publish", "topic/secret/*")]),
        one(allow("iot:Publish", "!topic/secret/*")),
        one(allow("!iot:Connect", "*")),
        one(allow("iot:Pub*", "topic/$aws/things/*")),
        one(allow("IOT:publish", "topic/*")),
        one(allow("iot:Publish", "arn:aws:iot:*")),
        one(statement(
            "Allow",
            "iot:Connect",
            "client/*",
            r#","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}"#,
        )),
        one(allow("iot:Subscribe", "topicfilter/+/status")),
        one(allow("iot:Connect", "client/${iot:ClientId}-x")),
        one(allow("iot:*", "topic/*")),
    ]
}

#[test]
fn every_vector_is_repaired_and_devices_keep_their_own() {
    let own = [
        (Action::Connect, "pump-1"),
        (Action::Publish, "$aws/things/pump-1/shadow/update"),
        (Action::RetainPublish, "$aws/things/pump-1/shadow/update"),
        (Action::Publish, "pump-1/flow"),
        (Action::Subscribe, "$aws/things/pump-1/shadow/update/delta"),
        (Action::Subscribe, "$aws/things/pump-1/shadow/#"),
        (Action::Subscribe, "pump-1/#"),
        (Action::Receive, "$aws/things/pump-1/shadow/update/delta"),
        (Action::Receive, "anything/at/all"),
        (Action::GetThingShadow, "pump-1"),
        (Action::UpdateThingShadow, "pump-1/config"),
        (Action::StartNextPendingJobExecution, "pump-1"),
        (Action::ListNamedShadowsForThing, "pump-1"),
    ];
    let foreign = [
        (Action::Connect, "pump-2"),
        (Action::Publish, "$aws/things/pump-2/shadow/update"),
        (Action::Publish, "pump-2/flow"),
        (Action::Subscribe, "#"),
        (Action::Subscribe, "$aws/things/+/shadow/update"),
        (Action::Subscribe, "$aws/things/pump-2/#"),
        (Action::Subscribe, "+/status"),
        (Action::GetThingShadow, "pump-2"),
        (Action::UpdateJobExecution, "pump-2"),
    ];
    for document in broad_documents() {
        assert!(!broad_data_plane([&document]).is_empty(), "{}", document.text());
        let repaired = proposal(&document, &[]);
        assert!(broad_data_plane([&repaired]).is_empty(), "{}", repaired.text());
        for (action, resource) in own {
            if allowed(&document, "pump-1", action, resource) {
                assert!(allowed(&repaired, "pump-1", action, resource), "{action} {resource}: {}", repaired.text());
            }
        }
        for (action, resource) in foreign {
            assert!(!allowed(&repaired, "pump-1", action, resource), "{action} {resource}: {}", repaired.text());
        }
        let scope = scope();
        let situation = Situation { scope: &scope, identity: Identity::Device, usage: &[] };
        assert_eq!(repair(&repaired, &situation), Repair::Compliant);
    }
}

#[test]
fn the_proposal_for_everything_is_a_device_policy() {
    assert_eq!(
        outline(&proposal(&policy(&[allow("iot:*", "*")]), &[])),
        lines(&[
            ("Allow iot:Connect", "client/TN if attached"),
            ("Allow iot:Publish iot:RetainPublish iot:GetRetainedMessage", "topic/$aws/things/TN/* topic/TN/*"),
            ("Allow iot:Subscribe", "topicfilter/$aws/things/TN/* topicfilter/TN/*"),
            ("Allow iot:GetThingShadow iot:UpdateThingShadow iot:DeleteThingShadow", "thing/TN thing/TN/*"),
            (
                "Allow iot:DescribeJobExecution iot:GetPendingJobExecutions iot:StartNextPendingJobExecution \
                 iot:UpdateJobExecution iot:ListNamedShadowsForThing",
                "thing/TN"
            ),
            ("Allow iot:Receive", "topic/*"),
        ])
    );
}

#[test]
fn only_what_is_at_fault_changes() {
    let document = policy(&[
        statement("Allow", "iot:Connect iot:Receive", "client/* topic/news", r#","Sid":"Mixed""#),
        allow("iot:Publish", "topic/fleet/*"),
        deny("iot:Publish", "topic/fleet/secret"),
    ]);
    assert_eq!(
        outline(&proposal(&document, &[])),
        lines(&[
            ("Allow iot:Receive", "client/* topic/news"),
            ("Allow iot:Connect", "client/TN if attached"),
            ("Allow iot:Publish", "topic/fleet/*"),
            ("Deny iot:Publish", "topic/fleet/secret"),
        ])
    );
}

#[test]
fn an_unguarded_client_id_gets_the_guard() {
    let document = policy(&[allow("iot:Connect", "client/${iot:ClientId}")]);
    assert_eq!(
        outline(&proposal(&document, &[])),
        lines(&[("Allow iot:Connect", "client/${iot:ClientId} if attached")])
    );
}

#[test]
fn known_usage_is_kept_for_every_device() {
    let usage = [
        Usage { thing: "dev-1", action: Action::Publish, resource: "data/dev-1/temperature" },
        Usage { thing: "dev-2", action: Action::Publish, resource: "data/dev-2/temperature" },
        Usage { thing: "dev-1", action: Action::Subscribe, resource: "news/all" },
        Usage { thing: "dev-1", action: Action::AssumeRoleWithCertificate, resource: "upload" },
        Usage { thing: "dev-1", action: Action::Publish, resource: "data/*/odd" },
    ];
    let document = policy(&[allow("iot:*", "*")]);
    let repaired = proposal(&document, &usage);
    for Usage { thing, action, resource } in usage {
        assert!(allowed(&repaired, thing, action, resource), "{thing} {action} {resource}");
    }
    assert!(allowed(&repaired, "dev-77", Action::Publish, "data/dev-77/temperature"));
    assert!(!allowed(&repaired, "dev-77", Action::Publish, "data/dev-1/temperature"));
    assert!(!allowed(&repaired, "dev-1", Action::Publish, "data/x/odd"));
    assert!(broad_data_plane([&repaired]).is_empty());
}

#[test]
fn usage_that_is_broad_itself_cannot_be_kept() {
    let scope = scope();
    let usage = [Usage { thing: "monitor", action: Action::Subscribe, resource: "#" }];
    let situation = Situation { scope: &scope, identity: Identity::Device, usage: &usage };
    let outcome = repair(&policy(&[allow("iot:Subscribe", "topicfilter/*")]), &situation);
    assert_eq!(outcome, Repair::NotDerivable("it would still grant broad access to iot:Subscribe".into()));
}

#[test]
fn many_known_topics_are_gathered_to_stay_within_2048_characters() {
    let topics: Vec<String> = (0..60).map(|n| format!("telemetry/line-{n}/machine/temperature/celsius")).collect();
    let usage: Vec<Usage<'_>> =
        topics.iter().map(|topic| Usage { thing: "dev-1", action: Action::Publish, resource: topic }).collect();
    let repaired = proposal(&policy(&[allow("iot:Publish", "topic/*")]), &usage);
    assert!(outline(&repaired).contains(&("Allow iot:Publish".into(), "topic/telemetry/*".into())));
    assert!(topics.iter().all(|topic| allowed(&repaired, "dev-1", Action::Publish, topic)));
}

#[test]
fn p02_old_documents_with_variables_are_not_rewritten() {
    let text =
        format!(r#"{{"Statement":[{},{}]}}"#, allow("iot:Connect", "*"), allow("iot:Publish", "topic/${iot:ClientId}"));
    let document = Document::parse_iot(&text).expect("well-formed");
    let scope = scope();
    let situation = Situation { scope: &scope, identity: Identity::Device, usage: &[] };
    assert!(matches!(repair(&document, &situation), Repair::NotDerivable(reason) if reason.contains("2008-10-17")));
}

#[test]
fn denies_with_mqtt_wildcards_are_repaired() {
    let base = [allow("iot:Subscribe", "topicfilter/building/*"), allow("iot:Receive", "topic/building/*")];
    let with = |statement: String| policy(&[&base[..], &[statement]].concat());
    let scope = scope();
    let situation = Situation { scope: &scope, identity: Identity::Device, usage: &[] };
    let door = "building/control_room/door";
    for (document, refused) in [
        (with(deny("iot:Subscribe", "topicfilter/building/control_room/#")), door),
        (with(deny("iot:Subscribe", "topicfilter/building/control_room/*")), door),
        (with(deny("iot:Subscribe", "topicfilter/building/# topicfilter/building/control_room/*")), door),
        (policy(&[allow("iot:Receive", "*"), deny("iot:Receive", "topic/a/+/b")]), "a/x/b"),
        (
            policy(&[allow("iot:Subscribe iot:Receive", "*"), deny("iot:Subscribe", "topicfilter/a/restricted/*")]),
            "a/restricted/x",
        ),
    ] {
        let Repair::Proposed(proposal) = repair_denies(&document, &situation) else { panic!("{}", document.text()) };
        assert_eq!(misconfigurations(&proposal.document), [], "{}", proposal.document.text());
        assert!(allowed(&document, "dev", Action::Receive, refused));
        assert!(!allowed(&proposal.document, "dev", Action::Receive, refused), "{}", proposal.document.text());
        assert!(!proposal.changes.is_empty());
        assert_eq!(repair_denies(&proposal.document, &situation), Repair::Compliant);
    }
    let usage = [Usage { thing: "dev", action: Action::Receive, resource: "building/control_room/door" }];
    let situation = Situation { usage: &usage, ..situation };
    let outcome = repair_denies(&with(deny("iot:Subscribe", "topicfilter/building/control_room/*")), &situation);
    assert!(matches!(outcome, Repair::NotDerivable(reason) if reason.contains("`building/control_room/door`")));
}

#[test]
fn witnesses_have_been_tried() {
    let scope = scope();
    for document in broad_documents() {
        for grant in broad_data_plane([&document]) {
            let Some(witness) = of_broad_grant(&document, &grant, &scope) else {
                assert!(document.text().contains("${iot:ClientId}-x"), "{}", document.text());
                continue;
            };
            assert!(witness.sentence.starts_with("may "), "{witness:?}");
            assert_eq!(witness.action, grant.action.as_str());
        }
    }
    let sentence = |statements: &[String]| {
        let document = policy(statements);
        let grants = broad_data_plane([&document]);
        of_broad_grant(&document, &grants[0], &scope).map(|witness| witness.sentence)
    };
    for (statements, expected) in [
        (vec![allow("iot:Connect", "client/${iot:ClientId}")], "may connect as any client id"),
        (vec![allow("iot:Connect", "client/*-x")], "may connect as client id `other-device-x`"),
        (
            vec![statement("Allow", "iot:Connect", "client/*", IS_ATTACHED)],
            "may connect as any thing that its certificate is attached to",
        ),
        (vec![allow("iot:UpdateThingShadow", "thing/*")], "may update the shadow of thing `other-device`"),
        (vec![allow("iot:Publish", "topic/$aws/*")], "may publish to `$aws/things/other-device/shadow/update`"),
        (vec![allow("iot:Publish", "topic/*/door")], "may publish to `other-device/door`"),
        (vec![allow("iot:Subscribe", "topicfilter/#")], "may subscribe to every topic"),
        (
            vec![statement(
                "Allow",
                "iot:Publish",
                "topic/*",
                r#","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}"#,
            )],
            "may publish to `$aws/things/other-device/shadow/update` where the conditions of the statement hold",
        ),
        // The narrower Deny, which the check ignores, stops the first candidate.
        (
            vec![allow("iot:Publish", "topic/*"), deny("iot:Publish", "topic/$aws/*")],
            "may publish to `other-device/command`",
        ),
    ] {
        assert_eq!(sentence(&statements).as_deref(), Some(expected));
    }
    let stopped = [allow("iot:GetThingShadow", "thing/*"), deny("iot:GetThingShadow", "thing/?*")];
    assert_eq!(sentence(&stopped), None);
}

#[test]
fn witnesses_of_denies_that_miss_their_purpose() {
    let scope = scope();
    let base = [allow("iot:Subscribe", "topicfilter/building/*"), allow("iot:Receive", "topic/building/*")];
    let sentence = |more: String| {
        let document = policy(&[&base[..], &[more]].concat());
        let found = misconfigurations(&document);
        of_misconfiguration(&document, &found[0], &scope).map(|witness| witness.sentence)
    };
    assert_eq!(
        sentence(deny("iot:Subscribe", "topicfilter/building/control_room/*")).as_deref(),
        Some(
            "may subscribe to `building/#` and so receive `building/control_room/other-device`, to which it may not \
              subscribe"
        )
    );
    assert_eq!(
        sentence(deny("iot:Subscribe", "topicfilter/building/control_room/#")).as_deref(),
        Some("may subscribe to `building/control_room/x`, which the Deny was meant to refuse")
    );
    assert_eq!(sentence(deny("iot:Subscribe", "topicfilter/garden/#")), None);
}

fn role(statements: &[String]) -> Document {
    Document::parse_iam(&text(statements)).expect("well-formed")
}

#[test]
fn roles_lose_what_they_must_not_have() {
    let scope = scope();
    let situation = Situation { scope: &scope, identity: Identity::CredentialProvider, usage: &[] };
    let standard = RoleStandard {
        forbids_reads: false,
        forbidden_services: vec!["iam".into()],
        limited_services: vec!["iot".into(), "s3".into()],
    };
    let document =
        role(&[allow("iot:* iam:GetRole s3:PutObject", "*"), allow("iot:DescribeThing iot:UpdateThing", "thing/One")]);
    let Repair::Proposed(proposal) = repair_role(&document, &standard, &situation) else { panic!("no proposal") };
    let new = proposal.document;
    assert!(broad_data_plane([&new]).is_empty());
    let grants = administrative([&new]);
    assert!(grants.thing_admin_write.is_empty() && grants.non_thing_admin.is_empty());
    assert_eq!(grants.broad_thing_admin_read().count(), 0);
    assert!(grants.thing_admin_read.iter().any(|grant| grant.resource.ends_with("thing/One")));
    let services = services([&new]);
    assert!(services.grants("s3") && !services.grants("iam") && !services.is_administrative("iot"));
    assert!(new.text().contains("topic/$aws/things/${credentials-iot:ThingName}/*"));
    assert!(proposal.changes.iter().any(|change| change.action == "iam:GetRole" && change.to.is_empty()));
    let gone: Vec<&str> = proposal.changes.iter().filter(|c| c.to.is_empty()).map(|c| c.action.as_str()).collect();
    assert_eq!(
        gone,
        ["iam:GetRole", "iot:ListRetainedMessages", "iot:AssumeRoleWithCertificate", "iot:*", "iot:UpdateThing"]
    );
    assert_eq!(repair_role(&new, &standard, &situation), Repair::Compliant);
}

#[test]
fn roles_for_which_nothing_can_be_derived() {
    let scope = scope();
    let situation = Situation { scope: &scope, identity: Identity::CredentialProvider, usage: &[] };
    let standard = RoleStandard { limited_services: vec!["s3".into()], ..RoleStandard::default() };
    for (statements, reason) in [
        (vec![allow("*", "*")], "statement 0 (line 1) grants `*`; which services the role needs is not known"),
        (
            vec![allow("!iam:*", "*")],
            "statement 0 (line 1) grants by `NotAction`; which services the role needs is not known",
        ),
        (vec![allow("s3:*", "*")], "which actions of `s3` are needed is not known; it grants all of them"),
    ] {
        let outcome = repair_role(&role(&statements), &standard, &situation);
        assert_eq!(outcome, Repair::NotDerivable(reason.into()));
    }
}

#[test]
fn unauthenticated_roles_lose_reads_as_well() {
    let scope = scope();
    let situation = Situation { scope: &scope, identity: Identity::Cognito, usage: &[] };
    let standard = RoleStandard { forbids_reads: true, ..RoleStandard::default() };
    let document = role(&[allow("iot:Describe* iot:Connect", "thing/One client/*")]);
    let grant = administrative([&document]).thing_admin_read.remove(0);
    let sentence = of_administrative_grant(&grant).sentence;
    assert_eq!(sentence, format!("may call iot:DescribeThing on `{PREFIX}thing/One`"));
    let Repair::Proposed(proposal) = repair_role(&document, &standard, &situation) else { panic!("no proposal") };
    assert!(administrative([&proposal.document]).is_empty());
    let resource = |text: &str| text.replace("${cognito-identity.amazonaws.com:sub}", "SUB");
    let outlined: Vec<_> = outline(&proposal.document).into_iter().map(|(a, r)| (a, resource(&r))).collect();
    assert_eq!(
        outlined,
        lines(&[("Allow iot:Connect", "client/SUB"), ("Allow iot:DescribeJobExecution", "thing/One")])
    );
}
