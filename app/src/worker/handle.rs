use leptos::prelude::{expect_context, provide_context};

use super::{Command, Event, Failure, Reply};

/// The vault worker, as the page sees it. There is one for the page.
#[derive(Debug, Clone, Copy)]
pub struct Worker(());

/// Makes the worker known to the components below.
pub fn provide_worker() -> Worker {
    let worker = Worker(());
    provide_context(worker);
    worker
}

/// The worker of this page.
pub fn use_worker() -> Worker {
    expect_context::<Worker>()
}

#[cfg(target_arch = "wasm32")]
impl Worker {
    /// Starts the worker, so that the first command need not wait for it. Does nothing when it
    /// runs already; a failure is reported to the first command.
    pub fn start(self) {
        super::link::start();
    }

    /// Sends a command and waits for its answer. Starts the worker when none runs; a new worker
    /// is locked.
    ///
    /// When the worker is ended meanwhile the answer is [`Failure::Locked`]; when it dies,
    /// [`Failure::Browser`].
    pub async fn call(self, command: Command) -> Result<Reply, Failure> {
        super::link::call(command).await
    }

    /// Answers all calls [`Failure::Locked`], now and later, but for [`Command::KeepDraft`], and lets
    /// the worker go on with what it was asked for. It says nothing any more.
    pub fn close(self) {
        super::link::close();
    }

    /// Ends when no change (see [`Command::is_change`]) waits for its answer any more.
    pub async fn settled(self) {
        super::link::settled().await;
    }

    /// Whether a form was saved since [`Self::close`].
    pub fn has_saved(self) -> bool {
        super::link::has_saved()
    }

    /// Calls back on each event until the owner in whose scope this is called is disposed of.
    pub fn on_event(self, listener: impl Fn(&Event) + 'static) {
        let id = super::link::listen(std::rc::Rc::new(listener));
        leptos::prelude::on_cleanup(move || super::link::forget_listener(id));
    }

    /// Calls back when the worker dies by itself, until the owner in whose scope this is called
    /// is disposed of. The vault is locked then.
    pub fn on_death(self, listener: impl Fn() + 'static) {
        let id = super::link::listen_for_death(std::rc::Rc::new(listener));
        leptos::prelude::on_cleanup(move || super::link::forget_listener(id));
    }

    /// Ends the worker at once, and with it every key and plaintext it held. Waiting calls get
    /// [`Failure::Locked`].
    pub fn terminate(self) {
        super::link::terminate();
    }

    /// Ends the worker and starts a new, locked one.
    pub fn restart(self) {
        self.terminate();
        self.start();
    }
}

/// There is no worker on the server: what follows lets the same components compile there.
#[cfg(not(target_arch = "wasm32"))]
impl Worker {
    /// Does nothing on the server.
    pub fn start(self) {}

    /// There is no vault on the server: always [`Failure::Locked`].
    pub async fn call(self, _command: Command) -> Result<Reply, Failure> {
        Err(Failure::Locked)
    }

    /// Does nothing on the server.
    pub fn close(self) {}

    /// Nothing changes on the server.
    #[expect(clippy::unused_async, reason = "as where there is a worker")]
    pub async fn settled(self) {}

    /// Nothing is saved on the server.
    pub fn has_saved(self) -> bool {
        false
    }

    /// Does nothing on the server.
    pub fn on_event(self, _listener: impl Fn(&Event) + 'static) {}

    /// Does nothing on the server.
    pub fn on_death(self, _listener: impl Fn() + 'static) {}

    /// Does nothing on the server.
    pub fn terminate(self) {}

    /// Does nothing on the server.
    pub fn restart(self) {}
}
