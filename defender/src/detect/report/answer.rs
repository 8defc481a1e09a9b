//! What a device is answered (R-03).

use serde::{Deserialize, Serialize};

use super::topic::{ReportFormat, ReportTopic};
use crate::time::Timestamp;

/// The answer to a report. Members stand in the order of the service, in JSON as in CBOR.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReportAnswer {
    /// The device that the report was about.
    pub thing_name: String,
    /// The report's own id; absent if it could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report_id: Option<u64>,
    /// Whether it was taken.
    pub status: ReportStatus,
    /// Why not; absent if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_details: Option<StatusDetails>,
    /// When it arrived \[ms since the epoch\] (R-05).
    pub timestamp: Timestamp,
}

/// Whether a report was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ReportStatus {
    /// It counts.
    Accepted,
    /// It has no effect.
    Rejected,
}

/// Why a report was not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StatusDetails {
    /// `InvalidPayload` or `Throttled`.
    pub error_code: String,
    /// One fixed sentence per code.
    pub error_message: String,
}

impl ReportAnswer {
    /// The topic that the answer is published on (R-01).
    pub fn topic(&self, report: &ReportTopic) -> String {
        match self.status {
            ReportStatus::Accepted => report.accepted(),
            ReportStatus::Rejected => report.rejected(),
        }
    }

    /// The payload, in the format of the report (R-01).
    pub fn encode(&self, format: ReportFormat) -> Vec<u8> {
        match format {
            ReportFormat::Json => serde_json::to_vec(self).expect("names are text and writing to memory cannot fail"),
            ReportFormat::Cbor => {
                let mut bytes = Vec::new();
                ciborium::into_writer(self, &mut bytes).expect("writing to memory cannot fail");
                bytes
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejected() -> ReportAnswer {
        ReportAnswer {
            thing_name: "pump-7".into(),
            report_id: Some(1_530_304_554),
            status: ReportStatus::Rejected,
            status_details: Some(StatusDetails {
                error_code: "InvalidPayload".into(),
                error_message: "Malformed metrics report".into(),
            }),
            timestamp: Timestamp(1_530_304_555_250),
        }
    }

    #[test]
    fn r03_members_stand_in_the_order_of_the_service() {
        let json = |answer: &ReportAnswer| String::from_utf8(answer.encode(ReportFormat::Json)).expect("UTF-8");
        assert_eq!(
            json(&rejected()),
            concat!(
                r#"{"thingName":"pump-7","reportId":1530304554,"status":"REJECTED","statusDetails":"#,
                r#"{"ErrorCode":"InvalidPayload","ErrorMessage":"Malformed metrics report"},"timestamp":1530304555250}"#
            )
        );
        let accepted = ReportAnswer { status: ReportStatus::Accepted, status_details: None, ..rejected() };
        assert_eq!(
            json(&accepted),
            r#"{"thingName":"pump-7","reportId":1530304554,"status":"ACCEPTED","timestamp":1530304555250}"#
        );
        let nameless = ReportAnswer { report_id: None, ..rejected() };
        assert!(json(&nameless).starts_with(r#"{"thingName":"pump-7","status":"REJECTED","#));
    }

    #[test]
    fn r01_a_cbor_report_is_answered_in_cbor_with_the_same_members() {
        let bytes = rejected().encode(ReportFormat::Cbor);
        let tree: ciborium::Value = ciborium::from_reader(&bytes[..]).expect("well-formed");
        let names: Vec<_> = tree.as_map().expect("a map").iter().filter_map(|(key, _)| key.as_text()).collect();
        assert_eq!(names, ["thingName", "reportId", "status", "statusDetails", "timestamp"]);
        assert_eq!(ciborium::from_reader::<ReportAnswer, _>(&bytes[..]).expect("the same shape"), rejected());
    }

    #[test]
    fn r01_answers_go_to_their_own_topics() {
        let topic: ReportTopic = "$aws/things/pump-7/defender/metrics/cbor".parse().expect("a report topic");
        assert_eq!(rejected().topic(&topic), "$aws/things/pump-7/defender/metrics/cbor/rejected");
    }
}
