//! T-W01 to T-W20: patterns against resources (P-06 to P-10).

use defender::policy::pattern::{Pattern, Reading};
use defender::policy::{Context, Decision, Request, Scope, decide};
use defender::time::Timestamp;

use crate::{PREFIX, allow, policy};

fn check(pattern: &str, subject: &str, expected: bool) {
    let scope = Scope::new("us-east-1", "123456789012");
    let context = Context::new(Timestamp(0), &scope);
    let whole = if pattern == "*" { pattern.to_owned() } else { format!("{PREFIX}{pattern}") };
    let arn = format!("{PREFIX}{subject}");
    assert_eq!(Pattern::new(&whole, Reading::RESOURCE).matches(&arn, &context), expected, "{pattern} on {subject}");

    // The same through a whole decision, with the resource named by its ARN.
    let action = match subject.split('/').next() {
        Some("topicfilter") => "iot:Subscribe",
        Some("client") => "iot:Connect",
        _ => "iot:Publish",
    };
    let document = policy(&[allow(action, pattern)]);
    let request = Request::on_arn(action.parse().expect("an action"), &arn);
    let decision = if expected { Decision::Allowed } else { Decision::ImplicitDeny };
    assert_eq!(decide([&document], &request, &context), decision, "{pattern} on {subject}");
    let name = subject.split_once('/').map_or(subject, |(_, name)| name);
    let request = Request::new(action.parse().expect("an action"), name);
    assert_eq!(decide([&document], &request, &context), decision, "{pattern} on {subject} by name");
}

macro_rules! wildcard_vectors {
    ($($test:ident: $pattern:literal on $subject:literal is $expected:literal;)*) => {$(
        #[test]
        fn $test() {
            check($pattern, $subject, $expected);
        }
    )*};
}

wildcard_vectors! {
    t_w01_star_takes_one_level: "topic/a/*" on "topic/a/b" is true;
    t_w02_star_crosses_slashes: "topic/a/*" on "topic/a/b/c" is true;
    t_w03_the_slash_is_required: "topic/a/*" on "topic/a" is false;
    t_w04_star_may_be_empty: "topic/a*" on "topic/a" is true;
    t_w05_question_mark_takes_one: "topic/a/?" on "topic/a/b" is true;
    t_w06_question_mark_takes_only_one: "topic/a/?" on "topic/a/bc" is false;
    t_w07_question_mark_takes_at_least_one: "topic/a/?" on "topic/a/" is false;
    t_w08_plus_is_literal: "topicfilter/some/+/topic" on "topicfilter/some/x/topic" is false;
    t_w09_plus_matches_itself: "topicfilter/some/+/topic" on "topicfilter/some/+/topic" is true;
    t_w10_star_takes_a_plus: "topicfilter/some/*/topic" on "topicfilter/some/+/topic" is true;
    t_w11_star_in_the_middle_crosses: "topicfilter/some/*/topic" on "topicfilter/some/a/b/topic" is true;
    t_w12_hash_is_literal: "topicfilter/a/#" on "topicfilter/a/b" is false;
    t_w13_star_takes_a_hash: "topicfilter/a/*" on "topicfilter/a/#" is true;
    t_w14_star_takes_reserved_topics: "topic/*" on "topic/$aws/things/T1/shadow/update" is true;
    t_w15_escaped_star_matches_a_star: "topic/${*}" on "topic/*" is true;
    t_w16_escaped_star_matches_only_a_star: "topic/${*}" on "topic/x" is false;
    t_w17_star_may_be_empty_at_the_end: "client/dev-*" on "client/dev-" is true;
    t_w18_resources_keep_their_case: "client/Dev-*" on "client/dev-1" is false;
    t_w20_question_marks_in_a_row: "topic/sensor???/t" on "topic/sensor123/t" is true;
}

#[test]
fn t_w19_star_alone_matches_anything() {
    for subject in ["topic/a", "client/x", "topicfilter/#", "topic/$aws/x"] {
        check("*", subject, true);
    }
}
