//! Reminders: who may switch them on, what is asked before, and what is sent.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::{IpAddr, Ipv4Addr};

use keyarc_service::{
    Context, Policy, ServiceError, Services,
    reminders::{self, ATTEMPTS, StepOutcome, Work},
};
use keyarc_testkit::{
    FixedClock, TestClient,
    build::{ORIGIN, sealed, services_with},
    count_queries, on_both,
};
use keyarc_wire::{
    DeliveryOutcome, DeliveryProblem, Fixed, MailCode, MailService, MailState, NewWebhook,
    PutRemindersRequest, ReminderChannel, ReminderEntry, ReminderId, ReminderSet, ReminderStep,
    ReminderStepResponse,
};

const DAY: u64 = 24 * 3_600_000;
const TODAY: u32 = (FixedClock::START_MS / DAY) as u32;
const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 7));

fn policy() -> Policy {
    Policy {
        origins: vec![ORIGIN.to_owned()],
        mail: MailService::Smtp,
        log_ins_per_minute: 1_000,
        ..Policy::default()
    }
}

async fn step(context: &Context, step: ReminderStep) -> Result<StepOutcome, ServiceError> {
    reminders::step(context, ADDRESS, "de", &step).await
}

fn field(error: ServiceError) -> String {
    match error {
        ServiceError::Invalid { field, .. } => field.into_owned(),
        other => other.to_string(),
    }
}

fn set(days: &[i32]) -> ReminderSet {
    let entries = days.iter().enumerate().map(|(at, days)| ReminderEntry {
        id: ReminderId([at as u8 + 1; 16]),
        on: TODAY.checked_add_signed(*days).unwrap(),
    });
    ReminderSet {
        digest: Fixed([days.len() as u8; 32]),
        lead_days: vec![7, 1],
        entries: entries.collect(),
    }
}

async fn put(context: &Context, base_revision: u64, days: &[i32]) -> Result<u64, ServiceError> {
    let request = PutRemindersRequest {
        base_revision,
        state: None,
        set: Some(set(days)),
    };
    Ok(reminders::put(context, &request).await?.revision)
}

/// Somebody with an address, and a server that sends mail.
async fn with_address(services: &Services) -> (TestClient, Context) {
    another_with_address(services, 1).await
}

async fn another_with_address(services: &Services, number: u64) -> (TestClient, Context) {
    let client = TestClient::new(number);
    let mut request = client.sign_up_request(services);
    request.email = Some("ada@example.org".to_owned());
    let made = keyarc_service::account::sign_up(services, ADDRESS, &request, None)
        .await
        .unwrap();
    let context = keyarc_testkit::authenticate(services, &made).await.unwrap();
    (client, context)
}

async fn mail_on(services: &Services, client: &TestClient, context: &Context) {
    let begun = step(context, ReminderStep::TurnMailOn(client.confirm(services))).await;
    let StepOutcome::SendCode { to, code } = begun.unwrap() else {
        unreachable!("a code is to be sent");
    };
    assert_eq!(to, "ada@example.org");
    let typed = format!(" {} {} ", &code.as_str()[..4], &code.as_str()[4..]);
    step(context, ReminderStep::ConfirmMail(MailCode { code: typed }))
        .await
        .unwrap();
}

async fn webhook_on(services: &Services, client: &TestClient, context: &Context) -> String {
    let wish = NewWebhook {
        fresh: client.confirm(services),
        url: "https://hooks.example/in?key=canary".to_owned(),
    };
    match step(context, ReminderStep::SetWebhook(wish)).await.unwrap() {
        StepOutcome::Done(ReminderStepResponse::Webhook(secret)) => secret,
        other => unreachable!("{other:?}"),
    }
}

on_both! {
    async fn mail_is_switched_on_by_whoever_reads_the_address(db) {
        let clock = FixedClock::new();
        let services = services_with(db.store(), &clock, policy());
        let (client, context) = with_address(&services).await;
        let off = reminders::get(&context).await.unwrap();
        assert_eq!((off.revision, off.mail.state, off.mail.service), (0, MailState::Off, MailService::Smtp));
        let other = TestClient::new(2);
        other.signed_up(&services).await;
        // The password of another account, and none.
        let wrong = step(&context, ReminderStep::TurnMailOn(other.confirm(&services))).await;
        assert!(matches!(wrong, Err(ServiceError::LoginRefused)));
        let begun = step(&context, ReminderStep::TurnMailOn(client.confirm(&services))).await.unwrap();
        let StepOutcome::SendCode { code, .. } = begun else { unreachable!("a code is to be sent") };
        assert!(!format!("{code:?}").contains(code.as_str()));
        assert_eq!(reminders::get(&context).await.unwrap().mail.state, MailState::Unconfirmed);
        for typed in ["", "1234567", "123456789", "abcdefgh", "00000000"] {
            let wish = MailCode { code: typed.to_owned() };
            let refused = step(&context, ReminderStep::ConfirmMail(wish)).await.unwrap_err();
            assert_eq!(field(refused), "code", "{typed}");
        }
        let wish = MailCode { code: code.as_str().to_owned() };
        step(&context, ReminderStep::ConfirmMail(wish)).await.unwrap();
        assert_eq!(reminders::get(&context).await.unwrap().mail.state, MailState::On);
        assert!(keyarc_service::account::get(&context).await.unwrap().reminders);
        step(&context, ReminderStep::TurnOff(ReminderChannel::Mail)).await.unwrap();
        assert_eq!(reminders::get(&context).await.unwrap().mail.state, MailState::Off);
    }

    async fn codes_cannot_be_guessed_nor_used_to_fill_a_strangers_mailbox(db) {
        let clock = FixedClock::new();
        let services = services_with(db.store(), &clock, policy());
        let (client, context) = with_address(&services).await;
        for _ in 0..3 {
            step(&context, ReminderStep::TurnMailOn(client.confirm(&services))).await.unwrap();
        }
        let fourth = step(&context, ReminderStep::TurnMailOn(client.confirm(&services))).await;
        assert!(matches!(fourth, Err(ServiceError::RateLimited { .. })));
        // Another account with the same address is no way around it.
        let (other, its) = another_with_address(&services, 2).await;
        for _ in 0..2 {
            step(&its, ReminderStep::TurnMailOn(other.confirm(&services))).await.unwrap();
        }
        let sixth = step(&its, ReminderStep::TurnMailOn(other.confirm(&services))).await;
        assert!(matches!(sixth, Err(ServiceError::RateLimited { .. })));
        let mut last = Ok(());
        for _ in 0..11 {
            let wish = MailCode { code: "00000000".to_owned() };
            last = step(&context, ReminderStep::ConfirmMail(wish)).await.map(drop);
        }
        assert!(matches!(last, Err(ServiceError::RateLimited { .. })));
    }

    async fn without_an_address_or_mail_there_is_nothing_to_switch_on(db) {
        let clock = FixedClock::new();
        let services = services_with(db.store(), &clock, policy());
        let client = TestClient::new(1);
        let context = client.signed_up(&services).await;
        let begun = step(&context, ReminderStep::TurnMailOn(client.confirm(&services))).await;
        assert_eq!(field(begun.unwrap_err()), "turn_mail_on");
        let silent = services_with(db.store(), &clock, Policy { mail: MailService::None, ..policy() });
        let context = Context { services: silent.clone(), ..context };
        let begun = step(&context, ReminderStep::TurnMailOn(client.confirm(&silent))).await;
        assert_eq!(field(begun.unwrap_err()), "turn_mail_on");
        for channel in [ReminderChannel::Mail, ReminderChannel::Webhook, ReminderChannel::Feed] {
            let tested = step(&context, ReminderStep::Test(channel)).await;
            assert!(tested.is_err(), "{channel:?}");
        }
    }

    async fn a_webhook_is_kept_encrypted_and_its_address_is_looked_at(db) {
        let clock = FixedClock::new();
        let services = services_with(db.store(), &clock, policy());
        let client = TestClient::new(1);
        let context = client.signed_up(&services).await;
        for url in [
            "", "hooks.example", "http://hooks.example/", "http://127.0.0.1/", "ftp://hooks.example/",
            "https://user@hooks.example/", "https://hooks.example/#x", "https://",
            &format!("https://hooks.example/{}", "x".repeat(1_000)),
        ] {
            let wish = NewWebhook { fresh: client.confirm(&services), url: url.to_owned() };
            let refused = step(&context, ReminderStep::SetWebhook(wish)).await.unwrap_err();
            assert_eq!(field(refused), "set_webhook.url", "{url}");
        }
        let first = webhook_on(&services, &client, &context).await;
        assert!(first.starts_with("whsec_"));
        let shown = reminders::get(&context).await.unwrap().webhook.unwrap();
        assert_eq!(shown.url, "https://hooks.example/in?key=canary");
        let stored = db.store().reminders(context.actor.account_id).await.unwrap().unwrap();
        let (bytes, _) = stored.webhook.unwrap();
        assert!(!bytes.windows(6).any(|window| window == b"canary"));
        let second = webhook_on(&services, &client, &context).await;
        assert_ne!(first, second);
        // This machine, in development.
        let local = services_with(db.store(), &clock, Policy { local_webhooks: true, ..policy() });
        let context = Context { services: local.clone(), ..context };
        let wish = NewWebhook { fresh: client.confirm(&local), url: "http://127.0.0.1:9/".to_owned() };
        step(&context, ReminderStep::SetWebhook(wish)).await.unwrap();
    }

    async fn dates_are_taken_while_something_is_on_and_over_what_was_read(db) {
        let clock = FixedClock::new();
        let services = services_with(db.store(), &clock, policy());
        let client = TestClient::new(1);
        let context = client.signed_up(&services).await;
        assert!(matches!(put(&context, 0, &[7]).await, Err(ServiceError::Conflict(_))));
        webhook_on(&services, &client, &context).await;
        let (kept, queries) = count_queries(put(&context, 0, &[7, 8])).await;
        assert_eq!((kept.unwrap(), queries), (1, 4));
        assert!(matches!(put(&context, 0, &[7]).await, Err(ServiceError::Conflict(_))));
        let state = PutRemindersRequest { base_revision: 1, state: Some(sealed(1, 200)), set: None };
        assert_eq!(reminders::put(&context, &state).await.unwrap().revision, 2);
        let broken = PutRemindersRequest { base_revision: 2, state: Some(sealed(1, 10)), set: None };
        assert_eq!(field(reminders::put(&context, &broken).await.unwrap_err()), "state");
        let (kept, queries) = count_queries(reminders::get(&context)).await;
        let kept = kept.unwrap();
        assert_eq!((kept.revision, kept.digest, queries), (2, Some(Fixed([2; 32])), 2));
        assert_eq!(kept.state, Some(sealed(1, 200)));
        // Another account sees nothing of it.
        let other = TestClient::new(2).signed_up(&services).await;
        let foreign = reminders::get(&other).await.unwrap();
        assert_eq!((foreign.revision, foreign.digest, foreign.webhook), (0, None, None));
    }

    async fn a_feed_is_for_whoever_has_its_token_and_no_other(db) {
        let clock = FixedClock::new();
        let services = services_with(db.store(), &clock, policy());
        let client = TestClient::new(1);
        let context = client.signed_up(&services).await;
        let make = async || match step(&context, ReminderStep::MakeFeed(client.confirm(&services))).await.unwrap() {
            StepOutcome::Done(ReminderStepResponse::Feed(token)) => token,
            other => unreachable!("{other:?}"),
        };
        let first = make().await;
        put(&context, 0, &[7, -3]).await.unwrap();
        let shown = reminders::feed(&services, &first).await.unwrap();
        assert_eq!(shown.entries.len(), 2);
        assert!(shown.entries.is_sorted_by_key(|entry| entry.on));
        let second = make().await;
        assert!(matches!(reminders::feed(&services, &first).await, Err(ServiceError::NotFound)));
        reminders::feed(&services, &second).await.unwrap();
        for wrong in ["", "x", &second[1..], &format!("{second}A"), &"A".repeat(43)] {
            assert!(matches!(reminders::feed(&services, wrong).await, Err(ServiceError::NotFound)));
        }
        step(&context, ReminderStep::TurnOff(ReminderChannel::Feed)).await.unwrap();
        assert!(matches!(reminders::feed(&services, &second).await, Err(ServiceError::NotFound)));
    }

    async fn a_delivery_is_tried_for_most_of_a_day_and_then_given_up(db) {
        let clock = FixedClock::new();
        let services = services_with(db.store(), &clock, policy());
        let client = TestClient::new(1);
        let context = client.signed_up(&services).await;
        webhook_on(&services, &client, &context).await;
        put(&context, 0, &[7]).await.unwrap();
        assert_eq!(reminders::plan(&services).await.unwrap(), 1);
        let mut names = Vec::new();
        for attempt in 1..=ATTEMPTS {
            let claims = reminders::claim(&services).await.unwrap();
            assert_eq!(claims.len(), 1, "{attempt}");
            let Work::Call(call) = &claims[0].work else { unreachable!("a call") };
            assert_eq!(call.url, "https://hooks.example/in?key=canary");
            names.push(call.delivery.clone());
            let refused = Err(DeliveryProblem::Refused(Some(503)));
            reminders::note(&services, &claims[0], refused).await.unwrap();
            let shown = reminders::get(&context).await.unwrap().deliveries;
            let problem = DeliveryProblem::Refused(Some(503));
            let expected = match attempt == ATTEMPTS {
                true => DeliveryOutcome::GivenUp(problem),
                false => DeliveryOutcome::Retrying(problem),
            };
            assert_eq!((shown[0].attempts, shown[0].outcome), (attempt, expected));
            assert!(reminders::claim(&services).await.unwrap().is_empty());
            clock.advance_ms(12 * 3_600_000);
        }
        assert!(reminders::claim(&services).await.unwrap().is_empty());
        // A receiver can tell that it is the same delivery.
        names.dedup();
        assert_eq!(names.len(), 1);
    }

    async fn one_mail_tells_all_of_a_day_and_can_be_stopped(db) {
        let clock = FixedClock::new();
        let services = services_with(db.store(), &clock, policy());
        let (client, context) = with_address(&services).await;
        mail_on(&services, &client, &context).await;
        put(&context, 0, &[7, 1, 30]).await.unwrap();
        assert_eq!(reminders::plan(&services).await.unwrap(), 1);
        let claims = reminders::claim(&services).await.unwrap();
        let Work::Mail(mail) = &claims[0].work else { unreachable!("a mail") };
        assert_eq!((mail.to.as_str(), mail.language.as_deref()), ("ada@example.org", Some("de")));
        let days: Vec<u32> = mail.entries.iter().map(|entry| entry.on - TODAY).collect();
        assert_eq!(days, [1, 7]);
        reminders::note(&services, &claims[0], Ok(())).await.unwrap();
        // What comes later that day waits for the next one's mail.
        put(&context, 1, &[7, 1, 30, 7]).await.unwrap();
        assert_eq!(reminders::plan(&services).await.unwrap(), 0);
        clock.advance_ms(DAY);
        assert_eq!(reminders::plan(&services).await.unwrap(), 1);
        reminders::unsubscribe(&services, &mail.unsubscribe).await.unwrap();
        assert!(reminders::claim(&services).await.unwrap().is_empty());
        for wrong in [mail.unsubscribe.as_str(), "", "x"] {
            let again = reminders::unsubscribe(&services, wrong).await;
            assert!(matches!(again, Err(ServiceError::NotFound)));
        }
        assert!(!keyarc_service::account::get(&context).await.unwrap().reminders);
    }
}
