//! The agent's protocol, as much of it as is spoken (draft-ietf-sshm-ssh-agent, sections 5 to 7).

use zeroize::Zeroizing;

use super::{keys::Identity, sign::string};

const FAILURE: u8 = 5;
const SUCCESS: u8 = 6;
const REQUEST_IDENTITIES: u8 = 11;
const IDENTITIES: u8 = 12;
const SIGN_REQUEST: u8 = 13;
const SIGN_RESPONSE: u8 = 14;
const LOCK: u8 = 22;
const UNLOCK: u8 = 23;

/// The longest request that is read, in bytes, as with OpenSSH's agent.
pub const LONGEST: usize = 256 * 1024;

/// What is asked of an agent.
#[derive(PartialEq, Eq)]
pub enum Request {
    /// Which keys there are.
    Identities,
    /// A signature.
    Sign {
        /// The bytes of the public key.
        public: Vec<u8>,
        /// What is signed.
        data: Vec<u8>,
        /// Of RSA: which hash.
        flags: u32,
    },
    /// Answer nothing more until the same password comes.
    Lock(Zeroizing<Vec<u8>>),
    /// Answer again.
    Unlock(Zeroizing<Vec<u8>>),
    /// Keys are added and removed in the vault alone, and no extension is known: whoever asks for
    /// one goes on without it.
    Other,
}

impl Request {
    /// Reads a message without its length; `None` for what is none.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let (kind, rest) = bytes.split_first()?;
        let mut rest = Rest(rest);
        let request = match *kind {
            REQUEST_IDENTITIES => Self::Identities,
            SIGN_REQUEST => Self::Sign {
                public: rest.string()?.to_vec(),
                data: rest.string()?.to_vec(),
                flags: rest.number()?,
            },
            LOCK => Self::Lock(Zeroizing::new(rest.string()?.to_vec())),
            UNLOCK => Self::Unlock(Zeroizing::new(rest.string()?.to_vec())),
            _ => return Some(Self::Other),
        };
        rest.0.is_empty().then_some(request)
    }
}

struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn number(&mut self) -> Option<u32> {
        let (number, rest) = self.0.split_first_chunk::<4>()?;
        self.0 = rest;
        Some(u32::from_be_bytes(*number))
    }

    fn string(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        let (string, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(string)
    }
}

/// What an agent answers.
pub enum Response {
    /// It is not done.
    Failure,
    /// It is done.
    Success,
    /// The keys.
    Identities(Vec<Identity>),
    /// The algorithm's name and the signature.
    Signature(Vec<u8>),
}

impl Response {
    /// A message with its length.
    pub fn written(&self) -> Vec<u8> {
        let mut body = Vec::new();
        match self {
            Self::Failure => body.push(FAILURE),
            Self::Success => body.push(SUCCESS),
            Self::Identities(all) => {
                body.push(IDENTITIES);
                let count = u32::try_from(all.len()).unwrap_or(u32::MAX);
                body.extend_from_slice(&count.to_be_bytes());
                for one in all {
                    string(&mut body, &one.public);
                    string(&mut body, one.comment.as_bytes());
                }
            }
            Self::Signature(signature) => {
                body.push(SIGN_RESPONSE);
                string(&mut body, signature);
            }
        }
        let mut message = Vec::new();
        string(&mut message, &body);
        message
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn requests_are_read_whole_or_not_at_all() {
        let mut sign = vec![SIGN_REQUEST];
        string(&mut sign, b"key");
        string(&mut sign, b"data");
        sign.extend_from_slice(&4_u32.to_be_bytes());
        let expected = Request::Sign {
            public: b"key".to_vec(),
            data: b"data".to_vec(),
            flags: 4,
        };
        assert!(Request::read(&sign) == Some(expected));
        for end in 0..sign.len() {
            assert!(Request::read(&sign[..end]).is_none(), "{end}");
        }
        assert!(Request::read(&[&sign[..], &[0]].concat()).is_none());
        assert!(Request::read(&[REQUEST_IDENTITIES]) == Some(Request::Identities));
        let lock = [&[LOCK, 0, 0, 0, 1][..], b"x"].concat();
        assert!(Request::read(&lock) == Some(Request::Lock(Zeroizing::new(b"x".to_vec()))));
        // Adding a key, removing all, a smart card, an extension.
        for other in [17, 19, 20, 25, 27, 255] {
            assert!(
                Request::read(&[other, 1, 2]) == Some(Request::Other),
                "{other}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Some(Request::Sign { public, data, .. }) = Request::read(&bytes) {
                prop_assert_eq!(public.len() + data.len() + 13, bytes.len());
            }
        }
    }
}
