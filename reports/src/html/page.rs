//! A page: what every report is made of, whatever it tells. It needs nothing else, reads without script, and prints.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, context};
use serde::Serialize;

use super::documents::Faulty;
use super::table::Table;
use crate::glossary::TERMS;
use crate::plot::{Figure, palette};

const TEMPLATE: &str = include_str!("page.html.jinja");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// A page.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Page {
    /// The title in the window's bar.
    pub(crate) window: String,
    /// The heading.
    pub(crate) heading: String,
    /// The name of what was run.
    pub(crate) name: String,
    /// Its facts, in one line.
    pub(crate) facts: Vec<String>,
    /// What deviates from the defaults.
    pub(crate) modes: Vec<String>,
    /// The answers, at a glance.
    pub(crate) answers: Vec<Answer>,
    /// Measures as cards; none: no such heading.
    pub(crate) measures: Vec<Measure>,
    /// Section after section.
    pub(crate) sections: Vec<Section>,
    /// Lints and tolerated deviations.
    pub(crate) warnings: Vec<String>,
    /// How to get the same again.
    pub(crate) again: Again,
}

/// One answer.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Answer {
    /// The question, short.
    pub(crate) label: &'static str,
    /// The section that has the details.
    pub(crate) anchor: &'static str,
    /// The answer.
    pub(crate) text: String,
}

/// How to get the same again.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Again {
    /// What stands before the digests.
    pub(crate) lead: String,
    /// Digests, or the command to type.
    pub(crate) codes: Vec<String>,
    /// Files beside the page, each with what it holds.
    pub(crate) links: Vec<(&'static str, &'static str)>,
    /// Tables beside the page.
    pub(crate) files: Vec<String>,
}

/// A section.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Section {
    id: &'static str,
    title: &'static str,
    lead: String,
    figures: Vec<Shown>,
    tables: Vec<Table>,
    /// Policies and roles at fault.
    pub(super) documents: Vec<Faulty>,
    pub(super) list: Vec<Item>,
}

impl Section {
    /// A section with a few words.
    pub(crate) fn new(id: &'static str, title: &'static str, lead: String) -> Section {
        Section { id, title, lead, figures: Vec::new(), tables: Vec::new(), documents: Vec::new(), list: Vec::new() }
    }

    /// Those of the figures that are there, by name.
    pub(crate) fn with_figures(mut self, figures: &[Figure], names: &[&str]) -> Section {
        let named = names.iter().filter_map(|name| figures.iter().find(|figure| figure.name == *name));
        self.figures.extend(named.map(|figure| Shown {
            name: figure.name,
            title: figure.title,
            caption: figure.caption.clone(),
            svg: figure.inline(),
        }));
        self
    }

    /// Tables; those without rows are left out.
    pub(crate) fn with_tables(mut self, tables: Vec<Table>) -> Section {
        self.tables.extend(tables.into_iter().filter(|table| !table.rows.is_empty()));
        self
    }

    /// Whether it is more than a title.
    pub(crate) fn says_something(&self) -> bool {
        !(self.figures.is_empty() && self.tables.is_empty() && self.documents.is_empty() && self.list.is_empty())
    }
}

/// A figure as the template takes it.
#[derive(Clone, Debug, Serialize)]
struct Shown {
    name: &'static str,
    title: &'static str,
    caption: String,
    svg: String,
}

/// A line of a list with a label.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Item {
    pub(crate) label: String,
    pub(crate) text: String,
}

/// One of the six measures.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Measure {
    pub(crate) name: &'static str,
    pub(crate) term: &'static str,
    pub(crate) value: String,
    pub(crate) beside: String,
    /// For shares: (low, value, high) in per cent, for a little scale.
    pub(crate) scale: Option<[f64; 3]>,
}

impl Page {
    /// The HTML file.
    pub(crate) fn render(&self) -> Result<String, minijinja::Error> {
        let mut environment = Environment::new();
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
        environment.add_template("page", TEMPLATE)?;
        let style = format!("{}{}{STYLE}", palette::variables(), palette::style_sheet());
        let terms: Vec<_> = TERMS
            .iter()
            .map(|term| context! { id => term.id, term => term.term, definition => term.definition })
            .collect();
        environment.get_template("page")?.render(context! {
            style,
            script => SCRIPT,
            terms,
            ..Value::from(Serde(self.clone()))
        })
    }
}
