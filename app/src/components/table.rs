use leptos::prelude::*;

use crate::part::{IntoPart, Part};

// The roles are said aloud because the narrow layout shows the cells as blocks,
// and browsers then forget that they are a table.

/// A column: what stands above it, and the class of its cells.
pub(crate) type Column = (&'static str, Option<&'static str>);

/// A row: its class, and a cell for each column.
pub(crate) type Row = (Option<&'static str>, Vec<Part>);

/// A table.
#[expect(clippy::needless_pass_by_value, reason = "a property of a component")]
#[component]
pub(crate) fn Table(
    /// What it is called.
    label: &'static str,
    /// Its columns.
    columns: Vec<Column>,
    /// Its rows.
    rows: Vec<Row>,
) -> Part {
    let heads = columns.iter().map(|(name, _)| view! { <th scope="col" role="columnheader">{*name}</th> });
    let heads = heads.collect_view();
    let rows = rows.into_iter().map(|(class, cells)| {
        let cells = columns.iter().zip(cells).map(|((name, class), cell)| {
            view! { <td role="cell" data-label=*name class=*class>{cell}</td> }
        });
        view! { <tr role="row" class=class>{cells.collect_view()}</tr> }
    });
    let rows = rows.collect_view();
    view! {
        <table class="keys" role="table" aria-label=label>
            <thead role="rowgroup">
                <tr role="row">{heads}</tr>
            </thead>
            <tbody role="rowgroup">{rows}</tbody>
        </table>
    }
    .part()
}
