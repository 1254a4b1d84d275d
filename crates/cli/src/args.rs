//! What can be typed.

use std::{ffi::OsString, path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand};

use crate::{
    commands::{
        AwsCredentialProcess, DockerCredential, Doctor, Edit, Export, ExternalSecrets,
        GitCredential, GithubActions, ImportFile, Man, NewKind, Scan, SshAgent, TerraformExternal,
        Test,
    },
    format::Format,
};

/// API keys, secrets and certificates from a zero-knowledge vault, in the shell.
///
/// Secrets are never taken from arguments, which other processes may read: they are typed, or come
/// through standard input. `docs/cli.md` has the exit codes.
#[derive(Debug, Parser)]
#[command(name = "keyarc", version, max_term_width = 100)]
pub struct Arguments {
    /// Ask no server: answer from what is kept (KEYARC_CACHE), or not at all.
    #[arg(long, global = true)]
    pub offline: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands. What each of them takes is built for the one that was typed alone: a command that
/// starts dozens of times has no time for the others. Types that say what a command takes have no
/// documentation of their own, which would stand in the help in the place of what stands here.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum Command {
    /// Make this machine known to an account, and unlock its vault.
    Login(Login),
    /// Lock the vault, and forget the account on this machine.
    Logout,
    /// Unlock the vault: a process of yours holds the keys until nobody asked for a while.
    Unlock(Unlock),
    /// Lock the vault: the process that holds the keys ends.
    Lock(Lock),
    /// Tell which account is known here, and whether its vault is unlocked.
    Status(Printed),
    /// List the items of the vault, without their secrets.
    Ls(Ls),
    /// Print a value.
    Get(Get),
    /// Make an item. Its secret is typed, or comes through standard input.
    New(New),
    /// Set a value of an item. It is typed, or comes through standard input.
    Set(Set),
    /// Open an editor on an item.
    Edit(Edit),
    /// Move items into a folder.
    Mv(Mv),
    /// Move items to the trash.
    Rm(Rm),
    /// List what an item was before.
    History(History),
    /// Look after machine tokens: what scripts read some of the items with.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Run a command with secrets in its environment.
    Run(Run),
    /// Print variables, for a shell, a file or another program.
    Env(Env),
    /// Fill a template in: {{ keyarc://personal/folder/item/field }} becomes the value.
    Inject(Inject),
    /// Print a one-time code.
    Totp(TotpWish),
    /// List what has expired, and what expires soon.
    Expiring(Expiring),
    /// Make a password, a passphrase or random bytes. Needs no account.
    Generate(Generate),
    /// Bring a file of secrets in, of another product or of KeyArc.
    Import(ImportFile),
    /// Hand items out as a file: an archive, or in clear.
    Export(Export),
    /// Test keys: ask their providers whether they still work.
    Test(Test),
    /// Look whether all is well here, and tell what to do where it is not.
    Doctor(Doctor),
    /// Answer Git, which asks for user names and passwords: see docs/cli.md.
    GitCredential(GitCredential),
    /// Answer Docker, which asks for user names and passwords of registries: see docs/cli.md.
    DockerCredential(DockerCredential),
    /// Answer programs of AWS, which ask for an access key: see docs/cli.md.
    AwsCredentialProcess(AwsCredentialProcess),
    /// Give a workflow of GitHub its secrets, masked: see docs/integrations.md.
    GithubActions(GithubActions),
    /// Answer Terraform's `external` data source: see docs/integrations.md.
    TerraformExternal(TerraformExternal),
    /// Serve the External Secrets Operator of Kubernetes: see docs/integrations.md.
    ExternalSecrets(ExternalSecrets),
    /// Serve the SSH keys of the vault, for a command or for what a shell starts.
    SshAgent(SshAgent),
    /// Serve a coding agent, which gets commands run and sees no value: see docs/cli.md.
    Mcp,
    /// Find secrets in files and in the history of Git. Needs no account.
    Scan(Scan),
    /// Print the page of the manual, or write those of all commands.
    Man(Man),
    /// Print what completes commands in a shell, for example `keyarc completions bash`.
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
}

// How an answer is printed.
#[derive(Debug, Args)]
pub struct Printed {
    /// Print JSON, whose members stay the same.
    #[arg(long)]
    pub json: bool,
}

// `keyarc login`
#[derive(Debug, Args)]
pub struct Login {
    /// The server, for example https://keyarc.example.
    #[arg(long, env = "KEYARC_SERVER", value_name = "ADDRESS")]
    pub server: String,
    /// Read the setup code and the password from standard input, a line each.
    #[arg(long)]
    pub stdin: bool,
    /// Get the setup code from a device that is unlocked, by a short code and words to compare.
    #[arg(long, conflicts_with = "stdin")]
    pub link: bool,
    #[command(flatten)]
    pub keyring: InKeyring,
    #[command(flatten)]
    pub idle: Idle,
}

// `keyarc unlock`
#[derive(Debug, Args)]
pub struct Unlock {
    /// Read the password from standard input.
    #[arg(long)]
    pub stdin: bool,
    #[command(flatten)]
    pub keyring: InKeyring,
    #[command(flatten)]
    pub idle: Idle,
}

// `keyarc lock`
#[derive(Debug, Args)]
pub struct Lock {
    /// Remove what the system's keyring keeps, so that the password is asked for again.
    #[arg(long)]
    pub forget: bool,
}

// Whether the password is asked for from now on.
#[derive(Debug, Args)]
pub struct InKeyring {
    /// Keep what stands for the password in the system's keyring: it opens the vault from now on,
    /// and nothing is asked for.
    #[arg(long)]
    pub keyring: bool,
}

// When the keys are forgotten.
#[derive(Debug, Args)]
pub struct Idle {
    /// Lock when nobody asked for so long: 90s, 15m, 8h.
    #[arg(long, value_name = "TIME", default_value = "15m", value_parser = time)]
    pub idle: Duration,
}

// `keyarc ls`
#[derive(Debug, Args)]
pub struct Ls {
    /// Words that stand in the name, the folder, the provider or a tag.
    pub words: Vec<String>,
    /// Only of this folder and those in it.
    #[arg(long, value_name = "FOLDER")]
    pub folder: Option<String>,
    /// Only of this environment.
    #[arg(long, short, env = "KEYARC_ENVIRONMENT", value_name = "NAME")]
    pub environment: Option<String>,
    #[command(flatten)]
    pub printed: Printed,
}

// `keyarc get`
#[derive(Debug, Args)]
pub struct Get {
    /// A name, folder/name, or a reference (keyarc://personal/folder/item/field).
    pub item: String,
    /// Which value of the item: its secret without this.
    #[arg(long, short, value_name = "NAME")]
    pub field: Option<String>,
    /// Of which environment, where several items have the name.
    #[arg(long, short, env = "KEYARC_ENVIRONMENT", value_name = "NAME")]
    pub environment: Option<String>,
    /// Print no line end after the value.
    #[arg(long, short)]
    pub no_newline: bool,
    /// As it was at a version that `keyarc history` lists.
    #[arg(long, value_name = "NUMBER")]
    pub version: Option<u64>,
    /// Print all values of the item as JSON.
    #[arg(long, conflicts_with_all = ["field", "no_newline"])]
    pub json: bool,
}

// `keyarc new`
#[derive(Debug, Args)]
pub struct New {
    /// What it is called.
    pub name: String,
    /// What it is.
    #[arg(long, value_enum, default_value_t = NewKind::Key)]
    pub kind: NewKind,
    /// Its folder.
    #[arg(long, value_name = "FOLDER")]
    pub folder: Option<String>,
    /// Its environment.
    #[arg(long, short, env = "KEYARC_ENVIRONMENT", value_name = "NAME")]
    pub environment: Option<String>,
    /// A tag; may be given several times.
    #[arg(long, value_name = "TAG")]
    pub tag: Vec<String>,
    /// The user name of a login.
    #[arg(long, value_name = "NAME")]
    pub username: Option<String>,
    /// The address of a login.
    #[arg(long, value_name = "ADDRESS")]
    pub url: Option<String>,
    /// The day on which it stops working, as 2027-01-31.
    #[arg(long, value_name = "DAY")]
    pub expires: Option<String>,
    /// Make its secret: a password of 24 characters. It is not printed.
    #[arg(long)]
    pub generate: bool,
    #[command(flatten)]
    pub printed: Printed,
}

// `keyarc set`
#[derive(Debug, Args)]
pub struct Set {
    /// A name, or folder/name.
    pub item: String,
    /// Which value of the item: its secret without this. A variable that an environment set does not
    /// have is added.
    #[arg(long, short, value_name = "NAME")]
    pub field: Option<String>,
    /// Of which environment, where several items have the name.
    #[arg(long, short, env = "KEYARC_ENVIRONMENT", value_name = "NAME")]
    pub environment: Option<String>,
    #[command(flatten)]
    pub printed: Printed,
}

// `keyarc mv`
#[derive(Debug, Args)]
pub struct Mv {
    /// Names, or folder/name.
    #[arg(required = true)]
    pub items: Vec<String>,
    /// The folder; "" for the top.
    #[arg(long, value_name = "FOLDER")]
    pub to: String,
    /// Of which environment, where several items have the name.
    #[arg(long, short, env = "KEYARC_ENVIRONMENT", value_name = "NAME")]
    pub environment: Option<String>,
    #[command(flatten)]
    pub printed: Printed,
}

// `keyarc rm`
#[derive(Debug, Args)]
pub struct Rm {
    /// Names, or folder/name.
    #[arg(required = true)]
    pub items: Vec<String>,
    /// Of which environment, where several items have the name.
    #[arg(long, short, env = "KEYARC_ENVIRONMENT", value_name = "NAME")]
    pub environment: Option<String>,
    #[command(flatten)]
    pub printed: Printed,
}

// `keyarc history`
#[derive(Debug, Args)]
pub struct History {
    /// A name, or folder/name.
    pub item: String,
    /// Of which environment, where several items have the name.
    #[arg(long, short, env = "KEYARC_ENVIRONMENT", value_name = "NAME")]
    pub environment: Option<String>,
    #[command(flatten)]
    pub printed: Printed,
}

// `keyarc token`
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Make a token that reads some of the items, and print it. It is shown this one time.
    Create(TokenCreate),
    /// List the tokens, and bring what they read up to date.
    #[command(visible_alias = "list")]
    Ls(Printed),
    /// Revoke tokens.
    #[command(visible_alias = "revoke")]
    Rm(TokenRm),
    /// List who used a token lately.
    Uses(TokenUses),
}

// `keyarc token create`
#[derive(Debug, Args)]
pub struct TokenCreate {
    /// What it is called.
    pub name: String,
    /// It reads the items of this folder and of those in it; may be given several times.
    #[arg(long, value_name = "FOLDER")]
    pub folder: Vec<String>,
    /// It reads the items of this environment and no others; may be given several times.
    #[arg(long, short, value_name = "NAME")]
    pub environment: Vec<String>,
    /// It reads every item.
    #[arg(long)]
    pub all: bool,
    /// The last day on which it is good, as 2027-01-31, in UTC.
    #[arg(long, value_name = "DAY")]
    pub expires: Option<String>,
    /// Where it may be used, as 10.0.0.0/8 or an address; may be given several times.
    #[arg(long, value_name = "NETWORK")]
    pub from: Vec<String>,
    /// Its holder may change what it reads: changes are handed in, and taken when the vault is next
    /// unlocked.
    #[arg(long)]
    pub write: bool,
    #[command(flatten)]
    pub printed: Printed,
}

// `keyarc token rm`
#[derive(Debug, Args)]
pub struct TokenRm {
    /// Names of tokens, or their ids.
    #[arg(required = true)]
    pub names: Vec<String>,
}

// `keyarc token uses`
#[derive(Debug, Args)]
pub struct TokenUses {
    /// The name of a token, or its id.
    pub name: String,
    #[command(flatten)]
    pub printed: Printed,
}

// Where variables come from.
#[derive(Debug, Args)]
pub struct EnvFiles {
    /// A file of variables, whose values may be references; .env of this folder unless given.
    #[arg(long, value_name = "FILE")]
    pub env_file: Vec<PathBuf>,
    /// Read no .env.
    #[arg(long, conflicts_with = "env_file")]
    pub no_env_file: bool,
}

// `keyarc run`
#[derive(Debug, Args)]
pub struct Run {
    #[command(flatten)]
    pub files: EnvFiles,
    /// One more variable: NAME=keyarc://personal/folder/item/field. Nothing but references, since
    /// others may read arguments.
    #[arg(long, value_name = "NAME=REFERENCE")]
    pub set: Vec<String>,
    /// The environment of references that name none.
    #[arg(long, short, env = "KEYARC_ENVIRONMENT", value_name = "NAME")]
    pub environment: Option<String>,
    /// Put ******** in the place of these secrets in what the command prints.
    #[arg(long)]
    pub mask: bool,
    /// The command, after `--`.
    #[arg(last = true, required = true)]
    pub command: Vec<OsString>,
}

// `keyarc env`
#[derive(Debug, Args)]
pub struct Env {
    /// An environment set, whose variables are printed; those of .env without one.
    #[arg(conflicts_with_all = ["env_file", "no_env_file"])]
    pub item: Option<String>,
    #[command(flatten)]
    pub files: EnvFiles,
    /// For whom.
    #[arg(long, value_enum, default_value_t = Format::Shell)]
    pub format: Format,
    /// What a Kubernetes Secret is called.
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Print nothing, and write each value into a file of its variable's name in this folder, which
    /// must be for your eyes only and stand in memory.
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["format", "name"])]
    pub to: Option<PathBuf>,
    /// The environment of references that name none, and of the item.
    #[arg(long, short, env = "KEYARC_ENVIRONMENT", value_name = "NAME")]
    pub environment: Option<String>,
}

// `keyarc inject`
#[derive(Debug, Args)]
pub struct Inject {
    /// The template; standard input without it.
    #[arg(long, short, value_name = "FILE")]
    pub input: Option<PathBuf>,
    /// Where to, for your eyes only; standard output without it.
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// The environment of references that name none.
    #[arg(long, short, env = "KEYARC_ENVIRONMENT", value_name = "NAME")]
    pub environment: Option<String>,
}

// `keyarc totp`
#[derive(Debug, Args)]
pub struct TotpWish {
    /// A name, or folder/name.
    pub item: String,
    /// Which of its fields has the setup key, where there are several.
    #[arg(long, short, value_name = "NAME")]
    pub field: Option<String>,
    /// Of which environment, where several items have the name.
    #[arg(long, short, env = "KEYARC_ENVIRONMENT", value_name = "NAME")]
    pub environment: Option<String>,
}

// `keyarc expiring`
#[derive(Debug, Args)]
pub struct Expiring {
    /// How many days ahead.
    #[arg(long, value_name = "DAYS", default_value_t = 30)]
    pub within: u16,
    #[command(flatten)]
    pub printed: Printed,
}

// `keyarc generate`
#[derive(Debug, Args)]
pub struct Generate {
    /// A password of so many characters.
    #[arg(long, value_name = "CHARACTERS", default_value_t = 24)]
    #[arg(conflicts_with_all = ["words", "hex", "base64", "uuid"])]
    pub length: u32,
    /// A password of letters and digits alone.
    #[arg(long, conflicts_with_all = ["words", "hex", "base64", "uuid"])]
    pub no_symbols: bool,
    /// A passphrase of so many words.
    #[arg(long, value_name = "WORDS", conflicts_with_all = ["hex", "base64", "uuid"])]
    pub words: Option<u32>,
    /// So many random bytes in hexadecimal digits.
    #[arg(long, value_name = "BYTES", conflicts_with_all = ["base64", "uuid"])]
    pub hex: Option<u32>,
    /// So many random bytes in Base64, for addresses and file names.
    #[arg(long, value_name = "BYTES", conflicts_with = "uuid")]
    pub base64: Option<u32>,
    /// A UUID.
    #[arg(long)]
    pub uuid: bool,
}

/// Reads `90s`, `15m`, `8h`.
pub fn time(text: &str) -> Result<Duration, String> {
    const WRONG: &str = "a number and s, m or h, as in 15m; at least 1s and at most 24h";
    let read = span(text, &[('s', 1), ('m', 60), ('h', 3_600)], 86_400);
    read.ok_or_else(|| WRONG.to_owned())
}

/// Reads a number and a unit, each of so many seconds; from one second to `most`.
pub fn span(text: &str, units: &[(char, u64)], most: u64) -> Option<Duration> {
    let unit = text.chars().last()?;
    let number = text.strip_suffix(unit)?;
    let (_, seconds) = units.iter().find(|(known, _)| *known == unit)?;
    let is_number = number.bytes().all(|digit| digit.is_ascii_digit());
    let number: u64 = number.parse().ok().filter(|_| is_number)?;
    let seconds = number.checked_mul(*seconds)?;
    (1..=most)
        .contains(&seconds)
        .then(|| Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn times_are_read_and_others_refused() {
        assert_eq!(time("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(time("15m"), Ok(Duration::from_secs(900)));
        assert_eq!(time("24h"), Ok(Duration::from_secs(86_400)));
        for wrong in [
            "",
            "m",
            "15",
            "0s",
            "25h",
            "-1m",
            "+1m",
            "1d",
            "99999999999999999999h",
            "15ä",
        ] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }
}
