//! 12.6: logging (C-17).

use defender::account::LogLevel;

use super::{T, World, codes};

const LOGGING: &str = "LOGGING_DISABLED_CHECK";
const ROLE: &str = "arn:aws:iam::123456789012:role/logs";

#[test]
fn t_c49_to_t_c51_either_kind_of_logging_will_do() {
    let cases = [
        (Some((LogLevel::Disabled, false)), None, 1),
        (Some((LogLevel::Error, false)), None, 0),
        (Some((LogLevel::Error, true)), Some(LogLevel::Info), 0),
        (Some((LogLevel::Error, true)), None, 1),
        (None, None, 1),
    ];
    for (v2, v1, found) in cases {
        let mut world = World::with(&[LOGGING]);
        if let Some((level, all_off)) = v2 {
            world.account.set_v2_logging_options(T, Some(ROLE), Some(level), Some(all_off)).expect("a role is given");
        }
        if let Some(level) = v1 {
            world.account.set_logging_options(T, ROLE, level);
        }
        let (details, findings) = world.audit(LOGGING);
        assert_eq!(details["totalResourcesCount"], 1);
        assert_eq!(codes(&findings), vec!["LOGGING_DISABLED"; found], "{v2:?} {v1:?}");
    }
}
