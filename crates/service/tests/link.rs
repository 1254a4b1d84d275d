//! Where a new device and an unlocked one meet.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::{IpAddr, Ipv4Addr};

use keyarc_service::{Context, Policy, ServiceError, Services, cleanup, link};
use keyarc_testkit::{
    FixedClock, TempDb, TestClient,
    build::{ORIGIN, sealed, services_with},
    count_queries, on_both,
};
use keyarc_wire::{
    Bytes, Fixed, JoinLinkRequest, JoinLinkResponse, KnownDeviceStep, LinkNews, NewDeviceStep,
    OpenLinkRequest, OpenLinkResponse, limits,
};

const MINUTE: u64 = 60_000;
const PIN: u32 = 77;

struct Story {
    services: Services,
    clock: FixedClock,
    client: TestClient,
    context: Context,
}

impl Story {
    async fn begin(db: &TempDb) -> Self {
        let clock = FixedClock::new();
        let policy = Policy {
            origins: vec![ORIGIN.to_owned()],
            log_ins_per_minute: 10_000,
            ..Policy::default()
        };
        let services = services_with(db.store(), &clock, policy);
        let client = TestClient::new(1);
        let context = client.signed_up(&services).await;
        Self {
            services,
            clock,
            client,
            context,
        }
    }

    async fn open(&self) -> OpenLinkResponse {
        let request = OpenLinkRequest {
            offer: Bytes(vec![1; 36]),
            pin: PIN,
        };
        link::open(&self.services, self.client.address, &request)
            .await
            .unwrap()
    }

    async fn join(&self, place: u32, pin: u32) -> Result<JoinLinkResponse, ServiceError> {
        let request = JoinLinkRequest { place, pin };
        link::join(&self.context, self.client.address, &request).await
    }

    async fn new_says(
        &self,
        mailbox: Fixed<16>,
        reveal: Option<u8>,
    ) -> Result<LinkNews, ServiceError> {
        let reveal = reveal.map(|byte| Bytes(vec![byte; 68]));
        let step = NewDeviceStep {
            mailbox,
            reveal,
            close: false,
        };
        link::step_of_new(&self.services, &step).await
    }
}

fn step(place: u32) -> KnownDeviceStep {
    KnownDeviceStep {
        place,
        answer: None,
        sealed: None,
        close: false,
    }
}

fn says(place: u32, answer: u8) -> KnownDeviceStep {
    KnownDeviceStep {
        answer: Some(Bytes(vec![answer; 68])),
        ..step(place)
    }
}

fn sends(place: u32) -> KnownDeviceStep {
    KnownDeviceStep {
        sealed: Some(sealed(7, 350)),
        ..step(place)
    }
}

fn not_found(outcome: Result<impl std::fmt::Debug, ServiceError>) -> bool {
    matches!(outcome, Err(ServiceError::NotFound))
}

on_both! {
    async fn messages_pass_each_once_and_in_turn(db) {
        let story = Story::begin(db).await;
        let opened = story.open().await;
        let (place, mailbox) = (opened.place, opened.mailbox);
        assert_eq!(opened.expires_at_ms, story.services.now_ms() + 2 * MINUTE);
        assert_eq!(story.new_says(mailbox, None).await.unwrap(), LinkNews::default());
        let known = async |step| link::step_of_known(&story.context, &step).await;
        // Nothing before joining, and nothing out of turn.
        assert!(not_found(known(says(place, 2)).await));
        assert_eq!(story.join(place, PIN).await.unwrap().offer, Bytes(vec![1; 36]));
        assert!(not_found(story.new_says(mailbox, Some(3)).await));
        assert!(not_found(known(sends(place)).await));
        known(says(place, 2)).await.unwrap();
        assert!(not_found(known(says(place, 9)).await));
        let news = story.new_says(mailbox, Some(3)).await.unwrap();
        assert_eq!(news.answer, Some(Bytes(vec![2; 68])));
        assert!(not_found(story.new_says(mailbox, Some(9)).await));
        assert_eq!(known(step(place)).await.unwrap().reveal, Some(Bytes(vec![3; 68])));
        known(sends(place)).await.unwrap();
        assert!(not_found(known(sends(place)).await));
        let news = story.new_says(mailbox, None).await.unwrap();
        assert_eq!(news.sealed, Some(sealed(7, 350)));
        // Nobody joins a second time, and nobody else takes part.
        assert!(not_found(story.join(place, PIN).await));
        let eve = TestClient::new(2).signed_up(&story.services).await;
        assert!(not_found(link::step_of_known(&eve, &step(place)).await));
        assert!(not_found(story.new_says(Fixed([0; 16]), None).await));
        // Closed by the one, it is gone for both.
        let close = NewDeviceStep { mailbox, reveal: None, close: true };
        link::step_of_new(&story.services, &close).await.unwrap();
        assert!(not_found(known(step(place)).await));
        assert!(not_found(story.new_says(mailbox, None).await));
    }

    async fn a_code_dies_after_five_tries(db) {
        let story = Story::begin(db).await;
        let opened = story.open().await;
        for _ in 0..5 {
            assert!(not_found(story.join(opened.place, PIN + 1).await));
        }
        assert!(not_found(story.join(opened.place, PIN).await), "too late");
        // Four wrong ones leave a last try.
        let opened = story.open().await;
        for _ in 0..4 {
            assert!(not_found(story.join(opened.place, PIN + 1).await));
        }
        story.join(opened.place, PIN).await.unwrap();
    }

    async fn guesses_at_once_and_from_everywhere_are_no_more_than_five(db) {
        let story = Story::begin(db).await;
        let opened = story.open().await;
        let guess = |number: u32| {
            let from = IpAddr::V4(Ipv4Addr::from(0xc612_0000 | number));
            let request = JoinLinkRequest { place: opened.place, pin: number };
            let context = &story.context;
            async move { link::join(context, from, &request).await }
        };
        // All the PINs around the right one, the right one among those that come too late.
        let guesses = (PIN + 1..PIN + 200).chain([PIN]).map(guess);
        let outcomes = futures::future::join_all(guesses).await;
        assert!(outcomes.iter().all(Result::is_err));
        let looked_at = "SELECT CAST(SUM(tries) AS BIGINT) FROM device_links";
        assert_eq!(db.store().count(looked_at).await.unwrap(), 5);
    }

    async fn joining_is_limited_for_address_and_account(db) {
        let clock = FixedClock::new();
        let policy = Policy { origins: vec![ORIGIN.to_owned()], ..Policy::default() };
        let services = services_with(db.store(), &clock, policy);
        let client = TestClient::new(1);
        let context = client.signed_up(&services).await;
        let join = async |host: u32| {
            let from = IpAddr::V4(Ipv4Addr::from(0xc000_0200 | host));
            link::join(&context, from, &JoinLinkRequest { place: host, pin: 0 }).await
        };
        for host in 0..5 {
            assert!(not_found(join(host).await));
        }
        assert!(matches!(join(6).await, Err(ServiceError::RateLimited { .. })));
        let request = OpenLinkRequest { offer: Bytes(vec![1]), pin: 0 };
        for _ in 0..5 {
            link::open(&services, client.address, &request).await.unwrap();
        }
        let limited = link::open(&services, client.address, &request).await;
        assert!(matches!(limited, Err(ServiceError::RateLimited { .. })));
    }

    async fn it_runs_out(db) {
        let story = Story::begin(db).await;
        let opened = story.open().await;
        story.clock.advance_ms(2 * MINUTE - 1);
        story.join(opened.place, PIN).await.unwrap();
        // From here on there is time to compare.
        story.clock.advance_ms(5 * MINUTE - 1);
        story.new_says(opened.mailbox, None).await.unwrap();
        story.clock.advance_ms(1);
        assert!(not_found(story.new_says(opened.mailbox, None).await));
        let late = story.open().await;
        story.clock.advance_ms(2 * MINUTE);
        assert!(not_found(story.join(late.place, PIN).await));
        cleanup::run(&story.services).await.unwrap();
        assert_eq!(db.store().count("SELECT COUNT(*) FROM device_links").await.unwrap(), 0);
    }

    async fn what_is_no_message_is_refused(db) {
        let story = Story::begin(db).await;
        let opened = story.open().await;
        let invalid = |outcome: Result<LinkNews, ServiceError>| {
            matches!(outcome, Err(ServiceError::Invalid { .. }))
        };
        for bytes in [Vec::new(), vec![1; limits::LINK_MESSAGE + 1]] {
            let message = Bytes(bytes);
            let request = OpenLinkRequest { offer: message.clone(), pin: 0 };
            assert!(link::open(&story.services, story.client.address, &request).await.is_err());
            let step_of_new = NewDeviceStep {
                mailbox: opened.mailbox,
                reveal: Some(message.clone()),
                close: false,
            };
            assert!(invalid(link::step_of_new(&story.services, &step_of_new).await));
            let answers = KnownDeviceStep { answer: Some(message), ..step(opened.place) };
            assert!(invalid(link::step_of_known(&story.context, &answers).await));
        }
        let sends = KnownDeviceStep { sealed: Some(keyarc_wire::Sealed(vec![1; 350])), ..step(0) };
        assert!(invalid(link::step_of_known(&story.context, &sends).await));
        let request = OpenLinkRequest { offer: Bytes(vec![1]), pin: 1 << 20 };
        assert!(link::open(&story.services, story.client.address, &request).await.is_err());
        assert!(matches!(story.join(1 << 20, 0).await, Err(ServiceError::Invalid { .. })));
        let (_, queries) = count_queries(story.new_says(opened.mailbox, None)).await;
        assert_eq!(queries, 1, "waiting is cheap");
    }
}
