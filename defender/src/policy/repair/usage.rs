//! What devices are known to do, and whether a document lets them.

use super::narrow::escaped;
use super::{Identity, Situation};
use crate::policy::action::Action;
use crate::policy::authorize::decide;
use crate::policy::context::{Context, Scope};
use crate::policy::document::Document;
use crate::policy::request::Request;
use crate::time::Timestamp;

/// One request that a device legitimately makes, as observed or intended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Usage<'a> {
    /// The thing that makes it, which is also its client id.
    pub thing: &'a str,
    /// What it does.
    pub action: Action,
    /// The name of the resource: a client id, a topic, a filter, a thing.
    pub resource: &'a str,
}

/// What every device may do with its own resources, written for a device of this name. A repair keeps these if the
/// old document granted them.
const OWN_NAME: &str = "own-device";
const OWN_REQUESTS: [(Action, &str); 25] = [
    (Action::Connect, "own-device"),
    (Action::Publish, "$aws/things/own-device/shadow/get"),
    (Action::Publish, "$aws/things/own-device/shadow/update"),
    (Action::Publish, "$aws/things/own-device/shadow/name/config/update"),
    (Action::Publish, "$aws/things/own-device/jobs/start-next"),
    (Action::Publish, "$aws/things/own-device/jobs/job-1/update"),
    (Action::Publish, "$aws/things/own-device/defender/metrics/json"),
    (Action::Subscribe, "$aws/things/own-device/shadow/get/accepted"),
    (Action::Subscribe, "$aws/things/own-device/shadow/update/delta"),
    (Action::Subscribe, "$aws/things/own-device/shadow/name/config/update/delta"),
    (Action::Subscribe, "$aws/things/own-device/jobs/notify-next"),
    (Action::Subscribe, "$aws/things/own-device/defender/metrics/json/accepted"),
    (Action::Subscribe, "$aws/things/own-device/tunnels/notify"),
    (Action::Receive, "$aws/things/own-device/shadow/get/accepted"),
    (Action::Receive, "$aws/things/own-device/shadow/update/delta"),
    (Action::Receive, "$aws/things/own-device/jobs/notify-next"),
    (Action::GetThingShadow, "own-device"),
    (Action::UpdateThingShadow, "own-device"),
    (Action::DeleteThingShadow, "own-device"),
    (Action::GetThingShadow, "own-device/config"),
    (Action::ListNamedShadowsForThing, "own-device"),
    (Action::DescribeJobExecution, "own-device"),
    (Action::GetPendingJobExecutions, "own-device"),
    (Action::StartNextPendingJobExecution, "own-device"),
    (Action::UpdateJobExecution, "own-device"),
];

/// The requests that must survive a repair: the built-in ones and the known ones, in this order.
pub(super) fn legitimate<'a>(situation: &Situation<'a>) -> Vec<Usage<'a>> {
    let own = OWN_REQUESTS.map(|(action, resource)| Usage { thing: OWN_NAME, action, resource });
    own.into_iter().chain(situation.usage.iter().copied()).collect()
}

/// Those that the old document allows and the new one does not.
pub(super) fn lost<'a>(old: &Document, new: &Document, situation: &Situation<'a>) -> Vec<Usage<'a>> {
    let allowed = |document: &Document, usage: &Usage<'_>| is_allowed(document, usage, situation.scope);
    legitimate(situation).into_iter().filter(|usage| allowed(old, usage) && !allowed(new, usage)).collect()
}

fn is_allowed(document: &Document, usage: &Usage<'_>, scope: &Scope) -> bool {
    let context =
        Context { cognito_identity: Some(usage.thing), ..Context::of_thing(Timestamp(0), scope, usage.thing) };
    decide([document], &Request::new(usage.action, usage.resource), &context).is_allowed()
}

impl Usage<'_> {
    /// The resource as a pattern for all devices: the thing's name becomes its variable, all else stands for itself.
    pub(super) fn template(&self, identity: Identity) -> String {
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'_' | b'-');
        let bytes = self.resource.as_bytes();
        let mut out = String::new();
        let mut rest = 0;
        for (at, _) in self.resource.match_indices(self.thing) {
            let end = at + self.thing.len();
            let stands_alone =
                (at == 0 || !is_name(bytes[at - 1])) && bytes.get(end).is_none_or(|&byte| !is_name(byte));
            if stands_alone && at >= rest && !self.thing.is_empty() {
                out.push_str(&escaped(&self.resource[rest..at]));
                out.push_str(identity.own_name());
                rest = end;
            }
        }
        out + &escaped(&self.resource[rest..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_variables_where_they_stand_alone() {
        let template = |resource| {
            let usage = Usage { thing: "dev-1", action: Action::Publish, resource };
            usage.template(Identity::CredentialProvider).replace("${credentials-iot:ThingName}", "TN")
        };
        assert_eq!(template("data/dev-1/temp"), "data/TN/temp");
        assert_eq!(template("dev-1"), "TN");
        assert_eq!(template("data/dev-12/dev-1-x"), "data/dev-12/dev-1-x");
        assert_eq!(template("dev-1/*/dev-1"), "TN/${*}/TN");
    }
}
