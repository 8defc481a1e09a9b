//! Which services a role may use, and which of them without limit: for C-10 and C-11.

use std::collections::BTreeSet;

use super::action::ActionPattern;
use super::document::{Clause, Document, Effect, Statement, StatementRef};
use super::pattern::Pattern;

/// The services that watch over an account; any permission to them is a finding of C-10.
const SECURITY_AUDITING: [&str; 5] = ["iam", "cloudtrail", "guardduty", "inspector", "trustedadvisor"];

/// The other name of `inspector`, which counts as it (CH-24).
const INSPECTOR_2: &str = "inspector2";

/// Every name under which an action belongs to a service that watches over an account.
pub(crate) fn security_auditing_names() -> impl Iterator<Item = &'static str> {
    SECURITY_AUDITING.into_iter().chain([INSPECTOR_2])
}

/// What a role's documents grant, service by service. A service is the namespace before the colon of an action; its
/// case does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceGrants {
    grants: Vec<Grant>,
}

/// One action pattern, or one `NotAction` list, with the denies of its document that may take it back.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Grant {
    actions: Clause<ActionPattern>,
    denied: Vec<ActionPattern>,
}

impl ServiceGrants {
    /// Whether at least one action of a service is granted.
    pub fn grants(&self, service: &str) -> bool {
        let whole = whole_service(service);
        self.grants.iter().any(|grant| {
            let granted = match &grant.actions {
                Clause::Only(patterns) => patterns.iter().any(|pattern| pattern.reaches_service(service)),
                Clause::AllBut(patterns) => !patterns.iter().any(|pattern| pattern.covers(&whole)),
            };
            granted && !grant.denied.iter().any(|denied| denied.covers(&whole))
        })
    }

    /// Whether all actions of a service are granted, as `svc:*` or `*` do (CH-25): resources do not matter, and
    /// neither does a Deny of some of the actions.
    pub fn is_administrative(&self, service: &str) -> bool {
        let whole = whole_service(service);
        self.grants.iter().any(|grant| {
            let granted = match &grant.actions {
                Clause::Only(patterns) => patterns.iter().any(|pattern| pattern.covers(&whole)),
                Clause::AllBut(patterns) => !patterns.iter().any(|pattern| pattern.reaches_service(service)),
            };
            granted && !grant.denied.iter().any(|denied| denied.covers(&whole))
        })
    }

    /// Whether services that no statement names are granted, as `*` and `NotAction` do. Such a role has access to
    /// unused services, whatever it uses (C-11).
    pub fn grants_every_service(&self) -> bool {
        self.grants.iter().any(|grant| match &grant.actions {
            Clause::Only(patterns) => patterns.iter().any(|pattern| pattern.service() == "*"),
            Clause::AllBut(_) => true,
        })
    }

    /// The services that granted actions name, lower case, in alphabetical order. A pattern such as `iot*:*` counts
    /// as a service of that name.
    pub fn named(&self) -> BTreeSet<String> {
        let only = self.grants.iter().filter_map(|grant| match &grant.actions {
            Clause::Only(patterns) => Some(patterns),
            Clause::AllBut(_) => None,
        });
        only.flatten().map(ActionPattern::service).filter(|service| service != "*").collect()
    }

    /// The granted services that watch over the account (C-10). `inspector2` counts as `inspector` (CH-24).
    pub fn security_auditing(&self) -> Vec<&'static str> {
        let granted = |service: &&str| self.grants(service) || (*service == "inspector" && self.grants(INSPECTOR_2));
        SECURITY_AUDITING.into_iter().filter(granted).collect()
    }

    /// The named services that were not used (C-11), in alphabetical order. Empty does not mean compliant when
    /// [`ServiceGrants::grants_every_service`] holds.
    pub fn unused(&self, is_used: impl Fn(&str) -> bool) -> Vec<String> {
        self.named().into_iter().filter(|service| !is_used(service)).collect()
    }
}

/// One action pattern, or one `NotAction` list, of an Allow statement.
pub(crate) struct ServiceAction<'d> {
    statement: &'d Statement,
    /// `None` for everything but the listed.
    pattern: Option<&'d ActionPattern>,
}

impl ServiceAction<'_> {
    /// The service, unless the pattern or list means many.
    pub(crate) fn service(&self) -> Option<String> {
        self.pattern.map(ActionPattern::service).filter(|service| service != "*")
    }

    /// Whether it grants an action of a service.
    pub(crate) fn reaches(&self, service: &str) -> bool {
        match (self.pattern, self.statement.actions()) {
            (Some(pattern), _) => pattern.reaches_service(service),
            (None, Clause::AllBut(but)) => !but.iter().any(|pattern| pattern.covers(&whole_service(service))),
            (None, Clause::Only(_)) => false,
        }
    }

    /// Whether it grants all actions of a service (CH-25).
    pub(crate) fn is_administrative(&self, service: &str) -> bool {
        match (self.pattern, self.statement.actions()) {
            (Some(pattern), _) => pattern.covers(&whole_service(service)),
            (None, Clause::AllBut(but)) => !but.iter().any(|pattern| pattern.reaches_service(service)),
            (None, Clause::Only(_)) => false,
        }
    }

    /// The statement that grants it.
    pub(crate) fn statement(&self) -> StatementRef {
        self.statement.reference(0)
    }

    /// The action as written.
    pub(crate) fn action(&self) -> String {
        match (self.pattern, self.statement.actions()) {
            (Some(pattern), _) => pattern.as_str().to_owned(),
            (None, actions) => {
                let but: Vec<&str> = actions.listed().iter().map(ActionPattern::as_str).collect();
                format!("everything but {}", but.join(", "))
            }
        }
    }

    /// The resources as written.
    pub(crate) fn resource(&self) -> String {
        let listed: Vec<&str> = self.statement.resources().listed().iter().map(Pattern::as_str).collect();
        match self.statement.resources() {
            Clause::Only(_) => listed.join(", "),
            Clause::AllBut(_) => format!("everything but {}", listed.join(", ")),
        }
    }
}

/// The grants of a document that its own denies do not take back, statement by statement.
pub(crate) fn service_actions(document: &Document) -> impl Iterator<Item = ServiceAction<'_>> {
    let allows = document.statements().iter().filter(|statement| statement.effect() == Effect::Allow);
    allows.flat_map(move |statement| {
        let denied = denied_actions(document, statement);
        let patterns: Vec<Option<&ActionPattern>> = match statement.actions() {
            Clause::Only(patterns) => patterns.iter().map(Some).collect(),
            Clause::AllBut(_) => vec![None],
        };
        let everything = ActionPattern::new("*");
        let kept = move |pattern: &Option<&ActionPattern>| {
            !denied.iter().any(|denied| denied.covers(pattern.unwrap_or(&everything)))
        };
        patterns.into_iter().filter(kept).map(move |pattern| ServiceAction { statement, pattern })
    })
}

/// Reads the services out of a role's documents. A Deny takes a grant back under the rule of P-30: unconditional, in
/// the same document, for all that is granted, and on `*` or the very same resources.
pub fn services<D>(documents: D) -> ServiceGrants
where
    D: IntoIterator,
    D::Item: AsRef<Document>,
{
    let mut grants = Vec::new();
    for document in documents {
        let document = document.as_ref();
        for statement in document.statements().iter().filter(|statement| statement.effect() == Effect::Allow) {
            let denied = denied_actions(document, statement);
            let is_denied = |pattern: &ActionPattern| denied.iter().any(|denied| denied.covers(pattern));
            match statement.actions() {
                Clause::Only(patterns) => {
                    let kept = patterns.iter().filter(|pattern| !is_denied(pattern));
                    grants.extend(
                        kept.map(|pattern| Grant {
                            actions: Clause::Only(vec![pattern.clone()]),
                            denied: denied.clone(),
                        }),
                    );
                }
                Clause::AllBut(patterns) => {
                    let everything = ActionPattern::new("*");
                    if !is_denied(&everything) && !patterns.iter().any(|pattern| pattern.covers(&everything)) {
                        grants.push(Grant { actions: statement.actions().clone(), denied });
                    }
                }
            }
        }
    }
    ServiceGrants { grants }
}

/// `svc:*`.
fn whole_service(service: &str) -> ActionPattern {
    ActionPattern::new(format!("{service}:*"))
}

/// The actions that the document denies wherever the statement allows something.
fn denied_actions(document: &Document, allow: &Statement) -> Vec<ActionPattern> {
    let reaches = |deny: &&Statement| match (deny.resources(), allow.resources()) {
        (Clause::Only(denied), _) if denied.iter().any(Pattern::is_catch_all) => true,
        (Clause::Only(denied), Clause::Only(allowed)) => allowed.iter().all(|pattern| denied.contains(pattern)),
        _ => false,
    };
    let denies = document.statements().iter().filter(|s| s.effect() == Effect::Deny && s.conditions().is_empty());
    let listed = denies.filter(reaches).filter_map(|statement| match statement.actions() {
        Clause::Only(patterns) => Some(patterns),
        Clause::AllBut(_) => None,
    });
    listed.flatten().cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(statements: &str) -> ServiceGrants {
        let text = format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#);
        services([Document::parse_iam(&text).expect("well-formed")])
    }

    #[test]
    fn ch25_administrative_by_action_pattern_alone() {
        let grants = of(r#"{"Effect":"Allow","Action":["s3:*","SNS:Publish"],"Resource":"arn:aws:s3:::one"}"#);
        assert!(grants.is_administrative("s3") && grants.grants("S3"));
        assert!(grants.grants("sns") && !grants.is_administrative("sns"));
        assert!(!grants.grants("iot") && !grants.grants_every_service());
        assert_eq!(grants.unused(|service| service == "s3"), ["sns"]);
    }

    #[test]
    fn star_and_not_action_grant_every_service() {
        let star = of(r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#);
        assert!(star.grants_every_service() && star.is_administrative("anything"));
        assert_eq!(star.security_auditing(), SECURITY_AUDITING);
        let but = of(r#"{"Effect":"Allow","NotAction":["iam:*","s3:Put*"],"Resource":"*"}"#);
        assert!(but.grants_every_service() && but.is_administrative("sqs"));
        assert!(!but.grants("iam"));
        assert!(but.grants("s3") && !but.is_administrative("s3"));
        assert!(!of(r#"{"Effect":"Allow","NotAction":"*","Resource":"*"}"#).grants_every_service());
        let read = of(r#"{"Effect":"Allow","Action":"*:Get*","Resource":"*"}"#);
        assert!(read.grants("iam") && read.grants_every_service() && !read.is_administrative("iam"));
    }

    #[test]
    fn p35_denies_take_back_whole_services_or_the_same_grant() {
        let without_s3 = of(concat!(
            r#"{"Effect":"Allow","Action":"*","Resource":"*"},"#,
            r#"{"Effect":"Deny","Action":"s3:*","Resource":"*"},"#,
            r#"{"Effect":"Deny","Action":"sqs:DeleteQueue","Resource":"*"}"#,
        ));
        assert!(!without_s3.grants("s3") && !without_s3.is_administrative("s3"));
        assert!(without_s3.is_administrative("sqs"));
        let same = of(concat!(
            r#"{"Effect":"Allow","Action":"s3:PutObject","Resource":"arn:aws:s3:::a"},"#,
            r#"{"Effect":"Deny","Action":"s3:Put*","Resource":["arn:aws:s3:::a","arn:aws:s3:::b"]}"#,
        ));
        assert!(!same.grants("s3"));
        let narrower = of(concat!(
            r#"{"Effect":"Allow","Action":"s3:PutObject","Resource":"*"},"#,
            r#"{"Effect":"Deny","Action":"s3:*","Resource":"arn:aws:s3:::a"}"#,
        ));
        assert!(narrower.grants("s3"));
    }

    #[test]
    fn ch24_inspector2_counts_as_inspector() {
        let grants = of(r#"{"Effect":"Allow","Action":["inspector2:ListFindings","cloudtrail:*"],"Resource":"*"}"#);
        assert_eq!(grants.security_auditing(), ["cloudtrail", "inspector"]);
    }
}
