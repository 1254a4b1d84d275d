//! One test, from the key to what was found.

use super::sender::send;
use crate::{
    language::text,
    state::Session,
    worker::{CheckCommand, CheckFound, CheckReply, Command, Reply, Worker},
};

/// What is said when the worker answers what it never should.
const ODD: &str = mark!("The test did not go as it should. Nothing was noted. Reload the page.");

/// Asks the worker.
pub(super) async fn ask(worker: Worker, command: CheckCommand) -> Result<CheckReply, String> {
    match worker.call(Command::Check(command)).await {
        Ok(Reply::Check(reply)) => Ok(reply),
        Ok(_) => Err(text(ODD).to_owned()),
        Err(failure) => Err(failure.to_string()),
    }
}

/// Makes the test that was begun. A person agreed to it.
pub(super) async fn test(worker: Worker, session: Session) -> Result<CheckFound, String> {
    let CheckReply::Request(request) = ask(worker, CheckCommand::Take).await? else {
        return Err(text(ODD).to_owned());
    };
    let answer = match send(session, request).await {
        Ok(answer) => answer,
        Err(reason) => {
            // Not an answer of the provider's, so nothing is noted of it.
            ask(worker, CheckCommand::Skip).await?;
            return Err(text(reason).to_owned());
        }
    };
    match ask(worker, CheckCommand::Answered(answer)).await? {
        CheckReply::Found(found) => Ok(found),
        _ => Err(text(ODD).to_owned()),
    }
}

/// Has what was found written. While the server is away that waits, and says so by itself.
pub(super) async fn keep(worker: Worker) -> Result<(), String> {
    ask(worker, CheckCommand::Keep).await.map(drop)
}
