//! Figures: each drawn twice (wide and narrow), with a text alternative and its data as CSV.
//!
//! Colors are classes, never values, so that one drawing serves light and dark pages; [`palette`] says what they mean.
//! Lines, areas and bars over an axis are drawn by plotters ([`chart`]); lanes, waterfalls and matrices by hand
//! ([`canvas`]).

pub(crate) mod canvas;
pub(crate) mod chart;
mod coverage;
mod false_alarms;
pub(crate) mod palette;
mod remediation;
mod rotation;
mod survival;
mod time_axis;
mod timeline;
mod waterfall;

use lab::Scorecard;
use lab::outcome::Outcome;

use canvas::escape;

/// Width of a wide drawing \[px\].
const WIDE: u32 = 960;

/// Width of a narrow drawing \[px\]: what a phone shows without scaling.
const NARROW: u32 = 360;

/// A figure of the report.
#[derive(Clone, Debug)]
pub struct Figure {
    /// Its name in file names and anchors.
    pub name: &'static str,
    /// Its title.
    pub title: &'static str,
    /// One sentence: how to read it.
    pub caption: String,
    /// What it shows, in words: the text alternative.
    pub description: String,
    /// Its data as CSV.
    pub data: String,
    wide: Drawing,
    narrow: Drawing,
}

/// Shapes in a box.
#[derive(Clone, Debug)]
pub(crate) struct Drawing {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) shapes: String,
}

/// Which of the two drawings is being made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// For a desk.
    Wide,
    /// For a phone.
    Narrow,
}

impl Form {
    pub(crate) const fn width(self) -> u32 {
        match self {
            Form::Wide => WIDE,
            Form::Narrow => NARROW,
        }
    }
}

/// What is the same for both drawings of a figure.
pub(crate) struct Caption {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) caption: String,
    pub(crate) description: String,
    pub(crate) data: String,
}

impl Figure {
    /// Draws a figure in both forms.
    pub(crate) fn new(caption: Caption, draw: impl Fn(Form) -> Drawing) -> Figure {
        let Caption { name, title, caption, description, data } = caption;
        Figure { name, title, caption, description, data, wide: draw(Form::Wide), narrow: draw(Form::Narrow) }
    }

    /// The wide drawing as an SVG document of its own, with its colors for light and dark.
    pub fn standalone(&self) -> String {
        let style = format!("<style>{}</style>", palette::style_sheet());
        let svg = self.svg(&self.wide, "wide", &style);
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{svg}\n")
    }

    /// Both drawings for a page that has the palette's style sheet and shows the one that fits.
    pub(crate) fn inline(&self) -> String {
        format!(
            "<div class=\"wide\">{}</div><div class=\"narrow\">{}</div>",
            self.svg(&self.wide, "wide", ""),
            self.svg(&self.narrow, "narrow", "")
        )
    }

    fn svg(&self, drawing: &Drawing, form: &str, style: &str) -> String {
        let Drawing { width, height, shapes } = drawing;
        let id = format!("{}-{form}", self.name);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"plot\" viewBox=\"0 0 {width} {height}\" \
             width=\"{width}\" height=\"{height}\" role=\"img\" aria-labelledby=\"{id}-title {id}-desc\">\
             <title id=\"{id}-title\">{}</title><desc id=\"{id}-desc\">{}</desc>{style}{shapes}</svg>",
            escape(self.title),
            escape(&self.description)
        )
    }
}

/// All figures that this run has something to show in.
pub fn figures(outcome: &Outcome, card: &Scorecard) -> Vec<Figure> {
    [
        timeline::figure(outcome, card),
        waterfall::figure(card),
        survival::figure(card),
        false_alarms::figure(outcome, card),
        coverage::figure(card),
        remediation::figure(outcome, card),
        rotation::figure(outcome),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// CSV text of a heading and rows.
pub(crate) fn csv_text<const N: usize>(heading: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(heading).expect("writing to memory succeeds");
    for row in rows {
        out.write_record(row).expect("rows have the heading's length");
    }
    let bytes = out.into_inner().expect("writing to memory succeeds");
    String::from_utf8(bytes).expect("text went in")
}
