//! Invoices and credit notes, on both engines.

mod office;

use office::{Office, Use, download, month};
use onmon_billing::{
    BillingError, Invoice, Issued, Reader, credit_invoice, invoice, invoices, issue_invoice,
    issue_invoices,
};
use onmon_ledger::{AccountId, Entry, Month, Posting, Sen, Usage, transfer};
use onmon_store::testing::ENGINES;

async fn issue(
    office: &Office,
    account: &str,
    of: Month,
    now_ms: i64,
) -> Result<Option<Issued<Invoice>>, BillingError> {
    let mut write = office.store.begin().await?;
    let issued = issue_invoice(&mut write, account, of, now_ms).await?;
    write.commit().await?;
    Ok(issued)
}

fn sen(sen: i64) -> Sen {
    Sen::new(sen)
}

#[tokio::test]
async fn a_month_in_japan_rounded_once_for_each_rate() {
    for engine in ENGINES {
        let office = Office::new(engine).await;
        let (january, start, end) =
            (month("2026-01"), month("2026-01").start_ms(), month("2026-01").end_ms());
        let to = [("JASRAC", 1_155, 0), ("NexTone", 600, 45)];
        office.used(&download("first moment", start, &to)).await;
        office.used(&download("last moment", end - 1, &to)).await;
        office.used(&download("before", start - 1, &[("JASRAC", 1_000, 0)])).await;
        office.used(&download("after", end, &[("JASRAC", 1, 0)])).await;
        let low =
            Use { tax_ppm: 80_000, form: "booklet", ..download("low", start, &[("X", 123, 0)]) };
        office.used(&low).await;

        let early = issue(&office, "acc_1", january, end - 1).await.unwrap_err();
        assert!(matches!(early, BillingError::MonthNotOver));
        let december = issue(&office, "acc_1", month("2025-12"), end).await.unwrap().unwrap();
        assert_eq!((december.made.total, december.made.number), (sen(1_100), 1));
        let issued = issue(&office, "acc_1", january, end).await.unwrap().unwrap();
        let Invoice { ref lines, ref taxes, .. } = issued.made;
        assert!(issued.fresh && issued.made.number == 2, "{engine:?}");
        let line = |at: usize| {
            let usage = &lines[at].usage;
            (usage.form.as_str(), usage.tax_ppm, usage.quantity, usage.amount)
        };
        assert_eq!(lines.len(), 2);
        assert_eq!(line(0), ("booklet", 80_000, 1, sen(123)));
        assert_eq!(line(1), ("download_paid", 100_000, 2, sen(3_600)));
        // 1.23 yen at 8 % come to 1.3284; 36.00 at 10 % to 39.60, of which 3.545 are tax.
        let tax = |at: usize| (taxes[at].net, taxes[at].tax, taxes[at].total, taxes[at].rounding);
        assert_eq!(tax(0), (sen(123), sen(0), sen(100), sen(23)));
        assert_eq!(tax(1), (sen(3_600), sen(300), sen(3_900), sen(0)));
        assert_eq!(issued.made.total, sen(4_000));

        let again = issue(&office, "acc_1", january, end + 5).await.unwrap().unwrap();
        assert_eq!(again, Issued { made: issued.made.clone(), fresh: false });
        let receivable = AccountId::user_receivable("acc_1").unwrap();
        assert_eq!(office.balance(&receivable).await, 5_100);
        assert_eq!(office.balance(&AccountId::user_due("acc_1").unwrap()).await, 1);
        assert_eq!(office.balance(&AccountId::tax_collected(100_000)).await, -400);
        assert_eq!(office.balance(&AccountId::rounding()).await, 23);
        office.check().await;
    }
}

#[tokio::test]
async fn what_comes_late_is_on_the_next_and_nothing_is_below_nothing() {
    for engine in ENGINES {
        let office = Office::new(engine).await;
        let (start, end) = (month("2026-01").start_ms(), month("2026-01").end_ms());
        let to = [("JASRAC", 2_000, 0)];
        let first = office.used(&download("a", start, &to)).await;
        assert!(issue(&office, "acc_2", month("2026-01"), end).await.unwrap().is_none());
        issue(&office, "acc_1", month("2026-01"), end).await.unwrap().unwrap();
        // Asked for in January and posted with a time of January, after the invoice.
        let due = AccountId::user_due("acc_1").unwrap();
        let payable = AccountId::organisation_payable("JASRAC").unwrap();
        let postings = [Posting { debit: due.clone(), credit: payable, amount: sen(770) }];
        let usage = Usage { form: "download_paid".to_owned(), tax_ppm: 100_000, quantity: 1 };
        let mut write = office.store.begin().await.unwrap();
        let entry = Entry {
            idempotency: "late",
            kind: "purchase",
            reference: "late",
            at_ms: start,
            usage: Some(&usage),
            postings: &postings,
        };
        let late = onmon_ledger::reserve(&mut write, &entry, None).await.unwrap();
        onmon_ledger::post(&mut write, &late.transfer_id, end - 1).await.unwrap();
        write.commit().await.unwrap();
        let made = issue(&office, "acc_1", month("2026-01"), end).await.unwrap().unwrap();
        assert!(!made.fresh && made.made.lines[0].usage.quantity == 1);
        // More is taken back than was used: not on February's, but on March's.
        office.reversed(&first, end + 1).await;
        let february = month("2026-02");
        assert!(issue(&office, "acc_1", february, february.end_ms()).await.unwrap().is_none());
        assert_eq!(office.balance(&due).await, 770 - 2_000);
        let march = month("2026-03");
        office.used(&download("b", march.start_ms(), &to)).await;
        let made = issue(&office, "acc_1", march, march.end_ms()).await.unwrap().unwrap().made;
        assert_eq!((made.lines[0].usage.quantity, made.lines[0].usage.amount), (1, sen(770)));
        assert_eq!((made.total, made.number), (sen(800), 2));
        assert_eq!(office.balance(&due).await, 0, "{engine:?}");
        office.check().await;
    }
}

#[tokio::test]
async fn a_credit_note_withdraws_the_whole() {
    for engine in ENGINES {
        let office = Office::new(engine).await;
        let (january, end) = (month("2026-01"), month("2026-01").end_ms());
        let used = office.used(&download("a", january.start_ms(), &[("JASRAC", 1_155, 0)])).await;
        office.used(&download("b", january.start_ms(), &[("JASRAC", 770, 0)])).await;
        let first = issue(&office, "acc_1", january, end).await.unwrap().unwrap().made;
        assert_eq!(first.total, sen(2_100));
        let mut write = office.store.begin().await.unwrap();
        let note = credit_invoice(&mut write, &first.id, "not hers", end + 1).await.unwrap();
        let again = credit_invoice(&mut write, &first.id, "again", end + 2).await.unwrap();
        assert!(note.fresh && again == Issued { fresh: false, ..note.clone() });
        assert!(matches!(
            credit_invoice(&mut write, "inv_x", "", end).await,
            Err(BillingError::Unknown)
        ));
        let kept = invoice(&mut write, Reader::Operator, &first.id).await.unwrap().unwrap();
        let expected = Invoice { credited_by: Some(note.made.id.clone()), ..first.clone() };
        assert_eq!(kept, expected);
        let booked = transfer(&mut write, first.transfer_id.as_ref().unwrap()).await.unwrap();
        assert!(booked.unwrap().reversed_by.is_some());
        write.commit().await.unwrap();
        let receivable = AccountId::user_receivable("acc_1").unwrap();
        assert_eq!(office.balance(&receivable).await, 0);
        assert_eq!(office.balance(&AccountId::tax_collected(100_000)).await, 0);
        assert_eq!(office.balance(&AccountId::rounding()).await, 0);
        assert_eq!(office.balance(&AccountId::user_due("acc_1").unwrap()).await, 1_925);

        office.reversed(&used, january.start_ms()).await;
        let second = issue(&office, "acc_1", january, end + 3).await.unwrap().unwrap();
        assert!(second.fresh);
        assert_eq!((second.made.total, second.made.number), (sen(800), 2));
        assert_eq!(second.made.credited_by, None);
        let again = issue(&office, "acc_1", january, end + 4).await.unwrap().unwrap();
        assert_eq!((again.fresh, again.made.id), (false, second.made.id));
        assert_eq!(office.balance(&receivable).await, 800, "{engine:?}");
        office.check().await;
    }
}

#[tokio::test]
async fn numbers_have_no_gaps_and_others_invoices_are_not_there() {
    for engine in ENGINES {
        let office = Office::new(engine).await;
        let (january, end) = (month("2026-01"), month("2026-01").end_ms());
        let users = ["acc_1", "acc_2", "acc_3"];
        for user in users {
            let to = [("JASRAC", 770, 0)];
            let used = Use { user, ..download(user, january.start_ms(), &to) };
            office.used(&used).await;
        }
        // Issued and not kept.
        let mut write = office.store.begin().await.unwrap();
        let lost = issue_invoice(&mut write, "acc_1", january, end).await.unwrap().unwrap();
        assert_eq!(lost.made.number, 1);
        drop(write);
        let made = issue_invoices(&office.store, january, end).await.unwrap();
        let numbers: Vec<_> = made.iter().map(|i| (i.account.as_str(), i.number)).collect();
        assert_eq!(numbers, [("acc_1", 1), ("acc_2", 2), ("acc_3", 3)], "{engine:?}");
        assert!(issue_invoices(&office.store, january, end).await.unwrap().is_empty());

        let mut connection = office.store.readers().acquire().await.unwrap();
        for (reader, seen) in [
            (Reader::Account("acc_2"), true),
            (Reader::Operator, true),
            (Reader::Account("acc_1"), false),
            (Reader::Organisation("acc_2"), false),
            (Reader::Account(""), false),
        ] {
            let found = invoice(&mut connection, reader, &made[1].id).await.unwrap();
            assert_eq!(found, seen.then(|| made[1].clone()), "{reader:?}");
        }
        let own = invoices(&mut connection, Reader::Account("acc_3"), 9).await.unwrap();
        assert_eq!(own, [made[2].clone()]);
        let all = invoices(&mut connection, Reader::Operator, 2).await.unwrap();
        assert_eq!(all, [made[2].clone(), made[1].clone()]);
        let none = invoices(&mut connection, Reader::Organisation("JASRAC"), 9).await.unwrap();
        assert!(none.is_empty());
    }
}
