//! Files that are attached to an item: what there is, and what is on its way.

mod add;
mod download;
mod rows;
mod uploads;
mod words;

use keyarc_vault::ItemSummary;
use leptos::prelude::*;

use add::AddFiles;
use rows::{CutOffRows, FileRows, UploadRows};
use words::Others;

/// The files of an item.
#[component]
pub(super) fn Files(
    /// The item.
    summary: ItemSummary,
) -> impl IntoView {
    let is_live = summary.trashed_at_ms.is_none();
    // In the trash there is nothing to add, and without files nothing to see.
    if !is_live && summary.files.is_empty() {
        return ().into_any();
    }
    let item = summary.id;
    let files = StoredValue::new(summary.files);
    let here = files.with_value(|files| Others::of(files.iter().map(|file| file.name.as_str())));
    view! { class="v",
        <section class="files" aria-labelledby="files-title">
            <h3 id="files-title" tabindex="-1">
                {t!("Files")}
            </h3>
            <FileRows item=item files=files is_live=is_live />
            {is_live
                .then(|| {
                    view! { class="v",
                        <UploadRows item=item />
                        <CutOffRows item=item />
                        <AddFiles item=item here=here />
                    }
                })}
        </section>
    }
    .into_any()
}
