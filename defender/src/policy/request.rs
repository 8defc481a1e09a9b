//! What is asked of the broker: an action on a resource.

use super::action::{Action, ResourceType};
use super::context::Scope;
use super::pattern::Subject;

/// An action on one resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// What is to be done.
    pub action: Action,
    /// To what.
    pub resource: Resource<'a>,
}

/// How a request names its resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource<'a> {
    /// By name only: the action says the type, the context says region and account. For `iot:Publish` a topic, for
    /// `iot:Connect` a client id.
    Name(&'a str),
    /// By its whole ARN, matched as it stands.
    Arn(&'a str),
    /// `*`: for actions without resources.
    Any,
}

impl<'a> Request<'a> {
    /// An action on the resource of that name, for example `Request::new(Action::GetThingShadow, "pump-1")`. A named
    /// shadow is `thing/shadow`.
    pub const fn new(action: Action, name: &'a str) -> Request<'a> {
        match action.resource_type() {
            Some(_) => Request { action, resource: Resource::Name(name) },
            None => Request { action, resource: Resource::Any },
        }
    }

    /// An action on the resource with that ARN.
    pub const fn on_arn(action: Action, arn: &'a str) -> Request<'a> {
        Request { action, resource: Resource::Arn(arn) }
    }

    /// Connecting under a client id.
    pub const fn connect(client_id: &'a str) -> Request<'a> {
        Request::new(Action::Connect, client_id)
    }

    /// Publishing to a topic.
    pub const fn publish(topic: &'a str) -> Request<'a> {
        Request::new(Action::Publish, topic)
    }

    /// Subscribing to a topic filter, whose text is what the policy is matched against (P-08).
    pub const fn subscribe(filter: &'a str) -> Request<'a> {
        Request::new(Action::Subscribe, filter)
    }

    /// Taking delivery of a message on a topic.
    pub const fn receive(topic: &'a str) -> Request<'a> {
        Request::new(Action::Receive, topic)
    }

    /// The text that resource patterns are matched against, in two parts.
    pub(crate) fn subject<'s>(&'s self, scope: &'s Scope) -> Subject<'s> {
        match (self.resource, self.action.resource_type()) {
            (Resource::Name(name), Some(kind)) => Subject { head: scope.head(kind), name },
            (Resource::Name(name) | Resource::Arn(name), _) => Subject { head: "", name },
            (Resource::Any, _) => Subject { head: "", name: "*" },
        }
    }

    /// The ARN of the resource, or `*`.
    pub fn resource_arn(&self, scope: &Scope) -> String {
        let subject = self.subject(scope);
        format!("{}{}", subject.head, subject.name)
    }
}

/// The action and type a request was made with, for messages.
impl std::fmt::Display for Request<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.resource {
            Resource::Name(name) => {
                let kind = self.action.resource_type().map_or("*", ResourceType::as_str);
                write!(f, "{} on {kind}/{name}", self.action)
            }
            Resource::Arn(arn) => write!(f, "{} on {arn}", self.action),
            Resource::Any => write!(f, "{} on *", self.action),
        }
    }
}
