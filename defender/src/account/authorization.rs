//! Whether the account lets a connection do something: what the broker asks and `TestAuthorization` answers
//! (P-13, P-18, V-29, V-33).

use std::net::IpAddr;

use crate::ids::{PolicyIndex, ThingId};
use crate::policy::context::Attributes;
use crate::policy::variable::{AlternativeName, Holder, NameAttribute};
use crate::policy::{
    AttachedThing, Authorization, Context, Decision, Document, PresentedCertificate, Request, Scope, authorize, decide,
};
use crate::time::Timestamp;

use super::{Account, Principal};

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connection<'a> {
    /// The MQTT client id.
    pub client_id: &'a str,
    /// What it authenticated as.
    pub principal: Principal,
    /// Where it comes from.
    pub source_ip: Option<IpAddr>,
}

/// The attributes of a thing, for policy variables.
#[derive(Clone, Copy, Debug)]
pub struct ThingAttributes<'a> {
    account: &'a Account,
    thing: ThingId,
}

impl Attributes for ThingAttributes<'_> {
    fn attribute(&self, name: &str) -> Option<&str> {
        self.account.attribute(self.thing, name)
    }
}

impl Account {
    /// Region and account id, as resource ARNs in policies have them.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The thing behind a connection: its client id names a thing that its principal is attached to (P-13).
    pub fn attached_thing(&self, connection: &Connection<'_>) -> Option<ThingId> {
        let thing = self.thing(connection.client_id)?;
        self.principals_of_thing(thing).any(|principal| principal == connection.principal).then_some(thing)
    }

    /// The attributes of a thing, for a policy context.
    pub fn thing_attributes(&self, thing: ThingId) -> ThingAttributes<'_> {
        ThingAttributes { account: self, thing }
    }

    /// Decides a request under the effective policies of the connection (V-29). A Cognito guest is bound by the pool's
    /// unauthenticated role alone; an identity that signed in needs role and IoT policies to agree (V-33).
    ///
    /// Whether the principal authenticates at all is not asked here (V-15).
    pub fn decide(&self, now: Timestamp, connection: &Connection<'_>, request: &Request<'_>) -> Decision {
        let [decision] = self.decide_all(now, connection, [*request]);
        decision
    }

    /// As [`Account::decide`], for several requests of one connection: whose it is and what binds it is looked up once.
    pub fn decide_all<const N: usize>(
        &self,
        now: Timestamp,
        connection: &Connection<'_>,
        requests: [Request<'_>; N],
    ) -> [Decision; N] {
        self.in_context(now, connection, |context, attached| {
            let role = self.role_documents(connection.principal);
            let policies = self.iot_documents(attached, connection.principal);
            requests.map(|request| match &role {
                None => decide(&policies, &request, context),
                Some((role, authenticated)) => match decide(role, &request, context) {
                    Decision::Allowed if *authenticated => decide(&policies, &request, context),
                    by_role => by_role,
                },
            })
        })
    }

    /// As [`Account::decide`], with the statements that decided. For an identity with a role, documents are numbered
    /// role first if the role decides, else as the IoT policies come (V-29).
    pub fn test_authorization(
        &self,
        now: Timestamp,
        connection: &Connection<'_>,
        request: &Request<'_>,
    ) -> Authorization {
        self.in_context(now, connection, |context, attached| {
            let by_policies = || authorize(self.iot_documents(attached, connection.principal), request, context);
            match self.role_documents(connection.principal) {
                None => by_policies(),
                Some((role, authenticated)) => {
                    let by_role = authorize(role, request, context);
                    match by_role.decision {
                        Decision::Allowed if authenticated => by_policies(),
                        _ => by_role,
                    }
                }
            }
        })
    }

    /// The policies that decide for a connection, in the order of V-29. Policies on groups count only for a connection
    /// whose principal is attached to the thing that its client id names.
    pub fn policies_of_connection(&self, connection: &Connection<'_>) -> Vec<PolicyIndex> {
        self.effective_policies_of_principal(self.attached_thing(connection), Some(connection.principal))
    }

    fn iot_documents(&self, attached: Option<ThingId>, principal: Principal) -> Vec<&Document> {
        let policies = self.effective_policies_of_principal(attached, Some(principal));
        policies.into_iter().filter_map(|policy| self.default_document(policy)).collect()
    }

    /// The documents of the pool's role that binds an identity, and whether the identity signed in.
    fn role_documents(&self, principal: Principal) -> Option<(Vec<&Document>, bool)> {
        let Principal::CognitoIdentity(identity) = principal else { return None };
        let authenticated = self.is_cognito_identity_authenticated(identity)?;
        let pool = self.pool_of_cognito_identity(identity)?;
        let role = if authenticated { &pool.authenticated_role_arn } else { &pool.unauthenticated_role_arn };
        let role = role.as_ref().and_then(|role_arn| self.iam_role(role_arn));
        let documents = role.map(|role| role.policies().map(|policy| &policy.document).collect());
        Some((documents.unwrap_or_default(), authenticated))
    }

    fn in_context<T>(
        &self,
        now: Timestamp,
        connection: &Connection<'_>,
        ask: impl FnOnce(&Context<'_>, Option<ThingId>) -> T,
    ) -> T {
        let attached = self.attached_thing(connection);
        let attributes = attached.map(|thing| self.thing_attributes(thing));
        let thing = attached.map(|thing| AttachedThing {
            name: self.thing_name(thing),
            thing_type: self.thing_type_of(thing),
            attributes: attributes.as_ref().map(|attributes| attributes as &dyn Attributes),
        });
        let shown = match connection.principal {
            Principal::Certificate(certificate) => self.certificate(certificate),
            Principal::CognitoIdentity(_) => None,
        };
        let text = shown.and_then(|certificate| certificate.text());
        let serial = text.and(shown).map(|certificate| certificate.serial().to_string());
        let names: Vec<(Holder, NameAttribute, &str)> = text
            .iter()
            .flat_map(|text| &text.names)
            .map(|(holder, kind, value)| (*holder, *kind, value.as_str()))
            .collect();
        let alternative_names: Vec<(Holder, AlternativeName, &str)> = text
            .iter()
            .flat_map(|text| &text.alternative_names)
            .map(|(holder, kind, value)| (*holder, *kind, value.as_str()))
            .collect();
        let certificate = shown.map(|certificate| PresentedCertificate {
            serial_number: serial.as_deref(),
            names: &names,
            alternative_names: &alternative_names,
            ..PresentedCertificate::with_id(certificate.id())
        });
        let cognito_identity = match connection.principal {
            Principal::CognitoIdentity(identity) => self.cognito.identity_row(identity).map(|row| row.id.as_str()),
            Principal::Certificate(_) => None,
        };
        let context = Context {
            client_id: Some(connection.client_id),
            thing,
            certificate,
            source_ip: connection.source_ip,
            cognito_identity,
            ..Context::new(now, &self.scope)
        };
        ask(&context, attached)
    }
}
