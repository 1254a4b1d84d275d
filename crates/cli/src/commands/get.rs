use std::collections::BTreeMap;

use keyarc_lookup::Wanted;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::{
    args::Get,
    failure::Failure,
    home::Home,
    open, output,
    vault::{Answer, Question, Row},
};

#[derive(Serialize)]
struct Told<'a> {
    #[serde(flatten)]
    row: &'a Row,
    fields: BTreeMap<&'a str, &'a str>,
}

/// Prints a value.
pub async fn run(home: &Home, wish: Get) -> Result<(), Failure> {
    let wanted =
        Wanted::typed(&wish.item, wish.field).map_err(|error| Failure::Usage(error.to_string()))?;
    let wanted = Wanted {
        version: wish.version,
        ..wanted.of_environment(wish.environment.as_deref())
    };
    if wish.json {
        let answer = open::ask(home, &Question::Item(wanted)).await?;
        let Answer::Item { row, values } = &answer else {
            return Err(Failure::Other("no item came".to_owned()));
        };
        let fields = values
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        return output::json(&Told { row, fields });
    }
    let answer = open::ask(home, &Question::Values(vec![wanted])).await?;
    let Answer::Values(values) = &answer else {
        return Err(Failure::Other("no value came".to_owned()));
    };
    let mut text = Zeroizing::new(values.concat());
    if !wish.no_newline {
        text.push('\n');
    }
    output::secret(text.as_bytes())
}
