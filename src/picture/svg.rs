//! SVG, for browsers and documents: one file, no fonts and no programs needed, light and dark.
//!
//! Colours are written out and not as CSS variables, which most programs other than browsers do not know.

use std::fmt::Write as _;

use super::layout::{Area, ENTRY, LONGEST, Layout, MARKS, PADDING, Point, TITLE, note, type_text};
use super::text::{cut, xml};
use super::{Card, Entry, Kind, Picture, Reference};

/// How round the corners of lines are.
const ROUND: f64 = 6.0;

/// The colours of lines, light and dark. All lines to a table have that of the table.
const COLORS: [(&str, &str); 8] = [
    ("#2563eb", "#60a5fa"),
    ("#c2410c", "#fb923c"),
    ("#15803d", "#4ade80"),
    ("#9333ea", "#c084fc"),
    ("#be185d", "#f472b6"),
    ("#0e7490", "#22d3ee"),
    ("#a16207", "#facc15"),
    ("#475569", "#94a3b8"),
];

const STYLE: &str = "\
.schema{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace}
.schema .paper{fill:#ffffff}
.schema .box{fill:#ffffff;stroke:#cbd5e1}
.schema .elsewhere .box{stroke-dasharray:4 3}
.schema .head{fill:#f1f5f9}
.schema .rule{stroke:#cbd5e1}
.schema text{fill:#1e293b}
.schema .name{font-size:13px;font-weight:bold}
.schema .type,.schema .more{fill:#64748b}
.schema .mark{font-size:9px;fill:#64748b}
.schema .key{font-weight:bold}
.schema .elsewhere .name{font-weight:normal;fill:#64748b}
.schema .line path{fill:none;stroke-width:1.5}
.schema .line .wide{stroke:transparent!important;stroke-width:9}
.schema .line:hover path,.schema .line.near path{stroke-width:3}
.schema .end{fill:#ffffff;stroke-width:1.5}
";

const DARK: &str = "\
.schema .paper{fill:#0f172a}
.schema .box{fill:#1e293b;stroke:#475569}
.schema .head{fill:#334155}
.schema .rule{stroke:#475569}
.schema text{fill:#e2e8f0}
.schema .type,.schema .more,.schema .mark,.schema .elsewhere .name{fill:#94a3b8}
.schema .end{fill:#0f172a}
";

/// The picture as a file of its own.
#[must_use]
pub fn write(picture: &Picture) -> String {
    draw(picture, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")
}

/// The picture as an element of an HTML page.
#[must_use]
pub fn element(picture: &Picture) -> String {
    draw(picture, "")
}

fn draw(picture: &Picture, prolog: &str) -> String {
    let layout = Layout::of(picture);
    let colors = colors(picture, &layout);
    let (width, height) = (layout.width, layout.height);
    let mut out = format!(
        "{prolog}<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"schema\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\">\n<style>\n{STYLE}"
    );
    for (number, (light, _)) in COLORS.iter().enumerate() {
        push(&mut out, format_args!(".schema .c{number}{{stroke:{light}}}\n.schema rect.c{number}{{fill:{light}}}\n"));
    }
    out.push_str("@media (prefers-color-scheme:dark){\n");
    out.push_str(DARK);
    for (number, (_, dark)) in COLORS.iter().enumerate() {
        push(&mut out, format_args!(".schema .c{number}{{stroke:{dark}}}\n.schema rect.c{number}{{fill:{dark}}}\n"));
    }
    out.push_str("}\n</style>\n");
    push(&mut out, format_args!("<rect class=\"paper\" width=\"{width}\" height=\"{height}\"/>\n"));
    for (reference, points) in picture.references.iter().zip(&layout.lines) {
        line(&mut out, picture, reference, points, colors[reference.parent.card]);
    }
    for (number, (card, area)) in picture.cards.iter().zip(&layout.cards).enumerate() {
        let is_parent = picture.references.iter().any(|reference| reference.parent.card == number);
        draw_card(&mut out, card, *area, is_parent.then_some(colors[number]));
    }
    out.push_str("</svg>\n");
    out
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("a String takes all that is written");
}

/// The colour of each card's lines: in turn from left to right and down, so that neighbours differ.
fn colors(picture: &Picture, layout: &Layout) -> Vec<usize> {
    let mut order: Vec<usize> = (0..picture.cards.len()).collect();
    order.retain(|&card| picture.references.iter().any(|reference| reference.parent.card == card));
    order.sort_by(|&one, &other| {
        let (one, other) = (layout.cards[one].corner, layout.cards[other].corner);
        one.x.total_cmp(&other.x).then(one.y.total_cmp(&other.y))
    });
    let mut colors = vec![0; picture.cards.len()];
    for (number, card) in order.into_iter().enumerate() {
        colors[card] = number % COLORS.len();
    }
    colors
}

fn line(out: &mut String, picture: &Picture, reference: &Reference, points: &[Point], color: usize) {
    let name = |card: usize| xml(&picture.cards[card].name);
    let (child, parent) = (name(reference.child.card), name(reference.parent.card));
    push(
        out,
        format_args!(
            "<g class=\"line\" data-child=\"{child}\" data-parent=\"{parent}\"><title>{}</title>",
            xml(&reference.text)
        ),
    );
    let way = way(points);
    push(out, format_args!("<path class=\"wide\" d=\"{way}\"/><path class=\"c{color}\" d=\"{way}\"/>"));
    let [first, second, .., before, last] = points else { return out.push_str("</g>\n") };
    let Point { x, y } = *first;
    let out_of_child = (second.x - x).signum();
    if reference.is_many {
        let foot = x + 11.0 * out_of_child;
        push(out, format_args!("<path class=\"c{color}\" d=\"M{x} {}L{foot} {y}L{x} {}\"/>", y - 5.0, y + 5.0));
    } else {
        bar(out, x + 7.0 * out_of_child, y, color);
    }
    let out_of_parent = (before.x - last.x).signum();
    bar(out, last.x + 6.0 * out_of_parent, last.y, color);
    if reference.is_optional {
        let middle = last.x + 13.0 * out_of_parent;
        push(out, format_args!("<circle class=\"end c{color}\" cx=\"{middle}\" cy=\"{}\" r=\"3.5\"/>", last.y));
    }
    out.push_str("</g>\n");
}

/// A stroke across a line: one.
fn bar(out: &mut String, x: f64, y: f64, color: usize) {
    push(out, format_args!("<path class=\"c{color}\" d=\"M{x} {}V{}\"/>", y - 5.0, y + 5.0));
}

/// The path along points, with round corners.
fn way(points: &[Point]) -> String {
    let mut corners: Vec<Point> = Vec::new();
    for &point in points {
        if corners.last() == Some(&point) {
            continue;
        }
        if let [.., before, last] = corners[..] {
            let is_straight = |one: f64, two: f64, three: f64| (one - two).abs() < 0.1 && (two - three).abs() < 0.1;
            if is_straight(before.x, last.x, point.x) || is_straight(before.y, last.y, point.y) {
                corners.pop();
            }
        }
        corners.push(point);
    }
    let mut way = String::new();
    for (number, corner) in corners.iter().enumerate() {
        let before = number.checked_sub(1).map(|before| corners[before]);
        match (before, corners.get(number + 1)) {
            (None, _) => push(&mut way, format_args!("M{} {}", corner.x, corner.y)),
            (_, None) => push(&mut way, format_args!("L{} {}", corner.x, corner.y)),
            (Some(before), Some(after)) => {
                let (enter, leave) = (toward(*corner, before), toward(*corner, *after));
                push(
                    &mut way,
                    format_args!("L{} {}Q{} {} {} {}", enter.x, enter.y, corner.x, corner.y, leave.x, leave.y),
                );
            }
        }
    }
    way
}

/// The place where the rounding of a corner ends, on the way to another point.
fn toward(corner: Point, other: Point) -> Point {
    let (x, y) = (other.x - corner.x, other.y - corner.y);
    let round = ROUND.min((x.abs() + y.abs()) / 2.0);
    let step = |length: f64| if length == 0.0 { 0.0 } else { round * length.signum() };
    Point { x: corner.x + step(x), y: corner.y + step(y) }
}

fn draw_card(out: &mut String, card: &Card, area: Area, color: Option<usize>) {
    let Area { corner: Point { x, y }, width, height } = area;
    let kind = if card.kind == Kind::Elsewhere { " elsewhere" } else { "" };
    push(
        out,
        format_args!(
            "<g class=\"card{kind}\" data-table=\"{}\"><rect class=\"box\" x=\"{x}\" y=\"{y}\" width=\"{width}\" \
             height=\"{height}\" rx=\"4\"/>",
            xml(&card.name)
        ),
    );
    let bottom = y + TITLE;
    let (inner, edge) = (width - 1.0, x + 0.5);
    push(
        out,
        format_args!(
            "<rect class=\"head\" x=\"{edge}\" y=\"{}\" width=\"{inner}\" height=\"{}\" rx=\"3.5\"/>",
            y + 0.5,
            TITLE - 1.0
        ),
    );
    if let Some(color) = color {
        push(
            out,
            format_args!("<rect class=\"c{color}\" x=\"{edge}\" y=\"{y}\" width=\"{inner}\" height=\"2\" rx=\"1\"/>"),
        );
    }
    let title = tip(&card.name);
    push(out, format_args!("<text class=\"name\" x=\"{}\" y=\"{}\">{title}", x + PADDING, y + 19.0));
    let note = note(card);
    if !note.is_empty() {
        push(
            out,
            format_args!("<tspan class=\"type\" font-weight=\"normal\" dx=\"8\">{}</tspan>", xml(note.trim_start())),
        );
    }
    out.push_str("</text>");
    if !card.entries.is_empty() || card.hidden > 0 {
        push(out, format_args!("<path class=\"rule\" d=\"M{x} {bottom}h{width}\"/>"));
    }
    let mut middle = bottom + 14.0;
    for entry in &card.entries {
        draw_entry(out, entry, x, x + width, middle);
        middle += ENTRY;
    }
    if card.hidden > 0 {
        let left = x + PADDING + MARKS;
        push(out, format_args!("<text class=\"more\" x=\"{left}\" y=\"{middle}\">and {} more</text>", card.hidden));
    }
    out.push_str("</g>\n");
}

fn draw_entry(out: &mut String, entry: &Entry, left: f64, right: f64, y: f64) {
    let marks: Vec<&str> =
        [(entry.is_primary, "PK"), (entry.is_foreign, "FK"), (entry.is_unique && !entry.is_primary, "U")]
            .into_iter()
            .filter_map(|(is_it, mark)| is_it.then_some(mark))
            .collect();
    if !marks.is_empty() {
        push(out, format_args!("<text class=\"mark\" x=\"{}\" y=\"{y}\">{}</text>", left + PADDING, marks.join(" ")));
    }
    let class = if entry.is_primary { " class=\"key\"" } else { "" };
    push(out, format_args!("<text{class} x=\"{}\" y=\"{y}\">{}</text>", left + PADDING + MARKS, tip(&entry.name)));
    let type_text = type_text(entry);
    if !type_text.is_empty() {
        let tip = if entry.type_name == cut(&entry.type_name, LONGEST) {
            String::new()
        } else {
            format!("<title>{}</title>", xml(&entry.type_name))
        };
        push(
            out,
            format_args!(
                "<text class=\"type\" text-anchor=\"end\" x=\"{}\" y=\"{y}\">{}{tip}</text>",
                right - PADDING,
                xml(&type_text)
            ),
        );
    }
}

/// A name, and the whole of it to be pointed at where it is cut.
fn tip(name: &str) -> String {
    let shown = cut(name, LONGEST);
    if shown == name { xml(name) } else { format!("{}<title>{}</title>", xml(&shown), xml(name)) }
}
