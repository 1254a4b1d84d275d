//! How often one may try, and what is kept of it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::IpAddr;

use keyarc_auth::SessionToken;
use keyarc_service::{
    ServiceError, Services,
    session::{self, LoggedIn},
};
use keyarc_testkit::{FixedClock, TestClient, build::services, on_both};
use keyarc_wire::{ClientKind, LoginRequest};

async fn log_in(
    services: &Services,
    client: &TestClient,
    request: &LoginRequest,
) -> Result<LoggedIn, ServiceError> {
    session::log_in(services, client.address, request, None).await
}

on_both! {
    async fn log_ins_are_limited_by_address_and_by_handle(db) {
        let clock = FixedClock::new();
        let one = services(db.store(), &clock);
        // Another instance shares the counters.
        let two = services(&db.another().await, &clock);
        let client = TestClient::new(1);
        client.sign_up(&one).await.unwrap();
        let wrong = || {
            let mut request = client.log_in_request(&one, ClientKind::Browser);
            request.proof.signature.0[0] ^= 1;
            request
        };
        for attempt in 0..5 {
            let services = if attempt % 2 == 0 { &one } else { &two };
            let refused = log_in(services, &client, &wrong()).await;
            assert!(matches!(refused, Err(ServiceError::LoginRefused)), "{attempt}: {refused:?}");
        }
        clock.advance_ms(1_500);
        let good = client.log_in_request(&one, ClientKind::Browser);
        let limited = log_in(&two, &client, &good).await;
        assert!(matches!(limited, Err(ServiceError::RateLimited { retry_after_seconds: 59 })), "{limited:?}");
        // The handle from another address, and the address with another handle.
        let elsewhere = client.at(TestClient::new(2).address);
        assert!(matches!(log_in(&one, &elsewhere, &good).await, Err(ServiceError::RateLimited { .. })));
        let neighbour = TestClient::new(3);
        let request = neighbour.log_in_request(&one, ClientKind::Browser);
        assert!(matches!(log_in(&one, &client, &request).await, Err(ServiceError::RateLimited { .. })));
        assert!(matches!(log_in(&one, &neighbour, &request).await, Err(ServiceError::LoginRefused)));
        clock.advance_ms(58_500);
        log_in(&one, &client, &good).await.unwrap();
    }

    async fn an_ipv6_network_counts_as_one_address(db) {
        let services = services(db.store(), &FixedClock::new());
        let at = |address: &str, number| TestClient::new(number).at(address.parse::<IpAddr>().unwrap());
        for host in 0..5 {
            let client = at(&format!("2001:db8:0:1::{host}"), 100 + host);
            let refused = client.log_in(&services, ClientKind::Browser).await;
            assert!(matches!(refused, Err(ServiceError::LoginRefused)), "{refused:?}");
        }
        let limited = at("2001:db8:0:1:ffff::1", 200).log_in(&services, ClientKind::Browser).await;
        assert!(matches!(limited, Err(ServiceError::RateLimited { .. })), "{limited:?}");
        let next_door = at("2001:db8:0:2::1", 201).log_in(&services, ClientKind::Browser).await;
        assert!(matches!(next_door, Err(ServiceError::LoginRefused)), "{next_door:?}");
        // An IPv4 address is the same however it is written.
        for number in 0..5 {
            let address = if number % 2 == 0 { "192.0.2.1" } else { "::ffff:192.0.2.1" };
            let _ = at(address, 300 + number).log_in(&services, ClientKind::Browser).await;
        }
        let limited = at("192.0.2.1", 400).log_in(&services, ClientKind::Browser).await;
        assert!(matches!(limited, Err(ServiceError::RateLimited { .. })), "{limited:?}");
    }

    async fn no_address_handle_or_token_is_stored_in_clear(db) {
        let services = services(db.store(), &FixedClock::new());
        let client = TestClient::new(1);
        let logged_in = client.sign_up(&services).await.unwrap();
        let _ = client.log_in(&services, ClientKind::Browser).await;
        let row = db.store().session_by_token(&logged_in.token.hash()).await.unwrap().unwrap();
        assert_eq!(row.id, logged_in.response.account.session_id);
        let hashed = SessionToken::parse(&logged_in.token.to_text()).unwrap().hash();
        assert_ne!(hashed.as_slice(), logged_in.token.to_text().as_bytes());
        let lengths = "SELECT COUNT(*) FROM rate_counters WHERE length(counter_key) <> 16";
        assert_eq!(db.store().count(lengths).await.unwrap(), 0);
        assert_eq!(db.store().count("SELECT COUNT(*) FROM rate_counters").await.unwrap(), 3);
    }
}
