//! Linking a new device from an unlocked one. Words go to the page; the setup code stays here.

use std::rc::Rc;

use keyarc_app::worker::{Failure, Reply};
use keyarc_client::{ClientError, FetchTransport, LinkWords, NewDevice};
use keyarc_crypto::LinkCode;

use super::{
    commands::own_origin,
    failure::from_client,
    state::{PinKeeper, VaultWorker, host},
};

impl VaultWorker {
    pub(super) async fn open_link(&self) -> Result<Reply, Failure> {
        let origin = own_origin()?;
        let host = host(&PinKeeper::default());
        let new = NewDevice::open(FetchTransport::home(), host, &origin).await;
        let new = new.map_err(from_client)?;
        let code = new.code().to_string();
        *self.waits_for_link.borrow_mut() = Some(Rc::new(new));
        Ok(Reply::LinkOpened {
            address: format!("{origin}/settings#link={code}"),
            code,
        })
    }

    pub(super) async fn await_link(&self) -> Result<Reply, Failure> {
        let new = self.waiting()?;
        let words = new.joined().await.map_err(from_client)?;
        Ok(words_reply(words))
    }

    pub(super) async fn receive_link(&self) -> Result<Reply, Failure> {
        let new = self.waiting()?;
        let code = new.receive().await.map_err(from_client)?;
        self.waits_for_link.borrow_mut().take();
        *self.linked.borrow_mut() = Some(code);
        Ok(Reply::Done)
    }

    pub(super) async fn close_link(&self) -> Result<Reply, Failure> {
        self.linked.borrow_mut().take();
        let new = self.waits_for_link.borrow_mut().take();
        if let Some(new) = new {
            // It runs out by itself.
            let _ = new.close().await;
        }
        Ok(Reply::Done)
    }

    pub(super) async fn log_in_linked(
        &self,
        password: &str,
        keep: bool,
        device_name: &str,
    ) -> Result<Reply, Failure> {
        // After a wrong password it is needed again.
        let code = self
            .linked
            .borrow()
            .as_ref()
            .map(|code| code.with_suite(code.suite()));
        let code = code.ok_or(Failure::LinkEnded)?;
        self.log_in(&code, password, keep, device_name).await
    }

    pub(super) async fn join_link(&self, code: &str) -> Result<Reply, Failure> {
        let session = self.session()?;
        let code = LinkCode::parse(code).ok_or(Failure::LinkCode)?;
        let joined = session.join_link(&own_origin()?, code).await;
        let joined = joined.map_err(|error| match error {
            ClientError::NotFound => Failure::LinkCode,
            other => self.failed(other),
        })?;
        let words = joined.words();
        *self.joined_link.borrow_mut() = Some(joined);
        Ok(words_reply(words))
    }

    pub(super) async fn finish_link(&self, same: bool) -> Result<Reply, Failure> {
        let session = self.session()?;
        let joined = self.joined_link.borrow_mut().take();
        let joined = joined.ok_or(Failure::LinkEnded)?;
        let finished = if same {
            session.send_setup_code(&joined).await
        } else {
            session.refuse_link(&joined).await
        };
        finished.map_err(|error| self.failed(error))?;
        Ok(Reply::Done)
    }

    fn waiting(&self) -> Result<Rc<super::state::WaitsForLink>, Failure> {
        self.waits_for_link
            .borrow()
            .clone()
            .ok_or(Failure::LinkEnded)
    }
}

fn words_reply(words: LinkWords) -> Reply {
    Reply::LinkWords(words.iter().map(|word| (*word).to_owned()).collect())
}
