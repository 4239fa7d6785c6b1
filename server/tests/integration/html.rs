//! HTML as a browser understands it: what the tests read on a page, and how a snapshot shows one.

use scraper::{ElementRef, Html, Node, Selector};
use std::sync::LazyLock;

/// Most choices of one list that are shown one by one.
const CHOICES: usize = 30;

static OPTION: LazyLock<Selector> = LazyLock::new(|| parsed("option"));

/// The words of a page, as somebody reads them.
pub(crate) fn text(page: &str) -> String {
    words_of(Html::parse_document(page).root_element())
}

/// The words of every element that a CSS selector finds.
pub(crate) fn texts(page: &str, selector: &str) -> Vec<String> {
    let html = Html::parse_document(page);
    html.select(&parsed(selector)).map(words_of).collect()
}

/// An attribute of every element that a CSS selector finds, where it has that attribute.
pub(crate) fn attributes(page: &str, selector: &str, name: &str) -> Vec<String> {
    let html = Html::parse_document(page);
    html.select(&parsed(selector)).filter_map(|element| element.attr(name).map(str::to_owned)).collect()
}

/// What a page tells its reader about an act of theirs, and why one was refused: a message a line.
pub(crate) fn messages(page: &str) -> String {
    let told = "p.notice, p[role=alert], .field-problem, main p[role=status]:not(.record-line)";
    texts(page, told).join("\n")
}

/// What stands in a part of a page that a CSS selector finds: a paragraph, label, button or cell a line.
pub(crate) fn lines(page: &str, part: &str) -> String {
    texts(page, &format!("{part} :is(h1, h2, p, dt, dd, label, summary, button, div > a.button, td)"))
        .join("\n")
}

/// The cells of every row that a CSS selector finds.
pub(crate) fn rows(page: &str, selector: &str) -> Vec<Vec<String>> {
    let (html, cell) = (Html::parse_document(page), parsed("td"));
    html.select(&parsed(selector)).map(|row| row.select(&cell).map(words_of).collect()).collect()
}

/// The HTML of every element that a CSS selector finds.
pub(crate) fn pieces(page: &str, selector: &str) -> Vec<String> {
    let html = Html::parse_document(page);
    html.select(&parsed(selector)).map(|element| element.html()).collect()
}

fn parsed(selector: &str) -> Selector {
    Selector::parse(selector).unwrap_or_else(|error| panic!("{selector}: {error}"))
}

fn words_of(element: ElementRef<'_>) -> String {
    let mut text = String::new();
    for node in element.descendants() {
        let is_silent = node.parent().is_some_and(|parent| {
            matches!(parent.value(), Node::Element(parent) if ["script", "style"].contains(&parent.name()))
        });
        if let Node::Text(part) = node.value()
            && !is_silent
        {
            text.push_str(part);
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A page with one element a line; what is inside of one stands below it, further to the right.
pub(crate) fn outline(page: &str) -> String {
    outline_of(Html::parse_document(page).root_element())
}

/// The form of a page that is sent to this address, if it is there; else the page.
pub(crate) fn outline_of_form(page: &str, action: &str) -> String {
    let html = Html::parse_document(page);
    let forms = parsed("form");
    let found = html.select(&forms).find(|form| form.value().attr("action") == Some(action));
    outline_of(found.unwrap_or(html.root_element()))
}

fn outline_of(element: ElementRef<'_>) -> String {
    let mut lines = String::new();
    write_element(&mut lines, element, 0);
    lines
}

fn write_element(lines: &mut String, element: ElementRef<'_>, depth: usize) {
    let pieces = Piece::inside(element);
    let indent = "  ".repeat(depth);
    let tag = tag(element);
    if let [Piece::Text(text)] = &pieces[..] {
        lines.push_str(&format!("{indent}{tag} {text}\n"));
        return;
    }
    lines.push_str(&format!("{indent}{tag}\n"));
    for piece in pieces {
        match piece {
            Piece::Text(text) => lines.push_str(&format!("{indent}  {text}\n")),
            Piece::Element(child) => write_element(lines, child, depth + 1),
            Piece::Choices(count) => lines.push_str(&format!("{indent}  … {count} choices\n")),
        }
    }
}

/// Whether an element is a script that hands data over to the program in the browser.
fn is_data(element: ElementRef<'_>) -> bool {
    element.value().name() == "script" && element.value().attr("type").is_none()
}

/// The beginning of an element, its attributes by their names.
fn tag(element: ElementRef<'_>) -> String {
    let mut attributes: Vec<_> = element.value().attrs().collect();
    attributes.sort_unstable();
    let attributes = attributes.iter().map(|(name, value)| match *value {
        "" => format!(" {name}"),
        value => format!(" {name}={value:?}"),
    });
    format!("<{}{}>", element.value().name(), attributes.collect::<String>())
}

enum Piece<'a> {
    /// With `␣` where it begins or ends with a space.
    Text(String),
    Element(ElementRef<'a>),
    /// So many that only their number is told.
    Choices(usize),
}

impl<'a> Piece<'a> {
    /// What is inside of an element, without what only serves the program in the browser.
    fn inside(element: ElementRef<'a>) -> Vec<Self> {
        let (mut pieces, mut text) = (Vec::new(), String::new());
        for child in element.children() {
            if let Node::Text(part) = child.value() {
                text.push_str(part);
            }
            if let Some(child) = ElementRef::wrap(child).filter(|child| !is_data(*child)) {
                pieces.extend(Self::text(&std::mem::take(&mut text)));
                pieces.push(Self::Element(child));
            }
        }
        pieces.extend(Self::text(&text));
        if element.value().name() == "select" { Self::few(element).unwrap_or(pieces) } else { pieces }
    }

    /// The chosen ones of a long list, and how many there are.
    fn few(list: ElementRef<'a>) -> Option<Vec<Self>> {
        let choices = list.select(&OPTION).collect::<Vec<_>>();
        let chosen = choices.iter().filter(|choice| choice.value().attr("selected").is_some());
        let shown = chosen.map(|choice| Self::Element(*choice)).chain([Self::Choices(choices.len())]);
        (choices.len() > CHOICES).then(|| shown.collect())
    }

    fn text(text: &str) -> Option<Self> {
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if text.is_empty() || words.is_empty() && text.contains('\n') {
            return None;
        }
        let before = if text.starts_with(char::is_whitespace) { "␣" } else { "" };
        let after = if text.ends_with(char::is_whitespace) && !words.is_empty() { "␣" } else { "" };
        Some(Self::Text(format!("{before}{words}{after}")))
    }
}
