//! Role aliases, IAM roles, logging options (V-30, V-31, V-34, V-35).

use defender::account::{IamRole, LogLevel, LogTargetType};
use defender::error::Exception;

use crate::{NOW, account, refused};

const ROLE: &str = "arn:aws:iam::123456789012:role/devices";

#[test]
fn v30_a_role_alias_has_a_bounded_duration() {
    let mut account = account();
    for seconds in [899, 43_201] {
        refused(account.create_role_alias(NOW, "alias", ROLE, Some(seconds)), Exception::InvalidRequest);
    }
    refused(account.create_role_alias(NOW, "with space", ROLE, None), Exception::InvalidRequest);
    let alias = account.create_role_alias(NOW, "alias", ROLE, None).expect("new");
    assert_eq!(account.describe_role_alias(alias).map(|row| row.credential_duration_seconds), Some(3600));
    refused(account.create_role_alias(NOW, "alias", ROLE, None), Exception::ResourceAlreadyExists);
    account.update_role_alias(NOW, alias, None, Some(900)).expect("in range");
    account.delete_role_alias(NOW, alias).expect("known");
    refused(account.delete_role_alias(NOW, alias), Exception::ResourceNotFound);
}

#[test]
fn q34_a_hundred_role_aliases() {
    let mut account = account();
    for n in 0..100 {
        account.create_role_alias(NOW, &format!("alias{n}"), ROLE, None).expect("up to a hundred");
    }
    refused(account.create_role_alias(NOW, "alias100", ROLE, None), Exception::LimitExceeded);
}

#[test]
fn ch102_a_role_that_is_not_in_the_inventory_lacks_nothing() {
    let mut account = account();
    assert!(!account.role_lacks(ROLE, "iot:UpdateCertificate"));
    let missing_permissions = ["iot:UpdateCertificate".to_owned()].into();
    account.put_iam_role(NOW, ROLE, IamRole { missing_permissions, ..IamRole::default() });
    assert!(account.role_lacks(ROLE, "iot:UpdateCertificate"));
    assert!(!account.role_lacks(ROLE, "sns:Publish"));
}

#[test]
fn v34_v2_logging_is_not_configured_until_it_is() {
    let mut account = account();
    refused(account.get_v2_logging_options(), Exception::NotConfigured);
    let level = account.set_v2_logging_level(NOW, LogTargetType::ThingGroup, Some("G"), LogLevel::Debug);
    refused(level, Exception::NotConfigured);
    refused(account.set_v2_logging_options(NOW, None, Some(LogLevel::Info), None), Exception::InvalidRequest);
    account.set_v2_logging_options(NOW, Some(ROLE), Some(LogLevel::Info), None).expect("with a role");
    let options = account.get_v2_logging_options().expect("configured").clone();
    assert_eq!((options.default_log_level, options.disable_all_logs), (LogLevel::Info, false));
    account.set_v2_logging_options(NOW, None, None, Some(true)).expect("the role stays");
    let changed = account.get_v2_logging_options().expect("configured");
    assert_eq!((changed.default_log_level, changed.disable_all_logs), (LogLevel::Info, true));
    account.restore_v2_logging_options(NOW, Some(options.clone()));
    assert_eq!(account.get_v2_logging_options(), Ok(&options));
    account.set_v2_logging_level(NOW, LogTargetType::ThingGroup, Some("G"), LogLevel::Debug).expect("configured");
    account.set_v2_logging_level(NOW, LogTargetType::Default, None, LogLevel::Warn).expect("configured");
    assert_eq!(account.v2_logging_levels().collect::<Vec<_>>(), [(LogTargetType::ThingGroup, "G", LogLevel::Debug)]);
    assert_eq!(account.get_v2_logging_options().expect("configured").default_log_level, LogLevel::Warn);
    refused(
        account.set_v2_logging_level(NOW, LogTargetType::ClientId, None, LogLevel::Warn),
        Exception::InvalidRequest,
    );
    account.delete_v2_logging_level(NOW, LogTargetType::ThingGroup, "G");
    assert_eq!(account.v2_logging_levels().count(), 0);
}

#[test]
fn v35_v1_logging_is_separate() {
    let mut account = account();
    assert_eq!(account.get_logging_options(), None);
    account.set_logging_options(NOW, ROLE, LogLevel::Error);
    assert_eq!(account.get_logging_options().map(|options| options.log_level), Some(LogLevel::Error));
}
