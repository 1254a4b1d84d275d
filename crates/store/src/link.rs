use keyarc_wire::{AccountId, Bytes, LinkNews, Sealed};

use crate::{
    Store, StoreError,
    convert::to_i64,
    db::{reading, transaction, writing},
};

/// A new device that waits to be linked.
#[derive(Debug, Clone)]
pub struct NewLink {
    /// Names the link to that device alone.
    pub mailbox: [u8; 16],
    /// Names it, with the PIN, to the device that joins.
    pub place: u32,
    /// To be known by that device.
    pub pin: u32,
    /// The new device's first message.
    pub offer: Bytes,
    /// Unix milliseconds.
    pub expires_at_ms: u64,
}

/// How an attempt to join ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JoinOutcome {
    /// It was counted, and right.
    Joined(Bytes),
    /// Nobody waits there, or not any more, or the PIN was wrong, which was counted.
    Refused,
}

/// Whose side of a link.
#[derive(Debug, Clone, Copy)]
pub enum LinkSide {
    /// The new device, by its mailbox.
    New([u8; 16]),
    /// The device that joined, by the place and its account.
    Known(u32, AccountId),
}

/// What a side says.
#[derive(Debug, Clone, Copy)]
pub enum LinkPart<'a> {
    /// The unlocked device's message.
    Answer(&'a [u8]),
    /// The new device's second message.
    Reveal(&'a [u8]),
    /// What the new device is to have.
    Sealed(&'a [u8]),
}

/// A side's rows: `$1` mailbox or none, `$2` place or none, `$3` account or none, `$4` now.
macro_rules! of_side {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            " WHERE expires_at_ms > $4 AND (mailbox = $1 OR (place = $2 AND account_id = $3)) ",
            $after
        )
    };
}

const NEWS: &str = of_side!("SELECT answer, reveal, sealed FROM device_links", "");
const CLOSE: &str = of_side!("DELETE FROM device_links", "");
// Each message once, and in its turn.
const ANSWER: &str = of_side!("UPDATE device_links SET answer = $5", "AND answer IS NULL");
const REVEAL: &str = of_side!(
    "UPDATE device_links SET reveal = $5",
    "AND reveal IS NULL AND answer IS NOT NULL"
);
const SEALED: &str = of_side!(
    "UPDATE device_links SET sealed = $5",
    "AND sealed IS NULL AND reveal IS NOT NULL"
);

type Keys = (Option<Vec<u8>>, Option<i64>, Option<Vec<u8>>);

impl LinkSide {
    fn keys(self) -> Keys {
        match self {
            Self::New(mailbox) => (Some(mailbox.to_vec()), None, None),
            Self::Known(place, account) => (None, Some(i64::from(place)), Some(account.0.to_vec())),
        }
    }
}

impl Store {
    /// A new device waits from now on; false when somebody else waits at that place. Two
    /// statements.
    pub async fn open_link(&self, link: &NewLink, now_ms: u64) -> Result<bool, StoreError> {
        let opened = transaction!(self, |tx| {
            sqlx::query("DELETE FROM device_links WHERE place = $1 AND expires_at_ms <= $2")
                .bind(i64::from(link.place))
                .bind(to_i64(now_ms))
                .execute(&mut *tx)
                .await?;
            sqlx::query(
                "INSERT INTO device_links (mailbox, place, pin, tries, offer, expires_at_ms)
                 VALUES ($1, $2, $3, 0, $4, $5) ON CONFLICT DO NOTHING",
            )
            .bind(link.mailbox.as_slice())
            .bind(i64::from(link.place))
            .bind(i64::from(link.pin))
            .bind(link.offer.as_ref())
            .bind(to_i64(link.expires_at_ms))
            .execute(&mut *tx)
            .await?
            .rows_affected()
        });
        Ok(opened == 1)
    }

    /// Joins a link if the PIN is right and fewer than `most` have tried. It is counted before
    /// the PIN is looked at, so that of however many at a time no more are. Two statements.
    pub async fn join_link(
        &self,
        (place, pin): (u32, u32),
        account: AccountId,
        most: u32,
        (now_ms, until_ms): (u64, u64),
    ) -> Result<JoinOutcome, StoreError> {
        let joined = transaction!(self, |tx| {
            let counted: Option<(i64, Vec<u8>)> = sqlx::query_as(
                "UPDATE device_links SET tries = tries + 1 WHERE place = $1 AND expires_at_ms > $2
                 AND tries < $3 AND account_id IS NULL RETURNING pin, offer",
            )
            .bind(i64::from(place))
            .bind(to_i64(now_ms))
            .bind(i64::from(most))
            .fetch_optional(&mut *tx)
            .await?;
            let offer = counted
                .filter(|(right, _)| *right == i64::from(pin))
                .map(|(_, offer)| offer);
            if offer.is_some() {
                sqlx::query(
                    "UPDATE device_links SET account_id = $2, expires_at_ms = $3 WHERE place = $1",
                )
                .bind(i64::from(place))
                .bind(account.as_bytes().as_slice())
                .bind(to_i64(until_ms))
                .execute(&mut *tx)
                .await?;
            }
            offer
        });
        Ok(joined.map_or(JoinOutcome::Refused, |offer| {
            JoinOutcome::Joined(Bytes(offer))
        }))
    }

    /// What was said on a link; `None` when there is none, or none any more. One statement.
    pub async fn link_news(
        &self,
        side: LinkSide,
        now_ms: u64,
    ) -> Result<Option<LinkNews>, StoreError> {
        type News = (Option<Vec<u8>>, Option<Vec<u8>>, Option<Vec<u8>>);

        let (mailbox, place, account) = side.keys();
        let news: Option<News> = reading!(self, |conn| {
            sqlx::query_as(NEWS)
                .bind(mailbox)
                .bind(place)
                .bind(account)
                .bind(to_i64(now_ms))
                .fetch_optional(&mut *conn)
                .await?
        });
        Ok(news.map(|(answer, reveal, sealed)| LinkNews {
            answer: answer.map(Bytes),
            reveal: reveal.map(Bytes),
            sealed: sealed.map(Sealed),
        }))
    }

    /// Says something on a link; false, with nothing changed, out of turn or twice, or when there
    /// is no such link any more. One statement.
    pub async fn say_on_link(
        &self,
        side: LinkSide,
        part: LinkPart<'_>,
        now_ms: u64,
    ) -> Result<bool, StoreError> {
        let (statement, bytes) = match part {
            LinkPart::Answer(bytes) => (ANSWER, bytes),
            LinkPart::Reveal(bytes) => (REVEAL, bytes),
            LinkPart::Sealed(bytes) => (SEALED, bytes),
        };
        let (mailbox, place, account) = side.keys();
        let said = writing!(self, |conn| {
            sqlx::query(statement)
                .bind(mailbox)
                .bind(place)
                .bind(account)
                .bind(to_i64(now_ms))
                .bind(bytes)
                .execute(&mut *conn)
                .await?
                .rows_affected()
        });
        Ok(said == 1)
    }

    /// Ends a link. One statement.
    pub async fn close_link(&self, side: LinkSide, now_ms: u64) -> Result<(), StoreError> {
        let (mailbox, place, account) = side.keys();
        writing!(self, |conn| {
            sqlx::query(CLOSE)
                .bind(mailbox)
                .bind(place)
                .bind(account)
                .bind(to_i64(now_ms))
                .execute(&mut *conn)
                .await?;
        });
        Ok(())
    }
}
