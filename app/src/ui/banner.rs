use leptos::prelude::*;

use super::{Icon, IconButton, IconView};

/// How grave a banner is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BannerTone {
    /// Good to know.
    #[default]
    Info,
    /// Needs attention.
    Warn,
    /// Something is wrong.
    Bad,
}

/// A message that stays until what it is about is over.
#[component]
pub fn Banner(
    /// How grave it is.
    #[prop(optional)]
    tone: BannerTone,
    /// Before the words.
    #[prop(optional, into)]
    icon: Option<Icon>,
    /// It can be sent away.
    #[prop(optional, into)]
    on_dismiss: Option<Callback<()>>,
    /// The words, and perhaps a button.
    children: Children,
) -> impl IntoView {
    let class = match tone {
        BannerTone::Info => "banner",
        BannerTone::Warn => "banner banner-warn",
        BannerTone::Bad => "banner banner-bad",
    };
    let role = if tone == BannerTone::Bad {
        "alert"
    } else {
        "note"
    };
    view! { class="v",
        <div class=class role=role>
            {icon.map(|icon| view! { class="v", <IconView icon=icon /> })}
            <div class="banner-words">{children()}</div>
            {on_dismiss
                .map(|run| {
                    view! { class="v",
                        <IconButton icon=Icon::Close label=t!("Dismiss") on_press=run />
                    }
                })}
        </div>
    }
}

/// What went wrong, if anything did.
#[component]
pub fn Problem(
    /// In words.
    #[prop(into)]
    words: Signal<Option<String>>,
) -> impl IntoView {
    move || {
        words.get().map(|words| {
            view! { class="v",
                <Banner tone=BannerTone::Bad icon=Icon::Warning>
                    {words}
                </Banner>
            }
        })
    }
}
