//! Cognito identity pools and identities, as far as the broker and the checks see them (V-32, V-33).

use crate::error::ServiceError;
use crate::time::Timestamp;

use super::id_set::IdList;
use super::{Account, CognitoIdentityIndex, CognitoPoolIndex};

/// An identity pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CognitoPool {
    /// `cognitoIdentityPoolId`, in the form `region:uuid`.
    pub id: String,
    /// The role of identities that signed in.
    pub authenticated_role_arn: Option<String>,
    /// The role of guests.
    pub unauthenticated_role_arn: Option<String>,
    last_connection: Option<Timestamp>,
}

impl CognitoPool {
    /// When an identity of the pool, of either kind, last connected to the broker.
    pub fn last_connection(&self) -> Option<Timestamp> {
        self.last_connection
    }
}

/// An identity of a pool.
#[derive(Clone, Debug)]
pub(crate) struct CognitoIdentityRow {
    pub(crate) id: String,
    pub(crate) pool: CognitoPoolIndex,
    pub(crate) authenticated: bool,
    pub(crate) exclusive: bool,
    /// Things it is attached to, ascending.
    pub(crate) things: IdList,
    /// Attached policies in the order of attachment.
    pub(crate) policies: IdList,
}

/// Pools and identities.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cognito {
    pub(crate) pools: Vec<CognitoPool>,
    pub(crate) identities: Vec<CognitoIdentityRow>,
    by_id: std::collections::BTreeMap<String, CognitoIdentityIndex>,
}

impl Cognito {
    pub(crate) fn identity_row(&self, identity: CognitoIdentityIndex) -> Option<&CognitoIdentityRow> {
        self.identities.get(identity.index())
    }

    /// Notes that an identity of a pool connected.
    pub(crate) fn note_connection(&mut self, pool: CognitoPoolIndex, at: Timestamp) {
        if let Some(pool) = self.pools.get_mut(pool.index()) {
            pool.last_connection = pool.last_connection.max(Some(at));
        }
    }
}

impl Account {
    /// Makes a pool known, or changes its roles.
    pub fn put_cognito_pool(
        &mut self,
        _now: Timestamp,
        id: &str,
        authenticated_role_arn: Option<&str>,
        unauthenticated_role_arn: Option<&str>,
    ) -> CognitoPoolIndex {
        let index = self.cognito_pool(id).unwrap_or_else(|| {
            self.cognito.pools.push(CognitoPool {
                id: id.to_owned(),
                authenticated_role_arn: None,
                unauthenticated_role_arn: None,
                last_connection: None,
            });
            CognitoPoolIndex(self.cognito.pools.len() as u32 - 1)
        });
        let pool = &mut self.cognito.pools[index.index()];
        pool.authenticated_role_arn = authenticated_role_arn.map(str::to_owned);
        pool.unauthenticated_role_arn = unauthenticated_role_arn.map(str::to_owned);
        index
    }

    /// Notes that an identity of a pool connected at a time: what an inventory knows of connections before the run.
    pub fn note_cognito_connection(&mut self, _now: Timestamp, pool: CognitoPoolIndex, at: Timestamp) {
        self.cognito.note_connection(pool, at);
    }

    /// Makes an identity of a pool known; a known one is returned.
    ///
    /// # Errors
    /// `ResourceNotFoundException` for an unknown pool.
    pub fn put_cognito_identity(
        &mut self,
        _now: Timestamp,
        id: &str,
        pool: CognitoPoolIndex,
        authenticated: bool,
    ) -> Result<CognitoIdentityIndex, ServiceError> {
        if let Some(known) = self.cognito_identity(id) {
            return Ok(known);
        }
        if pool.index() >= self.cognito.pools.len() {
            return Err(ServiceError::not_found("Cognito identity pool", &pool.0.to_string()));
        }
        let identity = CognitoIdentityIndex(self.cognito.identities.len() as u32);
        self.cognito.identities.push(CognitoIdentityRow {
            id: id.to_owned(),
            pool,
            authenticated,
            exclusive: false,
            things: IdList::default(),
            policies: IdList::default(),
        });
        self.cognito.by_id.insert(id.to_owned(), identity);
        Ok(identity)
    }

    /// The pool of an id.
    pub fn cognito_pool(&self, id: &str) -> Option<CognitoPoolIndex> {
        self.cognito.pools.iter().position(|pool| pool.id == id).map(|at| CognitoPoolIndex(at as u32))
    }

    /// All pools in the order in which they became known.
    pub fn cognito_pools(&self) -> &[CognitoPool] {
        &self.cognito.pools
    }

    /// The identity of an id.
    pub fn cognito_identity(&self, id: &str) -> Option<CognitoIdentityIndex> {
        self.cognito.by_id.get(id).copied()
    }

    /// All identities in the order in which they became known.
    pub fn cognito_identities(&self) -> impl Iterator<Item = CognitoIdentityIndex> + use<> {
        (0..self.cognito.identities.len() as u32).map(CognitoIdentityIndex)
    }

    /// The pool of an identity.
    pub fn pool_of_cognito_identity(&self, identity: CognitoIdentityIndex) -> Option<&CognitoPool> {
        self.cognito.identity_row(identity).and_then(|row| self.cognito.pools.get(row.pool.index()))
    }

    /// Whether an identity signed in; a guest did not (V-33).
    pub fn is_cognito_identity_authenticated(&self, identity: CognitoIdentityIndex) -> Option<bool> {
        self.cognito.identity_row(identity).map(|row| row.authenticated)
    }
}
