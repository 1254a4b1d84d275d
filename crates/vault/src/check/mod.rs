//! Whether a key still works: what to ask its provider, and what the answer means.
//!
//! Nothing here asks anybody. A [`CheckPlan`] says which one request tells, makes that request
//! for whoever sends it, and reads the [`CheckAnswer`] that comes back, which is a number and a
//! few bits: nothing that a provider writes gets further than that.
//!
//! | module | what |
//! |---|---|
//! | `definition` | what a person may define, and its rules |
//! | `address` | the addresses that are asked |
//! | `preset` | what is known of providers, as data |
//! | `plan` | the request, and its line for a terminal |
//! | `outcome` | what an answer means |
//! | `log` | the newest results of an item, sealed in its overview |

mod address;
mod definition;
mod log;
mod outcome;
mod plan;
mod preset;
mod vault;

pub use definition::{CheckDefinition, CheckHeader, CheckMethod, Placement};
pub use log::{CHECK_NOTED_FOR, CHECK_RESULTS_MAX, CheckResult};
pub use outcome::{CheckAnswer, CheckOutcome};
pub use plan::{CheckPlan, CheckRequest, PlanError};
pub use preset::Browsers;
pub use vault::{CheckCandidates, CheckNote};

pub(crate) use definition::check_definition;
pub(crate) use log::CheckLog;
use outcome::{outcome_code, outcome_of};
