//! The account behaves as section 2 of the specification says.

mod certificates;
mod chain;
mod devices;
mod groups;
mod policies;
mod sessions;
mod settings;

use defender::account::{Account, CertificateFacts};
use defender::error::{Exception, ServiceError};
use defender::ids::CertificateId;
use defender::time::{Millis, Timestamp};

/// 2025-06-01T00:00:00Z.
const NOW: Timestamp = Timestamp::from_seconds(1_748_736_000);

fn account() -> Account {
    Account::new("123456789012", "us-east-1").expect("twelve digits")
}

/// A certificate that is valid for a year around now, told apart by a number.
fn facts(number: u32) -> CertificateFacts {
    CertificateFacts::new(certificate_id(number), NOW - Millis::days(30), NOW + Millis::days(335))
}

fn certificate_id(number: u32) -> CertificateId {
    let mut id = [0; 32];
    id[..4].copy_from_slice(&number.to_be_bytes());
    CertificateId(id)
}

fn attribute(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// Asserts which exception an operation is refused with.
#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, ServiceError>, exception: Exception) {
    let error = result.expect_err("the operation should have been refused");
    assert_eq!(error.exception, exception, "{error}");
}
