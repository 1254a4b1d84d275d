//! The REST handlers: decode, call one use case, map. `docs/api.md` describes them.

mod account;
mod attachment;
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
    middleware::{Next, from_fn},
    response::{IntoResponse as _, Response},
    routing::{get, post, put},
};
use http::{HeaderValue, header};
use keyarc_wire::{ErrorCode, paths};

use crate::{error::Failure, state::AppState};

/// Every path of `keyarc_wire::paths`.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route(paths::CHALLENGE, post(session::challenge))
        .route(paths::SIGN_UP, post(session::sign_up))
        .route(paths::LOGIN, post(session::log_in))
        .route(
            paths::LOGIN_SECOND_FACTOR,
            post(session::log_in_second_factor),
        )
        .route(
            paths::LOGIN_PASSKEY_FACTOR,
            post(session::log_in_by_passkey_factor),
        )
        .route(paths::LOGIN_PASSKEY, post(session::log_in_by_passkey))
        .route(paths::LOGOUT, post(session::log_out))
        .route(paths::REFRESH, post(session::refresh))
        .route(paths::ACCOUNT, get(account::get))
        .route(paths::NOTICES_DISMISS, post(account::dismiss_notices))
        .route(paths::PINS, post(account::keep_pins))
        .route(paths::PASSWORD, post(password::change))
        .route(paths::RECOVER, post(recovery::begin))
        .route(paths::RECOVER_FINISH, post(recovery::finish))
        .route(paths::RECOVERY, post(recovery::change))
        .route(paths::RECOVERY_NOTE, post(recovery::keep_note))
        .route(paths::REKEY_ITEMS, post(rekey::stage))
        .route(paths::REKEY, post(rekey::change))
        .route(paths::REKEY_DISCARD, post(rekey::discard))
        .route(paths::REMINDERS, get(reminders::get).post(reminders::put))
        .route(paths::REMINDERS_STEP, post(reminders::step))
        .route(paths::LINK_OPEN, post(link::open))
        .route(paths::LINK_NEW, post(link::step_of_new))
        .route(paths::LINK_JOIN, post(link::join))
        .route(paths::LINK_KNOWN, post(link::step_of_known))
        .route(paths::PASSKEYS_BEGIN, post(passkey::begin))
        .route(paths::PASSKEYS_ADD, post(passkey::add))
        .route(paths::MACHINE_OPEN, post(machine::open))
        .route(paths::MACHINE_DETAILS, post(machine::details))
        .route(
            paths::MACHINE_TOKENS,
            get(machine::list).post(machine::make),
        )
        .route(paths::MACHINE_CHANGES_ROUTE, get(machine::changes))
        .route(paths::MACHINE_ITEMS_ROUTE, post(machine::write_items))
        .route(paths::MACHINE_REVOKE_ROUTE, post(machine::revoke))
        .route(paths::MACHINE_USES_ROUTE, post(machine::uses))
        .route(paths::CHANGES_ROUTE, get(vault::changes))
        .route(paths::ITEMS_ROUTE, post(vault::write_items))
        .route(paths::DETAILS_ROUTE, post(vault::details))
        .route(paths::VERSIONS_ROUTE, post(versions::list))
        .route(paths::HISTORIES_ROUTE, post(versions::of_items))
        .route(paths::VERSION_DETAILS_ROUTE, post(versions::details))
        .route(paths::MOMENT_ROUTE, post(versions::moment))
        .route(paths::ATTACHMENTS_ROUTE, post(attachment::begin))
        .route(
            paths::CHUNK_ROUTE,
            put(attachment::put_chunk).get(attachment::chunk),
        )
        .route(paths::DISCARD_ROUTE, post(attachment::discard))
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
