//! A few SVG shapes, drawn by hand.

use std::fmt::Write;

use super::Drawing;
use super::palette::Tone;

/// Where a text is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// A drawing under construction. Coordinates are pixels from the upper left; a text's `y` is its baseline.
pub(crate) struct Canvas {
    width: u32,
    shapes: String,
}

impl Canvas {
    pub(crate) fn new(width: u32) -> Canvas {
        Canvas { width, shapes: String::new() }
    }

    pub(crate) fn finish(self, height: f64) -> Drawing {
        Drawing { width: self.width, height: height.ceil() as u32, shapes: self.shapes }
    }

    /// A filled rectangle with corners of radius `round`.
    pub(crate) fn rect(&mut self, tone: Tone, (x, y, width, height): (f64, f64, f64, f64), round: f64) {
        let _ = write!(
            self.shapes,
            "<rect class=\"f-{}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"",
            tone.suffix(),
            px(x),
            px(y),
            px(width.max(0.0)),
            px(height.max(0.0))
        );
        if round > 0.0 {
            let _ = write!(self.shapes, " rx=\"{}\"", px(round));
        }
        self.shapes.push_str("/>");
    }

    pub(crate) fn line(&mut self, tone: Tone, from: (f64, f64), to: (f64, f64), width: f64, dashes: &str) {
        let _ = write!(
            self.shapes,
            "<line class=\"k-{}\" x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" stroke-width=\"{}\"",
            tone.suffix(),
            px(from.0),
            px(from.1),
            px(to.0),
            px(to.1),
            px(width)
        );
        if !dashes.is_empty() {
            let _ = write!(self.shapes, " stroke-dasharray=\"{dashes}\"");
        }
        self.shapes.push_str("/>");
    }

    /// A filled circle with an outline of paper, so that it stands out of what is under it.
    pub(crate) fn dot(&mut self, tone: Tone, (x, y): (f64, f64), radius: f64) {
        let _ = write!(
            self.shapes,
            "<circle class=\"f-{} k-paper\" cx=\"{}\" cy=\"{}\" r=\"{}\" stroke-width=\"1.5\"/>",
            tone.suffix(),
            px(x),
            px(y),
            px(radius)
        );
    }

    /// A filled path, for triangles and diamonds.
    pub(crate) fn path(&mut self, tone: Tone, points: &[(f64, f64)]) {
        let _ = write!(self.shapes, "<path class=\"f-{}\" d=\"", tone.suffix());
        for (i, (x, y)) in points.iter().enumerate() {
            let _ = write!(self.shapes, "{}{} {}", if i == 0 { "M" } else { "L" }, px(*x), px(*y));
        }
        self.shapes.push_str("Z\"/>");
    }

    /// A diamond with an outline of paper.
    pub(crate) fn diamond(&mut self, tone: Tone, (x, y): (f64, f64), radius: f64) {
        self.path(Tone::Paper, &rhombus(x, y, radius + 1.5));
        self.path(tone, &rhombus(x, y, radius));
    }

    pub(crate) fn text(&mut self, tone: Tone, (x, y): (f64, f64), size: f64, anchor: Anchor, text: &str) {
        self.styled_text(tone, (x, y), size, anchor, "", text);
    }

    pub(crate) fn bold(&mut self, tone: Tone, (x, y): (f64, f64), size: f64, anchor: Anchor, text: &str) {
        self.styled_text(tone, (x, y), size, anchor, " font-weight=\"600\"", text);
    }

    fn styled_text(&mut self, tone: Tone, at: (f64, f64), size: f64, anchor: Anchor, style: &str, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let _ = write!(
            self.shapes,
            "<text class=\"f-{}\" x=\"{}\" y=\"{}\" font-size=\"{}\"{anchor}{style}>{}</text>",
            tone.suffix(),
            px(at.0),
            px(at.1),
            px(size),
            escape(text)
        );
    }

    /// A text turned to read upwards.
    pub(crate) fn upward(&mut self, tone: Tone, (x, y): (f64, f64), size: f64, angle: f64, text: &str) {
        let _ = write!(
            self.shapes,
            "<text class=\"f-{}\" transform=\"translate({} {}) rotate({})\" font-size=\"{}\">{}</text>",
            tone.suffix(),
            px(x),
            px(y),
            px(angle),
            px(size),
            escape(text)
        );
    }

    /// Colored squares with their meaning, in lines as wide as the drawing; returns the height used.
    pub(crate) fn legend(&mut self, entries: &[(Tone, &str)], (x, y): (f64, f64), right: f64) -> f64 {
        let (mut at, mut line) = (x, 0.0);
        for (tone, name) in entries {
            let width = 15.0 + text_width(name, 12.0) + 14.0;
            if at + width - 14.0 > right && at > x {
                at = x;
                line += 18.0;
            }
            self.rect(*tone, (at, y + line + 1.0, 10.0, 10.0), 2.0);
            self.text(Tone::Quiet, (at + 15.0, y + line + 10.0), 12.0, Anchor::Start, name);
            at += width;
        }
        line + 18.0
    }

    /// Shapes drawn elsewhere.
    pub(crate) fn append(&mut self, shapes: &str, (x, y): (f64, f64)) {
        let _ = write!(self.shapes, "<g transform=\"translate({} {})\">{shapes}</g>", px(x), px(y));
    }
}

fn rhombus(x: f64, y: f64, r: f64) -> [(f64, f64); 4] {
    [(x, y - r), (x + r, y), (x, y + r), (x - r, y)]
}

/// About how wide a text will be: fonts differ, so leave some room.
pub(crate) fn text_width(text: &str, size: f64) -> f64 {
    let units: f64 = text
        .chars()
        .map(|c| match c {
            'i' | 'l' | 'j' | 't' | 'f' | 'r' | '.' | ',' | ':' | ' ' | '-' | '\'' => 0.36,
            'm' | 'w' | 'M' | 'W' | '%' => 0.92,
            'A'..='Z' => 0.70,
            _ => 0.60,
        })
        .sum();
    units * size
}

/// A text cut so that it is about at most `width` wide.
pub(crate) fn fit(text: &str, size: f64, width: f64) -> String {
    let mut length = text.chars().count();
    while length > 1 && text_width(&crate::wording::cut(text, length), size) > width {
        length -= 1;
    }
    crate::wording::cut(text, length)
}

/// A coordinate with at most one decimal.
pub(crate) fn px(value: f64) -> String {
    let text = format!("{value:.1}");
    let text = text.strip_suffix(".0").unwrap_or(&text);
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// Text for XML: markup characters become entities, control characters vanish.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_names_is_only_text() {
        assert_eq!(escape("<script>\"&'\u{0}"), "&lt;script&gt;&quot;&amp;&#39; ");
    }

    #[test]
    fn coordinates_are_short() {
        assert_eq!([1.0, 0.04, -0.04, 2.25].map(px), ["1", "0", "0", "2.2"]);
    }

    #[test]
    fn long_names_are_cut_to_their_column() {
        let cut = fit("a-very-long-name-of-an-attack", 12.0, 80.0);
        assert!(cut.ends_with('…') && text_width(&cut, 12.0) <= 80.0, "{cut}");
        assert_eq!(fit("leak", 12.0, 80.0), "leak");
    }
}
