//! Sessions, presence, and what the connection checks are told (V-36 … V-39, C-03, C-13).

use std::collections::BTreeSet;

use defender::account::{
    Account, ClientRef, DisconnectReason, PresenceEvent, PresenceEventType, Principal, Session, sessions_of,
};
use defender::time::{Millis, Timestamp};
use proptest::prelude::*;

use crate::{NOW, account, facts};

fn principal(account: &mut Account, number: u32) -> Principal {
    Principal::Certificate(account.register_certificate(NOW, facts(number)).expect("new"))
}

#[test]
fn v37_a_second_connect_with_one_client_id_closes_the_first() {
    let mut account = account();
    let (first, second) = (principal(&mut account, 1), principal(&mut account, 2));
    let client = account.client("c1");
    assert_eq!(account.connect(NOW, client, first).displaced, None);
    let later = NOW + Millis::MINUTE;
    let connected = account.connect(later, client, second);
    assert_eq!((connected.displaced, connected.version), (Some(first), 3));
    assert_eq!(account.open_session(client), Some(second));
    let duplicates: Vec<_> = account.duplicate_disconnects().collect();
    assert_eq!(duplicates.len(), 1);
    assert_eq!((duplicates[0].0, duplicates[0].1[0].time, duplicates[0].1[0].principal), (client, later, first));
    assert_eq!(account.disconnect(later, client, DisconnectReason::ConnectionLost), Some(4));
    assert_eq!(account.disconnect(later, client, DisconnectReason::ConnectionLost), None);
    assert_eq!(account.duplicate_disconnects().map(|(_, list)| list.len()).sum::<usize>(), 1);
}

#[test]
fn v36_memory_of_a_device_that_reconnects_for_a_month_is_bounded() {
    let mut account = account();
    let own = principal(&mut account, 1);
    let client = account.client("c1");
    let mut now = NOW;
    for _ in 0..20_000 {
        account.connect(now, client, own);
        account.disconnect(now + Millis::SECOND, client, DisconnectReason::ClientInitiatedDisconnect);
        now += Millis::minutes(2);
    }
    assert!(account.heap_bytes() < 20_000, "{} bytes", account.heap_bytes());
    assert!(account.was_connected(own, now - Millis::DAY, now - Millis::hours(2)));
    assert!(!account.was_connected(own, now, now));
}

#[test]
fn c03_a_certificate_first_used_within_the_last_two_hours_is_not_yet_seen() {
    let mut account = account();
    let own = principal(&mut account, 1);
    let client = account.client("c1");
    account.connect(NOW, client, own);
    account.disconnect(NOW + Millis::MINUTE, client, DisconnectReason::ClientInitiatedDisconnect);
    let now = NOW + Millis::HOUR;
    account.connect(now, client, own);
    let window = |now: Timestamp| (now - Millis::days(31), now - Millis::hours(2));
    let seen = |now| account.was_connected(own, window(now).0, window(now).1);
    assert!(!seen(now) && seen(now + Millis::HOUR));
}

#[test]
fn v39_presence_events_are_ordered_by_version_and_counted_once() {
    use PresenceEventType::{Connected, Disconnected};
    let event = |event_type, version_number, minute, session: &str| PresenceEvent {
        client_id: "c1".to_owned(),
        timestamp: NOW + Millis::minutes(minute),
        event_type,
        session_identifier: session.to_owned(),
        principal_identifier: "p".to_owned(),
        ip_address: None,
        version_number,
        client_initiated_disconnect: None,
        disconnect_reason: (event_type == Disconnected).then_some(DisconnectReason::ConnectionLost),
    };
    let events = [
        event(Disconnected, 1, 5, "s1"),
        event(Connected, 2, 6, "s2"),
        event(Connected, 0, 0, "s1"),
        event(Connected, 0, 0, "s1"),
        event(Disconnected, 1, 5, "s1"),
        event(Disconnected, 3, 7, "unseen"),
    ];
    let records = sessions_of(events);
    let times: Vec<_> = records.iter().map(|record| (record.connect_time, record.disconnect_time)).collect();
    assert_eq!(times, [(NOW, Some(NOW + Millis::minutes(5))), (NOW + Millis::minutes(6), None)]);
    assert!(!Account::has_presence_events("a+b") && Account::has_presence_events("a-b"));
    let json = serde_json::to_value(event(Connected, 0, 0, "s1")).expect("serializable");
    assert_eq!(json["timestamp"], 1_748_736_000_000_i64);
    assert_eq!(json["eventType"], "connected");
}

#[test]
fn session_records_load_by_certificate_id_and_report_strangers() {
    let mut account = account();
    let own = principal(&mut account, 1);
    let text = format!(
        r#"{{"clientId":"c1","principalId":"{}","connectTime":1748736000,"disconnectTime":1748736060.5,
            "disconnectReason":"DUPLICATE_CLIENTID"}}"#,
        account.principal_id(own)
    );
    let record = serde_json::from_str(&text).expect("a session record");
    account.load_session_record(NOW, &record).expect("a registered certificate");
    assert!(account.was_connected(own, NOW, NOW));
    let client = account.known_client("c1").expect("loaded");
    assert_eq!(account.clients_connected_since(NOW).collect::<Vec<_>>(), [client]);
    assert_eq!(
        account.duplicate_disconnects().map(|(client, list)| (client, list.len())).collect::<Vec<_>>(),
        [(client, 1)]
    );
    let stranger = defender::account::SessionRecord { principal_id: "unknown".to_owned(), ..record };
    assert!(account.load_session_record(NOW, &stranger).is_err());
}

/// The reference: every session kept, every pair compared.
fn shared_by_definition(sessions: &[Session], from: Timestamp, to: Timestamp) -> BTreeSet<(ClientRef, Timestamp)> {
    let end = |session: &Session| session.disconnect_time.unwrap_or(Timestamp(i64::MAX));
    let mut involved = BTreeSet::new();
    for a in sessions {
        for b in sessions.iter().filter(|b| b.client != a.client) {
            let overlap = a.connect_time < end(b) && b.connect_time < end(a);
            let (start, stop) = (a.connect_time.max(b.connect_time), end(a).min(end(b)));
            if overlap && start <= to && stop >= from {
                involved.insert((a.client, a.connect_time));
            }
        }
    }
    involved
}

proptest! {
    #[test]
    fn ch18_shared_sessions_are_those_of_the_definition(
        steps in prop::collection::vec((0u8..4, 1i64..6, any::<bool>()), 1..120),
        start in 0i64..400,
        length in 0i64..400,
    ) {
        let mut account = account();
        let own = principal(&mut account, 1);
        let clients: Vec<ClientRef> = (0..4).map(|n| account.client(&format!("c{n}"))).collect();
        let (mut now, mut sessions) = (NOW, Vec::<Session>::new());
        for (client, minutes, connect) in steps {
            now += Millis::minutes(minutes);
            let client = clients[usize::from(client)];
            let open = sessions.iter_mut().find(|session| session.client == client && session.disconnect_time.is_none());
            if connect {
                open.into_iter().for_each(|session| session.disconnect_time = Some(now));
                sessions.push(Session { client, connect_time: now, disconnect_time: None });
                account.connect(now, client, own);
            } else {
                open.into_iter().for_each(|session| session.disconnect_time = Some(now));
                account.disconnect(now, client, DisconnectReason::ClientInitiatedDisconnect);
            }
        }
        let (from, to) = (NOW + Millis::minutes(start), NOW + Millis::minutes(start + length));
        let found = account.shared_sessions(own, from, to);
        let expected = shared_by_definition(&sessions, from, to);
        prop_assert_eq!(found.len(), expected.len());
        prop_assert!(found.iter().all(|session| expected.contains(&(session.client, session.connect_time))));
        prop_assert!(found.windows(2).all(|pair| pair[0].connect_time >= pair[1].connect_time));
        // Past the two-hour lag, whatever was forgotten must not change whether the principal was seen.
        let to = to.min(now - Millis::hours(2));
        let seen = sessions.iter().any(|session| {
            session.connect_time <= to && session.disconnect_time.is_none_or(|end| end >= from)
        });
        prop_assert_eq!(from <= to && account.was_connected(own, from, to), from <= to && seen);
    }
}
