//! `summary.json`: the run in one document that programs read.

use std::io;

use lab::Scorecard;
use lab::outcome::{Header, Outcome, Tally};
use lab::seeds::OverSeeds;
use serde::Serialize;
use serde_json::ser::Formatter;

use crate::tables::TableNote;

/// Name and version of the document; changes when the meaning of a member does.
pub const SCHEMA: &str = "fleetrange.summary/1";

/// The document.
#[derive(Debug, Serialize)]
pub struct Summary<'a> {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// Which run this was.
    pub run: &'a Header,
    /// When it began, in ISO-8601 (UTC).
    pub start: String,
    /// When it ended.
    pub end: String,
    /// How much of everything there is.
    pub counts: Counts,
    /// Totals and daily series.
    pub tally: &'a Tally,
    /// All scores. Times and spans are in milliseconds.
    pub scores: &'a Scorecard,
    /// Of several seeds, of which this is the first: every score with its interval, and what is expected, judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub over_seeds: Option<&'a OverSeeds>,
    /// Lints and tolerated deviations.
    pub warnings: &'a [String],
    /// The tables beside this file: how many rows they have and what was left out.
    pub tables: &'a [TableNote],
}

/// Sizes of the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Entries of the ledger of truth.
    pub acts: u64,
    /// Alarm episodes.
    pub alarms: u64,
    /// Audits.
    pub audits: u64,
    /// Findings kept.
    pub findings: u64,
    /// Mitigations.
    pub mitigations: u64,
    /// Jobs.
    pub jobs: u64,
}

impl<'a> Summary<'a> {
    /// Puts the document together.
    pub fn of(
        outcome: &'a Outcome,
        card: &'a Scorecard,
        over_seeds: Option<&'a OverSeeds>,
        tables: &'a [TableNote],
    ) -> Summary<'a> {
        Summary {
            schema: SCHEMA,
            run: &outcome.header,
            start: outcome.header.start.to_string(),
            end: outcome.header.end.to_string(),
            counts: Counts {
                acts: outcome.truth.len() as u64,
                alarms: outcome.alarms.len() as u64,
                audits: outcome.audits.len() as u64,
                findings: outcome.findings.len() as u64,
                mitigations: outcome.mitigations.len() as u64,
                jobs: outcome.jobs.len() as u64,
            },
            tally: &outcome.tally,
            scores: card,
            over_seeds,
            warnings: &outcome.warnings,
            tables,
        }
    }

    /// The document as JSON with a final line break: objects are indented, arrays stay on their line.
    ///
    /// # Errors
    /// If a value cannot be written as JSON, which plain data does not.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        let mut out = Vec::new();
        self.serialize(&mut serde_json::Serializer::with_formatter(&mut out, Layout::default()))?;
        out.push(b'\n');
        Ok(String::from_utf8(out).expect("JSON is UTF-8"))
    }
}

/// Indents members of objects and leaves arrays alone: a histogram is one line, not a thousand.
#[derive(Default)]
struct Layout {
    depth: usize,
    is_empty: bool,
}

impl Layout {
    fn line<W: ?Sized + io::Write>(&self, to: &mut W) -> io::Result<()> {
        to.write_all(b"\n")?;
        (0..self.depth).try_for_each(|_| to.write_all(b"  "))
    }
}

impl Formatter for Layout {
    fn begin_object<W: ?Sized + io::Write>(&mut self, to: &mut W) -> io::Result<()> {
        self.depth += 1;
        self.is_empty = true;
        to.write_all(b"{")
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, to: &mut W) -> io::Result<()> {
        self.depth -= 1;
        if !self.is_empty {
            self.line(to)?;
        }
        self.is_empty = false;
        to.write_all(b"}")
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, to: &mut W, first: bool) -> io::Result<()> {
        if !first {
            to.write_all(b",")?;
        }
        self.is_empty = false;
        self.line(to)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, to: &mut W) -> io::Result<()> {
        to.write_all(b": ")
    }
}
