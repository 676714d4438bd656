//! Statements of organisations and their payouts, on both engines.

mod office;

use office::{Office, Use, download, month};
use onmon_billing::{
    BillingError, Issued, Part, Reader, Statement, issue_statement, issue_statements, pay_out,
    statement, statements,
};
use onmon_ledger::{AccountId, Entry, Month, Posting, Sen, Usage, jasrac, tariff_add};
use onmon_store::testing::ENGINES;

async fn issue(office: &Office, of: Month) -> Option<Issued<Statement>> {
    let mut write = office.store.begin().await.unwrap();
    let issued = issue_statement(&mut write, "JASRAC", of, of.end_ms()).await.unwrap();
    write.commit().await.unwrap();
    issued
}

async fn balances(office: &Office) -> [i64; 6] {
    let mut balances = [0; 6];
    for (at, account) in [
        AccountId::organisation_payable("JASRAC").unwrap(),
        AccountId::organisation_held("JASRAC").unwrap(),
        AccountId::organisation_stated("JASRAC").unwrap(),
        AccountId::minimum(),
        AccountId::tax_paid(100_000),
        AccountId::rounding(),
    ]
    .into_iter()
    .enumerate()
    {
        balances[at] = office.balance(&account).await;
    }
    balances
}

#[tokio::test]
async fn counts_amounts_minimum_and_held_money_apart() {
    for engine in ENGINES {
        let office = Office::new(engine).await;
        let mut write = office.store.begin().await.unwrap();
        for tariff in jasrac::example("2026-01-15".parse().unwrap()) {
            tariff_add(&mut write, &tariff).await.unwrap();
        }
        write.commit().await.unwrap();
        let january = month("2026-01");
        let start = january.start_ms();
        office.used(&download("a", start, &[("JASRAC", 480_005, 0)])).await;
        office.used(&download("b", start, &[("JASRAC", 1_155, 45), ("NexTone", 5, 0)])).await;
        let to = [("JASRAC", 600_000, 0)];
        office.used(&Use { form: "download_free", ..download("c", start, &to) }).await;
        office.used(&Use { form: "no tariff", ..download("d", start, &[("JASRAC", 7, 0)]) }).await;
        let early = {
            let mut write = office.store.begin().await.unwrap();
            issue_statement(&mut write, "JASRAC", january, january.end_ms() - 1).await
        };
        assert!(matches!(early, Err(BillingError::MonthNotOver)));

        let Issued { made, fresh } = issue(&office, january).await.unwrap();
        assert!(fresh && made.number == 1);
        let lines: Vec<_> = made
            .lines
            .iter()
            .map(|l| (l.part, l.usage.form.as_str(), l.usage.quantity, l.usage.amount.get()))
            .collect();
        let expected = [
            (Part::Usage, "download_free", 1, 600_000),
            (Part::Usage, "download_paid", 2, 481_160),
            (Part::Usage, "no tariff", 1, 7),
            // 5,000 yen less 4,811.60.
            (Part::Minimum, "download_paid", 0, 18_840),
            (Part::Held, "download_paid", 1, 45),
        ];
        assert_eq!(lines, expected, "{engine:?}");
        assert_eq!(made.sum(Part::Usage).unwrap(), (4, Sen::new(1_081_167)));
        assert_eq!(made.sum(Part::Held).unwrap(), (1, Sen::new(45)));
        // 11,000.07 yen at 10 % come to 12,100.077, of which 1,100 are tax.
        let tax = made.taxes[0];
        assert_eq!(
            (tax.net.get(), tax.tax.get(), tax.total.get()),
            (1_100_007, 110_000, 1_210_000)
        );
        assert_eq!(balances(&office).await, [0, -45, -1_210_000, 18_840, 110_000, -7]);
        let again = issue(&office, january).await.unwrap();
        assert_eq!(again, Issued { made: made.clone(), fresh: false });

        release(&office, month("2026-02").start_ms()).await;
        let made = issue(&office, month("2026-02")).await.unwrap().made;
        assert_eq!(made.sum(Part::Held).unwrap(), (-1, Sen::new(-45)));
        assert_eq!(made.sum(Part::Usage).unwrap(), (1, Sen::new(45)));
        assert_eq!(made.sum(Part::Minimum).unwrap(), (0, Sen::new(500_000 - 45)));
        assert_eq!(made.total, Sen::new(550_000));
        office.check().await;
    }
}

/// The conflict is settled: the money moves from held to payable.
async fn release(office: &Office, at_ms: i64) {
    let usage = Usage { form: "download_paid".to_owned(), tax_ppm: 100_000, quantity: 1 };
    let release = [Posting {
        debit: AccountId::organisation_held("JASRAC").unwrap(),
        credit: AccountId::organisation_payable("JASRAC").unwrap(),
        amount: Sen::new(45),
    }];
    let entry = Entry {
        idempotency: "release",
        kind: "held_released",
        reference: "buy",
        at_ms,
        usage: Some(&usage),
        postings: &release,
    };
    let mut write = office.store.begin().await.unwrap();
    onmon_ledger::book(&mut write, &entry).await.unwrap();
    write.commit().await.unwrap();
}

#[tokio::test]
async fn paid_out_once() {
    for engine in ENGINES {
        let office = Office::new(engine).await;
        let january = month("2026-01");
        office.used(&download("a", january.start_ms(), &[("JASRAC", 10_000, 0)])).await;
        office.used(&download("b", january.start_ms(), &[("Held", 0, 50)])).await;
        let made = issue_statements(&office.store, january, january.end_ms()).await.unwrap();
        let totals: Vec<_> =
            made.iter().map(|s| (s.organisation.as_str(), s.number, s.total.get())).collect();
        assert_eq!(totals, [("Held", 1, 0), ("JASRAC", 2, 11_000)]);
        assert_eq!((&made[0].transfer_id, &made[0].taxes), (&None, &vec![]));
        assert!(
            issue_statements(&office.store, january, january.end_ms()).await.unwrap().is_empty()
        );
        let mut write = office.store.begin().await.unwrap();
        let c = &mut *write;
        let nothing = pay_out(c, &made[0].id, "bank", "r1", 5).await.unwrap_err();
        assert!(matches!(nothing, BillingError::NothingToPay));
        let paid = pay_out(c, &made[1].id, "bank", "r1", 5).await.unwrap();
        assert!(paid.fresh && paid.made.amount.get() == 11_000);
        let again = pay_out(c, &made[1].id, "bank", "r1", 6).await.unwrap();
        assert_eq!(again, Issued { fresh: false, ..paid.clone() });
        let otherwise = pay_out(c, &made[1].id, "bank", "r2", 6).await.unwrap_err();
        assert!(matches!(otherwise, BillingError::PaidOtherwise));
        assert!(matches!(pay_out(c, "stm_x", "bank", "r", 6).await, Err(BillingError::Unknown)));
        write.commit().await.unwrap();
        assert_eq!(balances(&office).await, [0, 0, 0, 0, 1_000, 0], "{engine:?}");
        let cash = AccountId::provider_cash("bank").unwrap();
        assert_eq!(office.balance(&cash).await, -11_000);

        let mut connection = office.store.readers().acquire().await.unwrap();
        let kept = Statement { payout: Some(paid.made), ..made[1].clone() };
        for (reader, seen) in [
            (Reader::Organisation("JASRAC"), true),
            (Reader::Operator, true),
            (Reader::Organisation("Held"), false),
            (Reader::Account("JASRAC"), false),
        ] {
            let found = statement(&mut connection, reader, &kept.id).await.unwrap();
            assert_eq!(found, seen.then(|| kept.clone()), "{reader:?}");
        }
        let own = statements(&mut connection, Reader::Organisation("JASRAC"), 9).await.unwrap();
        assert_eq!(own, [kept]);
        assert_eq!(statements(&mut connection, Reader::Operator, 9).await.unwrap().len(), 2);
        office.check().await;
    }
}

#[tokio::test]
async fn what_would_be_below_nothing_is_left_for_the_next() {
    for engine in ENGINES {
        let office = Office::new(engine).await;
        let [january, february, march] = ["2026-01", "2026-02", "2026-03"].map(month);
        let to = [("JASRAC", 1_000, 20)];
        let used = office.used(&download("a", january.start_ms(), &to)).await;
        assert_eq!(issue(&office, january).await.unwrap().made.total, Sen::new(1_100));
        office.reversed(&used, february.start_ms()).await;
        assert!(issue(&office, february).await.is_none());
        office.used(&download("b", march.start_ms(), &[("JASRAC", 5_000, 0)])).await;
        let made = issue(&office, march).await.unwrap().made;
        assert_eq!(made.sum(Part::Usage).unwrap(), (0, Sen::new(4_000)), "{engine:?}");
        assert_eq!(made.sum(Part::Held).unwrap(), (-1, Sen::new(-20)));
        assert_eq!((made.total, made.number), (Sen::new(4_400), 2));
        assert_eq!(balances(&office).await, [0, 0, -5_500, 0, 500, 0]);
        office.check().await;
    }
}
