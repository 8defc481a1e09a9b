//! The lock of a run: the scenario as it really ran, in one file. Values from the command line are in place, documents
//! are carried inside, the fleet has its final size; loading it gives the same run.

use sha2::{Digest, Sha256};

use super::library::Library;
use super::plan::{Scenario, Selector};
use super::source::Place;
use super::tree::{Node, Table, Value};

/// Everything needed to run a scenario again.
#[derive(Clone, Debug)]
pub struct Lock {
    tree: Node,
    scenario: String,
    seed: u64,
}

impl Lock {
    pub(super) fn new(mut tree: Node, scenario: &Scenario, scaled: bool, library: &Library) -> Lock {
        let place = Place::nowhere();
        let text = |text: &str| Node { value: Value::Text(text.to_owned()), place: Place::nowhere() };
        let number = |number: u64| Node { value: Value::Integer(number.into()), place: Place::nowhere() };
        if let Value::Table(table) = &mut tree.value {
            table.set("name", text(&scenario.name));
            table.set("seed", number(scenario.seed));
            if scaled {
                write_counts(table, scenario);
            }
            let mut documents = Table::default();
            for (path, content) in library.opened() {
                documents.set(path, text(content));
            }
            table.entries.retain(|entry| entry.key != "documents");
            if !documents.entries.is_empty() {
                table.set("documents", Node { value: Value::Table(documents), place });
            }
        }
        Lock { tree, scenario: scenario.name.clone(), seed: scenario.seed }
    }

    /// SHA-256 over the scenario as it would run, with its documents: in hex.
    pub fn digest(&self) -> String {
        let text = self.to_toml("", None);
        Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The file's text. `version` and `digest` are those of the run that it belongs to.
    pub fn to_toml(&self, version: &str, digest: Option<&str>) -> String {
        let mut text = format!(
            "# The scenario `{}` as it ran: fleetrange {version}, seed {}.\n# Run it again: fleetrange run scenario.lock.toml\n",
            self.scenario, self.seed
        );
        if let Some(digest) = digest {
            text += &format!("# digest {digest}\n");
        }
        text += "\n";
        let value = to_toml(&self.tree);
        text += &toml::to_string_pretty(&value).expect("a tree that was TOML is TOML");
        text
    }
}

/// Replaces shares and counts by the counts of a scaled fleet.
fn write_counts(table: &mut Table, scenario: &Scenario) {
    fn set_count(table: &mut Table, count: u64) {
        table.entries.retain(|entry| entry.key != "share");
        table.set("count", Node { value: Value::Integer(count.into()), place: Place::nowhere() });
    }
    let devices = u64::from(scenario.devices());
    table.set("devices", Node { value: Value::Integer(devices.into()), place: Place::nowhere() });
    for (class, plan) in tables_of(table, "class").zip(&scenario.classes) {
        set_count(class, plan.count.into());
        for (cohort, plan) in tables_of(class, "cohort").zip(&plan.cohorts) {
            set_count(cohort, plan.count.into());
        }
    }
    let attacks = scenario.attacks.iter().map(|attack| &attack.targets);
    let confounders = scenario.confounders.iter().map(|confounder| &confounder.targets);
    let mut write_targets = |key: &str, selectors: Vec<&Selector>| {
        for (act, selector) in tables_of(table, key).zip(selectors) {
            if let (Some(count), Some(Value::Table(targets))) =
                (selector.count, act.get_mut("targets").map(|node| &mut node.value))
            {
                set_count(targets, count.into());
            }
        }
    };
    let faults = scenario.faults.iter().map(|fault| &fault.targets);
    write_targets("attack", attacks.collect());
    write_targets("confounder", confounders.collect());
    write_targets("fault", faults.collect());
}

fn tables_of<'a>(table: &'a mut Table, key: &str) -> impl Iterator<Item = &'a mut Table> {
    let list = match table.get_mut(key).map(|node| &mut node.value) {
        Some(Value::List(list)) => list.as_mut_slice(),
        _ => &mut [],
    };
    list.iter_mut().filter_map(|node| match &mut node.value {
        Value::Table(table) => Some(table),
        _ => None,
    })
}

fn to_toml(node: &Node) -> toml::Value {
    match &node.value {
        Value::Text(text) => toml::Value::String(text.clone()),
        Value::Integer(number) => match i64::try_from(*number) {
            Ok(number) => toml::Value::Integer(number),
            Err(_) => toml::Value::String(number.to_string()),
        },
        Value::Float(number, _) => toml::Value::Float(*number),
        Value::Bool(value) => toml::Value::Boolean(*value),
        Value::Datetime(text) => match text.parse() {
            Ok(time) => toml::Value::Datetime(time),
            Err(_) => toml::Value::String(text.clone()),
        },
        Value::Null => toml::Value::String(String::new()),
        Value::List(list) => toml::Value::Array(list.iter().map(to_toml).collect()),
        Value::Table(table) => {
            let entries = table.entries.iter().map(|entry| (entry.key.clone(), to_toml(&entry.node)));
            toml::Value::Table(entries.collect())
        }
    }
}
