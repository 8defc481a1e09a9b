//! Policies: the language of IoT and IAM policy documents, what they decide, and what is wrong with them (section 3).
//!
//! - [`Document`] parses a text, keeps every statement's line, and compiles it for matching;
//! - [`decide()`] and [`authorize()`] answer requests, as the broker and `TestAuthorization` do (P-18);
//! - [`broad`], [`mod@administrative`], [`mod@services`] and [`misconfiguration`] judge documents, as the audit does;
//! - [`witness`] shows what a fault lets a device do, and [`mod@repair`] proposes a document without it;
//! - [`lint`] remarks on what no check complains about;
//! - [`mqtt`] matches topic filters, which policies do not (P-07, P-11).
//!
//! ```
//! use defender::policy::{Context, Decision, Document, Request, Scope, decide};
//! use defender::time::Timestamp;
//!
//! let policy = Document::parse_iot(r#"{
//!   "Version": "2012-10-17",
//!   "Statement": [{
//!     "Effect": "Allow",
//!     "Action": "iot:Publish",
//!     "Resource": "arn:aws:iot:us-east-1:123456789012:topic/${iot:Connection.Thing.ThingName}/*"
//!   }]
//! }"#).expect("well-formed");
//! let scope = Scope::new("us-east-1", "123456789012");
//! let context = Context::of_thing(Timestamp(0), &scope, "pump-1");
//! assert_eq!(decide([&policy], &Request::publish("pump-1/flow"), &context), Decision::Allowed);
//! assert_eq!(decide([&policy], &Request::publish("pump-2/flow"), &context), Decision::ImplicitDeny);
//! ```
pub mod action;
pub mod administrative;
pub mod authorize;
pub mod broad;
pub mod condition;
pub mod context;
pub mod document;
pub mod error;
pub mod lint;
pub mod misconfiguration;
pub mod mqtt;
pub mod operations;
pub mod pattern;
pub mod repair;
pub mod request;
pub mod resource;
pub mod services;
pub mod variable;
pub mod witness;

mod grammar;
mod json;

pub use action::{Action, ActionSet, ResourceType};
pub use administrative::{AdministrativeGrant, AdministrativeGrants, administrative};
pub use authorize::{Authorization, Decision, authorize, decide};
pub use broad::{BroadGrant, broad_data_plane};
pub use context::{AttachedThing, Attributes, Context, PresentedCertificate, Scope};
pub use document::{BLANK_POLICY, Document, Effect, Statement, StatementRef};
pub use error::{PolicyError, PolicyErrorKind, Position, malformed};
pub use misconfiguration::{Misconfiguration, MisconfigurationReason, misconfigurations};
pub use repair::{
    Change, Identity, Proposal, Repair, RoleStandard, Situation, Usage, repair, repair_denies, repair_role,
};
pub use request::{Request, Resource};
pub use services::{ServiceGrants, services};
pub use witness::Witness;
