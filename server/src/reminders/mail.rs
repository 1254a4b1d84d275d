use std::{
    path::PathBuf,
    time::{Duration, UNIX_EPOCH},
};

use keyarc_app::reminder_text::MailText;
use keyarc_wire::DeliveryProblem;
use lettre::{
    AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor,
    message::{
        Mailbox, MultiPart,
        header::{Header, HeaderName, HeaderValue},
    },
    transport::smtp,
};

use sha2::{Digest as _, Sha256};

use super::outbox;
use crate::config::{Config, Environment};

/// Longest wait for a step of the mail server.
const WAIT: Duration = Duration::from_secs(15);

/// A mail to be sent.
pub(super) struct Letter<'a> {
    pub(super) to: &'a str,
    pub(super) text: MailText,
    /// The address that switches such mails off.
    pub(super) stop: Option<String>,
    /// Unix milliseconds.
    pub(super) now_ms: u64,
}

/// What takes mails.
pub(super) enum Mailer {
    /// A mail server.
    Smtp {
        transport: Box<AsyncSmtpTransport<Tokio1Executor>>,
        from: Mailbox,
    },
    /// A folder, in development.
    Outbox { folder: PathBuf, from: Mailbox },
    /// Nothing.
    None,
}

impl Mailer {
    pub(super) fn new(config: &Config, origin: &str) -> Self {
        match &config.smtp {
            Some(smtp) => {
                let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(smtp.url.expose());
                let from = smtp.from.parse();
                // Both were checked with the rest of the configuration.
                match (transport, from) {
                    (Ok(transport), Ok(from)) => Self::Smtp {
                        transport: Box::new(transport.timeout(Some(WAIT)).build()),
                        from,
                    },
                    _ => Self::None,
                }
            }
            None => match own_address(origin) {
                Some(address) if config.environment == Environment::Development => Self::Outbox {
                    folder: config.data_dir.join("outbox"),
                    from: Mailbox::new(Some("KeyArc".to_owned()), address),
                },
                _ => Self::None,
            },
        }
    }

    pub(super) async fn send(&self, letter: Letter<'_>) -> Result<(), DeliveryProblem> {
        match self {
            Self::Smtp { transport, from } => {
                let message = write(from, letter)?;
                transport
                    .send(message)
                    .await
                    .map(drop)
                    .map_err(|error| problem(&error))
            }
            Self::Outbox { folder, from } => {
                let now_ms = letter.now_ms;
                let message = write(from, letter)?;
                outbox::keep(folder.clone(), now_ms, message.formatted())
                    .await
                    .map_err(|error| {
                        tracing::warn!(%error, "a mail could not be put into the outbox");
                        DeliveryProblem::Operator
                    })
            }
            Self::None => Err(DeliveryProblem::Operator),
        }
    }
}

impl std::fmt::Debug for Mailer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Smtp { .. } => "Smtp",
            Self::Outbox { .. } => "Outbox",
            Self::None => "None",
        })
    }
}

fn own_address(origin: &str) -> Option<lettre::Address> {
    let host = url::Url::parse(origin)
        .ok()
        .and_then(|url| url.host_str().map(str::to_owned))
        .unwrap_or_default();
    // A host that is an address of a network is none of a mail.
    lettre::Address::new("keyarc", host)
        .or_else(|_| lettre::Address::new("keyarc", "localhost"))
        .ok()
}

fn write(from: &Mailbox, letter: Letter<'_>) -> Result<Message, DeliveryProblem> {
    let to = letter
        .to
        .parse()
        .map_err(|_| DeliveryProblem::Refused(None))?;
    // The same mail has the same name, however often it is tried in one moment.
    let mut hash = Sha256::new();
    for part in [letter.to, &letter.text.text, &letter.now_ms.to_string()] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let name: String = hash.finalize()[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let message_id = format!("<{name}@{}>", from.email.domain());
    let mut message = Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, to))
        .subject(letter.text.subject)
        .date(UNIX_EPOCH + Duration::from_millis(letter.now_ms))
        .message_id(Some(message_id))
        .header(AutoSubmitted);
    if let Some(stop) = letter.stop {
        message = message
            .header(ListUnsubscribe(format!("<{stop}>")))
            .header(ListUnsubscribePost);
    }
    message
        .multipart(MultiPart::alternative_plain_html(
            letter.text.text,
            letter.text.html,
        ))
        .map_err(|_| DeliveryProblem::Operator)
}

/// What a person is told of it. The log has no more: an answer may name whom the mail was for.
fn problem(error: &smtp::Error) -> DeliveryProblem {
    let problem = if error.is_timeout() {
        DeliveryProblem::TimedOut
    } else if error.is_tls() {
        DeliveryProblem::NotSecure
    } else if error.is_permanent() {
        DeliveryProblem::Refused(None)
    } else if error.is_transient() || error.is_response() || error.is_client() {
        DeliveryProblem::Operator
    } else {
        DeliveryProblem::Unreachable
    };
    let status = error.status().map(u16::from);
    tracing::warn!(?problem, status, "the mail server did not take a mail");
    problem
}

/// RFC 2369.
#[derive(Clone)]
struct ListUnsubscribe(String);
/// RFC 8058: one click, without a page in between.
#[derive(Clone)]
struct ListUnsubscribePost;
/// RFC 3834: nobody's machine is to answer.
#[derive(Clone)]
struct AutoSubmitted;

type HeaderError = Box<dyn std::error::Error + Send + Sync>;

impl Header for ListUnsubscribe {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("List-Unsubscribe")
    }

    fn parse(text: &str) -> Result<Self, HeaderError> {
        Ok(Self(text.to_owned()))
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), self.0.clone())
    }
}

impl Header for ListUnsubscribePost {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("List-Unsubscribe-Post")
    }

    fn parse(_: &str) -> Result<Self, HeaderError> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "List-Unsubscribe=One-Click".to_owned())
    }
}

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, HeaderError> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(stop: Option<&str>) -> Letter<'static> {
        Letter {
            to: "ada@example.org",
            text: MailText {
                subject: "Subject".to_owned(),
                text: "Text".to_owned(),
                html: "<p>Text</p>".to_owned(),
            },
            stop: stop.map(str::to_owned),
            now_ms: 1_790_000_000_000,
        }
    }

    fn text(letter: Letter<'_>) -> String {
        let from = "KeyArc <keyarc@example.org>".parse().expect("an address");
        let message = write(&from, letter).expect("a message");
        String::from_utf8(message.formatted()).expect("text")
    }

    #[test]
    fn a_mail_can_be_stopped_by_one_click_and_is_answered_by_no_machine() {
        let mail = text(letter(Some(
            "https://keyarc.example/reminders/unsubscribe/ab",
        )));
        for line in [
            "From: KeyArc <keyarc@example.org>\r\n",
            "To: ada@example.org\r\n",
            "Date: Mon, 21 Sep 2026 14:13:20 +0000\r\n",
            "Auto-Submitted: auto-generated\r\n",
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
        ] {
            assert!(mail.contains(line), "{line}{mail}");
        }
        let unfolded = mail.replace("\r\n ", " ");
        assert!(
            unfolded.contains(
                "List-Unsubscribe: <https://keyarc.example/reminders/unsubscribe/ab>\r\n"
            ),
            "{mail}"
        );
        assert!(mail.contains("text/plain") && mail.contains("text/html"));
        assert!(!text(letter(None)).contains("List-Unsubscribe"));
    }

    #[test]
    fn an_address_that_is_none_is_refused_and_no_header_can_be_smuggled() {
        let from: Mailbox = "keyarc@example.org".parse().expect("an address");
        let mut wrong = letter(None);
        wrong.to = "ada@example.org\r\nBcc: eve@example.org";
        assert_eq!(
            write(&from, wrong).err(),
            Some(DeliveryProblem::Refused(None))
        );
    }

    #[test]
    fn a_sender_is_made_of_any_origin() {
        let domain = |origin| own_address(origin).map(|address| address.domain().to_owned());
        assert_eq!(
            domain("https://keyarc.example").as_deref(),
            Some("keyarc.example")
        );
        assert!(domain("http://127.0.0.1:3000").is_some());
        assert_eq!(domain("nonsense").as_deref(), Some("localhost"));
    }
}
