//! Who asks, and what their role allows.

use sqlx::{Any, Executor, Row};

use crate::error::AccountsError;
use crate::id::{AccountId, OrganisationId};

/// Who asks: what a token says, once it has been checked.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Caller {
    /// Whose token it is.
    pub account_id: AccountId,
    /// As what it acts.
    pub role: Role,
}

/// As what an account acts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Role {
    /// For itself.
    User,
    /// For the platform.
    Operator,
    /// For an organisation that manages rights.
    Organisation(OrganisationId),
}

impl Role {
    /// `user`, `operator` or `organisation`.
    pub fn name(&self) -> &'static str {
        match self {
            Role::User => "user",
            Role::Operator => "operator",
            Role::Organisation(_) => "organisation",
        }
    }

    /// For whom it acts, where it is an organisation's.
    pub fn organisation(&self) -> Option<&OrganisationId> {
        match self {
            Role::Organisation(organisation) => Some(organisation),
            Role::User | Role::Operator => None,
        }
    }

    /// From [`Role::name`] and [`Role::organisation`].
    pub(crate) fn from_parts(name: &str, organisation: Option<&str>) -> Option<Role> {
        match (name, organisation) {
            ("user", None) => Some(Role::User),
            ("operator", None) => Some(Role::Operator),
            ("organisation", Some(id)) => id.parse().ok().map(Role::Organisation),
            _ => None,
        }
    }
}

impl Caller {
    /// Whether it acts for the platform.
    pub fn is_operator(&self) -> bool {
        self.role == Role::Operator
    }

    /// Passes operators.
    ///
    /// # Errors
    /// [`AccountsError::Forbidden`].
    pub fn require_operator(&self) -> Result<(), AccountsError> {
        if self.is_operator() { Ok(()) } else { Err(AccountsError::Forbidden) }
    }

    /// Passes who acts for an organisation, and says for which.
    ///
    /// # Errors
    /// [`AccountsError::Forbidden`].
    pub fn require_organisation(&self) -> Result<&OrganisationId, AccountsError> {
        self.role.organisation().ok_or(AccountsError::Forbidden)
    }

    /// Passes who acts for this organisation, and operators. To all others it is not there.
    ///
    /// # Errors
    /// [`AccountsError::NotFound`].
    pub fn may_see_organisation(&self, id: &OrganisationId) -> Result<(), AccountsError> {
        match self.is_operator() || self.role.organisation() == Some(id) {
            true => Ok(()),
            false => Err(AccountsError::NotFound),
        }
    }

    /// Passes the account itself, and operators. To all others it is not there.
    ///
    /// # Errors
    /// [`AccountsError::NotFound`].
    pub fn may_see_account(&self, id: &AccountId) -> Result<(), AccountsError> {
        match self.is_operator() || self.account_id == *id {
            true => Ok(()),
            false => Err(AccountsError::NotFound),
        }
    }
}

/// Asks the database whether the caller is still what its token says. For what cannot wait until
/// the token ends: a purchase, a release, what operators do.
///
/// # Errors
/// [`AccountsError::Suspended`]; [`AccountsError::Forbidden`] where its role has changed;
/// [`AccountsError::NotFound`] where it is gone; the database.
pub async fn confirm<'e>(
    executor: impl Executor<'e, Database = Any>,
    caller: &Caller,
) -> Result<(), AccountsError> {
    let row = sqlx::query("SELECT role, organisation, suspended_ms FROM account WHERE id = $1")
        .bind(caller.account_id.as_str())
        .fetch_optional(executor)
        .await?;
    let row = row.ok_or(AccountsError::NotFound)?;
    let (role, organisation): (String, Option<String>) =
        (row.try_get("role")?, row.try_get("organisation")?);
    if row.try_get::<Option<i64>, _>("suspended_ms")?.is_some() {
        return Err(AccountsError::Suspended);
    }
    match Role::from_parts(&role, organisation.as_deref()).as_ref() == Some(&caller.role) {
        true => Ok(()),
        false => Err(AccountsError::Forbidden),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_open_their_own_doors() {
        let organisation = |id: &str| Role::Organisation(id.parse().unwrap());
        let caller = |role| Caller { account_id: AccountId::random().unwrap(), role };
        let [user, operator, jasrac] =
            [Role::User, Role::Operator, organisation("JASRAC")].map(caller);
        assert!(operator.require_operator().is_ok());
        for other in [&user, &jasrac] {
            assert!(matches!(other.require_operator(), Err(AccountsError::Forbidden)));
        }
        assert_eq!(jasrac.require_organisation().unwrap().as_str(), "JASRAC");
        assert!(operator.require_organisation().is_err() && user.require_organisation().is_err());
        let (own, foreign) = ("JASRAC".parse().unwrap(), "NexTone".parse().unwrap());
        assert!(jasrac.may_see_organisation(&own).is_ok());
        assert!(operator.may_see_organisation(&foreign).is_ok());
        for (who, what) in [(&jasrac, &foreign), (&user, &own)] {
            assert!(matches!(who.may_see_organisation(what), Err(AccountsError::NotFound)));
        }
        assert!(user.may_see_account(&user.account_id).is_ok());
        assert!(operator.may_see_account(&user.account_id).is_ok());
        assert!(jasrac.may_see_account(&user.account_id).is_err());
    }

    #[test]
    fn roles_come_back_from_their_parts() {
        for role in [Role::User, Role::Operator, Role::Organisation("x".parse().unwrap())] {
            let organisation = role.organisation().map(OrganisationId::as_str);
            assert_eq!(Role::from_parts(role.name(), organisation), Some(role.clone()));
        }
        for (name, organisation) in
            [("user", Some("x")), ("organisation", None), ("organisation", Some("")), ("", None)]
        {
            assert_eq!(Role::from_parts(name, organisation), None);
        }
    }
}
