//! A Cognito pool whose guests may do too much (C-06).

use std::sync::Arc;

use defender::error::ServiceError;
use defender::time::Millis;

use super::cognito::{self, Whose};
use super::{Defect, Entry};
use crate::alteration::{Alter, Scene};

pub(super) const ENTRY: Entry = Entry {
    name: "guest-cognito-role",
    summary: "An app's Cognito identity pool gives people who do not even sign in a role that may do too much.",
    examples: &["{}", r#"{ actions = ["iot:Publish"] }"#],
    read: |fields| {
        let actions = fields.or("actions", vec!["iot:*".to_owned()], "what the role may do, on every resource");
        Arc::new(GuestCognitoRole { actions })
    },
};

#[derive(Debug)]
struct GuestCognitoRole {
    actions: Vec<String>,
}

impl Alter for GuestCognitoRole {
    fn steps(&self, duration: Millis) -> Vec<Millis> {
        cognito::steps(duration)
    }

    fn step(&self, number: usize, scene: &mut Scene<'_>) -> Result<(), ServiceError> {
        let actions: Vec<&str> = self.actions.iter().map(String::as_str).collect();
        cognito::seed(scene, number, Whose::Guests, &actions, self.checks()[0])
    }
}

impl Defect for GuestCognitoRole {
    fn kind(&self) -> &'static str {
        ENTRY.name
    }

    fn checks(&self) -> &'static [&'static str] {
        &["UNAUTHENTICATED_COGNITO_ROLE_OVERLY_PERMISSIVE_CHECK"]
    }
}
