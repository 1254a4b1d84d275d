//! Transports that write down what a real server says, and say it again, spoilt in one place.

use std::{
    cell::{Cell, RefCell},
    collections::HashSet,
    rc::Rc,
    sync::Arc,
};

use keyarc_client::{
    HttpRequest, HttpResponse, Method, NativeTransport, Transport, TransportError,
};
use keyarc_testkit::mutate::{Answer, Dice, Kind, Mutated, Site, mutate, sites};

/// One request and its answer.
#[derive(Debug, Clone)]
pub struct Exchange {
    pub path: String,
    /// All that the client sent.
    pub sent: Vec<u8>,
    pub answer: Answer,
}

impl Exchange {
    pub fn endpoint(&self) -> &str {
        endpoint(&self.path)
    }
}

/// A path without its query; of one below a vault the last word, `items`, and of an attachment or a
/// machine token what is done with it.
pub fn endpoint(path: &str) -> &str {
    if path.contains("/attachments/") {
        return match path.ends_with("/discard") {
            true => "attachments/discard",
            false => "attachments/chunks",
        };
    }
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    if path.starts_with("/api/machine/tokens/") {
        let below = [
            "machine/changes",
            "machine/items",
            "machine/revoke",
            "machine/uses",
        ];
        let is_this = |name: &&&str| path.ends_with(&name["machine".len()..]);
        return below.iter().find(is_this).map_or(path, |name| name);
    }
    match path.strip_prefix("/api/vaults/") {
        Some(rest) => rest.split_once('/').map_or(rest, |(_, last)| last),
        None => path,
    }
}

/// What a server does to each answer of a recording, for journeys that begin with a lie.
pub type Lie = fn(&str, &mut Answer);

/// Talks to a real server and writes everything down.
#[derive(Clone)]
pub struct Recorder {
    inner: NativeTransport,
    lie: Option<Lie>,
    pub exchanges: Rc<RefCell<Vec<Exchange>>>,
}

impl Recorder {
    pub fn new(origin: &str, lie: Option<Lie>) -> Self {
        Self {
            inner: NativeTransport::new(origin).expect("loopback"),
            lie,
            exchanges: Rc::default(),
        }
    }
}

impl Transport for Recorder {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let (path, sent) = (request.path.clone(), bytes_of(&request));
        let got = self.inner.send(request).await?;
        let mut answer = Answer {
            status: got.status,
            content_type: got.content_type,
            body: got.body,
        };
        if let Some(lie) = self.lie {
            lie(&path, &mut answer);
        }
        let exchange = Exchange {
            path,
            sent,
            answer: answer.clone(),
        };
        self.exchanges.borrow_mut().push(exchange);
        Ok(response(answer))
    }
}

fn bytes_of(request: &HttpRequest) -> Vec<u8> {
    let method: &[u8] = match request.method {
        Method::Get => b"GET ",
        Method::Post => b"POST ",
        Method::Put => b"PUT ",
    };
    let token = request.bearer.as_ref().map_or("", |token| token.as_str());
    let body = request.body.as_deref().unwrap_or_default();
    [
        method,
        request.path.as_bytes(),
        b" ",
        token.as_bytes(),
        b" ",
        body,
    ]
    .concat()
}

fn response(answer: Answer) -> HttpResponse {
    HttpResponse {
        status: answer.status,
        content_type: HttpResponse::media_type(&answer.content_type),
        retry_after: None,
        body: answer.body,
    }
}

/// What a real server said during one journey, and where it can be spoilt.
pub struct Recording {
    /// How many answers were recorded before, in other journeys.
    pub before: usize,
    pub exchanges: Vec<Exchange>,
    pub sites: Vec<Vec<Site>>,
    /// What the client sent.
    sent: HashSet<Vec<u8>>,
}

impl Recording {
    pub fn new(before: usize, exchanges: Vec<Exchange>) -> Self {
        Self {
            before,
            sites: exchanges.iter().map(|one| sites(&one.answer)).collect(),
            sent: exchanges.iter().map(|one| one.sent.clone()).collect(),
            exchanges,
        }
    }
}

/// One place, and what is done to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spoil {
    pub exchange: usize,
    pub site: usize,
    pub kind: Kind,
    /// From then on at every answer of the same endpoint.
    pub always: bool,
    pub dice: u64,
}

/// The server of one run: says what was recorded, but for one place.
#[derive(Clone)]
pub struct Replay {
    recording: Arc<Recording>,
    /// Every recorded answer, of all journeys, by endpoint.
    earlier: Arc<Vec<Exchange>>,
    spoil: Option<Spoil>,
    next: Rc<Cell<usize>>,
    begun: Rc<Cell<bool>>,
    count: Rc<Cell<usize>>,
    /// What the client sent that it did not send to an honest server.
    pub strange: Rc<RefCell<Vec<Vec<u8>>>>,
}

/// More than any journey asks, with every retry that it makes.
const MOST_REQUESTS: usize = 400;

impl Replay {
    pub fn new(
        recording: &Arc<Recording>,
        earlier: &Arc<Vec<Exchange>>,
        spoil: Option<Spoil>,
    ) -> Self {
        Self {
            recording: Arc::clone(recording),
            earlier: Arc::clone(earlier),
            spoil,
            next: Rc::default(),
            begun: Rc::default(),
            count: Rc::default(),
            strange: Rc::default(),
        }
    }

    /// Whether everything that was recorded was said.
    pub fn is_over(&self) -> bool {
        self.next.get() == self.recording.exchanges.len()
    }

    /// The recorded answer to a request: the next one, or one of the same endpoint once the
    /// client does something else than it did.
    fn find(&self, path: &str) -> Option<usize> {
        let all = &self.recording.exchanges;
        let next = self.next.get();
        let after = || next..all.len();
        let found = after()
            .find(|at| all[*at].path == path)
            .or_else(|| after().find(|at| all[*at].endpoint() == endpoint(path)));
        if let Some(at) = found {
            self.next.set(at + 1);
            return found;
        }
        (0..next)
            .rev()
            .find(|at| all[*at].endpoint() == endpoint(path))
    }

    fn spoilt(&self, at: usize) -> Option<Mutated> {
        let spoil = self.spoil?;
        let exchange = &self.recording.exchanges[at];
        let hit = at == spoil.exchange && !self.begun.get();
        let again = spoil.always
            && self.begun.get()
            && exchange.endpoint() == self.recording.exchanges[spoil.exchange].endpoint();
        if !hit && !again {
            return None;
        }
        self.begun.set(true);
        let wanted = &self.recording.sites[spoil.exchange][spoil.site];
        let site = match at == spoil.exchange {
            true => wanted,
            false => self.recording.sites[at]
                .iter()
                .find(|site| site.name == wanted.name)?,
        };
        spoilt(
            exchange,
            site,
            spoil,
            &self.earlier[..self.recording.before + at],
        )
    }
}

/// What becomes of a recorded answer; `None` when this kind does nothing to that place.
pub fn spoilt(
    exchange: &Exchange,
    site: &Site,
    spoil: Spoil,
    earlier: &[Exchange],
) -> Option<Mutated> {
    let same: Vec<&Answer> = earlier
        .iter()
        .filter(|one| one.endpoint() == exchange.endpoint() && one.answer != exchange.answer)
        .map(|one| &one.answer)
        .collect();
    let mut dice = Dice::new(spoil.dice);
    mutate(&exchange.answer, site, spoil.kind, &same, &mut dice)
}

impl Transport for Replay {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        self.count.set(self.count.get() + 1);
        assert!(
            self.count.get() < MOST_REQUESTS,
            "the client asks without end"
        );
        let sent = bytes_of(&request);
        if !self.recording.sent.contains(&sent) {
            self.strange.borrow_mut().push(sent);
        }
        let Some(at) = self.find(&request.path) else {
            return Ok(response(Answer::refusal(401, "unauthenticated")));
        };
        let answer = match self.spoilt(at) {
            None => self.recording.exchanges[at].answer.clone(),
            Some(Mutated::Answer(answer)) => answer,
            Some(Mutated::Lost) => return Err(TransportError::NoAnswer),
        };
        if answer.body.len() > request.max_response {
            return Err(TransportError::TooLarge);
        }
        Ok(response(answer))
    }
}
