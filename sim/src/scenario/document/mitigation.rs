//! Mitigation actions as `create-mitigation-action` takes them.

use std::sync::Arc;

use defender::mitigation::wire::ActionType;

use super::super::plan::CreateMitigationActionRequest;
use super::super::problem::{Problem, in_words};
use super::super::source::{Placed, Source};
use super::super::tree::{Node, Value};
use super::{Reading, parse, request, shapes};

/// An action with what cross-checks need of it.
#[derive(Debug)]
pub struct Action {
    /// The request.
    pub request: CreateMitigationActionRequest,
    /// Its name.
    pub name: Placed<String>,
    /// Its type.
    pub action_type: ActionType,
    /// The thing groups that it adds to.
    pub groups: Vec<Placed<String>>,
}

/// The member of `actionParams` that makes an action one of its type (7.1).
const TYPES: [(&str, ActionType); 6] = [
    ("updateDeviceCertificateParams", ActionType::UpdateDeviceCertificate),
    ("updateCACertificateParams", ActionType::UpdateCaCertificate),
    ("addThingsToThingGroupParams", ActionType::AddThingsToThingGroup),
    ("replaceDefaultPolicyVersionParams", ActionType::ReplaceDefaultPolicyVersion),
    ("enableIoTLoggingParams", ActionType::EnableIotLogging),
    ("publishFindingToSnsParams", ActionType::PublishFindingToSns),
];

/// Reads a mitigation action.
pub fn read(source: &Arc<Source>, reading: &mut Reading<'_>) -> Option<Action> {
    let errors = reading.problems.errors();
    let tree = parse(source, &shapes::MITIGATION_ACTION, reading)?;
    let action_type = action_type(&tree, reading);
    let list = tree.nearest_to("/actionParams/addThingsToThingGroupParams/thingGroupNames");
    let groups = list.as_list().unwrap_or_default().iter().filter_map(placed).collect();
    let name = tree.as_table().and_then(|table| table.get("actionName")).and_then(placed);
    Some(Action { request: request(&tree, errors, reading)?, name: name?, action_type: action_type?, groups })
}

/// Exactly one member of `actionParams` fixes the type (M-01).
fn action_type(tree: &Node, reading: &mut Reading<'_>) -> Option<ActionType> {
    let node = tree.as_table()?.get("actionParams")?;
    let given = |name: &str| node.as_table().and_then(|t| t.get(name)).is_some_and(|node| node.value != Value::Null);
    let types: Vec<(&str, ActionType)> = TYPES.into_iter().filter(|(member, _)| given(member)).collect();
    match types.as_slice() {
        [(_, action_type)] => Some(*action_type),
        found => {
            let members: Vec<String> = found.iter().map(|(member, _)| format!("`{member}`")).collect();
            let found = if members.is_empty() { "none".to_owned() } else { in_words(&members) };
            let message = format!("actionParams must have exactly one member, found {found} (M-01)");
            reading.problems.push(Problem::error(node.place.clone(), message));
            None
        }
    }
}

fn placed(node: &Node) -> Option<Placed<String>> {
    node.as_text().map(|text| Placed { value: text.to_owned(), place: node.place.clone() })
}
