//! Random months: what invoices and statements say, with their roundings, is what the ledger says,
//! and both are what was used.

mod office;

use std::collections::BTreeMap;
use std::sync::Arc;

use office::{Office, Use, month};
use onmon_billing::{
    Invoice, Part, PaymentProvider, ProviderState, Reader, SimulatedProvider, Statement,
    credit_invoice, invoices, issue_invoices, issue_statements, pay_out, receive, start_payment,
    statements,
};
use onmon_ledger::{AccountId, Month, Rate, Sen, Tariff, settle, tariff_add};
use onmon_store::Engine;
use onmon_store::testing::ENGINES;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

const CASES: u32 = 8;
const MONTHS: [&str; 4] = ["2025-12", "2026-01", "2026-02", "2026-03"];
const USERS: [&str; 3] = ["acc_0", "acc_1", "acc_2"];
const ORGANISATIONS: [&str; 3] = ["JASRAC", "NexTone", "Other"];
const FORMS: [&str; 3] = ["download_paid", "download_free", "loan"];
const RATES: [u32; 3] = [100_000, 80_000, 0];

#[derive(Debug, Clone)]
struct Used {
    month: usize,
    /// Where in the month, of 1,000.
    when: i64,
    /// Posted after the month's documents.
    late: bool,
    user: usize,
    form: usize,
    rate: usize,
    /// Sen payable and held of each organisation.
    to: Vec<(i64, i64)>,
    /// Taken back so many months later.
    back: Option<usize>,
}

fn used() -> impl Strategy<Value = Used> {
    let sen = || prop_oneof![2 => Just(0i64), 3 => 1..2_000i64, 1 => 1..1_000_000i64];
    let to = prop::collection::vec((sen(), prop_oneof![4 => Just(0i64), 1 => 1..500i64]), 3);
    let back = prop::option::weighted(0.25, 0..3usize);
    let when = (0..3usize, 0..1_000i64, prop::bool::weighted(0.2));
    (when, 0..3usize, 0..3usize, 0..3usize, to, back).prop_map(
        |((month, when, late), user, form, rate, to, back)| Used {
            month,
            when,
            late,
            user,
            form,
            rate,
            to,
            back,
        },
    )
}

/// What was used, kept on paper: sums in sen and counts.
#[derive(Debug, Default)]
struct Paper {
    by_user: BTreeMap<&'static str, (i64, i64)>,
    payable: BTreeMap<&'static str, i64>,
    held: BTreeMap<&'static str, i64>,
}

impl Paper {
    fn note(&mut self, used: &Used, sign: i64) {
        let sum: i64 = used.to.iter().map(|(payable, held)| payable + held).sum();
        let user = self.by_user.entry(USERS[used.user]).or_default();
        *user = (user.0 + sign * sum, user.1 + sign);
        for (organisation, (payable, held)) in ORGANISATIONS.iter().zip(&used.to) {
            *self.payable.entry(organisation).or_default() += sign * payable;
            *self.held.entry(organisation).or_default() += sign * held;
        }
    }
}

struct Books {
    office: Office,
    paper: Paper,
    /// To be taken back: the month, the transfer, what it was.
    back: Vec<(usize, String, Used)>,
}

impl Books {
    async fn book(&mut self, at: usize, used: &Used) {
        let of = month(MONTHS[used.month]);
        let at_ms = of.start_ms() + (of.end_ms() - of.start_ms()) / 1_000 * used.when;
        let to: Vec<(&str, i64, i64)> =
            ORGANISATIONS.iter().zip(&used.to).map(|(o, (p, h))| (*o, *p, *h)).collect();
        let key = format!("use {at}");
        let transfer = self
            .office
            .used(&Use {
                key: &key,
                user: USERS[used.user],
                form: FORMS[used.form],
                tax_ppm: RATES[used.rate],
                at_ms,
                to: &to,
            })
            .await;
        self.paper.note(used, 1);
        if let Some(later) = used.back {
            self.back.push((used.month + later, transfer, used.clone()));
        }
    }

    async fn take_back(&mut self, number: usize, of: Month) {
        let all = std::mem::take(&mut self.back);
        for (when, transfer, used) in all {
            if when != number {
                self.back.push((when, transfer, used));
                continue;
            }
            self.office.reversed(&transfer, of.end_ms() - 1).await;
            self.paper.note(&used, -1);
        }
    }
}

async fn tariffs(office: &Office) {
    let mut write = office.store.begin().await.unwrap();
    for organisation in &ORGANISATIONS[..2] {
        let tariff = Tariff {
            organisation: (*organisation).to_owned(),
            form: FORMS[0].to_owned(),
            valid_from: "2026-01-10".parse().unwrap(),
            valid_to: None,
            rate: Rate::Flat { amount: Sen::new(770) },
            month_minimum: Sen::new(500_000),
            source: "test".to_owned(),
        };
        tariff_add(&mut write, &tariff).await.unwrap();
    }
    write.commit().await.unwrap();
}

async fn case(engine: Engine, all: Vec<Used>, credited: usize) -> (usize, usize) {
    let office = Office::new(engine).await;
    tariffs(&office).await;
    let mut books = Books { office, paper: Paper::default(), back: Vec::new() };
    let of_month = |number: usize, late: bool| {
        let all = all.iter().enumerate();
        all.filter(move |(_, used)| used.month == number && used.late == late)
            // A use without money is no transfer.
            .filter(|(_, used)| used.to.iter().any(|(payable, held)| payable + held > 0))
    };
    for (number, name) in MONTHS.into_iter().enumerate() {
        let of = month(name);
        for (at, used) in of_month(number, false) {
            books.book(at, used).await;
        }
        books.take_back(number, of).await;
        let store = &books.office.store;
        let made = issue_invoices(store, of, of.end_ms()).await.unwrap();
        issue_statements(store, of, of.end_ms()).await.unwrap();
        // One invoice is withdrawn; the next months' have its usage.
        if number == 1 && !made.is_empty() {
            let mut write = store.begin().await.unwrap();
            let id = &made[credited % made.len()].id;
            credit_invoice(&mut write, id, "test", of.end_ms()).await.unwrap();
            write.commit().await.unwrap();
        }
        for (at, used) in of_month(number, true) {
            books.book(at, used).await;
        }
    }
    compare(&books).await
}

async fn compare(books: &Books) -> (usize, usize) {
    let office = &books.office;
    let mut connection = office.store.readers().acquire().await.unwrap();
    let all = invoices(&mut connection, Reader::Operator, 1_000).await.unwrap();
    let numbers: Vec<i64> = all.iter().rev().map(|invoice| invoice.number).collect();
    assert_eq!(numbers, (1..=all.len() as i64).collect::<Vec<_>>());
    let statements = statements(&mut connection, Reader::Operator, 1_000).await.unwrap();
    drop(connection);
    let live: Vec<Invoice> = all.into_iter().filter(|i| i.credited_by.is_none()).collect();
    compare_users(books, &live).await;
    compare_organisations(books, &statements).await;
    for ppm in RATES {
        let of = |taxes: &[onmon_billing::TaxGroup]| -> i64 {
            taxes.iter().filter(|group| group.tax_ppm == ppm).map(|group| group.tax.get()).sum()
        };
        let collected: i64 = live.iter().map(|invoice| of(&invoice.taxes)).sum();
        let paid: i64 = statements.iter().map(|statement| of(&statement.taxes)).sum();
        assert_eq!(office.balance(&AccountId::tax_collected(ppm)).await, -collected);
        assert_eq!(office.balance(&AccountId::tax_paid(ppm)).await, paid);
    }
    let lost = live.iter().flat_map(|invoice| &invoice.taxes);
    let won = statements.iter().flat_map(|statement| &statement.taxes);
    let rounding = lost.map(|group| group.rounding.get()).sum::<i64>()
        - won.map(|group| group.rounding.get()).sum::<i64>();
    assert_eq!(office.balance(&AccountId::rounding()).await, rounding);
    office.check().await;
    pay_all(office, &live, &statements).await;
    (live.len(), statements.len())
}

async fn compare_users(books: &Books, live: &[Invoice]) {
    for (user, (sum, count)) in &books.paper.by_user {
        let mine = || live.iter().filter(|invoice| invoice.account == *user);
        let total: i64 = mine().map(|invoice| invoice.total.get()).sum();
        let receivable = AccountId::user_receivable(user).unwrap();
        assert_eq!(books.office.balance(&receivable).await, total);
        let net: i64 = mine().flat_map(|i| &i.taxes).map(|group| group.net.get()).sum();
        let due = books.office.balance(&AccountId::user_due(user).unwrap()).await;
        assert_eq!(net + due, *sum, "{user}");
        // What is left over waits for another invoice, and would come to less than nothing: each
        // of three rates is rounded down by less than a yen.
        let mut write = books.office.store.begin().await.unwrap();
        let account = AccountId::user_due(user).unwrap();
        let waiting = settle(&mut write, &account, i64::MAX, "probe").await.unwrap();
        drop(write);
        assert_eq!(waiting.iter().map(|line| line.amount.get()).sum::<i64>(), due, "{user}");
        let with_tax: f64 = waiting
            .iter()
            .map(|line| line.amount.get() as f64 * (1.0 + f64::from(line.tax_ppm) / 1e6))
            .sum();
        assert!(waiting.is_empty() || with_tax < 300.0, "{user}: {waiting:?}");
        let counted: i64 = mine().flat_map(|i| &i.lines).map(|line| line.usage.quantity).sum();
        assert!(due != 0 || counted == *count, "{user}: {counted} of {count}");
        for invoice in mine() {
            let groups = || invoice.taxes.iter();
            let exact: i64 = groups().map(|g| g.net.get() + g.tax.get() - g.rounding.get()).sum();
            assert_eq!(exact, invoice.total.get());
        }
    }
}

async fn compare_organisations(books: &Books, statements: &[Statement]) {
    let sum = |organisation: &str, part: Part| -> i64 {
        let mine = statements.iter().filter(|statement| statement.organisation == organisation);
        mine.map(|statement| statement.sum(part).unwrap().1.get()).sum()
    };
    let mut minimums = 0;
    for organisation in ORGANISATIONS {
        let used = sum(organisation, Part::Usage);
        let payable = AccountId::organisation_payable(organisation).unwrap();
        let left = -books.office.balance(&payable).await;
        let paper = books.paper.payable.get(organisation).copied().unwrap_or(0);
        assert_eq!(used + left, paper, "{organisation}");
        let mut write = books.office.store.begin().await.unwrap();
        let waiting = settle(&mut write, &payable, i64::MAX, "probe").await.unwrap();
        drop(write);
        let waiting: i64 = waiting.iter().map(|line| line.amount.get()).sum();
        assert_eq!(waiting, left, "{organisation}");
        let held = AccountId::organisation_held(organisation).unwrap();
        let held = -books.office.balance(&held).await;
        assert_eq!(held, books.paper.held.get(organisation).copied().unwrap_or(0));
        // Held money stays where it is; only what no statement has taken is not on one.
        assert!(left != 0 || sum(organisation, Part::Held) == held, "{organisation}");
        let mine = statements.iter().filter(|statement| statement.organisation == organisation);
        let total: i64 = mine.map(|statement| statement.total.get()).sum();
        let stated = AccountId::organisation_stated(organisation).unwrap();
        assert_eq!(-books.office.balance(&stated).await, total);
        minimums += sum(organisation, Part::Minimum);
    }
    assert_eq!(books.office.balance(&AccountId::minimum()).await, minimums);
}

/// Everything is paid and paid out: nobody owes anything, and the rest is where the money is.
async fn pay_all(office: &Office, live: &[Invoice], statements: &[Statement]) {
    let now_ms = month(MONTHS[3]).end_ms();
    let simulated = Arc::new(SimulatedProvider::new("sim", b"secret"));
    let provider: Arc<dyn PaymentProvider> = simulated.clone();
    let mut cash = 0;
    for invoice in live.iter().filter(|invoice| invoice.total > Sen::ZERO) {
        let reader = Reader::Account(&invoice.account);
        let started = start_payment(&office.store, &provider, reader, &invoice.id, now_ms).await;
        let id = started.unwrap().payment.provider_id.unwrap();
        let (signature, body) = simulated.settle(&id, ProviderState::Paid, now_ms).unwrap();
        let event = provider.event(&signature, &body, now_ms).unwrap();
        let mut write = office.store.begin().await.unwrap();
        receive(&mut write, "sim", &event, now_ms).await.unwrap();
        write.commit().await.unwrap();
        cash += invoice.total.get();
    }
    for statement in statements.iter().filter(|statement| statement.total > Sen::ZERO) {
        let mut write = office.store.begin().await.unwrap();
        pay_out(&mut write, &statement.id, "sim", "transfer", now_ms).await.unwrap();
        write.commit().await.unwrap();
        cash -= statement.total.get();
    }
    assert_eq!(office.balance(&AccountId::provider_cash("sim").unwrap()).await, cash);
    for user in USERS {
        assert_eq!(office.balance(&AccountId::user_receivable(user).unwrap()).await, 0);
    }
    for organisation in ORGANISATIONS {
        let stated = AccountId::organisation_stated(organisation).unwrap();
        assert_eq!(office.balance(&stated).await, 0);
    }
    office.check().await;
}

#[test]
fn documents_and_ledger_say_the_same() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for engine in ENGINES {
        let config = ProptestConfig {
            cases: CASES,
            failure_persistence: None,
            max_shrink_iters: 100,
            ..ProptestConfig::default()
        };
        let months = (prop::collection::vec(used(), 5..60), 0..100usize);
        let documents = std::cell::Cell::new((0, 0));
        TestRunner::new(config)
            .run(&months, |(all, credited)| {
                let (invoices, statements) = runtime.block_on(case(engine, all, credited));
                let before = documents.get();
                documents.set((before.0 + invoices, before.1 + statements));
                Ok(())
            })
            .unwrap();
        println!("{engine:?}: {CASES} times, (invoices, statements) {:?}", documents.get());
    }
}
