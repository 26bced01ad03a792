//! The region "Code": the settings of the run as one would paste them, with the line lit that decided what is looked at.

use crate::clipboard;
use crate::store::store;
use leptos::prelude::*;
use steadfast_playground::code::{CodeLine, Language, code, line_of, text};

#[component]
pub(crate) fn Code(
    /// Whether it can be seen: else it is not drawn.
    is_open: Signal<bool>,
) -> impl IntoView {
    let store = store();
    let language = RwSignal::new(Language::default());
    let lines = move |language: Language| {
        store.page().with(|page| {
            let policy = page.recording.policy();
            policy.map(|policy| code(language, policy, page.recording.tools())).unwrap_or_default()
        })
    };
    let drawn = move || {
        let lines = if is_open.get() { lines(language.get()) } else { Vec::new() };
        let lit = store.page().with(|page| {
            let setting = page.why.as_ref().and_then(|why| why.setting.clone());
            setting.and_then(|setting| line_of(&lines, &setting))
        });
        lines.into_iter().enumerate().map(|(index, line)| code_line(line, lit == Some(index))).collect::<Vec<_>>()
    };
    let choice = move |of: Language| {
        let pressed = Signal::derive(move || Some(if language.get() == of { "true" } else { "false" }));
        view! {
            <button class="button small" aria-pressed=pressed on:click=move |_| language.set(of)>{of.as_str()}</button>
        }
    };
    let copy = move |_| {
        let text = text(&untrack(move || lines(language.get())));
        clipboard::copy(
            store,
            &text,
            "The code is copied.".into(),
            "This browser does not let a page copy; select the code instead.".into(),
        );
    };
    let naive = store.flag(|page| page.recording.policy().is_some());
    let has_none = store.flag(|page| page.recording.policy().is_none());
    // The lit line comes into view, within the frame alone.
    store.after_each_change(Box::new(move |_| {
        if is_open.get_untracked() {
            request_animation_frame(show_lit);
        }
    }));
    Effect::new(move || {
        language.track();
        if is_open.get() {
            request_animation_frame(show_lit);
        }
    });
    view! {
        <section aria-labelledby="code-title">
            <div class="code-head">
                <h2 id="code-title">"Code"</h2>
                <div class="code-choice" role="group" aria-label="Language">{Language::ALL.map(choice).into_iter().collect_view()}</div>
                <button class="button small" hidden=has_none on:click=copy>"Copy code"</button>
            </div>
            <p class="empty" hidden=naive>"The naive agent has no settings: it asks, calls, and believes that all will be well."</p>
            <pre class="code-frame" tabindex="0" role="region" aria-label="Settings as code" hidden=has_none><code>{drawn}</code></pre>
        </section>
    }
}

fn code_line(line: CodeLine, is_lit: bool) -> impl IntoView {
    let class = if is_lit { "code-line lit" } else { "code-line" };
    let note = if is_lit { "  ◂ decided this" } else { "" };
    view! { <span class=class>{line.text}<span class="code-note">{note}</span>{"\n"}</span> }
}

fn show_lit() {
    use wasm_bindgen::JsCast;
    use web_sys::HtmlElement;
    let find = |selector: &str| {
        document().query_selector(selector).ok().flatten().and_then(|found| found.dyn_into::<HtmlElement>().ok())
    };
    if let (Some(frame), Some(lit)) = (find(".code-frame"), find(".code-line.lit")) {
        frame.set_scroll_top(lit.offset_top() - frame.offset_top() - frame.client_height() / 2);
    }
}
