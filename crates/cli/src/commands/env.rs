use keyarc_client::{Host as _, NativeHost};
use keyarc_lookup::Wanted;
use zeroize::Zeroizing;

use crate::{
    args::Env,
    failure::Failure,
    format,
    home::Home,
    memory, open, output,
    variables::{self, Variables},
    vault::{Answer, Question},
};

/// Prints variables in the way that something else reads them.
pub async fn run(home: &Home, wish: Env) -> Result<(), Failure> {
    let variables = match &wish.item {
        Some(item) => of_item(home, item, wish.environment.as_deref()).await?,
        None => {
            let mut all = variables::of_files(&wish.files)?;
            variables::resolve(home, &mut all, wish.environment.as_deref()).await?;
            all
        }
    };
    if let Some(folder) = &wish.to {
        return memory::write_files(folder, &variables);
    }
    let text = format::written(
        wish.format,
        wish.name.as_deref(),
        &variables,
        &mut NativeHost.rng(),
    )?;
    output::secret(text.as_bytes())
}

/// The variables of an environment set.
async fn of_item(home: &Home, item: &str, environment: Option<&str>) -> Result<Variables, Failure> {
    let wanted = Wanted::typed(item, None).map_err(|error| Failure::Usage(error.to_string()))?;
    let wanted = wanted.of_environment(environment);
    let mut answer = open::ask(home, &Question::Variables(wanted)).await?;
    match &mut answer {
        Answer::Item { values, .. } => {
            let values = std::mem::take(values).into_iter();
            Ok(values
                .map(|(name, value)| (name, Zeroizing::new(value)))
                .collect())
        }
        _ => Err(Failure::Other("no variables came".to_owned())),
    }
}
