//! Mutations of the body of a sync (see `keyarc_wire`): every record, and every field of each.
//! Lengths and the count are made to fit, unless they are what is spoilt: otherwise the framing
//! alone would be refused, and nothing behind it looked at.

use super::{
    Dice, Kind,
    bytes::{self, parts},
};

const MAGIC: usize = 4;
const ITEM: &[(&str, usize)] = &[
    ("tag", 1),
    ("item", 16),
    ("version", 8),
    ("revision", 8),
    ("details version", 8),
    ("length", 4),
];
const TOMBSTONE: &[(&str, usize)] = &[("tag", 1), ("item", 16), ("version", 8), ("revision", 8)];
const MANIFEST: &[(&str, usize)] = &[("tag", 1), ("length", 2)];
const DETAILS: &[(&str, usize)] = &[
    ("tag", 1),
    ("item", 16),
    ("version", 8),
    ("details version", 8),
    ("length", 4),
];
const GRANT: &[(&str, usize)] = &[("tag", 1), ("length", 2)];
const SIGNED: &[(&str, usize)] = &[
    ("format", 3),
    ("vault", 16),
    ("version", 8),
    ("previous", 32),
    ("epoch", 4),
    ("team", 32),
    ("items", 4),
    ("root", 32),
    ("time", 8),
    ("signature", 64),
];

/// A record, or a field of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Spot {
    Magic,
    Record(usize),
    Field { record: usize, field: usize },
    End(usize),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Record {
    fields: Vec<(String, Vec<u8>)>,
    /// Which field says how long all after it are.
    length: Option<usize>,
}

struct Stream {
    magic: Vec<u8>,
    records: Vec<Record>,
    /// Tag and count.
    end: [Vec<u8>; 2],
}

/// Every place of a stream; none when it is not one.
pub(super) fn spots(body: &[u8]) -> Vec<(String, Spot)> {
    let Some(stream) = Stream::read(body) else {
        return Vec::new();
    };
    let mut all = vec![("magic".to_owned(), Spot::Magic)];
    for (number, record) in stream.records.iter().enumerate() {
        let kind = record.kind();
        all.push((format!("{kind} {number}"), Spot::Record(number)));
        for (field, (name, _)) in record.fields.iter().enumerate() {
            let spot = Spot::Field {
                record: number,
                field,
            };
            all.push((format!("{kind} {number}/{name}"), spot));
        }
    }
    all.push(("end".into(), Spot::End(0)));
    all.push(("count".into(), Spot::End(1)));
    all
}

/// The stream with one place spoilt.
pub(super) fn mutate(
    body: &[u8],
    spot: &Spot,
    kind: Kind,
    earlier: &[&[u8]],
    dice: &mut Dice,
) -> Option<Vec<u8>> {
    let mut stream = Stream::read(body)?;
    let then: Vec<Stream> = earlier
        .iter()
        .filter_map(|body| Stream::read(body))
        .collect();
    let then: Vec<&Record> = then.iter().flat_map(|stream| &stream.records).collect();
    let mut fixed = None;
    match spot {
        Spot::Magic => stream.magic = bytes::mutate(&stream.magic, kind, None, dice)?,
        Spot::End(part) => {
            stream.end[*part] = bytes::mutate(&stream.end[*part], kind, None, dice)?;
            return Some(stream.write(None, *part == 1));
        }
        Spot::Record(at) => {
            let at = *at;
            let length = stream.records.len();
            match kind {
                Kind::Drop => drop(stream.records.remove(at)),
                Kind::Duplicate => stream
                    .records
                    .insert(dice.below(length), stream.records[at].clone()),
                Kind::Swap => stream.records.swap(at, dice.below(length)),
                Kind::Replay => stream.records[at] = (*dice.one_of(&then)?).clone(),
                // An earlier record beside the newer ones.
                Kind::Extend => stream.records.push((*dice.one_of(&then)?).clone()),
                // A deleted item in its place, under the same version.
                Kind::Null => stream.records[at] = stream.records[at].deleted()?,
                Kind::Truncate => stream.records.truncate(at),
                _ => return None,
            }
        }
        Spot::Field { record, field } => {
            let here = &stream.records[*record];
            let name = &here.fields[*field].0;
            let now: Vec<&Record> = stream.records.iter().collect();
            let among = if kind == Kind::Replay { &then } else { &now };
            let others: Vec<&[u8]> = among
                .iter()
                .flat_map(|record| &record.fields)
                .filter(|(other, bytes)| other == name && *bytes != here.fields[*field].1)
                .map(|(_, bytes)| bytes.as_slice())
                .collect();
            let other = dice.one_of(&others).copied();
            let spoilt = bytes::mutate(&here.fields[*field].1, kind, other, dice)?;
            if here.length == Some(*field) {
                fixed = Some(*record);
            }
            stream.records[*record].fields[*field].1 = spoilt;
        }
    }
    let spoilt = stream.write(fixed, false);
    (spoilt != body).then_some(spoilt)
}

impl Record {
    fn kind(&self) -> &'static str {
        match self.fields.first().map(|(_, tag)| tag.as_slice()) {
            Some([2]) => "tombstone",
            Some([3]) => "manifest",
            Some([4]) => "details",
            Some([5]) => "grant",
            _ => "item",
        }
    }

    fn deleted(&self) -> Option<Self> {
        let mut fields = self.fields.get(..4)?.to_vec();
        if self.kind() != "item" {
            return None;
        }
        fields[0].1 = vec![2];
        Some(Self {
            fields,
            length: None,
        })
    }
}

impl Stream {
    fn read(body: &[u8]) -> Option<Self> {
        let (magic, mut rest) = body.split_at_checked(MAGIC)?;
        let mut records = Vec::new();
        loop {
            let (layout, length, sealed) = match rest.first()? {
                1 => (ITEM, Some(5), "overview"),
                2 => (TOMBSTONE, None, ""),
                3 => (MANIFEST, Some(1), ""),
                4 => (DETAILS, Some(4), "details"),
                5 => (GRANT, Some(1), "grant"),
                _ => break,
            };
            let mut fields = Vec::new();
            take(layout, "", &mut rest, &mut fields)?;
            if let Some(length) = length {
                let told = fields[length].1.iter();
                let told = told.fold(0, |sum, byte| sum << 8 | usize::from(*byte));
                let (mut payload, after) = rest.split_at_checked(told)?;
                rest = after;
                if sealed.is_empty() {
                    take(SIGNED, "signed ", &mut payload, &mut fields)?;
                } else {
                    let named = parts(payload).into_iter();
                    fields.extend(
                        named.map(|(name, part)| {
                            (format!("{sealed} {name}"), payload[part].to_vec())
                        }),
                    );
                }
            }
            records.push(Record { fields, length });
        }
        let (tag, count) = rest.split_at_checked(1)?;
        Some(Self {
            magic: magic.to_vec(),
            records,
            end: [tag.to_vec(), count.to_vec()],
        })
    }

    /// The bytes, with lengths that fit but for one record's, and a count that fits unless it is
    /// to stay.
    fn write(&self, fixed: Option<usize>, keep_count: bool) -> Vec<u8> {
        let mut out = self.magic.clone();
        for (number, record) in self.records.iter().enumerate() {
            for (at, (_, bytes)) in record.fields.iter().enumerate() {
                if record.length == Some(at) && fixed != Some(number) {
                    let after = &record.fields[at + 1..];
                    let length: usize = after.iter().map(|(_, bytes)| bytes.len()).sum();
                    out.extend_from_slice(&length.to_be_bytes()[8 - bytes.len().min(8)..]);
                } else {
                    out.extend_from_slice(bytes);
                }
            }
        }
        out.extend_from_slice(&self.end[0]);
        if keep_count {
            out.extend_from_slice(&self.end[1]);
        } else {
            out.extend_from_slice(&(self.records.len() as u32).to_be_bytes());
        }
        out
    }
}

fn take(
    layout: &[(&str, usize)],
    prefix: &str,
    rest: &mut &[u8],
    fields: &mut Vec<(String, Vec<u8>)>,
) -> Option<()> {
    for (name, length) in layout {
        let (field, after) = rest.split_at_checked(*length)?;
        fields.push((format!("{prefix}{name}"), field.to_vec()));
        *rest = after;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use keyarc_wire::{encode_change, encode_changes_end, encode_changes_start, encode_manifest};

    use super::*;

    fn stream() -> Vec<u8> {
        let mut out = Vec::new();
        encode_changes_start(&mut out);
        let overview = [b"KA\x01\x01".as_slice(), &[7; 346]].concat();
        encode_change(&mut out, &[1; 16], 2, 3, Some((2, &overview)));
        encode_change(&mut out, &[2; 16], 4, 5, None);
        encode_manifest(&mut out, &[9; 203]);
        encode_changes_end(&mut out, 3);
        out
    }

    #[test]
    fn what_is_read_is_written_back() {
        let body = stream();
        let read = Stream::read(&body).expect("a stream");
        assert_eq!(read.write(None, false), body);
        assert_eq!(read.records.len(), 3);
        let names: Vec<String> = spots(&body).into_iter().map(|(name, _)| name).collect();
        for name in [
            "item 0",
            "item 0/overview commitment",
            "tombstone 1/version",
            "manifest 2/signed root",
            "count",
        ] {
            assert!(names.iter().any(|known| known == name), "{name}");
        }
    }

    #[test]
    fn lengths_fit_unless_they_are_what_is_spoilt() {
        let body = stream();
        let spot = |wanted: &str| {
            let found = spots(&body).into_iter().find(|(name, _)| name == wanted);
            found.expect("there").1
        };
        let mut dice = Dice::new(1);
        let longer = mutate(
            &body,
            &spot("item 0/overview tag"),
            Kind::Extend,
            &[],
            &mut dice,
        );
        assert!(Stream::read(&longer.expect("spoilt")).is_some());
        let fewer = mutate(&body, &spot("item 0"), Kind::Drop, &[], &mut dice).expect("spoilt");
        assert_eq!(fewer.last(), Some(&2));
        let lied = mutate(&body, &spot("item 0/length"), Kind::Giant, &[], &mut dice);
        assert!(Stream::read(&lied.expect("spoilt")).is_none());
    }
}
