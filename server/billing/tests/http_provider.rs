//! The provider behind HTTP, against a server that fails in every way, and its webhooks.

mod office;
mod stub;

use std::sync::Arc;
use std::time::{Duration, Instant};

use office::{Office, download, month};
use onmon_billing::{
    BillingError, HttpProvider, NewPayment, Patience, PaymentProvider, PaymentState, ProviderError,
    ProviderState, Reader, Received, WebhookError, issue_invoice, receive, start_payment, webhook,
};
use onmon_ledger::AccountId;
use onmon_store::testing::ENGINES;
use stub::{Reply, Stub};

const QUICK: Patience = Patience {
    attempts: 4,
    first_wait: Duration::from_millis(20),
    timeout: Duration::from_millis(400),
};
const SECRET: &[u8] = b"sixteen bytes...";
const NOW_MS: i64 = 1_775_000_000_000;

fn provider(stub: &Stub) -> HttpProvider {
    HttpProvider::new("bank", &stub.base, "key-1", vec![SECRET.to_vec()], QUICK).unwrap()
}

fn new_payment() -> NewPayment {
    NewPayment { reference: "pay_1".to_owned(), amount_yen: 12, currency: "JPY".to_owned() }
}

fn body(state: &str) -> String {
    format!(
        r#"{{"id":"pp_1","reference":"pay_1","state":"{state}","amount_yen":12,"currency":"JPY",
        "checkout_url":"https://pay.invalid/1","of a later version":{{}}}}"#
    )
}

fn good() -> Reply {
    Reply::Answer(200, body("pending"))
}

#[test]
fn tried_again_under_the_same_key() {
    for failure in [
        Reply::Answer(500, "oops".to_owned()),
        Reply::Answer(503, String::new()),
        Reply::Answer(429, String::new()),
        Reply::Silence(Duration::from_secs(2)),
        Reply::HangUp,
        Reply::Noise,
        Reply::Half,
    ] {
        let stub = Stub::start(vec![failure.clone(), failure.clone(), good()]);
        let begin = Instant::now();
        let made = provider(&stub).create(&new_payment()).unwrap();
        assert_eq!((made.id.as_str(), made.state), ("pp_1", ProviderState::Pending));
        assert_eq!(made.checkout_url.as_deref(), Some("https://pay.invalid/1"));
        assert!(begin.elapsed() >= Duration::from_millis(60), "waits 20 and 40 ms: {failure:?}");
        let asked = stub.asked();
        assert_eq!(asked.len(), 3, "{failure:?}");
        for asked in asked {
            assert_eq!(asked.line, "POST /v1/payments HTTP/1.1");
            assert_eq!(asked.header("idempotency-key"), Some("pay_1"));
            assert_eq!(asked.header("authorization"), Some("Bearer key-1"));
            let sent: NewPayment = serde_json::from_str(&asked.body).unwrap();
            assert_eq!(sent, new_payment());
        }
    }
}

#[test]
fn gives_up_in_time() {
    let stub = Stub::start(vec![Reply::Silence(Duration::from_secs(9)); 9]);
    let begin = Instant::now();
    let error = provider(&stub).create(&new_payment()).unwrap_err();
    assert!(matches!(error, ProviderError::Unavailable { attempts: 4 }), "{error:?}");
    // Four times 400 ms, and 20, 40 and 80 ms between.
    assert!((1_700..4_000).contains(&begin.elapsed().as_millis()), "{:?}", begin.elapsed());
    let nobody = HttpProvider::new("bank", "http://127.0.0.1:1", "key", vec![], QUICK).unwrap();
    let error = nobody.fetch("pp_1").unwrap_err();
    assert!(matches!(error, ProviderError::Unavailable { attempts: 4 }), "{error:?}");
}

#[test]
fn an_answer_is_an_answer() {
    let long = format!("{{\"id\":\"{}\"}}", "x".repeat(70_000));
    for (reply, code) in [
        (Reply::Answer(400, String::new()), "provider_refused"),
        (Reply::Answer(401, body("paid")), "provider_refused"),
        (Reply::Answer(302, body("paid")), "provider_refused"),
        (Reply::Answer(404, String::new()), "provider_unknown_payment"),
        (Reply::Answer(200, String::new()), "provider_malformed"),
        (Reply::Answer(200, "[]".to_owned()), "provider_malformed"),
        (Reply::Answer(200, body("sold")), "provider_malformed"),
        (Reply::Answer(200, body("paid").replace("JPY", "USD")), "provider_malformed"),
        (Reply::Answer(200, body("paid").replace("pp_1", "../pp")), "provider_malformed"),
        (Reply::Answer(200, long), "provider_malformed"),
    ] {
        let stub = Stub::start(vec![reply.clone()]);
        let error = provider(&stub).fetch("pp_1").unwrap_err();
        assert_eq!(error.code(), code, "{reply:?}");
        assert_eq!(stub.asked().len(), 1, "{reply:?}");
        assert_eq!(stub.asked()[0].line, "GET /v1/payments/pp_1 HTTP/1.1");
    }
    let stub = Stub::start(vec![]);
    for id in ["", "a/b", "a?b", "..", "é", &"x".repeat(101)] {
        assert!(matches!(provider(&stub).fetch(id), Err(ProviderError::Unknown)), "{id}");
    }
    assert!(stub.asked().is_empty());
    let shown = format!("{:?}", provider(&stub));
    assert!(
        !shown.contains("key-1") && !shown.contains("sixteen") && !shown.contains("[115"),
        "{shown}"
    );
}

#[test]
fn no_key_in_the_clear_and_no_guessable_secret() {
    let new = |base, secret: &[u8]| {
        let made = HttpProvider::new("bank", base, "key", vec![secret.to_vec()], QUICK);
        made.map(|_| ()).map_err(|error| error.code())
    };
    for base in
        ["https://pay.example/v1", "http://127.0.0.1:8/v1", "http://localhost/", "http://[::1]:8"]
    {
        assert_eq!(new(base, SECRET), Ok(()), "{base}");
    }
    for base in [
        "http://pay.example",
        "ftp://127.0.0.1",
        "pay.example",
        "/v1",
        "",
        "http://127.0.0.1.example",
    ] {
        assert_eq!(new(base, SECRET), Err("provider_address"), "{base}");
    }
    for secret in [&b""[..], &SECRET[1..]] {
        assert_eq!(new("https://pay.example", secret), Err("provider_secret"));
    }
}

fn signed(event_id: &str, reference: &str, state: &str, secret: &[u8]) -> (String, Vec<u8>) {
    let payment = body(state).replace("pay_1", reference);
    let body = format!(r#"{{"id":"{event_id}","created_ms":1,"payment":{payment}}}"#).into_bytes();
    (webhook::sign(secret, NOW_MS / 1_000, &body).unwrap(), body)
}

#[tokio::test]
async fn from_the_invoice_to_the_money() {
    for engine in ENGINES {
        let office = Office::new(engine).await;
        let january = month("2026-01");
        office.used(&download("a", january.start_ms(), &[("JASRAC", 1_155, 0)])).await;
        let mut write = office.store.begin().await.unwrap();
        let issued = issue_invoice(&mut write, "acc_1", january, NOW_MS).await.unwrap().unwrap();
        write.commit().await.unwrap();

        // The provider does not answer; the payment stays open and is asked for under its key.
        let down = Stub::start(vec![]);
        let dead: Arc<dyn PaymentProvider> = Arc::new(provider(&down));
        let (owner, invoice) = (Reader::Account("acc_1"), &issued.made.id);
        let error = start_payment(&office.store, &dead, owner, invoice, NOW_MS).await.unwrap_err();
        assert!(matches!(error, BillingError::Provider(ProviderError::Unavailable { .. })));
        let key = down.asked()[0].header("idempotency-key").unwrap().to_owned();
        // Another payment's answer is not taken for this one's.
        let wrong = Stub::start(vec![good()]);
        let other: Arc<dyn PaymentProvider> = Arc::new(provider(&wrong));
        let error = start_payment(&office.store, &other, owner, invoice, NOW_MS).await.unwrap_err();
        assert!(matches!(error, BillingError::Mismatch));
        let answer = Reply::Answer(201, body("pending").replace("pay_1", &key));
        let stub = Stub::start(vec![Reply::Answer(502, String::new()), answer]);
        let alive: Arc<dyn PaymentProvider> = Arc::new(provider(&stub));
        let started = start_payment(&office.store, &alive, owner, invoice, NOW_MS).await.unwrap();
        assert_eq!((started.payment.state, &started.payment.id), (PaymentState::Pending, &key));
        assert_eq!(started.checkout_url.as_deref(), Some("https://pay.invalid/1"));

        let (forged, forged_body) = signed("evt_1", &key, "paid", b"guess");
        let refused = alive.event(&forged, &forged_body, NOW_MS);
        assert_eq!(refused, Err(WebhookError::Signature));
        let (good, good_body) = signed("evt_1", &key, "paid", SECRET);
        let late = alive.event(&good, &good_body, NOW_MS + 5 * 60_000 + 1);
        assert_eq!(late, Err(WebhookError::Time));
        let event = alive.event(&good, &good_body, NOW_MS).unwrap();
        let (pending, pending_body) = signed("evt_0", &key, "pending", SECRET);
        let before = alive.event(&pending, &pending_body, NOW_MS).unwrap();
        let mut received = Vec::new();
        for event in [&event, &event, &before, &before] {
            let mut write = office.store.begin().await.unwrap();
            received.push(receive(&mut write, alive.name(), event, NOW_MS).await.unwrap());
            write.commit().await.unwrap();
        }
        use Received::{Applied, Duplicate, Stale};
        assert_eq!(received, [Applied, Duplicate, Stale, Duplicate], "{engine:?}");
        let cash = AccountId::provider_cash("bank").unwrap();
        assert_eq!(office.balance(&cash).await, 1_200);
        let receivable = AccountId::user_receivable("acc_1").unwrap();
        assert_eq!(office.balance(&receivable).await, 0);
        office.check().await;
    }
}
