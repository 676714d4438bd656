//! Keys in the database, on SQLite and on PostgreSQL.

use onmon_keys::{
    KeyId, KeysError, Kid, MasterKey, MasterKeys, SCHEMA, SigningKeys, SigningUse, check_masters,
    content_key, content_key_new, content_key_of_permit, content_key_revoke, rewrap,
};
use onmon_store::Store;
use onmon_store::testing::{ENGINES, Scratch};
use sqlx::Row;

const NOW: i64 = 1_790_000_000_000;

fn masters(current: u8, previous: Option<u8>) -> MasterKeys {
    let key = |byte: u8| MasterKey::from_bytes(&[byte; 32]);
    MasterKeys::new(key(current), previous.map(key))
}

async fn new_key(store: &Store, masters: &MasterKeys, permit: &str) -> (Kid, [u8; 16]) {
    let mut write = store.begin().await.unwrap();
    let (kid, key) = content_key_new(&mut write, masters, permit, NOW).await.unwrap();
    write.commit().await.unwrap();
    (kid, *key.as_bytes())
}

#[tokio::test]
async fn a_permit_has_one_key_and_it_comes_back() {
    for engine in ENGINES {
        let scratch = Scratch::new(engine).await;
        let store = Store::open(&scratch.location, &[SCHEMA]).await.unwrap();
        let masters = masters(1, None);
        let (kid, key) = new_key(&store, &masters, "prm_1").await;
        let (other, other_key) = new_key(&store, &masters, "prm_2").await;
        assert!(kid != other && key != other_key);
        assert_eq!(content_key(store.readers(), &masters, &kid).await.unwrap().as_bytes(), &key);
        let (found, _) = content_key_of_permit(store.readers(), &masters, "prm_2").await.unwrap();
        assert_eq!(found, other);

        // A second one is refused and the transaction goes on.
        let mut write = store.begin().await.unwrap();
        let again = content_key_new(&mut write, &masters, "prm_1", NOW).await;
        assert!(matches!(again, Err(KeysError::PermitHasKey)), "{engine:?} {again:?}");
        let inside = content_key(&mut *write, &masters, &kid).await.unwrap();
        assert_eq!(inside.as_bytes(), &key);
        // Dropped, a key was never there.
        let (lost, _) = content_key_new(&mut write, &masters, "prm_3", NOW).await.unwrap();
        drop(write);
        let lost = content_key(store.readers(), &masters, &lost).await;
        assert!(matches!(lost, Err(KeysError::NotFound)));
    }
}

#[tokio::test]
async fn a_revoked_key_is_given_to_nobody() {
    for engine in ENGINES {
        let scratch = Scratch::new(engine).await;
        let store = Store::open(&scratch.location, &[SCHEMA]).await.unwrap();
        let masters = masters(1, None);
        let (kid, _) = new_key(&store, &masters, "prm_1").await;
        let mut write = store.begin().await.unwrap();
        assert!(content_key_revoke(&mut write, &kid, NOW).await.unwrap());
        assert!(!content_key_revoke(&mut write, &kid, NOW).await.unwrap());
        let unknown = content_key_revoke(&mut write, &Kid([0; 16]), NOW).await;
        assert!(matches!(unknown, Err(KeysError::NotFound)));
        write.commit().await.unwrap();
        let revoked = content_key(store.readers(), &masters, &kid).await;
        assert!(matches!(revoked, Err(KeysError::Revoked)));
        let revoked = content_key_of_permit(store.readers(), &masters, "prm_1").await;
        assert!(matches!(revoked, Err(KeysError::Revoked)));
    }
}

#[tokio::test]
async fn keys_in_the_database_are_wrapped_and_cannot_change_places() {
    for engine in ENGINES {
        let scratch = Scratch::new(engine).await;
        let store = Store::open(&scratch.location, &[SCHEMA]).await.unwrap();
        let masters = masters(1, None);
        let (kid, key) = new_key(&store, &masters, "prm_1").await;
        let (other, _) = new_key(&store, &masters, "prm_2").await;
        let rows = sqlx::query("SELECT wrapped FROM content_key")
            .fetch_all(store.readers())
            .await
            .unwrap();
        for row in rows {
            let wrapped: Vec<u8> = row.try_get(0).unwrap();
            assert!(wrapped.windows(16).all(|window| window != key));
        }
        let mut write = store.begin().await.unwrap();
        let swap = "UPDATE content_key SET wrapped = \
                    (SELECT wrapped FROM content_key AS other WHERE other.kid = $1) WHERE kid = $2";
        sqlx::query(swap)
            .bind(kid.to_string())
            .bind(other.to_string())
            .execute(&mut *write)
            .await
            .unwrap();
        write.commit().await.unwrap();
        let moved = content_key(store.readers(), &masters, &other).await;
        assert!(matches!(moved, Err(KeysError::Damaged)), "{engine:?} {moved:?}");
    }
}

#[tokio::test]
async fn a_new_master_key_takes_everything_over() {
    for engine in ENGINES {
        let scratch = Scratch::new(engine).await;
        let store = Store::open(&scratch.location, &[SCHEMA]).await.unwrap();
        let old = masters(1, None);
        let mut kept = Vec::new();
        for at in 0..5 {
            kept.push(new_key(&store, &old, &format!("prm_{at}")).await);
        }
        let mut write = store.begin().await.unwrap();
        SigningKeys::prepare(&mut write, &old, NOW).await.unwrap();
        SigningKeys::rotate(&mut write, &old, SigningUse::Tag, NOW + 1).await.unwrap();
        write.commit().await.unwrap();
        let public = SigningKeys::load(store.readers(), &old).await.unwrap().public().to_vec();

        // Without the old one nothing opens, and the check says so.
        let lost = check_masters(store.readers(), &masters(2, None)).await;
        assert!(matches!(lost, Err(KeysError::UnknownMaster)));
        let both = masters(2, Some(1));
        assert_eq!(check_masters(store.readers(), &both).await.unwrap(), 10);
        let mut moved = Vec::new();
        loop {
            let mut write = store.begin().await.unwrap();
            moved.push(rewrap(&mut write, &both, 2).await.unwrap());
            write.commit().await.unwrap();
            if moved.last() == Some(&0) {
                break;
            }
            // Both open all the way through.
            for (kid, key) in &kept {
                let opened = content_key(store.readers(), &both, kid).await.unwrap();
                assert_eq!(opened.as_bytes(), key);
            }
        }
        assert_eq!(moved, [7, 2, 1, 0], "{engine:?}");
        let new = masters(2, None);
        assert_eq!(check_masters(store.readers(), &new).await.unwrap(), 0);
        for (kid, key) in &kept {
            let opened = content_key(store.readers(), &new, kid).await.unwrap();
            assert_eq!(opened.as_bytes(), key);
        }
        assert_eq!(SigningKeys::load(store.readers(), &new).await.unwrap().public(), public);
        assert!(content_key(store.readers(), &old, &kept[0].0).await.is_err());
    }
}

async fn signing_keys(store: &Store, masters: &MasterKeys) -> SigningKeys {
    SigningKeys::load(store.readers(), masters).await.unwrap()
}

async fn execute(store: &Store, sql: &'static str, value: &str) {
    let mut write = store.begin().await.unwrap();
    sqlx::query(sql).bind(value).execute(&mut *write).await.unwrap();
    write.commit().await.unwrap();
}

#[tokio::test]
async fn signing_keys_rotate_and_what_they_signed_stays_good() {
    for engine in ENGINES {
        let scratch = Scratch::new(engine).await;
        let store = Store::open(&scratch.location, &[SCHEMA]).await.unwrap();
        let masters = masters(1, None);
        let none = signing_keys(&store, &masters).await;
        assert!(matches!(none.signer(SigningUse::Tag), Err(KeysError::NoSigningKey)));
        for _ in 0..2 {
            let mut write = store.begin().await.unwrap();
            SigningKeys::prepare(&mut write, &masters, NOW).await.unwrap();
            write.commit().await.unwrap();
        }
        let first = signing_keys(&store, &masters).await;
        assert_eq!(first.public().len(), 4, "two for each purpose");
        let (tag, release) =
            (first.signer(SigningUse::Tag).unwrap(), first.signer(SigningUse::Release).unwrap());
        let signature = tag.sign(b"message");
        let check = |keys: &SigningKeys, purpose, id: KeyId, message: &[u8]| {
            keys.verify(purpose, id, message, &signature)
        };
        assert!(check(&first, SigningUse::Tag, tag.key_id(), b"message").is_ok());
        let bad = check(&first, SigningUse::Tag, tag.key_id(), b"massage");
        assert!(matches!(bad, Err(KeysError::BadSignature)));
        let other = check(&first, SigningUse::Release, tag.key_id(), b"message");
        assert!(matches!(other, Err(KeysError::NotFound)), "a key is for one purpose");
        assert!(check(&first, SigningUse::Release, release.key_id(), b"message").is_err());

        let mut write = store.begin().await.unwrap();
        let now_signs = SigningKeys::rotate(&mut write, &masters, SigningUse::Tag, NOW + 1).await;
        write.commit().await.unwrap();
        let second = signing_keys(&store, &masters).await;
        let signer = second.signer(SigningUse::Tag).unwrap();
        assert_eq!(signer.key_id(), now_signs.unwrap());
        assert_ne!(signer.key_id(), tag.key_id());
        // Who had the list before the change verifies what is signed after it.
        let later = signer.sign(b"later");
        assert!(first.verify(SigningUse::Tag, signer.key_id(), b"later", &later).is_ok());
        assert!(check(&second, SigningUse::Tag, tag.key_id(), b"message").is_ok());
        assert_eq!(second.public().len(), 5);
        assert_eq!(second.signer(SigningUse::Release).unwrap().key_id(), release.key_id());

        let mut write = store.begin().await.unwrap();
        for (id, fresh) in [(tag.key_id(), true), (tag.key_id(), false), (signer.key_id(), true)] {
            let revoked = SigningKeys::revoke(&mut write, &masters, id, NOW + 2).await.unwrap();
            assert_eq!(revoked, fresh);
        }
        write.commit().await.unwrap();
        let third = signing_keys(&store, &masters).await;
        let revoked = check(&third, SigningUse::Tag, tag.key_id(), b"message");
        assert!(matches!(revoked, Err(KeysError::NotFound)));
        assert_ne!(third.signer(SigningUse::Tag).unwrap().key_id(), signer.key_id());
        assert_eq!(third.public().len(), 4);
    }
}

#[tokio::test]
async fn who_writes_to_the_database_cannot_bring_keys_in_or_back() {
    for engine in ENGINES {
        let scratch = Scratch::new(engine).await;
        let store = Store::open(&scratch.location, &[SCHEMA]).await.unwrap();
        let masters = masters(1, None);
        let mut write = store.begin().await.unwrap();
        SigningKeys::prepare(&mut write, &masters, NOW).await.unwrap();
        let keys = SigningKeys::load(&mut *write, &masters).await.unwrap();
        let id = keys.signer(SigningUse::Tag).unwrap().key_id();
        SigningKeys::rotate(&mut write, &masters, SigningUse::Tag, NOW).await.unwrap();
        SigningKeys::revoke(&mut write, &masters, id, NOW).await.unwrap();
        write.commit().await.unwrap();
        let load = async || SigningKeys::load(store.readers(), &masters).await;
        assert!(load().await.is_ok());
        // A revoked key made good again.
        let back = "UPDATE signing_key SET state = 'retired' WHERE id = $1";
        execute(&store, back, &id.to_string()).await;
        assert!(matches!(load().await, Err(KeysError::Damaged)), "{engine:?}");
        execute(&store, "DELETE FROM signing_key WHERE id = $1", &id.to_string()).await;
        assert!(load().await.is_ok());
        // A key of one purpose used for another.
        let standby = "UPDATE signing_key SET purpose = 'release', state = 'retired' \
                       WHERE purpose = $1 AND state = 'standby'";
        execute(&store, standby, "tag").await;
        assert!(matches!(load().await, Err(KeysError::Damaged)));
    }
}
