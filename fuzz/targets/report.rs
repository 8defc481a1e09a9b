//! Any bytes, read as a device's metric report, in both formats: reading never panics, and what was read is read
//! again as the same from what is written of it.
#![no_main]

use defender::detect::report::{MetricReport, Names, ReportFormat};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for format in [ReportFormat::Json, ReportFormat::Cbor] {
        let Ok(report) = MetricReport::parse(format, bytes) else { continue };
        for names in [Names::Long, Names::Short] {
            for format in [ReportFormat::Json, ReportFormat::Cbor] {
                let again = MetricReport::parse(format, &report.encode(format, names));
                assert_eq!(again.as_ref().ok(), Some(&report), "{again:?}");
            }
        }
    }
});
