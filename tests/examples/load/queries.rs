//! What is asked, and the HTTP client that asks it.

use anyhow::{Context, Result};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, RETRY_AFTER};
use hyper::{Method, Request, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use onmon_core::{HOP_MS, QueryBuilder, wire};
use onmon_synth::{Catalogue, Degradation, degraded};
use onmon_tests::synthetic::SEED;

/// Song asked for after song: far apart, so that no two share a page.
const STRIDE: u64 = 7_919 * 13;

/// What a query was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The status, and whether it said when to come again.
    Status { status: u16, retry_after: bool },
    /// No answer: the connection was refused or broke.
    Broken,
}

impl Answer {
    /// Whether it was answered as asked.
    pub fn is_good(self) -> bool {
        matches!(self, Answer::Status { status: 200, .. })
    }
}

/// Queries of a synthetic catalogue, in turn, over connections that are kept.
#[derive(Clone)]
pub struct Asker {
    client: Client<HttpConnector, Full<Bytes>>,
    uri: Uri,
    queries: Vec<Bytes>,
}

impl Asker {
    /// `unknown` per cent of so many queries are of songs that are not enrolled.
    pub fn new(server: &str, songs: u32, queries: u32, unknown: u32) -> Result<Asker> {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let catalogue = Catalogue::new(SEED, songs);
        let query = |number: u32| {
            // Evenly among the others, whatever the share.
            let is_unknown = (number * unknown) % 100 + unknown >= 100;
            let song = match is_unknown {
                true => songs + 7 + number,
                false => (u64::from(number) * STRIDE % u64::from(songs)) as u32,
            };
            query(&catalogue, song, number)
        };
        Ok(Asker {
            client: Client::builder(TokioExecutor::new()).build(connector),
            uri: format!("{server}/v1/identify").parse().context("--server is no URL")?,
            queries: (0..queries).map(query).collect::<Result<_>>()?,
        })
    }

    /// How many queries there are before the first comes again.
    pub fn count(&self) -> usize {
        self.queries.len()
    }

    /// Asks the query of this number.
    pub async fn ask(self, number: usize) -> Answer {
        self.asked(number).await.unwrap_or(Answer::Broken)
    }

    async fn asked(&self, number: usize) -> Result<Answer> {
        let body = self.queries.get(number % self.queries.len()).cloned().unwrap_or_default();
        let request = Request::builder()
            .method(Method::POST)
            .uri(&self.uri)
            .header(CONTENT_TYPE, wire::MEDIA_TYPE)
            .body(Full::new(body))?;
        let response = self.client.request(request).await?;
        let status = response.status().as_u16();
        let retry_after = response.headers().contains_key(RETRY_AFTER);
        // An answer is there when its last byte is.
        response.into_body().collect().await?;
        Ok(Answer::Status { status, retry_after })
    }
}

fn query(catalogue: &Catalogue, song: u32, seed: u32) -> Result<Bytes> {
    let mut codes = vec![];
    catalogue.song(song, &mut codes);
    let heard = degraded(&codes, Degradation::CLEAN, u64::from(seed));
    let query = QueryBuilder::of_recording(heard.len() as u32 * HOP_MS, &heard)?;
    let fingerprint = query.finish()?;
    let mut bytes = vec![0; wire::encoded_len_max(fingerprint.codes().len())];
    let length = wire::encode(&fingerprint, &mut bytes)?;
    bytes.truncate(length);
    Ok(bytes.into())
}
