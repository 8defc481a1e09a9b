//! Talking: answers on stdout, everything else on stderr. A closed pipe is not an error.

use std::io::{self, IsTerminal, Write};

use miette::{GraphicalReportHandler, GraphicalTheme};
use sim::scenario::{Problem, Problems, Severity};

use crate::arguments::ErrorFormat;

/// The program's voice.
#[derive(Clone, Copy, Debug)]
pub struct Tell {
    format: ErrorFormat,
    quiet: bool,
}

impl Tell {
    /// A voice for the whole program.
    pub fn new(format: ErrorFormat, quiet: bool) -> Tell {
        Tell { format, quiet }
    }

    /// Whether only the answer is wanted.
    pub fn is_quiet(self) -> bool {
        self.quiet
    }

    /// Whether the answer may be colored.
    pub fn colors(self) -> bool {
        io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none()
    }

    /// The answer.
    pub fn answer(self, text: &str) {
        let mut out = io::stdout().lock();
        // Whoever reads may have left; that is their right.
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }

    /// A remark on stderr, unless quiet.
    pub fn remark(self, text: &str) {
        if !self.quiet {
            self.write(text);
        }
    }

    /// Something that stops the program.
    pub fn failure(self, text: &str) {
        match self.format {
            ErrorFormat::Json => self.write(&serde_json::json!({"severity": "error", "message": text}).to_string()),
            ErrorFormat::Human | ErrorFormat::Plain => self.write(&format!("error: {text}")),
        }
    }

    /// Problems, each with its place; warnings only unless quiet.
    pub fn problems(self, problems: &Problems) {
        for problem in problems.iter() {
            if problem.severity == Severity::Error || !self.quiet {
                self.problem(problem);
            }
        }
    }

    fn problem(self, problem: &Problem) {
        let text = match self.format {
            ErrorFormat::Human => human(problem),
            ErrorFormat::Plain => plain(problem),
            ErrorFormat::Json => json(problem),
        };
        self.write(text.trim_end_matches('\n'));
    }

    fn write(self, text: &str) {
        let _ = writeln!(io::stderr().lock(), "{text}");
    }
}

fn human(problem: &Problem) -> String {
    let colors = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let theme = if colors { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let mut text = String::new();
    let handler = GraphicalReportHandler::new_themed(theme).with_width(100);
    if handler.render_report(&mut text, problem).is_err() {
        return plain(problem);
    }
    text
}

fn plain(problem: &Problem) -> String {
    let place = problem.place.as_ref().map_or(String::new(), |place| format!("{place}  "));
    let code = problem.code.as_ref().map_or(String::new(), |code| format!(" [{code}]"));
    let kind = if problem.severity == Severity::Warning { "warning: " } else { "" };
    let help = problem.help.as_ref().map_or(String::new(), |help| format!("\nhelp: {help}"));
    format!("{place}{kind}{}{code}{help}", problem.message)
}

fn json(problem: &Problem) -> String {
    let position = problem.place.as_ref().map(sim::scenario::source::Place::line_and_column);
    serde_json::json!({
        "severity": if problem.severity == Severity::Error { "error" } else { "warning" },
        "code": problem.code,
        "message": problem.message,
        "help": problem.help,
        "file": problem.place.as_ref().map(|place| place.source.name.clone()),
        "line": position.map(|(line, _)| line),
        "column": position.map(|(_, column)| column),
    })
    .to_string()
}
