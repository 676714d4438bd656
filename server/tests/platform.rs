//! The copyright platform over HTTP, with a real server: both methods walked through, what belongs
//! to others not found, and every answer as its OpenAPI entry says.

#[path = "../sharing/tests/music/codes.rs"]
mod codes;

mod fits;
mod running;

use std::collections::BTreeSet;

use codes::{query, reference, song};
use onmon_core::wire::MEDIA_TYPE;
use running::{Answer, Server, TOKEN, json};
use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};
use ureq::http::Request;

const ESSENCE: &str = "0909090909090909090909090909090909090909090909090909090909090909";

/// A server that knows song 1 (entrusted) and song 2 (not entrusted), and who talks to it.
struct Site {
    document: Value,
    server: Server,
    _dir: TempDir,
}

/// Somebody with a token.
#[derive(Clone)]
struct Who(String);

impl Site {
    fn new(arguments: &[&str]) -> Site {
        let dir = tempdir().unwrap();
        let server = Server::start(dir.path(), arguments);
        for (seed, rights) in [(1, "entrusted"), (2, "not_entrusted")] {
            let about = format!("recording_id=song-{seed}&title=Song%20{seed}&rights={rights}");
            assert_eq!(server.enrol(&about, &reference(&song(seed))).unwrap().status(), 201);
        }
        let document = json(&server.get("/openapi.json"));
        Site { document, server, _dir: dir }
    }

    fn admin(&self) -> Who {
        Who(TOKEN.to_owned())
    }

    fn account(&self, about: Value) -> (String, Who) {
        let made = self.post(&self.admin(), "/v1/accounts", &about);
        assert_eq!(made.status(), 201, "{}", json(&made));
        let made = json(&made);
        let key = Who(made["api_key"].as_str().unwrap().to_owned());
        let token = json(&self.post(&key, "/v1/tokens", &Value::Null));
        let account = made["account_id"].as_str().unwrap().to_owned();
        (account, Who(token["access_token"].as_str().unwrap().to_owned()))
    }

    fn user(&self) -> Who {
        self.account(json!({ "name": "a user" })).1
    }

    fn ask(
        &self,
        method: &str,
        who: Option<&Who>,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(self.server.url(path));
        if let Some(Who(token)) = who {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = self.server.send(request.body(body.to_vec()).unwrap()).unwrap();
        self.fits(method, path, &answer);
        answer
    }

    /// Every answer that any of these tests gets is held to the OpenAPI document.
    fn fits(&self, method: &str, path: &str, answer: &Answer) {
        let paths = self.document["paths"].as_object().unwrap();
        let entry = paths.iter().find(|(known, operations)| {
            shape(known) == shape(path) && operations.get(method.to_lowercase()).is_some()
        });
        let Some((known, operations)) = entry else { panic!("{method} {path} is not documented") };
        let status = answer.status().as_u16().to_string();
        let place = format!("{method} {known} {status}");
        let response = &operations[method.to_lowercase()]["responses"][&status];
        assert!(response.is_object(), "{place} is not documented");
        fits::assert_fits(&self.document, response, answer, &place);
    }

    fn get(&self, who: &Who, path: &str) -> Answer {
        self.ask("GET", Some(who), path, &[], b"")
    }

    fn post(&self, who: &Who, path: &str, body: &Value) -> Answer {
        let headers = [("content-type", "application/json")];
        self.ask("POST", Some(who), path, &headers, body.to_string().as_bytes())
    }

    fn share(&self, who: &Who, method: &str, seed: u64, key: &str) -> Answer {
        let path = format!("/v1/shares?method={method}&essence={ESSENCE}");
        let headers = [("content-type", MEDIA_TYPE), ("idempotency-key", key)];
        self.ask("POST", Some(who), &path, &headers, &query(&song(seed)))
    }
}

#[test]
fn the_tag_method_from_upload_to_release_over_http() {
    let site = Site::new(&[]);
    let (alice, bob) = (site.user(), site.user());
    let shared = site.share(&alice, "tag", 1, "11111111-1111");
    assert_eq!(shared.status(), 201, "{}", json(&shared));
    let shared = json(&shared);
    assert_eq!(shared["ruling"]["decision"], "permit");
    assert_eq!(shared["ruling"]["claimants"][0]["organisation"], "JASRAC");
    let permit = shared["permit"]["permit_id"].as_str().unwrap();
    let again = json(&site.share(&alice, "tag", 1, "11111111-1111"));
    assert_eq!((&again["permit"], &again["repeated"]), (&shared["permit"], &json!(true)));

    let offer = json(&site.ask("GET", None, &format!("/v1/offers/{permit}"), &[], b""));
    assert_eq!(
        (&offer["price"]["yen"], &offer["recordings"][0]["title"]),
        (&json!("7.70"), &json!("Song 1"))
    );
    let wanted = json!({ "permit_id": permit, "essence": ESSENCE });
    let bought = site.post(&bob, "/v1/purchases", &wanted);
    assert_eq!(bought.status(), 201, "{}", json(&bought));
    let bought = json(&bought);

    // What a player does with it: the published keys are all that it needs.
    let keys = site.ask("GET", None, "/v1/keys", &[], b"");
    let keys = onmon_tag::PublicKeys::from_jwks(std::str::from_utf8(keys.body()).unwrap()).unwrap();
    let tag = onmon_tag::Tag::verify(&bytes(&shared["permit"]["tag"]), &keys).unwrap();
    let release = onmon_tag::Release::verify(&bytes(&bought["release"]), &keys).unwrap();
    release.unlocks(&tag, &release.account_id, release.issued_ms).unwrap();

    let again = site.post(&bob, "/v1/purchases", &wanted);
    assert_eq!(again.status(), 200);
    assert_eq!(json(&again)["purchase_id"], bought["purchase_id"]);
    let listed = json(&site.get(&bob, "/v1/purchases"));
    assert_eq!(listed["purchases"].as_array().unwrap().len(), 1);
    let listed = json(&site.get(&alice, "/v1/shares"));
    assert_eq!(listed["shares"][0]["downloads"], 1);
    let summary = json(&site.get(&site.admin(), "/v1/operator/summary"));
    assert_eq!((&summary["uploads"], &summary["downloads"]), (&json!(1), &json!(1)));
    assert_eq!(
        (&summary["charged"]["yen"], &summary["ledger_is_sound"]),
        (&json!("7.70"), &json!(true))
    );
    assert_eq!(summary["audit_lines"], 2);
}

#[test]
fn the_drm_method_and_a_clear_key_licence_over_http() {
    let site = Site::new(&[]);
    let (alice, bob) = (site.user(), site.user());
    let shared = json(&site.share(&alice, "drm", 1, "22222222-2222"));
    let (kid, key) = (&shared["permit"]["kid"], &shared["permit"]["key"]);
    let request = json!({ "kids": [base64url(&hex(kid.as_str().unwrap()))], "type": "temporary" });
    assert_eq!(site.post(&bob, "/v1/clear-key", &request).status(), 404);
    let offer =
        site.ask("GET", None, &format!("/v1/keys/{}/offer", kid.as_str().unwrap()), &[], b"");
    assert_eq!(json(&offer)["method"], "drm");
    let bought = json(&site.post(&bob, "/v1/purchases", &json!({ "kid": kid })));
    assert_eq!((&bought["kid"], &bought["key"]), (kid, key));
    let licence = json(&site.post(&bob, "/v1/clear-key", &request));
    assert_eq!(&licence["keys"][0]["k"], key);
}

#[test]
fn a_refused_and_an_unknown_recording_get_no_permit() {
    let site = Site::new(&[]);
    let alice = site.user();
    for (seed, decision) in [(2, "refuse"), (3, "unregistered")] {
        let answer = site.share(&alice, "tag", seed, &format!("33333333-{seed}"));
        assert_eq!(answer.status(), 200);
        let answer = json(&answer);
        assert_eq!(
            (&answer["ruling"]["decision"], &answer["permit"]),
            (&json!(decision), &Value::Null)
        );
    }
}

#[test]
fn a_month_s_money_over_http() {
    let site = Site::new(&[]);
    let (alice, bob) = (site.user(), site.user());
    let permit =
        json(&site.share(&alice, "tag", 1, "44444444-4444"))["permit"]["permit_id"].clone();
    site.post(&bob, "/v1/purchases", &json!({ "permit_id": permit, "essence": ESSENCE }));
    // This month is not over, and the one before has nothing.
    let now = json(&site.get(&site.admin(), "/v1/operator/days?days=1"))[0]["day"].clone();
    let month = &now.as_str().unwrap()[..7];
    let close = format!("/v1/operator/months/{month}/close");
    assert_eq!(site.post(&site.admin(), &close, &json!({})).status(), 409);
    let closed = site.post(&site.admin(), "/v1/operator/months/2020-01/close", &json!({}));
    assert_eq!(json(&closed)["invoices"], 0);
    assert_eq!(json(&site.get(&bob, "/v1/invoices")), json!([]));
    let (_, jasrac) = site.account(json!({ "role": "organisation", "organisation": "JASRAC" }));
    assert_eq!(json(&site.get(&jasrac, "/v1/statements")), json!([]));
    let path = format!("/v1/reports/{month}?form=jasrac&licence_number=1234567890");
    let report = site.get(&jasrac, &path);
    assert_eq!(report.status(), 200, "{}", String::from_utf8_lossy(report.body()));
    assert!(String::from_utf8_lossy(report.body()).contains("Song 1"));
}

/// Every route that names an object of somebody's, asked by everybody else, and by nobody.
// tidy: long because the two tables are read as one.
#[test]
fn every_route_against_every_foreign_object_is_not_found() {
    let site = Site::new(&[]);
    let (alice, bob, mallory) = (site.user(), site.user(), site.user());
    let (_, nextone) = site.account(json!({ "role": "organisation", "organisation": "NEXTONE" }));
    let shared = json(&site.share(&alice, "tag", 1, "55555555-5555"));
    let permit = shared["permit"]["permit_id"].as_str().unwrap();
    let wanted = json!({ "permit_id": permit, "essence": ESSENCE });
    let bought = json(&site.post(&bob, "/v1/purchases", &wanted));
    let purchase = bought["purchase_id"].as_str().unwrap();
    let fingerprint = query(&song(1));
    let made_up = "00000000000000000000000000";
    // method, path, owner, body; the others are strangers to it.
    let routes: Vec<(&str, String, Option<&Who>, &[u8])> = vec![
        ("GET", format!("/v1/shares/{permit}"), Some(&alice), b""),
        ("POST", format!("/v1/shares/{permit}/recheck"), Some(&bob), &fingerprint),
        ("GET", format!("/v1/purchases/{purchase}"), Some(&bob), b""),
        ("GET", format!("/v1/shares/prm_{made_up}"), None, b""),
        ("GET", format!("/v1/purchases/buy_{made_up}"), None, b""),
        ("GET", format!("/v1/invoices/inv_{made_up}"), None, b""),
        ("POST", format!("/v1/invoices/inv_{made_up}/payments"), None, b""),
        ("GET", format!("/v1/payments/pay_{made_up}"), None, b""),
    ];
    let users = [("alice", &alice), ("bob", &bob), ("mallory", &mallory)];
    let headers = [("content-type", MEDIA_TYPE)];
    for (method, path, owner, body) in &routes {
        for (name, who) in users {
            let status = site.ask(method, Some(who), path, &headers, body).status().as_u16();
            let is_owner = owner.is_some_and(|owner| owner.0 == who.0);
            assert_eq!(status, if is_owner { 200 } else { 404 }, "{method} {path} by {name}");
        }
        // Nobody, a made-up token, an API key where a token belongs; and other roles.
        for token in [None, Some(Who("x.y.z".to_owned())), Some(Who("onk_x".to_owned()))] {
            let answer = site.ask(method, token.as_ref(), path, &headers, body);
            assert_eq!(answer.status(), 401, "{method} {path}");
        }
        assert_eq!(site.ask(method, Some(&nextone), path, &headers, body).status(), 403, "{path}");
    }
    // What is the operator's or an organisation's is neither a user's.
    let others = [
        ("GET", "/v1/operator/summary"),
        ("GET", "/v1/operator/days"),
        ("GET", "/v1/operator/top"),
        ("POST", "/v1/operator/months/2020-01/close"),
        ("POST", "/v1/operator/keys/tag/rotate"),
        ("POST", "/v1/operator/simulated-payments/sim_1"),
        ("GET", "/v1/statements"),
        ("GET", "/v1/statements/stm_00000000000000000000000000"),
        ("GET", "/v1/reports/2020-01?form=jasrac&licence_number=1"),
    ];
    for (method, path) in others {
        assert_eq!(site.ask(method, Some(&alice), path, &[], b"").status(), 403, "{path}");
        assert_eq!(site.ask(method, None, path, &[], b"").status(), 401, "{path}");
    }
    let statement = "/v1/statements/stm_00000000000000000000000000";
    assert_eq!(site.get(&nextone, statement).status(), 404);
    // Every route of the platform that takes a token is in one of the two tables, or a list of
    // one's own.
    let document = json(&site.server.get("/openapi.json"));
    let mut asked: BTreeSet<String> = routes.iter().map(|(_, path, ..)| shape(path)).collect();
    asked.extend(others.iter().map(|(_, path)| shape(path)));
    for (path, operations) in document["paths"].as_object().unwrap() {
        let names_one = path.contains('{');
        for operation in operations.as_object().unwrap().values() {
            let tags = operation["tags"][0].as_str().unwrap_or_default();
            let guarded = operation["security"].is_array()
                && ["sharing", "money", "operator"].contains(&tags);
            if names_one && guarded {
                assert!(asked.contains(&shape(path)), "{path} is asked by no stranger");
            }
        }
    }
}

/// A scrape trips; what people do does not.
#[test]
fn an_account_that_asks_for_too_much_is_stopped() {
    let site = Site::new(&[]);
    let alice = site.user();
    let mut stopped = None;
    for number in 0..200 {
        let wanted = json!({ "permit_id": format!("prm_{number:026}"), "essence": ESSENCE });
        let answer = site.post(&alice, "/v1/purchases", &wanted);
        if answer.status() == 429 {
            assert!(answer.headers().contains_key("retry-after"));
            stopped = Some(number);
            break;
        }
        assert_eq!(answer.status(), 404);
    }
    assert!(stopped.is_some_and(|number| number >= 60), "{stopped:?}");
}

#[test]
fn tokens_roles_and_registration() {
    let site = Site::new(&[]);
    // Closed: only operators make accounts.
    let body = json!({}).to_string();
    let headers = [("content-type", "application/json")];
    let closed = site.ask("POST", None, "/v1/accounts", &headers, body.as_bytes());
    assert_eq!(closed.status(), 401);
    let (_, operator) = site.account(json!({ "role": "operator", "name": "night shift" }));
    assert_eq!(site.get(&operator, "/v1/operator/summary").status(), 200);
    assert_eq!(site.post(&operator, "/v1/accounts", &json!({})).status(), 201);
    assert_eq!(site.post(&operator, "/v1/operator/keys/tag/rotate", &json!({})).status(), 200);
    let open = Site::new(&["--open-registration"]);
    let made = open.ask("POST", None, "/v1/accounts", &headers, body.as_bytes());
    assert_eq!(made.status(), 201);
    let raised = json!({ "role": "operator" }).to_string();
    let refused = open.ask("POST", None, "/v1/accounts", &headers, raised.as_bytes());
    assert_eq!(refused.status(), 401);
}

#[test]
fn the_operator_s_page_is_there_and_keeps_to_itself() {
    let site = Site::new(&[]);
    for file in [
        "/operator",
        "/operator/page.css",
        "/operator/page.js",
        "/operator/plot.js",
        "/operator/texts.js",
    ] {
        let answer = site.server.get(file);
        assert_eq!(answer.status(), 200, "{file}");
        let policy = answer.headers()["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
    }
}

/// A path with what names an object, and parameters, left out.
fn shape(path: &str) -> String {
    let path = path.split('?').next().unwrap();
    let parts = path.split('/').map(|part| {
        // Ids and months have digits; no route has but `v1`.
        let has_digit = part != "v1" && part.bytes().any(|byte| byte.is_ascii_digit());
        let is_purpose = part == "tag" && path.contains("/keys/");
        if part.starts_with('{') || has_digit || is_purpose { "{}" } else { part }
    });
    parts.collect::<Vec<_>>().join("/")
}

fn bytes(value: &Value) -> Vec<u8> {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(value.as_str().unwrap()).unwrap()
}

fn base64url(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}
