//! Access tokens of API clients.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use keyarc_auth::ServerKeys;
use keyarc_service::{
    Policy, ServiceError, Services,
    session::{self, Credential},
};
use keyarc_testkit::{
    FixedClock, HERE, SeededEntropy, TestClient, authenticate,
    build::{ORIGIN, services, services_with},
    on_both,
};
use keyarc_wire::ClientKind;

fn access(text: &str) -> Credential<'_> {
    Credential::AccessToken(text)
}

fn unlimited() -> Policy {
    Policy {
        origins: vec![ORIGIN.to_owned()],
        log_ins_per_minute: 10_000,
        sign_ups_per_minute: 10_000,
        ..Policy::default()
    }
}

on_both! {
    async fn an_access_token_lives_as_long_as_its_session_and_a_quarter_of_an_hour(db) {
        let clock = FixedClock::new();
        let services = services(db.store(), &clock);
        let client = TestClient::new(1);
        client.sign_up(&services).await.unwrap();
        let logged_in = client.log_in(&services, ClientKind::Api).await.unwrap();
        assert_eq!(logged_in.response.session_token.as_deref(), Some(logged_in.token.to_text().as_str()));
        let context = authenticate(&services, &logged_in).await.unwrap();
        let token = session::refresh(&services, &context).unwrap();
        assert_eq!(token.expires_at_ms, services.now_ms() + 15 * 60_000);
        let by_token = session::authenticate(&services, HERE, access(&token.access_token)).await.unwrap();
        assert_eq!(by_token.actor.session_id, context.actor.session_id);
        // It cannot prolong itself.
        assert!(matches!(session::refresh(&services, &by_token), Err(ServiceError::Unauthenticated)));

        clock.advance_ms(15 * 60_000 - 1);
        session::authenticate(&services, HERE, access(&token.access_token)).await.unwrap();
        clock.advance_ms(1);
        let late = session::authenticate(&services, HERE, access(&token.access_token)).await;
        assert!(matches!(late, Err(ServiceError::Unauthenticated)), "{late:?}");

        let token = session::refresh(&services, &context).unwrap();
        session::log_out(&context).await.unwrap();
        let revoked = session::authenticate(&services, HERE, access(&token.access_token)).await;
        assert!(matches!(revoked, Err(ServiceError::Unauthenticated)), "{revoked:?}");
    }

    async fn an_access_token_ends_with_its_session(db) {
        let clock = FixedClock::new();
        let policy = Policy { session_ms: 60_000, ..unlimited() };
        let services = services_with(db.store(), &clock, policy);
        let client = TestClient::new(1);
        client.sign_up(&services).await.unwrap();
        let logged_in = client.log_in(&services, ClientKind::Api).await.unwrap();
        let context = authenticate(&services, &logged_in).await.unwrap();
        let token = session::refresh(&services, &context).unwrap();
        assert_eq!(token.expires_at_ms, services.now_ms() + 60_000);
    }

    async fn a_browser_gets_no_access_token(db) {
        let services = services(db.store(), &FixedClock::new());
        let context = TestClient::new(1).signed_up(&services).await;
        assert!(matches!(session::refresh(&services, &context), Err(ServiceError::Unauthenticated)));
        // Not even one that our own key signed.
        let keys = ServerKeys::derive(&[7; 32], None).unwrap();
        let token = keys.sign_access(&keyarc_auth::AccessToken {
            account_id: context.actor.account_id.0,
            session_id: context.actor.session_id.0,
            issued_at: 0,
            expires_at: u64::MAX / 2000,
        });
        let refused = session::authenticate(&services, HERE, access(&token)).await;
        assert!(matches!(refused, Err(ServiceError::Unauthenticated)), "{refused:?}");
    }

    async fn a_change_of_secret_keeps_access_tokens_while_it_lasts(db) {
        let clock = FixedClock::new();
        let before = services(db.store(), &clock);
        let client = TestClient::new(1);
        client.sign_up(&before).await.unwrap();
        let logged_in = client.log_in(&before, ClientKind::Api).await.unwrap();
        let context = authenticate(&before, &logged_in).await.unwrap();
        let token = session::refresh(&before, &context).unwrap();
        let with_keys = |previous: Option<&[u8]>| Services::new(
            db.store().clone(),
            ServerKeys::derive(&[8; 32], previous).unwrap(),
            unlimited(),
            std::sync::Arc::new(clock.clone()),
            std::sync::Arc::new(SeededEntropy::new(99)),
        );
        session::authenticate(&with_keys(Some(&[7; 32])), HERE, access(&token.access_token)).await.unwrap();
        let after = with_keys(None);
        assert!(session::authenticate(&after, HERE, access(&token.access_token)).await.is_err());
        // Sessions are not signed, so they stay.
        authenticate(&after, &logged_in).await.unwrap();
    }
}
