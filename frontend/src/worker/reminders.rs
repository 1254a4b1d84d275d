use keyarc_app::worker::{Failure, ReminderCommand, ReminderReply, ReminderView};

use super::state::VaultWorker;

impl VaultWorker {
    /// Carries out what the page asks about reminders.
    pub(super) async fn reminders(
        &self,
        command: ReminderCommand,
    ) -> Result<ReminderReply, Failure> {
        let session = self.session()?;
        let failed = |error| self.failed(error);
        Ok(match command {
            ReminderCommand::List => {
                ReminderReply::List(session.reminders().await.map_err(failed)?)
            }
            ReminderCommand::Change(change) => {
                let changed = session.change_reminders(&change).await;
                ReminderReply::List(changed.map_err(failed)?)
            }
            ReminderCommand::Find(id) => ReminderReply::Found(session.find_reminder(id)),
            ReminderCommand::Channels => {
                let found = session.reminder_channels().await.map_err(failed)?;
                let kept = found.kept;
                ReminderReply::Channels(Box::new(ReminderView {
                    mail_service: kept.mail.service,
                    address: kept.mail.address,
                    mail: kept.mail.state,
                    webhook: kept.webhook.map(|webhook| (webhook.url, webhook.since_ms)),
                    feed_since_ms: kept.feed_since_ms,
                    deliveries: kept.deliveries,
                    next: found.next,
                    count: found.count,
                }))
            }
            ReminderCommand::Step(step) => {
                ReminderReply::Stepped(session.reminder_step(&step).await.map_err(failed)?)
            }
            ReminderCommand::Tell => {
                session.tell_reminders().await.map_err(failed)?;
                ReminderReply::Done
            }
        })
    }
}
