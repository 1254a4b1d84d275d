//! Attachments: who may do what with them, and what is refused.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use keyarc_service::{Context, Policy, ServiceError, attachment, vault};
use keyarc_testkit::{
    FixedClock, TestClient,
    build::{
        attachment_id, change, follow_head, sealed, services, services_with, vault_id, write_with,
    },
    on_both,
};
use keyarc_wire::{AttachmentUpload, BeginAttachmentRequest, Sealed, limits};

/// Envelopes of two chunks.
const BYTES: u64 = limits::ATTACHMENT_CHUNK as u64 + 606;

async fn begin(
    context: &Context,
    number: u64,
    bytes: u64,
) -> Result<AttachmentUpload, ServiceError> {
    let request = BeginAttachmentRequest {
        attachment_id: attachment_id(number),
        bytes,
    };
    attachment::begin(context, vault_id(1), &request).await
}

async fn put(context: &Context, number: u64, chunk: u32, bytes: usize) -> Result<(), ServiceError> {
    let envelope = sealed(7, bytes);
    attachment::put_chunk(
        context,
        vault_id(1),
        attachment_id(number),
        chunk,
        &envelope,
    )
    .await
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, ServiceError>, field: &str) {
    match result {
        Err(ServiceError::Invalid { field: named, .. }) => assert_eq!(named, field),
        other => panic!("{other:?}"),
    }
}

on_both! {
    async fn a_file_is_uploaded_named_and_read(db) {
        let services = services(db.store(), &FixedClock::new());
        let context = TestClient::new(1).signed_up(&services).await;
        let begun = begin(&context, 1, BYTES).await.unwrap();
        assert_eq!(begun, AttachmentUpload { chunks: 2, received: vec![] });
        put(&context, 1, 1, 606).await.unwrap();
        put(&context, 1, 1, 606).await.unwrap();
        put(&context, 1, 0, limits::ATTACHMENT_CHUNK).await.unwrap();
        assert_eq!(begin(&context, 1, BYTES).await.unwrap().received, [0, 1]);
        let request = change([write_with(1, 0, &[1])], []);
        let (_, request) = follow_head(services.store(), vault_id(1), request).await;
        vault::write_items(&context, vault_id(1), request).await.unwrap();
        let last = attachment::chunk(&context, vault_id(1), attachment_id(1), 1).await.unwrap();
        assert_eq!(last, sealed(7, 606));
        // Giving it up does nothing to what an item names.
        attachment::discard(&context, vault_id(1), attachment_id(1)).await.unwrap();
        attachment::chunk(&context, vault_id(1), attachment_id(1), 0).await.unwrap();
    }

    async fn what_is_no_file_is_refused_before_anything_is_kept(db) {
        let services = services(db.store(), &FixedClock::new());
        let context = TestClient::new(1).signed_up(&services).await;
        let too_large = begin(&context, 1, limits::ATTACHMENT + 1).await;
        assert!(matches!(too_large, Err(ServiceError::FileTooLarge)), "{too_large:?}");
        assert!(begin(&context, 9, limits::ATTACHMENT).await.is_ok());
        let full = limits::ATTACHMENT_CHUNK as u64;
        for bytes in [0, 349, full + 1, full + 349] {
            refused(begin(&context, 1, bytes).await, "bytes");
        }
        begin(&context, 1, BYTES).await.unwrap();
        refused(begin(&context, 1, BYTES + 1).await, "attachment_id");
        for (chunk, bytes) in [(0, 606), (1, 605), (1, 607), (1, limits::ATTACHMENT_CHUNK), (0, 20)] {
            refused(put(&context, 1, chunk, bytes).await, "chunk");
        }
        let plain = Sealed(vec![0; 606]);
        let sent = attachment::put_chunk(&context, vault_id(1), attachment_id(1), 1, &plain).await;
        refused(sent, "chunk");
        for (number, chunk) in [(1, 2), (1, u32::MAX), (2, 0)] {
            let sent = put(&context, number, chunk, 606).await;
            assert!(matches!(sent, Err(ServiceError::NotFound)), "{sent:?}");
        }
        assert!(begin(&context, 1, BYTES).await.unwrap().received.is_empty());
    }

    async fn an_item_names_what_is_there_once_and_with_details(db) {
        let services = services(db.store(), &FixedClock::new());
        let context = TestClient::new(1).signed_up(&services).await;
        begin(&context, 1, 350).await.unwrap();
        let write = async |write| {
            let (_, request) = follow_head(services.store(), vault_id(1), change([write], [])).await;
            vault::write_items(&context, vault_id(1), request).await
        };
        refused(write(write_with(1, 0, &[1])).await, "writes");
        put(&context, 1, 0, 350).await.unwrap();
        refused(write(write_with(1, 0, &[1, 1])).await, "writes[0].attachments");
        let many: Vec<_> = (0..=limits::ATTACHMENTS_PER_ITEM as u64).collect();
        refused(write(write_with(1, 0, &many)).await, "writes[0].attachments");
        write(write_with(1, 0, &[1])).await.unwrap();
        let mut alone = write_with(1, 1, &[1]);
        alone.details = None;
        refused(write(alone).await, "writes[0].attachments");
    }

    async fn the_room_of_an_account_is_the_operators_to_say(db) {
        let clock = FixedClock::new();
        let services = services(db.store(), &clock);
        let context = TestClient::new(1).signed_up(&services).await;
        let small = |bytes| Policy { attachment_bytes: bytes, ..services.policy().clone() };
        let with = |bytes| Context { services: services_with(db.store(), &clock, small(bytes)), ..context.clone() };
        let full = begin(&with(349), 1, 350).await;
        assert!(matches!(full, Err(ServiceError::AttachmentsFull { quota: 349 })), "{full:?}");
        assert!(begin(&with(350), 1, 350).await.is_ok());
        assert!(begin(&with(699), 2, 350).await.is_err());
        // What has begun goes on, whatever the room is by now.
        assert!(begin(&with(0), 1, 350).await.is_ok());
        attachment::discard(&context, vault_id(1), attachment_id(1)).await.unwrap();
        assert!(begin(&with(350), 2, 350).await.is_ok());
    }

    async fn a_file_of_somebody_else_is_as_absent_as_none(db) {
        let services = services(db.store(), &FixedClock::new());
        let context = TestClient::new(1).signed_up(&services).await;
        begin(&context, 1, 350).await.unwrap();
        put(&context, 1, 0, 350).await.unwrap();
        let other = TestClient::new(2).signed_up(&services).await;
        let nothing = |result: Result<(), ServiceError>| {
            assert!(matches!(result, Err(ServiceError::NotFound)), "{result:?}");
        };
        nothing(begin(&other, 1, 350).await.map(drop));
        nothing(begin(&other, 2, 350).await.map(drop));
        nothing(put(&other, 1, 0, 350).await);
        nothing(attachment::chunk(&other, vault_id(1), attachment_id(1), 0).await.map(drop));
        nothing(attachment::discard(&other, vault_id(1), attachment_id(1)).await);
        // In their own vault there is none of that name.
        nothing(attachment::chunk(&other, vault_id(2), attachment_id(1), 0).await.map(drop));
        assert_eq!(begin(&context, 1, 350).await.unwrap().received, [0]);
    }
}
