//! The data-plane actions (3.2), their resource types, and patterns over action names (P-05, P-06).

use std::fmt;
use std::str::FromStr;

/// What a resource of the data plane is: the word between the account and the name in its ARN (3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResourceType {
    /// `client/CLIENTID`
    Client,
    /// `topic/TOPIC`
    Topic,
    /// `topicfilter/FILTER`
    TopicFilter,
    /// `thing/NAME` or `thing/NAME/SHADOW`
    Thing,
    /// `rolealias/NAME`
    RoleAlias,
}

impl ResourceType {
    /// All of them, in declaration order.
    pub const ALL: [ResourceType; 5] = [
        ResourceType::Client,
        ResourceType::Topic,
        ResourceType::TopicFilter,
        ResourceType::Thing,
        ResourceType::RoleAlias,
    ];

    /// The word as it stands in an ARN.
    pub const fn as_str(self) -> &'static str {
        match self {
            ResourceType::Client => "client",
            ResourceType::Topic => "topic",
            ResourceType::TopicFilter => "topicfilter",
            ResourceType::Thing => "thing",
            ResourceType::RoleAlias => "rolealias",
        }
    }
}

impl fmt::Display for ResourceType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

macro_rules! actions {
    ($($name:ident => $resource:expr, $flaggable:expr;)*) => {
        /// An action of the data plane (3.2). The order is that of the checks' messages (P-20), then those that no
        /// check flags.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(missing_docs, reason = "each variant is the service's own action name without `iot:`")]
        pub enum Action { $($name,)* }

        impl Action {
            /// Every data-plane action; the flaggable ones first, in the order of P-20.
            pub const ALL: [Action; 16] = [$(Action::$name,)*];

            /// The name as it stands in a policy, for example `iot:Connect`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Action::$name => concat!("iot:", stringify!($name)),)* }
            }

            /// The type of resource that the action applies to; none for `iot:ListRetainedMessages`, which takes
            /// only `*` (3.2).
            pub const fn resource_type(self) -> Option<ResourceType> {
                match self { $(Action::$name => $resource,)* }
            }

            /// Whether the broad-access analysis can flag it (P-20, P-26).
            pub const fn is_flaggable(self) -> bool {
                match self { $(Action::$name => $flaggable,)* }
            }
        }
    };
}

actions! {
    Connect => Some(ResourceType::Client), true;
    Publish => Some(ResourceType::Topic), true;
    RetainPublish => Some(ResourceType::Topic), true;
    Subscribe => Some(ResourceType::TopicFilter), true;
    GetRetainedMessage => Some(ResourceType::Topic), true;
    GetThingShadow => Some(ResourceType::Thing), true;
    UpdateThingShadow => Some(ResourceType::Thing), true;
    DeleteThingShadow => Some(ResourceType::Thing), true;
    DescribeJobExecution => Some(ResourceType::Thing), true;
    GetPendingJobExecutions => Some(ResourceType::Thing), true;
    StartNextPendingJobExecution => Some(ResourceType::Thing), true;
    UpdateJobExecution => Some(ResourceType::Thing), true;
    Receive => Some(ResourceType::Topic), false;
    ListRetainedMessages => None, false;
    ListNamedShadowsForThing => Some(ResourceType::Thing), false;
    AssumeRoleWithCertificate => Some(ResourceType::RoleAlias), false;
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Not the name of a data-plane action.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a data-plane action such as `iot:Connect`")]
pub struct UnknownAction(pub String);

impl FromStr for Action {
    type Err = UnknownAction;

    /// Reads `iot:Publish` in any case (P-05).
    fn from_str(text: &str) -> Result<Action, UnknownAction> {
        let found = Action::ALL.into_iter().find(|action| action.as_str().eq_ignore_ascii_case(text));
        found.ok_or_else(|| UnknownAction(text.to_owned()))
    }
}

/// A set of data-plane actions; iterates in the order of [`Action::ALL`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ActionSet(u16);

impl ActionSet {
    /// No action.
    pub const EMPTY: ActionSet = ActionSet(0);

    /// Whether the action is in the set.
    pub const fn contains(self, action: Action) -> bool {
        self.0 & (1 << action as u16) != 0
    }

    /// Adds an action.
    pub const fn insert(&mut self, action: Action) {
        self.0 |= 1 << action as u16;
    }

    /// Whether no action is in the set.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The actions that are in both sets.
    pub const fn intersection(self, other: ActionSet) -> ActionSet {
        ActionSet(self.0 & other.0)
    }

    /// The actions in the order of [`Action::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Action> {
        Action::ALL.into_iter().filter(move |&action| self.contains(action))
    }
}

impl FromIterator<Action> for ActionSet {
    fn from_iter<I: IntoIterator<Item = Action>>(actions: I) -> ActionSet {
        let mut set = ActionSet::EMPTY;
        actions.into_iter().for_each(|action| set.insert(action));
        set
    }
}

/// A pattern over action names, for example `iot:Pub*`. Case is ignored (P-05, CH-08).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActionPattern(Box<str>);

impl ActionPattern {
    /// A pattern as written in a policy.
    pub fn new(text: impl Into<Box<str>>) -> ActionPattern {
        ActionPattern(text.into())
    }

    /// As written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the pattern matches the full name of an action, for example `iot:UpdateThing`.
    pub fn matches(&self, name: &str) -> bool {
        matches_ignoring_case(self.0.as_bytes(), name.as_bytes())
    }

    /// Whether it contains a wildcard.
    pub fn is_wild(&self) -> bool {
        self.0.contains(['*', '?'])
    }

    /// The service namespace before the colon, lower case; `*` when the pattern is only `*` or has no colon.
    pub fn service(&self) -> String {
        self.0.split_once(':').map_or_else(|| "*".to_owned(), |(service, _)| service.to_ascii_lowercase())
    }

    /// Whether every action that `other` matches is matched by this one. Errs towards `false`.
    pub fn covers(&self, other: &ActionPattern) -> bool {
        // Reading `other` as plain text is sound as long as its wildcards can only be absorbed by a `*` of ours.
        self.0.eq_ignore_ascii_case(&other.0)
            || (!self.0.contains('?') && matches_ignoring_case(self.0.as_bytes(), other.0.as_bytes()))
    }

    /// Whether it matches some action of a service.
    pub fn reaches_service(&self, service: &str) -> bool {
        // All places in the pattern that can be reached by reading `service:`; any of them can be completed.
        let pattern = self.0.as_bytes();
        let mut places = vec![0];
        for wanted in service.bytes().chain([b':']) {
            let mut next = Vec::new();
            while let Some(place) = places.pop() {
                match pattern.get(place) {
                    Some(b'*') => {
                        next.push(place);
                        places.push(place + 1);
                    }
                    Some(byte) if *byte == b'?' || byte.eq_ignore_ascii_case(&wanted) => next.push(place + 1),
                    _ => {}
                }
            }
            next.sort_unstable();
            next.dedup();
            places = next;
        }
        !places.is_empty()
    }

    /// The data-plane actions that it matches.
    pub fn reach(&self) -> ActionSet {
        Action::ALL.into_iter().filter(|action| self.matches(action.as_str())).collect()
    }
}

impl fmt::Display for ActionPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `*` and `?` over ASCII-case-insensitive bytes; returns to the last `*` on a mismatch.
fn matches_ignoring_case(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                p += 1;
                star = Some((p, t));
                continue;
            }
            Some(wanted) if *wanted == b'?' || wanted.eq_ignore_ascii_case(&text[t]) => {
                p += 1;
                t += 1;
                continue;
            }
            _ => {}
        }
        let Some((after, swallowed)) = star else { return false };
        star = Some((after, swallowed + 1));
        (p, t) = (after, swallowed + 1);
    }
    pattern[p..].iter().all(|&byte| byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p05_p06_action_patterns_ignore_case_and_expand() {
        let reach = |text: &str| ActionPattern::new(text).reach().iter().map(Action::as_str).collect::<Vec<_>>();
        assert_eq!(reach("IOT:publish"), ["iot:Publish"]);
        assert_eq!(reach("iot:Pub*"), ["iot:Publish"]);
        assert_eq!(reach("iot:*Publish"), ["iot:Publish", "iot:RetainPublish"]);
        assert_eq!(reach("iot:Get?hingShadow"), ["iot:GetThingShadow"]);
        assert_eq!(reach("*").len(), 16);
        assert_eq!(reach("iot:*").len(), 16);
        assert!(reach("iot:Connect?").is_empty());
        assert!(reach("s3:*").is_empty());
    }

    #[test]
    fn p20_order_of_the_flaggable_actions() {
        let flaggable: Vec<&str> = Action::ALL.into_iter().filter(|a| a.is_flaggable()).map(Action::as_str).collect();
        assert_eq!(flaggable.len(), 12);
        assert_eq!(flaggable[..4], ["iot:Connect", "iot:Publish", "iot:RetainPublish", "iot:Subscribe"]);
        assert_eq!(flaggable[11], "iot:UpdateJobExecution");
        assert!(!Action::Receive.is_flaggable());
    }

    #[test]
    fn a_pattern_reaches_services() {
        let reaches = |pattern: &str, service: &str| ActionPattern::new(pattern).reaches_service(service);
        assert!(reaches("*", "s3") && reaches("S3:Get*", "s3") && reaches("s*", "s3") && reaches("*:Get?", "s3"));
        assert!(!reaches("s3:Get", "s") && !reaches("iot*", "s3") && !reaches("s?", "s3") && reaches("s??*", "s3"));
    }

    #[test]
    fn covering_is_sound() {
        let covers = |a: &str, b: &str| ActionPattern::new(a).covers(&ActionPattern::new(b));
        assert!(covers("*", "s3:*"));
        assert!(covers("s3:*", "S3:PutObject"));
        assert!(covers("s3:Put*", "s3:Put*"));
        assert!(covers("s3:Put*", "s3:PutObject*"));
        assert!(!covers("s3:PutObject", "s3:Put*"));
        assert!(!covers("s3:Put?", "s3:Put*"));
    }
}
