//! Who is connected, and what the connection checks need to remember of who was (V-36 … V-38).
//!
//! A fleet makes millions of sessions a month. Kept are: the open sessions; the closed ones that overlapped a session
//! of another client with the same principal, or that were loaded from a record, for [`RETENTION`]; those that began
//! within the last two hours, since C-03 looks back past them; and of all others only when the last one ended. Per
//! principal at most [`CLOSED_SESSIONS_MAX`] closed sessions, and per client id at most [`DUPLICATES_MAX`] duplicate
//! disconnects are kept, the newest.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::time::{Millis, Timestamp};

use super::names::NameId;
use super::{Account, Principal};

/// How long the checks look back: 31 days, and the 2 hours by which C-03 lags, rounded up to a day.
pub const RETENTION: Millis = Millis::days(32);
/// Closed sessions kept per principal.
pub const CLOSED_SESSIONS_MAX: usize = 1_000;
/// Duplicate disconnects kept per client id.
pub const DUPLICATES_MAX: usize = 250;
/// How far C-03 lags behind the audit.
const LAG: Millis = Millis::hours(2);

/// A client id, interned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientRef(pub(crate) NameId);

/// Why a connection ended (V-38).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the service's own reasons")]
pub enum DisconnectReason {
    AuthError,
    ClientInitiatedDisconnect,
    ClientError,
    ConnectionLost,
    #[serde(rename = "DUPLICATE_CLIENTID")]
    DuplicateClientId,
    ForbiddenAccess,
    MqttKeepAliveTimeout,
    ServerError,
    ServerInitiatedDisconnect,
    ApiInitiatedDisconnect,
    Throttled,
    #[serde(rename = "WEBSOCKET_TTL_EXPIRATION")]
    WebsocketTtlExpiration,
    #[serde(rename = "CUSTOMAUTH_TTL_EXPIRATION")]
    CustomAuthTtlExpiration,
    Unknown,
    None,
}

/// A session as far as the connection checks see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// Whose.
    pub client: ClientRef,
    /// When it began.
    pub connect_time: Timestamp,
    /// When it ended; `None` while it lasts.
    pub disconnect_time: Option<Timestamp>,
}

/// What a successful CONNECT led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connected {
    /// The principal of the session that was closed with `DUPLICATE_CLIENTID` to make room (V-37).
    pub displaced: Option<Principal>,
    /// `versionNumber` of the presence event.
    pub version: u32,
}

/// A disconnect with reason `DUPLICATE_CLIENTID`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DuplicateDisconnect {
    /// When.
    pub time: Timestamp,
    /// The principal of the session that was closed.
    pub principal: Principal,
}

const OPEN: Timestamp = Timestamp(i64::MAX);
const NEVER: Timestamp = Timestamp(i64::MIN);
const NOBODY: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct Interval {
    client: NameId,
    /// Overlapped another client's session, or was loaded: not to be forgotten when it closes.
    keep: bool,
    from: Timestamp,
    to: Timestamp,
}

/// The sessions of one principal. The common case, one client and one session, needs no heap.
#[derive(Clone, Debug)]
struct PrincipalRow {
    latest: Option<Interval>,
    /// When the last of the forgotten sessions ended.
    seen_until: Timestamp,
    others: Option<Box<Others>>,
}

#[derive(Clone, Debug, Default)]
struct Others {
    open: BTreeMap<NameId, Interval>,
    closed: VecDeque<Interval>,
}

#[derive(Clone, Copy, Debug)]
struct ClientRow {
    /// The packed principal of the open session, or [`NOBODY`].
    principal: u32,
    version: u32,
    last_connect: Timestamp,
}

const NO_CLIENT: ClientRow = ClientRow { principal: NOBODY, version: 0, last_connect: NEVER };

/// Sessions by client id and by principal.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sessions {
    clients: Vec<ClientRow>,
    certificates: Vec<PrincipalRow>,
    identities: Vec<PrincipalRow>,
    duplicates: BTreeMap<NameId, VecDeque<DuplicateDisconnect>>,
}

impl PrincipalRow {
    const fn new() -> PrincipalRow {
        PrincipalRow { latest: None, seen_until: NEVER, others: None }
    }

    fn open(&mut self, now: Timestamp, client: NameId) {
        let mut session = Interval { client, keep: false, from: now, to: OPEN };
        // While several clients are connected all their sessions are marked already, so that one of them is enough.
        let lone = self.others.iter_mut().filter_map(|others| others.open.values_mut().next());
        for other in self.latest.iter_mut().chain(lone) {
            if other.to > now && other.client != client {
                other.keep = true;
                session.keep = true;
            }
        }
        if let Some(previous) = self.latest.replace(session) {
            self.set_aside(now, previous);
        }
    }

    fn close(&mut self, now: Timestamp, client: NameId) {
        match &mut self.latest {
            Some(latest) if latest.client == client && latest.to == OPEN => latest.to = now,
            _ => {
                let session = self.others.as_mut().and_then(|others| others.open.remove(&client));
                if let Some(session) = session {
                    self.set_aside(now, Interval { to: now, ..session });
                }
            }
        }
    }

    /// Adds a session of the past, which may overlap any that is there.
    fn load(&mut self, now: Timestamp, session: Interval) {
        let open = self.others.iter_mut().flat_map(|others| others.open.values_mut());
        for other in self.latest.iter_mut().chain(open) {
            other.keep |= other.client != session.client && other.from < session.to && session.from < other.to;
        }
        match self.latest {
            None => self.latest = Some(session),
            Some(_) => self.set_aside(now, session),
        }
    }

    fn set_aside(&mut self, now: Timestamp, session: Interval) {
        if session.to == OPEN {
            self.others.get_or_insert_default().open.insert(session.client, session);
            return;
        }
        let wanted = |session: &Interval| (session.keep && session.to >= now - RETENTION) || session.from > now - LAG;
        let seen_until = &mut self.seen_until;
        let mut forget = |session: Interval| *seen_until = (*seen_until).max(session.to);
        if !wanted(&session) {
            forget(session);
            return;
        }
        let closed = &mut self.others.get_or_insert_default().closed;
        while closed.front().is_some_and(|oldest| !wanted(oldest)) || closed.len() >= CLOSED_SESSIONS_MAX {
            closed.pop_front().into_iter().for_each(&mut forget);
        }
        closed.push_back(session);
    }

    fn sessions(&self) -> impl Iterator<Item = &Interval> {
        let others = self.others.iter().flat_map(|others| others.closed.iter().chain(others.open.values()));
        others.chain(&self.latest)
    }
}

impl Sessions {
    pub(crate) fn reserve(&mut self, devices: usize) {
        self.clients.reserve(devices);
        self.certificates.reserve(devices);
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        let rows = self.certificates.iter().chain(&self.identities);
        let others = rows.filter_map(|row| row.others.as_ref());
        self.clients.capacity() * size_of::<ClientRow>()
            + (self.certificates.capacity() + self.identities.capacity()) * size_of::<PrincipalRow>()
            + others
                .map(|others| {
                    size_of::<Others>() + (others.open.len() * 2 + others.closed.capacity()) * size_of::<Interval>()
                })
                .sum::<usize>()
            + self
                .duplicates
                .values()
                .map(|list| 64 + list.capacity() * size_of::<DuplicateDisconnect>())
                .sum::<usize>()
    }

    fn client_mut(&mut self, client: ClientRef) -> &mut ClientRow {
        row_mut(&mut self.clients, client.0.0 as usize, NO_CLIENT)
    }

    fn principal_mut(&mut self, principal: Principal) -> &mut PrincipalRow {
        match principal {
            Principal::Certificate(at) => row_mut(&mut self.certificates, at.index(), PrincipalRow::new()),
            Principal::CognitoIdentity(at) => row_mut(&mut self.identities, at.index(), PrincipalRow::new()),
        }
    }

    fn principal(&self, principal: Principal) -> Option<&PrincipalRow> {
        match principal {
            Principal::Certificate(at) => self.certificates.get(at.index()),
            Principal::CognitoIdentity(at) => self.identities.get(at.index()),
        }
    }

    fn note_duplicate(&mut self, now: Timestamp, client: ClientRef, duplicate: DuplicateDisconnect) {
        let list = self.duplicates.entry(client.0).or_default();
        while list.front().is_some_and(|oldest| oldest.time < now - RETENTION) || list.len() >= DUPLICATES_MAX {
            list.pop_front();
        }
        let place = list.partition_point(|other| other.time <= duplicate.time);
        list.insert(place, duplicate);
    }
}

fn row_mut<T: Clone>(rows: &mut Vec<T>, at: usize, empty: T) -> &mut T {
    if at >= rows.len() {
        rows.resize(at + 1, empty);
    }
    &mut rows[at]
}

impl Account {
    /// The handle of a client id, for the calls below.
    pub fn client(&mut self, client_id: &str) -> ClientRef {
        ClientRef(self.names.intern(client_id))
    }

    /// The handle of a client id that was mentioned before.
    pub fn known_client(&self, client_id: &str) -> Option<ClientRef> {
        self.names.get(client_id).map(ClientRef)
    }

    /// The client id of a handle.
    pub fn client_id(&self, client: ClientRef) -> &str {
        self.names.text(client.0)
    }

    /// Notes that a client connected. A session of the same client id is closed with `DUPLICATE_CLIENTID` (V-37).
    pub fn connect(&mut self, now: Timestamp, client: ClientRef, principal: Principal) -> Connected {
        let displaced = self.open_session(client);
        if displaced.is_some() {
            self.disconnect(now, client, DisconnectReason::DuplicateClientId);
        }
        let row = self.sessions.client_mut(client);
        row.principal = principal.pack();
        row.last_connect = now;
        row.version += 1;
        let version = row.version;
        self.sessions.principal_mut(principal).open(now, client.0);
        if let Principal::CognitoIdentity(identity) = principal
            && let Some(pool) = self.cognito.identity_row(identity).map(|row| row.pool)
        {
            self.cognito.note_connection(pool, now);
        }
        Connected { displaced, version }
    }

    /// Notes that a client's session ended. Answers with the `versionNumber` of the presence event, or nothing if
    /// there was no session.
    pub fn disconnect(&mut self, now: Timestamp, client: ClientRef, reason: DisconnectReason) -> Option<u32> {
        let principal = self.open_session(client)?;
        let row = self.sessions.client_mut(client);
        row.principal = NOBODY;
        row.version += 1;
        let version = row.version;
        self.sessions.principal_mut(principal).close(now, client.0);
        if reason == DisconnectReason::DuplicateClientId {
            self.sessions.note_duplicate(now, client, DuplicateDisconnect { time: now, principal });
        }
        Some(version)
    }

    /// Loads a session from a record: of the past, and in any order with others. An open one is as if it had just been
    /// found open; it closes with [`Account::disconnect`].
    pub fn load_session(
        &mut self,
        now: Timestamp,
        session: Session,
        principal: Principal,
        reason: Option<DisconnectReason>,
    ) {
        let Session { client, connect_time, disconnect_time } = session;
        let row = self.sessions.client_mut(client);
        row.last_connect = row.last_connect.max(connect_time);
        if disconnect_time.is_none() {
            row.principal = principal.pack();
        }
        let to = disconnect_time.unwrap_or(OPEN);
        self.sessions
            .principal_mut(principal)
            .load(now, Interval { client: client.0, keep: true, from: connect_time, to });
        if let (Some(time), Some(DisconnectReason::DuplicateClientId)) = (disconnect_time, reason) {
            self.sessions.note_duplicate(now, client, DuplicateDisconnect { time, principal });
        }
        if let Principal::CognitoIdentity(identity) = principal
            && let Some(pool) = self.cognito.identity_row(identity).map(|row| row.pool)
        {
            self.cognito.note_connection(pool, connect_time);
        }
    }

    /// The principal of a client's open session.
    pub fn open_session(&self, client: ClientRef) -> Option<Principal> {
        let row = self.sessions.clients.get(client.0.0 as usize)?;
        (row.principal != NOBODY).then(|| Principal::unpack(row.principal))
    }

    /// Whether a session of the principal is known that lies in the window, ends included.
    pub fn was_connected(&self, principal: Principal, from: Timestamp, to: Timestamp) -> bool {
        self.sessions.principal(principal).is_some_and(|row| {
            row.seen_until >= from || row.sessions().any(|session| session.from <= to && session.to >= from)
        })
    }

    /// The sessions of a principal that overlap, within the window, a session of another client with the same principal
    /// (C-03, CH-18): most recent connection first.
    pub fn shared_sessions(&self, principal: Principal, from: Timestamp, to: Timestamp) -> Vec<Session> {
        let Some(row) = self.sessions.principal(principal).filter(|row| row.others.is_some()) else {
            return Vec::new();
        };
        // Of sessions that all touch the window, an overlap of two touches it too.
        let mut sessions: Vec<Interval> =
            row.sessions().filter(|session| session.from <= to && session.to >= from).copied().collect();
        sessions.sort_by_key(|session| (session.from, session.to, session.client));
        let mut involved = vec![false; sessions.len()];
        let mut ends = TwoClients::default();
        for (at, session) in sessions.iter().enumerate() {
            involved[at] |= ends.of_another(session.client).is_some_and(|end| session.from < end);
            ends.note(session.client, session.to, |new, old| new > old);
        }
        let mut starts = TwoClients::default();
        for (at, session) in sessions.iter().enumerate().rev() {
            involved[at] |= starts.of_another(session.client).is_some_and(|start| start < session.to);
            starts.note(session.client, session.from, |new, old| new < old);
        }
        let involved = sessions.iter().zip(involved).filter(|(_, involved)| *involved).rev();
        involved
            .map(|(session, _)| Session {
                client: ClientRef(session.client),
                connect_time: session.from,
                disconnect_time: (session.to != OPEN).then_some(session.to),
            })
            .collect()
    }

    /// The client ids whose last connection lies at or after `from`, in the order in which they became known.
    pub fn clients_connected_since(&self, from: Timestamp) -> impl Iterator<Item = ClientRef> + '_ {
        let rows = self.sessions.clients.iter().enumerate();
        rows.filter(move |(_, row)| row.last_connect >= from).map(|(at, _)| ClientRef(NameId(at as u32)))
    }

    /// The client ids with duplicate disconnects, each with those that are kept, oldest first (C-13).
    pub fn duplicate_disconnects(&self) -> impl Iterator<Item = (ClientRef, &VecDeque<DuplicateDisconnect>)> {
        self.sessions.duplicates.iter().map(|(&client, list)| (ClientRef(client), list))
    }
}

/// The best value seen, and the best of any other client: enough to answer for every client.
#[derive(Default)]
struct TwoClients {
    best: Option<(NameId, Timestamp)>,
    other: Option<(NameId, Timestamp)>,
}

impl TwoClients {
    fn of_another(&self, client: NameId) -> Option<Timestamp> {
        [self.best, self.other].into_iter().flatten().find(|(own, _)| *own != client).map(|(_, value)| value)
    }

    fn note(&mut self, client: NameId, value: Timestamp, better: impl Fn(Timestamp, Timestamp) -> bool) {
        match self.best {
            Some((best, old)) if best == client => {
                if better(value, old) {
                    self.best = Some((client, value));
                }
            }
            Some((best, old)) if better(value, old) => {
                self.other = Some((best, old));
                self.best = Some((client, value));
            }
            Some(_) => {
                if self.other.is_none_or(|(_, old)| better(value, old)) {
                    self.other = Some((client, value));
                }
            }
            None => self.best = Some((client, value)),
        }
    }
}
