use leptos::prelude::*;

use crate::{
    markdown::{Block, Inline, ListItem, read},
    ui::{Button, Look},
};

/// A note as it is meant, and as it was written for those who need every character.
#[component]
pub(super) fn Note(
    /// The note.
    text: String,
) -> impl IntoView {
    let Some(tree) = read(&text) else {
        return view! { class="v", <span class="notes">{text}</span> }.into_any();
    };
    let as_written = RwSignal::new(false);
    let words = move || {
        if as_written.get() {
            t!("Formatted")
        } else {
            t!("As written")
        }
    };
    view! { class="v",
        <div class="note">
            {move || {
                if as_written.get() {
                    view! { class="v", <pre class="notes">{text.clone()}</pre> }.into_any()
                } else {
                    view! { class="v", <div class="note-text">{blocks(&tree)}</div> }.into_any()
                }
            }}
            <Button look=Look::Bare on_press=move |()| as_written.update(|now| *now = !*now)>
                {words}
            </Button>
        </div>
    }
    .into_any()
}

fn blocks(all: &[Block]) -> AnyView {
    all.iter().map(block).collect_view().into_any()
}

fn block(block: &Block) -> AnyView {
    match block {
        // The page has headings of its own: those of a note stand below them.
        Block::Heading(1 | 2, line) => view! { class="v", <h3>{inlines(line)}</h3> }.into_any(),
        Block::Heading(3, line) => view! { class="v", <h4>{inlines(line)}</h4> }.into_any(),
        Block::Heading(_, line) => view! { class="v", <h5>{inlines(line)}</h5> }.into_any(),
        Block::Paragraph(line) => view! { class="v", <p>{inlines(line)}</p> }.into_any(),
        Block::List(first, items) => {
            let items = items.iter().map(item).collect_view();
            match first {
                Some(first) => {
                    view! { class="v", <ol start=first.to_string()>{items}</ol> }.into_any()
                }
                None => view! { class="v", <ul>{items}</ul> }.into_any(),
            }
        }
        Block::Quote(inner) => {
            view! { class="v", <blockquote>{blocks(inner)}</blockquote> }.into_any()
        }
        Block::Code(text) => view! { class="v",
            <pre tabindex="0">
                <code translate="no">{text.clone()}</code>
            </pre>
        }
        .into_any(),
        Block::Table(rows) => table(rows),
        Block::Rule => view! { class="v", <hr /> }.into_any(),
    }
}

fn item(item: &ListItem) -> AnyView {
    // A tight item is a line, not a paragraph.
    let inner = match item.blocks.as_slice() {
        [Block::Paragraph(line)] => inlines(line),
        [Block::Paragraph(line), rest @ ..] => {
            view! { class="v", {inlines(line)} {blocks(rest)} }.into_any()
        }
        all => blocks(all),
    };
    match item.done {
        Some(done) => view! { class="v",
            <li class="note-task">
                <span class="sr-only">{if done { t!("Done: ") } else { t!("To do: ") }}</span>
                <span class="note-box" class:is-done=done aria-hidden="true"></span>
                <div>{inner}</div>
            </li>
        }
        .into_any(),
        None => view! { class="v", <li>{inner}</li> }.into_any(),
    }
}

fn table(rows: &[Vec<Vec<Inline>>]) -> AnyView {
    let (head, body) = match rows.split_first() {
        Some((head, body)) => (head.as_slice(), body),
        None => return ().into_any(),
    };
    let head = head
        .iter()
        .map(|cell| view! { class="v", <th scope="col">{inlines(cell)}</th> })
        .collect_view();
    let row = |cells: &Vec<Vec<Inline>>| {
        let cells = cells
            .iter()
            .map(|cell| view! { class="v", <td>{inlines(cell)}</td> })
            .collect_view();
        view! { class="v", <tr>{cells}</tr> }
    };
    let body = body.iter().map(row).collect_view();
    view! { class="v",
        <div class="table-wrap" tabindex="0" role="region" aria-label=t!("Table of the note")>
            <table class="table">
                <thead>
                    <tr>{head}</tr>
                </thead>
                <tbody>{body}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn inlines(line: &[Inline]) -> AnyView {
    line.iter().map(inline).collect_view().into_any()
}

fn inline(piece: &Inline) -> AnyView {
    match piece {
        Inline::Text(text) => text.clone().into_any(),
        Inline::Code(text) => {
            view! { class="v", <code translate="no">{text.clone()}</code> }.into_any()
        }
        Inline::Strong(line) => view! { class="v", <strong>{inlines(line)}</strong> }.into_any(),
        Inline::Emphasis(line) => view! { class="v", <em>{inlines(line)}</em> }.into_any(),
        Inline::Struck(line) => view! { class="v", <del>{inlines(line)}</del> }.into_any(),
        Inline::Link(to, line) => {
            let words = if line.is_empty() {
                to.clone().into_any()
            } else {
                inlines(line)
            };
            view! { class="v",
                <a href=to.clone() title=to.clone() target="_blank" rel="noopener noreferrer nofollow">
                    <bdi>{words}</bdi>
                </a>
            }
            .into_any()
        }
        Inline::Break => view! { class="v", <br /> }.into_any(),
    }
}
