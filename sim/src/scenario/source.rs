//! Where a value was written: a text, and a span in it. Problems carry one, so that each can show its line.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// A text that values were read from: a file, or an argument of the command line.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// The path as the user would write it, or `--set PATH=VALUE`.
    pub name: String,
    /// The text itself.
    pub text: String,
}

impl Source {
    /// A text with its name.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Arc<Source> {
        Arc::new(Source { name: name.into(), text: text.into() })
    }

    /// Line and column of a byte offset, both from 1; the column counts characters.
    pub fn line_and_column(&self, offset: usize) -> (usize, usize) {
        let mut end = offset.min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let before = &self.text[..end];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }
}

impl miette::SourceCode for Source {
    fn read_span<'a>(
        &'a self,
        span: &miette::SourceSpan,
        lines_before: usize,
        lines_after: usize,
    ) -> Result<Box<dyn miette::SpanContents<'a> + 'a>, miette::MietteError> {
        let inner = self.text.read_span(span, lines_before, lines_after)?;
        Ok(Box::new(miette::MietteSpanContents::new_named(
            self.name.clone(),
            inner.data(),
            *inner.span(),
            inner.line(),
            inner.column(),
            inner.line_count(),
        )))
    }
}

/// A span of a source.
#[derive(Clone, PartialEq, Eq)]
pub struct Place {
    /// The text.
    pub source: Arc<Source>,
    /// Byte offsets.
    pub span: Range<usize>,
}

impl Place {
    /// A span of a source.
    pub fn new(source: &Arc<Source>, span: Range<usize>) -> Place {
        Place { source: Arc::clone(source), span }
    }

    /// A place in no text at all: what a description of the format works with.
    pub fn nowhere() -> Place {
        Place { source: Source::new("", ""), span: 0..0 }
    }

    /// The place of a text without the quotes around it, if this place holds it as it is; else this place.
    pub fn unquoted(&self, text: &str) -> Place {
        match self.source.text.get(self.span.clone()).and_then(|raw| raw.find(text)) {
            Some(at) => Place::new(&self.source, self.span.start + at..self.span.start + at + text.len()),
            None => self.clone(),
        }
    }

    /// The place of a part of a text that stands in quotes here; this whole place if it is not written as it is.
    pub fn part(&self, text: &str, span: Range<usize>) -> Place {
        let inside = self.unquoted(text);
        match inside.span.len() == text.len() && !text.is_empty() {
            true => Place::new(&self.source, inside.span.start + span.start..inside.span.start + span.end),
            false => inside,
        }
    }

    /// Whether it is no place in a text: the value there stands in for one that was refused.
    pub fn is_nowhere(&self) -> bool {
        self.source.name.is_empty()
    }

    /// Line and column of its start, from 1.
    pub fn line_and_column(&self) -> (usize, usize) {
        self.source.line_and_column(self.span.start)
    }
}

impl fmt::Display for Place {
    /// `scenarios/meter.toml:14:18`; the bare name for a text of one line that is no file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column) = self.line_and_column();
        write!(f, "{}:{line}:{column}", self.source.name)
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A value together with the place where it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed<T> {
    /// The value.
    pub value: T,
    /// Where it was written.
    pub place: Place,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_characters_from_one() {
        let source = Source::new("x.toml", "a = 1\nλ = \"é\" # z\n");
        assert_eq!(source.line_and_column(0), (1, 1));
        assert_eq!(source.line_and_column(6), (2, 1));
        assert_eq!(source.line_and_column(8), (2, 2), "a letter of two bytes is one column");
        assert_eq!(source.line_and_column(999), (3, 1), "past the end is the end");
        assert_eq!(Place::new(&source, 11..15).to_string(), "x.toml:2:5");
    }
}
