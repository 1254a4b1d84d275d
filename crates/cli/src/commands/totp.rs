use std::io::IsTerminal as _;

use keyarc_lookup::Wanted;

use crate::{
    args::TotpWish,
    failure::Failure,
    home::Home,
    open, output,
    vault::{Answer, Question},
};

/// Prints a code; a person is told for how long it is good.
pub async fn run(home: &Home, wish: TotpWish) -> Result<(), Failure> {
    let wanted =
        Wanted::typed(&wish.item, wish.field).map_err(|error| Failure::Usage(error.to_string()))?;
    let wanted = wanted.of_environment(wish.environment.as_deref());
    let answer = open::ask(home, &Question::Code(wanted)).await?;
    let Answer::Code { code, seconds_left } = &answer else {
        return Err(Failure::Other("no code came".to_owned()));
    };
    output::secret(format!("{code}\n").as_bytes())?;
    if std::io::stdout().is_terminal() {
        eprintln!("Good for {seconds_left} s more.");
    }
    Ok(())
}
