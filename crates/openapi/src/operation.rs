//! What there is to say of one operation.

use keyarc_wire::{ErrorCode, limits};
use schemars::{JsonSchema, Schema, SchemaGenerator};

/// The methods in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Post,
    Put,
}

impl Method {
    /// As the document's keys have it.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Post => "post",
            Self::Put => "put",
        }
    }
}

/// What operations are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Area {
    LogIn,
    Account,
    Reminders,
    Vaults,
    Attachments,
    Links,
    Machine,
    Description,
}

impl Area {
    /// In the order of the document, with what each is about.
    pub(crate) const ALL: [(Self, &'static str, &'static str); 8] = [
        (
            Self::LogIn,
            "Log in and out",
            "Sessions begin by a signature over a challenge, never by a password.",
        ),
        (
            Self::Account,
            "Account",
            "Wrapped keys, recovery, passkeys, and what devices keep for one another.",
        ),
        (
            Self::Reminders,
            "Reminders",
            "By mail, webhook or calendar, of dates that the account's devices hand over.",
        ),
        (
            Self::Vaults,
            "Vaults",
            "Items, their details and their earlier versions. All of it sealed.",
        ),
        (
            Self::Attachments,
            "Attachments",
            "Files that items name, in sealed chunks.",
        ),
        (
            Self::Links,
            "Links between devices",
            "Where a new device and an unlocked one meet. Each message is said once and in its turn.",
        ),
        (
            Self::Machine,
            "Machine tokens",
            "What programs read with: a token opens a sealed copy of some items, and nothing else. One that writes hands in changes, which the owner's own clients take into the vault.",
        ),
        (
            Self::Description,
            "This description",
            "What a program reads to know the rest.",
        ),
    ];

    pub(crate) fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(area, ..)| *area == self)
            .map_or("", |(_, name, _)| name)
    }
}

/// What a request has to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Nothing.
    Anybody,
    /// A session: its cookie, or an access token.
    Session,
    /// The session token of a program.
    SessionToken,
    /// A session, or the session token of a program.
    AnySession,
    /// The token in the address.
    Address,
}

type MakeSchema = fn(&mut SchemaGenerator) -> Schema;

/// The body of a request.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Takes {
    Nothing,
    Json { schema: MakeSchema, most: usize },
    Chunk,
}

impl Takes {
    /// JSON of the usual size.
    pub(crate) fn json<T: JsonSchema>() -> Self {
        Self::json_of::<T>(limits::BODY)
    }

    /// JSON of at most so many bytes.
    pub(crate) fn json_of<T: JsonSchema>(most: usize) -> Self {
        Self::Json {
            schema: SchemaGenerator::subschema_for::<T>,
            most,
        }
    }
}

/// The body of an answer.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Gives {
    /// 204.
    Nothing,
    /// 204, and the browser's cookie ends.
    CookieEnds,
    Json {
        status: u16,
        schema: MakeSchema,
        /// It can come with the browser's cookie.
        cookie: bool,
    },
    Changes,
    /// Changes from the beginning, with a grant and details.
    Copy,
    Chunk,
    Calendar,
    Page,
    Document,
}

impl Gives {
    /// 200 with JSON.
    pub(crate) fn json<T: JsonSchema>() -> Self {
        Self::json_with::<T>(200)
    }

    /// JSON with another status.
    pub(crate) fn json_with<T: JsonSchema>(status: u16) -> Self {
        Self::Json {
            status,
            schema: SchemaGenerator::subschema_for::<T>,
            cookie: false,
        }
    }

    /// A session that begins: with a cookie for browsers.
    pub(crate) fn session<T: JsonSchema>(status: u16) -> Self {
        Self::Json {
            status,
            schema: SchemaGenerator::subschema_for::<T>,
            cookie: true,
        }
    }
}

/// Whether a request changes something.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Effect {
    /// It may be sent as often as one likes.
    Reads,
    /// It changes something. What comes of the same request a second time.
    Writes(&'static str),
    /// As [`Self::Writes`], and with an idempotency key the first answer comes again.
    WritesKeyed(&'static str),
}

impl Effect {
    /// What comes of the same request a second time, if it changes something.
    pub(crate) fn again(self) -> Option<&'static str> {
        match self {
            Self::Reads => None,
            Self::Writes(again) | Self::WritesKeyed(again) => Some(again),
        }
    }

    /// Whether the request takes an idempotency key.
    pub(crate) fn is_keyed(self) -> bool {
        matches!(self, Self::WritesKeyed(_))
    }
}

/// One operation.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    pub(crate) id: &'static str,
    pub(crate) method: Method,
    /// A route of `keyarc_wire::paths`.
    pub(crate) path: &'static str,
    pub(crate) area: Area,
    /// A few words.
    pub(crate) summary: &'static str,
    /// One or two sentences, in Markdown.
    pub(crate) words: &'static str,
    pub(crate) access: Access,
    pub(crate) takes: Takes,
    pub(crate) gives: Gives,
    pub(crate) effect: Effect,
    /// What it can be refused for, beside what its access, body and effect bring along.
    pub(crate) refuses: &'static [ErrorCode],
}

impl Operation {
    /// Whether it is of the API, rather than something that stands with the pages.
    pub(crate) fn is_versioned(&self) -> bool {
        self.path.starts_with("/api/") || self.path.starts_with("/auth/")
    }

    /// Every code that it can be refused with, none twice.
    pub(crate) fn codes(&self) -> Vec<ErrorCode> {
        let mut codes = Vec::new();
        let mut add = |code| {
            if !codes.contains(&code) {
                codes.push(code);
            }
        };
        if !matches!(self.takes, Takes::Nothing) {
            add(ErrorCode::InvalidRequest);
            add(ErrorCode::PayloadTooLarge);
            add(ErrorCode::UnsupportedMediaType);
        }
        if self.is_versioned() {
            add(ErrorCode::UnsupportedVersion);
        }
        let has_session = matches!(
            self.access,
            Access::Session | Access::SessionToken | Access::AnySession
        );
        if has_session {
            add(ErrorCode::Unauthenticated);
        }
        self.refuses.iter().copied().for_each(&mut add);
        if self.effect.again().is_some() {
            add(ErrorCode::StorageFull);
        }
        if self.effect.is_keyed() {
            add(ErrorCode::InvalidRequest);
            add(ErrorCode::RequestUnderWay);
            add(ErrorCode::IdempotencyKeyReused);
        }
        // A calendar or a mail program comes from elsewhere, and reads.
        if !(self.access == Access::Address && self.method == Method::Get) {
            add(ErrorCode::CrossSite);
        }
        add(ErrorCode::RateLimited);
        // The document lies in the program: neither a database nor a fault stands behind it.
        if !matches!(self.gives, Gives::Document) {
            add(ErrorCode::Unavailable);
            add(ErrorCode::Internal);
        }
        codes
    }
}
