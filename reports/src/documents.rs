//! Policies and roles at fault, for people: which statement, what it lets a device do, and what to put in its place.

use lab::outcome::{DocumentRow, FaultRow, Outcome, RepairRow};

/// The folder of proposed documents in a run directory.
pub(crate) const FOLDER: &str = "repairs";

/// The file of each proposed document in [`FOLDER`], in the order of [`Outcome::documents`]: `NAME.json`, with a number
/// behind the name where two would be the same.
pub(crate) fn files(outcome: &Outcome) -> Vec<Option<String>> {
    let mut taken: Vec<String> = Vec::new();
    let mut file = |document: &DocumentRow| {
        let RepairRow::Proposed { .. } = document.repair else { return None };
        let name = name_of(document).replace(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)), "-");
        let name = name.trim_start_matches('.');
        let free = |name: &String| !taken.contains(name);
        let numbered = (2..).map(|n| format!("{name}-{n}"));
        let name = std::iter::once(name.to_owned()).chain(numbered).find(free)?;
        taken.push(name.clone());
        Some(format!("{name}.json"))
    };
    outcome.documents.iter().map(&mut file).collect()
}

/// `telemetry-policy`, or `camera-alias role-policy` where the document is one of a role.
pub(crate) fn name_of(document: &DocumentRow) -> String {
    if document.resource == document.document {
        document.document.clone()
    } else {
        format!("{} {}", document.resource, document.document)
    }
}

/// ``line 7: `iot:Publish` on `*`: may publish to …``.
pub(crate) fn sentence(fault: &FaultRow) -> String {
    let FaultRow { line, action, resource, witness, .. } = fault;
    let what =
        if action.is_empty() { format!("a Deny of `{resource}`") } else { format!("`{action}` on `{resource}`") };
    match witness {
        Some(witness) => format!("line {line}: {what}: {witness}"),
        None => format!("line {line}: {what}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_told_with_its_line_and_witness() {
        let mut fault = FaultRow {
            path: "/Statement/0".into(),
            line: 7,
            action: "iot:Publish".into(),
            resource: "*".into(),
            witness: Some("may update the shadow of thing other-device".into()),
        };
        assert_eq!(sentence(&fault), "line 7: `iot:Publish` on `*`: may update the shadow of thing other-device");
        fault.action = String::new();
        fault.witness = None;
        assert_eq!(sentence(&fault), "line 7: a Deny of `*`");
    }
}
