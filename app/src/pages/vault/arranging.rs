use keyarc_vault::{BulkChange, SavedView, Scope, ViewStep};
use keyarc_wire::ItemId;
use leptos::{prelude::*, task::spawn_local};

use super::verbs::{Verb, done_words, undone_words};
use crate::{
    language::{is_of_several, known},
    state::{
        Go, Items, Mode, Place, Selection, Session, Toasts, Views, use_go, use_items, use_place,
        use_selection, use_session, use_toasts, use_views,
    },
    worker::{
        ArrangeCommand, ArrangeReply, Arrangement, Command, Failure, Reply, Target, Worker,
        use_worker,
    },
};

/// What has to be asked before something is done.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Question {
    /// See [`Verb`].
    Of(Verb),
    /// The new name of a folder, by its path.
    RenameFolder(String),
    /// Where a folder is to go, by its path.
    MoveFolder(String),
    /// The name under which to keep the list of a path.
    SaveView(String),
    /// Another name for a view.
    RenameView(SavedView),
}

/// A question, and which items it is about.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Asking {
    pub(super) question: Question,
    pub(super) target: Target,
}

/// What is dragged to a folder.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Dragged {
    Items(Target),
    Folder(String),
}

/// Does things with many items, wherever they are asked for: bar, palette, keyboard, dragging.
#[derive(Clone, Copy)]
pub(super) struct Arranging {
    /// What is asked now.
    pub(super) asking: RwSignal<Option<Asking>>,
    /// What is dragged now.
    pub(super) dragged: RwSignal<Option<Dragged>>,
    /// A change is on its way.
    pub(super) busy: RwSignal<bool>,
    selection: Selection,
    items: Items,
    place: Memo<Place>,
    session: Session,
    go: Go,
    toasts: Toasts,
    views: Views,
    worker: Worker,
}

/// Makes it available below the frame.
pub(super) fn provide_arranging() {
    provide_context(Arranging {
        asking: RwSignal::new(None),
        dragged: RwSignal::new(None),
        busy: RwSignal::new(false),
        selection: use_selection(),
        items: use_items(),
        place: use_place(),
        session: use_session(),
        go: use_go(),
        toasts: use_toasts(),
        views: use_views(),
        worker: use_worker(),
    });
}

/// See [`provide_arranging`].
pub(super) fn use_arranging() -> Arranging {
    expect_context()
}

impl Arranging {
    /// The selected items, or else the current one: the open one, or that of the cursor.
    pub(super) fn target(self) -> Option<Target> {
        if untrack(|| self.selection.count()) > 0 {
            return Some(Target::Selection);
        }
        self.current().map(|id| Target::Items(vec![id]))
    }

    /// The open item, or that of the cursor.
    fn current(self) -> Option<ItemId> {
        let open = self.place.with_untracked(|place| place.item);
        open.or_else(|| self.items.id_at(self.items.cursor().get_untracked()?))
    }

    /// Whether the list is that of the trash.
    pub(super) fn in_trash(self) -> bool {
        self.place.with(|place| place.scope == Scope::Trash)
    }

    /// Does it, or asks first what has to be known.
    pub(super) fn run(self, verb: Verb, target: Target) {
        if verb == Verb::Export {
            // The worker knows what is selected, on every page.
            return self.go.path("/vault/export?of=selected");
        }
        match verb.at_once() {
            Some(what) => self.send(target, what, None),
            None => self.ask(Question::Of(verb), target),
        }
    }

    /// Stars the items; the current one alone, the other way round if it is starred.
    pub(super) fn star(self) {
        let Some(target) = self.target().filter(|_| !untrack(|| self.in_trash())) else {
            return;
        };
        let starred = match &target {
            Target::Items(ids) => ids
                .first()
                .and_then(|id| untrack(|| self.items.find(*id)))
                .is_some_and(|row| row.favourite),
            _ => false,
        };
        self.run(if starred { Verb::Unstar } else { Verb::Star }, target);
    }

    /// Asks something. One thing at a time.
    pub(super) fn ask(self, question: Question, target: Target) {
        self.asking.set(Some(Asking { question, target }));
    }

    /// Whether a row on screen is selected.
    pub(super) fn has_selected(self, id: ItemId) -> bool {
        untrack(|| self.selection.has(id))
    }

    /// Whether a folder takes what is dragged: not a folder itself, nor one that it is in.
    pub(super) fn takes(self, path: &str) -> bool {
        self.dragged.with_untracked(|dragged| match dragged {
            None => false,
            Some(Dragged::Items(_)) => true,
            Some(Dragged::Folder(from)) => path
                .strip_prefix(from.as_str())
                .is_none_or(|rest| !rest.is_empty() && !rest.starts_with('/')),
        })
    }

    /// Drops what was dragged on a folder; an empty path is the top.
    pub(super) fn drop_on(self, path: &str) {
        let Some(dragged) = self.dragged.get_untracked() else {
            return;
        };
        self.dragged.set(None);
        match dragged {
            Dragged::Items(target) => {
                let change = BulkChange::Folder(path.to_owned());
                self.send(target, Arrangement::Change(change), None);
            }
            Dragged::Folder(from) => self.move_folder(from, path, None),
        }
    }

    /// Moves a folder into another one; an empty path is the top.
    pub(super) fn move_folder(
        self,
        from: String,
        into: &str,
        wrong: Option<RwSignal<Option<String>>>,
    ) {
        let name = from.rsplit('/').next().unwrap_or(&from);
        let to = if into.is_empty() {
            name.to_owned()
        } else {
            format!("{into}/{name}")
        };
        self.put_folder(from, to, wrong);
    }

    /// Gives a folder another path.
    pub(super) fn put_folder(
        self,
        from: String,
        to: String,
        wrong: Option<RwSignal<Option<String>>>,
    ) {
        let target = Target::Folder(from.clone());
        let change = BulkChange::MoveFolder { from, to };
        self.send(target, Arrangement::Change(change), wrong);
    }

    /// Keeps a view, in the place of another one if it is there.
    pub(super) fn keep_view(
        self,
        view: SavedView,
        instead_of: Option<String>,
        wrong: RwSignal<Option<String>>,
    ) {
        spawn_local(async move {
            let step = ViewStep::Put { view, instead_of };
            match self.views.change(step).await {
                Ok(()) => {
                    let _ = self.asking.try_set(None);
                }
                Err(failure) => {
                    if let Some(Some(words)) = wrong.try_set(Some(said(&failure))) {
                        self.toasts.fail(words);
                    }
                }
            }
        });
    }

    /// Does it in one write, says what came of it, and offers to take it back. What is wrong with
    /// what was entered goes to `wrong`, if somebody looks there.
    pub(super) fn send(
        self,
        target: Target,
        what: Arrangement,
        wrong: Option<RwSignal<Option<String>>>,
    ) {
        if self.busy.get_untracked() {
            self.toasts
                .say(t!("The change before this one is still on its way."));
            return;
        }
        self.busy.set(true);
        self.session.clear_progress();
        let selected = target == Target::Selection;
        let command = Command::Arrange(ArrangeCommand::Change {
            target,
            what: what.clone(),
        });
        spawn_local(async move {
            let reply = self.worker.call(command).await;
            // Somebody may have gone to another page meanwhile; what came of it is told there.
            let _ = self.busy.try_set(false);
            match reply {
                Ok(Reply::Arrange(ArrangeReply::Changed { changed, undo })) => {
                    let _ = self.asking.try_set(None);
                    if selected {
                        self.selection.clear();
                    }
                    self.follow(&what);
                    self.tell(&what, changed, undo);
                    focus_list();
                }
                Ok(_) | Err(Failure::Locked) => {}
                Err(failure) => {
                    let words = said(&failure);
                    match wrong {
                        Some(wrong) if wrong.try_set(Some(words.clone())).is_none() => {}
                        _ => self.toasts.fail(words),
                    }
                }
            }
        });
    }

    fn tell(self, what: &Arrangement, changed: u32, undo: Option<u32>) {
        let Some(number) = undo else {
            self.toasts.say(match changed {
                0 => t!("Nothing to change: it is so already.").to_owned(),
                _ => done_words(what, changed),
            });
            return;
        };
        self.toasts
            .undoable(done_words(what, changed), move || self.undo(number));
    }

    fn undo(self, number: u32) {
        spawn_local(async move {
            let command = Command::Arrange(ArrangeCommand::Undo(number));
            match self.worker.call(command).await {
                Ok(Reply::Arrange(ArrangeReply::Undone { restored, left })) => {
                    self.toasts.say(undone_words(restored, left));
                }
                Ok(_) | Err(Failure::Locked) => {}
                Err(failure) => self.toasts.failed(&failure),
            }
        });
    }

    /// Goes where things are now: out of an item that is gone from the list, and with a folder
    /// that moved.
    fn follow(self, what: &Arrangement) {
        let mut here = self.place.get_untracked();
        if here.mode != Mode::View {
            return;
        }
        match what {
            Arrangement::Purge | Arrangement::Change(BulkChange::Trash | BulkChange::Restore) => {
                here = here.closed()
            }
            Arrangement::Change(BulkChange::MoveFolder { from, to }) => {
                if let Some(rest) = here
                    .folder
                    .as_deref()
                    .and_then(|f| f.strip_prefix(from.as_str()))
                    && (rest.is_empty() || rest.starts_with('/'))
                {
                    here.folder = Some(format!("{to}{rest}"));
                }
            }
            Arrangement::Change(_) => {}
        }
        if here != self.place.get_untracked() {
            self.go.instead(&here);
        }
    }
}

/// What is wrong, in a sentence.
fn said(failure: &Failure) -> String {
    match failure {
        Failure::Draft(error) => {
            let what = subject(&error.field, is_of_several(&error.rule));
            t!("{what} {rule}.", what, rule = known(&error.rule))
        }
        other => other.to_string(),
    }
}

/// What a rule is about, as its sentence begins; `several` when it speaks of all of them.
fn subject(field: &str, several: bool) -> String {
    match field {
        "expires_on" => t!("The day").to_owned(),
        "folder" => t!("The folder").to_owned(),
        "tags" if several => t!("The tags").to_owned(),
        "tags" => tc!("one of them", "The tags").to_owned(),
        "environment" => t!("The environment").to_owned(),
        "name" => t!("The name").to_owned(),
        "view" => t!("The view").to_owned(),
        "views" => t!("The views").to_owned(),
        field => t!("The {field}", field),
    }
}

/// Gives the focus back to the list, or to the search field when nothing is in the list, after
/// what had it is gone.
pub(super) fn focus_list() {
    use wasm_bindgen::JsCast;
    request_animation_frame(|| {
        // One query for both would find the search field, which stands before the list.
        let element = ["#items", ".search input"]
            .into_iter()
            .find_map(|wanted| document().query_selector(wanted).ok().flatten());
        if let Some(element) = element.and_then(|el| el.dyn_into::<web_sys::HtmlElement>().ok()) {
            let _ = element.focus();
        }
    });
}
