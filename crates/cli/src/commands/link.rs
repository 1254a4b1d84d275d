//! `login --link`: the setup code comes from a device that is unlocked, and not from the recovery
//! kit. This is the new device of two; `docs/protocol.md` has the protocol.

use std::{io, time::Duration};

use keyarc_client::{ClientError, Host as _, LinkWords, NativeHost, NativeTransport, NewDevice};
use keyarc_crypto::LinkCode;
use qrcodegen::{QrCode, QrCodeEcc};
use rustix::termios::{QueueSelector, tcflush, tcgetwinsize};
use zeroize::Zeroizing;

use crate::{failure::Failure, open, prompt};

/// A device that waits to be joined.
type Waiting = NewDevice<NativeTransport, NativeHost>;

/// How often the time that is left is shown anew.
const TICK: Duration = Duration::from_secs(1);
/// For so long a code is good, in milliseconds: more is a clock that is wrong.
const LASTS_MS: u64 = 2 * 60_000;
/// Modules that stay light around a QR code (ISO/IEC 18004).
const QUIET: i32 = 4;
/// Lines that stand around it.
const LINES_BESIDE: usize = 8;
/// Dark on light, whatever the terminal's own colours are: that is what cameras look for.
const DARK_ON_LIGHT: &str = "\u{1b}[30;107m";
const AS_BEFORE: &str = "\u{1b}[0m";
const CLEAR_LINE: &str = "\r\u{1b}[K";

/// Shows a code, has somebody compare words, and gives the setup code that comes then, as it is
/// printed.
pub async fn setup_code(server: &str) -> Result<Zeroizing<String>, Failure> {
    if !prompt::is_possible() {
        return Err(Failure::Usage(
            "--link is for somebody at a terminal, who compares words: give setup code and password with --stdin".to_owned(),
        ));
    }
    let transport = open::transport(server)?;
    let failed = |error| {
        match error {
        ClientError::LinkEnded => Failure::Refused(
            "the link is over: time ran out, or the other device gave it up. Run the command again for another code".to_owned(),
        ),
        other => open::failed(server, &transport, other),
    }
    };
    let new = NewDevice::open(transport.clone(), NativeHost, server).await;
    let new = new.map_err(failed)?;
    show(server, new.code());
    let words = joined(&new).await.map_err(failed)?;
    if !are_the_same(&words)? {
        // It runs out by itself when this does not arrive.
        let _ = new.close().await;
        return Err(Failure::Untrusted(
            "nobody said that the words are the same, and nothing was taken. If they differ, somebody may stand between the two devices, perhaps the server itself: try again on another network, or use the setup code from the recovery kit".to_owned(),
        ));
    }
    eprintln!("Now say on the other device that the words are the same.");
    let code = new.receive().await.map_err(failed)?;
    Ok(code.to_text())
}

fn show(server: &str, code: LinkCode) {
    eprintln!(
        "On a device that is unlocked, open {server}/settings and type this code under \"Link a new device\":\n\n    {code}\n"
    );
    if let Some(picture) = picture(&format!("{server}/settings#link={code}"))
        && fits(&picture)
    {
        eprintln!("Or scan this with its camera:\n");
        for line in picture {
            eprintln!("{DARK_ON_LIGHT}{line}{AS_BEFORE}");
        }
        eprintln!();
    }
}

/// A QR code, a character for two modules, one above the other; `None` for a text that is too long
/// for one.
fn picture(text: &str) -> Option<Vec<String>> {
    let code = QrCode::encode_text(text, QrCodeEcc::Low).ok()?;
    // Outside of the code all is light.
    let is_dark = |x, y| code.get_module(x, y);
    let around = -QUIET..code.size() + QUIET;
    let row = |y| {
        let modules = around
            .clone()
            .map(|x| match (is_dark(x, y), is_dark(x, y + 1)) {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => ' ',
            });
        modules.collect()
    };
    Some(around.clone().step_by(2).map(row).collect())
}

/// Whether a terminal shows a picture as it is: one that knows colours, and is large enough.
fn fits(picture: &[String]) -> bool {
    let knows_colours = std::env::var("TERM").is_ok_and(|kind| !matches!(&*kind, "" | "dumb"));
    let width = picture.first().map_or(0, |line| line.chars().count());
    let size = tcgetwinsize(io::stderr());
    knows_colours
        && size.is_ok_and(|size| {
            usize::from(size.ws_col) >= width
                && usize::from(size.ws_row) >= picture.len() + LINES_BESIDE
        })
}

/// Waits for the other device, and shows how long it still can.
async fn joined(new: &Waiting) -> Result<LinkWords, ClientError> {
    let joined = new.joined();
    tokio::pin!(joined);
    let words = loop {
        let left_ms = new.expires_at_ms().saturating_sub(NativeHost.now_ms());
        let seconds = left_ms.min(LASTS_MS).div_ceil(1_000);
        let (minutes, seconds) = (seconds / 60, seconds % 60);
        eprint!("{CLEAR_LINE}Waiting for it, {minutes}:{seconds:02} left.");
        tokio::select! {
            words = &mut joined => break words,
            () = tokio::time::sleep(TICK) => {}
        }
    };
    eprint!("{CLEAR_LINE}");
    words
}

/// A person's word, and no program's: that the words are the same is never taken for granted.
fn are_the_same(words: &LinkWords) -> Result<bool, Failure> {
    // What was typed before the question is no answer to it.
    let _ = tcflush(io::stdin(), QueueSelector::IFlush);
    prompt::agrees(&format!(
        "Are these words on the other screen, in this order?\n\n    {}\n\nThey are the same:",
        words.join("  ")
    ))
}

#[cfg(test)]
mod tests {
    use rqrr::PreparedImage;

    use super::*;

    #[test]
    fn a_camera_reads_what_the_picture_says() {
        let address = "https://keyarc.example/settings#link=7ZK3-Q0MH";
        let picture = picture(address).expect("it is short");
        let width = picture[0].chars().count();
        assert!(picture.iter().all(|line| line.chars().count() == width));
        let modules: Vec<Vec<char>> = picture.iter().map(|line| line.chars().collect()).collect();
        let is_dark = |x: usize, y: usize| {
            let above = y.is_multiple_of(2);
            match modules[y / 2][x] {
                '█' => true,
                '▀' => above,
                '▄' => !above,
                _ => false,
            }
        };
        const SIDE: usize = 4;
        let mut image = PreparedImage::prepare_from_greyscale(
            width * SIDE,
            picture.len() * 2 * SIDE,
            |x, y| if is_dark(x / SIDE, y / SIDE) { 0 } else { 255 },
        );
        let grids = image.detect_grids();
        let (_, said) = grids[0].decode().expect("it can be read");
        assert_eq!(said, address);
        assert!(super::picture(&"x".repeat(5_000)).is_none());
    }
}
