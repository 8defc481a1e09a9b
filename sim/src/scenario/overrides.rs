//! Values from the command line laid over a scenario: `--set attack.night-exfiltration.duration=6h`. A path goes down
//! through keys; in a list it takes an element by its position or its `name`.

use std::sync::Arc;

use super::problem::{Problem, Problems, suggestion};
use super::source::{Place, Source};
use super::tree::{Node, Table, Value, parse_toml_value};

/// Lays `value` over whatever is at `path`. A value is TOML where it can be read as such, and text otherwise, so that
/// quotes may be left out.
pub(crate) fn apply(tree: &mut Node, path: &str, value: &str, problems: &mut Problems) {
    let text = format!("{path}={value}");
    let source = Source::new("--set", text);
    let offset = path.len() + 1;
    let node = parse_toml_value(&source, offset).unwrap_or_else(|_| Node {
        value: Value::Text(value.to_owned()),
        place: Place::new(&source, offset..source.text.len()),
    });
    let mut steps = Vec::new();
    let mut start = 0;
    for step in path.split('.') {
        steps.push((step, start..start + step.len()));
        start += step.len() + 1;
    }
    if steps.iter().any(|(step, _)| step.is_empty()) {
        let problem = Problem::error(Place::new(&source, 0..path.len()), format!("`{path}` is not a path"));
        problems.push(problem.help("write keys with points between them, for example `class.camera.count=500`"));
        return;
    }
    if let Err(problem) = set(tree, &steps, node, &source) {
        problems.push(problem);
    }
}

type Step<'a> = (&'a str, std::ops::Range<usize>);

fn set(tree: &mut Node, steps: &[Step<'_>], node: Node, source: &Arc<Source>) -> Result<(), Problem> {
    let Some(((step, span), rest)) = steps.split_first() else {
        *tree = node;
        return Ok(());
    };
    let place = Place::new(source, span.clone());
    match &mut tree.value {
        Value::Table(table) => {
            if table.get(step).is_none() {
                let value = Value::Table(Table::default());
                table.set(step, Node { value, place: place.clone() });
                if let Some(entry) = table.entries.last_mut() {
                    entry.key_place = place;
                }
            }
            let inner = table.get_mut(step).expect("it is there by now");
            set(inner, rest, node, source)
        }
        Value::List(list) => {
            let by_position = step.parse::<usize>().ok().filter(|i| *i < list.len());
            let by_name = || list.iter().position(|item| name_of(item) == Some(step));
            match by_position.or_else(by_name) {
                Some(i) => set(&mut list[i], rest, node, source),
                None => {
                    let names: Vec<&str> = list.iter().filter_map(name_of).collect();
                    let problem = Problem::error(place, format!("no element has the name or position `{step}`"));
                    Err(match suggestion(step, names.iter().copied()) {
                        Some(help) => problem.help(help),
                        None => problem,
                    })
                }
            }
        }
        _ => Err(Problem::error(place, format!("nothing lies inside {}, found a path to `{step}`", tree.found()))),
    }
}

fn name_of(node: &Node) -> Option<&str> {
    node.as_table()?.get("name")?.as_text()
}

#[cfg(test)]
mod tests {
    use super::super::tree::parse_toml;
    use super::*;

    fn applied(path: &str, value: &str) -> Result<serde_json::Value, String> {
        let text = "seed = 1\n[[attack]]\nname = \"night\"\nduration = \"1h\"\n[[attack]]\nname = \"day\"\n";
        let mut tree = parse_toml(&Source::new("x.toml", text)).0;
        let mut problems = Problems::new();
        apply(&mut tree, path, value, &mut problems);
        if problems.is_empty() { Ok(tree.to_json()) } else { Err(problems.to_string()) }
    }

    #[test]
    fn paths_go_through_keys_names_and_positions() {
        assert_eq!(applied("seed", "7").expect("set")["seed"], 7);
        assert_eq!(applied("attack.night.duration", "6h").expect("set")["attack"][0]["duration"], "6h");
        assert_eq!(applied("attack.1.stagger", "\"5m\"").expect("set")["attack"][1]["stagger"], "5m");
        assert_eq!(applied("account.id", "\"1\"").expect("set")["account"]["id"], "1");
        assert_eq!(applied("x", "{ a = [1, 2] }").expect("set")["x"]["a"][1], 2);
    }

    #[test]
    fn a_path_to_nowhere_says_what_there_is() {
        insta::assert_snapshot!(applied("attack.nigth.duration", "6h").expect_err("no such attack"), @r"
        --set:1:8  no element has the name or position `nigth`
        help: did you mean `night`?
        ");
        insta::assert_snapshot!(applied("seed.a", "6").expect_err("seed is a number"), @"--set:1:6  nothing lies inside `1`, found a path to `a`");
        insta::assert_snapshot!(applied("a..b", "6").expect_err("an empty step"), @r"
        --set:1:1  `a..b` is not a path
        help: write keys with points between them, for example `class.camera.count=500`
        ");
    }
}
