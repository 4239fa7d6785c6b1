//! Three steps to the first request, until there was one.

use super::super::ways::ways;
use super::{GENERATE, Reader};
use crate::part::{IntoPart, Part};
use domain::example::ExampleRequest;
use leptos::prelude::*;

pub(super) fn steps(reader: &Reader<'_>, has_key: bool, example: &ExampleRequest) -> Part {
    let t = reader.reading.t;
    let current = |is_current: bool| is_current.then_some("step");
    let generate = if has_key {
        view! { <p class="done">{t.step_generate_done}</p> }.part()
    } else {
        view! {
            <p>{t.step_generate_text}</p>
            <p><a class="button" href=GENERATE>{t.generate_first_key}</a></p>
        }
        .part()
    };
    let waiting = if has_key { t.waiting_for_request } else { t.waiting_for_key };
    view! {
        <section class="panel" aria-labelledby="steps">
            <h2 id="steps">{t.first_steps}</h2>
            <ol class="steps">
                <li aria-current=current(!has_key)><h3>{t.step_generate}</h3>{generate}</li>
                <li aria-current=current(has_key)>
                    <h3>{t.step_send}</h3>
                    <p>{t.step_send_text}</p>
                    {ways(&reader.reading, reader.username, t.your_key, example)}
                </li>
                <li>
                    <h3>{t.step_see}</h3>
                    <p>{t.step_see_text}</p>
                    <p class="hint">{waiting}</p>
                </li>
            </ol>
        </section>
    }
    .part()
}
