//! The frame that sends one request with one key.
//!
//! The page around it may reach its own server alone, and never speaks to anybody else. The frame
//! has an origin that is nobody's and a policy of its own; it is told over a port that only the
//! two have what to ask, and answers with three numbers. So whatever a provider answers, and even
//! if the frame's code were another's, it knows one key and can give back one wrong number.

use std::time::Duration;

use futures::{
    StreamExt as _,
    channel::mpsc::{UnboundedReceiver, unbounded},
    future::{Either, select},
};
use js_sys::Array;
use keyarc_vault::{CheckAnswer, CheckRequest};
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{HtmlIFrameElement, MessageChannel, MessageEvent, MessagePort};

use crate::{
    check_frame::{PATH, REACH, SCRIPT_HASH},
    state::{Session, VaultPhase, sleep},
};

/// A provider that takes longer counts as away.
const ANSWER_WITHIN_MS: u32 = 15_000;
/// The frame itself, from this server.
const FRAME_WITHIN: Duration = Duration::from_secs(10);
/// After it should have given up by itself.
const GRACE: Duration = Duration::from_secs(2);

/// The frame did not come, or is not the one that belongs to this page. Nothing was sent.
pub(super) const NO_FRAME: &str = mark!(
    "The frame that tests run in did not arrive from the server, or is of another version. Nothing was sent. Try again; if it goes on, reload the page."
);
/// The frame came and said nothing that it could have said.
const NO_ANSWER: &str = mark!(
    "The frame that the test ran in gave no answer. Whether the request was sent is not known."
);

/// Sends a request from a frame of its own, which is gone afterwards, and at once when the vault is
/// locked.
pub(super) async fn send(
    session: Session,
    request: Box<CheckRequest>,
) -> Result<CheckAnswer, &'static str> {
    let mut frame = Frame::open().map_err(|_| NO_FRAME)?;
    // First a word from the frame: a document without our script is told nothing.
    match within(session, FRAME_WITHIN, frame.heard.next()).await {
        Some([0, 0, 0]) => {}
        _ => return Err(NO_FRAME),
    }
    let told = frame.port.post_message(&errand(&request));
    drop(request);
    told.map_err(|_| NO_FRAME)?;
    let patience = Duration::from_millis(u64::from(ANSWER_WITHIN_MS)) + GRACE;
    let answer = within(session, patience, frame.heard.next()).await;
    answer.and_then(read_answer).ok_or(NO_ANSWER)
}

/// Waits for something that long, and no longer than the vault is open.
async fn within<T>(
    session: Session,
    patience: Duration,
    wanted: impl Future<Output = Option<T>>,
) -> Option<T> {
    /// How often it is looked whether the vault is still open.
    const LOOK_EVERY: Duration = Duration::from_millis(100);
    let mut wanted = Box::pin(wanted);
    for _ in 0..patience.as_millis() / LOOK_EVERY.as_millis() {
        match select(wanted.as_mut(), Box::pin(sleep(LOOK_EVERY))).await {
            Either::Left((found, _)) => return found,
            Either::Right(_) if session.phase_untracked() != VaultPhase::Unlocked => return None,
            Either::Right(_) => {}
        }
    }
    None
}

/// What the frame's script takes apart.
fn errand(request: &CheckRequest) -> JsValue {
    let headers = request
        .headers
        .iter()
        .map(|(name, value)| Array::of2(&JsValue::from_str(name), &JsValue::from_str(value)));
    let patterns = request.patterns.iter().map(|text| JsValue::from_str(text));
    [
        JsValue::from_str(&request.method),
        JsValue::from_str(&request.url),
        JsValue::from_str(&request.origin),
        headers.collect::<Array>().into(),
        patterns.collect::<Array>().into(),
        JsValue::from(ANSWER_WITHIN_MS),
    ]
    .into_iter()
    .collect::<Array>()
    .into()
}

/// Three whole numbers, or nothing.
fn read_numbers(data: &JsValue) -> Option<[u32; 3]> {
    let array = data
        .dyn_ref::<Array>()
        .filter(|array| array.length() == 3)?;
    let number = |at: u32| {
        let number = array.get(at).as_f64()?;
        let whole = number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number);
        whole.then_some(number as u32)
    };
    Some([number(0)?, number(1)?, number(2)?])
}

/// What the numbers say.
fn read_answer(numbers: [u32; 3]) -> Option<CheckAnswer> {
    match numbers {
        [1, status, found] => {
            let status = u16::try_from(status)
                .ok()
                .filter(|s| (100..=599).contains(s))?;
            // One bit for each pattern, and there are at most 16.
            (found <= 0xffff).then_some(CheckAnswer::Status { status, found })
        }
        [2, 0, 0] => Some(CheckAnswer::Redirected),
        [3, 0, 0] => Some(CheckAnswer::Blocked),
        [4, 0, 0] => Some(CheckAnswer::TimedOut),
        _ => None,
    }
}

/// A frame in the page, and the port to it. Both end with it.
struct Frame {
    element: HtmlIFrameElement,
    port: MessagePort,
    heard: UnboundedReceiver<[u32; 3]>,
    _on_load: Closure<dyn FnMut()>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
}

impl Frame {
    fn open() -> Result<Self, JsValue> {
        let element: HtmlIFrameElement = document().create_element("iframe")?.unchecked_into();
        for (name, value) in [
            ("sandbox", "allow-scripts"),
            ("referrerpolicy", "no-referrer"),
            // No cookie goes with the request for it, and it keeps nothing.
            ("credentialless", ""),
            ("title", t!("Test of a key")),
            ("tabindex", "-1"),
            ("hidden", ""),
        ] {
            element.set_attribute(name, value)?;
        }
        // Where browsers know it, the page itself says which script the frame may run, whatever
        // the server sends. Whom it asks is not said here: the browser tells the server this text.
        element.set_attribute("csp", &policy())?;
        let channel = MessageChannel::new()?;
        let (port, theirs) = (channel.port1(), channel.port2());
        let (say, heard) = unbounded();
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            // What is no answer is as good as none.
            let numbers = read_numbers(&event.data()).unwrap_or([u32::MAX; 3]);
            let _ = say.unbounded_send(numbers);
        });
        port.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        let mut theirs = Some(theirs);
        let loaded = element.clone();
        let on_load = Closure::<dyn FnMut()>::new(move || {
            // A frame that loads a second time has gone elsewhere, and gets nothing.
            if let (Some(window), Some(port)) = (loaded.content_window(), theirs.take()) {
                let ports = Array::of1(&port);
                // Its origin is nobody's, which no target can name; the port holds no secret.
                let _ = window.post_message_with_transfer(&JsValue::NULL, "*", &ports);
            }
        });
        element.set_onload(Some(on_load.as_ref().unchecked_ref()));
        let version: String = SCRIPT_HASH
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .collect();
        element.set_src(&format!("{PATH}?{version}"));
        let frame = Self {
            element,
            port,
            heard,
            _on_load: on_load,
            _on_message: on_message,
        };
        let body = document().body().ok_or(JsValue::NULL)?;
        body.append_child(&frame.element)?;
        Ok(frame)
    }
}

impl Drop for Frame {
    fn drop(&mut self) {
        self.port.set_onmessage(None);
        self.port.close();
        self.element.set_onload(None);
        self.element.remove();
    }
}

fn policy() -> String {
    format!(
        "default-src 'none'; script-src '{SCRIPT_HASH}'; connect-src {REACH}; base-uri 'none'; \
         form-action 'none'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_frame_can_say_is_an_answer() {
        assert_eq!(
            read_answer([1, 401, 2]),
            Some(CheckAnswer::Status {
                status: 401,
                found: 2
            })
        );
        assert_eq!(read_answer([2, 0, 0]), Some(CheckAnswer::Redirected));
        assert_eq!(read_answer([3, 0, 0]), Some(CheckAnswer::Blocked));
        assert_eq!(read_answer([4, 0, 0]), Some(CheckAnswer::TimedOut));
        for wrong in [
            [0, 0, 0],
            [1, 0, 0],
            [1, 99, 0],
            [1, 600, 0],
            [1, 65_736, 0],
            [1, 200, 0x1_0000],
            [2, 1, 0],
            [3, 0, 1],
            [5, 0, 0],
            [u32::MAX; 3],
        ] {
            assert_eq!(read_answer(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn what_the_page_asks_of_the_frame_names_nobody() {
        let policy = policy();
        assert!(policy.starts_with("default-src 'none'; script-src 'sha256-"));
        assert!(policy.contains("connect-src https: http://localhost:*"));
        assert!(!policy.contains("https://"));
    }
}
