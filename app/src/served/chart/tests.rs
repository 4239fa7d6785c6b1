use super::*;
use crate::i18n::Language;
use domain::range::Range;
use domain::time_zone::TimeZone;
use service::records::PieceCounts;

/// 2026-01-15 12:00:00 UTC.
const NOW: Micros = Micros(1_768_478_400 * Micros::SECOND);

fn figures(range: Range, counts: &[(u64, u64)]) -> RangeFigures {
    let zone = TimeZone::default();
    let edges = range.edges(NOW, &zone);
    let mut pieces = vec![PieceCounts::default(); edges.len() - 1];
    for (piece, (accepted, refused)) in pieces.iter_mut().rev().zip(counts) {
        *piece = PieceCounts { accepted: *accepted, refused: *refused };
    }
    let edges = edges.into_iter().map(|hour| Micros(hour * Micros::HOUR)).collect();
    RangeFigures { range, edges, pieces, today: PieceCounts::default(), now: NOW }
}

fn drawn(figures: &RangeFigures) -> String {
    let zone = TimeZone::default();
    chart(&Reading::new(Language::En, &zone, NOW), figures).to_html()
}

fn count(html: &str, part: &str) -> usize {
    html.matches(part).count()
}

#[test]
fn an_axis_ends_with_a_round_number_whose_half_is_whole() {
    let ends = [0, 1, 2, 9, 10, 11, 13, 20_435, 24_001, 99_999_999, 100_000_000];
    let expected = [0, 2, 2, 10, 10, 12, 16, 24_000, 30_000, 100_000_000, 100_000_000];
    assert_eq!(ends.map(ceiling), expected);
    assert_eq!(ceiling(u64::MAX), u64::MAX);
    for most in 1..2_000 {
        let end = ceiling(most);
        assert!(end >= most && end.is_multiple_of(2) && end <= most * 2, "{most}: {end}");
    }
}

#[test]
fn the_smallest_count_beside_the_largest_can_be_seen() {
    assert_eq!(height(0, 10, 100), None);
    assert_eq!(height(0, 0, 100), None);
    assert_eq!(height(1, 1_000_000, 100), Some(8));
    assert_eq!(height(1_000_000, 1_000_000, 100), Some(1000));
    assert_eq!(height(5, 10, 24), Some(120));
    assert_eq!(height(u64::MAX, u64::MAX, 100), Some(1000));
}

#[test]
fn names_stand_at_both_ends_and_between() {
    assert_eq!(named_places(24), [0, 5, 11, 17, 23]);
    assert_eq!(named_places(7), [0, 2, 4, 6]);
    assert_eq!(named_places(30), [0, 7, 14, 21, 29]);
    assert_eq!(named_places(90), [0, 22, 44, 66, 89]);
}

#[test]
fn without_any_request_no_bar_is_drawn_and_every_day_is_named() {
    let html = drawn(&figures(Range::Days30, &[]));
    assert_eq!((count(&html, "class=\"b-"), count(&html, "class=\"hit\"")), (0, 60));
    assert_eq!((count(&html, "<title>"), count(&html, "<tr>")), (60, 31));
    assert!(html.contains("<title>Wed 17 Dec: 0 accepted, 0 refused</title>"), "{html}");
    assert!(html.contains("Thu 15 Jan, so far: 0 accepted"), "{html}");
}

#[test]
fn today_is_an_outline_and_a_refusal_has_its_own_scale() {
    let html = drawn(&figures(Range::Days7, &[(5, 0), (1_000_000, 0), (0, 3)]));
    assert_eq!([count(&html, "b-open"), count(&html, "b-ok"), count(&html, "b-bad")], [1, 1, 1]);
    // Three of four fill three quarters of the low plot.
    assert!(
        html.contains("<rect class=\"b-bad\" x=\"41.8\" y=\"6\" width=\"6.4\" height=\"18\"/>"),
        "{html}"
    );
    assert!(
        html.contains("<rect class=\"b-ok\" x=\"51.8\" y=\"0\" width=\"6.4\" height=\"100\"/>"),
        "{html}"
    );
    assert!(
        html.contains("<rect class=\"b-open\" x=\"61.8\" y=\"99.2\" width=\"6.4\" height=\"0.8\"/>"),
        "{html}"
    );
    assert!(html.contains("Wed 14 Jan: 1,000,000 accepted, 0 refused"), "{html}");
}

#[test]
fn refusals_alone_are_drawn() {
    let html = drawn(&figures(Range::Days90, &[(0, 7)]));
    assert_eq!([count(&html, "b-open"), count(&html, "b-ok"), count(&html, "b-bad")], [0, 0, 1]);
    assert_eq!(count(&html, "<g class=\"piece\">"), 180);
}

#[test]
fn on_a_narrow_screen_both_ends_of_the_axis_stay() {
    for (range, minor) in [(Range::Hours24, 2), (Range::Days7, 1), (Range::Days30, 2), (Range::Days90, 2)] {
        let html = drawn(&figures(range, &[]));
        assert_eq!(count(&html, "<li class=\"minor\">"), minor, "{range:?}");
        assert!(html.contains("<li>Today</li></ol>") || html.contains("<li>Now</li></ol>"), "{html}");
    }
}

#[test]
fn hours_are_named_by_the_clock() {
    let html = drawn(&figures(Range::Hours24, &[(1, 0), (2, 0)]));
    assert!(html.contains("<title>Thu 15 Jan, 11:00: 2 accepted, 0 refused</title>"), "{html}");
    assert!(html.contains("Thu 15 Jan, 12:00, so far: 1 accepted"), "{html}");
    assert_eq!(count(&html, "<tr>"), 25);
}

#[test]
fn a_rhythm_of_nothing_is_a_line() {
    let html = spark("Uses of <b>".to_owned(), &[0; 30]);
    let html = html.to_html();
    assert_eq!((count(&html, "<rect"), count(&html, "<path")), (0, 1));
    assert!(
        html.contains("aria-label=\"Uses of &lt;b&gt;\"") || html.contains("aria-label=\"Uses of &lt;b>\"")
    );
    assert_eq!(count(&spark(String::new(), &[0, 7, 1]).to_html(), "<rect"), 2);
}
