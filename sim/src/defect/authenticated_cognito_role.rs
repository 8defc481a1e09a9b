//! A Cognito pool whose users may do too much (C-07).

use std::sync::Arc;

use defender::error::ServiceError;
use defender::time::Millis;

use super::cognito::{self, Whose};
use super::{Defect, Entry};
use crate::alteration::{Alter, Scene};

pub(super) const ENTRY: Entry = Entry {
    name: "authenticated-cognito-role",
    summary: "An app's Cognito identity pool gives people who sign in a role that may do too much.",
    examples: &["{}", r#"{ actions = ["iot:Publish"] }"#],
    read: |fields| {
        let actions = fields.or("actions", vec!["iot:*".to_owned()], "what the role may do, on every resource");
        Arc::new(AuthenticatedCognitoRole { actions })
    },
};

#[derive(Debug)]
struct AuthenticatedCognitoRole {
    actions: Vec<String>,
}

impl Alter for AuthenticatedCognitoRole {
    fn steps(&self, duration: Millis) -> Vec<Millis> {
        cognito::steps(duration)
    }

    fn step(&self, number: usize, scene: &mut Scene<'_>) -> Result<(), ServiceError> {
        let actions: Vec<&str> = self.actions.iter().map(String::as_str).collect();
        cognito::seed(scene, number, Whose::Users, &actions, self.checks()[0])
    }
}

impl Defect for AuthenticatedCognitoRole {
    fn kind(&self) -> &'static str {
        ENTRY.name
    }

    fn checks(&self) -> &'static [&'static str] {
        &["AUTHENTICATED_COGNITO_ROLE_OVERLY_PERMISSIVE_CHECK"]
    }
}
