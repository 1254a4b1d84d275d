use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::Blob;

/// Bytes that are handed to the browser at a time.
const PART: usize = 4 * 1024 * 1024;

/// The browser could not keep bytes, or does not have them any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlobError;

impl From<JsValue> for BlobError {
    fn from(_: JsValue) -> Self {
        Self
    }
}

/// Bytes in the hands of the browser, which keeps them where it has room: on its disk, when they are
/// many. So nothing goes in that is not sealed.
#[derive(Default)]
pub struct Blobs {
    /// Parts, and where each ends.
    parts: Vec<(u64, Blob)>,
    /// What comes behind them.
    pending: Vec<u8>,
}

impl Blobs {
    /// How many bytes there are.
    pub fn length(&self) -> u64 {
        self.end() + self.pending.len() as u64
    }

    /// Puts bytes at the end.
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), BlobError> {
        self.pending.extend_from_slice(bytes);
        match self.pending.len() < PART {
            true => Ok(()),
            false => self.hand_over(),
        }
    }

    /// Hands the rest over, after which everything can be read.
    pub fn hand_over(&mut self) -> Result<(), BlobError> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let bytes = Array::of1(&Uint8Array::from(self.pending.as_slice()));
        let blob = Blob::new_with_u8_array_sequence(&bytes)?;
        self.parts.push((self.length(), blob));
        self.pending.clear();
        Ok(())
    }

    /// Some of the bytes that were handed over; an error when they are not all there.
    pub async fn read(&self, from: u64, length: usize) -> Result<Vec<u8>, BlobError> {
        let to = from.saturating_add(length as u64);
        let mut bytes = Vec::with_capacity(length);
        let first = self.parts.partition_point(|(end, _)| *end <= from);
        let mut start = match first {
            0 => 0,
            _ => self.parts[first - 1].0,
        };
        for (end, blob) in &self.parts[first..] {
            if to <= start {
                break;
            }
            let (low, high) = (from.max(start) - start, to.min(*end) - start);
            let slice = blob.slice_with_f64_and_f64(low as f64, high as f64)?;
            let buffer = JsFuture::from(slice.array_buffer()).await?;
            let array = Uint8Array::new(buffer.unchecked_ref());
            bytes.extend_from_slice(&array.to_vec());
            start = *end;
        }
        match bytes.len() == length {
            true => Ok(bytes),
            false => Err(BlobError),
        }
    }

    fn end(&self) -> u64 {
        self.parts.last().map_or(0, |(end, _)| *end)
    }
}
