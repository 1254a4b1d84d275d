//! Messages between this program and the one that holds the keys: a length of four bytes, then
//! JSON. Both ends are this program, of the same user.

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{failure::Failure, vault::Answer};

/// No message is larger: fifty values of the largest item.
const LONGEST: usize = 256 * 1024 * 1024;

/// What a keeper is started with.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct Begin {
    /// The server's origin.
    pub server: String,
    /// The setup code.
    pub setup_code: String,
    /// What opens the account beside it.
    pub by: By,
    /// Seconds without a question after which the keys are forgotten.
    pub idle_seconds: u64,
}

/// What a keeper is asked. `Q` is a question, or a reference to one.
#[derive(Serialize, Deserialize)]
pub struct Asked<Q> {
    /// What.
    pub question: Q,
    /// No server is to be asked for it.
    pub is_offline: bool,
}

/// What a keeper answers.
#[derive(Serialize, Deserialize)]
pub struct Replied {
    /// The answer.
    pub answer: Result<Answer, Failure>,
    /// How many seconds ago the server sent it, where it could not be reached now.
    pub age_seconds: Option<u64>,
}

/// What opens an account, beside the setup code.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub enum By {
    /// The master password.
    Password(String),
    /// What stands for it, from the system's keyring.
    Kept(String),
}

/// What else a keeper is told while it begins.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub enum Said {
    /// Of the second factor.
    Code(String),
}

/// What a keeper tells while it begins.
#[derive(Debug, Serialize, Deserialize)]
pub enum Told {
    /// It holds the keys.
    Ready,
    /// It does not, and ends.
    Failed(Failure),
    /// The account has a second factor.
    AskCode {
        /// The one before was not accepted.
        again: bool,
    },
}

fn encoded(message: &impl Serialize) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(vec![0; 4]);
    serde_json::to_writer(&mut *bytes, message)?;
    let length = bytes.len() - 4;
    let length = u32::try_from(length).map_err(|_| io::ErrorKind::InvalidData)?;
    bytes[..4].copy_from_slice(&length.to_be_bytes());
    Ok(bytes)
}

fn length(bytes: [u8; 4]) -> io::Result<usize> {
    let length = u32::from_be_bytes(bytes) as usize;
    match length <= LONGEST {
        true => Ok(length),
        false => Err(io::ErrorKind::InvalidData.into()),
    }
}

fn decoded<M: DeserializeOwned>(bytes: &[u8]) -> io::Result<M> {
    serde_json::from_slice(bytes).map_err(|_| io::ErrorKind::InvalidData.into())
}

/// Sends a message over a socket.
pub async fn send(
    line: &mut (impl tokio::io::AsyncWrite + Unpin),
    message: &impl Serialize,
) -> io::Result<()> {
    line.write_all(&encoded(message)?).await?;
    line.flush().await
}

/// Receives a message from a socket.
pub async fn receive<M: DeserializeOwned>(
    line: &mut (impl tokio::io::AsyncRead + Unpin),
) -> io::Result<M> {
    let mut head = [0; 4];
    line.read_exact(&mut head).await?;
    let mut bytes = Zeroizing::new(vec![0; length(head)?]);
    line.read_exact(&mut bytes).await?;
    decoded(&bytes)
}

/// Writes a message to a pipe.
pub fn write(pipe: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
    pipe.write_all(&encoded(message)?)?;
    pipe.flush()
}

/// Reads a message from a pipe.
pub fn read<M: DeserializeOwned>(pipe: &mut impl Read) -> io::Result<M> {
    let mut head = [0; 4];
    pipe.read_exact(&mut head)?;
    let mut bytes = Zeroizing::new(vec![0; length(head)?]);
    pipe.read_exact(&mut bytes)?;
    decoded(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_comes_as_it_went_and_a_giant_one_is_refused() {
        let mut pipe = Vec::new();
        write(&mut pipe, &Told::AskCode { again: true }).expect("writes");
        let told: Told = read(&mut pipe.as_slice()).expect("reads");
        assert!(matches!(told, Told::AskCode { again: true }));
        let cut: io::Result<Told> = read(&mut &pipe[..pipe.len() - 1]);
        assert!(cut.is_err());
        let giant: io::Result<Told> = read(&mut [0xff; 8].as_slice());
        assert_eq!(
            giant.err().map(|error| error.kind()),
            Some(io::ErrorKind::InvalidData)
        );
    }
}
