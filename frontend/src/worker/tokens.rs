use keyarc_app::worker::{
    Failure, TokenCommand, TokenReply, TokenStanding, TokenUse, TokenView, TokenWish,
};
use keyarc_client::{NewToken, TokenError, TokenRow, TokenState};
use keyarc_vault::DraftError;
use keyarc_wire::MachineUse;

use super::{failure::from_client, state::VaultWorker};

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
        })
    }

    async fn make_token(&self, wish: &TokenWish) -> Result<TokenReply, Failure> {
        let new = NewToken {
            name: &wish.name,
            scope: &wish.scope,
            expires_at_ms: wish.expires_at_ms,
            networks: &wish.networks,
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

fn used(one: MachineUse) -> TokenUse {
    TokenUse {
        at_ms: one.at_ms,
        address: one.address,
        kind: one.kind,
    }
}
