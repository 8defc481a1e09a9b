//! The shapes of the requests that scenarios hold (9.3, 9.4). What a behavior may say beyond its types is the
//! engine's own validation (5.5.1), so it is loose here.

use super::shape::{Member, Shape, optional, required};

const NAME: Shape = Shape::Name { colon: false };
const COLON_NAME: Shape = Shape::Name { colon: true };
const ANY_TEXT: Shape = Shape::Text(0, 404_600);
const ROLE: Shape = Shape::Arn("iam", "an IAM role", "arn:aws:iam::123456789012:role/NAME");
const TOPIC: Shape = Shape::Arn("sns", "an SNS topic", "arn:aws:sns:us-east-1:123456789012:NAME");
const CHECKS: Shape = Shape::List(&Shape::Text(1, 128), 1, 100);

const TAGS: Shape = Shape::List(&Shape::Object(TAG), 0, 50);
const TAG: &[Member] = &[required("Key", &Shape::Text(1, 128)), optional("Value", &Shape::Text(0, 256))];

pub(super) const SECURITY_PROFILE: Shape = Shape::Object(&[
    required("securityProfileName", &COLON_NAME),
    optional("securityProfileDescription", &Shape::Text(0, 1000)),
    optional("behaviors", &Shape::List(&Shape::Object(BEHAVIOR), 0, 100)),
    optional("alertTargets", &Shape::Map(&["SNS"], &Shape::Object(ALERT_TARGET))),
    optional("additionalMetricsToRetain", &Shape::List(&ANY_TEXT, 0, 1000)),
    optional("additionalMetricsToRetainV2", &Shape::List(&Shape::Object(METRIC_TO_RETAIN), 0, 1000)),
    optional("tags", &TAGS),
    optional("metricsExportConfig", &Shape::Object(METRICS_EXPORT)),
]);

const ALERT_TARGET: &[Member] = &[required("alertTargetArn", &TOPIC), required("roleArn", &ROLE)];
const METRICS_EXPORT: &[Member] = &[required("mqttTopic", &Shape::Text(1, 512)), required("roleArn", &ROLE)];
const DIMENSION: &[Member] =
    &[required("dimensionName", &COLON_NAME), optional("operator", &Shape::Word(&["IN", "NOT_IN"]))];
const METRIC_TO_RETAIN: &[Member] = &[
    required("metric", &ANY_TEXT),
    optional("metricDimension", &Shape::Object(DIMENSION)),
    optional("exportMetric", &Shape::Bool),
];
const BEHAVIOR: &[Member] = &[
    optional("name", &ANY_TEXT),
    optional("metric", &ANY_TEXT),
    optional("metricDimension", &Shape::Object(DIMENSION)),
    optional("criteria", &Shape::Object(CRITERIA)),
    optional("suppressAlerts", &Shape::Bool),
    optional("exportMetric", &Shape::Bool),
];
const CRITERIA: &[Member] = &[
    optional("comparisonOperator", &ANY_TEXT),
    optional("value", &Shape::Object(METRIC_VALUE)),
    optional("durationSeconds", &Shape::Integer),
    optional("consecutiveDatapointsToAlarm", &Shape::Integer),
    optional("consecutiveDatapointsToClear", &Shape::Integer),
    optional("statisticalThreshold", &Shape::Object(&[optional("statistic", &ANY_TEXT)])),
    optional("mlDetectionConfig", &Shape::Object(&[optional("confidenceLevel", &ANY_TEXT)])),
];
const METRIC_VALUE: &[Member] = &[
    optional("count", &Shape::Number),
    optional("cidrs", &Shape::List(&ANY_TEXT, 0, 1000)),
    optional("ports", &Shape::List(&Shape::Integer, 0, 1000)),
    optional("number", &Shape::Number),
    optional("numbers", &Shape::List(&Shape::Number, 0, 1000)),
    optional("strings", &Shape::List(&ANY_TEXT, 0, 1000)),
];

pub(super) const AUDIT_CONFIGURATION: Shape = Shape::Object(&[
    optional("roleArn", &ROLE),
    optional("auditNotificationTargetConfigurations", &Shape::Map(&["SNS"], &Shape::Object(AUDIT_TARGET))),
    optional("auditCheckConfigurations", &Shape::Map(&[], &Shape::Object(CHECK_CONFIGURATION))),
]);

const AUDIT_TARGET: &[Member] =
    &[optional("targetArn", &TOPIC), optional("roleArn", &ROLE), optional("enabled", &Shape::Bool)];
const CHECK_CONFIGURATION: &[Member] =
    &[optional("enabled", &Shape::Bool), optional("configuration", &Shape::Map(&[], &Shape::Text(1, 64)))];

pub(super) const SCHEDULED_AUDIT: Shape = Shape::Object(&[
    required("scheduledAuditName", &NAME),
    required("frequency", &Shape::Word(&["DAILY", "WEEKLY", "BIWEEKLY", "MONTHLY"])),
    optional("dayOfMonth", &Shape::Text(1, 4)),
    optional("dayOfWeek", &Shape::Word(&["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"])),
    required("targetCheckNames", &CHECKS),
    optional("tags", &TAGS),
]);

pub(super) const MITIGATION_ACTION: Shape = Shape::Object(&[
    required("actionName", &NAME),
    required("roleArn", &ROLE),
    required("actionParams", &Shape::Object(ACTION_PARAMS)),
    optional("tags", &TAGS),
]);

const ACTION_PARAMS: &[Member] = &[
    optional("updateDeviceCertificateParams", &DEACTIVATE),
    optional("updateCACertificateParams", &DEACTIVATE),
    optional("addThingsToThingGroupParams", &Shape::Object(ADD_THINGS)),
    optional(
        "replaceDefaultPolicyVersionParams",
        &Shape::Object(&[required("templateName", &Shape::Word(&["BLANK_POLICY"]))]),
    ),
    optional("enableIoTLoggingParams", &Shape::Object(ENABLE_LOGGING)),
    optional("publishFindingToSnsParams", &Shape::Object(&[required("topicArn", &TOPIC)])),
];
const DEACTIVATE: Shape = Shape::Object(&[required("action", &Shape::Word(&["DEACTIVATE"]))]);
const ADD_THINGS: &[Member] =
    &[required("thingGroupNames", &Shape::List(&COLON_NAME, 1, 10)), optional("overrideDynamicGroups", &Shape::Bool)];
const ENABLE_LOGGING: &[Member] =
    &[required("roleArnForLogging", &ROLE), required("logLevel", &Shape::Word(&["DEBUG", "INFO", "ERROR", "WARN"]))];
