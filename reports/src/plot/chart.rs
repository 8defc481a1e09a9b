//! Lines, areas and bars over axes, drawn by plotters.
//!
//! Plotters writes literal colors. It is given stand-ins, one per tone, which become classes afterwards; so its charts
//! follow the page into the dark like everything else.

use std::ops::Range;

use plotters::coord::Shift;
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use plotters::prelude::*;

use super::palette::Tone;

/// Space under a chart for its tick labels \[px\].
pub(crate) const UNDER: u32 = 26;

/// Space above a chart \[px\]: the highest tick label needs half of its height.
const ABOVE: u32 = 10;

/// Plotters' font size for 12 px text: it divides by 1.24.
const FONT_SIZE: f64 = 14.88;

/// An axis with its ticks.
#[derive(Clone, Debug)]
pub(crate) struct Axis {
    pub(crate) from: f64,
    pub(crate) to: f64,
    pub(crate) ticks: Vec<(f64, String)>,
}

impl Axis {
    /// From zero to a little above `most`, with three to five round ticks.
    pub(crate) fn counts(most: f64) -> Axis {
        let most = most.max(1.0);
        let mut step = 1.0;
        while most / step > 4.0 {
            step *= if most / (step * 2.0) <= 4.0 {
                2.0
            } else if most / (step * 5.0) <= 4.0 {
                5.0
            } else {
                10.0
            };
        }
        let ticks = (0..).map(|i| f64::from(i) * step).take_while(|tick| *tick <= most * 1.02);
        Axis {
            from: 0.0,
            to: most * 1.06,
            ticks: ticks.map(|tick| (tick, crate::wording::count(tick as u64))).collect(),
        }
    }

    /// A share from 0 to 100 %.
    pub(crate) fn shares() -> Axis {
        let ticks = [0.0, 0.25, 0.5, 0.75, 1.0].map(|tick| (tick, format!("{:.0} %", tick * 100.0)));
        Axis { from: 0.0, to: 1.0, ticks: ticks.to_vec() }
    }

    /// Where on the axis a value is, from 0 to 1.
    fn share(&self, at: f64) -> f64 {
        ((at - self.from) / (self.to - self.from)).clamp(0.0, 1.0)
    }
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, at: &f64, limit: (i32, i32)) -> i32 {
        limit.0 + (self.share(*at) * f64::from(limit.1 - limit.0)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        // Light lines, between those that have a label, are not wanted.
        if hint.weight().allow_light_points() { Vec::new() } else { self.ticks.iter().map(|(at, _)| *at).collect() }
    }

    fn range(&self) -> Range<f64> {
        self.from..self.to
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, at: &f64) -> String {
        self.ticks.iter().find(|tick| tick.0 == *at).map_or_else(String::new, |tick| tick.1.clone())
    }
}

/// A line through points.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) tone: Tone,
    pub(crate) width: u32,
    pub(crate) points: Vec<(f64, f64)>,
}

/// A filled polygon.
#[derive(Clone, Debug)]
pub(crate) struct Area {
    pub(crate) tone: Tone,
    pub(crate) opacity: f64,
    pub(crate) outline: Vec<(f64, f64)>,
}

/// A bar, as two opposite corners.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bar {
    pub(crate) tone: Tone,
    pub(crate) from: (f64, f64),
    pub(crate) to: (f64, f64),
}

/// A chart: what is drawn first is under what comes later.
#[derive(Clone, Debug)]
pub(crate) struct Chart {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Space for the labels of the vertical axis \[px\].
    pub(crate) left: u32,
    /// Space at the right, for labels of lines \[px\].
    pub(crate) right: u32,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    pub(crate) areas: Vec<Area>,
    pub(crate) bars: Vec<Bar>,
    pub(crate) lines: Vec<Line>,
}

impl Chart {
    /// The pixel of a value.
    pub(crate) fn pixel(&self, (x, y): (f64, f64)) -> (f64, f64) {
        let (left, right) = (f64::from(self.left), f64::from(self.width - self.right));
        let (top, bottom) = (f64::from(ABOVE), f64::from(self.height - UNDER));
        (left + self.x.share(x) * (right - left), bottom - self.y.share(y) * (bottom - top))
    }

    /// The chart as SVG shapes.
    pub(crate) fn shapes(&self) -> String {
        let mut svg = String::new();
        {
            let root = SVGBackend::with_string(&mut svg, (self.width, self.height)).into_drawing_area();
            self.paint(&root).expect("drawing into memory succeeds");
            root.present().expect("drawing into memory succeeds");
        }
        classes(inner(&svg))
    }

    fn paint(&self, root: &DrawingArea<SVGBackend<'_>, Shift>) -> Result<(), Box<dyn std::error::Error + '_>> {
        let mut chart = ChartBuilder::on(root)
            .margin_top(ABOVE)
            .margin_right(self.right)
            .x_label_area_size(UNDER)
            .y_label_area_size(self.left)
            .build_cartesian_2d(self.x.clone(), self.y.clone())?;
        let quiet = stand_in(Tone::Quiet);
        let label = TextStyle::from(("sans-serif", FONT_SIZE).into_font()).color(&quiet);
        chart
            .configure_mesh()
            .bold_line_style(stand_in(Tone::Grid))
            .light_line_style(TRANSPARENT)
            .axis_style(stand_in(Tone::Axis))
            .label_style(label)
            .x_labels(self.x.ticks.len())
            .y_labels(self.y.ticks.len())
            .set_tick_mark_size(LabelAreaPosition::Bottom, 4)
            .set_tick_mark_size(LabelAreaPosition::Left, 4)
            .draw()?;
        for area in &self.areas {
            let style = stand_in(area.tone).mix(area.opacity).filled();
            chart.draw_series([Polygon::new(area.outline.clone(), style)])?;
        }
        for bar in &self.bars {
            chart.draw_series([Rectangle::new([bar.from, bar.to], stand_in(bar.tone).filled())])?;
        }
        for line in &self.lines {
            let style = stand_in(line.tone).stroke_width(line.width);
            chart.draw_series(LineSeries::new(line.points.iter().copied(), style))?;
        }
        Ok(())
    }
}

/// Points of a staircase through `points`: each value holds until the next.
pub(crate) fn stairs(points: &[(f64, f64)], until: f64) -> Vec<(f64, f64)> {
    let mut stairs = Vec::with_capacity(points.len() * 2 + 1);
    for (i, &(x, y)) in points.iter().enumerate() {
        stairs.push((x, y));
        stairs.push((points.get(i + 1).map_or(until.max(x), |next| next.0), y));
    }
    stairs
}

/// The color that stands for a tone until [`classes`] puts the class in.
fn stand_in(tone: Tone) -> RGBColor {
    RGBColor(1, 0, tone.index() as u8)
}

/// What is between the outer tags.
fn inner(svg: &str) -> &str {
    let start = svg.find("<svg").and_then(|tag| svg[tag..].find('>').map(|end| tag + end + 1)).unwrap_or(0);
    let end = svg.rfind("</svg>").unwrap_or(svg.len());
    &svg[start..end]
}

/// Puts classes where stand-in colors are, and leaves the font to the style sheet.
fn classes(svg: &str) -> String {
    let mut out = svg.replace(" font-family=\"sans-serif\"", "").replace('\n', "");
    for index in 0.. {
        let Some(tone) = Tone::at(index) else { return out };
        let color = format!("#0100{index:02X}");
        out = out
            .replace(&format!("fill=\"{color}\""), &format!("class=\"f-{}\"", tone.suffix()))
            .replace(&format!("stroke=\"{color}\""), &format!("class=\"k-{}\"", tone.suffix()));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart() -> Chart {
        Chart {
            width: 400,
            height: 200,
            left: 40,
            right: 10,
            x: Axis { from: 0.0, to: 10.0, ticks: vec![(0.0, "start".into()), (10.0, "end".into())] },
            y: Axis::counts(37.0),
            areas: vec![Area {
                tone: Tone::SeenTint,
                opacity: 0.5,
                outline: vec![(0.0, 0.0), (10.0, 0.0), (10.0, 30.0)],
            }],
            bars: vec![Bar { tone: Tone::Plain, from: (1.0, 0.0), to: (2.0, 12.0) }],
            lines: vec![Line { tone: Tone::Seen, width: 2, points: stairs(&[(0.0, 0.0), (5.0, 30.0)], 10.0) }],
        }
    }

    #[test]
    fn no_literal_color_is_left() {
        let shapes = chart().shapes();
        assert!(!shapes.contains("=\"#"), "{shapes}");
        for class in ["f-seen-tint", "f-plain", "k-seen", "f-quiet", "k-grid", "k-axis"] {
            assert!(shapes.contains(&format!("class=\"{class}\"")), "{class} in {shapes}");
        }
        assert!(shapes.contains("start") && shapes.contains("end"));
    }

    #[test]
    fn no_element_has_two_classes() {
        for element in chart().shapes().split('<') {
            assert!(element.matches("class=").count() <= 1, "<{element}");
        }
    }

    #[test]
    fn count_ticks_are_round_and_few() {
        for (most, ticks) in
            [(0.0, vec![0.0, 1.0]), (37.0, vec![0.0, 10.0, 20.0, 30.0]), (4.0, vec![0.0, 1.0, 2.0, 3.0, 4.0])]
        {
            let axis = Axis::counts(most);
            assert_eq!(axis.ticks.iter().map(|(at, _)| *at).collect::<Vec<_>>(), ticks, "most {most}");
        }
        for most in [1.0, 9.0, 99.0, 1_234.0, 98_765.0] {
            let count = Axis::counts(most).ticks.len();
            assert!((2..=6).contains(&count), "{count} ticks for {most}");
        }
    }

    #[test]
    fn pixels_agree_with_the_drawing() {
        assert_eq!(chart().pixel((0.0, 0.0)), (40.0, 174.0));
        assert_eq!(chart().pixel((10.0, 37.0 * 1.06)), (390.0, 10.0));
    }

    #[test]
    fn a_value_holds_until_the_next() {
        assert_eq!(stairs(&[(0.0, 1.0), (2.0, 3.0)], 5.0), [(0.0, 1.0), (2.0, 1.0), (2.0, 3.0), (5.0, 3.0)]);
    }
}
