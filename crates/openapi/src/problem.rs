//! Refusals: which status each code has, and what the document says of it.

use keyarc_wire::{API_VERSION_HEADER, ApiError, ErrorCode};
use schemars::SchemaGenerator;
use serde_json::{Map, Value, json};

/// A code, its status, and when it comes. The server has a mapping of its own; a test there holds
/// the two together.
const CODES: [(ErrorCode, u16, &str); 28] = [
    (
        ErrorCode::InvalidRequest,
        400,
        "a field breaks a rule; `field` names it",
    ),
    (
        ErrorCode::UnsupportedVersion,
        400,
        "`keyarc-api-version` names another version than this server speaks",
    ),
    (
        ErrorCode::Unauthenticated,
        401,
        "no session, or one that has ended",
    ),
    (
        ErrorCode::LoginRefused,
        401,
        "handle, signature, nonce or origin was not accepted; which one is not told",
    ),
    (
        ErrorCode::SecondFactorRequired,
        401,
        "the proof was right, and the account has a second factor: `second_factor` says how to go on",
    ),
    (
        ErrorCode::SecondFactorRefused,
        403,
        "the code was not accepted, or was used before",
    ),
    (
        ErrorCode::PasskeyRefused,
        403,
        "what a passkey made or signed was not accepted",
    ),
    (
        ErrorCode::ClockSkew,
        403,
        "the time in a machine token's request is more than five minutes off; `server_time_ms` is the server's",
    ),
    (ErrorCode::TokenExpired, 403, "the machine token has ended"),
    (
        ErrorCode::TokenRevoked,
        403,
        "the machine token was revoked",
    ),
    (
        ErrorCode::AddressRefused,
        403,
        "the machine token may not be used from this address",
    ),
    (
        ErrorCode::TokenReadsOnly,
        403,
        "the machine token only reads",
    ),
    (
        ErrorCode::CrossSite,
        403,
        "the request came from another site",
    ),
    (
        ErrorCode::NotFound,
        404,
        "not there, or not yours: the two are the same",
    ),
    (ErrorCode::MethodNotAllowed, 405, "see `Allow`"),
    (
        ErrorCode::Conflict,
        409,
        "somebody else changed it meanwhile; `conflicts` has the versions of items",
    ),
    (
        ErrorCode::ManifestStale,
        409,
        "somebody else wrote to the vault first: sync, and write on top of that",
    ),
    (ErrorCode::HandleTaken, 409, "make another setup code"),
    (
        ErrorCode::RequestUnderWay,
        409,
        "the same request with this idempotency key is under way: ask again in a second",
    ),
    (ErrorCode::PayloadTooLarge, 413, "refused before it is read"),
    (
        ErrorCode::UnsupportedMediaType,
        415,
        "the body is not marked as what is taken here",
    ),
    (
        ErrorCode::IdempotencyKeyReused,
        422,
        "the idempotency key came with another request before",
    ),
    (ErrorCode::RateLimited, 429, "wait `Retry-After` seconds"),
    (
        ErrorCode::Internal,
        500,
        "a fault of the server; `request_id` finds it in the log",
    ),
    (
        ErrorCode::Unavailable,
        503,
        "the database is away, or the server is busy: wait `Retry-After` seconds",
    ),
    (
        ErrorCode::StorageFull,
        507,
        "the disk is full; reading still works",
    ),
    (
        ErrorCode::AttachmentsFull,
        507,
        "the account's room for files is used up; everything else works",
    ),
    (
        ErrorCode::ChangesFull,
        507,
        "as many changes of the machine token wait for its owner as may",
    ),
];

/// The responses of an operation's refusals, as references; what they name is added to
/// `components`.
pub(crate) fn responses(
    codes: &[ErrorCode],
    generator: &mut SchemaGenerator,
    components: &mut Map<String, Value>,
) -> Map<String, Value> {
    let mut responses = Map::new();
    for (_, status, _) in CODES {
        let status_key = status.to_string();
        if responses.contains_key(&status_key) {
            continue;
        }
        let here: Vec<_> = CODES
            .iter()
            .filter(|(code, of, _)| *of == status && codes.contains(code))
            .collect();
        if here.is_empty() {
            continue;
        }
        let name = here
            .iter()
            .map(|(code, ..)| format!("{code:?}"))
            .collect::<Vec<_>>()
            .join("Or");
        components
            .entry(name.as_str())
            .or_insert_with(|| response(status, &here, generator));
        let place = format!("#/components/responses/{name}");
        responses.insert(status_key, json!({ "$ref": place }));
    }
    responses
}

fn response(
    status: u16,
    codes: &[&(ErrorCode, u16, &str)],
    generator: &mut SchemaGenerator,
) -> Value {
    let names: Vec<Value> = codes.iter().map(|(code, ..)| json!(code)).collect();
    let told: Vec<String> = codes
        .iter()
        .zip(&names)
        .map(|((.., when), name)| format!("`{}`: {when}.", name.as_str().unwrap_or_default()))
        .collect();
    let mut headers = json!({
        "x-request-id": { "$ref": "#/components/headers/RequestId" },
        API_VERSION_HEADER: { "$ref": "#/components/headers/ApiVersion" },
    });
    if matches!(status, 429 | 503) {
        headers["retry-after"] = json!({ "$ref": "#/components/headers/RetryAfter" });
    }
    if codes
        .iter()
        .any(|(code, ..)| *code == ErrorCode::Unauthenticated)
    {
        // A proof that was refused says nothing of the session that brought it.
        headers["www-authenticate"] = json!({
            "description": "`Bearer`, with `unauthenticated`.",
            "required": codes.len() == 1,
            "schema": { "type": "string" },
        });
    }
    let schema = json!({
        "allOf": [
            generator.subschema_for::<ApiError>(),
            { "properties": { "code": { "enum": names } }, "required": ["code"] },
        ],
    });
    json!({
        "description": told.join(" "),
        "headers": headers,
        "content": { "application/problem+json": { "schema": schema } },
    })
}
