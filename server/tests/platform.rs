//! The copyright platform over HTTP, with a real server on either engine: both methods walked
//! through, a month's money, roles and limits.

#[path = "../sharing/tests/music/codes.rs"]
mod codes;

mod desk;
mod fits;
mod running;
mod site;

use onmon_core::wire::MEDIA_TYPE;
use onmon_store::Engine;
use running::json;
use serde_json::{Value, json};
use site::{ESSENCE, Site, Who};
use ureq::http::Request;

#[test]
fn the_tag_method_from_upload_to_release_over_http() {
    for site in Site::each(&[]) {
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
        let keys =
            onmon_tag::PublicKeys::from_jwks(std::str::from_utf8(keys.body()).unwrap()).unwrap();
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
}

#[test]
fn the_drm_method_and_a_clear_key_licence_over_http() {
    for site in Site::each(&[]) {
        let (alice, bob) = (site.user(), site.user());
        let shared = json(&site.share(&alice, "drm", 1, "22222222-2222"));
        let (kid, key) = (&shared["permit"]["kid"], &shared["permit"]["key"]);
        let request =
            json!({ "kids": [base64url(&hex(kid.as_str().unwrap()))], "type": "temporary" });
        assert_eq!(site.post(&bob, "/v1/clear-key", &request).status(), 404);
        let offer =
            site.ask("GET", None, &format!("/v1/keys/{}/offer", kid.as_str().unwrap()), &[], b"");
        assert_eq!(json(&offer)["method"], "drm");
        let bought = json(&site.post(&bob, "/v1/purchases", &json!({ "kid": kid })));
        assert_eq!((&bought["kid"], &bought["key"]), (kid, key));
        let licence = json(&site.post(&bob, "/v1/clear-key", &request));
        assert_eq!(&licence["keys"][0]["k"], key);
        licences_are_asked_for_as_players_do(&site, &bob, &request, &licence);
        // A stranger is answered as if there were no such key.
        assert_eq!(site.post(&site.user(), "/v1/clear-key", &request).status(), 404);
    }
}

/// Some name a charset, some call it bytes. The answer is to be kept by nobody.
fn licences_are_asked_for_as_players_do(site: &Site, who: &Who, request: &Value, licence: &Value) {
    let ask = |media_type| {
        let headers = [("content-type", media_type)];
        site.ask("POST", Some(who), "/v1/clear-key", &headers, request.to_string().as_bytes())
    };
    for taken in ["application/json;charset=utf-8", "Application/JSON", "application/octet-stream"]
    {
        let answer = ask(taken);
        assert_eq!(&json(&answer), licence, "{taken}");
        assert_eq!(answer.headers()["cache-control"], "no-store");
        assert_eq!(answer.headers()["content-type"], "application/json");
    }
    for refused in ["text/plain", "application/json5", MEDIA_TYPE] {
        assert_eq!(ask(refused).status(), 415, "{refused}");
    }
}

/// What a browser asks before a player of another origin may ask for a licence.
#[test]
fn a_player_of_another_origin_may_ask_for_a_licence() {
    let origin = "https://player.example";
    let site = Site::new(Engine::Sqlite, &["--cors-origin", origin]);
    let preflight = Request::builder()
        .method("OPTIONS")
        .uri(site.server.url("/v1/clear-key"))
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization,content-type");
    let answer = site.server.send(preflight.body(Vec::new()).unwrap()).unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["access-control-allow-origin"], origin);
    let allowed = answer.headers()["access-control-allow-headers"].to_str().unwrap();
    assert!(allowed.contains("authorization") && allowed.contains("content-type"), "{allowed}");
    // The refusal can be read too, or a page could not tell it from a network that is down.
    let headers = [("content-type", "application/json"), ("origin", origin)];
    let body = br#"{"kids":["AAAAAAAAAAAAAAAAAAAAAA"],"type":"temporary"}"#;
    let refused = site.ask("POST", Some(&site.user()), "/v1/clear-key", &headers, body);
    assert_eq!(refused.status(), 404);
    assert_eq!(refused.headers()["access-control-allow-origin"], origin);
}

#[test]
fn a_refused_and_an_unknown_recording_get_no_permit() {
    for site in Site::each(&[]) {
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
}

#[test]
fn a_month_s_money_over_http() {
    for site in Site::each(&[]) {
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

        let listed = json(&site.get(&bob, "/v1/purchases"));
        let purchase = listed["purchases"][0]["purchase_id"].as_str().unwrap();
        let path = format!("/v1/operator/purchases/{purchase}/refund");
        assert_eq!(site.post(&site.admin(), &path, &json!({ "reason": "" })).status(), 400);
        let refunded = json(&site.post(&site.admin(), &path, &json!({ "reason": "a mistake" })));
        assert_eq!(refunded["repeated"], false);
        let listed = json(&site.get(&bob, "/v1/purchases"));
        assert_eq!(listed["purchases"][0]["refunded_ms"], refunded["refunded_ms"]);
        let wanted = json!({ "permit_id": permit, "essence": ESSENCE });
        assert_eq!(site.post(&bob, "/v1/purchases", &wanted).status(), 409);
        let summary = json(&site.get(&site.admin(), "/v1/operator/summary"));
        assert_eq!((&summary["refunds"], &summary["charged"]["sen"]), (&json!(1), &json!(0)));
    }
}

/// A scrape trips; what people do does not.
#[test]
fn an_account_that_asks_for_too_much_is_stopped() {
    for site in Site::each(&[]) {
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
}

#[test]
fn tokens_roles_and_registration() {
    for site in Site::each(&[]) {
        // Closed: only operators make accounts.
        let body = json!({}).to_string();
        let headers = [("content-type", "application/json")];
        let closed = site.ask("POST", None, "/v1/accounts", &headers, body.as_bytes());
        assert_eq!(closed.status(), 401);
        let (_, operator) = site.account(json!({ "role": "operator", "name": "night shift" }));
        assert_eq!(site.get(&operator, "/v1/operator/summary").status(), 200);
        assert_eq!(site.post(&operator, "/v1/accounts", &json!({})).status(), 201);
        assert_eq!(site.post(&operator, "/v1/operator/keys/tag/rotate", &json!({})).status(), 200);
        let open = site.again(&["--open-registration"]);
        let made = open.ask("POST", None, "/v1/accounts", &headers, body.as_bytes());
        assert_eq!(made.status(), 201);
        let raised = json!({ "role": "operator" }).to_string();
        let refused = open.ask("POST", None, "/v1/accounts", &headers, raised.as_bytes());
        assert_eq!(refused.status(), 401);
    }
}

#[test]
fn the_operator_s_page_is_there_and_keeps_to_itself() {
    for site in Site::each(&[]) {
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
