use std::{
    fs,
    io::{self, Read as _},
};

use zeroize::Zeroizing;

use crate::{args::Inject, failure::Failure, home::Home, output, template::Template, variables};

/// Fills a template in. Nothing is written when one of its references is not there.
pub async fn run(home: &Home, wish: &Inject) -> Result<(), Failure> {
    let text = match &wish.input {
        Some(path) => fs::read_to_string(path).map_err(|error| Failure::of_text(path, &error))?,
        None => {
            let mut text = String::new();
            io::stdin()
                .lock()
                .read_to_string(&mut text)
                .map_err(|error| {
                    Failure::Usage(format!("standard input could not be read: {error}"))
                })?;
            text
        }
    };
    let template = Template::parse(&text)
        .map_err(|(line, error)| Failure::Usage(format!("line {line}: {error}")))?;
    let wanted = template.wanted(wish.environment.as_deref());
    let values = variables::values(home, wanted).await?;
    let filled: Zeroizing<String> = template.filled(&values);
    match &wish.output {
        Some(path) => output::private_file(path, filled.as_bytes()),
        None => output::secret(filled.as_bytes()),
    }
}
