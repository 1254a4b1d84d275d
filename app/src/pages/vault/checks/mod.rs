//! Tests whether keys still work: of one item beside it, of all on a page of their own. The code
//! comes when the first test is made.

mod all;
mod definition;
mod page;
mod panel;
mod report;
mod run;
mod sender;

pub use page::ChecksPage;
pub(super) use panel::CheckPanel;
