//! The audit configuration as `update-account-audit-configuration` takes it, and schedules as
//! `create-scheduled-audit` takes them.

use std::sync::Arc;

use defender::audit::AuditCheck;
use defender::error::Compatibility;

use super::super::plan::{CreateScheduledAuditRequest, UpdateAccountAuditConfigurationRequest};
use super::super::problem::{Problem, suggestion};
use super::super::source::{Place, Placed, Source};
use super::super::tree::{Entry, Node, Table, Value};
use super::shape::escaped;
use super::{Reading, parse, request, shapes};

/// A configuration with the checks that it enables.
#[derive(Debug)]
pub struct Configuration {
    /// The request, with canonical check names.
    pub request: UpdateAccountAuditConfigurationRequest,
    /// The checks that are enabled, in document order.
    pub enabled: Vec<&'static str>,
}

/// A schedule with the checks that it runs.
#[derive(Debug)]
pub struct Schedule {
    /// The request, with canonical check names.
    pub request: CreateScheduledAuditRequest,
    /// Its name.
    pub name: Placed<String>,
    /// The checks that it runs, with the places of their names.
    pub checks: Vec<Placed<&'static str>>,
}

/// Reads an audit configuration.
pub fn configuration(source: &Arc<Source>, reading: &mut Reading<'_>) -> Option<Configuration> {
    let errors = reading.problems.errors();
    let mut tree = parse(source, &shapes::AUDIT_CONFIGURATION, reading)?;
    role(&mut tree, reading);
    let mut enabled = Vec::new();
    if let Some(Value::Table(checks)) = member(&mut tree, "auditCheckConfigurations") {
        for entry in &mut checks.entries {
            let pointer = format!("/auditCheckConfigurations/{}", escaped(&entry.key));
            let Some(name) = resolve(&entry.key, &entry.key_place, &pointer, reading) else { continue };
            let is_enabled = entry.node.as_table().and_then(|table| table.get("enabled")).map(|node| &node.value);
            if is_enabled == Some(&Value::Bool(true)) {
                enabled.push(name);
            }
            thresholds(entry, name, reading);
            entry.key = name.to_owned();
        }
    }
    if enabled.is_empty() && reading.problems.errors() == errors {
        let message = "the first configuration of an account must enable at least one check (A-03)";
        reading.problems.push(
            Problem::error(tree.place.clone(), message)
                .help("add `\"auditCheckConfigurations\": { \"CHECK_NAME\": { \"enabled\": true } }`"),
        );
    }
    Some(Configuration { request: request(&tree, errors, reading)?, enabled })
}

/// The first configuration needs a role; lenient mode fills one in.
fn role(tree: &mut Node, reading: &mut Reading<'_>) {
    let Value::Table(table) = &mut tree.value else { return };
    if table.get("roleArn").is_some_and(|node| node.value != Value::Null) {
        return;
    }
    let role = format!("arn:aws:iam::{}:role/local-audit", reading.account);
    reading.deviate(
        &tree.place,
        "/roleArn",
        "AUDIT_ROLE_DEFAULTED",
        "the first configuration of an account must have a `roleArn` (A-03)".into(),
        "add the role that audits run with",
        Some(role.clone().into()),
    );
    if reading.compatibility == Compatibility::Lenient {
        table.set("roleArn", Node { value: Value::Text(role), place: tree.place.clone() });
    }
}

/// The settings of a check.
fn thresholds(entry: &Entry, check: &str, reading: &mut Reading<'_>) {
    let Some(settings) = entry.node.as_table().and_then(|table| table.get("configuration")?.as_table()) else {
        return;
    };
    for setting in &settings.entries {
        let belongs = match setting.key.as_str() {
            "CERT_AGE_THRESHOLD_IN_DAYS" => "DEVICE_CERTIFICATE_AGE_CHECK",
            "CERT_EXPIRATION_THRESHOLD_IN_DAYS" => "DEVICE_CERTIFICATE_EXPIRING_CHECK",
            other => {
                let names = ["CERT_AGE_THRESHOLD_IN_DAYS", "CERT_EXPIRATION_THRESHOLD_IN_DAYS"];
                let problem = Problem::error(setting.key_place.clone(), format!("no setting is named `{other}`"));
                reading.problems.push(match suggestion(other, names) {
                    Some(help) => problem.help(help),
                    None => problem,
                });
                continue;
            }
        };
        if belongs != check {
            let message = format!("`{}` is a setting of {belongs}, found in {check} (A-05)", setting.key);
            reading.problems.push(Problem::error(setting.key_place.clone(), message));
        }
        let days = setting.node.as_text().and_then(|text| text.parse::<u32>().ok());
        if setting.node.as_text().is_some() && !days.is_some_and(|days| (30..=3652).contains(&days)) {
            let message = format!(
                "{} must be whole days in 30..=3652 as text, found {} (A-05)",
                setting.key,
                setting.node.found()
            );
            reading.problems.push(Problem::error(setting.node.place.clone(), message));
        }
    }
}

/// Reads a schedule.
pub fn schedule(source: &Arc<Source>, reading: &mut Reading<'_>) -> Option<Schedule> {
    let errors = reading.problems.errors();
    let mut tree = parse(source, &shapes::SCHEDULED_AUDIT, reading)?;
    days(&tree, reading);
    let mut checks = Vec::new();
    if let Some(Value::List(names)) = member(&mut tree, "targetCheckNames") {
        for (i, node) in names.iter_mut().enumerate() {
            let Some(text) = node.as_text().map(str::to_owned) else { continue };
            if let Some(name) = resolve(&text, &node.place, &format!("/targetCheckNames/{i}"), reading) {
                checks.push(Placed { value: name, place: node.place.clone() });
                node.value = Value::Text(name.to_owned());
            }
        }
    }
    let name = tree.as_table().and_then(|table| table.get("scheduledAuditName"));
    let name =
        name.map(|node| Placed { value: node.as_text().unwrap_or_default().to_owned(), place: node.place.clone() });
    Some(Schedule { request: request(&tree, errors, reading)?, name: name?, checks })
}

/// Which day a frequency needs (A-28, CH-39).
fn days(tree: &Node, reading: &mut Reading<'_>) {
    let Some(table) = tree.as_table() else { return };
    let text = |name: &str| table.get(name).and_then(Node::as_text);
    let Some(frequency) = text("frequency") else { return };
    let wanted = match frequency {
        "WEEKLY" | "BIWEEKLY" => Some("dayOfWeek"),
        "MONTHLY" => Some("dayOfMonth"),
        "DAILY" => None,
        _ => return,
    };
    if let Some(name) = wanted
        && text(name).is_none()
    {
        let message = format!("a {frequency} audit needs `{name}` (A-28)");
        reading.problems.push(Problem::error(table.get("frequency").map(|node| node.place.clone()), message));
    }
    for name in ["dayOfWeek", "dayOfMonth"] {
        if let (Some(entry), true) = (table.entry(name), wanted != Some(name)) {
            let message = format!("`{name}` does not belong to a {frequency} audit (CH-39)");
            reading.problems.push(Problem::error(entry.key_place.clone(), message));
        }
    }
    if let Some(node) = table.get("dayOfMonth")
        && let Some(day) = node.as_text()
        && day != "LAST"
        && (!day.parse::<u8>().is_ok_and(|day| (1..=31).contains(&day)) || day.starts_with('0'))
    {
        let message = format!("dayOfMonth must be `1` to `31` or `LAST`, found `{day}`");
        reading.problems.push(Problem::error(node.place.clone(), message));
    }
}

/// The canonical name of a check; lenient mode knows old and mistaken names too, and a check that only
/// this engine has.
pub fn resolve(name: &str, place: &Place, pointer: &str, reading: &mut Reading<'_>) -> Option<&'static str> {
    let known = || AuditCheck::known(reading.compatibility).map(AuditCheck::name);
    if let Some(canonical) = known().find(|known| *known == name) {
        return Some(canonical);
    }
    let mut tolerated = Vec::new();
    match AuditCheck::read(name, Compatibility::Lenient, pointer, &mut tolerated) {
        Ok(check) if !check.is_extension() => {
            let message = format!("the service has no check named `{name}`, it calls it `{check}`");
            let help = format!("write `{check}`");
            reading.deviate(place, pointer, "CHECK_NAME_ALIAS", message, &help, Some(check.name().into()));
            Some(check.name())
        }
        _ => {
            let problem = Problem::error(place.clone(), format!("no audit check is named `{name}`"));
            let names: Vec<&str> = known().collect();
            reading.problems.push(match suggestion(name, names) {
                Some(help) => problem.help(help),
                None => problem,
            });
            None
        }
    }
}

fn member<'a>(tree: &'a mut Node, name: &str) -> Option<&'a mut Value> {
    let Value::Table(table) = &mut tree.value else { return None };
    Table::get_mut(table, name).map(|node| &mut node.value)
}
