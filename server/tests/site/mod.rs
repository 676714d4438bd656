//! A server with the copyright platform on one engine, and people who talk to it. Every answer that
//! anyone gets is held to the OpenAPI document.

// Each test binary uses some of these.
#![allow(dead_code)]

use onmon_core::wire::MEDIA_TYPE;
use onmon_store::Engine;
use onmon_store::testing::ENGINES;
use serde_json::{Value, json};
use ureq::http::Request;

use crate::codes::{query, reference, song};
use crate::desk::Desk;
use crate::fits;
use crate::running::{Answer, Server, TOKEN, json};

pub const ESSENCE: &str = "0909090909090909090909090909090909090909090909090909090909090909";

/// A server that knows song 1 (entrusted) and song 2 (not entrusted), and who talks to it.
pub struct Site {
    pub document: Value,
    pub server: Server,
    pub desk: Desk,
}

/// Somebody with a token.
#[derive(Clone)]
pub struct Who(pub String);

impl Site {
    /// A site on each engine, one after the other.
    pub fn each(arguments: &[&str]) -> impl Iterator<Item = Site> {
        ENGINES.into_iter().map(move |engine| Site::new(engine, arguments))
    }

    pub fn new(engine: Engine, arguments: &[&str]) -> Site {
        Site::at(wait(Desk::new(engine)), arguments)
    }

    /// At a desk where something may have been done before.
    pub fn at(desk: Desk, arguments: &[&str]) -> Site {
        let server = desk.serve(arguments);
        for (seed, rights) in [(1, "entrusted"), (2, "not_entrusted")] {
            let about = format!("recording_id=song-{seed}&title=Song%20{seed}&rights={rights}");
            assert_eq!(server.enrol(&about, &reference(&song(seed))).unwrap().status(), 201);
        }
        let document = json(&server.get("/openapi.json"));
        Site { document, server, desk }
    }

    /// Another one on the same engine.
    pub fn again(&self, arguments: &[&str]) -> Site {
        Site::new(self.desk.engine(), arguments)
    }

    pub fn admin(&self) -> Who {
        Who(TOKEN.to_owned())
    }

    pub fn account(&self, about: Value) -> (String, Who) {
        let made = self.post(&self.admin(), "/v1/accounts", &about);
        assert_eq!(made.status(), 201, "{}", json(&made));
        let made = json(&made);
        let key = Who(made["api_key"].as_str().unwrap().to_owned());
        let token = json(&self.post(&key, "/v1/tokens", &Value::Null));
        let account = made["account_id"].as_str().unwrap().to_owned();
        (account, Who(token["access_token"].as_str().unwrap().to_owned()))
    }

    pub fn user(&self) -> Who {
        self.account(json!({ "name": "a user" })).1
    }

    pub fn ask(
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
    pub fn fits(&self, method: &str, path: &str, answer: &Answer) {
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

    pub fn get(&self, who: &Who, path: &str) -> Answer {
        self.ask("GET", Some(who), path, &[], b"")
    }

    pub fn post(&self, who: &Who, path: &str, body: &Value) -> Answer {
        let headers = [("content-type", "application/json")];
        self.ask("POST", Some(who), path, &headers, body.to_string().as_bytes())
    }

    pub fn share(&self, who: &Who, method: &str, seed: u64, key: &str) -> Answer {
        let path = format!("/v1/shares?method={method}&essence={ESSENCE}");
        let headers = [("content-type", MEDIA_TYPE), ("idempotency-key", key)];
        self.ask("POST", Some(who), &path, &headers, &query(&song(seed)))
    }
}

/// A path with what names an object, and parameters, left out.
pub fn shape(path: &str) -> String {
    let path = path.split('?').next().unwrap();
    let parts = path.split('/').map(|part| {
        // Ids and months have digits; no route has but `v1`.
        let has_digit = part != "v1" && part.bytes().any(|byte| byte.is_ascii_digit());
        let is_purpose = part == "tag" && path.contains("/keys/");
        if part.starts_with('{') || has_digit || is_purpose { "{}" } else { part }
    });
    parts.collect::<Vec<_>>().join("/")
}

/// The tests wait for the server; what is asked beside it is waited for as well.
pub fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().unwrap().block_on(work)
}
