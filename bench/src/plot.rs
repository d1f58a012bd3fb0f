//! The record as a picture: bars on a logarithmic scale, for who would rather look.

use crate::report::Report;
use crate::stats::Summary;
use std::fmt::Write;

const WIDTH: f64 = 960.0;
/// Where the bars start and end; names stand to the left, figures to the right.
const LEFT: f64 = 310.0;
const RIGHT: f64 = 860.0;
const BAR: f64 = 9.0;
const ROW: f64 = 30.0;
const TOP: f64 = 90.0;

const WARM: &str = "#2b6cb0";
const PACED: &str = "#c05621";

/// Two bars a row: CPU a scrape, warm and once a second, each with its range.
pub fn draw(report: &Report) -> String {
    let all = report.rows.iter().flat_map(|r| [r.warm, r.paced]);
    let (mut low, mut high) = (f64::MAX, 1.0f64);
    for s in all {
        low = low.min(s.median / 1e3);
        high = high.max(s.max / 1e3);
    }
    let (first, last) = (low.max(0.1).log10().floor(), high.log10().ceil());
    let x = |us: f64| {
        let share = (us.max(0.1).log10() - first) / (last - first).max(1.0);
        LEFT + share.clamp(0.0, 1.0) * (RIGHT - LEFT)
    };
    let height = TOP + ROW * report.rows.len() as f64 + 40.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         font-family=\"system-ui, sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n\
         <text x=\"16\" y=\"26\" font-size=\"16\">CPU time a scrape, µs, logarithmic</text>\n"
    );
    let place = ["commit", "date", "CPU", "kernel"]
        .map(|key| report.head.iter().find(|(k, _)| *k == key).map_or("", |(_, v)| v.as_str()));
    text(&mut svg, 16.0, 46.0, "#555", &place.join(" · "));
    for (at, (color, name)) in [(WARM, "warm"), (PACED, "once a second")].into_iter().enumerate() {
        let left = LEFT + 120.0 * at as f64;
        let _ = writeln!(
            svg,
            "<rect x=\"{left}\" y=\"56\" width=\"12\" height=\"9\" fill=\"{color}\"/>"
        );
        text(&mut svg, left + 18.0, 65.0, "#222", name);
    }
    for power in first as i32..=last as i32 {
        let at = x(10f64.powi(power));
        let bottom = height - 30.0;
        let _ = writeln!(
            svg,
            "<path d=\"M{at:.1} {:.1}V{bottom:.1}\" stroke=\"#ddd\"/>\n\
             <text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\" fill=\"#555\">{}</text>",
            TOP - 8.0,
            height - 14.0,
            10f64.powi(power)
        );
    }
    for (at, row) in report.rows.iter().enumerate() {
        let y = TOP + ROW * at as f64;
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#222\">{}</text>",
            LEFT - 8.0,
            y + BAR + 3.0,
            escape(&row.name)
        );
        for (down, color, s) in [(0.0, WARM, row.warm), (BAR + 1.0, PACED, row.paced)] {
            bar(&mut svg, y + down, color, s.per(1e3), &x);
        }
    }
    svg.push_str("</svg>\n");
    svg
}

fn bar(svg: &mut String, y: f64, color: &str, us: Summary, x: &dyn Fn(f64) -> f64) {
    let middle = y + BAR / 2.0;
    let _ = writeln!(
        svg,
        "<rect x=\"{LEFT}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{BAR}\" fill=\"{color}\"/>\
         <path d=\"M{:.1} {middle:.1}H{:.1}\" stroke=\"#000\" stroke-opacity=\".5\"/>",
        (x(us.median) - LEFT).max(0.5),
        x(us.min),
        x(us.max),
    );
    text(svg, x(us.max) + 5.0, y + BAR, "#222", &format!("{:.1}", us.median));
}

fn text(svg: &mut String, x: f64, y: f64, color: &str, text: &str) {
    let text = escape(text);
    let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" fill=\"{color}\">{text}</text>");
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
