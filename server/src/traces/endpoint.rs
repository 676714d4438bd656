//! The address of a collector, as `--otlp-endpoint` gives it.

use std::str::FromStr;

use axum::http::Uri;

/// Where traces go; an empty one is nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint(Option<String>);

/// Why an address is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "it must be http://HOST:PORT or https://HOST:PORT of a collector, without user, password or \
     parameters, as http://127.0.0.1:4318"
)]
pub struct NotAnEndpoint;

impl Endpoint {
    /// Where a batch of traces is put.
    pub fn traces_url(&self) -> Option<String> {
        self.0.as_ref().map(|base| format!("{base}/v1/traces"))
    }
}

impl FromStr for Endpoint {
    type Err = NotAnEndpoint;

    fn from_str(text: &str) -> Result<Endpoint, NotAnEndpoint> {
        if text.is_empty() {
            return Ok(Endpoint(None));
        }
        let uri: Uri = text.parse().map_err(|_| NotAnEndpoint)?;
        let is_http = matches!(uri.scheme_str(), Some("http" | "https"));
        // `--print-config` shows settings as they are: no place for a password.
        let has_user = uri.authority().is_some_and(|authority| authority.as_str().contains('@'));
        match is_http && !has_user && uri.query().is_none() {
            true => Ok(Endpoint(Some(text.trim_end_matches('/').to_owned()))),
            false => Err(NotAnEndpoint),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_with_or_without_a_path_and_nothing_else() {
        let url = |text: &str| Endpoint::from_str(text).map(|endpoint| endpoint.traces_url());
        assert_eq!(url(""), Ok(None));
        for (text, traces) in [
            ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
            ("http://collector:4318/", "http://collector:4318/v1/traces"),
            ("https://o.example/otlp/", "https://o.example/otlp/v1/traces"),
        ] {
            assert_eq!(url(text), Ok(Some(traces.to_owned())), "{text}");
        }
        for text in [
            "collector:4318",
            "/v1/traces",
            "ftp://collector",
            "http://",
            "http://user:hunter2@collector:4318",
            "https://o.example/?key=hunter2",
        ] {
            assert_eq!(url(text), Err(NotAnEndpoint), "{text}");
        }
    }
}
