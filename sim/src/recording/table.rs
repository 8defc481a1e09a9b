//! Recorded metrics as CSV: a line a value, or a line a thing with its class.

use std::sync::Arc;

use super::read::{Reader, line_at};
use crate::scenario::Problem;
use crate::scenario::problem::suggestion;
use crate::scenario::source::{Place, Source};

/// The columns that a table may have.
const COLUMNS: [&str; 5] = ["thing", "metric", "timestamp", "value", "class"];

/// Where the columns are.
struct Layout {
    thing: usize,
    /// Metric, timestamp and value; a table without them says of what class things are.
    value: Option<[usize; 3]>,
    class: Option<usize>,
}

/// Reads a table.
pub(super) fn read(source: &Arc<Source>, into: &mut Reader<'_>) {
    let text = source.text.strip_prefix('\u{feff}').unwrap_or(&source.text);
    let skipped = source.text.len() - text.len();
    let mut table =
        csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(true).has_headers(false).from_reader(text.as_bytes());
    let mut record = csv::StringRecord::new();
    let mut layout: Option<Layout> = None;
    let mut fields = 0;
    loop {
        match table.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            // The text is UTF-8 and rows may have any length: nothing else can be wrong with it.
            Err(error) => return into.problem(Problem::error(line_at(source, 0), format!("not valid CSV: {error}"))),
        }
        let at = record.position().map_or(0, |position| position.byte() as usize);
        let place = line_at(source, skipped + at);
        let Some(layout) = &layout else {
            fields = record.len();
            match header(&record, &place, into) {
                Some(found) => layout = Some(found),
                None => return,
            }
            continue;
        };
        if record.len() != fields {
            let message = format!("a line must have {fields} fields, as the first has, found {}", record.len());
            into.problem(Problem::error(place, message));
            continue;
        }
        line(&record, &place, layout, into);
    }
    if layout.is_none() {
        let problem = Problem::error(line_at(source, 0), "the table is empty");
        into.problem(problem.help("its first line names the columns: thing,metric,timestamp,value"));
    }
}

fn header(record: &csv::StringRecord, place: &Place, into: &mut Reader<'_>) -> Option<Layout> {
    let mut right = true;
    for (position, name) in record.iter().enumerate() {
        if !COLUMNS.contains(&name) {
            let problem = Problem::error(place.unquoted(name), format!("there is no column `{name}`"));
            into.problem(match suggestion(name, COLUMNS) {
                Some(help) => problem.help(help),
                None => problem,
            });
            right = false;
        } else if record.iter().take(position).any(|before| before == name) {
            into.problem(Problem::error(place.clone(), format!("column `{name}` is there twice")));
            right = false;
        }
    }
    let column = |name: &str| record.iter().position(|column| column == name);
    let class = column("class");
    let value = ["metric", "timestamp", "value"].map(column);
    let is_list = class.is_some() && value == [None; 3];
    for (name, _) in [("thing", column("thing"))]
        .into_iter()
        .chain(["metric", "timestamp", "value"].into_iter().zip(value).filter(|_| !is_list))
        .filter(|(_, position)| position.is_none())
    {
        into.problem(Problem::error(place.clone(), format!("column `{name}` is missing")));
        right = false;
    }
    let value = match value {
        [Some(metric), Some(time), Some(value)] => Some([metric, time, value]),
        _ => None,
    };
    right.then_some(Layout { thing: column("thing")?, value, class })
}

fn line(record: &csv::StringRecord, place: &Place, layout: &Layout, into: &mut Reader<'_>) {
    let thing = &record[layout.thing];
    if let Some(class) = layout.class.filter(|class| !record[*class].is_empty())
        && let Some(thing) = into.thing(thing, place)
    {
        into.classify(thing, &record[class], place);
    }
    let Some([metric, time, value]) = layout.value else { return };
    let (metric, time, value) = (&record[metric], &record[time], &record[value]);
    let series = into.series((thing, place), (metric, place));
    let time = into.time(time, place);
    if let (Some(series), Some(time)) = (series, time) {
        into.value(series, time, value, 0, place);
    }
}
