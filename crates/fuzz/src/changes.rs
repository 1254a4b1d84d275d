//! The stream of a sync.

use keyarc_wire::{
    Change, ChangesDecoder, encode_change, encode_changes_end, encode_changes_start,
    encode_details, encode_grant, encode_manifest, encode_waiting,
};

/// A stream is read in no more memory than it has bytes, and what is read to its end is written
/// again byte by byte.
pub fn changes(data: &[u8]) {
    let Ok(mut decoder) = ChangesDecoder::new(data) else {
        return;
    };
    let mut written = Vec::new();
    encode_changes_start(&mut written);
    let mut count = 0;
    loop {
        match decoder.next() {
            Ok(Some(Change::Item(item))) => {
                let live = item.live.as_ref();
                let live = live.map(|(version, sealed)| (*version, sealed.as_ref()));
                let id = &item.item_id.0;
                encode_change(&mut written, id, item.version, item.revision, live);
            }
            Ok(Some(Change::Manifest(manifest))) => encode_manifest(&mut written, &manifest.0),
            Ok(Some(Change::Details(details))) => encode_details(&mut written, &details),
            Ok(Some(Change::Grant(grant))) => encode_grant(&mut written, &grant.0),
            Ok(Some(Change::Waiting(waiting))) => encode_waiting(&mut written, &waiting),
            Ok(None) => {
                encode_changes_end(&mut written, count);
                assert_eq!(written, data);
                return;
            }
            Err(_) => return,
        }
        count += 1;
        assert_eq!(data.get(..written.len()), Some(written.as_slice()));
    }
}
