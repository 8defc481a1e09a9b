//! PUBLISH_FINDING_TO_SNS: one message per finding, again on every execution (M-16).

use std::sync::Arc;

use super::{Action, Failure, Parameters, Scene, Subject};
use crate::mitigation::wire::MitigationActionParams;
use crate::request::text;
use crate::time::Timestamp;

#[derive(Debug)]
struct PublishFindingToSns {
    topic_arn: String,
}

pub(super) fn read(params: &MitigationActionParams) -> Parameters {
    let given = params.publish_finding_to_sns_params.as_ref()?;
    let checked = text::TOPIC_ARN
        .check("topicArn", &given.topic_arn)
        .map(|()| Arc::new(PublishFindingToSns { topic_arn: given.topic_arn.clone() }) as Arc<dyn Action>);
    Some(checked)
}

impl Action for PublishFindingToSns {
    fn apply(&self, now: Timestamp, subject: Subject<'_>, scene: &mut Scene<'_>) -> Result<(), Failure> {
        let gone = || Failure::not_found("the finding is not retained any more");
        let Subject::Finding { findings, key } = subject else { return Err(gone()) };
        if !scene.outbox.topic_exists(&self.topic_arn) {
            return Err(Failure::not_found(format!("topic `{}` does not exist", self.topic_arn)));
        }
        scene.need("sns:Publish")?;
        let payload = findings.published(key).ok_or_else(gone)?;
        scene.outbox.published_finding(now, &self.topic_arn, payload);
        Ok(())
    }
}
