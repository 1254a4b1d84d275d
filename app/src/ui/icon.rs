use leptos::prelude::*;

/// Line drawings on a grid of 16, our own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Icon {
    /// Every item.
    List,
    /// Time.
    Clock,
    /// Favourite.
    Star,
    /// Trash.
    Trash,
    /// Folder.
    Folder,
    /// Tag.
    Tag,
    /// Search.
    Search,
    /// New.
    Plus,
    /// Show.
    Eye,
    /// Hide.
    EyeOff,
    /// Copy.
    Copy,
    /// Another one like it.
    Duplicate,
    /// Done, right.
    Check,
    /// Make one.
    Spark,
    /// Close.
    Close,
    /// More actions.
    More,
    /// Lock.
    Lock,
    /// Settings.
    Settings,
    /// Import.
    Import,
    /// Back.
    Back,
    /// Edit.
    Edit,
    /// Attention.
    Warning,
    /// API key.
    Key,
    /// Login.
    Person,
    /// Note.
    Note,
    /// Environment set.
    Braces,
    /// Download.
    Download,
    /// Print.
    Print,
    /// Undo, restore.
    Undo,
    /// Keyboard.
    Keyboard,
    /// The server is out of reach.
    CloudOff,
    /// A choice opens.
    Chevron,
    /// Go there.
    Arrow,
    /// Light and dark.
    Contrast,
    /// The vault at a glance.
    Chart,
    /// Another secret.
    Rotate,
    /// A reminder.
    Bell,
}

impl Icon {
    /// Every drawing.
    pub const ALL: [Self; 37] = [
        Self::List,
        Self::Clock,
        Self::Star,
        Self::Trash,
        Self::Folder,
        Self::Tag,
        Self::Search,
        Self::Plus,
        Self::Eye,
        Self::EyeOff,
        Self::Copy,
        Self::Duplicate,
        Self::Check,
        Self::Spark,
        Self::Close,
        Self::More,
        Self::Lock,
        Self::Settings,
        Self::Import,
        Self::Back,
        Self::Edit,
        Self::Warning,
        Self::Key,
        Self::Person,
        Self::Note,
        Self::Braces,
        Self::Download,
        Self::Print,
        Self::Undo,
        Self::Keyboard,
        Self::CloudOff,
        Self::Chevron,
        Self::Arrow,
        Self::Contrast,
        Self::Chart,
        Self::Rotate,
        Self::Bell,
    ];

    /// One path: everything is a stroke, so that one element draws each.
    pub fn path(self) -> &'static str {
        match self {
            Self::List => "M2.5 4h11M2.5 8h11M2.5 12h7",
            Self::Clock => "M13.6 8A5.6 5.6 0 1 1 2.4 8a5.6 5.6 0 0 1 11.2 0zM8 4.9v3.3l2.2 1.3",
            Self::Star => {
                "m8 2.3 1.75 3.55 3.9.57-2.82 2.75.66 3.9L8 11.23l-3.49 1.84.66-3.9L2.35 6.42l3.9-.57z"
            }
            Self::Trash => {
                "M2.8 4.4h10.4M6.1 4.4V2.9h3.8v1.5M4.2 4.4l.6 8.7h6.4l.6-8.7M6.7 7v3.6M9.3 7v3.6"
            }
            Self::Folder => "M2.2 12.4V3.9h4.1l1.5 1.7h6v6.8z",
            Self::Tag => "M2.6 2.6h5l5.9 5.9-5 5-5.9-5.9zM5.3 5.3h.01",
            Self::Search => "M11.3 7A4.3 4.3 0 1 1 2.7 7a4.3 4.3 0 0 1 8.6 0zM10.2 10.2l3.3 3.3",
            Self::Plus => "M8 3.2v9.6M3.2 8h9.6",
            Self::Eye => {
                "M1.7 8S4 3.8 8 3.8 14.3 8 14.3 8 12 12.2 8 12.2 1.7 8 1.7 8zM9.8 8a1.8 1.8 0 1 1-3.6 0 1.8 1.8 0 0 1 3.6 0z"
            }
            Self::EyeOff => {
                "M6.3 4.1A6 6 0 0 1 8 3.8C12 3.8 14.3 8 14.3 8a11 11 0 0 1-1.7 2.1M4.4 4.9A10.6 10.6 0 0 0 1.7 8S4 12.2 8 12.2a6.2 6.2 0 0 0 3-.75M2.5 2.5l11 11"
            }
            Self::Copy => {
                "M7 5.5h4.5a1.5 1.5 0 0 1 1.5 1.5v4.5a1.5 1.5 0 0 1-1.5 1.5H7A1.5 1.5 0 0 1 5.5 11.5V7A1.5 1.5 0 0 1 7 5.5zM10.4 3H4.6A1.6 1.6 0 0 0 3 4.6v5.8"
            }
            Self::Duplicate => {
                "M7 5.5h4.5a1.5 1.5 0 0 1 1.5 1.5v4.5a1.5 1.5 0 0 1-1.5 1.5H7a1.5 1.5 0 0 1-1.5-1.5V7A1.5 1.5 0 0 1 7 5.5zM10.4 3H4.6A1.6 1.6 0 0 0 3 4.6v5.8M9.25 7.5V11M7.5 9.25H11"
            }
            Self::Check => "m3.3 8.5 3.1 3.1 6.3-7",
            Self::Spark => {
                "M6.6 2.6 8 6.3l3.7 1.4L8 9.1l-1.4 3.7-1.4-3.7-3.7-1.4 3.7-1.4zM12.4 10.2v3.4M10.7 11.9h3.4M12.6 2.2v2.6M11.3 3.5h2.6"
            }
            Self::Close => "m4 4 8 8M12 4l-8 8",
            Self::More => "M3.5 8h.01M8 8h.01M12.5 8h.01",
            Self::Lock => {
                "M4.9 7h6.2a1.6 1.6 0 0 1 1.6 1.6v3.1a1.6 1.6 0 0 1-1.6 1.6H4.9a1.6 1.6 0 0 1-1.6-1.6V8.6A1.6 1.6 0 0 1 4.9 7zM5.3 7V5.2a2.7 2.7 0 0 1 5.4 0V7"
            }
            Self::Settings => {
                "M2.4 4.6h6.1M12 4.6h1.6M2.4 11.4H4M7.5 11.4h6.1M12 4.6a1.75 1.75 0 1 1-3.5 0 1.75 1.75 0 0 1 3.5 0zM7.5 11.4a1.75 1.75 0 1 1-3.5 0 1.75 1.75 0 0 1 3.5 0z"
            }
            Self::Import => "M8 2.6v7.2M4.9 6.9 8 9.9l3.1-3M2.7 10.5v2.7h10.6v-2.7",
            Self::Back => "M9.8 3.4 5.2 8l4.6 4.6",
            Self::Edit => "m10.7 2.9 2.4 2.4-7.6 7.6-3 .6.6-3z",
            Self::Warning => "M8 2.5 14.2 13.2H1.8zM8 6.5v3.2M8 11.5h.01",
            Self::Key => {
                "M8.6 5.6a3.1 3.1 0 1 1-6.2 0 3.1 3.1 0 0 1 6.2 0zM7.7 7.8l5.6 5.6M11.2 11.3l1.7-1.7"
            }
            Self::Person => {
                "M10.5 5.5a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0zM3.2 13.3c.6-2.7 2.5-4 4.8-4s4.2 1.3 4.8 4"
            }
            Self::Note => "M3.6 2.5h6.2l2.6 2.6v8.4H3.6zM5.9 7h4.2M5.9 9.7h4.2",
            Self::Braces => {
                "M6.2 2.7c-1.5 0-1.9.6-1.9 1.9 0 1.8 0 2.7-1.5 3.4 1.5.7 1.5 1.6 1.5 3.4 0 1.3.4 1.9 1.9 1.9M9.8 2.7c1.5 0 1.9.6 1.9 1.9 0 1.8 0 2.7 1.5 3.4-1.5.7-1.5 1.6-1.5 3.4 0 1.3-.4 1.9-1.9 1.9"
            }
            Self::Download => "M8 2.6v7.6M4.7 7.1 8 10.3l3.3-3.2M3 13.3h10",
            Self::Print => "M4.7 6.2V2.7h6.6v3.5M4.7 11.2H2.6v-5h10.8v5h-2.1M4.7 9.2h6.6v4.2H4.7z",
            Self::Undo => "M5.4 3 2.7 5.7l2.7 2.7M2.9 5.7h6.3a3.7 3.7 0 0 1 0 7.4H5.8",
            Self::Keyboard => {
                "M2 4.2h12v7.6H2zM4.6 6.7h.01M7 6.7h.01M9.3 6.7h.01M11.5 6.7h.01M5.3 9.4h5.4"
            }
            Self::CloudOff => {
                "M4.7 5.4A3.9 3.9 0 0 0 4.6 12.2h6.3M6.7 4.2a4 4 0 0 1 5.1 3.1 2.7 2.7 0 0 1 1.9 4M2.5 2.5l11 11"
            }
            Self::Chevron => "m4.5 6.3 3.5 3.5 3.5-3.5",
            Self::Arrow => "M3 8h9.5M8.9 4.4 12.5 8l-3.6 3.6",
            Self::Contrast => {
                "M13.6 8A5.6 5.6 0 1 1 2.4 8a5.6 5.6 0 0 1 11.2 0zM8 2.4v11.2M10.2 4.2v7.6M12 6v4"
            }
            Self::Chart => "M2.5 2.5v11h11M5.4 11V8.2M8.4 11V4.8M11.4 11V6.6",
            Self::Rotate => {
                "M13.4 7A5.5 5.5 0 0 0 3.6 4.7M3.3 2.4v2.6h2.6M2.6 9a5.5 5.5 0 0 0 9.8 2.3M12.7 13.6V11h-2.6"
            }
            Self::Bell => {
                "M8 2.4a3.7 3.7 0 0 1 3.7 3.7c0 3.2 1.3 4.2 1.3 5H3c0-.8 1.3-1.8 1.3-5A3.7 3.7 0 0 1 8 2.4zM6.6 13.3a1.5 1.5 0 0 0 2.8 0"
            }
        }
    }
}

/// Draws an icon in the colour of the text around it. It never speaks; words beside it or a
/// label around it do.
#[component]
pub fn IconView(
    /// Which one.
    #[prop(into)]
    icon: Signal<Icon>,
) -> impl IntoView {
    view! { class="v",
        <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
            <path d=move || icon.get().path()></path>
        </svg>
    }
}

/// The product's mark: a keyhole under an arc.
#[component]
pub fn Mark() -> impl IntoView {
    view! { class="v",
        <svg class="mark-logo" viewBox="0 0 20 20" aria-hidden="true">
            <path d="M3 14.5A7.6 7.6 0 0 1 17 14.5M10 15v3.2"></path>
            <circle cx="10" cy="13.6" r="2.1"></circle>
        </svg>
    }
}
