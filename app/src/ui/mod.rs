//! Components that know nothing of vaults.
//!
//! Every `view!` here and in the pages begins `view! { class="v", …`. Without a class for the
//! whole view the macro turns static elements below the first into one string that the browser
//! parses through `innerHTML`, which Trusted Types forbid; with it, every element is built.

mod after_picture;
mod badge;
mod banner;
mod button;
mod chart;
mod checkbox;
mod concealed_area;
mod dialog;
mod field;
mod file;
mod icon;
mod menu;
mod meter;
mod password;
mod qr;
mod segmented;
mod select;
mod slider;
mod states;
mod toast;
mod virtual_list;

pub use after_picture::{after_picture, once_pictured};
pub use badge::{Badge, BadgeTone, EnvironmentDot, Kbd, Tag};
pub use banner::{Banner, BannerTone, Problem};
pub use button::{Button, IconButton, Look};
pub use chart::{Ring, ShareBar, Timeline, TimelineMark};
pub use checkbox::Checkbox;
pub use concealed_area::ConcealedArea;
pub use dialog::{Confirm, Dialog};
pub use field::{Field, TextArea, TextInput, focus_on_mount};
pub use file::{blob_of, choose_files, drop_chooser, save_blobs, save_file};
pub use icon::{Icon, IconView, Mark};
pub use menu::{Menu, MenuItem};
pub use meter::Meter;
pub use password::PasswordField;
pub use qr::{QrView, draw_qr};
pub use segmented::Segmented;
pub use select::Select;
pub use slider::Slider;
pub use states::{EmptyState, ErrorState, SkeletonLines, SkeletonRows};
pub use toast::ToastStack;
pub use virtual_list::{VirtualList, scroll_to_row, visible_rows};
