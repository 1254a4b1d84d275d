use std::fmt;

/// Crockford's base32: no I, L, O or U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const DIGITS: usize = 8;
const BITS: u32 = 20;

/// What one device shows and the other is told: where they meet at the server, and a number that
/// must be right to join. Neither keeps anything secret from the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkCode {
    /// Where they meet, 20 bits.
    pub place: u32,
    /// To be known by who joins, 20 bits.
    pub pin: u32,
}

impl LinkCode {
    /// `None` when a number has more than 20 bits.
    pub fn new(place: u32, pin: u32) -> Option<Self> {
        ((place | pin) >> BITS == 0).then_some(Self { place, pin })
    }

    /// Reads it as people type: letters in either case, O as 0, I and L as 1, hyphens and spaces
    /// anywhere.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bits = 0_u64;
        let mut digits = 0;
        for char in text
            .chars()
            .filter(|char| !char.is_whitespace() && *char != '-')
        {
            let digit = match char.to_ascii_uppercase() {
                'O' => 0,
                'I' | 'L' => 1,
                other => ALPHABET
                    .iter()
                    .position(|digit| char::from(*digit) == other)?,
            };
            digits += 1;
            if digits > DIGITS {
                return None;
            }
            bits = bits << 5 | digit as u64;
        }
        let mask = (1 << BITS) - 1;
        (digits == DIGITS).then_some(Self {
            place: (bits >> BITS) as u32 & mask,
            pin: bits as u32 & mask,
        })
    }

    pub(super) fn to_bytes(self) -> [u8; 8] {
        self.bits().to_be_bytes()
    }

    fn bits(self) -> u64 {
        u64::from(self.place) << BITS | u64::from(self.pin)
    }
}

/// `XXXX-XXXX`.
impl fmt::Display for LinkCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for at in 0..DIGITS {
            if at == DIGITS / 2 {
                f.write_str("-")?;
            }
            let digit = self.bits() >> (5 * (DIGITS - 1 - at)) & 31;
            write!(f, "{}", char::from(ALPHABET[digit as usize]))?;
        }
        Ok(())
    }
}
