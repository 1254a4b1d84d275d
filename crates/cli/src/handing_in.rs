//! What commands change with a machine token that writes. It is handed in, and comes into the vault when
//! that is next unlocked; whoever has the token reads it at once.

use keyarc_client::{HandInError, MachineWish};
use keyarc_vault::{Item, ItemDraft};
use keyarc_wire::ItemId;

use crate::{
    failure::Failure,
    machine::{OpenedCopy, reads_only},
    vault::{Row, Source, item_meant},
    writes::{Change, all, broken_rule, draft_of, put},
};

/// What is said of every change that was handed in.
pub const HANDED_IN: &str = "handed in: it comes into the vault when that is next unlocked, and is read with this token already";

/// Hands a change in, and returns the items as they are to be.
pub async fn change(copy: &OpenedCopy, change: &Change) -> Result<Vec<Row>, Failure> {
    let source = Source::Machine(copy);
    match change {
        Change::New(new) => {
            let wish = MachineWish::Make(Box::new(draft_of(new)?));
            hand_in(copy, vec![wish]).await
        }
        Change::Set(wanted, value) => {
            let id = item_meant(source, wanted)?;
            let mut draft = ItemDraft::of(&source.reveal(id).await?);
            put(&mut draft, wanted.field.as_deref(), &value.0)?;
            hand_in(copy, vec![MachineWish::Change(id, Box::new(draft))]).await
        }
        Change::Edit(edited) => {
            let id: ItemId = edited.item.parse().map_err(|_| Failure::Changed)?;
            let item = source.reveal(id).await?;
            if item.summary.version != edited.version {
                return Err(Failure::Changed);
            }
            let mut draft = ItemDraft::of(&item);
            edited.form.fill(&mut draft);
            hand_in(copy, vec![MachineWish::Change(id, Box::new(draft))]).await
        }
        Change::Move(wanted, folder) => {
            let ids = all(source, wanted)?;
            let items = source.read_many(&ids).await?;
            if items.len() != ids.len() {
                return Err(Failure::Changed);
            }
            let moved = |item: &Item| {
                let draft = ItemDraft {
                    folder: folder.clone(),
                    ..ItemDraft::of(item)
                };
                MachineWish::Change(item.summary.id, Box::new(draft))
            };
            hand_in(copy, items.iter().map(moved).collect()).await
        }
        Change::Remove(wanted) => {
            let ids = all(source, wanted)?;
            let gone = rows_of(copy, &ids);
            let wishes = ids.iter().copied().map(MachineWish::Trash).collect();
            hand_in(copy, wishes).await?;
            Ok(gone)
        }
    }
}

async fn hand_in(copy: &OpenedCopy, wishes: Vec<MachineWish>) -> Result<Vec<Row>, Failure> {
    let ids = copy.hand_in(&wishes).await?;
    Ok(rows_of(copy, &ids))
}

fn rows_of(copy: &OpenedCopy, ids: &[ItemId]) -> Vec<Row> {
    copy.look(|vault| {
        let rows = ids.iter().filter_map(|id| vault.summary(*id));
        rows.map(Row::of).collect()
    })
}

impl From<HandInError> for Failure {
    fn from(error: HandInError) -> Self {
        match error {
            HandInError::ReadsOnly => reads_only(),
            HandInError::Draft(error) => broken_rule(&error),
            HandInError::NotFound | HandInError::Overtaken => Self::Changed,
            HandInError::Waits => Self::Other(
                "an earlier change of the item waits: the owner of the token takes or discards it first"
                    .to_owned(),
            ),
            HandInError::Full => Self::Other(
                "as many changes wait for the owner of the token as may: they are taken when the vault is next unlocked"
                    .to_owned(),
            ),
            HandInError::Machine(error) => error.into(),
        }
    }
}
