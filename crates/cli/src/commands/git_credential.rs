use std::io::{self, Read};

use clap::Args;
use keyarc_lookup::{Environment, printable};
use zeroize::Zeroizing;

use crate::{
    address::Address,
    credentials::Asked,
    failure::Failure,
    home::Home,
    open, output,
    vault::{Answer, Question},
};

/// The longest request that is read, in bytes.
const LONGEST: u64 = 64 * 1024;
/// Places whose tokens are known by their provider.
const PROVIDERS: [(&str, &str); 4] = [
    ("https://bitbucket.org", "bitbucket"),
    ("https://gist.github.com", "github"),
    ("https://github.com", "github"),
    ("https://gitlab.com", "gitlab"),
];

// `keyarc git-credential`
#[derive(Debug, Args)]
pub struct GitCredential {
    /// What Git asks for: get, store or erase.
    pub operation: String,
    /// Of which environment, where several items fit.
    #[arg(long, short, env = "KEYARC_ENVIRONMENT", value_name = "NAME")]
    pub environment: Option<String>,
}

/// Answers Git. What it asks for is read whatever it is, so that Git is not cut short; anything
/// but `get` changes nothing (gitcredentials(7): what a helper does not do it ignores).
pub async fn run(home: &Home, wish: GitCredential) -> Result<(), Failure> {
    let request = Request::read(io::stdin().lock())?;
    if wish.operation != "get" {
        return Ok(());
    }
    let Some(asked) = request.asked(wish.environment)? else {
        return Ok(());
    };
    let answer = match open::ask(home, &Question::Credential(asked)).await {
        // Git goes on to whatever else may know.
        Err(Failure::NotFound { .. }) => return Ok(()),
        answer => answer?,
    };
    let Answer::Credential {
        row,
        username,
        secret,
    } = &answer
    else {
        return Err(Failure::Other("no credential came".to_owned()));
    };
    let mut text = Zeroizing::new(String::new());
    for (name, value) in [("username", username), ("password", secret)] {
        if value.contains(is_forbidden) {
            return Err(Failure::Usage(format!(
                "{}: its {name} has a line end or a NUL in it, which Git cannot be told",
                printable(&row.place())
            )));
        }
        text.push_str(&format!("{name}={value}\n"));
    }
    output::secret(text.as_bytes())
}

/// What would be another line to Git, or to a program that Git asks: CVE-2020-5260, CVE-2024-52006.
fn is_forbidden(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\0')
}

/// What Git asks for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Request {
    protocol: String,
    host: String,
    path: String,
    username: Option<String>,
}

impl Request {
    /// Reads lines up to an empty one. Of what has no meaning here nothing is kept, passwords
    /// among it.
    fn read(input: impl Read) -> Result<Self, Failure> {
        let mut text = Zeroizing::new(String::new());
        input
            .take(LONGEST + 1)
            .read_to_string(&mut text)
            .map_err(|error| {
                Failure::Usage(format!("standard input could not be read: {error}"))
            })?;
        if text.len() as u64 > LONGEST {
            return Err(Failure::Usage("Git asks in at most 64 kB".to_owned()));
        }
        let mut request = Self::default();
        for line in text.split('\n').take_while(|line| !line.is_empty()) {
            let (name, value) = line.split_once('=').ok_or_else(|| {
                Failure::Usage("a line has no = between a name and a value".to_owned())
            })?;
            if line.contains(is_forbidden) {
                return Err(Failure::Usage(format!(
                    "{}: a value with a carriage return or a NUL in it is not answered",
                    printable(name)
                )));
            }
            match name {
                "protocol" => value.clone_into(&mut request.protocol),
                "host" => value.clone_into(&mut request.host),
                "path" => value.trim_matches('/').clone_into(&mut request.path),
                "username" if !value.is_empty() => request.username = Some(value.to_owned()),
                _ => {}
            }
        }
        Ok(request)
    }

    /// The same as a question to the vault; `None` for what needs no password of a web server.
    fn asked(self, environment: Option<String>) -> Result<Option<Asked>, Failure> {
        if !matches!(self.protocol.as_str(), "https" | "http") {
            return Ok(None);
        }
        let Some(address) = Address::of_host(&self.protocol, &self.host) else {
            return Err(Failure::Usage(format!(
                "{}://{} gets no password: it is no host, or it is asked in clear and is not this machine",
                printable(&self.protocol),
                printable(&self.host)
            )));
        };
        let known = PROVIDERS
            .iter()
            .find(|(origin, _)| *origin == address.origin);
        Ok(Some(Asked {
            provider: known.map(|(_, provider)| (*provider).to_owned()),
            origins: vec![address.origin],
            path: self.path,
            username: self.username,
            environment: environment.map(Environment::ThisOrNone),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_up_to_an_empty_line() {
        let text = "capability[]=authtype\nprotocol=https\nhost=a.example:8443\npath=/acme/site.git\nusername=ada\nwwwauth[]=Basic realm=\"x\"\n\nhost=evil.example\n";
        let request = Request::read(text.as_bytes()).expect("is read");
        let expected = Request {
            protocol: "https".to_owned(),
            host: "a.example:8443".to_owned(),
            path: "acme/site.git".to_owned(),
            username: Some("ada".to_owned()),
        };
        assert_eq!(request, expected);
    }

    #[test]
    fn what_would_be_another_line_is_refused() {
        for text in [
            "protocol=https\nhost=a.example\r\n\n",
            "protocol=https\nhost=a.example\rb.example\n",
            "protocol=https\nhost=a.example\0\n",
            "protocol=https\nhost\n",
            &"a=b\n".repeat(20_000),
        ] {
            assert!(Request::read(text.as_bytes()).is_err(), "{}", text.len());
        }
        assert!(Request::read(&b"host=\xff\n"[..]).is_err());
    }
}
