//! The page.

use std::sync::Arc;

use leptos::prelude::*;

use super::super::texts::{GuideTexts, Served};
use super::said::said;
use super::{ApiGuide, GuideAnswer, GuideField, GuideGroup, GuideKind, GuideOperation, GuideRecord};
use crate::components::{PageHeading, not_found_view};
use crate::part::{IntoPart, Part};

/// The management API: every operation with a line of a shell that calls it.
pub(crate) fn guide_page() -> Part {
    let t = GuideTexts::here();
    let Some(guide) = use_context::<Arc<ApiGuide>>() else { return not_found_view() };
    view! {
        <PageHeading/>
        <p class="subtitle">{said(&guide.about)}</p>
        <p>{t.key_text}</p>
        <p><a href="/openapi.json" rel="external">{t.document_link}</a></p>
        <nav class="guide-contents" aria-label=t.contents>
            {guide.groups.iter().map(contents).collect_view()}
        </nav>
        <div class="guide">
            {guide.groups.iter().map(group_section).collect_view()}
            <section aria-labelledby="records">
                <h2 id="records">{t.records}</h2>
                {guide.records.iter().map(record_panel).collect_view()}
            </section>
        </div>
    }
    .part()
}

fn contents(group: &GuideGroup) -> Part {
    let line = |operation: &GuideOperation| {
        let name = address(operation);
        view! { <li><a href=format!("#{}", operation.id)>{name}</a></li> }
    };
    view! { <ul>{group.operations.iter().map(line).collect_view()}</ul> }.part()
}

/// Method and path; the path may be broken at its slashes.
fn address(operation: &GuideOperation) -> Part {
    let (method, path) = (operation.method.clone(), operation.path.clone());
    let mark = format!("method {}", method.to_lowercase());
    view! { <code class="operation"><span class=mark>{method}</span>" "{path}</code> }.part()
}

fn group_section(group: &GuideGroup) -> Part {
    let heading = format!("about-{}", group.name);
    view! {
        <section aria-labelledby=heading.clone()>
            <h2 id=heading.clone()>{said(&group.about)}</h2>
            {group.operations.iter().map(operation_panel).collect_view()}
        </section>
    }
    .part()
}

fn operation_panel(operation: &GuideOperation) -> Part {
    let t = GuideTexts::here();
    let description = operation.description.as_deref().map(|text| view! { <p>{said(text)}</p> });
    let body = operation.body.as_deref().map(|name| view! { <p>{t.body}" "{record_link(name)}</p> });
    let parameters = (!operation.parameters.is_empty())
        .then(|| field_table(t.parameters, &operation.id, &operation.parameters));
    view! {
        <article class="panel wide" id=operation.id.clone() aria-labelledby=format!("{}-name", operation.id)>
            <h3 id=format!("{}-name", operation.id)>{address(operation)}</h3>
            <p>{said(&operation.summary)}</p>
            {description}
            <pre class="curl" tabindex="0"><code>{operation.curl.clone()}</code></pre>
            {body}
            {parameters}
            <ul class="answers">{operation.answers.iter().map(answer_line).collect_view()}</ul>
            <details>
                <summary>{t.errors}</summary>
                <ul class="answers">{operation.errors.iter().map(answer_line).collect_view()}</ul>
            </details>
        </article>
    }
    .part()
}

fn answer_line(answer: &GuideAnswer) -> Part {
    let records = answer.records.iter().map(|name| view! { " "{record_link(name)} }).collect_view();
    view! { <li><b>{answer.status.clone()}</b>" "{said(&answer.about)}{records}</li> }.part()
}

fn record_link(name: &str) -> Part {
    view! { <a href=format!("#record-{name}")><code>{name.to_owned()}</code></a> }.part()
}

fn record_panel(record: &GuideRecord) -> Part {
    let id = format!("record-{}", record.name);
    let fields = (!record.fields.is_empty())
        .then(|| field_table(GuideTexts::here().members, &record.name, &record.fields));
    view! {
        <article class="panel wide" id=id.clone() aria-labelledby=format!("{id}-name")>
            <h3 id=format!("{id}-name")><code>{record.name.clone()}</code></h3>
            <p>{said(&record.about)}</p>
            {fields}
        </article>
    }
    .part()
}

/// Parameters or members; `of` names what has them, because there are many such tables.
fn field_table(caption: &'static str, of: &str, fields: &[GuideField]) -> Part {
    let t = GuideTexts::here();
    let name = format!("{caption}: {of}");
    view! {
        <div class="field-frame" tabindex="0" role="region" aria-label=name>
            <table class="fields">
                <caption>{caption}</caption>
                <thead>
                    <tr>
                        <th scope="col">{t.column_name}</th>
                        <th scope="col">{t.column_kind}</th>
                        <th scope="col">{t.column_about}</th>
                    </tr>
                </thead>
                <tbody>{fields.iter().map(field_row).collect_view()}</tbody>
            </table>
        </div>
    }
    .part()
}

fn field_row(field: &GuideField) -> Part {
    let needed = field.required.then(|| view! { " "<small>{GuideTexts::here().required}</small> });
    view! {
        <tr>
            <th scope="row"><code>{field.name.clone()}</code>{needed}</th>
            <td>{kind_text(&field.kind)}</td>
            <td>{said(&field.about)}</td>
        </tr>
    }
    .part()
}

fn kind_text(kind: &GuideKind) -> Part {
    let t = GuideTexts::here();
    match kind {
        GuideKind::Text => t.kind_text.part(),
        GuideKind::Time => t.kind_time.part(),
        GuideKind::Number => t.kind_number.part(),
        GuideKind::Flag => t.kind_flag.part(),
        GuideKind::Other => t.kind_other.part(),
        GuideKind::ListOf(record) => view! { {t.kind_list}" "{record_link(record)} }.part(),
        GuideKind::OneOf(values) => {
            let value = |(at, value): (usize, &String)| {
                let comma = if at == 0 { "" } else { ", " };
                view! { {comma}<code>{value.clone()}</code> }
            };
            values.iter().enumerate().map(value).collect_view().part()
        }
    }
}
