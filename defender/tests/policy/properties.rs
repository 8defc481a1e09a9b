//! What holds for any document: the compiled matcher and the judge agree with the reference, repairs keep their
//! promise, and nothing panics. `FLEETRANGE_CASES` sets the number of cases per property (default 2,000),
//! `FLEETRANGE_SEED` the seed (default 1): the same seed gives the same cases.

use defender::policy::broad::is_broad;
use defender::policy::pattern::{Pattern, Reading};
use defender::policy::witness::{of_broad_grant, of_misconfiguration};
use defender::policy::{
    Action, AttachedThing, Context, Decision, Document, Identity, Repair, Request, RoleStandard, Scope, Situation,
    administrative, authorize, broad_data_plane, decide, misconfigurations, repair, repair_denies, repair_role,
    services,
};
use defender::time::Timestamp;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::test_runner::RngSeed;

use crate::reference::{self, World};
use crate::{PREFIX, TN};

fn config() -> ProptestConfig {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    ProptestConfig {
        cases: number("FLEETRANGE_CASES").map_or(2_000, |cases| cases as u32),
        rng_seed: RngSeed::Fixed(number("FLEETRANGE_SEED").unwrap_or(1)),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

fn scope() -> Scope {
    Scope::new("us-east-1", "123456789012")
}

/// The pieces of patterns: few enough that patterns and texts meet often.
fn pattern_piece() -> impl Strategy<Value = &'static str> {
    select(vec![
        "a",
        "b",
        "/",
        "é",
        "+",
        "#",
        "$aws/things/",
        "$aws/",
        ":",
        "*",
        "*",
        "?",
        "${*}",
        "${?}",
        "${$}",
        "${",
        "}",
        "${iot:ClientId}",
        TN,
        "${iot:CertificateId}",
        "T1",
        "secret/",
    ])
}

fn pattern_text() -> impl Strategy<Value = String> {
    prop::collection::vec(pattern_piece(), 0..7).prop_map(|pieces| pieces.concat())
}

fn subject_text() -> impl Strategy<Value = String> {
    let pieces =
        vec!["a", "b", "/", "é", "+", "#", "$aws/things/", ":", "*", "?", "$", "{", "}", "T1", "dev", "secret/"];
    prop::collection::vec(select(pieces), 0..7).prop_map(|pieces| pieces.concat())
}

/// Who asks: with or without client id, attached or not, from one of three networks.
fn world() -> impl Strategy<Value = World> {
    let names = [None, Some("T1"), Some("dev"), Some("a/b"), Some("a*"), Some("")];
    let networks = [[10, 1, 2, 3], [192, 168, 0, 1], [8, 8, 8, 8]];
    (select(names.to_vec()), any::<bool>(), select(networks.to_vec())).prop_map(|(client, attached, address)| World {
        client_id: client.map(str::to_owned),
        thing: client.filter(|_| attached).map(str::to_owned),
        address,
    })
}

fn context<'a>(scope: &'a Scope, world: &'a World) -> Context<'a> {
    Context {
        client_id: world.client_id.as_deref(),
        thing: world.thing.as_deref().map(|name| AttachedThing { name, thing_type: None, attributes: None }),
        source_ip: Some(world.address.into()),
        ..Context::new(Timestamp(0), scope)
    }
}

fn resource() -> impl Strategy<Value = String> {
    let kind = select(vec!["client", "topic", "topicfilter", "thing", "rolealias", "top?c", "*"]);
    let typed = (kind, pattern_text()).prop_map(|(kind, name)| format!("{PREFIX}{kind}/{name}"));
    let region = pattern_text().prop_map(|name| format!("arn:aws:iot:*:*:topic/{name}"));
    let odd =
        select(vec!["*", "**", "arn:aws:iot:*", "arn:aws:s3:::*", "arn:aws:iot:us-east-1:123456789012:*", "topic/a"]);
    prop_oneof![8 => typed, 1 => region, 1 => odd.prop_map(str::to_owned)]
}

fn action_pattern() -> impl Strategy<Value = String> {
    let mut names: Vec<String> = Action::ALL.iter().map(|action| action.as_str().to_owned()).collect();
    names.extend(
        ["*", "iot:*", "iot:*Publish", "IOT:subscribe", "iot:Get*", "iot:?onnect", "s3:*", "iot:UpdateThing"]
            .map(String::from),
    );
    select(names)
}

fn condition() -> impl Strategy<Value = &'static str> {
    select(vec![
        "",
        "",
        r#","Condition":{"Bool":{"iot:Connection.Thing.IsAttached":"true"}}"#,
        r#","Condition":{"Bool":{"iot:Connection.Thing.IsAttached":[false]}}"#,
        r#","Condition":{"StringEquals":{"iot:ClientId":["dev","${iot:Connection.Thing.ThingName}"]}}"#,
        r#","Condition":{"StringNotLike":{"iot:ClientId":["T*","?"]}}"#,
        r#","Condition":{"StringNotEquals":{"x:absent":"a"},"StringLike":{"iot:ClientId":"*"}}"#,
        r#","Condition":{"IpAddress":{"aws:SourceIp":["10.0.0.0/8","192.168.0.0/16"]}}"#,
        r#","Condition":{"NotIpAddress":{"aws:SourceIp":"10.0.0.0/8"}}"#,
    ])
}

fn statement() -> impl Strategy<Value = String> {
    let list = |texts: Vec<String>| serde_json::to_string(&texts).expect("strings");
    let effect = prop_oneof![3 => Just("Allow"), 1 => Just("Deny")];
    let actions =
        (prop_oneof![6 => Just("Action"), 1 => Just("NotAction")], prop::collection::vec(action_pattern(), 1..4));
    let resources =
        (prop_oneof![6 => Just("Resource"), 1 => Just("NotResource")], prop::collection::vec(resource(), 1..4));
    (effect, actions, resources, condition()).prop_map(
        move |(effect, (action, actions), (resource, resources), condition)| {
            let (actions, resources) = (list(actions), list(resources));
            format!(r#"{{"Effect":"{effect}","{action}":{actions},"{resource}":{resources}{condition}}}"#)
        },
    )
}

fn document_text() -> impl Strategy<Value = String> {
    let version = prop_oneof![5 => Just("2012-10-17"), 1 => Just("2008-10-17")];
    (version, prop::collection::vec(statement(), 0..4)).prop_map(|(version, statements)| {
        format!(r#"{{"Version":"{version}","Statement":[{}]}}"#, statements.join(","))
    })
}

fn request() -> impl Strategy<Value = (Action, String)> {
    (select(Action::ALL.to_vec()), subject_text())
}

/// Runs everything that reads a document.
fn judge(document: &Document) {
    let scope = scope();
    let grants = broad_data_plane([document]);
    grants.iter().for_each(|grant| drop(of_broad_grant(document, grant, &scope)));
    misconfigurations(document).iter().for_each(|found| drop(of_misconfiguration(document, found, &scope)));
    let _ = (administrative([document]), services([document]).security_auditing());
    for identity in [Identity::Device, Identity::CredentialProvider, Identity::Cognito] {
        let situation = Situation { scope: &scope, identity, usage: &[] };
        let standard = RoleStandard {
            forbids_reads: identity == Identity::Cognito,
            forbidden_services: vec!["s3".into()],
            limited_services: vec!["iot".into()],
        };
        let _ = (repair_denies(document, &situation), repair_role(document, &standard, &situation));
    }
}

#[test]
fn short_patterns_agree_with_the_reference_exhaustively() {
    let words = |letters: &[&str], longest: usize| {
        let mut words = vec![String::new()];
        let mut last = words.clone();
        for _ in 0..longest {
            last = last.iter().flat_map(|word| letters.iter().map(move |letter| format!("{word}{letter}"))).collect();
            words.extend(last.iter().cloned());
        }
        words
    };
    let scope = scope();
    let world = World { client_id: None, thing: None, address: [0; 4] };
    let context = context(&scope, &world);
    let texts = words(&["a", "é", "/"], 4);
    for pattern in words(&["a", "é", "*", "?"], 5) {
        let compiled = Pattern::new(&pattern, Reading::RESOURCE);
        for text in &texts {
            let expected = reference::resource_matches(&pattern, text, true, &world);
            assert_eq!(Some(compiled.matches(text, &context)), expected, "{pattern} on {text}");
        }
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn patterns_agree_with_the_reference(pattern in pattern_text(), text in subject_text(), world in world()) {
        let scope = scope();
        let context = context(&scope, &world);
        let found = Pattern::new(&pattern, Reading::RESOURCE).matches(&text, &context);
        let expected = reference::resource_matches(&pattern, &text, true, &world);
        // A variable that does not resolve makes the whole statement fail; alone, the pattern matches nothing, or
        // the mismatch is found before the variable is reached.
        prop_assert_eq!(found, expected.unwrap_or(false));
    }

    #[test]
    fn p18_decisions_agree_with_the_reference(
        texts in prop::collection::vec(document_text(), 0..3),
        (action, name) in request(),
        world in world(),
    ) {
        let documents: Vec<Document> = texts.iter().map(|text| Document::parse_iam(text).expect("well-formed")).collect();
        let scope = scope();
        let context = context(&scope, &world);
        let request = Request::new(action, &name);
        let arn = request.resource_arn(&scope);
        let plain: Vec<&str> = texts.iter().map(String::as_str).collect();
        let expected = match reference::decision(&plain, action.as_str(), &arn, &world) {
            "ALLOWED" => Decision::Allowed,
            "EXPLICIT_DENY" => Decision::ExplicitDeny,
            _ => Decision::ImplicitDeny,
        };
        prop_assert_eq!(decide(&documents, &request, &context), expected);
        prop_assert_eq!(decide(&documents, &Request::on_arn(action, &arn), &context), expected);
        prop_assert_eq!(authorize(&documents, &request, &context).decision, expected);
    }

    #[test]
    fn p21_to_p27_the_judge_agrees_with_the_reference(
        action in select(Action::ALL.to_vec()),
        name in pattern_text(),
        own_kind in any::<bool>(),
        guarded in any::<bool>(),
    ) {
        // An unclosed `${` may swallow what looks like a wildcard; the reference does not know that.
        if name.contains("${${") || name.contains("${}") || swallows_wildcard(&name) {
            return Ok(());
        }
        let kind = action.resource_type().filter(|_| own_kind).map_or("client", |kind| kind.as_str());
        let pattern = format!("{PREFIX}{kind}/{name}");
        let expected = action.is_flaggable()
            && reference::is_broad(action.as_str(), action.resource_type().map_or("", |k| k.as_str()), &pattern, guarded);
        prop_assert_eq!(is_broad(action, &Pattern::new(&pattern, Reading::RESOURCE), guarded), expected);
    }

    #[test]
    fn p30_denying_everything_cancels_every_grant(text in document_text()) {
        let denied = text.replace(r#""Statement":["#, r#""Statement":[{"Effect":"Deny","Action":"*","Resource":"*"},"#)
            .replace(",]}", "]}");
        let document = Document::parse_iam(&denied).expect("well-formed");
        prop_assert!(broad_data_plane([&document]).is_empty());
        prop_assert!(administrative([&document]).is_empty());
        prop_assert!(!services([&document]).grants("iot"));
    }

    #[test]
    fn repairs_are_compliant_and_grant_nothing_new_but_ones_own(
        text in document_text(),
        requests in prop::collection::vec(request(), 1..20),
    ) {
        let Ok(document) = Document::parse_iot(&text) else { return Ok(()) };
        let scope = scope();
        let situation = Situation { scope: &scope, identity: Identity::Device, usage: &[] };
        let Repair::Proposed(proposal) = repair(&document, &situation) else { return Ok(()) };
        prop_assert!(broad_data_plane([&proposal.document]).is_empty());
        let context = Context { source_ip: Some([10, 0, 0, 1].into()), ..Context::of_thing(Timestamp(0), &scope, "T1") };
        for (action, name) in requests {
            let own = name == "T1" || ["T1/", "$aws/things/T1/"].iter().any(|space| name.starts_with(space));
            let request = Request::new(action, &name);
            // A statement that fails for want of one variable is taken apart; its other parts then hold (P-17).
            let resolved = authorize([&document], &request, &context).missing_context.is_empty();
            if !own && resolved && decide([&proposal.document], &request, &context).is_allowed() {
                prop_assert!(
                    decide([&document], &request, &context).is_allowed(),
                    "{} is new in {}", request, proposal.document.text()
                );
            }
        }
    }

    #[test]
    fn repaired_denies_are_clean_and_only_deny_more(
        text in document_text(),
        requests in prop::collection::vec(request(), 1..20),
    ) {
        let Ok(document) = Document::parse_iot(&text) else { return Ok(()) };
        let scope = scope();
        let situation = Situation { scope: &scope, identity: Identity::Device, usage: &[] };
        let Repair::Proposed(proposal) = repair_denies(&document, &situation) else { return Ok(()) };
        prop_assert!(misconfigurations(&proposal.document).is_empty());
        let context = Context::of_thing(Timestamp(0), &scope, "T1");
        // A Deny by `NotResource` says what it spares: with wider exceptions it denies less, as was meant.
        if text.contains("NotResource") {
            return Ok(());
        }
        for (action, name) in requests {
            // The literal text of an MQTT wildcard pattern stays denied, since `*` takes it in.
            let request = Request::new(action, &name);
            if decide([&document], &request, &context) == Decision::ExplicitDeny {
                prop_assert_eq!(decide([&proposal.document], &request, &context), Decision::ExplicitDeny);
            }
        }
    }

    #[test]
    fn any_well_formed_document_can_be_judged(text in document_text()) {
        judge(&Document::parse_iam(&text).expect("well-formed"));
    }

    #[test]
    fn parsers_never_panic_on_text(text in any::<String>()) {
        let _ = (Document::parse_iot(&text), Document::parse_iam(&text));
    }

    #[test]
    fn parsers_never_panic_on_damaged_documents(
        text in document_text(),
        at in any::<prop::sample::Index>(),
        length in 0..9usize,
        junk in "[\\PC\\x00-\\x1f\"\\\\{}\\[\\]:,$*]{0,4}",
    ) {
        let mut bytes = text.into_bytes();
        let at = at.index(bytes.len());
        let end = (at + length).min(bytes.len());
        bytes.splice(at..end, junk.bytes());
        let text = String::from_utf8_lossy(&bytes);
        if let Ok(document) = Document::parse_iot(&text) {
            judge(&document);
        }
    }

    #[test]
    fn json_is_read_as_serde_json_reads_it(text in r#"[\[\]{}:,"\\0-9eE+\-.a-u \n]{0,12}"#) {
        let ours = match Document::parse_iam(&text) {
            Ok(_) => true,
            Err(errors) => !errors.iter().any(|error| matches!(error.kind, defender::policy::PolicyErrorKind::InvalidJson { .. })),
        };
        prop_assert_eq!(ours, serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok());
    }

    #[test]
    fn parsers_never_panic_on_any_json_with_known_members(
        members in subsequence(vec!["Version", "Id", "Statement", "Effect", "Action", "Resource", "Condition", "Sid", "Principal"], 0..9),
        values in prop::collection::vec(select(vec!["1", "null", "[]", "{}", "\"Allow\"", "\"*\"", "[\"iot:*\",2]", "[[]]", "{\"Bool\":{}}", "{\"Bool\":{\"a\":{}}}", "[{}]", "\"\""]), 9),
        nested in any::<bool>(),
    ) {
        let pairs: Vec<String> = members.iter().zip(&values).map(|(name, value)| format!("\"{name}\":{value}")).collect();
        let object = format!("{{{}}}", pairs.join(","));
        let text = if nested { format!("{{\"Statement\":[{object}]}}") } else { object };
        if let Ok(document) = Document::parse_iot(&text) {
            judge(&document);
        }
    }
}

/// Whether a `${` in the text runs over a wildcard to the next `}`.
fn swallows_wildcard(text: &str) -> bool {
    text.match_indices("${").any(|(at, _)| {
        let inner = text[at + 2..].split_once('}').map(|(inner, _)| inner);
        inner.is_some_and(|inner| {
            !matches!(inner, "*" | "?" | "$") && inner.contains(['*', '?', '$', '/', ':', '#', '+'])
        }) && !text[at..].starts_with("${iot:ClientId}")
            && !text[at..].starts_with(TN)
            && !text[at..].starts_with("${iot:CertificateId}")
    })
}
