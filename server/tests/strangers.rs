//! Every route that names an object of somebody's, asked by everybody else and by nobody: what is
//! another's is not found.

#[path = "../sharing/tests/music/codes.rs"]
mod codes;

mod desk;
mod fits;
mod running;
mod site;

use std::collections::BTreeSet;

use codes::{query, song};
use desk::{APRIL, Desk};
use onmon_core::wire::MEDIA_TYPE;
use onmon_sharing::Wanted;
use onmon_store::testing::ENGINES;
use running::json;
use serde_json::{Value, json};
use site::{ESSENCE, Site, Who, shape, wait};

/// People, and what is theirs, each thing real: bought, invoiced, stated.
struct Town {
    site: Site,
    alice: Who,
    bob: Who,
    mallory: Who,
    jasrac: Who,
    nextone: Who,
    permit: String,
    purchase: String,
    invoice: String,
    payment: String,
    statement: String,
}

impl Town {
    /// Alice shares song 1; Bob buys it in a month that is over (beside the server, which knows
    /// only today), so that there is an invoice, a payment and a statement.
    fn new(engine: onmon_store::Engine) -> Town {
        let desk = wait(Desk::new(engine));
        desk.add_tariff();
        let site = Site::at(desk, &[]);
        let user = |name: &str| site.account(json!({ "name": name }));
        let ((_, alice), (bob_id, bob), (_, mallory)) =
            (user("alice"), user("bob"), user("mallory"));
        let organisation =
            |id: &str| site.account(json!({ "role": "organisation", "organisation": id })).1;
        // In whatever case it is written: an account is for the organisation as registered.
        let (jasrac, nextone) = (organisation("jasrac"), organisation("NEXTONE"));
        let shared = json(&site.share(&alice, "tag", 1, "55555555-5555"));
        let permit = text(&shared["permit"]["permit_id"]);
        wait(bought_in_april(&site.desk, &bob_id, &permit));
        let wanted = json!({ "permit_id": permit, "essence": ESSENCE });
        let purchase = text(&json(&site.post(&bob, "/v1/purchases", &wanted))["purchase_id"]);
        let closed = site.post(&site.admin(), "/v1/operator/months/2024-04/close", &json!({}));
        let closed = json(&closed);
        assert_eq!((&closed["invoices"], &closed["statements"]), (&json!(1), &json!(1)));
        let invoice = text(&json(&site.get(&bob, "/v1/invoices"))[0]["id"]);
        let pay = format!("/v1/invoices/{invoice}/payments");
        let payment = text(&json(&site.post(&bob, &pay, &json!({})))["payment"]["id"]);
        let statement = text(&json(&site.get(&jasrac, "/v1/statements"))[0]["id"]);
        Town {
            site,
            alice,
            bob,
            mallory,
            jasrac,
            nextone,
            permit,
            purchase,
            invoice,
            payment,
            statement,
        }
    }

    /// Method, path, who may (nobody where it is made up), body.
    fn of_users(&self) -> Vec<(&'static str, String, Option<&Who>, Vec<u8>)> {
        let (alice, bob) = (Some(&self.alice), Some(&self.bob));
        let none = "00000000000000000000000000";
        let fingerprint = query(&song(1));
        vec![
            ("GET", format!("/v1/shares/{}", self.permit), alice, vec![]),
            ("POST", format!("/v1/shares/{}/recheck", self.permit), bob, fingerprint),
            ("GET", format!("/v1/purchases/{}", self.purchase), bob, vec![]),
            ("GET", format!("/v1/invoices/{}", self.invoice), bob, vec![]),
            ("POST", format!("/v1/invoices/{}/payments", self.invoice), bob, vec![]),
            ("GET", format!("/v1/payments/{}", self.payment), bob, vec![]),
            ("GET", format!("/v1/shares/prm_{none}"), None, vec![]),
            ("GET", format!("/v1/purchases/buy_{none}"), None, vec![]),
            ("GET", format!("/v1/invoices/inv_{none}"), None, vec![]),
            ("POST", format!("/v1/invoices/inv_{none}/payments"), None, vec![]),
            ("GET", format!("/v1/payments/pay_{none}"), None, vec![]),
        ]
    }

    /// What is the operator's or an organisation's.
    fn of_others(&self) -> Vec<(&'static str, String)> {
        let fixed = [
            ("GET", "/v1/operator/summary"),
            ("GET", "/v1/operator/days"),
            ("GET", "/v1/operator/top"),
            ("POST", "/v1/operator/months/2020-01/close"),
            ("POST", "/v1/operator/keys/tag/rotate"),
            ("POST", "/v1/operator/simulated-payments/sim_1"),
            ("POST", "/v1/operator/purchases/buy_00000000000000000000000000/refund"),
            ("GET", "/v1/statements"),
            ("GET", "/v1/reports/2020-01?form=jasrac&licence_number=1"),
        ];
        let mut all: Vec<_> = fixed.map(|(method, path)| (method, path.to_owned())).into();
        all.push(("GET", format!("/v1/statements/{}", self.statement)));
        all
    }
}

async fn bought_in_april(desk: &Desk, account_id: &str, permit_id: &str) {
    let platform = desk.platform().await;
    let wanted = Wanted::Permit(permit_id.to_owned());
    assert!(platform.buy(account_id, &wanted, Some(&[9; 32]), APRIL).await.unwrap().fresh);
    platform.store().close().await;
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

#[test]
fn every_route_against_every_foreign_object_is_not_found() {
    for engine in ENGINES {
        let town = Town::new(engine);
        let site = &town.site;
        let users = [("alice", &town.alice), ("bob", &town.bob), ("mallory", &town.mallory)];
        for (method, path, owner, body) in &town.of_users() {
            let media_type = if body.is_empty() { "application/json" } else { MEDIA_TYPE };
            let headers = [("content-type", media_type)];
            for (name, who) in users {
                let answer = site.ask(method, Some(who), path, &headers, body);
                let is_owner = owner.is_some_and(|owner| owner.0 == who.0);
                let want = if is_owner { 200 } else { 404 };
                assert_eq!(answer.status().as_u16(), want, "{method} {path} by {name}");
            }
            // Nobody, a made-up token, an API key where a token belongs; and other roles.
            for token in [None, Some(Who("x.y.z".to_owned())), Some(Who("onk_x".to_owned()))] {
                let answer = site.ask(method, token.as_ref(), path, &headers, body);
                assert_eq!(answer.status(), 401, "{method} {path}");
            }
            for who in [&town.nextone, &town.jasrac] {
                let answer = site.ask(method, Some(who), path, &headers, body);
                assert_eq!(answer.status(), 403, "{path}");
            }
        }
        for (method, path) in &town.of_others() {
            assert_eq!(site.ask(method, Some(&town.alice), path, &[], b"").status(), 403, "{path}");
            assert_eq!(site.ask(method, None, path, &[], b"").status(), 401, "{path}");
        }
    }
}

#[test]
fn lists_hold_one_s_own_alone() {
    for engine in ENGINES {
        let town = Town::new(engine);
        let site = &town.site;
        let statement = format!("/v1/statements/{}", town.statement);
        assert_eq!(site.get(&town.jasrac, &statement).status(), 200);
        assert_eq!(site.get(&town.nextone, &statement).status(), 404);
        assert_eq!(json(&site.get(&town.nextone, "/v1/statements")), json!([]));
        let report = "/v1/reports/2024-04?form=jasrac&licence_number=1234567890";
        let (theirs, others) = (site.get(&town.jasrac, report), site.get(&town.nextone, report));
        let songs = |answer: &running::Answer| {
            String::from_utf8_lossy(answer.body()).matches("Song 1").count()
        };
        assert_eq!((songs(&theirs), songs(&others)), (1, 0));
        let lists = [
            ("/v1/shares", "shares", &town.alice, &town.permit),
            ("/v1/purchases", "purchases", &town.bob, &town.purchase),
            ("/v1/invoices", "", &town.bob, &town.invoice),
        ];
        for (path, member, owner, id) in lists {
            for who in [&town.alice, &town.bob, &town.mallory] {
                let told = json(&site.get(who, path));
                let list = if member.is_empty() { &told } else { &told[member] };
                let len = list.as_array().unwrap().len();
                assert_eq!(len, usize::from(who.0 == owner.0), "{path}: {told}");
                assert_eq!(told.to_string().contains(id.as_str()), who.0 == owner.0, "{path}");
            }
        }
    }
}

/// Every route of the platform that takes a token and names an object is in one of the two tables.
#[test]
fn no_route_is_left_out_of_the_tables() {
    let town = Town::new(ENGINES[0]);
    let mut asked: BTreeSet<String> =
        town.of_users().iter().map(|(_, path, ..)| shape(path)).collect();
    asked.extend(town.of_others().iter().map(|(_, path)| shape(path)));
    for (path, operations) in town.site.document["paths"].as_object().unwrap() {
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
