//! P-01 to P-05: what is a well-formed document, and how defects are reported.

use defender::error::Exception;
use defender::policy::{Document, PolicyErrorKind, malformed};

use crate::{allow, policy, text};

fn complaints(text: &str) -> Vec<String> {
    let errors = Document::parse_iot(text).expect_err("a malformed document");
    errors.iter().map(ToString::to_string).collect()
}

#[test]
fn p01_every_defect_is_reported_with_its_place() {
    let text = r#"{
  "Version": "2012-10-18",
  "Statments": [],
  "Statement": [
    { "effect": "Allow", "Action": [], "Resource": "*" },
    { "Effect": "Permit", "Action": "iot:Connect", "NotAction": "iot:Publish", "Resource": 7 },
    { "Effect": "Deny", "Action": "Publish", "Principal": "*" }
  ]
}"#;
    assert_eq!(
        complaints(text),
        [
            "line 2, column 14: /Version: version must be `2012-10-17` or `2008-10-17`, found `2012-10-18`",
            "line 3, column 3: /Statments: unknown member `Statments`, allowed are `Version`, `Id` and `Statement`; \
             did you mean `Statement`?",
            "line 5, column 5: /Statement/0: member `Effect` is missing",
            "line 5, column 7: /Statement/0/effect: unknown member `effect`, allowed are `Sid`, `Effect`, `Action`, \
             `NotAction`, `Resource`, `NotResource` and `Condition`; did you mean `Effect`?",
            "line 5, column 36: /Statement/0/Action: `Action` must name at least one entry, found none",
            "line 6, column 17: /Statement/1/Effect: effect must be `Allow` or `Deny`, found `Permit`",
            "line 6, column 65: /Statement/1: only one of `Action` and `NotAction` is allowed, found both",
            "line 6, column 92: /Statement/1/Resource: expected a string or a list of strings, found a number",
            "line 7, column 5: /Statement/2: one of `Resource` and `NotResource` is required, found neither",
            "line 7, column 35: /Statement/2/Action: an action has the form `service:Name`, found `Publish`",
            "line 7, column 46: /Statement/2/Principal: `Principal` is not allowed in this kind of policy",
        ]
    );
    let exception = malformed(&Document::parse_iot(text).expect_err("a malformed document"));
    assert_eq!(exception.exception, Exception::MalformedPolicy);
    assert_eq!(exception.exception.http_status(), 400);
    assert!(exception.message.starts_with("line 2, column 14: "));
}

#[test]
fn p01_broken_json_is_placed_too() {
    assert_eq!(complaints("{\n \"Version\" \"x\"}"), ["line 2, column 12: expected `:`, found `\"`"]);
    assert_eq!(complaints(""), ["line 1, column 1: expected a JSON value, found the end of the text"]);
    assert_eq!(complaints("[]"), ["line 1, column 1: expected an object, found a list"]);
    assert_eq!(complaints("{}"), ["line 1, column 1: member `Statement` is missing"]);
}

#[test]
fn p01_principal_is_refused_in_iam_documents_as_well() {
    let text = r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}}"#;
    let errors = Document::parse_iam(text).expect_err("a malformed document");
    assert_eq!(errors[0].kind, PolicyErrorKind::PrincipalNotAllowed("Principal".into()));
}

#[test]
fn p01_a_member_given_twice_is_refused() {
    let text = r#"{"Statement":{"Effect":"Allow","Effect":"Deny","Action":"iot:*","Resource":"*"}}"#;
    assert_eq!(complaints(text), ["line 1, column 32: /Statement/Effect: member `Effect` appears more than once"]);
}

#[test]
fn p03_length_without_white_space() {
    let of_length = |length: usize| {
        let frame = text(&[allow("iot:Publish", "topic/")]).len();
        text(&[allow("iot:Publish", &format!("topic/{}", "x".repeat(length - frame)))])
    };
    assert!(Document::parse_iot(&of_length(2_048)).is_ok());
    assert_eq!(
        complaints(&of_length(2_049)),
        ["line 1, column 1: a policy may have at most 2048 characters not counting white space, found 2049"]
    );
    // White space is free, and characters are counted, not bytes.
    assert!(Document::parse_iot(&of_length(2_048).replace(",\"", ",\n\t \"")).is_ok());
    assert!(Document::parse_iot(&of_length(2_048).replace('x', "é")).is_ok());
    // IAM documents have other limits.
    assert!(Document::parse_iam(&of_length(2_049)).is_ok());
    let raw = format!("{}{}", of_length(2_000), " ".repeat(404_600));
    assert!(complaints(&raw)[0].contains("at most 404600 characters"));
}

#[test]
fn p04_an_empty_statement_list_grants_nothing() {
    let blank = Document::blank();
    assert!(blank.is_blank());
    assert_eq!(blank.text(), r#"{"Version":"2012-10-17","Statement":[]}"#);
    assert!(!policy(&[allow("iot:Connect", "*")]).is_blank());
}

#[test]
fn p19_condition_defects() {
    let with = |condition: &str| {
        format!(r#"{{"Statement":{{"Effect":"Allow","Action":"iot:*","Resource":"*","Condition":{condition}}}}}"#)
    };
    assert_eq!(
        complaints(&with(r#"{"StringEqual":{"iot:ClientId":"x"}}"#)),
        ["line 1, column 77: /Statement/Condition/StringEqual: unknown condition operator `StringEqual`; \
          did you mean `StringEquals`?"]
    );
    assert_eq!(
        complaints(&with(r#"{"IpAddress":{"aws:SourceIp":["10.0.0.0/8","10.0.0.0/40"]}}"#)),
        ["line 1, column 119: /Statement/Condition/IpAddress/aws:SourceIp: `IpAddress` compares with an address or a \
          CIDR such as `10.0.0.0/8`, found `10.0.0.0/40`"]
    );
    assert!(complaints(&with(r#"{"Bool":{"a/b":[]}}"#))[0].contains("/Statement/Condition/Bool/a~1b:"));
    assert!(complaints(&with(r#"{"Bool":"true"}"#))[0].contains("expected an object, found a string"));
}

#[test]
fn statements_know_their_lines() {
    let text = "{\n \"Statement\": [\n  {\"Sid\":\"One\",\"Effect\":\"Allow\",\"Action\":\"iot:*\",\"Resource\":\"*\"},\n\n  \
                {\"Effect\":\"Deny\",\"NotAction\":\"iot:*\",\"NotResource\":[\"*\"]}\n ]\n}";
    let document = Document::parse_iot(text).expect("well-formed");
    let seen: Vec<_> =
        document.statements().iter().map(|s| (s.path(), s.position().line, s.position().column)).collect();
    assert_eq!(seen, [("/Statement/0", 3, 3), ("/Statement/1", 5, 3)]);
    assert_eq!(document.statements()[0].reference(0).to_string(), "statement 0 (line 3, `One`)");
}
