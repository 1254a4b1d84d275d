//! Chunks of attachments, and what a device keeps of uploads.

use std::sync::LazyLock;

use keyarc_vault::{
    Attachment, AttachmentReader, AttachmentTampered, Upload, decode_uploads, encode_uploads,
};
use keyarc_wire::ItemId;

use crate::counter_rng::CounterRng;

/// A file of one chunk, as its item names it and as it lies at the server.
static WHOLE: LazyLock<(Attachment, Vec<u8>)> = LazyLock::new(|| {
    let mut rng = CounterRng::new(5);
    let mut upload = Upload::begin(
        ItemId([1; 16]),
        ("a.txt", "", CONTENT.len() as u64),
        1,
        &mut rng,
    )
    .expect("not too large");
    upload.note(0, CONTENT).expect("the first");
    let sealed = upload
        .seal(0, CONTENT, &mut rng)
        .expect("a sound generator");
    (upload.finish().expect("whole"), sealed.0)
});
const CONTENT: &[u8] = b"what is attached";

/// Arbitrary bytes are no chunk, neither is an edited or a cut one; and what is read as uploads is
/// written again byte by byte.
pub fn attachment(data: &[u8]) {
    let (attachment, sealed) = &*WHOLE;
    assert_eq!(read(attachment, data), Err(AttachmentTampered));
    if let Some(uploads) = decode_uploads(data) {
        assert_eq!(&*encode_uploads(&uploads), data);
    }
    let [high, low, mask, ..] = *data else {
        return;
    };
    let mut edited = sealed.clone();
    let at = usize::from(u16::from_be_bytes([high, low])) % edited.len();
    edited[at] ^= mask;
    match mask {
        0 => assert_eq!(read(attachment, &edited).as_deref(), Ok(CONTENT)),
        _ => assert_eq!(read(attachment, &edited), Err(AttachmentTampered)),
    }
    edited[at] ^= mask;
    edited.truncate(at);
    assert_eq!(read(attachment, &edited), Err(AttachmentTampered));
}

fn read(attachment: &Attachment, envelope: &[u8]) -> Result<Vec<u8>, AttachmentTampered> {
    let mut reader = AttachmentReader::begin(attachment)?;
    let content = reader.open(envelope)?;
    reader.finish()?;
    Ok(content.to_vec())
}
