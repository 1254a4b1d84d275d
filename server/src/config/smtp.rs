use std::net::Ipv4Addr;

use lettre::{AsyncSmtpTransport, Tokio1Executor, message::Mailbox};
use url::{Host, Url};

use super::{Secret, reader::Reader};

/// The mail server that takes mails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Smtp {
    /// `SMTP_URL`, which may hold a password.
    pub url: Secret,
    /// `MAIL_FROM`, for example `KeyArc <keyarc@example.org>`.
    pub from: String,
}

const URL: &str = "SMTP_URL";
const FROM: &str = "MAIL_FROM";

pub(super) fn read(reader: &mut Reader<'_>) -> Option<Smtp> {
    let url = reader.text(URL).map(str::to_owned);
    let from = reader.text(FROM).map(str::to_owned);
    if let Some(from) = &from
        && from.parse::<Mailbox>().is_err()
    {
        reader.complain(
            FROM,
            "must be an e-mail address, for example KeyArc <keyarc@example.org>",
        );
    }
    if let Some(url) = &url
        && !is_safe(url)
    {
        reader.complain(
            URL,
            "must be smtps://name:password@host or smtp://name:password@host:587?tls=required; \
             without TLS only on this machine",
        );
    }
    match (url, from) {
        (Some(url), Some(from)) => Some(Smtp {
            url: Secret::new(url),
            from,
        }),
        (Some(_), None) => {
            reader.complain(FROM, "is required with SMTP_URL");
            None
        }
        (None, Some(_)) => {
            reader.complain(URL, "is required with MAIL_FROM");
            None
        }
        (None, None) => None,
    }
}

/// A password and what is mailed go over TLS, or nowhere beyond this machine.
fn is_safe(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else {
        return false;
    };
    let is_local = match url.host() {
        // Where the scheme is none of a browser's, an IPv4 address counts as a name.
        Some(Host::Domain(name)) => {
            name == "localhost" || name.parse().is_ok_and(|ip: Ipv4Addr| ip.is_loopback())
        }
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    let tls = url.query_pairs().find(|(name, _)| name == "tls");
    let is_encrypted = match (url.scheme(), tls) {
        ("smtps", None) => true,
        ("smtp", Some((_, value))) => value == "required",
        _ => false,
    };
    (is_encrypted || (is_local && url.scheme() == "smtp" && url.query().is_none()))
        && AsyncSmtpTransport::<Tokio1Executor>::from_url(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Variables;

    fn read_pairs(pairs: &[(&str, &str)]) -> (Option<Smtp>, Vec<&'static str>) {
        let variables = Variables::from_pairs(pairs.iter().copied());
        let mut reader = Reader::new(&variables);
        let smtp = read(&mut reader);
        let problems = match reader.finish(()) {
            Ok(()) => Vec::new(),
            Err(error) => error.problems.iter().map(|one| one.variable).collect(),
        };
        (smtp, problems)
    }

    #[test]
    fn mail_goes_over_tls_or_stays_on_this_machine() {
        for good in [
            "smtps://mail.example.org",
            "smtps://ada:secret@mail.example.org:465",
            "smtp://ada:secret@mail.example.org:587?tls=required",
            "smtp://127.0.0.1:1025",
            "smtp://localhost:1025",
        ] {
            let (smtp, problems) = read_pairs(&[(URL, good), (FROM, "KeyArc <a@example.org>")]);
            assert!(smtp.is_some() && problems.is_empty(), "{good} {problems:?}");
        }
        for bad in [
            "mail.example.org",
            "https://mail.example.org",
            "smtp://mail.example.org",
            "smtp://mail.example.org?tls=opportunistic",
            "smtp://mail.example.org?tls=none",
            "smtp://",
        ] {
            let (_, problems) = read_pairs(&[(URL, bad), (FROM, "a@example.org")]);
            assert_eq!(problems, [URL], "{bad}");
        }
    }

    #[test]
    fn neither_goes_without_the_other() {
        assert_eq!(read_pairs(&[]), (None, Vec::new()));
        assert_eq!(read_pairs(&[(URL, "smtps://a.example")]).1, [FROM]);
        assert_eq!(read_pairs(&[(FROM, "a@example.org")]).1, [URL]);
        assert_eq!(
            read_pairs(&[(URL, "smtps://a.example"), (FROM, "nobody")]).1,
            [FROM]
        );
    }

    #[test]
    fn a_password_is_shown_nowhere() {
        let (smtp, _) = read_pairs(&[
            (URL, "smtps://ada:canary@mail.example.org"),
            (FROM, "a@example.org"),
        ]);
        assert!(!format!("{smtp:?}").contains("canary"));
    }
}
