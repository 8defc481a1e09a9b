//! Amazon resource names: parsed once at the edge, printed back as they came (1.2).

use std::fmt;
use std::str::FromStr;

/// An ARN in its six fields. The resource field may contain further colons.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Arn {
    /// `aws`, `aws-cn` or `aws-us-gov`.
    pub partition: String,
    /// For example `iot`.
    pub service: String,
    /// For example `eu-west-1`; empty for global services.
    pub region: String,
    /// The owner's account id.
    pub account: String,
    /// What stands after the fifth colon, for example `thinggroup/quarantine`.
    pub resource: String,
}

impl Arn {
    /// An ARN of the `iot` service.
    pub fn iot(region: &str, account: &str, resource: impl Into<String>) -> Arn {
        Arn {
            partition: "aws".into(),
            service: "iot".into(),
            region: region.into(),
            account: account.into(),
            resource: resource.into(),
        }
    }

    /// Whether the account field has exactly 12 digits (G-11).
    pub fn has_valid_account(&self) -> bool {
        self.account.len() == 12 && self.account.bytes().all(|b| b.is_ascii_digit())
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "arn:{}:{}:{}:{}:{}", self.partition, self.service, self.region, self.account, self.resource)
    }
}

/// Not an ARN: fewer than six fields, another prefix, or an empty resource.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an ARN, which has the form arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE")]
pub struct NotAnArn(pub String);

impl FromStr for Arn {
    type Err = NotAnArn;

    fn from_str(text: &str) -> Result<Self, NotAnArn> {
        let mut fields = text.splitn(6, ':');
        let mut next = || fields.next().map(str::to_owned);
        let parsed = (|| {
            (next()? == "arn").then_some(())?;
            Some(Arn { partition: next()?, service: next()?, region: next()?, account: next()?, resource: next()? })
        })();
        parsed
            .filter(|arn| !arn.partition.is_empty() && !arn.service.is_empty() && !arn.resource.is_empty())
            .ok_or_else(|| NotAnArn(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_and_prints_back() {
        for text in ["arn:aws:iot:us-east-1:123456789012:cert/ab:cd", "arn:aws:iam::123456789012:role/path/name"] {
            assert_eq!(text.parse::<Arn>().map(|arn| arn.to_string()).as_deref(), Ok(text));
        }
        for bad in ["", "arn:aws:iot", "urn:aws:iot:r:1:x", "arn:aws:iot:r:1:"] {
            assert!(bad.parse::<Arn>().is_err(), "{bad}");
        }
    }

    #[test]
    fn g11_account_ids_have_twelve_digits() {
        let arn: Arn = "arn:aws:iot:us-east-1:123456789:thing/x".parse().expect("well-formed");
        assert!(!arn.has_valid_account());
    }
}
