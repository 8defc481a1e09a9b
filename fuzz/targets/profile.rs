//! Any JSON, read as the request that creates a security profile: the answer is an answer or an exception.
#![no_main]

use defender::account::Account;
use defender::detect::Detect;
use defender::detect::wire::CreateSecurityProfileRequest;
use defender::error::Compatibility;
use defender::request::read;
use defender::time::Timestamp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(document) = serde_json::from_slice(bytes) else { return };
    let Ok(request) = read::<CreateSecurityProfileRequest>(&document) else { return };
    for compatibility in [Compatibility::Strict, Compatibility::Lenient] {
        let now = Timestamp::from_seconds(1_748_736_000);
        let account = Account::new("123456789012", "us-east-1").expect("a valid account");
        let mut detect = Detect::new(1, compatibility);
        let _ = detect.create_security_profile(now, &request.value, &account);
    }
});
