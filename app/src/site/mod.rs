//! The public pages: rendered on the server, without a script of any kind.
//!
//! They compile with feature `ssr` only, so that nothing of them is in the browser's program.
//! A page is a plain function of what [`Visit`] holds. [`respond`] is the whole interface to the
//! server. It renders to one string by itself, since the streaming handlers of `leptos_axum`
//! end every page with an inline script for hydration, which has no use here.

mod api;
mod description;
mod features;
mod frame;
mod landing;
mod page;
mod privacy;
mod response;
mod security;
mod self_hosting;
mod shell;
mod terms;
mod trouble;
mod visit;

pub use description::DESCRIPTION;
pub use page::Page;
pub use response::{respond, respond_trouble};
pub use shell::{Site, site_shell};
pub use visit::Visit;
