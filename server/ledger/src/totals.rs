//! What transfers add to the totals of their accounts.

use std::collections::BTreeMap;

use sqlx::AnyConnection;

use crate::account::{AccountId, account};
use crate::error::LedgerError;
use crate::sen::Sen;
use crate::transfer::Posting;

/// What a transfer adds to an account.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Change {
    pub(crate) debits: Sen,
    pub(crate) credits: Sen,
}

pub(crate) type Changes = BTreeMap<AccountId, Change>;

pub(crate) fn changes(postings: &[Posting]) -> Result<Changes, LedgerError> {
    let mut changes = Changes::new();
    for posting in postings {
        let debit = changes.entry(posting.debit.clone()).or_default();
        debit.debits = debit.debits.plus(posting.amount)?;
        let credit = changes.entry(posting.credit.clone()).or_default();
        credit.credits = credit.credits.plus(posting.amount)?;
    }
    Ok(changes)
}

/// Whether the totals, with all that is pending posted, stay within 64 bits; so that nothing
/// pending can fail to be posted.
pub(crate) async fn check_room(
    connection: &mut AnyConnection,
    changes: &Changes,
) -> Result<(), LedgerError> {
    for (id, change) in changes {
        if let Some(now) = account(&mut *connection, id).await? {
            now.debits_posted.plus(now.debits_pending)?.plus(change.debits)?;
            now.credits_posted.plus(now.credits_pending)?.plus(change.credits)?;
        }
    }
    Ok(())
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Move {
    Reserve,
    Book,
    Post,
    TakeBack,
}

impl Move {
    fn sql(self) -> &'static str {
        match self {
            Move::Reserve => {
                "UPDATE ledger_account SET debits_pending = debits_pending + $2, \
                 credits_pending = credits_pending + $3 WHERE id = $1"
            }
            Move::Book => {
                "UPDATE ledger_account SET debits_posted = debits_posted + $2, \
                 credits_posted = credits_posted + $3 WHERE id = $1"
            }
            Move::Post => {
                "UPDATE ledger_account SET debits_pending = debits_pending - $2, \
                 credits_pending = credits_pending - $3, debits_posted = debits_posted + $2, \
                 credits_posted = credits_posted + $3 WHERE id = $1"
            }
            Move::TakeBack => {
                "UPDATE ledger_account SET debits_pending = debits_pending - $2, \
                 credits_pending = credits_pending - $3 WHERE id = $1"
            }
        }
    }
}

/// Always in the order of the accounts' names.
pub(crate) async fn move_totals(
    connection: &mut AnyConnection,
    moved: Move,
    changes: &Changes,
) -> Result<(), LedgerError> {
    for (id, change) in changes {
        sqlx::query(moved.sql())
            .bind(id.as_str())
            .bind(change.debits.get())
            .bind(change.credits.get())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}
