//! The connection to the one worker of the page. It lives in thread-local storage because the
//! worker belongs to the page and not to any component: a route change must not end it.

use std::{cell::RefCell, collections::HashMap, rc::Rc, time::Duration};

use futures::channel::oneshot;
use js_sys::{Array, Function, Object, Reflect, Uint8Array};
use leptos::prelude::set_timeout;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::MessageEvent;

use super::{Command, Event, Failure, Message, Reply, Request, read_message, write_message};

/// The Trusted Types policy that the page's content security policy allows.
const POLICY: &str = "keyarc-worker";
/// The page compiled the module already, so that a worker which takes longer has failed.
const START_WITHIN: Duration = Duration::from_secs(20);

type Answer = Result<Reply, Failure>;
type OnMessage = Closure<dyn FnMut(MessageEvent)>;
type OnError = Closure<dyn FnMut(JsValue)>;

#[derive(Default)]
struct Link {
    /// The path of the worker's script. The server writes it; it starts the same WebAssembly.
    path: String,
    /// `TrustedScriptURL`, or a string where the browser has no Trusted Types. Kept, because a
    /// policy can be made only once.
    script: Option<JsValue>,
    running: Option<Running>,
    /// Counts workers, so that a late message of an ended one is not taken for the next one's.
    generation: u32,
    /// Callbacks of ended workers. Dropped later: one of them may be running just now.
    retired: Vec<(OnMessage, OnError)>,
    calls: HashMap<u32, Call>,
    /// Who waits until all changes are answered.
    settling: Vec<oneshot::Sender<()>>,
    /// A form was saved since the worker began to close.
    has_saved: bool,
    listeners: Vec<(u32, Listener)>,
    next_id: u32,
}

struct Running {
    worker: web_sys::Worker,
    callbacks: (OnMessage, OnError),
    ready: bool,
    /// What was begun may finish, and nobody hears of it.
    closing: bool,
    /// Requests made before the worker was ready. Its script hears only one message by then.
    waiting: Vec<(Uint8Array, Array)>,
}

/// A command that was not answered yet.
struct Call {
    /// `None` once the worker closes: the vault is locked to whoever asked.
    answer: Option<oneshot::Sender<Answer>>,
    /// See [`Command::is_change`].
    is_change: bool,
}

#[derive(Clone)]
enum Listener {
    Event(Rc<dyn Fn(&Event)>),
    Death(Rc<dyn Fn()>),
}

thread_local! {
    static LINK: RefCell<Link> = RefCell::default();
}

fn with<R>(change: impl FnOnce(&mut Link) -> R) -> R {
    LINK.with(|link| change(&mut link.borrow_mut()))
}

/// Says where the worker's script is. For the page's start.
pub fn set_script(path: String) {
    with(|link| link.path = path);
}

/// Starts the worker unless it runs.
pub(super) fn start() {
    if let Err(reason) = with(Link::start) {
        leptos::logging::error!("the vault worker did not start: {reason:?}");
    }
}

/// Ends the worker; waiting calls are answered [`Failure::Locked`].
pub(super) fn terminate() {
    end(&Failure::Locked);
}

/// Sends a command to the worker and waits for its answer.
pub(super) async fn call(command: Command) -> Answer {
    let answer = with(|link| link.send(command))?;
    // The sender is dropped only together with the worker.
    answer.await.unwrap_or(Err(Failure::Locked))
}

/// Answers all calls [`Failure::Locked`], and no more are taken; the worker goes on with what it
/// was asked for. From now on it says nothing, so that nothing of the vault comes back to a page
/// that has dropped it.
pub(super) fn close() {
    let answers: Vec<_> = with(|link| {
        link.has_saved = false;
        if let Some(running) = &mut link.running {
            running.closing = true;
        }
        let calls = link.calls.values_mut();
        calls.filter_map(|call| call.answer.take()).collect()
    });
    for answer in answers {
        let _ = answer.send(Err(Failure::Locked));
    }
}

/// Ends when no change waits for its answer any more, or the worker is gone.
pub(super) async fn settled() {
    let settled = with(|link| {
        link.is_changing().then(|| {
            let (tell, told) = oneshot::channel();
            link.settling.push(tell);
            told
        })
    });
    if let Some(settled) = settled {
        let _ = settled.await;
    }
}

/// Whether a form was saved since the worker began to close, which nobody was told.
pub(super) fn has_saved() -> bool {
    with(|link| link.has_saved)
}

/// Adds a listener for events and returns its number.
pub(super) fn listen(listener: Rc<dyn Fn(&Event)>) -> u32 {
    with(|link| link.add_listener(Listener::Event(listener)))
}

/// Adds a listener for the worker's death and returns its number.
pub(super) fn listen_for_death(listener: Rc<dyn Fn()>) -> u32 {
    with(|link| link.add_listener(Listener::Death(listener)))
}

/// Removes a listener.
pub(super) fn forget_listener(id: u32) {
    with(|link| link.listeners.retain(|(listener, _)| *listener != id));
}

impl Link {
    fn start(&mut self) -> Result<(), JsValue> {
        if self.running.is_some() {
            return Ok(());
        }
        self.retired.clear();
        self.has_saved = false;
        self.generation = self.generation.wrapping_add(1);
        let generation = self.generation;
        let worker = self.make_worker()?;
        let on_message = OnMessage::new(move |event: MessageEvent| {
            hear(generation, &event.data());
        });
        let on_error = OnError::new(move |_| die(generation));
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        worker.set_onmessageerror(Some(on_error.as_ref().unchecked_ref()));
        let words = crate::language::words().into();
        worker.post_message(&Array::of2(&wasm_bindgen::module(), &words))?;
        self.running = Some(Running {
            worker,
            callbacks: (on_message, on_error),
            ready: false,
            closing: false,
            waiting: Vec::new(),
        });
        set_timeout(
            move || {
                if with(|link| link.is_still_starting(generation)) {
                    die(generation);
                }
            },
            START_WITHIN,
        );
        Ok(())
    }

    fn make_worker(&mut self) -> Result<web_sys::Worker, JsValue> {
        let script = match &self.script {
            Some(script) => script.clone(),
            None => self.script.insert(trusted_script(&self.path)?).clone(),
        };
        let options = Object::new();
        Reflect::set(&options, &"type".into(), &"module".into())?;
        // `web_sys::Worker::new` would turn the trusted URL into a plain string.
        let constructor: Function =
            Reflect::get(&js_sys::global(), &"Worker".into())?.dyn_into()?;
        Reflect::construct(&constructor, &Array::of2(&script, &options))?.dyn_into()
    }

    fn is_closing(&self) -> bool {
        self.running.as_ref().is_some_and(|link| link.closing)
    }

    fn is_still_starting(&self, generation: u32) -> bool {
        self.generation == generation && self.running.as_ref().is_some_and(|link| !link.ready)
    }

    fn send(&mut self, command: Command) -> Result<oneshot::Receiver<Answer>, Failure> {
        self.start().map_err(|_| {
            Failure::Browser(
                t!("This browser does not run the vault: its worker did not start.").into(),
            )
        })?;
        if self.is_closing() && !matches!(command, Command::KeepDraft(_)) {
            return Err(Failure::Locked);
        }
        let id = self.fresh_id();
        let is_change = command.is_change();
        let message = write_message(&Request { id, command })
            .ok_or_else(|| Failure::Browser(t!("The vault could not be asked.").into()))?;
        let Some(running) = &mut self.running else {
            return Err(Failure::Locked);
        };
        if running.ready {
            post(&running.worker, &message).map_err(|_| Failure::Locked)?;
        } else {
            running.waiting.push(message);
        }
        let (answer, receiver) = oneshot::channel();
        let answer = Some(answer);
        self.calls.insert(id, Call { answer, is_change });
        Ok(receiver)
    }

    fn is_changing(&self) -> bool {
        self.calls.values().any(|call| call.is_change)
    }

    /// Takes an answer, and gives whom it is for.
    fn answered(&mut self, id: u32, answer: &Answer) -> Option<oneshot::Sender<Answer>> {
        let call = self.calls.remove(&id)?;
        if call.answer.is_none() && matches!(answer, Ok(Reply::Saved(_))) {
            self.has_saved = true;
        }
        if !self.is_changing() {
            // Whoever waits is told by the end of the line.
            self.settling.clear();
        }
        call.answer
    }

    fn add_listener(&mut self, listener: Listener) -> u32 {
        let id = self.fresh_id();
        self.listeners.push((id, listener));
        id
    }

    fn fresh_id(&mut self) -> u32 {
        self.next_id = self.next_id.wrapping_add(1);
        self.next_id
    }

    fn become_ready(&mut self) {
        if let Some(running) = &mut self.running {
            running.ready = true;
            for message in running.waiting.drain(..) {
                // A message that cannot be sent is answered when the worker ends.
                let _ = post(&running.worker, &message);
            }
        }
    }
}

fn post(worker: &web_sys::Worker, message: &(Uint8Array, Array)) -> Result<(), JsValue> {
    worker.post_message_with_transfer(&message.0, &message.1)
}

/// Takes a message from the worker. Listeners and callers run after the link is free again:
/// they may call it.
fn hear(generation: u32, data: &JsValue) {
    if with(|link| link.generation != generation || link.running.is_none()) {
        return;
    }
    match read_message(data) {
        Some(Message::Ready) => with(Link::become_ready),
        Some(Message::Reply(id, answer)) => {
            if let Some(sender) = with(|link| link.answered(id, &answer)) {
                // Nobody waits any more when the view that asked is gone.
                let _ = sender.send(*answer);
            }
        }
        Some(Message::Event(_)) if with(|link| link.is_closing()) => {}
        Some(Message::Event(event)) => {
            for listener in listeners() {
                if let Listener::Event(listener) = listener {
                    listener(&event);
                }
            }
        }
        Some(Message::Died) | None => die(generation),
    }
}

fn die(generation: u32) {
    if with(|link| link.generation != generation || link.running.is_none()) {
        return;
    }
    end(&Failure::Browser(
        t!("The vault stopped unexpectedly and is locked. Nothing that was saved is lost.").into(),
    ));
    for listener in listeners() {
        if let Listener::Death(listener) = listener {
            listener();
        }
    }
}

fn end(failure: &Failure) {
    let calls = with(|link| {
        if let Some(running) = link.running.take() {
            running.worker.terminate();
            running.worker.set_onmessage(None);
            running.worker.set_onerror(None);
            running.worker.set_onmessageerror(None);
            link.retired.push(running.callbacks);
        }
        link.settling.clear();
        std::mem::take(&mut link.calls)
    });
    for sender in calls.into_values().filter_map(|call| call.answer) {
        let _ = sender.send(Err(failure.clone()));
    }
}

fn listeners() -> Vec<Listener> {
    with(|link| {
        link.listeners
            .iter()
            .map(|(_, listener)| listener.clone())
            .collect()
    })
}

/// The worker's address as a `TrustedScriptURL`. The policy knows one address and gives it
/// whatever it is asked for, so that no injected markup can use it for another script.
fn trusted_script(path: &str) -> Result<JsValue, JsValue> {
    let path = JsValue::from(path);
    let types = Reflect::get(&js_sys::global(), &"trustedTypes".into())?;
    if types.is_undefined() {
        return Ok(path);
    }
    let create_policy: Function = Reflect::get(&types, &"createPolicy".into())?.dyn_into()?;
    let rules = Object::new();
    let asked = path.clone();
    let rule = Closure::once_into_js(move |_: JsValue| path);
    Reflect::set(&rules, &"createScriptURL".into(), &rule)?;
    let policy = create_policy.call2(&types, &POLICY.into(), &rules)?;
    let create: Function = Reflect::get(&policy, &"createScriptURL".into())?.dyn_into()?;
    create.call1(&policy, &asked)
}
