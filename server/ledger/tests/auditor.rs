//! Random histories by several tasks at once, against an auditor who keeps the books on paper: he
//! sees only what each call answered, and must come to every balance.

mod books;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use books::posting;
use onmon_ledger::{
    AccountId, Booked, Entry, LedgerError, Outcome, Posting, SCHEMA, Sen, book, expire, exposure,
    post, reserve, reverse, set_limit, void,
};
use onmon_store::testing::{ENGINES, Scratch};
use onmon_store::{Engine, Store};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

const CASES: u32 = 10;
const TASKS: usize = 4;
/// Few keys and many tasks, so that they meet.
const KEYS: u8 = 40;
/// Users are 0 to 2; this one has a limit.
const LIMITED: &str = "u0";
const LIMIT: Sen = Sen::new(3_000);

#[derive(Debug, Clone)]
enum Step {
    Reserve {
        key: u8,
        variant: u8,
        expires: bool,
    },
    Book {
        key: u8,
        variant: u8,
    },
    /// Posts whatever transfer stands at this place of the list of all; or too late.
    Post {
        at: usize,
        late: bool,
    },
    Void {
        at: usize,
    },
    Reverse {
        at: usize,
        key: u8,
    },
    Expire,
}

fn step() -> impl Strategy<Value = Step> {
    // Mostly the content that belongs to the key.
    let variant = prop_oneof![5 => Just(0u8), 1 => 1..3u8];
    let at = 0..1_000usize;
    prop_oneof![
        4 => (0..KEYS, variant.clone(), any::<bool>())
            .prop_map(|(key, variant, expires)| Step::Reserve { key, variant, expires }),
        3 => (0..KEYS, variant).prop_map(|(key, variant)| Step::Book { key, variant }),
        4 => (at.clone(), prop::bool::weighted(0.2)).prop_map(|(at, late)| Step::Post { at, late }),
        2 => at.clone().prop_map(|at| Step::Void { at }),
        3 => (at, 0..4u8).prop_map(|(at, key)| Step::Reverse { at, key }),
        1 => Just(Step::Expire),
    ]
}

/// What a key and variant stand for: one to three postings.
fn content(key: u8, variant: u8) -> Vec<Posting> {
    let due = AccountId::user_due(&format!("u{}", key % 3)).unwrap();
    let org = |n: u8| AccountId::organisation_payable(&format!("o{}", n % 2)).unwrap();
    let amount = i64::from(key) * 37 + i64::from(variant) + 1;
    let lines = 1 + key % 3;
    (0..lines).map(|line| posting(&due, &org(key + line), amount + i64::from(line))).collect()
}

#[derive(Debug, PartialEq)]
enum Answer {
    Ok(Booked),
    Expired(Vec<String>),
    KeyReused(String),
    Refused(&'static str),
}

fn answer(result: Result<Booked, LedgerError>) -> Answer {
    match result {
        Ok(booked) => Answer::Ok(booked),
        Err(LedgerError::KeyReused { transfer_id }) => Answer::KeyReused(transfer_id),
        Err(error @ LedgerError::Store(_)) => panic!("{error:?}"),
        Err(error) => Answer::Refused(error.code()),
    }
}

/// A step, the transfer it was about, and the answer.
type Log = Vec<(Step, Option<String>, Answer)>;

async fn live(store: Arc<Store>, steps: Vec<Step>, all: Arc<Mutex<Vec<String>>>) -> Log {
    let mut log = Log::new();
    for step in steps {
        let pick = |at: usize| {
            let all = all.lock().unwrap();
            (!all.is_empty()).then(|| all[at % all.len()].clone())
        };
        let mut write = store.begin().await.unwrap();
        let c = &mut *write;
        let (about, answer) = match &step {
            Step::Reserve { key, variant, expires } => {
                let (key, postings) = (format!("k{key}"), content(*key, *variant));
                let entry = books::entry(&key, &postings);
                (None, answer(reserve(c, &entry, expires.then_some(1_500)).await))
            }
            Step::Book { key, variant } => {
                // Keys of their own: a reservation never has the key of a booking.
                let (key, postings) = (format!("b{key}"), content(*key, *variant));
                let entry: Entry<'_> = books::entry(&key, &postings);
                (None, answer(book(c, &entry).await))
            }
            Step::Post { at, late } => {
                let Some(id) = pick(*at) else { continue };
                let answer = answer(post(c, &id, if *late { 1_600 } else { 1_000 }).await);
                (Some(id), answer)
            }
            Step::Void { at } => {
                let Some(id) = pick(*at) else { continue };
                let answer = answer(void(c, &id, 1_000).await);
                (Some(id), answer)
            }
            Step::Reverse { at, key } => {
                let Some(id) = pick(*at) else { continue };
                let answer = answer(reverse(c, &id, &format!("back {id} {key}"), 1_000).await);
                (Some(id), answer)
            }
            Step::Expire => (None, Answer::Expired(expire(c, 2_000, 3).await.unwrap())),
        };
        write.commit().await.unwrap();
        if let Answer::Ok(Booked { transfer_id, fresh: true }) = &answer
            && matches!(step, Step::Reserve { .. } | Step::Book { .. } | Step::Reverse { .. })
        {
            all.lock().unwrap().push(transfer_id.clone());
        }
        log.push((step, about, answer));
    }
    log
}

#[derive(Debug)]
struct Paper {
    key: String,
    postings: Vec<Posting>,
    outcome: Option<Outcome>,
    reverses: Option<String>,
    reversed: bool,
}

#[derive(Debug, Default)]
struct Auditor {
    transfers: BTreeMap<String, Paper>,
}

impl Auditor {
    fn read(logs: &[Log]) -> Auditor {
        let mut auditor = Auditor::default();
        let all = || logs.iter().flatten();
        // First what came to be, then what became of it: in whatever order that was.
        for (step, _, answer) in all() {
            let Answer::Ok(Booked { transfer_id, fresh: true }) = answer else { continue };
            let (key, postings, outcome) = match step {
                Step::Reserve { key, variant, .. } => {
                    (format!("k{key}"), content(*key, *variant), None)
                }
                Step::Book { key, variant } => {
                    (format!("b{key}"), content(*key, *variant), Some(Outcome::Posted))
                }
                _ => continue,
            };
            auditor.add(
                transfer_id,
                Paper { key, postings, outcome, reverses: None, reversed: false },
            );
        }
        for (step, about, answer) in all() {
            let Answer::Ok(Booked { transfer_id, fresh: true }) = answer else { continue };
            let (Step::Reverse { key, .. }, Some(of)) = (step, about) else { continue };
            let reversed = auditor.transfers.get_mut(of).unwrap();
            assert!(!std::mem::replace(&mut reversed.reversed, true), "{of} reversed twice");
            let contrary = |p: &Posting| posting(&p.credit, &p.debit, p.amount.get());
            let postings = reversed.postings.iter().map(contrary).collect();
            let (key, reverses) = (format!("back {of} {key}"), Some(of.clone()));
            let outcome = Some(Outcome::Posted);
            auditor.add(transfer_id, Paper { key, postings, outcome, reverses, reversed: false });
        }
        for (step, about, answer) in all() {
            match (step, about, answer) {
                (Step::Post { .. }, Some(of), Answer::Ok(Booked { fresh: true, .. })) => {
                    auditor.conclude(of, Outcome::Posted);
                }
                (Step::Void { .. }, Some(of), Answer::Ok(Booked { fresh: true, .. })) => {
                    auditor.conclude(of, Outcome::Voided);
                }
                (_, _, Answer::Expired(ids)) => {
                    ids.iter().for_each(|id| auditor.conclude(id, Outcome::Expired));
                }
                _ => {}
            }
        }
        all().for_each(|line| auditor.judge(line));
        auditor
    }

    fn add(&mut self, id: &str, paper: Paper) {
        let key = paper.key.clone();
        assert!(!self.transfers.values().any(|known| known.key == key), "{key} booked twice");
        assert!(self.transfers.insert(id.to_owned(), paper).is_none(), "{id} made twice");
    }

    fn conclude(&mut self, id: &str, outcome: Outcome) {
        let before = self.transfers.get_mut(id).unwrap().outcome.replace(outcome);
        assert_eq!(before, None, "{id} concluded twice");
    }

    /// Whether an answer that changed nothing was right, as far as the end can tell.
    fn judge(&self, (step, about, answer): &(Step, Option<String>, Answer)) {
        let of = about.as_ref().map(|id| &self.transfers[id]);
        let right = match (step, answer) {
            (_, Answer::Ok(Booked { fresh: true, .. }) | Answer::Expired(_)) => true,
            (
                Step::Reserve { key, variant, .. } | Step::Book { key, variant },
                Answer::Ok(Booked { transfer_id, .. }),
            ) => self.transfers[transfer_id].postings == content(*key, *variant),
            (
                Step::Reserve { key, variant, .. } | Step::Book { key, variant },
                Answer::KeyReused(id),
            ) => self.transfers[id].postings != content(*key, *variant),
            (Step::Reserve { key, .. } | Step::Book { key, .. }, Answer::Refused(code)) => {
                *code == "limit_exceeded" && key % 3 == 0
            }
            (Step::Post { .. }, Answer::Ok(_))
            | (Step::Void { .. }, Answer::Refused("already_posted")) => {
                of.unwrap().outcome == Some(Outcome::Posted)
            }
            (Step::Post { late, .. }, Answer::Refused(code)) => match *code {
                "already_voided" => of.unwrap().outcome == Some(Outcome::Voided),
                "transfer_expired" => *late || of.unwrap().outcome == Some(Outcome::Expired),
                _ => false,
            },
            (Step::Void { .. }, Answer::Ok(_)) => {
                matches!(of.unwrap().outcome, Some(Outcome::Voided | Outcome::Expired))
            }
            (Step::Reverse { .. }, Answer::Ok(Booked { transfer_id, .. })) => {
                self.transfers[transfer_id].reverses == *about
            }
            (Step::Reverse { .. }, Answer::Refused(code)) => match *code {
                "is_reversal" => of.unwrap().reverses.is_some(),
                "already_reversed" => of.unwrap().reversed,
                // It may have been posted since.
                "not_posted" => of.unwrap().key.starts_with('k'),
                _ => false,
            },
            _ => false,
        };
        assert!(right, "{step:?} of {of:?}: {answer:?}");
    }

    /// Posted debits and credits, pending debits and credits, of every account.
    fn totals(&self) -> BTreeMap<AccountId, [i64; 4]> {
        let mut totals: BTreeMap<AccountId, [i64; 4]> = BTreeMap::new();
        for paper in self.transfers.values() {
            let (debits, credits) = match paper.outcome {
                Some(Outcome::Posted) => (0, 1),
                None => (2, 3),
                // Their accounts are open all the same.
                Some(_) => {
                    for p in &paper.postings {
                        totals.entry(p.debit.clone()).or_default();
                        totals.entry(p.credit.clone()).or_default();
                    }
                    continue;
                }
            };
            for p in &paper.postings {
                totals.entry(p.debit.clone()).or_default()[debits] += p.amount.get();
                totals.entry(p.credit.clone()).or_default()[credits] += p.amount.get();
            }
        }
        totals
    }
}

async fn case(engine: Engine, histories: Vec<Vec<Step>>) -> usize {
    let scratch = Scratch::new(engine).await;
    // On PostgreSQL, two programs on one database.
    let programs = if engine == Engine::Postgres { 2 } else { 1 };
    let mut stores = Vec::new();
    for _ in 0..programs {
        stores.push(Arc::new(Store::open(&scratch.location, &[SCHEMA]).await.unwrap()));
    }
    let mut write = stores[0].begin().await.unwrap();
    set_limit(&mut write, LIMITED, Some(LIMIT)).await.unwrap();
    write.commit().await.unwrap();
    let all = Arc::new(Mutex::new(Vec::new()));
    let mut tasks = tokio::task::JoinSet::new();
    for (task, steps) in histories.into_iter().enumerate() {
        tasks.spawn(live(Arc::clone(&stores[task % programs]), steps, Arc::clone(&all)));
    }
    let logs = tasks.join_all().await;

    let auditor = Auditor::read(&logs);
    let totals = auditor.totals();
    let readers = stores[0].readers();
    for (id, [debits, credits, debits_pending, credits_pending]) in &totals {
        let kept = onmon_ledger::account(readers, id).await.unwrap().unwrap();
        let kept =
            [kept.debits_posted, kept.credits_posted, kept.debits_pending, kept.credits_pending];
        assert_eq!(
            kept.map(Sen::get),
            [*debits, *credits, *debits_pending, *credits_pending],
            "{id}"
        );
    }
    let balance = onmon_ledger::check(readers).await.unwrap();
    assert!(balance.is_sound(), "{balance:?}");
    assert_eq!(balance.accounts as usize, totals.len());
    assert_eq!(balance.transfers as usize, auditor.transfers.len());
    // What a reversal gave back may have been spent again, so never more than the limit.
    assert!(exposure(readers, LIMITED).await.unwrap() <= LIMIT);
    logs.iter().map(Vec::len).sum()
}

#[test]
fn every_balance_is_the_auditors() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for engine in ENGINES {
        let config = ProptestConfig {
            cases: CASES,
            failure_persistence: None,
            // Tasks meet differently each time: shrinking finds little.
            max_shrink_iters: 20,
            ..ProptestConfig::default()
        };
        let histories = prop::collection::vec(prop::collection::vec(step(), 20..60), TASKS);
        let steps = std::cell::Cell::new(0);
        TestRunner::new(config)
            .run(&histories, |histories| {
                steps.set(steps.get() + runtime.block_on(case(engine, histories)));
                Ok(())
            })
            .unwrap();
        println!("{engine:?}: {CASES} histories, {} steps", steps.get());
    }
}
