//! Files come into a vault as new ones, and its items name those.

use std::collections::HashMap;

use keyarc_vault::{
    Attachment, ImportPlan, ItemDraft, OverviewChange,
    archive::ArchiveFiles,
    import::{Import, preview},
};
use keyarc_wire::{AttachmentId, WriteItemsRequest};

use super::{File, archive, item, names_of, part, read, take_out, upload, wish};
use crate::{
    archive_history::Life,
    common::{NOW, fixture, key, seeded},
};

/// Takes the files out that a plan needs, and sends each to a server.
fn send(
    archive: &[u8],
    (import, files): &(Import, ArchiveFiles),
    plan: &ImportPlan,
) -> HashMap<AttachmentId, Attachment> {
    let needed = import.files(plan).unwrap();
    let sent = needed.iter().zip(1_000..).map(|(file, seed)| {
        let bytes = take_out(archive, files, file.id);
        let new = upload(
            &file.name,
            &file.media_type,
            file.size,
            seed,
            |layout, number| part(layout, number, &bytes),
        );
        (file.id, new)
    });
    sent.collect()
}

#[test]
fn items_name_what_their_files_became_and_one_file_stays_one() {
    let shared = File::of("shared.pdf", 1_000);
    let own = File::of("own.txt", 20);
    let lost = File::of("lost.txt", 30);
    let mut renamed = shared.clone();
    renamed.attachment.name = "another name.pdf".to_owned();
    let mut this = fixture();
    let first = item(&mut this, "A", &[&own, &lost, &shared]);
    let second = item(&mut this, "B", &[&renamed]);
    let file = archive(&[
        (first, Vec::new(), vec![&shared]),
        (second, Vec::new(), vec![&own]),
    ])
    .unwrap();
    let mut other = seeded(9);
    let read = read(&other, &file);
    let found = read.0.preview();
    assert_eq!(
        (found.files, found.file_bytes, found.files_missing),
        (2, 1_020, 1)
    );
    let plan = ImportPlan::default();
    let sent = send(&file, &read, &plan);
    assert_eq!(sent.len(), 2);
    let planned = other
        .vault
        .plan_import_with_files(&read.0, &plan, &sent)
        .unwrap();
    let request = other
        .vault
        .seal_import(&planned, NOW, &mut other.rng)
        .unwrap();
    let (new_own, new_shared) = (&sent[&own.id()], &sent[&shared.id()]);
    assert_ne!(
        (new_shared.id, new_shared.key),
        (shared.id(), shared.attachment.key)
    );
    assert_eq!(request.writes[0].attachments, [new_own.id, new_shared.id]);
    assert_eq!(request.writes[1].attachments, [new_shared.id]);
    other.accept_all(&request);
    let items: Vec<_> = request
        .writes
        .iter()
        .map(|write| other.open(write).unwrap())
        .collect();
    assert_eq!(items[0].attachments, [new_own.clone(), new_shared.clone()]);
    assert_eq!(names_of(&items[1].attachments), ["another name.pdf"]);
    assert_eq!(items[1].attachments[0].key, new_shared.key);
    assert_eq!(items[1].attachments[0].digest, new_shared.digest);
    assert_eq!(items[0].summary.files.len(), 2);
    // One that could not be sent is left out, and nothing else with it.
    let mut fewer = sent.clone();
    fewer.remove(&shared.id());
    let planned = other
        .vault
        .plan_import_with_files(&read.0, &plan, &fewer)
        .unwrap();
    assert_eq!(names_of(&planned[0].draft.attachments), ["own.txt"]);
    assert_eq!(planned[1].draft.attachments, []);
    // Without files, or where nothing was sent, no item names a file of the archive.
    let without = ImportPlan {
        without_files: true,
        ..plan.clone()
    };
    for planned in [
        other.vault.plan_import(&read.0, &plan).unwrap(),
        other
            .vault
            .plan_import_with_files(&read.0, &without, &sent)
            .unwrap(),
    ] {
        assert!(planned.iter().all(|item| item.draft.attachments.is_empty()));
    }
    let whole = preview(&file, None, &wish(), &seeded(8).vault).unwrap();
    let planned = seeded(8).vault.plan_import(&whole, &plan).unwrap();
    assert!(planned.len() == 2 && planned.iter().all(|item| item.draft.attachments.is_empty()));
}

#[test]
fn files_of_earlier_versions_come_along() {
    let old = File::of("old.txt", 40);
    let both = File::of("both.txt", 50);
    let draft = |files: &[&File], value: &str| ItemDraft {
        attachments: files.iter().map(|file| file.attachment.clone()).collect(),
        ..key("A", value)
    };
    let mut life = Life::begin(&draft(&[&old, &both], "one"));
    life.change(OverviewChange::Favourite(true));
    life.save(ItemDraft {
        favourite: true,
        ..draft(&[], "two")
    });
    life.save(ItemDraft {
        favourite: true,
        ..draft(&[&both], "three")
    });
    let earlier = life.earlier(&life.kept());
    let file = archive(&[(life.exported(), earlier.clone(), vec![&old, &both])]).unwrap();
    let mut other = seeded(9);
    let read = read(&other, &file);
    let found = read.0.preview();
    assert_eq!((found.earlier, found.files, found.file_bytes), (3, 2, 90));
    let plan = ImportPlan::default();
    let sent = send(&file, &read, &plan);
    let planned = other
        .vault
        .plan_import_with_files(&read.0, &plan, &sent)
        .unwrap();
    let request = other
        .vault
        .seal_import(&planned, NOW, &mut other.rng)
        .unwrap();
    let (old_now, both_now) = (sent[&old.id()].id, sent[&both.id()].id);
    let of: Vec<_> = request
        .earlier
        .iter()
        .map(|one| one.attachments.clone())
        .collect();
    // The second shares its details with the first, and names nothing by itself.
    assert_eq!(of, [vec![old_now, both_now], vec![], vec![]]);
    assert!(request.earlier[1].details.is_none());
    // It is sent as it is, and says nothing where there is nothing.
    let sent_as = serde_json::to_string(&request).unwrap();
    assert_eq!(sent_as.matches("attachments").count(), 2);
    let received: WriteItemsRequest = serde_json::from_str(&sent_as).unwrap();
    assert_eq!(received, request);
    assert_eq!(request.writes[0].attachments, [both_now]);
    for (version, files) in [(1, 2), (2, 2), (3, 0)] {
        let one = &request.earlier[version - 1];
        let sealed = keyarc_wire::SealedVersion {
            version: one.version,
            replaced_at_ms: NOW,
            overview: one.overview.clone(),
        };
        let id = request.writes[0].item_id;
        if version == 1 {
            other.accept_all(&request);
        }
        let then = other.vault.open_version(id, &sealed).unwrap();
        assert_eq!(then.summary().files.len(), files, "{version}");
    }
    // Without what it was before, that file is not needed.
    let without = ImportPlan {
        without_earlier: true,
        ..plan
    };
    assert_eq!(names_of(&read.0.files(&without).unwrap()), ["both.txt"]);
}
