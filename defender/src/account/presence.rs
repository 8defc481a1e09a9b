//! Sessions as the outside world writes them: session records and presence events (V-36, V-39).

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::ids::CertificateId;
use crate::time::{Timestamp, epoch_seconds};

use super::session::{DisconnectReason, Session};
use super::{Account, Principal};

/// A session record (V-36).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionRecord {
    /// MQTT client id.
    pub client_id: String,
    /// Certificate id, or Cognito identity id.
    pub principal_id: String,
    /// For example `CERTIFICATE` or `COGNITO_IDENTITY`; for people, the id decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal_type: Option<String>,
    /// The pool of a Cognito identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cognito_identity_pool_id: Option<String>,
    /// Where it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_ip: Option<String>,
    /// When it began \[s\].
    #[serde(with = "epoch_seconds")]
    pub connect_time: Timestamp,
    /// When it ended \[s\]; absent while it lasts.
    #[serde(default, with = "epoch_seconds::option", skip_serializing_if = "Option::is_none")]
    pub disconnect_time: Option<Timestamp>,
    /// Why it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disconnect_reason: Option<DisconnectReason>,
    /// Whether the client ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_initiated_disconnect: Option<bool>,
    /// The broker's name for the session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_identifier: Option<String>,
    /// Whether the attempt succeeded.
    #[serde(default = "yes")]
    pub success: bool,
}

fn yes() -> bool {
    true
}

/// `eventType` of a presence event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PresenceEventType {
    /// A session began.
    Connected,
    /// A session ended.
    Disconnected,
}

/// A message on `$aws/events/presence/connected/CLIENTID` or `…/disconnected/CLIENTID` (V-39).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PresenceEvent {
    /// MQTT client id.
    pub client_id: String,
    /// When \[ms\].
    pub timestamp: Timestamp,
    /// Beginning or end.
    pub event_type: PresenceEventType,
    /// The broker's name for the session.
    pub session_identifier: String,
    /// Certificate id, or Cognito identity id.
    pub principal_identifier: String,
    /// Where it came from; on connect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip_address: Option<String>,
    /// Grows with each event of a client id.
    pub version_number: u64,
    /// Whether the client ended it; on disconnect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_initiated_disconnect: Option<bool>,
    /// Why it ended; on disconnect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disconnect_reason: Option<DisconnectReason>,
}

/// Makes session records of presence events that may be repeated and out of order: ordered by `versionNumber` within a
/// client id, and one event per (client id, session, type) (V-39). A disconnect whose connect was not seen is left out.
/// Records come by client id, then in order.
pub fn sessions_of(events: impl IntoIterator<Item = PresenceEvent>) -> Vec<SessionRecord> {
    let mut by_client: BTreeMap<String, Vec<PresenceEvent>> = BTreeMap::new();
    for event in events {
        by_client.entry(event.client_id.clone()).or_default().push(event);
    }
    let mut records = Vec::new();
    for (client_id, mut events) in by_client {
        events.sort_by_key(|event| event.version_number);
        let mut seen = BTreeSet::new();
        let mut open: BTreeMap<String, usize> = BTreeMap::new();
        for event in events {
            if !seen.insert((event.session_identifier.clone(), event.event_type)) {
                continue;
            }
            match event.event_type {
                PresenceEventType::Connected => {
                    open.insert(event.session_identifier.clone(), records.len());
                    records.push(SessionRecord {
                        client_id: client_id.clone(),
                        principal_id: event.principal_identifier,
                        principal_type: None,
                        cognito_identity_pool_id: None,
                        source_ip: event.ip_address,
                        connect_time: event.timestamp,
                        disconnect_time: None,
                        disconnect_reason: None,
                        client_initiated_disconnect: None,
                        session_identifier: Some(event.session_identifier),
                        success: true,
                    });
                }
                PresenceEventType::Disconnected => {
                    if let Some(at) = open.remove(&event.session_identifier) {
                        records[at].disconnect_time = Some(event.timestamp);
                        records[at].disconnect_reason = event.disconnect_reason;
                        records[at].client_initiated_disconnect = event.client_initiated_disconnect;
                    }
                }
            }
        }
    }
    records
}

/// Why a session record was left out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSession {
    /// The principal is neither a registered certificate nor a known Cognito identity.
    #[error("the principal `{0}` is neither a registered certificate nor a known Cognito identity")]
    UnknownPrincipal(String),
    /// It ended before it began.
    #[error("the session of `{0}` ends before it begins")]
    Backwards(String),
}

impl Account {
    /// Loads a session record of the past. A failed attempt leaves no trace: no check looks at it.
    ///
    /// # Errors
    /// [`InvalidSession`]; nothing was loaded then.
    pub fn load_session_record(&mut self, now: Timestamp, record: &SessionRecord) -> Result<(), InvalidSession> {
        if !record.success {
            return Ok(());
        }
        if record.disconnect_time.is_some_and(|end| end < record.connect_time) {
            return Err(InvalidSession::Backwards(record.client_id.clone()));
        }
        let certificate = record.principal_id.parse::<CertificateId>().ok().and_then(|id| self.certificate_of_id(&id));
        let principal = certificate
            .map(Principal::Certificate)
            .or_else(|| self.cognito_identity(&record.principal_id).map(Principal::CognitoIdentity))
            .ok_or_else(|| InvalidSession::UnknownPrincipal(record.principal_id.clone()))?;
        let session = Session {
            client: self.client(&record.client_id),
            connect_time: record.connect_time,
            disconnect_time: record.disconnect_time,
        };
        self.load_session(now, session, principal, record.disconnect_reason);
        Ok(())
    }

    /// Whether a client id produces presence events: not if it contains `#` or `+` (V-39).
    pub fn has_presence_events(client_id: &str) -> bool {
        !client_id.contains(['#', '+'])
    }
}
