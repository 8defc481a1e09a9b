//! The reserved topics of reports and their answers.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How a report is encoded; its answer is encoded in the same way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReportFormat {
    /// JSON text.
    Json,
    /// CBOR (RFC 8949).
    Cbor,
}

impl fmt::Display for ReportFormat {
    /// The last level of the topic: `json` or `cbor`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ReportFormat::Json => "json",
            ReportFormat::Cbor => "cbor",
        })
    }
}

/// The topic that a report is published on: `$aws/things/NAME/defender/metrics/json` or `…/cbor`.
///
/// The name in it is the identity of the reporting device, whichever client published (R-02, D-30).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReportTopic {
    /// The device that the report is about; not empty, without `/`, `+`, `#` and NUL.
    thing_name: String,
    /// How the payload is encoded.
    format: ReportFormat,
}

impl ReportTopic {
    /// The topic for the reports of a device.
    ///
    /// # Errors
    /// If the name cannot be one level of a topic: empty, or with `/`, `+`, `#` or NUL.
    pub fn new(thing_name: impl Into<String>, format: ReportFormat) -> Result<ReportTopic, NotAReportTopic> {
        let topic = ReportTopic { thing_name: thing_name.into(), format };
        if topic.thing_name.is_empty() || topic.thing_name.contains(['/', '+', '#', '\0']) {
            return Err(NotAReportTopic(topic.to_string()));
        }
        Ok(topic)
    }

    /// The device that the report is about.
    pub fn thing_name(&self) -> &str {
        &self.thing_name
    }

    /// How the payload is encoded.
    pub fn format(&self) -> ReportFormat {
        self.format
    }

    /// Where an accepted report is answered.
    pub fn accepted(&self) -> String {
        format!("{self}/accepted")
    }

    /// Where a rejected report is answered.
    pub fn rejected(&self) -> String {
        format!("{self}/rejected")
    }

    /// Whether a device of this name can be monitored at all: at most 128 bytes of UTF-8 and no control characters
    /// (D-31). Every registered thing's name is.
    pub fn is_monitorable(&self) -> bool {
        self.thing_name.len() <= 128 && !self.thing_name.chars().any(char::is_control)
    }
}

impl fmt::Display for ReportTopic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "$aws/things/{}/defender/metrics/{}", self.thing_name, self.format)
    }
}

/// Not a topic that reports are published on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a report topic, which has the form $aws/things/THING_NAME/defender/metrics/json (or cbor)")]
pub struct NotAReportTopic(pub String);

impl FromStr for ReportTopic {
    type Err = NotAReportTopic;

    fn from_str(text: &str) -> Result<Self, NotAReportTopic> {
        let levels: Vec<&str> = text.split('/').collect();
        match levels[..] {
            ["$aws", "things", name, "defender", "metrics", "json"] => ReportTopic::new(name, ReportFormat::Json),
            ["$aws", "things", name, "defender", "metrics", "cbor"] => ReportTopic::new(name, ReportFormat::Cbor),
            _ => Err(NotAReportTopic(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r01_topics_are_read_and_printed_back() {
        for (text, name, format) in [
            ("$aws/things/pump-7/defender/metrics/json", "pump-7", ReportFormat::Json),
            ("$aws/things/a:b_c/defender/metrics/cbor", "a:b_c", ReportFormat::Cbor),
            ("$aws/things/Zähler 3/defender/metrics/json", "Zähler 3", ReportFormat::Json),
        ] {
            let topic: ReportTopic = text.parse().expect(text);
            assert_eq!((topic.thing_name(), topic.format()), (name, format));
            assert_eq!(topic.to_string(), text);
            assert_eq!(topic.accepted(), format!("{text}/accepted"));
            assert_eq!(topic.rejected(), format!("{text}/rejected"));
        }
    }

    #[test]
    fn r01_answers_wildcards_and_neighbors_are_not_report_topics() {
        for text in [
            "",
            "$aws/things/t/defender/metrics",
            "$aws/things/t/defender/metrics/xml",
            "$aws/things/t/defender/metrics/JSON",
            "$aws/things/t/defender/metrics/json/accepted",
            "$aws/things/t/defender/metrics/json/",
            "/$aws/things/t/defender/metrics/json",
            "$aws/things//defender/metrics/json",
            "$aws/things/+/defender/metrics/json",
            "$aws/things/a#/defender/metrics/json",
            "$aws/things/a/b/defender/metrics/json",
            "aws/things/t/defender/metrics/json",
        ] {
            assert!(text.parse::<ReportTopic>().is_err(), "{text}");
        }
    }

    #[test]
    fn d31_long_names_and_control_characters_are_not_monitored() {
        let monitorable = |name: &str| ReportTopic::new(name, ReportFormat::Json).expect(name).is_monitorable();
        assert!(monitorable(&"x".repeat(128)));
        assert!(!monitorable(&"x".repeat(129)));
        assert!(monitorable(&"é".repeat(64)));
        assert!(!monitorable(&"é".repeat(65)));
        assert!(!monitorable("a\tb"));
        assert!(!monitorable("a\u{85}b"));
    }
}
