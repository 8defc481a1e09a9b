//! What colors mean, for light and dark: the only place where a color is a value.

use std::fmt::Write;

/// A color by its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Text and strong lines.
    Ink,
    /// Secondary text.
    Quiet,
    /// Axes.
    Axis,
    /// Grid lines and tracks.
    Grid,
    /// What the page is made of, for outlines.
    Paper,
    /// Somebody hostile acts.
    Attack,
    /// It was seen.
    Seen,
    /// It was contained.
    Contained,
    /// A false alarm.
    Wrong,
    /// An alarm inside an attack window on another metric.
    Inside,
    /// A posture defect.
    Defect,
    /// Cause of a false alarm: ordinary variation.
    Plain,
    /// Cause of a false alarm: an innocent event.
    Confounder,
    /// Cause of a false alarm: a fault of the defence.
    Fault,
    /// Cause of a false alarm: our own mitigation.
    SelfInflicted,
    /// A light ground for what was seen.
    SeenTint,
    /// A light ground for what was partly seen.
    PartTint,
    /// A light ground for what was missed.
    MissTint,
    /// A light ground for what is neither.
    NoneTint,
}

/// (tone, class suffix, light, dark).
const TONES: [(Tone, &str, &str, &str); 19] = [
    (Tone::Ink, "ink", "#1b2129", "#e8ecf0"),
    (Tone::Quiet, "quiet", "#566170", "#a6b1bc"),
    (Tone::Axis, "axis", "#aab3bd", "#4d5864"),
    (Tone::Grid, "grid", "#e4e8ec", "#29313a"),
    (Tone::Paper, "paper", "#ffffff", "#171c22"),
    (Tone::Attack, "attack", "#c23b2e", "#ff8b7c"),
    (Tone::Seen, "seen", "#0b7a75", "#4fd0c5"),
    (Tone::Contained, "contained", "#3a5cb8", "#8fb1ff"),
    (Tone::Wrong, "wrong", "#a06000", "#f2b352"),
    (Tone::Inside, "inside", "#7a689e", "#bda9e3"),
    (Tone::Defect, "defect", "#826018", "#d8bd77"),
    (Tone::Plain, "plain", "#6b7683", "#9aa6b3"),
    (Tone::Confounder, "confounder", "#a06000", "#f2b352"),
    (Tone::Fault, "fault", "#8a46ac", "#cb9fee"),
    (Tone::SelfInflicted, "self", "#be2a6b", "#ff8db8"),
    (Tone::SeenTint, "seen-tint", "#cfe9e6", "#15443f"),
    (Tone::PartTint, "part-tint", "#f6e3bf", "#4a3610"),
    (Tone::MissTint, "miss-tint", "#f7d5d0", "#56211b"),
    (Tone::NoneTint, "none-tint", "#eef1f4", "#222932"),
];

impl Tone {
    /// The class's suffix: `f-` fills with it, `k-` strokes.
    pub(crate) fn suffix(self) -> &'static str {
        self.row().1
    }

    fn row(self) -> &'static (Tone, &'static str, &'static str, &'static str) {
        &TONES[self.index()]
    }

    /// Position in the table, also the last byte of the stand-in color that plotters draws with.
    pub(crate) fn index(self) -> usize {
        TONES.iter().position(|row| row.0 == self).expect("every tone has a row")
    }

    /// The tone at a position.
    pub(crate) fn at(index: usize) -> Option<Tone> {
        TONES.get(index).map(|row| row.0)
    }
}

/// The style sheet of all drawings: literal colors, so that simple SVG programs understand it too.
pub(crate) fn style_sheet() -> String {
    let rules = |dark: bool| {
        TONES.iter().fold(String::new(), |mut css, (_, suffix, light, dim)| {
            let color = if dark { dim } else { light };
            let _ = write!(css, ".f-{suffix}{{fill:{color}}}.k-{suffix}{{stroke:{color}}}");
            css
        })
    };
    format!(
        ".plot{{font-family:ui-sans-serif,system-ui,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif;\
         font-variant-numeric:tabular-nums}}{}@media screen and (prefers-color-scheme:dark){{{}}}",
        rules(false),
        rules(true)
    )
}

/// The same colors as custom properties, for the page around the drawings.
pub(crate) fn variables() -> String {
    let list = |dark: bool| {
        TONES.iter().fold(String::new(), |mut css, (_, suffix, light, dim)| {
            let _ = write!(css, "--{suffix}:{};", if dark { dim } else { light });
            css
        })
    };
    format!(":root{{{}}}@media screen and (prefers-color-scheme:dark){{:root{{{}}}}}", list(false), list(true))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luminance(color: &str) -> f64 {
        let channel = |from: usize| {
            let c = f64::from(u8::from_str_radix(&color[from..from + 2], 16).expect("a hex color")) / 255.0;
            if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    fn contrast(a: &str, b: &str) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn the_table_is_in_the_order_of_the_enumeration() {
        for (i, row) in TONES.iter().enumerate() {
            assert_eq!(row.0 as usize, i, "{}", row.1);
        }
    }

    #[test]
    fn text_and_marks_stand_out_in_light_and_dark() {
        for dark in [false, true] {
            let pick = |row: &(Tone, &str, &'static str, &'static str)| if dark { row.3 } else { row.2 };
            let color = |tone: Tone| pick(tone.row());
            let grounds = [Tone::Paper, Tone::SeenTint, Tone::PartTint, Tone::MissTint, Tone::NoneTint];
            for ground in grounds {
                assert!(contrast(color(Tone::Ink), color(ground)) >= 7.0, "ink on {}", ground.suffix());
            }
            assert!(contrast(color(Tone::Quiet), color(Tone::Paper)) >= 4.5);
            for tone in TONES.iter().filter(|row| (5..15).contains(&row.0.index())) {
                assert!(contrast(pick(tone), color(Tone::Paper)) >= 4.5, "{} on paper", tone.1);
            }
        }
    }
}
