use leptos::{html, prelude::*};

use super::{
    words::{left_out, left_out_of_past, missing_files, stands_in_it},
    work::use_export,
};
use crate::{
    ui::{Banner, BannerTone, Button, Icon, Look},
    worker::ExportBuilt,
};

/// The most that an import takes: items, versions that they had before, and bytes of both, attached
/// files aside.
const IMPORT_ITEMS: u32 = 20_000;
const IMPORT_EARLIER: u32 = 20_000;
const IMPORT_BYTES: u64 = 50 * 1024 * 1024;

/// The file is there: what is in it, what is not, and the way to save it.
#[component]
pub(super) fn Ready(built: ExportBuilt) -> impl IntoView {
    let work = use_export();
    let ExportBuilt {
        name,
        bytes,
        sealed,
        written,
        past,
        files,
        unreadable,
    } = built;
    let heading = NodeRef::<html::H2>::new();
    // What had the focus is gone; the next thing to read gets it.
    Effect::new(move |_| {
        if let Some(heading) = heading.get() {
            let _ = heading.focus();
        }
    });
    let versions = past.map_or(0, |past| past.versions);
    let there = files.unwrap_or_default();
    let lead = stands_in_it(written.items, versions, there.files, bytes);
    let of_items = bytes.saturating_sub(there.bytes);
    let is_beyond = sealed
        && (written.items > IMPORT_ITEMS || versions > IMPORT_EARLIER || of_items > IMPORT_BYTES);
    let lost = written
        .left_out
        .iter()
        .map(|(what, count)| left_out(*what, *count));
    let lost: Vec<String> = lost
        .chain(left_out_of_past(past))
        .chain(missing_files(there.missing))
        .collect();
    let formulas = written.formulas;
    let file_name = name.clone();
    view! { class="v",
        <h2 class="export-name" tabindex="-1" node_ref=heading translate="no">
            {name}
        </h2>
        <p class="lead">{lead}</p>
        {(unreadable > 0)
            .then(|| {
                view! { class="v",
                    <Banner tone=BannerTone::Bad icon=Icon::Warning>
                        {tn!(
                            unreadable,
                            "{count} item could not be opened, and are not in it. They are kept in the vault as they are.",
                            "{count} items could not be opened, and are not in it. They are kept in the vault as they are."
                        )}
                    </Banner>
                }
            })}
        {is_beyond
            .then(|| {
                view! { class="v",
                    <Banner tone=BannerTone::Warn icon=Icon::Warning>
                        {t!("This is more than can be restored in one go: 20,000 items, 20,000 earlier versions, 50 MB beside attached files. Make an archive of each folder instead.")}
                    </Banner>
                }
            })}
        {(formulas > 0)
            .then(|| {
                view! { class="v",
                    <Banner tone=BannerTone::Warn icon=Icon::Warning>
                        {tn!(
                            formulas,
                            "{count} value begins with a character by which spreadsheets know a formula. They stand there as they are. Do not open the file in a spreadsheet if you do not trust where your items come from.",
                            "{count} values begin with a character by which spreadsheets know a formula. They stand there as they are. Do not open the file in a spreadsheet if you do not trust where your items come from."
                        )}
                    </Banner>
                }
            })}
        {(!lost.is_empty())
            .then(|| {
                view! { class="v",
                    <h3>{t!("Not in this file")}</h3>
                    <ul class="export-left">
                        {lost
                            .into_iter()
                            .map(|words| view! { class="v", <li>{words}</li> })
                            .collect_view()}
                    </ul>
                }
            })}
        <footer class="page-foot">
            <Button
                look=Look::Go
                icon=Icon::Download
                busy=work.saving()
                on_press=move |()| work.save(file_name.clone())
            >
                {t!("Save the file")}
            </Button>
            <Button on_press=move |()| work.back()>{t!("Back")}</Button>
        </footer>
    }
}
