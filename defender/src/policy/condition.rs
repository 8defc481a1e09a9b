//! Conditions of a statement (P-19): operators compiled with their values, evaluated without allocating.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;

use super::context::Context;
use super::pattern::{Pattern, Reading};
use super::variable::Variable;

/// What an operator compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Comparison {
    Text { ignore_case: bool, wildcards: bool },
    Arn,
    Bool,
    Ip,
    Number(Relation),
    Date(Relation),
    Null,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Relation {
    Equals,
    LessThan,
    LessThanEquals,
    GreaterThan,
    GreaterThanEquals,
}

impl Relation {
    fn holds<T: PartialOrd>(self, left: T, right: T) -> bool {
        match self {
            Relation::Equals => left == right,
            Relation::LessThan => left < right,
            Relation::LessThanEquals => left <= right,
            Relation::GreaterThan => left > right,
            Relation::GreaterThanEquals => left >= right,
        }
    }
}

/// How the values of a key with several values count together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quantifier {
    /// `ForAllValues:`
    All,
    /// `ForAnyValue:`; also what an operator without prefix means.
    Any,
}

/// A condition operator, for example `ForAnyValue:StringNotLikeIfExists`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Operator {
    pub comparison: Comparison,
    pub negated: bool,
    pub quantifier: Option<Quantifier>,
    pub if_exists: bool,
    name: Box<str>,
}

/// The operators without prefix and suffix: name, what they compare, whether they negate.
const OPERATORS: [(&str, Comparison, bool); 27] = {
    use Comparison::{Arn, Bool, Date, Ip, Null, Number};
    use Relation::*;
    const EXACT: Comparison = Comparison::Text { ignore_case: false, wildcards: false };
    const FOLDED: Comparison = Comparison::Text { ignore_case: true, wildcards: false };
    const LIKE: Comparison = Comparison::Text { ignore_case: false, wildcards: true };
    [
        ("StringEquals", EXACT, false),
        ("StringNotEquals", EXACT, true),
        ("StringEqualsIgnoreCase", FOLDED, false),
        ("StringNotEqualsIgnoreCase", FOLDED, true),
        ("StringLike", LIKE, false),
        ("StringNotLike", LIKE, true),
        ("ArnEquals", Arn, false),
        ("ArnLike", Arn, false),
        ("ArnNotEquals", Arn, true),
        ("ArnNotLike", Arn, true),
        ("Bool", Bool, false),
        ("IpAddress", Ip, false),
        ("NotIpAddress", Ip, true),
        ("NumericEquals", Number(Equals), false),
        ("NumericNotEquals", Number(Equals), true),
        ("NumericLessThan", Number(LessThan), false),
        ("NumericLessThanEquals", Number(LessThanEquals), false),
        ("NumericGreaterThan", Number(GreaterThan), false),
        ("NumericGreaterThanEquals", Number(GreaterThanEquals), false),
        ("DateEquals", Date(Equals), false),
        ("DateNotEquals", Date(Equals), true),
        ("DateLessThan", Date(LessThan), false),
        ("DateLessThanEquals", Date(LessThanEquals), false),
        ("DateGreaterThan", Date(GreaterThan), false),
        ("DateGreaterThanEquals", Date(GreaterThanEquals), false),
        ("BinaryEquals", EXACT, false),
        ("Null", Null, false),
    ]
};

impl Operator {
    /// Reads an operator's name; an unknown one yields the name that was probably meant.
    pub fn parse(name: &str) -> Result<Operator, Option<&'static str>> {
        let (quantifier, base) = match name.split_once(':') {
            Some(("ForAllValues", base)) => (Some(Quantifier::All), base),
            Some(("ForAnyValue", base)) => (Some(Quantifier::Any), base),
            Some((_, base)) => return Err(nearest_operator(base)),
            None => (None, name),
        };
        let (stem, if_exists) = match base.strip_suffix("IfExists") {
            Some(stem) if stem != "Null" => (stem, true),
            _ => (base, false),
        };
        match OPERATORS.iter().find(|(known, ..)| *known == stem) {
            Some(&(_, comparison, negated)) => {
                Ok(Operator { comparison, negated, quantifier, if_exists, name: name.into() })
            }
            None => Err(nearest_operator(stem)),
        }
    }

    /// What the values of this operator look like.
    pub fn expected_values(&self) -> &'static str {
        match self.comparison {
            Comparison::Text { .. } | Comparison::Arn => "texts",
            Comparison::Bool | Comparison::Null => "`true` or `false`",
            Comparison::Ip => "an address or a CIDR such as `10.0.0.0/8`",
            Comparison::Number(_) => "numbers",
            Comparison::Date(_) => "an ISO-8601 date or seconds since the epoch",
        }
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

fn nearest_operator(name: &str) -> Option<&'static str> {
    let distance = |known: &str| strsim::damerau_levenshtein(&known.to_ascii_lowercase(), &name.to_ascii_lowercase());
    OPERATORS.iter().map(|&(known, ..)| (distance(known), known)).filter(|&(d, _)| d <= 3).min().map(|(_, known)| known)
}

/// A value to compare with, compiled for its operator.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Operand {
    Text(Pattern),
    /// An ARN's fields, each a pattern: they are compared one by one.
    Arn(Vec<Pattern>),
    Bool(bool),
    Ip(IpNet),
    Number(f64),
    /// Milliseconds since the epoch.
    Date(i64),
}

impl Operand {
    /// Compiles a value as written; none if the operator cannot compare with it.
    pub fn compile(text: &str, operator: &Operator, reading: Reading) -> Option<Operand> {
        Some(match operator.comparison {
            Comparison::Text { wildcards, .. } => Operand::Text(Pattern::new(text, Reading { wildcards, ..reading })),
            Comparison::Arn => Operand::Arn(arn_fields(text).into_iter().map(|f| Pattern::new(f, reading)).collect()),
            Comparison::Bool | Comparison::Null => Operand::Bool(parse_bool(text)?),
            Comparison::Ip => Operand::Ip(parse_network(text)?),
            Comparison::Number(_) => Operand::Number(parse_number(text)?),
            Comparison::Date(_) => Operand::Date(parse_date(text)?),
        })
    }

    fn variables(&self) -> impl Iterator<Item = &Variable> {
        let patterns = match self {
            Operand::Text(pattern) => std::slice::from_ref(pattern),
            Operand::Arn(fields) => fields,
            _ => &[],
        };
        patterns.iter().flat_map(Pattern::variables)
    }
}

/// One operator, one key, its values: they are alternatives. The conditions of a statement must all hold (P-19).
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    pub(crate) operator: Operator,
    pub(crate) key: Variable,
    /// The key as written.
    pub(crate) key_text: String,
    pub(crate) operands: Vec<Operand>,
    pub(crate) values: Vec<String>,
}

impl Condition {
    /// The operator as written, for example `StringEquals`.
    pub fn operator(&self) -> &str {
        &self.operator.name
    }

    /// The key that it asks about.
    pub fn key(&self) -> &Variable {
        &self.key
    }

    /// The values as written; numbers and booleans as text.
    pub fn values(&self) -> &[String] {
        &self.values
    }

    /// Whether this is the guard of P-23: `Bool`, `iot:Connection.Thing.IsAttached`, the single value true.
    pub fn is_attachment_guard(&self) -> bool {
        self.operator() == "Bool" && self.key == Variable::IsAttached && self.operands == [Operand::Bool(true)]
    }

    /// The variables in its values; they must resolve for the statement to match (P-17).
    pub(crate) fn variables(&self) -> impl Iterator<Item = &Variable> {
        self.operands.iter().flat_map(Operand::variables)
    }

    /// Whether it holds in a context. A key that is absent satisfies negated operators, `…IfExists` and
    /// `ForAllValues:`, and nothing else.
    pub fn holds(&self, context: &Context<'_>) -> bool {
        let (mut present, mut any, mut all) = (false, false, true);
        context.each_value(&self.key, |value| {
            present = true;
            let matched =
                self.operands.iter().any(|operand| self.compare(value, operand, context)) != self.operator.negated;
            any |= matched;
            all &= matched;
        });
        if self.operator.comparison == Comparison::Null {
            return self.operands.contains(&Operand::Bool(!present));
        }
        match (present, self.operator.quantifier) {
            (false, Some(Quantifier::Any)) => self.operator.if_exists,
            (false, Some(Quantifier::All)) => true,
            (false, None) => self.operator.if_exists || self.operator.negated,
            (true, Some(Quantifier::All)) => all,
            (true, Some(Quantifier::Any)) => any,
            // Without a quantifier a negated operator must hold for every value: none may be listed.
            (true, None) => {
                if self.operator.negated {
                    all
                } else {
                    any
                }
            }
        }
    }

    fn compare(&self, value: &str, operand: &Operand, context: &Context<'_>) -> bool {
        match (operand, self.operator.comparison) {
            (Operand::Text(pattern), Comparison::Text { ignore_case: true, .. }) => {
                pattern.equals_ignoring_case(value, context)
            }
            (Operand::Text(pattern), _) => pattern.matches(value, context),
            (Operand::Arn(patterns), _) => {
                let mut fields = value.splitn(6, ':');
                patterns.iter().all(|pattern| fields.next().is_some_and(|field| pattern.matches(field, context)))
                    && fields.next().is_none()
            }
            (Operand::Bool(wanted), _) => parse_bool(value) == Some(*wanted),
            (Operand::Ip(network), _) => value.parse::<IpAddr>().is_ok_and(|address| network.contains(&address)),
            (Operand::Number(wanted), Comparison::Number(relation)) => {
                parse_number(value).is_some_and(|number| relation.holds(number, *wanted))
            }
            (Operand::Date(wanted), Comparison::Date(relation)) => {
                let instant = match self.key {
                    Variable::CurrentTime | Variable::EpochTime => Some(context.now.millis()),
                    _ => parse_date(value),
                };
                instant.is_some_and(|instant| relation.holds(instant, *wanted))
            }
            _ => false,
        }
    }
}

fn parse_bool(text: &str) -> Option<bool> {
    match text {
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

fn parse_network(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

fn parse_number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// A date as milliseconds since the epoch: seconds, a calendar day, or an ISO-8601 instant.
fn parse_date(text: &str) -> Option<i64> {
    if let Ok(seconds) = text.parse::<i64>() {
        return seconds.checked_mul(1_000);
    }
    if let Ok(instant) = text.parse::<jiff::Timestamp>() {
        return Some(instant.as_millisecond());
    }
    let day = text.parse::<jiff::civil::DateTime>().ok()?;
    Some(jiff::tz::TimeZone::UTC.to_timestamp(day).ok()?.as_millisecond())
}

/// Splits at the first five colons that do not stand in a variable.
pub(crate) fn arn_fields(text: &str) -> Vec<&str> {
    let mut fields = Vec::with_capacity(6);
    let (mut start, mut at) = (0, 0);
    while fields.len() < 5 {
        let Some(found) = text[at..].find([':', '$']).map(|offset| at + offset) else { break };
        let rest = &text[found..];
        if rest.starts_with(':') {
            fields.push(&text[start..found]);
            start = found + 1;
            at = start;
        } else {
            let variable = rest.starts_with("${").then(|| rest.find('}')).flatten();
            at = found + variable.map_or(1, |close| close + 1);
        }
    }
    fields.push(&text[start..]);
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::context::Scope;
    use crate::policy::variable::Dialect;
    use crate::time::Timestamp;

    /// Whether `operator key [values]` holds for a device T1 at 10.1.2.3 with the given further keys.
    fn holds(operator: &str, key: &str, values: &[&str], extra: &[(&str, &str)]) -> bool {
        let operator = Operator::parse(operator).expect("a known operator");
        let operands = values
            .iter()
            .map(|value| Operand::compile(value, &operator, Reading::RESOURCE).expect("a fitting value"))
            .collect();
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        let (key, key_text) = (Variable::parse(key, Dialect::Iot), key.to_owned());
        let condition = Condition { operator, key, key_text, operands, values };
        let scope = Scope::new("us-east-1", "123456789012");
        let context = Context {
            source_ip: Some("10.1.2.3".parse().expect("an address")),
            extra,
            ..Context::of_thing(Timestamp::from_seconds(1_748_736_300), &scope, "T1")
        };
        condition.holds(&context)
    }

    #[test]
    fn p19_single_valued_operators() {
        for (operator, key, values, expected) in [
            ("StringEquals", "iot:ClientId", &["T1"][..], true),
            ("StringEquals", "IOT:CLIENTID", &["x", "T1"], true),
            ("StringEquals", "iot:ClientId", &["T*"], false),
            ("StringEquals", "iot:ClientId", &["${iot:Connection.Thing.ThingName}"], true),
            ("StringNotEquals", "iot:ClientId", &["x", "T1"], false),
            ("StringNotEquals", "iot:ClientId", &["x", "y"], true),
            ("StringEqualsIgnoreCase", "iot:ClientId", &["t1"], true),
            ("StringLike", "iot:ClientId", &["T?"], true),
            ("StringNotLike", "iot:ClientId", &["T*"], false),
            ("Bool", "iot:Connection.Thing.IsAttached", &["true"], true),
            ("Bool", "iot:Connection.Thing.IsAttached", &["TRUE"], true),
            ("Bool", "iot:Connection.Thing.IsAttached", &["false"], false),
            ("IpAddress", "aws:SourceIp", &["192.168.0.0/16", "10.0.0.0/8"], true),
            ("IpAddress", "aws:SourceIp", &["10.1.2.4"], false),
            ("NotIpAddress", "aws:SourceIp", &["10.0.0.0/8"], false),
            ("DateGreaterThan", "aws:CurrentTime", &["2025-06-01T00:04:59Z"], true),
            ("DateLessThan", "aws:CurrentTime", &["2025-06-01"], false),
            ("DateLessThanEquals", "aws:EpochTime", &["1748736300"], true),
            ("NumericLessThan", "aws:EpochTime", &["1748736301"], true),
            ("NumericGreaterThanEquals", "aws:EpochTime", &["1748736300.5"], false),
        ] {
            assert_eq!(holds(operator, key, values, &[]), expected, "{operator} {key} {values:?}");
        }
    }

    #[test]
    fn p19_absent_keys() {
        for (operator, expected) in [
            ("StringEquals", false),
            ("StringNotEquals", true),
            ("StringEqualsIfExists", true),
            ("ForAllValues:StringEquals", true),
            ("ForAnyValue:StringEquals", false),
            ("ForAnyValue:StringNotEquals", false),
        ] {
            assert_eq!(holds(operator, "x:absent", &["a"], &[]), expected, "{operator}");
        }
        assert!(holds("Null", "x:absent", &["true"], &[]));
        assert!(!holds("Null", "iot:ClientId", &["true"], &[]));
        assert!(holds("Null", "iot:ClientId", &["false"], &[]));
    }

    #[test]
    fn p19_several_values_of_a_key() {
        let tags = [("x:tag", "a"), ("x:tag", "b")];
        assert!(holds("ForAllValues:StringEquals", "x:tag", &["a", "b", "c"], &tags));
        assert!(!holds("ForAllValues:StringEquals", "x:tag", &["a", "c"], &tags));
        assert!(holds("ForAnyValue:StringEquals", "x:tag", &["b", "c"], &tags));
        assert!(!holds("ForAnyValue:StringEquals", "x:tag", &["c"], &tags));
        assert!(!holds("StringNotEquals", "x:tag", &["b"], &tags));
    }

    #[test]
    fn p19_arns_compare_field_by_field() {
        let source = [("aws:SourceArn", "arn:aws:iot:us-east-1:123456789012:thing/a:b")];
        assert!(holds("ArnLike", "aws:SourceArn", &["arn:aws:iot:*:123456789012:thing/*"], &source));
        assert!(!holds("ArnLike", "aws:SourceArn", &["arn:aws:*:thing/*"], &source));
        assert!(holds("ArnNotLike", "aws:SourceArn", &["arn:aws:iot:*:*:cert/*"], &source));
    }

    #[test]
    fn unknown_operators_come_with_the_probable_one() {
        assert_eq!(Operator::parse("StringEqual"), Err(Some("StringEquals")));
        assert_eq!(Operator::parse("IpAdress"), Err(Some("IpAddress")));
        assert_eq!(Operator::parse("Frobnicate"), Err(None));
        assert!(Operator::parse("NullIfExists").is_err());
        assert!(Operator::parse("ForAnyValue:StringLikeIfExists").is_ok());
    }
}
