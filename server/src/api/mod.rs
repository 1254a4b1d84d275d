//! The REST handlers: decode, call one use case, map. `docs/api.md` describes them, and
//! `crates/openapi` for programs: an endpoint has an entry in its table.

mod account;
mod attachment;
mod idempotency;
mod link;
mod machine;
mod passkey;
mod password;
mod recovery;
mod rekey;
mod reminders;
mod session;
mod vault;
mod versions;

use axum::{
    Router,
    extract::Request,
    handler::Handler,
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse as _, Response},
    routing::{self, MethodRouter},
};
use http::{HeaderValue, Method, header};
use keyarc_wire::{ErrorCode, limits, paths};

use self::idempotency::Keyed;
use crate::{error::Failure, state::AppState};

/// A method at a path, and what answers it.
struct Endpoint {
    method: Method,
    path: &'static str,
    answer: MethodRouter<AppState>,
    /// Bytes of its largest body, if it takes an idempotency key.
    keyed: Option<usize>,
}

fn get<T: 'static, H: Handler<T, AppState>>(path: &'static str, handler: H) -> Endpoint {
    Endpoint {
        method: Method::GET,
        path,
        answer: routing::get(handler),
        keyed: None,
    }
}

fn post<T: 'static, H: Handler<T, AppState>>(path: &'static str, handler: H) -> Endpoint {
    Endpoint {
        method: Method::POST,
        path,
        answer: routing::post(handler),
        keyed: None,
    }
}

fn put<T: 'static, H: Handler<T, AppState>>(path: &'static str, handler: H) -> Endpoint {
    Endpoint {
        method: Method::PUT,
        path,
        answer: routing::put(handler),
        keyed: None,
    }
}

/// A `POST` that takes an idempotency key, with a body of at most so many bytes. Nothing that is shown
/// once may be in its answers: they are kept.
fn write<T: 'static, H: Handler<T, AppState>>(
    path: &'static str,
    handler: H,
    body: usize,
) -> Endpoint {
    Endpoint {
        keyed: Some(body),
        ..post(path, handler)
    }
}

fn endpoints() -> Vec<Endpoint> {
    vec![
        post(paths::CHALLENGE, session::challenge),
        post(paths::SIGN_UP, session::sign_up),
        post(paths::LOGIN, session::log_in),
        post(paths::LOGIN_SECOND_FACTOR, session::log_in_second_factor),
        post(
            paths::LOGIN_PASSKEY_FACTOR,
            session::log_in_by_passkey_factor,
        ),
        post(paths::LOGIN_PASSKEY, session::log_in_by_passkey),
        post(paths::LOGOUT, session::log_out),
        post(paths::REFRESH, session::refresh),
        get(paths::ACCOUNT, account::get),
        write(paths::NOTICES_DISMISS, account::dismiss_notices, 0),
        write(paths::PINS, account::keep_pins, limits::BODY),
        write(paths::PASSWORD, password::change, limits::BODY),
        post(paths::RECOVER, recovery::begin),
        post(paths::RECOVER_FINISH, recovery::finish),
        write(paths::RECOVERY, recovery::change, limits::BODY),
        write(paths::RECOVERY_NOTE, recovery::keep_note, limits::BODY),
        write(paths::REKEY_ITEMS, rekey::stage, limits::STAGE_BODY),
        write(paths::REKEY, rekey::change, limits::BODY),
        write(paths::REKEY_DISCARD, rekey::discard, 0),
        get(paths::REMINDERS, reminders::get),
        write(paths::REMINDERS, reminders::put, limits::REMINDERS_BODY),
        post(paths::REMINDERS_STEP, reminders::step),
        post(paths::LINK_OPEN, link::open),
        post(paths::LINK_NEW, link::step_of_new),
        post(paths::LINK_JOIN, link::join),
        post(paths::LINK_KNOWN, link::step_of_known),
        post(paths::PASSKEYS_BEGIN, passkey::begin),
        post(paths::PASSKEYS_ADD, passkey::add),
        post(paths::MACHINE_OPEN, machine::open),
        post(paths::MACHINE_DETAILS, machine::details),
        post(paths::MACHINE_CHANGES, machine::hand_in),
        post(paths::MACHINE_WAITING, machine::waiting),
        write(paths::MACHINE_DISCARD, machine::discard, limits::BODY),
        get(paths::MACHINE_TOKENS, machine::list),
        write(paths::MACHINE_TOKENS, machine::make, limits::WRITE_BODY),
        get(paths::MACHINE_CHANGES_ROUTE, machine::changes),
        write(
            paths::MACHINE_ITEMS_ROUTE,
            machine::write_items,
            limits::WRITE_BODY,
        ),
        write(paths::MACHINE_REVOKE_ROUTE, machine::revoke, 0),
        post(paths::MACHINE_USES_ROUTE, machine::uses),
        get(paths::CHANGES_ROUTE, vault::changes),
        write(paths::ITEMS_ROUTE, vault::write_items, limits::WRITE_BODY),
        post(paths::DETAILS_ROUTE, vault::details),
        post(paths::VERSIONS_ROUTE, versions::list),
        post(paths::HISTORIES_ROUTE, versions::of_items),
        post(paths::VERSION_DETAILS_ROUTE, versions::details),
        post(paths::MOMENT_ROUTE, versions::moment),
        post(paths::ATTACHMENTS_ROUTE, attachment::begin),
        put(paths::CHUNK_ROUTE, attachment::put_chunk),
        get(paths::CHUNK_ROUTE, attachment::chunk),
        write(paths::DISCARD_ROUTE, attachment::discard, 0),
    ]
}

/// The method and path of every endpoint, and whether it takes an idempotency key, for the test that
/// compares them with the description.
pub fn listed() -> impl Iterator<Item = (Method, &'static str, bool)> {
    endpoints()
        .into_iter()
        .map(|endpoint| (endpoint.method, endpoint.path, endpoint.keyed.is_some()))
}

/// Every endpoint.
pub fn routes(state: &AppState) -> Router<AppState> {
    let answer = |endpoint: Endpoint| match endpoint.keyed {
        None => endpoint.answer,
        Some(body) => {
            let state = state.clone();
            let keyed = from_fn_with_state(Keyed { state, body }, idempotency::layer);
            endpoint.answer.layer(keyed)
        }
    };
    endpoints()
        .into_iter()
        .fold(Router::new(), |router, endpoint| {
            router.route(endpoint.path, answer(endpoint))
        })
        .route_layer(from_fn(no_store))
}

/// The answer to another method at a path that exists.
pub async fn method_not_allowed() -> Response {
    Failure::new(
        ErrorCode::MethodNotAllowed,
        "This method is not offered here.",
        "Use a method of the Allow header.",
    )
    .into_response()
}

/// No cache may keep what belongs to an account.
async fn no_store(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
