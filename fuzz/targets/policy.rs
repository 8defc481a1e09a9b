//! Any text, read as a policy: reading, judging and matching it never panic.
#![no_main]

use defender::policy::{Document, broad_data_plane, misconfigurations};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for document in [Document::parse_iot(text), Document::parse_iam(text)].into_iter().flatten() {
        let _ = broad_data_plane([&document]);
        let _ = misconfigurations(&document);
    }
});
