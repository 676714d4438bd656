//! Accounts in the database, on SQLite and on PostgreSQL.

use onmon_accounts::*;
use onmon_store::Store;
use onmon_store::testing::{ENGINES, Scratch};
use zeroize::Zeroizing;

const NOW: i64 = 1_790_000_000_000;

/// Keeps place and secret together, as real wrapping does.
struct Plain;

impl Wrap for Plain {
    fn wrap(&self, purpose: &str, id: &str, secret: &[u8]) -> Result<Vec<u8>, WrapError> {
        Ok([format!("{purpose}:{id}:").as_bytes(), secret].concat())
    }

    fn open(
        &self,
        purpose: &str,
        id: &str,
        wrapped: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, WrapError> {
        let secret = wrapped.strip_prefix(format!("{purpose}:{id}:").as_bytes());
        let secret = secret.ok_or_else(|| WrapError("moved".into()))?;
        Ok(Zeroizing::new(secret.to_vec()))
    }
}

async fn load(store: &Store) -> Result<TokenKeys, AccountsError> {
    let terms = Terms { issuer: "onmon".into(), audience: "api".into(), lifetime_s: 300 };
    TokenKeys::load(store.readers(), &Plain, terms).await
}

async fn open(scratch: &Scratch) -> Store {
    let store = Store::open(&scratch.location, &[SCHEMA]).await.unwrap();
    let mut write = store.begin().await.unwrap();
    TokenKeys::prepare(&mut write, &Plain, NOW).await.unwrap();
    TokenKeys::prepare(&mut write, &Plain, NOW).await.unwrap();
    write.commit().await.unwrap();
    store
}

async fn new_account(store: &Store, role: Role) -> (Caller, ApiKey) {
    let mut write = store.begin().await.unwrap();
    let admin = Admin::console("cli", NOW);
    let (account, key) = create(&mut write, &admin, &role, "Name").await.unwrap();
    write.commit().await.unwrap();
    (Caller { account_id: account.id, role }, key)
}

#[tokio::test]
async fn a_key_is_exchanged_until_it_is_revoked_or_its_account_suspended() {
    for engine in ENGINES {
        let scratch = Scratch::new(engine).await;
        let store = open(&scratch).await;
        let tokens = load(&store).await.unwrap();
        let (operator, _) = new_account(&store, Role::Operator).await;
        let (user, secret) = new_account(&store, Role::User).await;
        let (other, _) = new_account(&store, Role::Organisation("JASRAC".parse().unwrap())).await;
        let issued = exchange(&store, &tokens, secret.as_str(), NOW).await.unwrap();
        assert_eq!(tokens.check(&issued.token, NOW), Ok(user.clone()));
        let bad = format!("{}0", &secret.as_str()[..55]);
        for text in ["", "onk_", bad.as_str(), &bad.replace("onk", "ONK")] {
            let refused = exchange(&store, &tokens, text, NOW).await;
            assert!(text == secret.as_str() || matches!(refused, Err(AccountsError::UnknownKey)));
        }

        let shown = authenticate(store.readers(), secret.as_str(), NOW).await.unwrap();
        assert!(!shown.stale, "noted a moment ago");
        let mut write = store.begin().await.unwrap();
        let (second, info) = add_key(&mut write, &shown, "laptop", NOW).await.unwrap();
        let foreign = revoke_key(&mut write, &other, &info.id, NOW).await;
        assert!(matches!(foreign, Err(AccountsError::NotFound)), "{engine:?}");
        assert!(revoke_key(&mut write, &user, &shown.key, NOW).await.unwrap());
        assert!(!revoke_key(&mut write, &user, &shown.key, NOW).await.unwrap());
        for _ in 1..KEYS_MAX {
            add_key(&mut write, &shown, "more", NOW).await.unwrap();
        }
        let many = add_key(&mut write, &shown, "more", NOW).await;
        assert!(matches!(many, Err(AccountsError::TooManyKeys)));
        write.commit().await.unwrap();
        let revoked = exchange(&store, &tokens, secret.as_str(), NOW).await;
        assert!(matches!(revoked, Err(AccountsError::UnknownKey)));
        assert!(exchange(&store, &tokens, second.as_str(), NOW).await.is_ok());
        let listed = keys(store.readers(), &user, &user.account_id).await.unwrap();
        assert_eq!(listed.len(), KEYS_MAX + 1);
        assert!(keys(store.readers(), &other, &user.account_id).await.is_err());

        let admin = Admin::operator(&operator, "192.0.2.1", NOW).unwrap();
        let mut write = store.begin().await.unwrap();
        assert!(suspend(&mut write, &admin, &user.account_id, "scraping").await.unwrap());
        write.commit().await.unwrap();
        let refused = exchange(&store, &tokens, second.as_str(), NOW).await;
        assert!(matches!(refused, Err(AccountsError::Suspended)));
        let refused = confirm(store.readers(), &user).await;
        assert!(matches!(refused, Err(AccountsError::Suspended)));
        assert_eq!(tokens.check(&issued.token, NOW + 300_000), Err(TokenError::Expired));
        let mut write = store.begin().await.unwrap();
        assert!(restore(&mut write, &admin, &user.account_id).await.unwrap());
        write.commit().await.unwrap();
        assert!(exchange(&store, &tokens, second.as_str(), NOW).await.is_ok());
    }
}

#[tokio::test]
async fn what_operators_do_is_recorded_with_it_or_not_done() {
    for engine in ENGINES {
        let scratch = Scratch::new(engine).await;
        let store = open(&scratch).await;
        let (operator, _) = new_account(&store, Role::Operator).await;
        let (user, _) = new_account(&store, Role::User).await;
        assert!(matches!(Admin::operator(&user, "", NOW), Err(AccountsError::Forbidden)));
        let admin = Admin::operator(&operator, "192.0.2.1", NOW + 1).unwrap();
        let mut write = store.begin().await.unwrap();
        suspend(&mut write, &admin, &user.account_id, "lost").await.unwrap();
        drop(write);
        assert!(confirm(store.readers(), &user).await.is_ok());
        let mut write = store.begin().await.unwrap();
        suspend(&mut write, &admin, &user.account_id, "scraping").await.unwrap();
        set_role(&mut write, &admin, &user.account_id, &Role::Operator).await.unwrap();
        write.commit().await.unwrap();
        let all = actions(store.readers(), &operator, None, None, 10).await.unwrap();
        let words: Vec<_> = all.iter().map(|a| (a.seq, a.action.as_str())).collect();
        let expected = [
            (4, "account.role"),
            (3, "account.suspend"),
            (2, "account.create"),
            (1, "account.create"),
        ];
        assert_eq!(words, expected, "{engine:?}");
        assert_eq!(
            (all[1].actor.as_str(), all[1].detail.as_str(), all[1].origin.as_str()),
            (operator.account_id.as_str(), "scraping", "192.0.2.1")
        );
        let subject = Some(user.account_id.as_str());
        let some = actions(store.readers(), &operator, subject, Some(4), 1).await.unwrap();
        assert_eq!(some, all[1..2]);
        assert!(actions(store.readers(), &user, None, None, 10).await.is_err());

        // An operator suspended meanwhile does nothing more, whatever its token says.
        let mut write = store.begin().await.unwrap();
        let console = Admin::console("cli", NOW);
        suspend(&mut write, &console, &operator.account_id, "left").await.unwrap();
        let undo = restore(&mut write, &admin, &operator.account_id).await;
        assert!(matches!(undo, Err(AccountsError::Suspended)));
    }
}

#[tokio::test]
async fn accounts_are_seen_by_themselves_and_operators() {
    for engine in ENGINES {
        let scratch = Scratch::new(engine).await;
        let store = open(&scratch).await;
        let (operator, _) = new_account(&store, Role::Operator).await;
        let (user, _) = new_account(&store, Role::User).await;
        let mut write = store.begin().await.unwrap();
        let closed = register(&mut write, Registration::Closed, "Eve", NOW).await;
        assert!(matches!(closed, Err(AccountsError::RegistrationClosed)));
        let open = register(&mut write, Registration::Open, "Eve", NOW).await.unwrap().0;
        assert!(register(&mut write, Registration::Open, "\n", NOW).await.is_err());
        write.commit().await.unwrap();
        assert_eq!(open.role, Role::User);
        let foreign = account(store.readers(), &user, &open.id).await;
        assert!(matches!(foreign, Err(AccountsError::NotFound)), "{engine:?}");
        assert_eq!(account(store.readers(), &operator, &open.id).await.unwrap(), open);
        assert!(account(store.readers(), &user, &user.account_id).await.is_ok());
        assert!(accounts(store.readers(), &user, None, 9).await.is_err());
        let first = accounts(store.readers(), &operator, None, 2).await.unwrap();
        let rest = accounts(store.readers(), &operator, Some(&first[1].id), 9).await.unwrap();
        assert_eq!((first.len(), rest.len()), (2, 1));
    }
}

#[tokio::test]
async fn token_keys_rotate_and_old_tokens_end_by_themselves() {
    for engine in ENGINES {
        let scratch = Scratch::new(engine).await;
        let store = open(&scratch).await;
        let (user, _) = new_account(&store, Role::User).await;
        let first = load(&store).await.unwrap();
        let old = first.issue(&user, NOW).unwrap().token;
        let mut write = store.begin().await.unwrap();
        TokenKeys::rotate(&mut write, &Plain, OldKey::LetEnd, NOW).await.unwrap();
        let soon = TokenKeys::rotate(&mut write, &Plain, OldKey::LetEnd, NOW + 309_999).await;
        assert!(matches!(soon, Err(AccountsError::RotationTooSoon { .. })), "{engine:?}");
        assert_eq!(TokenKeys::rewrap(&mut write, &Plain).await.unwrap(), 2);
        write.commit().await.unwrap();
        let second = load(&store).await.unwrap();
        let new = second.issue(&user, NOW).unwrap().token;
        assert_eq!(second.check(&old, NOW + 299_000), Ok(user.clone()));
        assert_eq!(second.check(&new, NOW), Ok(user.clone()));
        assert_eq!(first.check(&new, NOW), Err(TokenError::UnknownKey));
        assert_eq!(second.check(&old, NOW + 310_000), Err(TokenError::UnknownKey));
        let keys = |now_ms| second.jwks(now_ms).matches("\"kid\"").count();
        assert_eq!((keys(NOW), keys(NOW + 310_000)), (2, 1));
        // Nobody who only writes to the database prolongs a key.
        let mut write = store.begin().await.unwrap();
        sqlx::query("UPDATE account_token_key SET ends_ms = ends_ms + 1 WHERE ends_ms IS NOT NULL")
            .execute(&mut *write)
            .await
            .unwrap();
        write.commit().await.unwrap();
        assert!(matches!(load(&store).await, Err(AccountsError::Wrap(_))));
        let mut write = store.begin().await.unwrap();
        TokenKeys::rotate(&mut write, &Plain, OldKey::Revoke, NOW).await.unwrap();
        write.commit().await.unwrap();
        let third = load(&store).await.unwrap();
        assert_eq!(third.check(&new, NOW), Err(TokenError::UnknownKey));
    }
}
