//! What the palette offers besides the places that there always are: what can be done in the list
//! that is shown, orders and kinds, and the folders, tags and environments of this vault.

use keyarc_vault::{Kind, Sort};
use leptos::prelude::*;

use super::{
    arranging::{Arranging, use_arranging},
    filters::{kind_words, sort_words},
    frame::{Panels, use_panels},
    shortcuts::BINDINGS,
    verbs::Verb,
    views::ask_to_save,
};
use crate::{
    state::{
        Go, Items, Place, Selection, Views, use_go, use_items, use_place, use_selection, use_views,
    },
    ui::Icon,
    words::{capitalised, shortened},
    worker::Target,
};

/// Something to do.
#[derive(Clone)]
pub(super) struct Deed {
    pub(super) words: String,
    pub(super) icon: Icon,
    pub(super) run: Callback<()>,
}

/// Finds what there is to do.
#[derive(Clone, Copy)]
pub(super) struct Deeds {
    panels: Panels,
    arranging: Arranging,
    selection: Selection,
    items: Items,
    place: Memo<Place>,
    go: Go,
    views: Views,
}

pub(super) fn use_deeds() -> Deeds {
    Deeds {
        panels: use_panels(),
        arranging: use_arranging(),
        selection: use_selection(),
        items: use_items(),
        place: use_place(),
        go: use_go(),
        views: use_views(),
    }
}

impl Deeds {
    /// Everything that can be done now.
    pub(super) fn all(self) -> Vec<Deed> {
        let mut deeds = Vec::new();
        if self.panels.keys.get_value().is_some() {
            self.in_list(&mut deeds);
        }
        self.places(&mut deeds);
        deeds
    }

    fn in_list(self, deeds: &mut Vec<Deed>) {
        if let Some(target) = self.arranging.target() {
            let about = self.about(&target);
            let in_trash = untrack(|| self.arranging.in_trash());
            let verbs = Verb::ALL.into_iter().filter(|verb| verb.is_for(in_trash));
            for verb in verbs.filter(|verb| verb.takes(&target)) {
                let target = target.clone();
                deeds.push(Deed {
                    words: format!("{} · {about}", verb.words()),
                    icon: verb.icon(),
                    run: Callback::new(move |()| self.arranging.run(verb, target.clone())),
                });
            }
        }
        for binding in &BINDINGS {
            if let Some(icon) = binding.palette {
                let shortcut = binding.shortcut;
                deeds.push(Deed {
                    words: crate::language::text(binding.does).to_owned(),
                    icon,
                    run: Callback::new(move |()| {
                        if let Some(keys) = self.panels.keys.get_value() {
                            keys.run(shortcut);
                        }
                    }),
                });
            }
        }
        deeds.push(Deed {
            words: t!("Save this view").to_owned(),
            icon: Icon::Plus,
            run: Callback::new(move |()| {
                let text = untrack(|| self.items.text());
                ask_to_save(self.arranging, &self.place.get_untracked(), text);
            }),
        });
        for sort in [Sort::Updated, Sort::Name, Sort::Expiry] {
            let words = t!("Sort: {order}", order = sort_words(sort));
            self.narrow(deeds, words, move |place| place.sort = sort);
        }
        for kind in std::iter::once(None).chain(Kind::ALL.into_iter().map(Some)) {
            let words = t!("Show {kinds}", kinds = kind_words(kind));
            self.narrow(deeds, words, move |place| place.kind = kind);
        }
    }

    fn narrow(
        self,
        deeds: &mut Vec<Deed>,
        words: String,
        change: impl Fn(&mut Place) + Send + Sync + 'static,
    ) {
        deeds.push(Deed {
            words,
            icon: Icon::List,
            run: Callback::new(move |()| {
                let mut place = self.place.get_untracked();
                change(&mut place);
                self.go.to(&place);
            }),
        });
    }

    fn places(self, deeds: &mut Vec<Deed>) {
        let mut add = |words: String, icon: Icon, place: Place| {
            deeds.push(Deed {
                words,
                icon,
                run: Callback::new(move |()| self.go.to(&place)),
            });
        };
        for view in untrack(|| self.views.list()) {
            let place = Place::from_path(&view.path);
            let words = t!("Open view {name}", name = view.name);
            add(words, Icon::List, place);
        }
        self.items.facets().with_untracked(|facets| {
            for folder in &facets.folders {
                let place = Place {
                    folder: Some(folder.name.clone()),
                    ..Place::default()
                };
                let words = t!("Go to folder {name}", name = folder.name);
                add(words, Icon::Folder, place);
            }
            for tag in &facets.tags {
                let place = Place {
                    tag: Some(tag.name.clone()),
                    ..Place::default()
                };
                let words = t!("Go to tag {name}", name = tag.name);
                add(words, Icon::Tag, place);
            }
            for environment in &facets.environments {
                let place = Place {
                    environment: Some(environment.name.clone()),
                    ..Place::default()
                };
                let name = capitalised(&environment.name);
                let words = t!("Go to environment {name}", name);
                add(words, Icon::List, place);
            }
        });
    }

    /// What an action is about: so many items, or the one by its name.
    fn about(self, target: &Target) -> String {
        match target {
            Target::Items(ids) => ids
                .first()
                .and_then(|id| untrack(|| self.items.find(*id)))
                .map_or_else(|| t!("open item").to_owned(), |row| shortened(&row.name)),
            _ => {
                let count = untrack(|| self.selection.count());
                tn!(count, "{count} item selected", "{count} items selected")
            }
        }
    }
}
