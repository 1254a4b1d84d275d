//! The commands.

mod aws_credential_process;
mod check;
mod docker_credential;
mod doctor;
mod edit;
mod env;
mod expiring;
mod export;
mod external_secrets;
mod generate;
mod get;
mod git_credential;
mod github_actions;
mod history;
mod import;
mod inject;
mod link;
mod login;
mod ls;
mod man;
mod masked;
mod run;
mod scan;
mod ssh_agent;
mod status;
mod terraform_external;
mod token;
mod totp;
mod write;

pub use aws_credential_process::AwsCredentialProcess;
pub use check::Test;
pub use docker_credential::DockerCredential;
pub use doctor::Doctor;
pub use edit::Edit;
pub use export::Export;
pub use external_secrets::ExternalSecrets;
pub use git_credential::GitCredential;
pub use github_actions::GithubActions;
pub use import::ImportFile;
pub use ls::{Listing, is_wanted};
pub use man::Man;
pub use masked::{ARGUMENT as TAKE_TERMINAL, take_terminal};
pub use scan::Scan;
pub use ssh_agent::SshAgent;
pub use terraform_external::TerraformExternal;
pub use write::NewKind;

use std::process::ExitCode;

use crate::{
    args::{Arguments, Command},
    failure::Failure,
    home::Home,
    keeper, machine, mcp, output, ssh,
};

/// Holds the keys: what `login` and `unlock` start.
pub async fn keep() -> Result<(), Failure> {
    keeper::serve(&Home::locate()?).await
}

/// Serves SSH keys in the background: what `ssh-agent` starts.
pub async fn serve_ssh() -> Result<(), Failure> {
    ssh::serve(&home()?).await
}

/// Does what was typed.
pub async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let home = home()?.offline(arguments.offline);
    if arguments.offline {
        let why = match &arguments.command {
            Command::Login(_) | Command::Unlock(_) => {
                "who logs in and unlocks is for the server to say"
            }
            Command::ExternalSecrets(_) => "a cluster is told what the server has now",
            _ => "",
        };
        if !why.is_empty() {
            return Err(Failure::Offline(format!(
                "--offline: {why}, and it is not to be asked"
            )));
        }
    }
    let done = match arguments.command {
        Command::Login(wish) => login::login(&home, &wish).await,
        Command::Logout => login::logout(&home).await,
        Command::Unlock(wish) => login::unlock(&home, &wish).await,
        Command::Lock(wish) => login::lock(&home, &wish).await,
        Command::Status(printed) => status::run(&home, &printed).await,
        Command::Ls(wish) => ls::run(&home, wish).await,
        Command::Get(wish) => get::run(&home, wish).await,
        Command::New(wish) => write::new(&home, wish).await,
        Command::Set(wish) => write::set(&home, wish).await,
        Command::Edit(wish) => edit::run(&home, wish).await,
        Command::Mv(wish) => write::mv(&home, wish).await,
        Command::Rm(wish) => write::rm(&home, wish).await,
        Command::History(wish) => history::run(&home, wish).await,
        Command::Token(command) => token::run(&home, command).await,
        Command::Run(wish) => return run::run(&home, wish).await,
        Command::Env(wish) => env::run(&home, wish).await,
        Command::Inject(wish) => inject::run(&home, &wish).await,
        Command::Totp(wish) => totp::run(&home, wish).await,
        Command::Expiring(wish) => expiring::run(&home, &wish).await,
        Command::Generate(wish) => generate::run(&wish),
        Command::Import(wish) => import::run(&home, wish).await,
        Command::Export(wish) => export::run(&home, wish).await,
        Command::Test(wish) => return check::run(&home, wish).await,
        Command::Doctor(wish) => return doctor::run(&home, &wish).await,
        Command::Man(wish) => man::run(&wish),
        Command::GitCredential(wish) => git_credential::run(&home, wish).await,
        Command::DockerCredential(wish) => return docker_credential::run(&home, &wish).await,
        Command::AwsCredentialProcess(wish) => aws_credential_process::run(&home, &wish).await,
        Command::GithubActions(wish) => github_actions::run(&home, wish).await,
        Command::TerraformExternal(wish) => terraform_external::run(&home, &wish).await,
        Command::ExternalSecrets(wish) => external_secrets::run(wish).await,
        Command::SshAgent(wish) => return ssh_agent::run(&home, wish).await,
        Command::Mcp => mcp::serve(&home).await,
        Command::Scan(wish) => return scan::run(&home, wish).await,
        Command::Completions { shell } => {
            let mut command = <Arguments as clap::CommandFactory>::command();
            // What writes it ends this process where it cannot, as when a reader has seen enough.
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut command, "keyarc", &mut script);
            output::secret(&script)
        }
    };
    done.map(|()| ExitCode::SUCCESS)
}

/// Where what is kept of an account is.
fn home() -> Result<Home, Failure> {
    match Home::locate() {
        // Of a token nothing is kept there.
        Err(_) if machine::is_given() => Ok(Home::nowhere()),
        home => home,
    }
}
