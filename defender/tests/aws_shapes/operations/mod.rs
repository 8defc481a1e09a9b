//! The engine's operations, called with JSON, on an account where everything that the requests name is there.

mod audit;
mod detect;
mod job;
mod mitigation;

use defender::account::Account;
use defender::error::ServiceError;
use defender::time::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Shortly after the times that the requests ask about.
const NOW: Timestamp = Timestamp::from_seconds(1_748_740_000);

/// An operation's answer, null if it has none.
pub type Answer = Result<Value, ServiceError>;

/// Calls an operation. `None` if the engine has none of that name.
pub fn call(operation: &str, document: &Value) -> Option<Answer> {
    job::call(operation, document)
        .or_else(|| detect::call(operation, document))
        .or_else(|| mitigation::call(operation, document))
        .or_else(|| audit::call(operation, document))
}

/// Two meters, in a group, beside an empty group.
fn account() -> Account {
    let mut account = Account::new("123456789012", "us-east-1").expect("12 digits");
    let group = account.create_thing_group(NOW, "meters", None).expect("a new name");
    account.create_thing_group(NOW, "quarantine", None).expect("a new name");
    for name in ["meter-1", "meter-2"] {
        let thing = account.create_thing(NOW, name, None, &[]).expect("a new name");
        account.add_thing_to_thing_group(NOW, thing, group, false).expect("room for a thing");
    }
    account
}

/// A document that does not fit the type is an invalid request (G-05).
fn read<T: DeserializeOwned>(document: &Value) -> Result<T, ServiceError> {
    defender::request::read(document).map(|read| read.value)
}

/// Reads the request and writes the answer.
macro_rules! with {
    ($document:ident, |$request:ident $(: $type:ty)?| $call:expr) => {
        super::read($document).and_then(|$request $(: $type)?| $call).map(|answer| serde_json::json!(answer))
    };
}
use with;
