//! Payments and what their provider tells, in whatever order, on both engines.

mod office;

use std::sync::Arc;

use office::{Office, download, month};
use onmon_billing::{
    BillingError, Event, Invoice, Payment, PaymentProvider, PaymentState, ProviderState, Reader,
    Received, SimulatedProvider, credit_invoice, invoice, issue_invoice, payment, receive,
    refresh_payment, start_payment,
};
use onmon_ledger::AccountId;
use onmon_store::Engine;
use onmon_store::testing::ENGINES;

const NOW_MS: i64 = 1_775_000_000_000;
const OWNER: Reader<'static> = Reader::Account("acc_1");

struct Till {
    office: Office,
    invoice: Invoice,
    simulated: Arc<SimulatedProvider>,
    provider: Arc<dyn PaymentProvider>,
}

impl Till {
    /// An invoice of 12 yen, and somebody to pay it through.
    async fn new(engine: Engine) -> Till {
        let office = Office::new(engine).await;
        let january = month("2026-01");
        office.used(&download("a", january.start_ms(), &[("JASRAC", 1_155, 0)])).await;
        let mut write = office.store.begin().await.unwrap();
        let issued = issue_invoice(&mut write, "acc_1", january, NOW_MS).await.unwrap().unwrap();
        write.commit().await.unwrap();
        let simulated = Arc::new(SimulatedProvider::new("sim", b"secret"));
        let provider: Arc<dyn PaymentProvider> = simulated.clone();
        Till { office, invoice: issued.made, simulated, provider }
    }

    async fn start(&self, reader: Reader<'_>) -> Result<Payment, BillingError> {
        let (store, id) = (&self.office.store, &self.invoice.id);
        Ok(start_payment(store, &self.provider, reader, id, NOW_MS).await?.payment)
    }

    /// A webhook's event, as it comes through the signature.
    fn event(&self, payment: &Payment, state: ProviderState) -> Event {
        let id = payment.provider_id.as_ref().unwrap();
        let (signature, body) = self.simulated.settle(id, state, NOW_MS).unwrap();
        self.provider.event(&signature, &body, NOW_MS).unwrap()
    }

    async fn receive(&self, provider: &str, event: &Event) -> Result<Received, BillingError> {
        let mut write = self.office.store.begin().await?;
        let received = receive(&mut write, provider, event, NOW_MS).await?;
        write.commit().await?;
        Ok(received)
    }

    async fn state(&self, id: &str) -> PaymentState {
        let mut connection = self.office.store.readers().acquire().await.unwrap();
        payment(&mut connection, OWNER, id).await.unwrap().unwrap().state
    }

    /// What the user owes and what the provider has, in sen.
    async fn money(&self) -> (i64, i64) {
        let receivable = AccountId::user_receivable("acc_1").unwrap();
        let cash = AccountId::provider_cash("sim").unwrap();
        (self.office.balance(&receivable).await, self.office.balance(&cash).await)
    }
}

#[tokio::test]
async fn paid_once_and_each_event_counts_once() {
    for engine in ENGINES {
        let till = Till::new(engine).await;
        for other in [Reader::Account("acc_2"), Reader::Organisation("acc_1")] {
            assert!(matches!(till.start(other).await, Err(BillingError::Unknown)));
        }
        let open = till.start(OWNER).await.unwrap();
        assert_eq!(
            (open.state, open.amount.get(), open.attempt),
            (PaymentState::Pending, 1_200, 1)
        );
        // Asked again, it is the same payment here and there.
        assert_eq!(till.start(OWNER).await.unwrap(), open);
        let paid = till.event(&open, ProviderState::Paid);
        assert_eq!(till.receive("sim", &paid).await.unwrap(), Received::Applied);
        assert_eq!(till.receive("sim", &paid).await.unwrap(), Received::Duplicate);
        let again = till.event(&open, ProviderState::Paid);
        assert_eq!(till.receive("sim", &again).await.unwrap(), Received::Stale);
        assert_eq!(till.money().await, (0, 1_200), "{engine:?}");
        assert!(matches!(till.start(OWNER).await, Err(BillingError::AlreadyPaid)));
        let mut connection = till.office.store.readers().acquire().await.unwrap();
        let kept = invoice(&mut connection, OWNER, &till.invoice.id).await.unwrap().unwrap();
        assert_eq!(kept.paid_by, Some(open.id.clone()));
        let foreign = payment(&mut connection, Reader::Account("acc_2"), &open.id).await;
        assert_eq!(foreign.unwrap(), None);
        till.office.check().await;
    }
}

#[tokio::test]
async fn many_deliveries_at_once_book_once() {
    for engine in ENGINES {
        let till = Arc::new(Till::new(engine).await);
        let open = till.start(OWNER).await.unwrap();
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..3 {
            let event = till.event(&open, ProviderState::Paid);
            for _ in 0..3 {
                let (till, event) = (Arc::clone(&till), event.clone());
                tasks.spawn(async move { till.receive("sim", &event).await.unwrap() });
            }
        }
        let received = tasks.join_all().await;
        let count = |what| received.iter().filter(|received| **received == what).count();
        let counts = [Received::Applied, Received::Stale, Received::Duplicate].map(count);
        assert_eq!(counts, [1, 2, 6], "{engine:?}");
        assert_eq!(till.money().await, (0, 1_200));
    }
}

#[tokio::test]
async fn whatever_order_events_come_in() {
    use ProviderState::{Failed, Paid, Pending, Refunded};
    let told = [Pending, Failed, Paid, Refunded];
    let mut orders = Vec::new();
    for a in 0..4 {
        for b in (0..4).filter(|b| *b != a) {
            for c in (0..4).filter(|c| ![a, b].contains(c)) {
                let d = 6 - a - b - c;
                // Whole orders, and such that lost their end.
                orders.push(vec![told[a], told[b], told[c], told[d]]);
                orders.push(vec![told[a], told[b], told[c]]);
            }
        }
    }
    for engine in ENGINES {
        let mut orders = orders.clone();
        if engine == Engine::Postgres {
            orders.truncate(16);
        }
        for order in orders {
            let till = Till::new(engine).await;
            let open = till.start(OWNER).await.unwrap();
            for state in &order {
                let event = till.event(&open, *state);
                till.receive("sim", &event).await.unwrap();
            }
            let (state, money) = if order.contains(&Refunded) {
                (PaymentState::Refunded, (1_200, 0))
            } else {
                (PaymentState::Paid, (0, 1_200))
            };
            assert_eq!(till.state(&open.id).await, state, "{engine:?} {order:?}");
            assert_eq!(till.money().await, money, "{engine:?} {order:?}");
            till.office.check().await;
        }
    }
}

#[tokio::test]
async fn what_is_not_the_payment_is_refused() {
    for engine in ENGINES {
        let till = Till::new(engine).await;
        let open = till.start(OWNER).await.unwrap();
        let paid = till.event(&open, ProviderState::Paid);
        let (mut dearer, mut unknown, mut another) = (paid.clone(), paid.clone(), paid.clone());
        dearer.payment.amount_yen = 13;
        unknown.payment.reference = "pay_x".to_owned();
        another.payment.id = "sim_2".to_owned();
        for (provider, event) in [("sim", &dearer), ("other", &paid), ("sim", &another)] {
            let refused = till.receive(provider, event).await.unwrap_err();
            assert!(matches!(refused, BillingError::Mismatch), "{refused:?}");
        }
        assert!(matches!(till.receive("sim", &unknown).await, Err(BillingError::Unknown)));
        assert_eq!(till.money().await, (1_200, 0));
        // None of them has used up the event.
        assert_eq!(till.receive("sim", &paid).await.unwrap(), Received::Applied, "{engine:?}");
    }
}

#[tokio::test]
async fn another_attempt_after_a_failure_and_none_of_a_withdrawn_invoice() {
    for engine in ENGINES {
        let till = Till::new(engine).await;
        let first = till.start(OWNER).await.unwrap();
        let failed = till.event(&first, ProviderState::Failed);
        till.receive("sim", &failed).await.unwrap();
        let second = till.start(OWNER).await.unwrap();
        assert_eq!((second.attempt, second.state), (2, PaymentState::Pending));
        assert_ne!((&second.id, &second.provider_id), (&first.id, &first.provider_id));
        // No webhook came: it is asked for.
        let provider_id = second.provider_id.as_ref().unwrap();
        till.simulated.settle(provider_id, ProviderState::Paid, NOW_MS).unwrap();
        let store = &till.office.store;
        let asked = refresh_payment(store, &till.provider, &second.id, NOW_MS).await.unwrap();
        assert_eq!(asked.state, PaymentState::Paid);
        assert_eq!(till.money().await, (0, 1_200), "{engine:?}");
        let unknown = refresh_payment(store, &till.provider, "pay_x", NOW_MS).await;
        assert!(matches!(unknown, Err(BillingError::Unknown)));
        // The first was paid after all: the money is the user's.
        let paid = till.event(&first, ProviderState::Paid);
        assert_eq!(till.receive("sim", &paid).await.unwrap(), Received::Applied);
        assert_eq!(till.money().await, (-1_200, 2_400));

        let till = Till::new(engine).await;
        let mut write = till.office.store.begin().await.unwrap();
        credit_invoice(&mut write, &till.invoice.id, "wrong", NOW_MS).await.unwrap();
        write.commit().await.unwrap();
        assert!(matches!(till.start(OWNER).await, Err(BillingError::NothingToPay)));
    }
}
