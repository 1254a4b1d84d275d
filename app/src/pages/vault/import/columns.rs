use keyarc_vault::{
    ImportWish,
    import::{Column, Format, Role, Separator, Table, TableWish},
};
use leptos::prelude::*;

use super::work::use_import;
use crate::ui::{Checkbox, Select};

/// What the columns of a table are. Whatever is changed, the file is read again that way.
#[component]
pub(super) fn Columns(table: Table) -> impl IntoView {
    let work = use_import();
    let stored = StoredValue::new(table.clone());
    let read = move |wish: TableWish| {
        work.read(ImportWish {
            format: Some(Format::Csv),
            table: Some(wish),
            ..ImportWish::default()
        });
    };
    let separators: Vec<_> = Separator::ALL
        .iter()
        .map(|one| (one.name().to_owned(), separator_words(*one).to_owned()))
        .collect();
    let other_separator = move |name: String| {
        let separator = Separator::ALL.into_iter().find(|one| one.name() == name);
        // Other columns come of it: they are guessed anew.
        read(TableWish {
            separator,
            ..TableWish::default()
        });
    };
    let titles = RwSignal::new(table.titles);
    Effect::watch(
        move || titles.get(),
        move |titles, _, _| {
            let separator = stored.with_value(|table| table.separator);
            read(TableWish {
                separator: Some(separator),
                titles: Some(*titles),
                roles: None,
            });
        },
        false,
    );
    let other_role = move |(at, role): (usize, Role)| {
        let wish = stored.with_value(|table| {
            let roles = table.columns.iter().enumerate();
            TableWish {
                separator: Some(table.separator),
                titles: Some(table.titles),
                roles: Some(
                    roles
                        .map(|(place, column)| if place == at { role } else { column.role })
                        .collect(),
                ),
            }
        });
        read(wish);
    };
    let columns = table.columns.into_iter().enumerate();
    view! { class="v",
        <fieldset class="import-columns">
            <legend>{t!("Columns")}</legend>
            <p class="field-hint">
                {t!("Letters and digits of the first rows are concealed. What has no place of its own becomes a field.")}
            </p>
            <div class="import-column-list">
                {columns
                    .map(|(at, column)| {
                        view! { class="v",
                            <ColumnRole
                                at=at
                                column=column
                                on_change=move |role| other_role((at, role))
                            />
                        }
                    })
                    .collect_view()}
            </div>
            <div class="import-separator">
                <Select
                    id="import-separator"
                    label=t!("Between two values")
                    value=Signal::stored(table.separator.name().to_owned())
                    options=Signal::stored(separators)
                    on_change=other_separator
                />
                <Checkbox id="import-titles" checked=titles>
                    {t!("The first row holds titles")}
                </Checkbox>
            </div>
        </fieldset>
    }
}

#[component]
fn ColumnRole(at: usize, column: Column, #[prop(into)] on_change: Callback<Role>) -> impl IntoView {
    let options: Vec<_> = Role::ALL
        .iter()
        .map(|role| (role.name().to_owned(), role_words(*role).to_owned()))
        .collect();
    let change = move |name: String| {
        if let Some(role) = Role::ALL.into_iter().find(|role| role.name() == name) {
            on_change.run(role);
        }
    };
    let label = match column.title.is_empty() {
        true => t!("Column {number}", number = at + 1),
        false => column.title,
    };
    let samples: Vec<_> = column
        .sample
        .into_iter()
        .filter(|shape| !shape.is_empty())
        .collect();
    view! { class="v",
        <div class="import-column">
            <Select
                id=format!("import-column-{at}")
                label=Signal::stored(label)
                value=Signal::stored(column.role.name().to_owned())
                options=Signal::stored(options)
                on_change=change
            />
            <ul class="import-shapes" translate="no">
                {samples
                    .into_iter()
                    .map(|shape| view! { class="v", <li>{shape}</li> })
                    .collect_view()}
            </ul>
        </div>
    }
}

/// A separator, for people. Its name is the option's value.
fn separator_words(separator: Separator) -> &'static str {
    match separator {
        Separator::Comma => t!("Comma"),
        Separator::Semicolon => t!("Semicolon"),
        Separator::Tab => t!("Tab"),
        Separator::Bar => t!("Vertical bar"),
    }
}

/// What a column is, for people. Its name is the option's value.
fn role_words(role: Role) -> &'static str {
    match role {
        Role::Name => t!("Name"),
        Role::Username => t!("User name"),
        Role::Secret => t!("Password or value"),
        Role::Url => t!("Address"),
        Role::Notes => t!("Notes"),
        Role::Folder => t!("Folder"),
        Role::Tags => t!("Tags"),
        Role::Totp => t!("One-time code"),
        Role::Expiry => t!("Expiry date"),
        Role::Favourite => t!("Favourite"),
        Role::Field => t!("A field of its own"),
        Role::Ignore => t!("Leave out"),
    }
}
