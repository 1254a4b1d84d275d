use keyarc_wire::{API_VERSION, API_VERSION_HEADER, CHANGES_MEDIA_TYPE, CHUNK_MEDIA_TYPE, limits};
use serde_json::{Map, Value, json};

use crate::{
    example,
    operation::{Access, Area, Gives, Operation, Takes},
    problem,
    schemas::{self, Schemas},
    table,
};

const INFO: &str = "\
Everything that a client of KeyArc needs. Vault data crosses in sealed form only: the server holds \
ciphertext, and no request of this API gives it a password or a key.

Bodies are JSON, sent with `Content-Type: application/json`; unknown fields are refused. Ids and \
handles are lower-case hexadecimal; other bytes are base64url without padding; times are Unix \
milliseconds. What belongs to an account is never cached. Every answer has `x-request-id`.

Browsers hold their session in a cookie, and must send requests from the server's own origin. \
Programs hold a session token, exchange it for access tokens of 15 minutes, and send those as \
bearer. There is no CORS.

This is version 1. What is added does not change it: members of answers, operations, codes of errors, \
and what requests need not have; clients pass over what they do not know, but in a challenge. Anything else is another \
version, and a server then speaks the one before as well, for a year at the least. Every answer names \
the version in `keyarc-api-version`, and a request may.

A write that says so takes an `Idempotency-Key`: up to 255 visible characters, made for this one \
request. Sent again with the same key and the same body because no answer came, nothing is done twice, \
and the first answer comes again with `idempotent-replayed: true`, for a day. Another request with that \
key is `idempotency_key_reused`. An answer that is an error is not kept.

An error changed nothing, and never repeats what was sent. Another method at a path that exists is \
`method_not_allowed` (405), with `Allow`. Requests are counted by address and by account; one too \
many is `rate_limited` (429), with `Retry-After` in seconds.

What the bytes mean is in `docs/protocol.md` of the source.";

/// The whole document.
pub fn document() -> Value {
    let mut schemas = Schemas::new();
    let mut responses = Map::new();
    let mut paths = Map::new();
    for operation in table::operations() {
        let described = describe(&operation, &mut schemas, &mut responses);
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        let parameters = path_parameters(operation.path);
        if !parameters.is_empty() {
            path["parameters"] = parameters.into();
        }
        path[operation.method.key()] = described;
    }
    let schemas = schemas.into_components();
    let tags: Vec<Value> = Area::ALL
        .iter()
        .map(|(_, name, words)| json!({ "name": name, "description": words }))
        .collect();
    let mut document = json!({
        "openapi": "3.1.1",
        "info": {
            "title": "KeyArc",
            "version": env!("CARGO_PKG_VERSION"),
            "description": INFO,
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "servers": [{ "url": "/", "description": "The server that serves this document." }],
        "tags": tags,
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": responses,
            "headers": headers(),
            "parameters": { "ApiVersion": api_version(), "IdempotencyKey": idempotency_key() },
            "securitySchemes": security_schemes(),
        },
    });
    example::add(&mut document);
    document
}

fn describe(
    operation: &Operation,
    schemas: &mut Schemas,
    refusals: &mut Map<String, Value>,
) -> Value {
    let mut words = operation.words.to_owned();
    if let Takes::Json { most, .. } = operation.takes
        && most != limits::BODY
    {
        words.push_str(&format!(" The body has at most {}.", size(most)));
    }
    if let Some(again) = operation.effect.again() {
        let without = match operation.effect.is_keyed() {
            true => " without the same `Idempotency-Key`",
            false => "",
        };
        words.push_str(&format!("\n\nSent again{without}: {again}"));
    }
    let mut responses = Map::new();
    for (status, response) in answers(operation, schemas) {
        responses.insert(status.to_string(), response);
    }
    let codes = operation.codes();
    responses.extend(problem::responses(&codes, &mut schemas.given, refusals));
    let mut described = json!({
        "operationId": operation.id,
        "tags": [operation.area.name()],
        "summary": operation.summary,
        "description": words,
        "security": security(operation.access),
        "responses": responses,
    });
    let mut parameters = query_parameters(operation.gives);
    if operation.is_versioned() {
        parameters.push(json!({ "$ref": "#/components/parameters/ApiVersion" }));
    }
    if operation.effect.is_keyed() {
        parameters.push(json!({ "$ref": "#/components/parameters/IdempotencyKey" }));
    }
    if !parameters.is_empty() {
        described["parameters"] = parameters.into();
    }
    if let Some(content) = request_content(operation.takes, schemas) {
        described["requestBody"] = json!({ "required": true, "content": content });
    }
    described
}

fn size(bytes: usize) -> String {
    match bytes / (1024 * 1024) {
        0 => format!("{} KiB", bytes / 1024),
        mib => format!("{mib} MiB"),
    }
}

fn request_content(takes: Takes, schemas: &mut Schemas) -> Option<Value> {
    match takes {
        Takes::Nothing => None,
        Takes::Json { schema, .. } => {
            let schema = schemas::value(schema(&mut schemas.taken));
            Some(json!({ "application/json": { "schema": schema } }))
        }
        Takes::Chunk => Some(json!({ CHUNK_MEDIA_TYPE: {} })),
    }
}

fn answers(operation: &Operation, schemas: &mut Schemas) -> Vec<(u16, Value)> {
    let replayed: &[_] = match operation.effect.is_keyed() {
        true => &["idempotent-replayed"],
        false => &[],
    };
    let one = |status, response| vec![(status, response)];
    match operation.gives {
        Gives::Nothing => one(204, answer("It is done.", replayed, None)),
        Gives::CookieEnds => one(204, answer("It is done.", &["set-cookie"], None)),
        Gives::Json {
            status,
            schema,
            cookie,
        } => {
            let (words, headers): (_, &[_]) = match cookie {
                true => ("A session has begun.", &["set-cookie"]),
                false if status == 201 => ("It is made.", replayed),
                false => ("The answer.", replayed),
            };
            let schema = schemas::value(schema(&mut schemas.given));
            let content = json!({ "application/json": { "schema": schema } });
            one(status, answer(words, headers, Some(content)))
        }
        Gives::Changes | Gives::Copy => one(
            200,
            answer(
                "A stream of records, as `docs/api.md` has them byte by byte. It ends with their count; one without its end was cut off.",
                &[],
                Some(json!({ CHANGES_MEDIA_TYPE: {} })),
            ),
        ),
        Gives::Chunk => one(
            200,
            answer("The envelope.", &[], Some(json!({ CHUNK_MEDIA_TYPE: {} }))),
        ),
        Gives::Calendar => cached("A calendar (RFC 5545).", json!({ "text/calendar": {} })),
        Gives::Page => one(
            200,
            answer("A page.", &[], Some(json!({ "text/html": {} }))),
        ),
        Gives::Document => cached(
            "An OpenAPI document.",
            json!({ "application/json": { "schema": { "type": "object" } } }),
        ),
    }
}

/// What can be asked about with `If-None-Match`.
fn cached(words: &str, content: Value) -> Vec<(u16, Value)> {
    vec![
        (200, answer(words, &["etag"], Some(content))),
        (304, answer("It is as it was.", &["etag"], None)),
    ]
}

fn answer(words: &str, headers: &[&str], content: Option<Value>) -> Value {
    let mut out = Map::new();
    out.insert(
        "x-request-id".to_owned(),
        json!({ "$ref": "#/components/headers/RequestId" }),
    );
    out.insert(
        API_VERSION_HEADER.to_owned(),
        json!({ "$ref": "#/components/headers/ApiVersion" }),
    );
    for name in headers {
        let place = match *name {
            "set-cookie" => "#/components/headers/Cookie",
            "idempotent-replayed" => "#/components/headers/Replayed",
            _ => "#/components/headers/ETag",
        };
        out.insert((*name).to_owned(), json!({ "$ref": place }));
    }
    let mut response = json!({ "description": words, "headers": out });
    if let Some(content) = content {
        response["content"] = content;
    }
    response
}

fn headers() -> Value {
    let text = |words: &str, required: bool| {
        let schema = json!({ "type": "string" });
        json!({ "description": words, "required": required, "schema": schema })
    };
    json!({
        "RequestId": text("Names the request in the server's log.", true),
        "RetryAfter": {
            "description": "Seconds to wait.",
            "required": true,
            "schema": { "type": "integer", "minimum": 1 },
        },
        "ApiVersion": {
            "description": "The version of the API, with every answer of it.",
            "schema": { "type": "integer", "enum": [API_VERSION] },
        },
        "Cookie": text("The session's cookie, for browsers only.", false),
        "Replayed": text("`true` when it is the answer that the same `Idempotency-Key` got before.", false),
        "ETag": text("Names this version, for `If-None-Match`.", true),
    })
}

fn api_version() -> Value {
    json!({
        "name": API_VERSION_HEADER,
        "in": "header",
        "description": "The version that the client was made for. Without it the server's is taken.",
        "schema": { "type": "integer", "enum": [API_VERSION] },
    })
}

fn idempotency_key() -> Value {
    json!({
        "name": "Idempotency-Key",
        "in": "header",
        "description": "Made anew for each request, and the same when it is sent again because no answer came: what was done is not done twice, and the first answer comes again.",
        "schema": {
            "type": "string",
            "minLength": 1,
            "maxLength": limits::IDEMPOTENCY_KEY,
            "pattern": "^[!-~]+$",
        },
    })
}

fn security(access: Access) -> Value {
    match access {
        Access::Anybody | Access::Address => json!([]),
        Access::Session => json!([{ "accessToken": [] }, { "sessionCookie": [] }]),
        Access::SessionToken => json!([{ "sessionToken": [] }]),
        Access::AnySession => {
            json!([{ "accessToken": [] }, { "sessionToken": [] }, { "sessionCookie": [] }])
        }
    }
}

fn security_schemes() -> Value {
    json!({
        "accessToken": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "An access token of a program, good for 15 minutes and for as long as its session.",
        },
        "sessionToken": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "kas1",
            "description": "The opaque session token of a program, `kas1_…`. It is taken where an access token is made and where the session ends, and nowhere else.",
        },
        "sessionCookie": {
            "type": "apiKey",
            "in": "cookie",
            "name": "__Host-keyarc",
            "description": "The session of a browser. On plain HTTP, which exists on loopback only, its name is `keyarc-session`. `Origin` must be one of the server's own.",
        },
    })
}

fn path_parameters(path: &str) -> Vec<Value> {
    path.split('{')
        .skip(1)
        .filter_map(|rest| rest.split('}').next())
        .map(|name| {
            let (words, schema) = match name {
                "vault_id" => ("The vault.", json!({ "$ref": "#/components/schemas/VaultId" })),
                "token_id" => (
                    "The machine token.",
                    json!({ "$ref": "#/components/schemas/MachineTokenId" }),
                ),
                "attachment_id" => (
                    "The attachment.",
                    json!({ "$ref": "#/components/schemas/AttachmentId" }),
                ),
                "number" => (
                    "Which chunk, from 0.",
                    json!({ "type": "integer", "format": "uint32", "minimum": 0, "maximum": u32::MAX }),
                ),
                _ if path.starts_with("/feeds/") => (
                    "The feed's token, followed by `.ics`.",
                    json!({ "type": "string", "pattern": "^[A-Za-z0-9_-]{43}\\.ics$" }),
                ),
                _ => (
                    "The token of the mail's link.",
                    json!({ "type": "string", "pattern": "^[0-9a-f]{32}$" }),
                ),
            };
            json!({
                "name": name,
                "in": "path",
                "required": true,
                "description": words,
                "schema": schema,
            })
        })
        .collect()
}

fn query_parameters(gives: Gives) -> Vec<Value> {
    let number = |name: &str, words: &str| {
        let schema = json!({ "type": "integer", "format": "uint64", "minimum": 0 });
        json!({ "name": name, "in": "query", "description": words, "schema": schema })
    };
    match gives {
        Gives::Changes => vec![
            number(
                "since",
                "The revision that the client has; 0, or nothing, for all items.",
            ),
            number(
                "manifests_from",
                "Every manifest from this version on comes along; without it the newest alone.",
            ),
        ],
        _ => Vec::new(),
    }
}
