//! Machine tokens, as a server keeps them.

use std::collections::{BTreeMap, HashSet};

use keyarc_auth::MachineStatement;
use keyarc_client::HttpRequest;
use keyarc_signature::{VaultManifest, VerifyingKey};
use keyarc_wire::*;

use super::{Answer, Server, problem, read, refuse, respond};

/// The tokens of the one account, and what was asked with them.
#[derive(Default)]
pub struct StoredTokens {
    tokens: BTreeMap<MachineTokenId, StoredToken>,
    nonces: HashSet<[u8; 32]>,
    /// Details come along with a copy of so many items at most.
    pub details_for: Option<usize>,
    /// A copy as it once was, shown in the place of what it is.
    pub shown: Option<(MachineTokenId, StoredCopy)>,
    /// What every request of a token is refused with.
    pub refuses: Option<ApiError>,
    /// What was handed in and waits.
    pub waiting: Vec<WaitingChange>,
    /// What is taken or discarded is shown all the same.
    pub keeps_waiting: bool,
    /// So many changes come in one answer.
    pub waiting_page: Option<usize>,
}

struct StoredToken {
    info: MachineTokenInfo,
    auth: [u8; 32],
    grant: Sealed,
    copy: StoredCopy,
}

/// Version, revision, and both parts of an item; of a tombstone none.
type StoredItem = (u64, u64, Option<(Sealed, Sealed)>);

/// What a copy holds.
#[derive(Clone, Default)]
pub struct StoredCopy {
    items: BTreeMap<ItemId, StoredItem>,
    manifests: Vec<Bytes>,
}

impl StoredCopy {
    fn carry_out(&mut self, request: &WriteItemsRequest) -> Result<u64, ErrorCode> {
        let version = |item: &ItemId| self.items.get(item).map_or(0, |(version, ..)| *version);
        let writes = request.writes.iter();
        let expected = writes
            .map(|write| (write.item_id, write.base_version))
            .chain(
                request
                    .purges
                    .iter()
                    .map(|one| (one.item_id, one.base_version)),
            );
        for (item, base) in expected {
            if version(&item) != base {
                return Err(ErrorCode::Conflict);
            }
        }
        let next = VaultManifest::decode(&request.manifest.0).expect("a manifest");
        let head = self.manifests.last().expect("version 0 at least");
        if !next.follows(&VaultManifest::decode(&head.0).expect("a manifest")) {
            return Err(ErrorCode::ManifestStale);
        }
        let revision = self.manifests.len() as u64;
        self.manifests.push(request.manifest.clone());
        for write in &request.writes {
            let details = write.details.clone().expect("both parts");
            assert!(write.attachments.is_empty());
            let live = Some((write.overview.clone(), details));
            self.items
                .insert(write.item_id, (write.base_version + 1, revision, live));
        }
        for purge in &request.purges {
            let gone = (purge.base_version + 1, revision, None);
            self.items.insert(purge.item_id, gone);
        }
        Ok(revision)
    }

    /// Its items, as a sync brings them.
    pub fn changes(&self) -> Vec<ItemChange> {
        let items = self.items.iter();
        let change = |(item, (version, revision, live)): (&ItemId, &StoredItem)| ItemChange {
            item_id: *item,
            version: *version,
            revision: *revision,
            live: live
                .as_ref()
                .map(|(overview, _)| (*version, overview.clone())),
        };
        items.map(change).collect()
    }

    fn stream(&self, since: u64, from: usize, opened: Option<(&Sealed, bool)>) -> Vec<u8> {
        let mut out = Vec::new();
        let mut count = 0;
        encode_changes_start(&mut out);
        for (item, (version, revision, live)) in &self.items {
            if *revision <= since {
                continue;
            }
            let overview = live
                .as_ref()
                .map(|(overview, _)| (*version, overview.as_ref()));
            encode_change(&mut out, &item.0, *version, *revision, overview);
            count += 1;
            if let (Some((_, details)), Some((_, true))) = (live, opened) {
                encode_details(&mut out, &sealed_details(*item, *version, details));
                count += 1;
            }
        }
        let last = self.manifests.len() - 1;
        for manifest in &self.manifests[from.min(last)..] {
            encode_manifest(&mut out, &manifest.0);
            count += 1;
        }
        if let Some((grant, _)) = opened {
            encode_grant(&mut out, &grant.0);
            count += 1;
        }
        encode_changes_end(&mut out, count);
        out
    }
}

fn sealed_details(item_id: ItemId, version: u64, details: &Sealed) -> SealedDetails {
    SealedDetails {
        item_id,
        version,
        details_version: version,
        details: details.clone(),
    }
}

impl Server {
    /// What a token's copy holds now.
    pub fn copy_of(&self, token: MachineTokenId) -> StoredCopy {
        self.machine.tokens[&token].copy.clone()
    }

    /// What the holder of a token has of its copy.
    pub fn grant_of(&self, token: MachineTokenId) -> Sealed {
        self.machine.tokens[&token].grant.clone()
    }

    /// A token is said to write, or not to.
    pub fn say_writes(&mut self, token: MachineTokenId, writes: bool) {
        if let Some(token) = self.machine.tokens.get_mut(&token) {
            token.info.writes = writes;
        }
        self.note_tokens();
    }

    /// What the server keeps for the account of a token is put to another.
    pub fn swap_notes(&mut self) {
        let mut notes: Vec<Sealed> = self.notes().cloned().collect();
        notes.rotate_left(1);
        for (token, note) in self.machine.tokens.values_mut().zip(notes) {
            token.info.note = note;
        }
    }

    /// The server says that nothing was ever revoked.
    pub fn forget_revocations(&mut self) {
        for token in self.machine.tokens.values_mut() {
            token.info.revoked_at_ms = None;
        }
    }

    fn notes(&self) -> impl Iterator<Item = &Sealed> {
        self.machine.tokens.values().map(|token| &token.info.note)
    }

    /// What the account says of tokens.
    fn note_tokens(&mut self) {
        let mut tokens = self.machine.tokens.values();
        let any = tokens.any(|token| token.info.revoked_at_ms.is_none());
        let mut tokens = self.machine.tokens.values();
        let writes = tokens.any(|token| token.info.revoked_at_ms.is_none() && token.info.writes);
        for account in self.accounts.values_mut() {
            account.response.machine_tokens = any;
            account.response.machine_writes = writes;
        }
    }

    pub(super) fn machine(&mut self, request: &HttpRequest) -> Option<Answer> {
        let body = request.body.as_deref().unwrap_or_default();
        let path = request.path.as_str();
        if path == paths::MACHINE_TOKENS {
            return Some(match body.is_empty() {
                true => {
                    let tokens = self.machine.tokens.values();
                    let tokens = tokens.map(|token| token.info.clone()).collect();
                    self.json(path, &MachineTokensResponse { tokens })
                }
                false => self.make_token(&read(body)),
            });
        }
        if path == paths::MACHINE_WAITING {
            return Some(self.waiting(&read(body)));
        }
        if path == paths::MACHINE_DISCARD {
            let request: DiscardChangesRequest = read(body);
            self.wait_no_more(&request.changes);
            return Some(Ok(respond(204, "", Vec::new())));
        }
        let (id, step) = path
            .strip_prefix(paths::MACHINE_TOKENS)?
            .strip_prefix('/')?
            .split_once('/')?;
        let id: MachineTokenId = id.parse().ok()?;
        if step == "items" {
            return Some(self.with_fault(|server| server.write_copy(id, &read(body))));
        }
        let in_force = |token: &&mut StoredToken| token.info.revoked_at_ms.is_none();
        let Some(token) = self.machine.tokens.get_mut(&id).filter(in_force) else {
            return Some(refuse(404, ErrorCode::NotFound));
        };
        if step == "revoke" {
            token.info.revoked_at_ms = Some(self.clock_ms);
            self.machine.waiting.retain(|one| one.token_id != id);
            self.note_tokens();
            return Some(Ok(respond(204, "", Vec::new())));
        }
        let (_, query) = step.split_once("changes?since=")?;
        let (since, from) = query.split_once("&manifests_from=").unwrap_or((query, ""));
        let from = from.parse().unwrap_or(usize::MAX);
        let since = since.parse().expect("a number");
        let shown = self.machine.shown.as_ref();
        let shown = shown.filter(|(token, _)| *token == id);
        let copy = shown.map_or(&token.copy, |(_, copy)| copy);
        let out = copy.stream(since, from, None);
        Some(Ok(respond(200, CHANGES_MEDIA_TYPE, out)))
    }

    fn make_token(&mut self, request: &MakeMachineTokenRequest) -> Answer {
        let mut copy = StoredCopy {
            items: BTreeMap::new(),
            manifests: vec![request.vault.manifest.clone()],
        };
        if let Err(code) = copy.carry_out(&request.first) {
            return refuse(409, code);
        }
        let info = MachineTokenInfo {
            id: request.token_id,
            vault: VaultInfo {
                id: request.vault.id,
                key_epoch: 1,
                wrapped_key: request.vault.wrapped_key.clone(),
                revision: 1,
            },
            note: request.note.clone(),
            created_at_ms: self.clock_ms,
            expires_at_ms: request.expires_at_ms,
            networks: request.networks.clone(),
            writes: request.writes,
            waiting: 0,
            revoked_at_ms: None,
            last_use: None,
        };
        let token = StoredToken {
            info,
            auth: request.auth_public_key.0,
            grant: request.grant.clone(),
            copy,
        };
        self.machine.tokens.insert(request.token_id, token);
        self.note_tokens();
        Ok(respond(204, "", Vec::new()))
    }

    fn write_copy(&mut self, id: MachineTokenId, request: &WriteItemsRequest) -> Answer {
        let token = self.machine.tokens.get_mut(&id);
        let Some(token) = token.filter(|token| token.info.revoked_at_ms.is_none()) else {
            return refuse(404, ErrorCode::NotFound);
        };
        match token.copy.carry_out(request) {
            Ok(revision) => {
                token.info.vault.revision = revision;
                self.json("/items", &WriteItemsResponse { revision })
            }
            Err(code) => refuse(409, code),
        }
    }

    fn waiting(&self, request: &WaitingChangesRequest) -> Answer {
        let mut all: Vec<&WaitingChange> = self.machine.waiting.iter().collect();
        let place = |name: MachineChangeName| (name.token_id, name.item_id);
        all.sort_by_key(|one| place(one.name()));
        if let Some(after) = request.after {
            all.retain(|one| place(one.name()) > place(after));
        }
        let most = self
            .machine
            .waiting_page
            .unwrap_or(limits::WAITING_PER_PAGE);
        let is_more = all.len() > most;
        let changes: Vec<WaitingChange> = all.into_iter().take(most).cloned().collect();
        let next = changes.last().map(WaitingChange::name).filter(|_| is_more);
        self.json(
            paths::MACHINE_WAITING,
            &WaitingChangesResponse { changes, next },
        )
    }

    fn wait_no_more(&mut self, names: &[MachineChangeName]) {
        if !self.machine.keeps_waiting {
            let waiting = &mut self.machine.waiting;
            waiting.retain(|one| !names.contains(&one.name()));
        }
    }

    /// What a write to the vault takes, if all of it waits.
    pub(super) fn take_waiting(&mut self, names: &[MachineChangeName]) -> bool {
        let waits =
            |name: &MachineChangeName| self.machine.waiting.iter().any(|one| one.name() == *name);
        let all = names.iter().all(waits);
        if all {
            self.wait_no_more(names);
        }
        all
    }

    /// Somebody hands a change in.
    pub fn hand_in(&mut self, token_id: MachineTokenId, sealed: SealedChange) {
        let handed_in_at_ms = self.clock_ms;
        self.machine
            .waiting
            .retain(|one| (one.token_id, one.sealed.item_id) != (token_id, sealed.item_id));
        self.machine.waiting.push(WaitingChange {
            token_id,
            handed_in_at_ms,
            sealed,
        });
    }

    /// What whoever holds a token asks for.
    pub(super) fn by_token(&mut self, path: &str, request: &MachineRequest) -> Answer {
        if let Some(error) = &self.machine.refuses {
            return Ok(problem(403, error));
        }
        let Some(token) = self.machine.tokens.get(&request.token_id) else {
            return refuse(401, ErrorCode::LoginRefused);
        };
        let items: Vec<[u8; 16]> = request.item_ids.iter().map(|item| item.0).collect();
        let statement = MachineStatement {
            origin: crate::common::ORIGIN,
            token: request.token_id.0,
            time_ms: request.time_ms,
            client_nonce: request.client_nonce.0,
            items: &items,
        };
        let key = VerifyingKey::from_bytes(&token.auth).expect("a key");
        let proven = statement.verify(&key, &request.signature.0).is_ok();
        if !proven || !self.machine.nonces.insert(request.client_nonce.0) {
            return refuse(401, ErrorCode::LoginRefused);
        }
        if token.info.revoked_at_ms.is_some() {
            return refuse(403, ErrorCode::TokenRevoked);
        }
        if path == paths::MACHINE_DETAILS {
            let found = request.item_ids.iter().filter_map(|item| {
                let (version, _, live) = token.copy.items.get(item)?;
                Some(sealed_details(*item, *version, &live.as_ref()?.1))
            });
            let details: Vec<SealedDetails> = found.collect();
            if details.len() > self.page {
                return refuse(400, ErrorCode::InvalidRequest);
            }
            return self.json(path, &DetailsResponse { details });
        }
        let shown = self.machine.shown.as_ref();
        let shown = shown.filter(|(id, _)| *id == request.token_id);
        let copy = shown.map_or(&token.copy, |(_, copy)| copy);
        let with_details = self
            .machine
            .details_for
            .is_none_or(|most| copy.items.len() <= most);
        let mut out = copy.stream(0, 1, Some((&token.grant, with_details)));
        if let Some(twist) = &self.twist_changes {
            out = twist(out);
        }
        Ok(respond(200, CHANGES_MEDIA_TYPE, out))
    }
}
