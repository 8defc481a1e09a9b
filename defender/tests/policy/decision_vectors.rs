//! T-Z01 to T-Z08: authorization decisions (P-18).

use defender::policy::{Action, Context, Decision, Document, Request, Scope, authorize, decide};
use defender::time::Timestamp;

use crate::{TN, allow, deny, policy, statement};

fn check(documents: &[Document], request: Request<'_>, expected: Decision) {
    let scope = Scope::new("us-east-1", "123456789012");
    let context = Context::of_thing(Timestamp(0), &scope, "dev1");
    assert_eq!(decide(documents, &request, &context), expected, "{request}");
    let authorization = authorize(documents, &request, &context);
    assert_eq!(authorization.decision, expected, "{request}");
    assert_eq!(authorization.reasons.is_empty(), expected == Decision::ImplicitDeny, "{request}");
    let arn = request.resource_arn(&scope);
    assert_eq!(decide(documents, &Request::on_arn(request.action, &arn), &context), expected, "{request} by ARN");
}

fn restricted() -> Document {
    policy(&[allow("iot:Subscribe", "topicfilter/a/*"), deny("iot:Subscribe", "topicfilter/a/restricted/*")])
}

fn quarantined() -> [Document; 2] {
    [policy(&[allow("iot:*", "*")]), policy(&[deny("iot:*", "!topic/quarantine/* client/*")])]
}

#[test]
fn t_z01_a_filter_text_is_matched_as_text() {
    check(&[policy(&[allow("iot:Subscribe", "topicfilter/a/*")])], Request::subscribe("a/#"), Decision::Allowed);
}

#[test]
fn t_z02_p08_a_wider_filter_bypasses_the_deny() {
    check(&[restricted()], Request::subscribe("a/#"), Decision::Allowed);
}

#[test]
fn t_z03_the_denied_filter_is_denied() {
    check(&[restricted()], Request::subscribe("a/restricted/x"), Decision::ExplicitDeny);
}

#[test]
fn t_z04_plus_in_a_policy_is_literal() {
    let document = policy(&[allow("iot:Subscribe", "topicfilter/some/+/topic")]);
    check(&[document], Request::subscribe("some/1/topic"), Decision::ImplicitDeny);
}

#[test]
fn t_z05_not_resource_grants_all_else() {
    let document = policy(&[allow("iot:Receive", "!topic/a/restricted/*")]);
    check(std::slice::from_ref(&document), Request::receive("a/restricted/x"), Decision::ImplicitDeny);
    check(&[document], Request::receive("a/open"), Decision::Allowed);
}

#[test]
fn t_z06_quarantine_by_deny() {
    check(&quarantined(), Request::publish("data/x"), Decision::ExplicitDeny);
}

#[test]
fn t_z07_quarantine_leaves_its_exception() {
    check(&quarantined(), Request::publish("quarantine/dev1"), Decision::Allowed);
    check(&quarantined(), Request::connect("dev1"), Decision::Allowed);
}

#[test]
fn t_z08_quarantine_without_deny_is_void() {
    let documents = [policy(&[allow("iot:*", "*")]), policy(&[allow("iot:Publish", "topic/quarantine/*")])];
    check(&documents, Request::publish("data/x"), Decision::Allowed);
}

#[test]
fn p18_reasons_are_the_deciding_statements_in_document_order() {
    let scope = Scope::new("us-east-1", "123456789012");
    let context = Context::of_thing(Timestamp(0), &scope, "dev1");
    let first = policy(&[allow("iot:Publish", "topic/*"), allow("iot:Connect", "*"), allow("iot:*", "*")]);
    let second = policy(&[deny("iot:Publish", "topic/x"), deny("iot:Publish", "topic/*")]);
    let places = |documents: &[&Document]| {
        let authorization = authorize(documents, &Request::publish("x"), &context);
        authorization.reasons.iter().map(|reason| (reason.document, reason.index)).collect::<Vec<_>>()
    };
    assert_eq!(places(&[&first]), [(0, 0), (0, 2)]);
    assert_eq!(places(&[&first, &second]), [(1, 0), (1, 1)]);
}

#[test]
fn p17_a_statement_with_an_unresolved_variable_does_not_match() {
    let scope = Scope::new("us-east-1", "123456789012");
    let attached = Context::of_thing(Timestamp(0), &scope, "dev1");
    let stranger = Context { thing: None, ..attached };
    let mixed = policy(&[allow("iot:Publish", &format!("topic/{TN}/x topic/free"))]);
    assert_eq!(decide([&mixed], &Request::publish("dev1/x"), &attached), Decision::Allowed);
    assert_eq!(decide([&mixed], &Request::publish("free"), &attached), Decision::Allowed);
    assert_eq!(decide([&mixed], &Request::publish("free"), &stranger), Decision::ImplicitDeny);
    let missing = authorize([&mixed], &Request::publish("free"), &stranger).missing_context;
    assert_eq!(missing, ["iot:Connection.Thing.ThingName"]);
    // An exception that cannot be resolved must not open everything.
    let exception = policy(&[allow("iot:Publish", &format!("!topic/{TN}/x"))]);
    assert_eq!(decide([&exception], &Request::publish("other"), &attached), Decision::Allowed);
    assert_eq!(decide([&exception], &Request::publish("other"), &stranger), Decision::ImplicitDeny);
}

#[test]
fn p19_conditions_must_all_hold() {
    let scope = Scope::new("us-east-1", "123456789012");
    let attached = Context {
        source_ip: Some("10.1.2.3".parse().expect("an address")),
        ..Context::of_thing(Timestamp(0), &scope, "dev1")
    };
    let condition = r#","Condition":{"Bool":{"iot:Connection.Thing.IsAttached":true},"IpAddress":{"aws:SourceIp":["10.0.0.0/8","192.168.0.0/16"]}}"#;
    let document = policy(&[statement("Allow", "iot:Connect", "client/${iot:ClientId}", condition)]);
    let connect = Request::connect("dev1");
    assert_eq!(decide([&document], &connect, &attached), Decision::Allowed);
    assert_eq!(decide([&document], &connect, &Context { thing: None, ..attached }), Decision::ImplicitDeny);
    let elsewhere = Context { source_ip: Some("11.0.0.1".parse().expect("an address")), ..attached };
    assert_eq!(decide([&document], &connect, &elsewhere), Decision::ImplicitDeny);
}

#[test]
fn p10_wildcards_in_region_and_account() {
    let document = policy(&[allow("iot:Publish", "arn:aws:iot:*:*:topic/a")]);
    check(std::slice::from_ref(&document), Request::publish("a"), Decision::Allowed);
    check(std::slice::from_ref(&document), Request::publish("b"), Decision::ImplicitDeny);
    // The star crosses colons, here as everywhere.
    check(std::slice::from_ref(&document), Request::publish("x:topic/a"), Decision::Allowed);
    check(&[document], Request::new(Action::ListRetainedMessages, ""), Decision::ImplicitDeny);
}
