//! What page and worker say to each other about the health of the vault.

use keyarc_vault::{Check, Dashboard, Findings};
use keyarc_wire::ItemId;
use serde::{Deserialize, Serialize};

/// What the page may ask for.
#[derive(Serialize, Deserialize)]
pub enum HealthCommand {
    /// The vault at a glance → [`HealthReply::Dashboard`].
    Dashboard,
    /// A window of what a check found → [`HealthReply::Findings`].
    Findings {
        /// The check.
        check: Check,
        /// First row wanted.
        offset: u32,
        /// Most rows wanted.
        limit: u32,
    },
    /// Rates the secrets of one batch of items → [`HealthReply::Rated`]. Whoever wants all rated
    /// asks again until all are; whoever does not ask again has cancelled it.
    Rate {
        /// Looks which items there are, and begins with the first of them.
        begin: bool,
    },
    /// How many other items have this secret → [`HealthReply::Others`].
    Others {
        /// The secret.
        value: String,
        /// The item that does not count.
        except: ItemId,
    },
}

/// What the worker answers.
#[derive(Serialize, Deserialize)]
pub enum HealthReply {
    /// The vault at a glance.
    Dashboard(Dashboard),
    /// A window of what a check found.
    Findings(Findings),
    /// How far rating is.
    Rated {
        /// Items that were looked at.
        done: u32,
        /// All that there were to look at.
        total: u32,
    },
    /// How many other items have the secret.
    Others(u32),
}

#[cfg(test)]
mod tests {
    use super::super::{Command, Reply};
    use super::*;

    #[test]
    fn the_report_passes_between_page_and_worker() {
        let command = Command::Health(HealthCommand::Findings {
            check: Check::Weak,
            offset: 50,
            limit: 25,
        });
        let bytes = postcard::to_allocvec(&command).expect("written");
        let Ok(Command::Health(HealthCommand::Findings {
            check: Check::Weak,
            offset: 50,
            limit: 25,
        })) = postcard::from_bytes(&bytes)
        else {
            panic!("another command");
        };
        let dashboard = Dashboard {
            all: 3,
            checks: vec![(Check::Old, 2)],
            ..Dashboard::default()
        };
        let reply = Reply::Health(Box::new(HealthReply::Dashboard(dashboard.clone())));
        let bytes = postcard::to_allocvec(&reply).expect("written");
        let Ok(Reply::Health(read)) = postcard::from_bytes(&bytes) else {
            panic!("another reply");
        };
        let HealthReply::Dashboard(read) = *read else {
            panic!("another reply");
        };
        assert_eq!(read, dashboard);
    }
}
