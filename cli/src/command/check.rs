//! `fleetrange check`

use defender::error::Compatibility;
use sim::scenario::{self, CriteriaReading};

use crate::arguments::Check;
use crate::exit::Code;
use crate::tell::Tell;

/// Checks files, all problems at once.
pub fn run(arguments: &Check, tell: &Tell) -> Code {
    let compatibility = if arguments.lenient { Compatibility::Lenient } else { Compatibility::Strict };
    let criteria = if arguments.criteria_alarm { CriteriaReading::Alarm } else { CriteriaReading::Normal };
    let (mut errors, mut warnings) = (0, 0);
    let mut answer = String::new();
    for file in &arguments.files {
        let (kind, problems) = if lab::suite::is_rule_tests(file) {
            ("rule tests", lab::rule_test::load(file).map_or_else(|wrong| wrong, |(_, odd)| odd))
        } else {
            scenario::check(file, compatibility, criteria)
        };
        tell.problems(&problems);
        errors += problems.errors();
        warnings += problems.len() - problems.errors();
        let verdict = match (problems.errors(), problems.len()) {
            (0, 0) => "ok".to_owned(),
            (0, n) => format!("ok, {n} warning{}", if n == 1 { "" } else { "s" }),
            (n, _) => format!("{n} problem{}", if n == 1 { "" } else { "s" }),
        };
        answer += &format!("{}: {kind}: {verdict}\n", file.display());
    }
    tell.answer(&answer);
    if warnings > 0 && errors == 0 {
        tell.remark("warnings do not stop a run");
    }
    if errors == 0 { Code::Yes } else { Code::CannotStart }
}
