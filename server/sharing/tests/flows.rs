//! Uploads and downloads by both methods, on both engines, over a real library.

mod music;

use music::{NOON, enrol, query, query_at, register, request, site, site_with, song, tariff};
use onmon_ledger::{AccountId, Sen, account, check, tariff_add};
use onmon_library::Rights;
use onmon_rights::Decision;
use onmon_sharing::{Method, Rechecked, Released, SharingError, Wanted, refund};
use onmon_store::testing::ENGINES;
use onmon_tag::{KeyId, PublicKeys, Release, Tag};

const ALICE: &str = "acc_alice";
const BOB: &str = "acc_bob";

fn public_keys(site: &music::Site) -> PublicKeys {
    let signing = site.platform.signing();
    let keys: Vec<_> = signing.public().iter().map(|key| (KeyId(key.id.0), key.key)).collect();
    PublicKeys::new(&keys).unwrap()
}

async fn balance(site: &music::Site, id: AccountId) -> Sen {
    let found = account(site.platform.store().readers(), &id).await.unwrap();
    found.map_or(Sen::ZERO, |account| account.balance())
}

#[tokio::test]
async fn by_tag_from_upload_to_release_counted_once_each() {
    for engine in ENGINES {
        let site = site(engine).await;
        let wire = query(&song(1));
        let asked = request(&wire, Method::Tag, "upload-0001");
        let shared = site.platform.share(ALICE, &asked, NOON).await.unwrap();
        assert_eq!(shared.ruling.unwrap().decision, Decision::Permit);
        let permit = shared.permit.unwrap();
        assert!(permit.fresh && permit.key.is_none());

        let keys = public_keys(&site);
        let signed = permit.tag.unwrap();
        let tag = Tag::verify(&signed, &keys).unwrap();
        assert_eq!((tag.recording_id.as_str(), tag.essence), ("song-1", [9; 32]));
        assert_eq!(tag.permit_id, permit.permit_id);
        assert!(signed.len() < 300, "{}", signed.len());

        // The same again, and at once by several: the same permit and tag, counted once.
        let again = site.platform.share(ALICE, &asked, NOON + 5_000).await.unwrap();
        let again = again.permit.unwrap();
        assert_eq!((again.permit_id, again.fresh), (tag.permit_id.clone(), false));
        assert_eq!(again.tag.unwrap(), signed);

        let wanted = Wanted::Permit(tag.permit_id.clone());
        let offer = site.platform.offer(&wanted, NOON).await.unwrap();
        assert_eq!((offer.price, offer.recordings.len()), (Sen::new(770), 1));
        assert_eq!(offer.recordings[0].title.as_deref(), Some("Song 1"));

        // A tag in another file buys nothing.
        for essence in [None, Some(&[8; 32])] {
            let error = site.platform.buy(BOB, &wanted, essence, NOON).await.unwrap_err();
            assert!(matches!(error, SharingError::OtherAudio), "{error:?}");
        }
        let bought = site.platform.buy(BOB, &wanted, Some(&[9; 32]), NOON).await.unwrap();
        assert!(bought.fresh);
        let Released::Release(release) = bought.released else { panic!("a release") };
        let release = Release::verify(&release, &keys).unwrap();
        release.unlocks(&tag, BOB, NOON + 1).unwrap();
        assert!(release.unlocks(&tag, ALICE, NOON + 1).is_err());

        // Delivered again for nothing.
        let later = NOON + 40 * 86_400_000;
        let again = site.platform.buy(BOB, &wanted, Some(&[9; 32]), later).await.unwrap();
        assert_eq!((again.fresh, &again.purchase_id), (false, &bought.purchase_id));
        assert_eq!(balance(&site, AccountId::user_due(BOB).unwrap()).await, Sen::new(770));
        let payable = AccountId::organisation_payable("JASRAC").unwrap();
        assert_eq!(balance(&site, payable).await, Sen::new(-770));

        let summary = site.platform.summary().await.unwrap();
        assert_eq!((summary.uploads, summary.downloads), (1, 1));
        // One line each in the audit log, however often it was asked.
        let store = site.platform.store();
        assert_eq!(onmon_audit::lines(store.readers()).await.unwrap(), 2);
        let line = onmon_audit::line(store.readers(), 1).await.unwrap().unwrap();
        assert_eq!((line.kind.as_str(), line.subject), ("purchase", bought.purchase_id.clone()));
        assert!(line.body.contains("\"price_sen\":770"), "{}", line.body);
        assert_eq!(summary.charged, Sen::new(770));
        let lines = site.platform.permits_of(ALICE, i64::MAX, 10).await.unwrap();
        assert_eq!((lines.len(), lines[0].downloads), (1, 1));
        assert!(check(site.platform.store().readers()).await.unwrap().is_sound());
    }
}

#[tokio::test]
async fn by_drm_the_key_comes_with_the_purchase() {
    for engine in ENGINES {
        let site = site(engine).await;
        let wire = query(&song(1));
        let asked = request(&wire, Method::Drm, "upload-0001");
        let shared = site.platform.share(ALICE, &asked, NOON).await.unwrap();
        let permit = shared.permit.unwrap();
        let (kid, key) = permit.key.unwrap();
        let again = site.platform.share(ALICE, &asked, NOON).await.unwrap().permit.unwrap();
        assert_eq!(again.key.unwrap().1.as_bytes(), key.as_bytes());

        let wanted = Wanted::Kid(kid);
        let bought = site.platform.buy(BOB, &wanted, None, NOON).await.unwrap();
        let Released::Key(of, given) = bought.released else { panic!("a key") };
        assert_eq!((of, given.as_bytes()), (kid, key.as_bytes()));
        assert_eq!(bought.price, Sen::new(770));
        assert_eq!(balance(&site, AccountId::user_due(BOB).unwrap()).await, Sen::new(770));
        assert!(!site.platform.buy(BOB, &wanted, None, NOON).await.unwrap().fresh);
        assert_eq!(balance(&site, AccountId::user_due(BOB).unwrap()).await, Sen::new(770));
    }
}

#[tokio::test]
async fn a_refund_books_the_contrary_once_and_closes_what_was_bought() {
    for engine in ENGINES {
        let site = site(engine).await;
        let wire = query(&song(1));
        let asked = request(&wire, Method::Drm, "upload-0001");
        let shared = site.platform.share(ALICE, &asked, NOON).await.unwrap();
        let (kid, _) = shared.permit.unwrap().key.unwrap();
        let wanted = Wanted::Kid(kid);
        let bought = site.platform.buy(BOB, &wanted, None, NOON).await.unwrap();
        let refunded = async |id: &str, reason: &str| {
            let mut write = site.platform.store().begin().await.unwrap();
            let refunded = refund(&mut write, id, reason, NOON + 1_000).await?;
            write.commit().await.unwrap();
            Ok::<_, SharingError>(refunded)
        };
        let unknown = refunded("buy_00000000000000000000000000", "a mistake").await.unwrap_err();
        assert!(matches!(unknown, SharingError::NoSuchPurchase), "{unknown:?}");
        let bare = refunded(&bought.purchase_id, " ").await.unwrap_err();
        assert!(matches!(bare, SharingError::BadReason), "{bare:?}");
        let first = refunded(&bought.purchase_id, "another song").await.unwrap();
        let again = refunded(&bought.purchase_id, "in other words").await.unwrap();
        assert!(first.fresh && !again.fresh);
        assert_eq!((&first.refund_id, first.refunded_ms), (&again.refund_id, again.refunded_ms));

        assert_eq!(balance(&site, AccountId::user_due(BOB).unwrap()).await, Sen::ZERO);
        let payable = AccountId::organisation_payable("JASRAC").unwrap();
        assert_eq!(balance(&site, payable).await, Sen::ZERO);
        let error = site.platform.buy(BOB, &wanted, None, NOON + 2_000).await.unwrap_err();
        assert!(matches!(error, SharingError::Refunded), "{error:?}");
        assert!(site.platform.keys_of(BOB, &[kid]).await.unwrap().is_empty());
        assert_eq!(site.platform.keys_of(ALICE, &[kid]).await.unwrap().len(), 1);
        let line = site.platform.purchase_of(BOB, &bought.purchase_id).await.unwrap();
        assert_eq!(line.refunded_ms, Some(NOON + 1_000));
        let summary = site.platform.summary().await.unwrap();
        assert_eq!((summary.downloads, summary.refunds, summary.charged), (1, 1, Sen::ZERO));
        let corrections = site.platform.corrections(NOON, NOON + 1_001).await.unwrap();
        assert_eq!(corrections.len(), 1);
        let correction = &corrections[0];
        assert_eq!(
            (&correction.refund_id, correction.refunded_ms),
            (&first.refund_id, NOON + 1_000)
        );
        let downloads = site.platform.downloads(NOON, NOON + 1).await.unwrap();
        assert_eq!(correction.download, downloads[0]);
        assert!(site.platform.corrections(NOON, NOON + 1_000).await.unwrap().is_empty());
        // The permit, the purchase, the refund: a line each.
        assert_eq!(onmon_audit::lines(site.platform.store().readers()).await.unwrap(), 3);
        assert!(check(site.platform.store().readers()).await.unwrap().is_sound());
    }
}

#[tokio::test]
async fn what_is_not_entrusted_or_not_known_gets_no_permit() {
    for engine in ENGINES {
        let site = site(engine).await;
        for (seed, decision) in
            [(2, Decision::Refuse), (3, Decision::Unregistered), (4, Decision::Unregistered)]
        {
            let wire = query(&song(seed));
            let asked = request(&wire, Method::Tag, "upload-0001");
            let shared = site.platform.share(ALICE, &asked, NOON).await.unwrap();
            assert_eq!(shared.ruling.unwrap().decision, decision, "{seed}");
            assert!(shared.permit.is_none());
        }
        let summary = site.platform.summary().await.unwrap();
        // Only what matched nothing is kept: a recording with unknown rights is known.
        assert_eq!((summary.uploads, summary.unknown), (0, 1));
        let days = site.platform.days(2, NOON).await.unwrap();
        assert_eq!(days[1].day, "2026-04-15");
        let want = [("refuse".to_owned(), 1), ("unregistered".to_owned(), 2)];
        assert_eq!(days[1].decisions, want);

        // Registered later, it is found among what was kept.
        assert!(site.platform.ask_unknown_again(NOON).await.unwrap().is_empty());
        enrol(site.platform.library(), "song-4", 4, Rights::Entrusted).await;
        // By two at the same time (the server's upkeep and `retro scan`, say) it is found once.
        let ask = || site.platform.ask_unknown_again(NOON);
        let (one, other) = tokio::join!(ask(), ask());
        let found = [one.unwrap(), other.unwrap()].concat();
        assert_eq!((found.len(), found[0].recording_id.as_str()), (1, "song-4"));
        assert_eq!(site.platform.summary().await.unwrap().unknown, 0);
        let store = site.platform.store();
        let lines = onmon_audit::lines(store.readers()).await.unwrap();
        assert_eq!(lines, 1, "one rediscovery, and nothing else was permitted");
    }
}

#[tokio::test]
async fn nothing_of_anothers_is_found() {
    for engine in ENGINES {
        let site = site(engine).await;
        let wire = query(&song(1));
        let asked = request(&wire, Method::Tag, "upload-0001");
        let permit = site.platform.share(ALICE, &asked, NOON).await.unwrap().permit.unwrap();
        let wanted = Wanted::Permit(permit.permit_id.clone());
        let bought = site.platform.buy(BOB, &wanted, Some(&[9; 32]), NOON).await.unwrap();
        assert!(site.platform.permit_of(ALICE, &permit.permit_id).await.is_ok());
        let error = site.platform.permit_of(BOB, &permit.permit_id).await.unwrap_err();
        assert!(matches!(error, SharingError::NoSuchPermit));
        assert!(site.platform.purchase_of(BOB, &bought.purchase_id).await.is_ok());
        let error = site.platform.purchase_of(ALICE, &bought.purchase_id).await.unwrap_err();
        assert!(matches!(error, SharingError::NoSuchPurchase));
        // The same idempotency key is another key for another account.
        let bobs = site.platform.share(BOB, &asked, NOON).await.unwrap().permit.unwrap();
        assert!(bobs.fresh && bobs.permit_id != permit.permit_id);
        // And for another request of the same account it is used up.
        let other = request(&wire, Method::Drm, "upload-0001");
        let error = site.platform.share(ALICE, &other, NOON).await.unwrap_err();
        assert!(matches!(error, SharingError::KeyReused));
    }
}

#[tokio::test]
async fn several_claimants_are_all_paid_once_and_what_is_disputed_is_held() {
    for engine in ENGINES {
        let site = site(engine).await;
        // The same music under two ids, each with a work of its own in the register.
        enrol(site.platform.library(), "song-1-again", 1, Rights::Entrusted).await;
        let mut write = site.platform.store().begin().await.unwrap();
        tariff_add(&mut write, &tariff("NEXTONE", "download_paid", 800)).await.unwrap();
        for (recording, work, claimant) in
            [("song-1", "w1", "JASRAC"), ("song-1-again", "w2", "NEXTONE")]
        {
            register(&mut write, recording, work, claimant).await;
        }
        write.commit().await.unwrap();

        let wire = query(&song(1));
        let asked = request(&wire, Method::Tag, "upload-0001");
        let shared = site.platform.share(ALICE, &asked, NOON).await.unwrap();
        assert_eq!(shared.matches.len(), 2);
        assert!(!shared.ruling.unwrap().conflicts.is_empty());
        let wanted = Wanted::Permit(shared.permit.unwrap().permit_id);
        let offer = site.platform.offer(&wanted, NOON).await.unwrap();
        assert_eq!(offer.recordings.len(), 1, "one piece of music");
        assert_eq!(offer.price, Sen::new(800), "the dearer of the two, once");
        let named: Vec<&str> =
            offer.shares.iter().map(|share| share.organisation.as_str()).collect();
        assert_eq!(named.len(), 2);
        assert!(named.contains(&"JASRAC") && named.contains(&"NEXTONE"));
        site.platform.buy(BOB, &wanted, Some(&[9; 32]), NOON).await.unwrap();
        let mut held = Sen::ZERO;
        for organisation in ["JASRAC", "NEXTONE"] {
            let payable = AccountId::organisation_payable(organisation).unwrap();
            assert_eq!(balance(&site, payable).await, Sen::ZERO);
            let of = AccountId::organisation_held(organisation).unwrap();
            held = held.plus(balance(&site, of).await).unwrap();
        }
        assert_eq!(held, Sen::new(-800));
        assert_eq!(site.platform.summary().await.unwrap().held, Sen::new(800));
    }
}

#[tokio::test]
async fn a_challenge_is_answered_once_where_it_says() {
    for engine in ENGINES {
        let site = site_with(engine, |settings| settings.challenge_required = true).await;
        let codes = song(1);
        let total = codes.len() as u32;
        let usual = query(&codes);
        let plain = request(&usual, Method::Tag, "upload-0001");
        let error = site.platform.share(ALICE, &plain, NOON).await.unwrap_err();
        assert!(matches!(error, SharingError::ChallengeNeeded));

        let drawn = site.platform.challenge(ALICE, &[9; 32], total, NOON).await.unwrap();
        let spans = onmon_core::plan::drawn_spans(total, drawn.seed).unwrap();
        let there = query_at(&codes, &spans);
        let answer = |wire, challenge, key| onmon_sharing::ShareRequest {
            challenge: Some((challenge, total)),
            ..request(wire, Method::Tag, key)
        };
        let id = drawn.challenge_id.as_str();
        // Samples from elsewhere; another account; other audio; too late.
        let error = site.platform.share(ALICE, &answer(&usual, id, "upload-0002"), NOON).await;
        assert!(matches!(error.unwrap_err(), SharingError::ChallengeFailed));
        let error = site.platform.share(BOB, &answer(&there, id, "upload-0003"), NOON).await;
        assert!(matches!(error.unwrap_err(), SharingError::NoSuchChallenge));
        let other =
            onmon_sharing::ShareRequest { essence: [8; 32], ..answer(&there, id, "upload-0004") };
        let error = site.platform.share(ALICE, &other, NOON).await;
        assert!(matches!(error.unwrap_err(), SharingError::ChallengeFailed));
        let late = drawn.expires_ms;
        let error = site.platform.share(ALICE, &answer(&there, id, "upload-0005"), late).await;
        assert!(matches!(error.unwrap_err(), SharingError::NoSuchChallenge));

        let good = answer(&there, id, "upload-0006");
        let permit = site.platform.share(ALICE, &good, NOON).await.unwrap().permit.unwrap();
        assert!(permit.fresh);
        // Spent; but the upload that it was spent on is answered again.
        let error = site.platform.share(ALICE, &answer(&there, id, "upload-0007"), NOON).await;
        assert!(matches!(error.unwrap_err(), SharingError::NoSuchChallenge));
        let again = site.platform.share(ALICE, &good, NOON).await.unwrap().permit.unwrap();
        assert_eq!((again.permit_id, again.fresh), (permit.permit_id, false));
    }
}

#[tokio::test]
async fn buyers_who_find_other_audio_revoke_a_permit() {
    for engine in ENGINES {
        let site = site_with(engine, |settings| settings.rechecks_to_revoke = 2).await;
        let wire = query(&song(1));
        let asked = request(&wire, Method::Drm, "upload-0001");
        let permit = site.platform.share(ALICE, &asked, NOON).await.unwrap().permit.unwrap();
        let id = permit.permit_id.as_str();
        let wanted = Wanted::Kid(permit.key.unwrap().0);
        let other = query(&song(2));
        // Only who has bought may say.
        let error = site.platform.recheck(BOB, id, &other, NOON).await.unwrap_err();
        assert!(matches!(error, SharingError::NoSuchPermit));
        for account in [BOB, "acc_carol"] {
            site.platform.buy(account, &wanted, None, NOON).await.unwrap();
        }
        assert_eq!(site.platform.recheck(BOB, id, &wire, NOON).await.unwrap(), Rechecked::Same);
        // One buyer counts once, however often.
        for _ in 0..3 {
            let found = site.platform.recheck(BOB, id, &other, NOON).await.unwrap();
            let found_as = Some("song-2".to_owned());
            assert_eq!(found, Rechecked::Other { found: found_as, reports: 1, revoked: false });
        }
        let unknown = query(&song(99));
        let found = site.platform.recheck("acc_carol", id, &unknown, NOON).await.unwrap();
        assert_eq!(found, Rechecked::Other { found: None, reports: 2, revoked: true });
        let error = site.platform.buy("acc_dave", &wanted, None, NOON).await.unwrap_err();
        assert!(matches!(error, SharingError::NoSuchPermit));
        let error = site.platform.share(ALICE, &asked, NOON).await.unwrap_err();
        assert!(matches!(error, SharingError::NoSuchPermit));
    }
}

#[tokio::test]
async fn random_bytes_are_no_fingerprint_of_sound() {
    let site = site(ENGINES[0]).await;
    let mut state = 1u64;
    let noise: Vec<u8> = (0..3_600)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 56) as u8
        })
        .collect();
    let wire = query(&noise);
    let error = site.platform.share(ALICE, &request(&wire, Method::Tag, "upload-0001"), NOON).await;
    assert!(matches!(error.unwrap_err(), SharingError::Implausible));
    for key in ["short", "with a space in it", &"x".repeat(129)] {
        let wire = query(&song(1));
        let error = site.platform.share(ALICE, &request(&wire, Method::Tag, key), NOON).await;
        assert!(matches!(error.unwrap_err(), SharingError::BadIdempotencyKey), "{key}");
    }
}

#[tokio::test]
async fn the_same_upload_asked_by_many_at_once_is_one() {
    for engine in ENGINES {
        let site = site(engine).await;
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let platform = site.platform.clone();
            tasks.spawn(async move {
                let wire = query(&song(1));
                let asked = request(&wire, Method::Tag, "upload-0001");
                let permit = platform.share(ALICE, &asked, NOON).await.unwrap().permit.unwrap();
                let wanted = Wanted::Permit(permit.permit_id.clone());
                let bought = platform.buy(BOB, &wanted, Some(&[9; 32]), NOON).await.unwrap();
                (permit.permit_id, permit.fresh, bought.purchase_id, bought.fresh)
            });
        }
        let all = tasks.join_all().await;
        assert!(all.iter().all(|one| one.0 == all[0].0 && one.2 == all[0].2));
        assert_eq!(all.iter().filter(|one| one.1).count(), 1);
        assert_eq!(all.iter().filter(|one| one.3).count(), 1);
        assert_eq!(balance(&site, AccountId::user_due(BOB).unwrap()).await, Sen::new(770));
        assert!(check(site.platform.store().readers()).await.unwrap().is_sound());
    }
}
