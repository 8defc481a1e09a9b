//! Recorded metrics as the service hands them out: what `list-metric-values` answers (D-91), and the messages of the
//! metrics export (D-93). A file holds one document, a list of them, or one after the other.

use std::path::Path;
use std::sync::Arc;

use defender::metric::Metric;

use super::read::Reader;
use crate::scenario::Problem;
use crate::scenario::json::parse_json_texts;
use crate::scenario::problem::suggestion;
use crate::scenario::source::{Place, Source};
use crate::scenario::tree::{Node, Table, Value};

/// Members of an answer of `list-metric-values`, with those of the request that say what it is about, and the class.
const ANSWER: [&str; 10] = [
    "metricDatumList",
    "nextToken",
    "thingName",
    "metricName",
    "class",
    "dimensionName",
    "dimensionValueOperator",
    "startTime",
    "endTime",
    "maxResults",
];

/// Reads a file.
pub(super) fn read(source: &Arc<Source>, path: &Path, into: &mut Reader<'_>) {
    match parse_json_texts(source) {
        Ok(documents) => documents.iter().for_each(|document| self::document(document, path, into)),
        Err(problem) => into.problem(problem),
    }
}

fn document(node: &Node, path: &Path, into: &mut Reader<'_>) {
    match &node.value {
        Value::List(list) => list.iter().for_each(|node| document(node, path, into)),
        Value::Table(table) if table.get("metricDatumList").is_some() => answer(node, table, path, into),
        Value::Table(table) if table.get("metrics").is_some() => export(table, into),
        _ => {
            let message =
                format!("this is neither an answer of list-metric-values nor a metrics export: {}", node.found());
            let help = "the one has `metricDatumList`, the other `metrics`";
            into.problem(Problem::error(node.place.clone(), message).help(help));
        }
    }
}

/// An answer of `list-metric-values`: of which thing and metric is said beside the data, or by the file's name.
fn answer(node: &Node, table: &Table, path: &Path, into: &mut Reader<'_>) {
    for entry in table.entries.iter().filter(|entry| !ANSWER.contains(&entry.key.as_str())) {
        let problem = Problem::error(entry.key_place.clone(), format!("there is no member `{}`", entry.key));
        into.problem(match suggestion(&entry.key, ANSWER) {
            Some(help) => problem.help(help),
            None => problem,
        });
    }
    let named = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.split_once('.'));
    let mut name = |member: &str, by_file: Option<&str>| match (text(table, member, into), by_file) {
        (Some((text, place)), _) => Some((text.to_owned(), place)),
        (None, Some(by_file)) => Some((by_file.to_owned(), node.place.clone())),
        (None, None) => {
            let message = format!("`{member}` is missing: nothing says what these values are of");
            let help = "put `thingName` and `metricName` beside `metricDatumList`, or call the file THING.METRIC.json";
            into.problem(Problem::error(node.place.clone(), message).help(help));
            None
        }
    };
    let thing = name("thingName", named.map(|(thing, _)| thing));
    let metric = name("metricName", named.map(|(_, metric)| metric));
    if table.get("nextToken").is_some_and(|token| token.value != Value::Null) {
        into.remarks.push(format!("{}: there is a nextToken, so there is more than this page", path.display()));
    }
    let Some(list) = list(table, "metricDatumList", into) else { return };
    let (Some((thing, thing_place)), Some((metric, metric_place))) = (thing, metric) else { return };
    if let Some((class, place)) = text(table, "class", into)
        && let Some(thing) = into.thing(&thing, &thing_place)
    {
        into.classify(thing, class, &place);
    }
    if table.get("dimensionName").is_some() {
        list.iter().for_each(|_| into.leave_out(metric.clone(), "with a dimension"));
        return;
    }
    for datum in list {
        let Some(datum_table) = object(datum, "a datum", into) else { continue };
        if let Some(series) = into.series((&thing, &thing_place), (&metric, &metric_place)) {
            point(series, datum, datum_table, 0, into);
        }
    }
}

/// A message of the metrics export.
fn export(table: &Table, into: &mut Reader<'_>) {
    for node in list(table, "metrics", into).unwrap_or_default() {
        let Some(table) = object(node, "a metric", into) else { continue };
        let mut name = |member: &str| {
            let found = text(table, member, into).map(|(text, place)| (text.to_owned(), place));
            if found.is_none() {
                into.problem(Problem::error(node.place.clone(), format!("`{member}` is missing")));
            }
            found
        };
        let (Some((metric, metric_place)), Some((thing, thing_place))) = (name("name"), name("thing")) else {
            continue;
        };
        if table.get("dimension").is_some_and(|dimension| dimension.value != Value::Null) {
            into.leave_out(metric, "with a dimension");
            continue;
        }
        if metric == Metric::MessageByteSize.name() {
            // Minimum, maximum and total in one (D-94).
            into.leave_out(metric, "in an export stands for several messages");
            continue;
        }
        let version = match table.get("version").map(|node| &node.value) {
            Some(Value::Integer(version)) => u64::try_from(*version).unwrap_or(0),
            Some(Value::Text(version)) => version.parse().unwrap_or(0),
            _ => 0,
        };
        if let Some(series) = into.series((&thing, &thing_place), (&metric, &metric_place)) {
            point(series, node, table, version, into);
        }
    }
}

/// `timestamp` and `value` of a table.
fn point(series: super::read::Series, node: &Node, table: &Table, version: u64, into: &mut Reader<'_>) {
    let (Some(time), Some(value)) = (table.get("timestamp"), table.get("value")) else {
        return into.problem(Problem::error(node.place.clone(), "a value needs a `timestamp` and a `value`"));
    };
    let time = written(time).and_then(|text| into.time(&text, &time.place));
    let inside = value.as_table().and_then(|table| table.get("count").or_else(|| table.get("number")));
    match (time, inside.and_then(|node| Some((written(node)?, node)))) {
        (Some(time), Some((text, node))) => into.value(series, time, &text, version, &node.place),
        (_, None) => {
            let message = format!("a value must have a `count` or a `number`, found {}", value.found());
            into.problem(Problem::error(value.place.clone(), message));
        }
        (None, _) => {}
    }
}

/// A string or a number, as text.
fn written(node: &Node) -> Option<String> {
    match &node.value {
        Value::Text(text) | Value::Float(_, text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        _ => None,
    }
}

fn text<'t>(table: &'t Table, member: &str, into: &mut Reader<'_>) -> Option<(&'t str, Place)> {
    let node = table.get(member)?;
    if node.as_text().is_none() {
        into.problem(Problem::error(node.place.clone(), format!("`{member}` must be a text, found {}", node.found())));
    }
    Some((node.as_text()?, node.place.clone()))
}

fn list<'t>(table: &'t Table, member: &str, into: &mut Reader<'_>) -> Option<&'t [Node]> {
    let node = table.get(member)?;
    if node.as_list().is_none() {
        into.problem(Problem::error(node.place.clone(), format!("`{member}` must be a list, found {}", node.found())));
    }
    node.as_list()
}

fn object<'t>(node: &'t Node, noun: &str, into: &mut Reader<'_>) -> Option<&'t Table> {
    if node.as_table().is_none() {
        into.problem(Problem::error(node.place.clone(), format!("{noun} must be an object, found {}", node.found())));
    }
    node.as_table()
}
