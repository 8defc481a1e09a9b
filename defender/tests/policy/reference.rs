//! The policy language once more, written for obviousness alone: JSON read as it comes, wildcards by recursion,
//! variables by replacing text. Slow, and independent of everything it is compared with.

use serde_json::Value;

/// What variables stand for.
#[derive(Clone, Debug)]
pub struct World {
    pub client_id: Option<String>,
    pub thing: Option<String>,
    pub address: [u8; 4],
}

/// A character to match, or a wildcard.
#[derive(Clone, Debug, PartialEq)]
enum Symbol {
    Exactly(char),
    AnyOne,
    AnyRun,
}

/// `EXPLICIT_DENY`, `ALLOWED` or `IMPLICIT_DENY` (P-18) for one action on one resource, by its ARN.
pub fn decision(documents: &[&str], action: &str, arn: &str, world: &World) -> &'static str {
    let mut outcome = "IMPLICIT_DENY";
    for document in documents {
        let document: Value = serde_json::from_str(document).expect("JSON");
        let variables = document["Version"] == "2012-10-17";
        let statements = list(&document["Statement"]);
        for statement in &statements {
            if statement_matches(statement, action, arn, variables, world) {
                match statement["Effect"].as_str() {
                    Some("Deny") => return "EXPLICIT_DENY",
                    _ => outcome = "ALLOWED",
                }
            }
        }
    }
    outcome
}

/// Whether a resource pattern matches a text; none if a variable in it does not resolve (P-17).
pub fn resource_matches(pattern: &str, text: &str, variables: bool, world: &World) -> Option<bool> {
    let symbols = symbols(pattern, true, variables, world)?;
    Some(glob(&symbols, &text.chars().collect::<Vec<_>>()))
}

/// The broad-access rule (P-21 to P-27), over plain texts. For patterns whose variables contain no wildcard, and no
/// colon before the fifth of the pattern.
pub fn is_broad(action: &str, kind: &str, pattern: &str, guarded: bool) -> bool {
    let plain = |text: &str| text.replace("${*}", "\u{1}").replace("${?}", "\u{2}").replace("${$}", "$");
    if pattern.replace("**", "*") == "*" {
        return true;
    }
    let pattern = plain(pattern);
    let has_wildcard = |text: &str| text.contains(['*', '?']);
    let fields: Vec<&str> = pattern.splitn(6, ':').collect();
    if fields.len() < 6 {
        return has_wildcard(&pattern);
    }
    let resource = fields[5].strip_prefix('/').unwrap_or(fields[5]);
    let (found, rest) = resource.split_once('/').unwrap_or((resource, ""));
    if has_wildcard(found) {
        return true;
    }
    if found != kind {
        return false;
    }
    let rest = match (action, guarded) {
        ("iot:Connect", false) => rest.replace("${iot:ClientId}", "*"),
        _ => rest.to_owned(),
    };
    let literal = rest.split(['*', '?']).next().unwrap_or("");
    let wild = has_wildcard(&rest);
    let reserved = wild && "$aws/things/".starts_with(literal);
    match action {
        "iot:Publish" | "iot:RetainPublish" | "iot:GetRetainedMessage" => reserved,
        "iot:Subscribe" => {
            let levels: Vec<&str> = rest.split('/').collect();
            let below_things = levels.len() > 2 && levels[..2] == ["$aws", "things"] && ["+", "#"].contains(&levels[2]);
            let at_once = rest == "#" || rest == "+" || rest.starts_with("+/");
            reserved || at_once || below_things || rest == "$aws/#" || rest.starts_with("$aws/+")
        }
        "iot:Receive" => false,
        _ => wild && literal.is_empty(),
    }
}

fn statement_matches(statement: &Value, action: &str, arn: &str, variables: bool, world: &World) -> bool {
    let is_action = |pattern: &Value| {
        let pattern = pattern.as_str().expect("a string").to_lowercase();
        let symbols = symbols(&pattern, true, false, world).expect("actions have no variables");
        glob(&symbols, &action.to_lowercase().chars().collect::<Vec<_>>())
    };
    let action_fits = match statement.get("Action") {
        Some(patterns) => list(patterns).iter().any(is_action),
        None => !list(&statement["NotAction"]).iter().any(is_action),
    };
    let (patterns, negated) = match statement.get("Resource") {
        Some(patterns) => (list(patterns), false),
        None => (list(&statement["NotResource"]), true),
    };
    let mut any = false;
    for pattern in &patterns {
        match resource_matches(pattern.as_str().expect("a string"), arn, variables, world) {
            Some(matched) => any |= matched,
            None => return false,
        }
    }
    action_fits && any != negated && conditions_hold(statement, variables, world)
}

fn conditions_hold(statement: &Value, variables: bool, world: &World) -> bool {
    let Some(Value::Object(operators)) = statement.get("Condition") else { return true };
    operators.iter().all(|(operator, keys)| {
        let keys = keys.as_object().expect("an object");
        keys.iter().all(|(key, values)| condition_holds(operator, key, &list(values), variables, world) == Some(true))
    })
}

/// One operator on one key; none if a value has a variable that does not resolve.
fn condition_holds(operator: &str, key: &str, values: &[Value], variables: bool, world: &World) -> Option<bool> {
    let found = match key {
        "iot:ClientId" => world.client_id.clone(),
        "iot:Connection.Thing.ThingName" => world.thing.clone(),
        "iot:Connection.Thing.IsAttached" => Some(world.thing.is_some().to_string()),
        "aws:SourceIp" => Some(world.address.map(|byte| byte.to_string()).join(".")),
        _ => None,
    };
    let negated = operator.contains("Not");
    let mut any = false;
    for value in values {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        any |= match operator {
            "IpAddress" | "NotIpAddress" => {
                let (network, bits) = value.split_once('/').expect("a CIDR");
                let network: Vec<u32> = network.split('.').map(|byte| byte.parse().expect("a byte")).collect();
                let number = |bytes: &[u32]| bytes.iter().fold(0u64, |sum, &byte| sum * 256 + u64::from(byte));
                let size = 1u64 << (32 - bits.parse::<u32>().expect("a number"));
                number(&network) / size == number(&world.address.map(u32::from)) / size
            }
            "Bool" => found.as_deref() == Some(value.as_str()),
            _ => {
                let symbols = symbols(&value, operator.ends_with("Like"), variables, world)?;
                found.as_ref().is_some_and(|found| glob(&symbols, &found.chars().collect::<Vec<_>>()))
            }
        };
    }
    Some(match found {
        None => negated,
        Some(_) => any != negated,
    })
}

fn list(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(values) => values.clone(),
        value => vec![value.clone()],
    }
}

fn symbols(pattern: &str, wildcards: bool, variables: bool, world: &World) -> Option<Vec<Symbol>> {
    let mut symbols = Vec::new();
    let mut rest = pattern;
    while let Some(first) = rest.chars().next() {
        if variables && rest.starts_with("${") && rest.contains('}') {
            let end = rest.find('}').expect("just seen");
            let value = match &rest[2..end] {
                escaped @ ("*" | "?" | "$") => Some(escaped.to_owned()),
                "iot:ClientId" => world.client_id.clone(),
                "iot:Connection.Thing.ThingName" => world.thing.clone(),
                "iot:Connection.Thing.IsAttached" => Some(world.thing.is_some().to_string()),
                _ => None,
            };
            symbols.extend(value?.chars().map(Symbol::Exactly));
            rest = &rest[end + 1..];
            continue;
        }
        symbols.push(match first {
            '*' if wildcards => Symbol::AnyRun,
            '?' if wildcards => Symbol::AnyOne,
            other => Symbol::Exactly(other),
        });
        rest = &rest[first.len_utf8()..];
    }
    Some(symbols)
}

fn glob(symbols: &[Symbol], text: &[char]) -> bool {
    match symbols.split_first() {
        None => text.is_empty(),
        Some((Symbol::AnyRun, rest)) => (0..=text.len()).any(|swallowed| glob(rest, &text[swallowed..])),
        Some((Symbol::AnyOne, rest)) => !text.is_empty() && glob(rest, &text[1..]),
        Some((Symbol::Exactly(wanted), rest)) => text.first() == Some(wanted) && glob(rest, &text[1..]),
    }
}
