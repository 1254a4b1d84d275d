use keyarc_app::worker::{
    Event, Failure, TakenView, TokenCommand, TokenReply, TokenStanding, TokenUse, TokenView,
    TokenWish, WaitingView, WaitingWhy,
};
use keyarc_client::{
    NewToken, TakenChange, TokenError, TokenRow, TokenState, WaitingRow, WaitsBecause,
};
use keyarc_vault::{Content, DraftError, ItemDraft, MachineNote};
use keyarc_wire::MachineUse;

use super::{
    commands::tell_changed, failure::from_client, state::VaultWorker, tell, versions::compared,
};

impl VaultWorker {
    /// Carries out what the page asks about machine tokens.
    pub(super) async fn tokens(&self, command: TokenCommand) -> Result<TokenReply, Failure> {
        let session = self.session()?;
        let failed = |error| self.failed(error);
        Ok(match command {
            TokenCommand::List => {
                let tokens = session.tokens().await.map_err(failed)?;
                TokenReply::List(tokens.into_iter().map(view).collect())
            }
            TokenCommand::Make(wish) => self.make_token(&wish).await?,
            TokenCommand::Revoke(token) => {
                session.revoke_token(token).await.map_err(failed)?;
                TokenReply::Done
            }
            TokenCommand::Uses { token, before } => {
                let page = session.token_uses(token, before).await.map_err(failed)?;
                TokenReply::Uses {
                    uses: page.uses.into_iter().map(used).collect(),
                    next: page.next,
                }
            }
            TokenCommand::Update => {
                let behind = session.update_tokens().await.map_err(failed)?;
                match behind.into_iter().next() {
                    Some(behind) => return Err(self.failed(behind.why)),
                    None => TokenReply::Done,
                }
            }
            TokenCommand::Waiting => TokenReply::Waiting(self.take_changes().await?),
            TokenCommand::Look { change, reveal } => {
                let looked = session.look_at_change(change).await;
                let (then, now) = looked.map_err(failed)?;
                let now = match &now {
                    Some(now) => ItemDraft::of(now),
                    None => ItemDraft::new("", Content::empty(then.content.kind())),
                };
                TokenReply::Compared(compared(&then, &now, reveal))
            }
            TokenCommand::Take(change) => {
                let taken = session.take_change(change).await;
                taken.map_err(|error| self.not_saved(error))?;
                tell_changed(&session);
                // Whoever takes it knows, and is told that it is done.
                self.tell_taken(Vec::new(), self.waits.get().saturating_sub(1));
                TokenReply::Done
            }
            TokenCommand::Discard(change) => {
                session.discard_changes(&[change]).await.map_err(failed)?;
                self.tell_taken(Vec::new(), self.waits.get().saturating_sub(1));
                TokenReply::Done
            }
        })
    }

    /// Takes what was handed in and fits, tells the page what that was, and lists what else waits.
    async fn take_changes(&self) -> Result<Vec<WaitingView>, Failure> {
        let session = self.session()?;
        let outcome = session.take_changes().await;
        let outcome = outcome.map_err(|error| self.failed(error))?;
        if !outcome.taken.is_empty() {
            tell_changed(&session);
        }
        let taken = outcome.taken.into_iter().map(taken_view).collect();
        self.tell_taken(taken, outcome.waiting.len() as u32);
        Ok(outcome.waiting.into_iter().map(waiting_view).collect())
    }

    /// Tells the page, where there is something new to tell.
    fn tell_taken(&self, taken: Vec<TakenView>, waiting: u32) {
        let before = self.waits.replace(waiting);
        if !taken.is_empty() || before != waiting {
            tell(Event::Taken {
                taken,
                waiting,
                more: waiting > before,
            });
        }
    }

    async fn make_token(&self, wish: &TokenWish) -> Result<TokenReply, Failure> {
        let new = NewToken {
            name: &wish.name,
            scope: &wish.scope,
            expires_at_ms: wish.expires_at_ms,
            networks: &wish.networks,
            writes: wish.writes,
        };
        match self.session()?.make_token(&new).await {
            Ok(made) => Ok(TokenReply::Made {
                text: made.text.as_str().to_owned(),
                items: made.items,
            }),
            Err(TokenError::Draft(error)) => Err(Failure::Draft(error)),
            Err(TokenError::NoItem) => Err(Failure::Draft(DraftError {
                field: "scope".to_owned(),
                rule: String::new(),
            })),
            Err(TokenError::Client(error)) => Err(self.failed(error)),
        }
    }
}

fn view(row: TokenRow) -> TokenView {
    TokenView {
        id: row.id,
        writes: row.note.as_ref().is_some_and(MachineNote::writes),
        waiting: row.waiting,
        note: row.note.map(|note| (note.name, note.scope)),
        created_at_ms: row.created_at_ms,
        expires_at_ms: row.expires_at_ms,
        networks: row.networks,
        last_use: row.last_use.map(used),
        standing: match row.state {
            TokenState::Current { items } => TokenStanding::Current { items },
            TokenState::Behind(why) => TokenStanding::Behind(Box::new(from_client(why))),
            TokenState::Expired => TokenStanding::Expired,
            TokenState::Revoked { at_ms } => TokenStanding::Revoked(at_ms),
        },
    }
}

fn taken_view(taken: TakenChange) -> TakenView {
    TakenView {
        token: taken.token,
        item: taken.item,
        name: taken.name,
        trashed: taken.trashed,
    }
}

fn waiting_view(row: WaitingRow) -> WaitingView {
    WaitingView {
        change: row.change,
        token: row.token,
        name: row.name,
        trashes: row.trashes,
        handed_in_at_ms: row.handed_in_at_ms,
        why: match row.why {
            WaitsBecause::Outdated => WaitingWhy::Outdated,
            WaitsBecause::Ended => WaitingWhy::Ended,
            WaitsBecause::Gone => WaitingWhy::Gone,
            WaitsBecause::OutOfScope => WaitingWhy::OutOfScope,
            WaitsBecause::Broken(error) => WaitingWhy::Broken(error),
            WaitsBecause::Unreadable => WaitingWhy::Unreadable,
        },
    }
}

fn used(one: MachineUse) -> TokenUse {
    TokenUse {
        at_ms: one.at_ms,
        address: one.address,
        kind: one.kind,
    }
}
