//! A text that grows without leaving copies of secrets behind.

use std::io;

use serde::Serialize;
use zeroize::Zeroizing;

#[derive(Default)]
pub(super) struct Out(Zeroizing<Vec<u8>>);

impl Out {
    pub(super) fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// A value as JSON.
    pub(super) fn json(&mut self, value: &impl Serialize) {
        // Memory takes whatever is written, and texts and numbers can be written.
        let written = serde_json::to_writer(&mut *self, value);
        debug_assert!(written.is_ok());
    }

    pub(super) fn into_bytes(self) -> Zeroizing<Vec<u8>> {
        self.0
    }

    fn bytes(&mut self, bytes: &[u8]) {
        let length = self.0.len() + bytes.len();
        if length > self.0.capacity() {
            // A buffer that grows by itself leaves what it held where it was.
            let room = length.max(self.0.capacity() * 2).max(4_096);
            let mut larger = Zeroizing::new(Vec::with_capacity(room));
            larger.extend_from_slice(&self.0);
            self.0 = larger;
        }
        self.0.extend_from_slice(bytes);
    }
}

impl io::Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
