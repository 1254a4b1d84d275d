use axum::{Extension, extract::State};
use http::HeaderMap;
use keyarc_service::reminders::{self, StepOutcome};
use keyarc_wire::{
    PutRemindersRequest, PutRemindersResponse, ReminderStep, ReminderStepResponse,
    RemindersResponse, limits,
};

use crate::{
    body::Json, caller::Caller, error::Failure, middleware::address::ClientAddress, state::AppState,
};

pub(super) async fn get(Caller(context): Caller) -> Result<axum::Json<RemindersResponse>, Failure> {
    Ok(axum::Json(reminders::get(&context).await?))
}

pub(super) async fn put(
    Caller(context): Caller,
    Json(request): Json<PutRemindersRequest, { limits::REMINDERS_BODY }>,
) -> Result<axum::Json<PutRemindersResponse>, Failure> {
    Ok(axum::Json(reminders::put(&context, &request).await?))
}

pub(super) async fn step(
    State(state): State<AppState>,
    Caller(context): Caller,
    Extension(ClientAddress(address)): Extension<ClientAddress>,
    headers: HeaderMap,
    Json(step): Json<ReminderStep>,
) -> Result<axum::Json<ReminderStepResponse>, Failure> {
    let courier = state.courier();
    let now_ms = state.services().now_ms();
    let languages = state.site().languages();
    let language = languages.choose(&headers);
    let answer = match reminders::step(&context, address, language.tag(), &step).await? {
        StepOutcome::Done(answer) => answer,
        StepOutcome::SendCode { to, code } => {
            courier
                .send_code(&to, code.as_str(), language.spoken(), now_ms)
                .await
                .map_err(|_| {
                    Failure::unavailable("The mail with the code could not be sent.", 60)
                })?;
            ReminderStepResponse::CodeSent
        }
        StepOutcome::TestMail(mail) => {
            let spoken = languages.noted(mail.language.as_deref()).spoken();
            let sent = courier.send_mail(&mail, true, spoken, now_ms).await;
            ReminderStepResponse::Tested(sent.err())
        }
        StepOutcome::TestCall(call) => {
            ReminderStepResponse::Tested(courier.call(&call).await.err())
        }
    };
    Ok(axum::Json(answer))
}
