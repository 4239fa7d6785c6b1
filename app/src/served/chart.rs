//! Charts: SVG that the server writes, and the same figures as a table. A refusal has a scale of its own, or a dozen beside
//! thousands of uses could not be seen. Bars are stretched to the width of the page, so every text stands beside them in
//! HTML.

use super::reading::Reading;
use crate::i18n::fill;
use crate::part::{IntoPart, Part};
use domain::time::Micros;
use leptos::prelude::*;
use service::keys::RangeFigures;
use std::fmt::Write as _;

/// Width of a piece, and where its bar begins and how wide it is, in tenths.
const PIECE: u64 = 100;
const INDENT: u64 = 18;
const BAR: u64 = 64;
/// Height of both plots.
const TALL: u64 = 100;
const LOW: u64 = 24;

/// A piece of time and its counts.
struct Piece {
    when: String,
    accepted: u64,
    refused: u64,
    /// Whether it goes on.
    is_open: bool,
}

/// Uses and refusals over a range.
pub(crate) fn chart(reading: &Reading<'_>, figures: &RangeFigures) -> Part {
    let (t, in_days) = (reading.t, figures.range.is_in_days());
    let pieces = pieces(reading, figures);
    let most = |count: fn(&Piece) -> u64| ceiling(pieces.iter().map(count).max().unwrap_or(0));
    let (top, low_top) = (most(|piece| piece.accepted), most(|piece| piece.refused));
    let accepted = bars(reading, &pieces, [TALL, top], |piece| {
        (piece.accepted, if piece.is_open { "b-open" } else { "b-ok" })
    });
    let refused = bars(reading, &pieces, [LOW, low_top], |piece| (piece.refused, "b-bad"));
    let label = |text: &'static str| fill(text, &[("range", &reading.range(figures.range))]);
    let labels = if in_days {
        [label(t.chart_accepted), label(t.chart_refused)]
    } else {
        [label(t.chart_accepted_hours), label(t.chart_refused_hours)]
    };
    let [of_accepted, of_refused] = labels;
    let view_box = |height: u64| format!("0 0 {} {height}", pieces.len() as u64 * PIECE / 10);
    view! {
        <figure class="chart">
            <div class="scale" aria-hidden="true">
                <span>{reading.short(top)}</span>
                <span>{reading.short(top / 2)}</span>
                <span>"0"</span>
            </div>
            <svg
                class="plot"
                viewBox=view_box(TALL)
                preserveAspectRatio="none"
                role="img"
                aria-label=of_accepted
                inner_html=accepted
            ></svg>
            <div class="scale low" aria-hidden="true">
                <span>{(low_top > 0).then(|| reading.short(low_top))}</span>
                <span>"0"</span>
            </div>
            <svg
                class="plot low"
                viewBox=view_box(LOW)
                preserveAspectRatio="none"
                role="img"
                aria-label=of_refused
                inner_html=refused
            ></svg>
            {axis(reading, figures)}
            {table(reading, &pieces, in_days)}
        </figure>
    }
    .part()
}

/// The rhythm of one key.
pub(crate) fn spark(label: String, uses: &[u64]) -> Part {
    const HEIGHT: u64 = 20;
    let top = uses.iter().copied().max().unwrap_or(0);
    let mut bars = String::new();
    for (place, count) in (0_u64..).zip(uses) {
        if let Some(tall) = height(*count, top, HEIGHT) {
            rectangle(&mut bars, "b-ok", [place * 40 + 5, 30], [HEIGHT, tall]);
        }
    }
    let width = uses.len() * 4;
    let _ = write!(bars, "<path class=\"rule base\" d=\"M0 {HEIGHT}H{width}\"/>");
    let view_box = format!("0 0 {width} {HEIGHT}");
    view! {
        <svg
            class="spark"
            viewBox=view_box
            preserveAspectRatio="none"
            role="img"
            aria-label=label
            inner_html=bars
        ></svg>
    }
    .part()
}

fn pieces(reading: &Reading<'_>, figures: &RangeFigures) -> Vec<Piece> {
    let last = figures.pieces.len().saturating_sub(1);
    let piece = |(place, (start, counts)): (usize, (&Micros, &service::records::PieceCounts))| {
        let is_open = place == last;
        let when = name(reading, figures, *start);
        let when = if is_open { fill(reading.t.so_far, &[("when", &when)]) } else { when };
        Piece { when, accepted: counts.accepted, refused: counts.refused, is_open }
    };
    figures.edges.iter().zip(&figures.pieces).enumerate().map(piece).collect()
}

/// What a piece is called. A day that begins within an hour of UTC is counted from the beginning of that hour, so its end
/// tells which day it is.
fn name(reading: &Reading<'_>, figures: &RangeFigures, start: Micros) -> String {
    if figures.range.is_in_days() {
        reading.day(Micros(start.0 + Micros::HOUR - 1))
    } else {
        format!("{}, {}", reading.day(start), reading.clock(start))
    }
}

/// The bars of one plot, and what each tells under the pointer. `size` is the height of the plot and the count that has it.
fn bars(
    reading: &Reading<'_>,
    pieces: &[Piece],
    size: [u64; 2],
    of: impl Fn(&Piece) -> (u64, &'static str),
) -> String {
    let ([high, top], width) = (size, pieces.len() as u64 * PIECE / 10);
    // The low plot has no room for a line in the middle.
    let middle = if high == TALL { format!("M0 {}H{width}", high / 2) } else { String::new() };
    let mut svg = format!("<path class=\"rule\" d=\"M0 0H{width}{middle}\"/>");
    for (place, piece) in (0_u64..).zip(pieces) {
        let (count, class) = of(piece);
        let told = [reading.digits(piece.accepted), reading.digits(piece.refused)];
        let told =
            [("when", &piece.when as &dyn std::fmt::Display), ("accepted", &told[0]), ("refused", &told[1])];
        // A name of a day and numbers need no escapes.
        let _ = write!(svg, "<g class=\"piece\"><title>{}</title>", fill(reading.t.chart_bar, &told));
        rectangle(&mut svg, "hit", [place * PIECE, PIECE], [high, high * 10]);
        if let Some(tall) = height(count, top, high) {
            rectangle(&mut svg, class, [place * PIECE + INDENT, BAR], [high, tall]);
        }
        svg.push_str("</g>");
    }
    let _ = write!(svg, "<path class=\"rule base\" d=\"M0 {high}H{width}\"/>");
    svg
}

/// Writes a bar that stands on the ground of a plot: its left edge and its width in tenths, the height of the plot, and its
/// own in tenths.
fn rectangle(svg: &mut String, class: &str, [x, width]: [u64; 2], [high, tall]: [u64; 2]) {
    let tenths = |number: u64| match number % 10 {
        0 => (number / 10).to_string(),
        rest => format!("{}.{rest}", number / 10),
    };
    let y = (high * 10).saturating_sub(tall);
    let [x, y, width, tall] = [x, y, width, tall].map(tenths);
    let _ = write!(svg, "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{tall}\"/>");
}

/// The height of a bar in tenths; none for nothing. The least that can be seen stands for any count.
fn height(count: u64, top: u64, high: u64) -> Option<u64> {
    const LEAST: u128 = 8;
    if count == 0 || top == 0 {
        return None;
    }
    let tall = u128::from(count) * u128::from(high) * 10 / u128::from(top);
    let tall = tall.clamp(LEAST, u128::from(high) * 10);
    Some(u64::try_from(tall).unwrap_or(high * 10))
}

/// The least round and even number that is no less: the end of an axis, whose middle is named too. 0 for nothing.
fn ceiling(most: u64) -> u64 {
    const STEPS: [u64; 11] = [10, 12, 16, 20, 24, 30, 40, 50, 60, 80, 100];
    if most <= 10 {
        return most.next_multiple_of(2);
    }
    let mut unit: u64 = 1;
    while most > unit.saturating_mul(100) {
        unit = unit.saturating_mul(10);
    }
    let step = STEPS.into_iter().map(|step| unit.saturating_mul(step)).find(|top| *top >= most);
    step.unwrap_or(u64::MAX)
}

/// The places of a range that the axis names, first and last among them.
fn named_places(pieces: usize) -> Vec<usize> {
    let (last, parts) = (pieces.saturating_sub(1), if pieces < 10 { 3 } else { 4 });
    (0..=parts).map(|part| part * last / parts).collect()
}

/// The names under the bars: a place for each piece, some of them empty.
fn axis(reading: &Reading<'_>, figures: &RangeFigures) -> Part {
    let (count, in_days) = (figures.pieces.len(), figures.range.is_in_days());
    let named = named_places(count);
    let place = |(place, start): (usize, &Micros)| {
        let order = named.iter().position(|named| *named == place);
        let text = match order {
            None => String::new(),
            Some(_) if place + 1 == count && in_days => reading.t.axis_today.to_owned(),
            Some(_) if place + 1 == count => reading.t.axis_now.to_owned(),
            Some(_) if in_days => reading.date(Micros(start.0 + Micros::HOUR - 1)),
            Some(_) => reading.clock(*start),
        };
        // Every other name makes room on a narrow screen.
        let class = order
            .filter(|order| order % 2 == 1 && order + 1 < named.len())
            .map_or("", |_| " class=\"minor\"");
        // A date or a time needs no escapes.
        format!("<li{class}>{text}</li>")
    };
    let places: String = figures.edges.iter().take(count).enumerate().map(place).collect();
    view! { <ol class="axis" aria-hidden="true" inner_html=places></ol> }.part()
}

/// The figures as a table, the latest first.
fn table(reading: &Reading<'_>, pieces: &[Piece], in_days: bool) -> Part {
    let t = reading.t;
    let rows = pieces.iter().rev().map(|piece| {
        view! {
            <tr>
                <th scope="row">{piece.when.clone()}</th>
                <td>{reading.digits(piece.accepted)}</td>
                <td>{reading.digits(piece.refused)}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <details class="figures-table">
            <summary>{t.show_table}</summary>
            <table>
                <thead>
                    <tr>
                        <th scope="col">{if in_days { t.column_day } else { t.column_hour }}</th>
                        <th scope="col">{t.accepted}</th>
                        <th scope="col">{t.refused}</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </details>
    }
    .part()
}

#[cfg(test)]
mod tests;
