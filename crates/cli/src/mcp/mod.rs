//! A server of the Model Context Protocol for coding agents, over standard input and output: they
//! see what is in the vault and what it is called, and have commands run with it, and no value of
//! it is ever told (<https://modelcontextprotocol.io/specification/2025-11-25>).

mod config;
mod rpc;
mod run;
mod tools;

use std::{
    cell::RefCell,
    collections::HashMap,
    io::{self, BufRead as _, Read as _},
    rc::Rc,
    thread,
};

use serde_json::{Value, json};
use tokio::{
    sync::{Mutex, mpsc},
    task::{AbortHandle, LocalSet, spawn_local},
};

use crate::{failure::Failure, home::Home, output};
use config::Config;
use rpc::{Message, RpcError, answered, refused};
use tools::Tools;

/// Versions of the protocol that are spoken, the newest first.
const VERSIONS: [&str; 3] = ["2025-11-25", "2025-06-18", "2024-11-05"];
/// The longest message that is read, in bytes.
const LONGEST: u64 = 1024 * 1024;
/// Messages that were read and wait to be looked at.
const WAITING: usize = 16;
/// What an agent is told of this server.
const INSTRUCTIONS: &str = "Secrets stay in the vault: no tool returns one, and a command's output is masked. Name them by reference, as in keyarc://personal/folder/item/field. A person decides which commands may run and may be asked each time; do not try a refused one again in another form.";

/// Serves until standard input ends.
pub async fn serve(home: &Home) -> Result<(), Failure> {
    let config = Config::read(home)?;
    let server = Server {
        tools: Rc::new(Tools::new(home, config)),
        client: None,
        running: Running::default(),
        one_command: Rc::default(),
    };
    LocalSet::new().run_until(server.talk(messages())).await
}

/// Lines of standard input. Reading them is a thread's work, which nobody waits for in the end.
fn messages() -> mpsc::Receiver<Vec<u8>> {
    let (to, from) = mpsc::channel(WAITING);
    thread::spawn(move || {
        let mut input = io::stdin().lock();
        loop {
            let mut line = Vec::new();
            let read = (&mut input).take(LONGEST).read_until(b'\n', &mut line);
            // A longer one has no end that could be looked for: whoever sends it is hung up on.
            let is_whole = line.ends_with(b"\n") || (line.len() as u64) < LONGEST;
            if !read.is_ok_and(|read| read > 0) || !is_whole || to.blocking_send(line).is_err() {
                return;
            }
        }
    });
    from
}

/// What has been asked for and is not answered yet.
type Running = Rc<RefCell<HashMap<String, AbortHandle>>>;

struct Server {
    tools: Rc<Tools>,
    /// What the client calls itself, once it has said so.
    client: Option<String>,
    running: Running,
    /// Commands run one after the other, so that a person is asked one thing at a time.
    one_command: Rc<Mutex<()>>,
}

impl Server {
    async fn talk(mut self, mut messages: mpsc::Receiver<Vec<u8>>) -> Result<(), Failure> {
        while let Some(line) = messages.recv().await {
            self.hear(&line)?;
        }
        // What still runs is ended: there is nobody to be told of it.
        for (_, running) in self.running.borrow_mut().drain() {
            running.abort();
        }
        Ok(())
    }

    fn hear(&mut self, line: &[u8]) -> Result<(), Failure> {
        let message = match Message::read(line) {
            Ok(Some(message)) => message,
            Ok(None) => return Ok(()),
            Err((id, error)) => return say(&refused(&id, &error)),
        };
        let Some(id) = message.id else {
            if message.method == "notifications/cancelled" {
                self.cancel(&message.params["requestId"]);
            }
            return Ok(());
        };
        let outcome = match message.method.as_str() {
            "initialize" => Ok(self.begin(&message.params)),
            "ping" => Ok(json!({})),
            _ if self.client.is_none() => Err(RpcError::request("say initialize first")),
            "tools/list" => Ok(json!({ "tools": tools::list() })),
            "tools/call" => {
                self.call(id, message.params);
                return Ok(());
            }
            _ => Err(RpcError::method(&message.method)),
        };
        say(&match outcome {
            Ok(result) => answered(&id, result),
            Err(error) => refused(&id, &error),
        })
    }

    fn begin(&mut self, params: &Value) -> Value {
        let wanted = params["protocolVersion"].as_str().unwrap_or_default();
        let known = VERSIONS.iter().find(|known| **known == wanted);
        let name = params["clientInfo"]["name"].as_str().unwrap_or_default();
        self.client = Some(name.chars().take(60).collect());
        json!({
            "protocolVersion": known.unwrap_or(&VERSIONS[0]),
            "capabilities": { "tools": {} },
            "serverInfo": { "name": "keyarc", "version": env!("CARGO_PKG_VERSION") },
            "instructions": INSTRUCTIONS,
        })
    }

    fn call(&self, id: Value, params: Value) {
        let tools = Rc::clone(&self.tools);
        let running = Rc::clone(&self.running);
        let client = self.client.clone().unwrap_or_default();
        let one_command = Rc::clone(&self.one_command);
        let key = id.to_string();
        let own = key.clone();
        let task = spawn_local(async move {
            let answer = match tools.call(&params, &client, &one_command).await {
                Ok(result) => answered(&id, result),
                Err(error) => refused(&id, &error),
            };
            running.borrow_mut().remove(&own);
            // Where nobody reads any more nobody asks any more either.
            let _ = say(&answer);
        });
        self.running.borrow_mut().insert(key, task.abort_handle());
    }

    /// Ends what was asked for; it is not answered.
    fn cancel(&self, id: &Value) {
        if let Some(task) = self.running.borrow_mut().remove(&id.to_string()) {
            task.abort();
        }
    }
}

fn say(answer: &Value) -> Result<(), Failure> {
    output::secret(format!("{answer}\n").as_bytes())
}
