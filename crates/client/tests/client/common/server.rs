mod attachments;
mod lies;
mod links;
mod machine;
mod passkeys;
mod recovery;
mod reminders;
mod vault;

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    rc::Rc,
};

use keyarc_auth::{Change, LoginPurpose, LoginStatement};
use keyarc_client::{HttpRequest, HttpResponse, Transport, TransportError};
use keyarc_signature::{UserBundle, VerifyingKey};
use keyarc_wire::*;
use serde::Serialize;

/// What goes wrong with one request that changes items or the password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It never arrives.
    RequestLost,
    /// It is carried out, and the answer is lost.
    AnswerLost,
    /// A proxy says that nobody is at home.
    BadGateway,
    /// The server refuses with this code.
    Refuse(ErrorCode),
    /// It is carried out, and the server then fails.
    FailAfter,
    /// It is carried out, and the answer is nonsense.
    Garbage,
    /// It is carried out, and comes once more, to whose answer the client listens.
    Twice,
    /// It is not carried out, and the server says that it was.
    Lie,
}

#[derive(Clone)]
struct Stored {
    version: u64,
    revision: u64,
    live: Option<(u64, Sealed, Sealed)>,
}

/// All that a server stores of an account's vault.
#[derive(Clone, Default)]
pub struct Snapshot {
    items: BTreeMap<ItemId, Stored>,
    manifests: Vec<Bytes>,
}

struct Account {
    response: AccountResponse,
    auth: [u8; 32],
    items: BTreeMap<ItemId, Stored>,
    /// What was replaced, by item and version.
    versions: BTreeMap<(ItemId, u64), vault::Replaced>,
    manifests: Vec<Bytes>,
    pins: BTreeMap<[u8; 16], Sealed>,
    /// The one code that is good.
    second_factor: Option<String>,
    recovery: Option<NewRecoveryKey>,
    staged: (Option<[u8; 16]>, BTreeMap<ItemId, StagedItem>),
    attachments: BTreeMap<AttachmentId, attachments::StoredAttachment>,
    /// The keys of those that open the vault.
    passkeys: BTreeMap<Vec<u8>, [u8; 32]>,
}

type Twist = Box<dyn Fn(&str, &mut serde_json::Value)>;
type TwistBytes = Box<dyn Fn(Vec<u8>) -> Vec<u8>>;

/// As much of a server as a client can see.
#[derive(Default)]
pub struct Server {
    accounts: HashMap<Handle, Account>,
    nonces: HashSet<[u8; 32]>,
    next_nonce: u8,
    /// Met by requests that change items or the password, in turn.
    pub faults: VecDeque<Fault>,
    /// The server is away altogether.
    pub down: bool,
    /// It goes away once it was asked for this path.
    pub down_after: Option<&'static str>,
    /// Nobody is logged in any more.
    pub sessions_ended: bool,
    /// And neither is anybody once it was asked for this path.
    pub sessions_end_after: Option<&'static str>,
    log_ins_refused: Option<ErrorCode>,
    /// The log-in that lacks its second factor.
    awaits_code: Option<(Handle, [u8; 32])>,
    /// The next handles are taken.
    pub handles_taken: u32,
    /// Changes an answer's JSON before it is sent; gets its path.
    pub twist: Option<Twist>,
    /// Changes a sync's bytes before they are sent.
    pub twist_changes: Option<TwistBytes>,
    /// Shows the newest manifest alone, whatever it is asked for.
    pub hides_history: bool,
    /// The one link between devices, while there is one.
    link: Option<links::StoredLink>,
    /// Every request, by path.
    pub seen: Vec<String>,
    /// What time it is there.
    pub clock_ms: u64,
    /// Most bytes that attachments take.
    pub room: Option<u64>,
    /// How many versions of an item it sends at a time.
    pub page: usize,
    /// Of the one account.
    pub reminding: reminders::StoredReminders,
    /// Of the one account, too.
    pub machine: machine::StoredTokens,
}

/// A line to the server, with its own cookie.
#[derive(Clone)]
pub struct Line {
    server: Rc<RefCell<Server>>,
    cookie: Cell<Option<Handle>>,
}

impl Line {
    pub fn to(server: &Rc<RefCell<Server>>) -> Self {
        Self {
            server: Rc::clone(server),
            cookie: Cell::new(None),
        }
    }
}

impl Transport for Line {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        // So that requests of several sessions interleave as on a network.
        tokio::task::yield_now().await;
        let answer = self.server.borrow_mut().serve(&request, &self.cookie);
        tokio::task::yield_now().await;
        answer
    }
}

type Answer = Result<HttpResponse, TransportError>;

impl Server {
    /// How many writes were carried out, over all accounts.
    pub fn revision(&self) -> u64 {
        self.accounts
            .values()
            .map(|account| account.response.vaults[0].revision)
            .sum()
    }

    /// The version of the one account's keyset.
    pub fn keyset_version(&self) -> u32 {
        self.accounts
            .values()
            .map(|account| account.response.keyset.version)
            .sum()
    }

    /// How many items there are, over all accounts.
    pub fn items(&self) -> usize {
        self.accounts
            .values()
            .map(|account| account.items.len())
            .sum()
    }

    fn serve(&mut self, request: &HttpRequest, cookie: &Cell<Option<Handle>>) -> Answer {
        let answer = self.answer(request, cookie);
        let is_asked = |path: &mut &'static str| *path == request.path;
        self.down |= self.down_after.take_if(is_asked).is_some();
        self.sessions_ended |= self.sessions_end_after.take_if(is_asked).is_some();
        answer
    }

    /// Every account asks for this code from now on.
    pub fn require_code(&mut self, code: &str) {
        for account in self.accounts.values_mut() {
            account.second_factor = Some(code.to_owned());
        }
    }

    /// Every log-in is refused with this code, and nothing else is said.
    pub fn refuse_log_ins(&mut self, code: ErrorCode) {
        self.log_ins_refused = Some(code);
    }

    /// Too much time passes before the code is sent.
    pub fn let_log_in_expire(&mut self) {
        self.awaits_code = None;
    }

    fn answer(&mut self, request: &HttpRequest, cookie: &Cell<Option<Handle>>) -> Answer {
        self.seen.push(request.path.clone());
        if self.down {
            return Err(TransportError::NoAnswer);
        }
        let body = request.body.as_deref().unwrap_or_default();
        let path = request.path.as_str();
        match path {
            paths::CHALLENGE => self.challenge(),
            paths::SIGN_UP => self.sign_up(&read(body), cookie),
            paths::LOGIN => self.log_in(&read(body), cookie),
            paths::LOGIN_SECOND_FACTOR => self.second_factor(&read(body), cookie),
            paths::RECOVER => self.recover(&read(body)),
            paths::RECOVER_FINISH => {
                self.with_fault(|server| server.finish_recovery(&read(body), cookie))
            }
            paths::MACHINE_OPEN | paths::MACHINE_DETAILS => self.by_token(path, &read(body)),
            paths::LINK_OPEN => self.open_link(&read(body)),
            paths::LINK_NEW => self.step_of_new(&read(body)),
            paths::LOGIN_PASSKEY_FACTOR => self.passkey_factor(&read(body), cookie),
            paths::LOGIN_PASSKEY => self.log_in_by_passkey(&read(body), cookie),
            _ => {
                let Some(handle) = cookie.get().filter(|_| !self.sessions_ended) else {
                    return refuse(401, ErrorCode::Unauthenticated);
                };
                if path == paths::PASSWORD {
                    return self.with_fault(|server| server.change_password(handle, &read(body)));
                }
                if let Some(answer) = self.recovery_or_rekey(path, handle, body) {
                    return answer;
                }
                if let Some(answer) = self.reminders(path, body) {
                    return answer;
                }
                if let Some(answer) = self.machine(request) {
                    return answer;
                }
                if path == paths::LINK_JOIN {
                    return self.join_link(&read(body));
                }
                if path == paths::LINK_KNOWN {
                    return self.step_of_known(&read(body));
                }
                if path == paths::PASSKEYS_BEGIN {
                    return self.begin_passkey(handle, &read(body));
                }
                if path == paths::PASSKEYS_ADD {
                    return self.add_passkey(handle, &read(body));
                }
                if path == paths::ACCOUNT {
                    return self.json(path, &self.accounts[&handle].response);
                }
                if path.contains("/attachments") {
                    return self.with_fault(|server| server.attachment(handle, request));
                }
                if path.ends_with("/items") {
                    return self.with_fault(|server| server.carry_out(handle, &read(body)));
                }
                if path.ends_with("/versions") {
                    return self.item_versions(handle, &read(body));
                }
                if path.ends_with("/moment") {
                    return self.moment(handle, &read(body));
                }
                if path.ends_with("/versions/of-items") {
                    return self.histories(handle, &read(body));
                }
                if path.ends_with("/versions/details") {
                    return self.version_details(handle, &read(body));
                }
                if path.ends_with("/details") {
                    return self.details(handle, &read(body));
                }
                match path.split_once("/changes?since=") {
                    Some((_, query)) => {
                        let (since, from) = match query.split_once("&manifests_from=") {
                            Some((since, from)) => (since, from.parse().ok()),
                            None => (query, None),
                        };
                        self.changes(handle, since.parse().expect("a number"), from)
                    }
                    None if path == paths::PINS => {
                        let request: KeepPinsRequest = read(body);
                        let account = self.accounts.get_mut(&handle).expect("logged in");
                        account.pins.insert(request.device.0, request.pins);
                        account.response.pins = account.pins.values().cloned().collect();
                        Ok(respond(204, "", Vec::new()))
                    }
                    None if path == paths::LOGOUT || path == paths::NOTICES_DISMISS => {
                        Ok(respond(204, "", Vec::new()))
                    }
                    None => refuse(404, ErrorCode::NotFound),
                }
            }
        }
    }

    fn challenge(&mut self) -> Answer {
        self.next_nonce += 1;
        let nonce = [self.next_nonce; 32];
        self.nonces.insert(nonce);
        self.json(
            paths::CHALLENGE,
            &ChallengeResponse {
                nonce: Fixed(nonce),
                expires_at_ms: self.clock_ms + 60_000,
            },
        )
    }

    fn proven(
        &mut self,
        purpose: LoginPurpose,
        handle: Handle,
        proof: &LoginProof,
        key: &[u8; 32],
    ) -> bool {
        let statement = LoginStatement {
            purpose,
            origin: super::ORIGIN,
            handle: handle.0,
            server_nonce: proof.server_nonce.0,
            client_nonce: proof.client_nonce.0,
            time_ms: proof.time_ms,
        };
        let key = VerifyingKey::from_bytes(key).expect("a key");
        self.nonces.remove(&proof.server_nonce.0)
            && proof.origin == super::ORIGIN
            && statement.verify(&key, &proof.signature.0).is_ok()
    }

    fn sign_up(&mut self, request: &SignUpRequest, cookie: &Cell<Option<Handle>>) -> Answer {
        if self.handles_taken > 0 {
            self.handles_taken -= 1;
            return refuse(409, ErrorCode::HandleTaken);
        }
        let auth = request.auth_public_key.0;
        if !self.proven(LoginPurpose::SignUp, request.handle, &request.proof, &auth) {
            return refuse(401, ErrorCode::LoginRefused);
        }
        let bundle = UserBundle::decode(&request.bundle.0).expect("a bundle");
        let response = AccountResponse {
            id: AccountId(bundle.user_id()),
            email: request.email.clone(),
            bundle: request.bundle.clone(),
            keyset: request.keyset.clone(),
            vaults: vec![VaultInfo {
                id: request.vault.id,
                key_epoch: 1,
                wrapped_key: request.vault.wrapped_key.clone(),
                revision: 0,
            }],
            session_id: SessionId([0; 16]),
            created_at_ms: 0,
            notices: Vec::new(),
            pins: Vec::new(),
            rotations: Bytes::default(),
            recovery: request
                .recovery
                .as_ref()
                .map(|key| recovery::info(1, Some(key))),
            rekey_begun_at_ms: None,
            passkeys: Vec::new(),
            reminders: false,
            machine_tokens: false,
            machine_writes: false,
        };
        let account = Account {
            response: response.clone(),
            auth,
            items: BTreeMap::new(),
            versions: BTreeMap::new(),
            manifests: vec![request.vault.manifest.clone()],
            pins: BTreeMap::new(),
            second_factor: None,
            recovery: request.recovery.clone(),
            staged: (None, BTreeMap::new()),
            attachments: BTreeMap::new(),
            passkeys: BTreeMap::new(),
        };
        self.accounts.insert(request.handle, account);
        cookie.set(Some(request.handle));
        self.json(
            paths::SIGN_UP,
            &LoginResponse {
                account: response,
                session_token: None,
            },
        )
    }

    fn log_in(&mut self, request: &LoginRequest, cookie: &Cell<Option<Handle>>) -> Answer {
        let Some(auth) = self
            .accounts
            .get(&request.handle)
            .map(|account| account.auth)
        else {
            return refuse(401, ErrorCode::LoginRefused);
        };
        if !self.proven(LoginPurpose::Login, request.handle, &request.proof, &auth) {
            return refuse(401, ErrorCode::LoginRefused);
        }
        if let Some(code) = self.log_ins_refused {
            return refuse(401, code);
        }
        if self.accounts[&request.handle].second_factor.is_some() {
            let token = [self.next_nonce; 32];
            self.awaits_code = Some((request.handle, token));
            let mut error = ApiError::new(ErrorCode::SecondFactorRequired, "More.", "Send it.");
            error.second_factor = Some(SecondFactorChallenge {
                token: Fixed(token),
                expires_at_ms: 1,
                factors: vec![SecondFactorKind::Passkey, SecondFactorKind::Totp],
                passkeys: vec![Bytes(vec![5; 16])],
            });
            return Ok(problem(401, &error));
        }
        self.logged_in(paths::LOGIN, request.handle, cookie)
    }

    fn second_factor(
        &mut self,
        request: &SecondFactorRequest,
        cookie: &Cell<Option<Handle>>,
    ) -> Answer {
        let handle = request.log_in.handle;
        if self.awaits_code != Some((handle, request.token.0)) {
            return refuse(401, ErrorCode::LoginRefused);
        }
        let account = self.accounts.get_mut(&handle).expect("it logged in");
        if account.second_factor.as_deref() != Some(&request.code) {
            return refuse(403, ErrorCode::SecondFactorRefused);
        }
        self.logged_in(paths::LOGIN_SECOND_FACTOR, handle, cookie)
    }

    fn logged_in(&self, path: &str, handle: Handle, cookie: &Cell<Option<Handle>>) -> Answer {
        cookie.set(Some(handle));
        let account = self.accounts[&handle].response.clone();
        self.json(
            path,
            &LoginResponse {
                account,
                session_token: None,
            },
        )
    }

    fn with_fault(&mut self, carry_out: impl Fn(&mut Self) -> Answer) -> Answer {
        let fault = self.faults.pop_front();
        match fault {
            Some(Fault::RequestLost) => return Err(TransportError::NoAnswer),
            Some(Fault::BadGateway) => return Ok(respond(502, "text/html", b"away".to_vec())),
            Some(Fault::Refuse(code)) => return refuse(500, code),
            Some(Fault::Lie) => return Ok(respond(204, "", Vec::new())),
            _ => {}
        }
        let answer = carry_out(self);
        match fault {
            Some(Fault::Twice) => carry_out(self),
            Some(Fault::AnswerLost) => Err(TransportError::NoAnswer),
            Some(Fault::FailAfter) => refuse(500, ErrorCode::Internal),
            Some(Fault::Garbage) => Ok(respond(200, "application/json", b"{]".to_vec())),
            _ => answer,
        }
    }

    fn change_password(&mut self, handle: Handle, request: &ChangePasswordRequest) -> Answer {
        let change = Change::Password(recovery::keys(&request.keyset, &request.auth_public_key));
        if !self.changing(handle, request.handle, change, &request.proof) {
            return refuse(401, ErrorCode::LoginRefused);
        }
        let account = &self.accounts[&handle];
        if request.keyset.version != account.response.keyset.version + 1 {
            return refuse(409, ErrorCode::Conflict);
        }
        self.nonces.remove(&request.proof.server_nonce.0);
        let account = self.accounts.get_mut(&handle).expect("logged in");
        account.response.keyset = request.keyset.clone();
        account.auth = request.auth_public_key.0;
        Ok(respond(204, "", Vec::new()))
    }

    fn json(&self, path: &str, body: &impl Serialize) -> Answer {
        let mut value = serde_json::to_value(body).expect("JSON");
        if let Some(twist) = &self.twist {
            twist(path, &mut value);
        }
        Ok(respond(
            200,
            "application/json",
            value.to_string().into_bytes(),
        ))
    }
}

fn read<T: serde::de::DeserializeOwned>(body: &[u8]) -> T {
    serde_json::from_slice(body).expect("a well-formed request")
}

fn refuse(status: u16, code: ErrorCode) -> Answer {
    Ok(problem(
        status,
        &ApiError::new(code, "No.", "Do something else."),
    ))
}

fn problem(status: u16, error: &ApiError) -> HttpResponse {
    respond(
        status,
        "application/problem+json",
        serde_json::to_vec(error).expect("JSON"),
    )
}

fn respond(status: u16, content_type: &str, body: Vec<u8>) -> HttpResponse {
    HttpResponse {
        status,
        content_type: content_type.into(),
        retry_after: None,
        body,
    }
}
