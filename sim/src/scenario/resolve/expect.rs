//! Expectations: the names that they are about, looked up; their statements, read.

use super::super::document::audit;
use super::super::document::mitigation::Action;
use super::super::expect::{Expectation, Statement, Subject, SubjectKind};
use super::super::plan::ClassPlan;
use super::super::problem::{Problem, suggestion};
use super::super::responder::ResponseDraft;
use super::super::source::{Place, Placed};
use super::Resolver;
use super::defence::Behaviors;

impl Resolver<'_> {
    /// What `[expect]` says, in the order of the file.
    pub(super) fn expectations(
        &mut self,
        classes: &[ClassPlan],
        behaviors: &Behaviors,
        actions: &[Action],
    ) -> Vec<Expectation> {
        let draft = self.draft;
        let mut all = Vec::new();
        self.statements(&Subject::Run, &draft.expect.run.0, &mut all);
        for (kind, entries) in &draft.expect.subjects {
            for (name, statements) in entries {
                // Statements are read even where the name is unknown, so that their problems are told too.
                let subject = self.subject(*kind, name, classes, behaviors, actions);
                let found = subject.is_some();
                let subject = subject.unwrap_or_else(|| stand_in(*kind, name));
                let before = all.len();
                self.statements(&subject, &statements.0, &mut all);
                if !found {
                    all.truncate(before);
                }
            }
        }
        all.sort_by_key(|expectation| (expectation.place.source.name.clone(), expectation.place.span.start));
        all
    }

    fn statements(&mut self, subject: &Subject, written: &[(String, Place)], all: &mut Vec<Expectation>) {
        for (text, place) in written {
            match Statement::parse(text, subject.kind()) {
                Ok(statement) => {
                    all.push(Expectation { subject: subject.clone(), statement, place: place.clone() });
                }
                Err(wrong) => {
                    let problem = Problem::error(place.part(text, wrong.span), wrong.message);
                    self.error(Problem { help: wrong.help, ..problem });
                }
            }
        }
    }

    fn subject(
        &mut self,
        kind: SubjectKind,
        name: &Placed<String>,
        classes: &[ClassPlan],
        behaviors: &Behaviors,
        actions: &[Action],
    ) -> Option<Subject> {
        let draft = self.draft;
        let text = || name.value.clone();
        match kind {
            SubjectKind::Run => Some(Subject::Run),
            SubjectKind::Attack => {
                let names = draft.attacks.iter().map(|attack| attack.name.value.as_str());
                self.exists("attack", name, names).then(|| Subject::Attack(text()))
            }
            SubjectKind::Defect => {
                let names = draft.defects.iter().map(|defect| defect.name.value.as_str());
                self.exists("defect", name, names).then(|| Subject::Defect(text()))
            }
            SubjectKind::Class => {
                let names = classes.iter().map(|class| class.name.as_str());
                self.exists("class", name, names).then(|| Subject::Class(text()))
            }
            SubjectKind::Check => audit::resolve(&name.value, &name.place, "/expect/check", &mut self.reading)
                .map(|check| Subject::Check(check.to_owned())),
            SubjectKind::Action if !self.actions_known => None,
            SubjectKind::Action => {
                let steps = draft.responders.iter().flat_map(|responder| &responder.then);
                let names = actions.iter().map(|action| action.name.value.as_str());
                let names = names.chain(steps.filter_map(ResponseDraft::operation));
                self.exists("mitigation action or operation", name, names).then(|| Subject::Action(text()))
            }
            SubjectKind::Behavior if !self.profiles_known => None,
            SubjectKind::Behavior => self.behavior(name, behaviors),
        }
    }

    /// A behavior by its name, with its profile's before it where several profiles have one of that name.
    fn behavior(&mut self, name: &Placed<String>, behaviors: &Behaviors) -> Option<Subject> {
        let all = || behaviors.iter().flat_map(|(profile, names)| names.iter().map(move |name| (profile, name)));
        let mut found = all()
            .filter(|(profile, behavior)| **behavior == name.value || name.value == format!("{profile}/{behavior}"));
        match (found.next(), found.next()) {
            (Some((profile, behavior)), None) => {
                Some(Subject::Behavior { profile: profile.clone(), behavior: behavior.clone() })
            }
            (Some((profile, behavior)), Some(_)) => {
                let message = format!("several profiles have a behavior named `{}`", name.value);
                let problem = Problem::error(name.place.clone(), message);
                self.error(
                    problem.help(format!("write its profile before it, for example `\"{profile}/{behavior}\"`")),
                );
                None
            }
            (None, _) => {
                let problem = Problem::error(name.place.clone(), format!("no behavior is named `{}`", name.value));
                let help = suggestion(&name.value, all().map(|(_, behavior)| behavior.as_str()).collect::<Vec<_>>());
                self.error(Problem { help, ..problem });
                None
            }
        }
    }
}

/// A subject of a kind, for reading the statements about a name that does not exist.
fn stand_in(kind: SubjectKind, name: &Placed<String>) -> Subject {
    let name = name.value.clone();
    match kind {
        SubjectKind::Run => Subject::Run,
        SubjectKind::Attack => Subject::Attack(name),
        SubjectKind::Defect => Subject::Defect(name),
        SubjectKind::Behavior => Subject::Behavior { profile: name.clone(), behavior: name },
        SubjectKind::Class => Subject::Class(name),
        SubjectKind::Check => Subject::Check(name),
        SubjectKind::Action => Subject::Action(name),
    }
}
