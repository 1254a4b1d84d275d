//! Texts with blocks between `-----BEGIN …-----` and `-----END …-----` (RFC 7468), read as people
//! paste them: any line length, spaces, remarks between the blocks.

use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use zeroize::Zeroizing;

use super::MaterialError;

const BEGIN: &str = "-----BEGIN ";
/// Most blocks that are read.
const BLOCKS_MAX: usize = 200;
/// Characters in a line that is written (RFC 7468, section 2).
const LINE: usize = 64;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// One block.
pub(crate) struct Block<'a> {
    /// For example `CERTIFICATE`.
    pub(crate) label: &'a str,
    /// Headers such as `Proc-Type: 4,ENCRYPTED` stand above the data.
    pub(crate) has_headers: bool,
    /// What it holds.
    pub(crate) bytes: Zeroizing<Vec<u8>>,
}

/// Whether a text has a block at all.
pub(crate) fn is_pem(text: &str) -> bool {
    text.contains(BEGIN)
}

/// The blocks of a text, in their order.
pub(crate) fn blocks(text: &str) -> Result<Vec<Block<'_>>, MaterialError> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((block, after)) = next_block(rest)? {
        if found.len() == BLOCKS_MAX {
            return Err(MaterialError::TooMany);
        }
        found.push(block);
        rest = after;
    }
    Ok(found)
}

/// The first block, and what follows it.
pub(crate) fn next_block(text: &str) -> Result<Option<(Block<'_>, &str)>, MaterialError> {
    let Some(at) = text.find(BEGIN) else {
        return Ok(None);
    };
    let cut = || MaterialError::Truncated;
    let (label, rest) = text[at + BEGIN.len()..]
        .split_once("-----")
        .ok_or_else(cut)?;
    let (body, rest) = rest.split_once("-----END ").ok_or_else(cut)?;
    let (end, after) = rest.split_once("-----").ok_or_else(cut)?;
    if end != label || label.len() > 64 {
        return Err(MaterialError::Truncated);
    }
    let has_headers = body.contains(':');
    let data = match has_headers {
        true => body
            .split_once("\n\n")
            .or_else(|| body.split_once("\r\n\r\n")),
        false => None,
    };
    let block = Block {
        label,
        has_headers,
        bytes: decode(data.map_or(body, |(_, data)| data)).ok_or(MaterialError::NotBase64)?,
    };
    Ok(Some((block, after)))
}

/// The bytes of a Base64 text with white space in it; none of data behind headers that are not
/// separated from it.
pub(crate) fn decode(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    if text.contains(':') {
        return Some(Zeroizing::default());
    }
    let packed: Zeroizing<Vec<u8>> = Zeroizing::new(
        text.bytes()
            .filter(|byte| !byte.is_ascii_whitespace())
            .collect(),
    );
    BASE64.decode(&*packed).ok().map(Zeroizing::new)
}

/// Writes a block, with a line break at its end.
pub(crate) fn write_block(label: &str, bytes: &[u8]) -> Zeroizing<String> {
    write_lines(label, bytes, LINE)
}

/// As [`write_block`], with lines of another length.
pub(crate) fn write_lines(label: &str, bytes: &[u8], line: usize) -> Zeroizing<String> {
    let data = Zeroizing::new(BASE64.encode(bytes));
    let room = data.len() + data.len() / line + 128;
    let mut text = Zeroizing::new(String::with_capacity(room));
    text.push_str(&format!("-----BEGIN {label}-----\n"));
    for (at, c) in data.chars().enumerate() {
        if at > 0 && at % line == 0 {
            text.push('\n');
        }
        text.push(c);
    }
    text.push_str(&format!("\n-----END {label}-----\n"));
    text
}

/// Base64 as SSH writes it.
pub(crate) fn encode(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_found_among_remarks_and_written_as_they_were() {
        let one = write_block("CERTIFICATE", &[1; 100]);
        let two = write_block("PRIVATE KEY", &[2; 3]);
        let text = format!(
            "Bag Attributes\r\n  friendlyName: x\r\n{}remark\n{}",
            one.replace('\n', "\r\n"),
            *two
        );
        let found = blocks(&text).expect("two blocks");
        let read: Vec<_> = found
            .iter()
            .map(|block| (block.label, block.bytes.len(), block.has_headers))
            .collect();
        assert_eq!(
            read,
            [("CERTIFICATE", 100, false), ("PRIVATE KEY", 3, false)]
        );
        assert_eq!(*write_block("CERTIFICATE", &found[0].bytes), *one);
        assert!(one.lines().all(|line| line.len() <= 64));
    }

    #[test]
    fn what_is_cut_off_or_garbled_says_so() {
        let whole = write_block("CERTIFICATE", &[1; 100]);
        for end in [20, 30, 100, whole.len() - 10] {
            let error = blocks(&whole[..end]).err();
            assert_eq!(error, Some(MaterialError::Truncated), "cut at {end}");
        }
        let garbled = whole.replacen("AQEB", "A*EB", 1);
        assert_eq!(blocks(&garbled).err(), Some(MaterialError::NotBase64));
        let many = whole.repeat(BLOCKS_MAX + 1);
        assert_eq!(blocks(&many).err(), Some(MaterialError::TooMany));
        assert!(blocks("no block").expect("read").is_empty());
    }
}
