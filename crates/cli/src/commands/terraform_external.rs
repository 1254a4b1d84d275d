use std::collections::BTreeMap;

use clap::Args;
use keyarc_lookup::{Wanted, printable};

use crate::{failure::Failure, home::Home, output, prompt, variables};

// `keyarc terraform-external`
//
// Standard input has a JSON object of names and what is wanted under them: references, or what else
// `keyarc get` takes.
#[derive(Debug, Args)]
pub struct TerraformExternal {
    /// The environment of what names none.
    #[arg(long, short, env = "KEYARC_ENVIRONMENT", value_name = "NAME")]
    pub environment: Option<String>,
}

/// Answers a data source: an object of texts for an object of texts
/// (<https://registry.terraform.io/providers/hashicorp/external/latest/docs/data-sources/external>).
pub async fn run(home: &Home, wish: &TerraformExternal) -> Result<(), Failure> {
    let query = query()?;
    let mut wanted = Vec::with_capacity(query.len());
    for (name, text) in &query {
        let one = Wanted::typed(text, None)
            .map_err(|error| Failure::Usage(format!("{}: {error}", printable(name))))?;
        wanted.push(one.of_environment(wish.environment.as_deref()));
    }
    let values = variables::values(home, wanted).await?;
    let told: BTreeMap<&str, &str> = query
        .keys()
        .map(String::as_str)
        .zip(values.iter().map(|value| value.as_str()))
        .collect();
    output::json(&told)
}

fn query() -> Result<BTreeMap<String, String>, Failure> {
    let text = prompt::asked("a query has at most 64 kB")?;
    serde_json::from_str(&text).map_err(|_| {
        Failure::Usage("standard input is to be a JSON object whose values are texts".to_owned())
    })
}
