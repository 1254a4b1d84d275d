use std::{io, path::PathBuf};

use clap::CommandFactory as _;

use crate::{args::Arguments, failure::Failure, output};

// `keyarc man`
#[derive(Debug, clap::Args)]
pub struct Man {
    /// A folder that is there, for a page of each command; without it that of `keyarc` is printed.
    #[arg(long, value_name = "FOLDER")]
    pub to: Option<PathBuf>,
}

/// Writes the pages of the manual.
pub fn run(wish: &Man) -> Result<(), Failure> {
    let command = Arguments::command();
    match &wish.to {
        Some(folder) => clap_mangen::generate_to(command, folder)
            .map_err(|error| Failure::of_file("cannot write to", folder, &error)),
        None => {
            let page = clap_mangen::Man::new(command);
            output::written(page.render(&mut io::stdout()))
        }
    }
}
