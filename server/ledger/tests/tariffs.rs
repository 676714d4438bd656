//! Versions of tariffs and settled usage, on both engines.

mod books;

use books::{Books, download, due, entry, held, payable, posting};
use onmon_ledger::{
    AccountKind, Date, Entry, LedgerError, Rate, Sen, Tariff, Usage, UsageLine, jasrac, settle,
    tariff_add, tariff_at, tariff_close, tariffs, unsettle, unsettled,
};
use onmon_store::testing::ENGINES;

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

#[tokio::test]
async fn a_new_version_ends_the_old() {
    for engine in ENGINES {
        let books = Books::new(engine).await;
        let mut write = books.store.begin().await.unwrap();
        for tariff in jasrac::example(date("2026-04-01")) {
            tariff_add(&mut write, &tariff).await.unwrap();
        }
        let first = jasrac::example(date("2026-04-01")).swap_remove(0);
        let dearer = Tariff {
            valid_from: date("2027-04-01"),
            rate: Rate::Share { ppm: 80_000, floor: Sen::new(800) },
            ..first.clone()
        };
        tariff_add(&mut write, &dearer).await.unwrap();
        for late in ["2026-03-31", "2026-04-01", "2027-04-01"] {
            let late = Tariff { valid_from: date(late), ..first.clone() };
            let error = tariff_add(&mut write, &late).await.unwrap_err();
            assert!(
                matches!(error, LedgerError::TariffOrder { newest } if newest == date("2027-04-01"))
            );
        }
        let end = date("2028-01-01");
        tariff_close(&mut write, "JASRAC", "download_paid", end, "left").await.unwrap();
        write.commit().await.unwrap();

        let at = |day: &'static str| {
            let readers = books.store.readers();
            async move { tariff_at(readers, "JASRAC", "download_paid", date(day)).await.unwrap() }
        };
        assert_eq!(at("2026-03-31").await, None);
        let valid_to = Some(date("2027-04-01"));
        assert_eq!(at("2026-04-01").await, Some(Tariff { valid_to, ..first.clone() }));
        assert_eq!(at("2027-03-31").await, Some(Tariff { valid_to, ..first.clone() }));
        let valid_to = Some(end);
        assert_eq!(at("2027-04-01").await, Some(Tariff { valid_to, ..dearer.clone() }));
        assert_eq!(at("2027-12-31").await, Some(Tariff { valid_to, ..dearer }));
        assert_eq!(at("2028-01-01").await, None);
        let readers = books.store.readers();
        assert_eq!(tariffs(readers, "JASRAC", "download_paid").await.unwrap().len(), 3);
        let none = tariff_at(readers, "NexTone", "download_paid", date("2026-05-01")).await;
        assert_eq!(none.unwrap(), None, "{engine:?}");
    }
}

fn line(form: &str, quantity: i64, amount: i64) -> UsageLine {
    let (kind, form) = ("purchase".to_owned(), form.to_owned());
    UsageLine { kind, form, tax_ppm: 100_000, quantity, amount: Sen::new(amount) }
}

#[tokio::test]
async fn usage_is_taken_once() {
    for engine in ENGINES {
        let books = Books::new(engine).await;
        let (paid, free) = (download(), Usage { form: "download_free".to_owned(), ..download() });
        let use_it = |key: &'static str, usage, amount, at_ms| {
            let books = &books;
            async move {
                let postings = [posting(&due(), &payable(), amount), posting(&due(), &held(), 10)];
                let entry = Entry { usage: Some(usage), at_ms, ..entry(key, &postings) };
                books.book(&entry).await.unwrap().transfer_id
            }
        };
        let first = use_it("a", &paid, 1_155, 100).await;
        use_it("b", &paid, 770, 100).await;
        use_it("c", &free, 550, 200).await;
        let wait = [posting(&due(), &payable(), 7)];
        let wait = Entry { usage: Some(&paid), ..entry("wait", &wait) };
        let waiting = books.reserve(&wait, None).await.unwrap();
        books.book(&entry("no usage", &[posting(&due(), &payable(), 5)])).await.unwrap();

        let mut write = books.store.begin().await.unwrap();
        let owners = unsettled(&mut *write, AccountKind::UserDue, 200).await.unwrap();
        assert_eq!(owners, ["acc_1"], "{engine:?}");
        assert!(unsettled(&mut *write, AccountKind::UserDue, 100).await.unwrap().is_empty());
        let lines = settle(&mut write, &due(), 200, "inv_1").await.unwrap();
        assert_eq!(lines, [line("download_paid", 2, 1_945)]);
        let again = settle(&mut write, &due(), 200, "inv_2").await.unwrap();
        assert!(again.is_empty());
        // The organisation's accounts are settled on their own.
        let lines = settle(&mut write, &payable(), 1_000, "stm_1").await.unwrap();
        assert_eq!(lines, [line("download_free", 1, 550), line("download_paid", 2, 1_925)]);
        let lines = settle(&mut write, &held(), 1_000, "stm_1").await.unwrap();
        assert_eq!(lines, [line("download_free", 1, 10), line("download_paid", 2, 20)]);
        write.commit().await.unwrap();

        // Posted late and taken back: on the next.
        books.post(&waiting.transfer_id, 150).await.unwrap();
        books.reverse(&first, "back", 300).await.unwrap();
        let release = [posting(&held(), &payable(), 10)];
        let release = Entry { usage: Some(&free), at_ms: 300, ..entry("release", &release) };
        books.book(&release).await.unwrap();
        let mut write = books.store.begin().await.unwrap();
        let lines = settle(&mut write, &due(), 301, "inv_2").await.unwrap();
        assert_eq!(lines, [line("download_free", 1, 560), line("download_paid", 0, -1_158)]);
        let lines = settle(&mut write, &held(), 301, "stm_2").await.unwrap();
        assert_eq!(lines, [line("download_free", -1, -10), line("download_paid", -1, -10)]);
        let lines = settle(&mut write, &payable(), 301, "stm_2").await.unwrap();
        assert_eq!(lines, [line("download_free", 1, 10), line("download_paid", 0, -1_148)]);
        unsettle(&mut write, "inv_1").await.unwrap();
        let lines = settle(&mut write, &due(), 301, "inv_3").await.unwrap();
        assert_eq!(lines, [line("download_paid", 2, 1_945)]);
    }
}
