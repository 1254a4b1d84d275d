use keyarc_vault::{Content, FieldType, Item, ItemDraft, ItemSummary, Kind, Part, Totp};
use keyarc_wire::ItemId;
use leptos::{prelude::*, task::spawn_local};

use super::{page::focus_detail, variables::write_variables};
use crate::{
    state::{
        Clipboard, Go, Mode, OpenForm, Place, Start, Toasts, use_clipboard, use_go, use_open_form,
        use_place, use_toasts,
    },
    words::{now_ms, shortened},
    worker::{ArrangeCommand, Command, Failure, Reply, Worker, use_worker},
};

/// What can be done with items, wherever it is asked for: row, item, palette, keyboard.
#[derive(Clone, Copy)]
pub struct Actions {
    worker: Worker,
    toasts: Toasts,
    clipboard: Clipboard,
    form: OpenForm,
    go: Go,
    place: Memo<Place>,
}

/// For components below the router.
pub fn use_actions() -> Actions {
    Actions {
        worker: use_worker(),
        toasts: use_toasts(),
        clipboard: use_clipboard(),
        form: use_open_form(),
        go: use_go(),
        place: use_place(),
    }
}

/// The value that copying an item copies: of a setup key, the code of now; where the main part
/// is not filled in, the first that is.
pub(super) fn main_value(item: &Item) -> String {
    match &item.content {
        Content::EnvironmentSet { variables } => write_variables(variables),
        content => {
            let parts = main_part(content.kind()).into_iter();
            parts
                .chain(content.kind().parts())
                .map(|part| copied(part.field_type, content.part(part.key).unwrap_or_default()))
                .find(|value| !value.is_empty())
                .unwrap_or_default()
        }
    }
}

/// The part that stands for the item: its first secret, or its first part.
pub(super) fn main_part(kind: Kind) -> Option<&'static Part> {
    let parts = kind.parts();
    let secret = parts.iter().find(|part| part.field_type.is_concealed());
    secret.or(parts.first())
}

/// What is copied of a value.
pub(super) fn copied(field_type: FieldType, value: &str) -> String {
    match field_type {
        FieldType::Totp => Totp::parse(value)
            .map(|totp| totp.code(now_ms() as u64).code)
            .unwrap_or_default(),
        FieldType::Text
        | FieldType::Secret
        | FieldType::Lines
        | FieldType::ConcealedLines
        | FieldType::Url => value.to_owned(),
    }
}

impl Actions {
    /// Copies an item's secret, which is fetched for it and not shown.
    pub fn copy(self, summary: &ItemSummary) {
        self.copy_part(summary, None, main_value);
    }

    /// Copies a part of an item's secret.
    pub(super) fn copy_part(
        self,
        summary: &ItemSummary,
        part: Option<String>,
        value: impl Fn(&Item) -> String + 'static,
    ) {
        let name = shortened(&summary.name);
        let what = part.map_or_else(|| name.clone(), |part| t!("{part} of {name}", part, name));
        let (worker, id) = (self.worker, summary.id);
        self.clipboard.copy(what, async move {
            match worker.call(Command::Reveal(id)).await? {
                Reply::Item(item) => Ok(value(&item)),
                _ => Err(Failure::NotFound),
            }
        });
    }

    /// Moves an item to the trash, and offers to take that back.
    pub fn trash(self, summary: &ItemSummary) {
        let id = summary.id;
        let name = shortened(&summary.name);
        self.close_if_open(id);
        spawn_local(async move {
            match self.worker.call(Command::Trash(vec![id])).await {
                Ok(_) => self
                    .toasts
                    .undoable(t!("{name} moved to the trash.", name), move || {
                        self.restore(vec![id], None);
                    }),
                Err(failure) => self.toasts.failed(&failure),
            }
        });
    }

    /// Takes items out of the trash.
    pub fn restore(self, ids: Vec<ItemId>, say: Option<String>) {
        spawn_local(async move {
            match self.worker.call(Command::Restore(ids)).await {
                Ok(_) => {
                    if let Some(text) = say {
                        self.toasts.say(text);
                    }
                }
                Err(failure) => self.toasts.failed(&failure),
            }
        });
    }

    /// Deletes an item for good. Ask before.
    pub fn purge(self, id: ItemId) {
        self.close_if_open(id);
        spawn_local(async move {
            match self.worker.call(Command::Purge(vec![id])).await {
                Ok(_) => self.toasts.say(tn!(
                    1_u32,
                    "{count} item deleted for good.",
                    "{count} items deleted for good."
                )),
                Err(failure) => self.toasts.failed(&failure),
            }
        });
    }

    /// Stars or unstars.
    pub fn set_favourite(self, item: ItemId, favourite: bool) {
        spawn_local(async move {
            let command = Command::SetFavourite { item, favourite };
            if let Err(failure) = self.worker.call(command).await {
                self.toasts.failed(&failure);
            }
        });
    }

    /// Opens an item.
    pub fn open(self, id: ItemId) {
        self.note_use(id);
        self.go.to(&self.place.get_untracked().with_item(id));
    }

    /// Shows what an item was.
    pub fn history(self, id: ItemId) {
        self.go.to(&self.place.get_untracked().with_history(id));
        focus_detail();
    }

    /// Saves a version of before as the next one, and offers to take that back. Calls back once it
    /// is done.
    pub(super) fn restore_version(self, item: ItemId, version: u64, done: Option<Callback<()>>) {
        spawn_local(async move {
            let command = Command::RestoreVersion { item, version };
            match self.worker.call(command).await {
                Ok(Reply::VersionRestored { replaced }) => {
                    let undo = move || {
                        self.restore_version(item, replaced, None);
                    };
                    let text = t!("Version {version} restored as a new version.", version);
                    self.toasts.undoable(text, undo);
                }
                Ok(_) => {}
                Err(failure) => self.toasts.failed(&failure),
            }
            if let Some(done) = done {
                // The view that asked may be gone.
                done.try_run(());
            }
        });
    }

    /// Opens an item from outside of the list that is shown.
    pub fn open_anywhere(self, id: ItemId) {
        self.note_use(id);
        self.go.to(&Place::default().with_item(id));
    }

    /// Opens the form for a new item.
    pub fn new_item(self) {
        self.go.to(&self.place.get_untracked().with_new());
    }

    /// Opens the form with a draft in it.
    pub(super) fn resume(self, draft: ItemDraft) {
        let place = Place {
            item: draft.id,
            mode: match (draft.id, &draft.walk) {
                (Some(_), Some(_)) => Mode::Rotate,
                (Some(_), None) => Mode::Edit,
                (None, _) => Mode::New,
            },
            ..self.place.get_untracked()
        };
        self.form.set_start(Start {
            draft,
            unsaved: true,
        });
        self.go.to(&place);
    }

    /// Opens the form for another item that begins as this one. Its secret is fetched for that.
    pub(super) fn duplicate(self, summary: &ItemSummary) {
        let id = summary.id;
        spawn_local(async move {
            match self.worker.call(Command::Reveal(id)).await {
                Ok(Reply::Item(item)) => {
                    let name = t!("{name} (copy)", name = item.summary.name);
                    self.form.set_start(Start {
                        draft: ItemDraft::duplicate_of(&item, &name),
                        unsaved: false,
                    });
                    // Whoever gives it up is back at this one.
                    let place = self.place.get_untracked().with_item(id).with_new();
                    self.go.to(&place);
                }
                Ok(_) => {}
                Err(failure) => self.toasts.failed(&failure),
            }
        });
    }

    /// What is opened comes first under *Recent*.
    fn note_use(self, id: ItemId) {
        spawn_local(async move {
            // Without it the order there is an older one.
            let _ = self
                .worker
                .call(Command::Arrange(ArrangeCommand::Opened(id)))
                .await;
        });
    }

    fn close_if_open(self, id: ItemId) {
        let place = self.place.get_untracked();
        if place.item == Some(id) {
            self.go.to(&place.closed());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copying_takes_the_secret_of_each_kind() {
        let keys = Kind::ALL.map(|kind| main_part(kind).map(|part| part.key));
        assert_eq!(
            keys,
            [
                Some("value"),
                Some("password"),
                None,
                Some("totp"),
                Some("certificate_key"),
                Some("ssh_private_key"),
                Some("text")
            ]
        );
        assert_eq!(copied(FieldType::Url, "https://a"), "https://a");
    }
}
