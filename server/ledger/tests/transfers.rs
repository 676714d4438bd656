//! What a transfer may and may not become, on both engines.

mod books;

use books::{Books, download, due, entry, held, payable, posting};
use onmon_ledger::{
    AccountId, Entry, LedgerError, Outcome, Sen, Usage, by_idempotency, exposure, set_limit,
};
use onmon_store::testing::ENGINES;

#[tokio::test]
async fn pending_then_posted_or_voided_once() {
    for engine in ENGINES {
        let books = Books::new(engine).await;
        let postings = [posting(&due(), &payable(), 1_155), posting(&due(), &held(), 45)];
        let one = books.reserve(&entry("one", &postings), None).await.unwrap();
        assert!(one.fresh && one.transfer_id.starts_with("trf_"), "{engine:?}");
        assert_eq!(books.totals(&due()).await, [0, 0, 1_200, 0]);
        assert_eq!(books.totals(&payable()).await, [0, 0, 0, 1_155]);
        let not_posted = books.reverse(&one.transfer_id, "r", 1).await.unwrap_err();
        assert!(matches!(not_posted, LedgerError::NotPosted));

        assert!(books.post(&one.transfer_id, 2_000).await.unwrap().fresh);
        assert!(!books.post(&one.transfer_id, 3_000).await.unwrap().fresh);
        let posted = books.void(&one.transfer_id, 3_000).await.unwrap_err();
        assert!(matches!(posted, LedgerError::AlreadyPosted));
        assert_eq!(books.totals(&due()).await, [1_200, 0, 0, 0]);
        assert_eq!(books.totals(&held()).await, [0, 45, 0, 0]);

        let two = books.reserve(&entry("two", &postings), None).await.unwrap();
        assert!(books.void(&two.transfer_id, 2_000).await.unwrap().fresh);
        assert!(!books.void(&two.transfer_id, 2_000).await.unwrap().fresh);
        let voided = books.post(&two.transfer_id, 3_000).await.unwrap_err();
        assert!(matches!(voided, LedgerError::AlreadyVoided));
        assert_eq!(books.totals(&due()).await, [1_200, 0, 0, 0]);

        for unknown in [books.post("trf_x", 0).await, books.void("trf_x", 0).await] {
            assert!(matches!(unknown, Err(LedgerError::UnknownTransfer)));
        }
        let balance = books.check().await;
        assert!(balance.is_sound(), "{balance:?}");
        assert_eq!((balance.transfers, balance.postings, balance.accounts), (2, 4, 3));
        assert_eq!((balance.debits_posted, balance.credits_posted), (1_200, 1_200));
    }
}

#[tokio::test]
async fn a_key_books_once() {
    for engine in ENGINES {
        let books = Books::new(engine).await;
        let postings = [posting(&due(), &payable(), 770)];
        let usage = download();
        let first = Entry { usage: Some(&usage), ..entry("key", &postings) };
        let booked = books.book(&first).await.unwrap();
        assert!(booked.fresh);
        let again = books.book(&Entry { at_ms: 99_000, ..first }).await.unwrap();
        assert_eq!((again.fresh, &again.transfer_id), (false, &booked.transfer_id));

        let (dearer, other) = ([posting(&due(), &payable(), 771)], [posting(&due(), &held(), 770)]);
        let twice = [postings[0].clone(), postings[0].clone()];
        let more = Usage { quantity: 2, ..download() };
        for reused in [
            Entry { kind: "release", ..first },
            Entry { reference: "buy_2", ..first },
            Entry { usage: None, ..first },
            Entry { usage: Some(&more), ..first },
            Entry { postings: &dearer, ..first },
            Entry { postings: &other, ..first },
            Entry { postings: &twice, ..first },
        ] {
            match books.book(&reused).await.unwrap_err() {
                LedgerError::KeyReused { transfer_id } => {
                    assert_eq!(transfer_id, booked.transfer_id);
                }
                error => panic!("{error:?}"),
            }
        }
        // What was booked is not pending: the same words as a reservation mean something else.
        let reserved = books.reserve(&first, None).await.unwrap_err();
        assert!(matches!(reserved, LedgerError::KeyReused { .. }));
        assert_eq!(books.totals(&due()).await, [770, 0, 0, 0]);
        let mut connection = books.store.readers().acquire().await.unwrap();
        let kept = by_idempotency(&mut connection, "key").await.unwrap().unwrap();
        assert_eq!(kept.outcome, Some((Outcome::Posted, 1_000)));
        assert_eq!((kept.usage, kept.postings), (Some(download()), postings.to_vec()));
    }
}

#[tokio::test]
async fn mended_only_by_one_reversal() {
    for engine in ENGINES {
        let books = Books::new(engine).await;
        let postings = [posting(&due(), &payable(), 770), posting(&due(), &held(), 30)];
        let booked = books.book(&entry("a", &postings)).await.unwrap();
        let other = books.book(&entry("b", &postings)).await.unwrap();
        let back = books.reverse(&booked.transfer_id, "back", 2_000).await.unwrap();
        assert!(back.fresh);
        let again = books.reverse(&booked.transfer_id, "back", 3_000).await.unwrap();
        assert_eq!((again.fresh, &again.transfer_id), (false, &back.transfer_id));
        match books.reverse(&booked.transfer_id, "back again", 2_000).await.unwrap_err() {
            LedgerError::AlreadyReversed { by } => assert_eq!(by, back.transfer_id),
            error => panic!("{error:?}"),
        }
        let of_another = books.reverse(&other.transfer_id, "back", 2_000).await.unwrap_err();
        assert!(matches!(of_another, LedgerError::KeyReused { .. }));
        let of_a_reversal = books.reverse(&back.transfer_id, "forth", 2_000).await.unwrap_err();
        assert!(matches!(of_a_reversal, LedgerError::IsReversal));
        let with_its_key = books.book(&entry("back", &postings)).await.unwrap_err();
        assert!(matches!(with_its_key, LedgerError::KeyReused { .. }));
        assert_eq!(books.totals(&due()).await, [1_600, 800, 0, 0]);
        assert_eq!(books.totals(&payable()).await, [770, 1_540, 0, 0]);
        let mut connection = books.store.readers().acquire().await.unwrap();
        let kept = onmon_ledger::transfer(&mut connection, &back.transfer_id).await.unwrap();
        let kept = kept.unwrap();
        assert_eq!(kept.reverses.as_ref(), Some(&booked.transfer_id));
        assert_eq!(kept.postings[1], posting(&held(), &due(), 30));
        assert!(books.check().await.is_sound());
    }
}

#[tokio::test]
async fn what_waits_too_long_is_taken_back() {
    for engine in ENGINES {
        let books = Books::new(engine).await;
        let postings = [posting(&due(), &payable(), 10)];
        let mut ids = Vec::new();
        for (key, expires) in
            [("a", Some(5_000)), ("b", Some(4_000)), ("c", Some(6_000)), ("d", None)]
        {
            ids.push(books.reserve(&entry(key, &postings), expires).await.unwrap().transfer_id);
        }
        // Too late, though nobody has taken it back yet.
        let late = books.post(&ids[0], 5_000).await.unwrap_err();
        assert!(matches!(late, LedgerError::Expired));
        let mut write = books.store.begin().await.unwrap();
        assert_eq!(onmon_ledger::expire(&mut write, 5_000, 1).await.unwrap(), [ids[1].clone()]);
        assert_eq!(onmon_ledger::expire(&mut write, 5_000, 9).await.unwrap(), [ids[0].clone()]);
        assert!(onmon_ledger::expire(&mut write, 5_000, 9).await.unwrap().is_empty());
        write.commit().await.unwrap();
        for id in &ids[..2] {
            assert!(matches!(books.post(id, 1).await.unwrap_err(), LedgerError::Expired));
            assert!(!books.void(id, 1).await.unwrap().fresh);
        }
        assert!(books.post(&ids[2], 5_999).await.unwrap().fresh);
        assert!(books.post(&ids[3], i64::MAX).await.unwrap().fresh);
        assert_eq!(books.totals(&due()).await, [20, 0, 0, 0], "{engine:?}");
        assert!(books.check().await.is_sound());
    }
}

#[tokio::test]
async fn debts_stay_within_their_limit() {
    for engine in ENGINES {
        let books = Books::new(engine).await;
        let limit = |limit: Option<i64>| {
            let books = &books;
            async move {
                let mut write = books.store.begin().await.unwrap();
                set_limit(&mut write, "acc_1", limit.map(Sen::new)).await.unwrap();
                write.commit().await.unwrap();
            }
        };
        limit(Some(1_000)).await;
        let some = |amount| [posting(&due(), &payable(), amount)];
        books.book(&entry("a", &some(400))).await.unwrap();
        let pending = books.reserve(&entry("b", &some(600)), None).await.unwrap();
        match books.reserve(&entry("c", &some(1)), None).await.unwrap_err() {
            LedgerError::LimitExceeded { owner, limit, would_be } => {
                assert_eq!((owner.as_str(), limit.get(), would_be.get()), ("acc_1", 1_000, 1_001));
            }
            error => panic!("{error:?}"),
        }
        // Who tries again what is booked gets it, limit or not; and posting moves no debt.
        assert!(!books.book(&entry("a", &some(400))).await.unwrap().fresh);
        limit(Some(0)).await;
        assert!(books.post(&pending.transfer_id, 2_000).await.unwrap().fresh);
        limit(Some(1_000)).await;
        // An invoice takes usage over: the debt is the same, and the limit does not stop it.
        let receivable = AccountId::user_receivable("acc_1").unwrap();
        let tax = AccountId::tax_collected(100_000);
        let invoice = [posting(&receivable, &due(), 1_000), posting(&receivable, &tax, 100)];
        books.book(&entry("invoice", &invoice)).await.unwrap();
        assert_eq!(exposure(books.store.readers(), "acc_1").await.unwrap().get(), 1_100);
        assert!(books.book(&entry("d", &some(1))).await.is_err());
        let cash = AccountId::provider_cash("bank").unwrap();
        let payment = [posting(&cash, &receivable, 1_100)];
        books.book(&entry("payment", &payment)).await.unwrap();
        assert!(books.book(&entry("e", &some(1_000))).await.is_ok());
        assert!(books.book(&entry("f", &some(1))).await.is_err());
        limit(None).await;
        assert!(books.book(&entry("f", &some(1))).await.is_ok());
        assert!(books.check().await.is_sound(), "{engine:?}");
    }
}

#[tokio::test]
async fn what_breaks_a_rule_changes_nothing() {
    for engine in ENGINES {
        let books = Books::new(engine).await;
        let good = [posting(&due(), &payable(), 1)];
        let to_itself = [posting(&due(), &due(), 1)];
        let (nothing, less) = ([posting(&due(), &payable(), 0)], [posting(&due(), &held(), -1)]);
        let long = "x".repeat(201);
        let refused = [
            (Entry { postings: &[], ..entry("k", &[]) }, "no_postings"),
            (entry("k", &to_itself), "same_account"),
            (entry("k", &nothing), "amount_invalid"),
            (entry("k", &less), "amount_invalid"),
            (entry("", &good), "text_invalid"),
            (entry(&long, &good), "text_invalid"),
            (Entry { kind: "a\0b", ..entry("k", &good) }, "text_invalid"),
        ];
        for (entry, code) in refused {
            assert_eq!(books.book(&entry).await.unwrap_err().code(), code);
            assert_eq!(books.reserve(&entry, None).await.unwrap_err().code(), code);
        }
        let most = [posting(&due(), &payable(), i64::MAX - 5)];
        let pending = books.reserve(&entry("most", &most), None).await.unwrap();
        let beyond = [posting(&held(), &payable(), 6)];
        assert_eq!(books.book(&entry("k", &beyond)).await.unwrap_err().code(), "amount_overflow");
        let twice = [posting(&held(), &due(), i64::MAX), posting(&held(), &due(), 1)];
        assert_eq!(books.book(&entry("k", &twice)).await.unwrap_err().code(), "amount_overflow");
        let fits = [posting(&held(), &payable(), 5)];
        books.book(&entry("k", &fits)).await.unwrap();
        // Whatever was let in pending can be posted.
        books.post(&pending.transfer_id, 1).await.unwrap();
        assert_eq!(books.totals(&payable()).await, [0, i64::MAX, 0, 0]);
        let balance = books.check().await;
        assert!(balance.is_sound(), "{engine:?} {balance:?}");
        assert_eq!(balance.transfers, 2);
    }
}
