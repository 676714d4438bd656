//! The page's files: types, caches, policy, and nothing beside them.

mod running;

use std::fs;

use running::{Server, command, problem};
use tempfile::tempdir;

#[test]
fn a_page_with_its_module_and_nothing_else() {
    let dir = tempdir().unwrap();
    let root = dir.path().join("web");
    fs::create_dir_all(root.join("assets")).unwrap();
    fs::write(dir.path().join("secret"), "secret").unwrap();
    for (file, text) in [
        ("index.html", "<!doctype html>"),
        ("assets/app-1a2b.js", "export {}"),
        ("assets/worker-1a2b.mjs", "export {}"),
        ("assets/onmon-1a2b.wasm", "\0asm"),
        ("assets/style-1a2b.css", "a{}"),
    ] {
        fs::write(root.join(file), text).unwrap();
    }
    let server = Server::start(&dir.path().join("data"), &["--web-root", root.to_str().unwrap()]);

    let hashed = "public, max-age=31536000, immutable";
    for (path, mime, cache) in [
        ("/", "text/html", "no-cache"),
        ("/index.html", "text/html", "no-cache"),
        ("/assets/app-1a2b.js", "text/javascript", hashed),
        ("/assets/worker-1a2b.mjs", "application/javascript", hashed),
        ("/assets/onmon-1a2b.wasm", "application/wasm", hashed),
        ("/assets/style-1a2b.css", "text/css", hashed),
    ] {
        let answer = server.get(path);
        assert_eq!(answer.status(), 200, "{path}");
        let header = |name| answer.headers()[name].to_str().unwrap();
        assert_eq!(header("content-type").split(';').next(), Some(mime), "{path}");
        assert_eq!(header("cache-control"), cache, "{path}");
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        let policy = header("content-security-policy");
        let want = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'";
        assert!(policy.starts_with(want), "{policy}");
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"));
    }
    for path in ["/secret", "/../secret", "/%2e%2e/secret", "/..%2fsecret", "/assets/gone.js"] {
        let answer = server.get(path);
        assert_eq!(problem(&answer), (404, "not_found".into()), "{path}");
        assert_eq!(answer.headers()["cache-control"], "no-store", "{path}");
    }
    // The API is not hidden by the files.
    assert_eq!(server.get("/healthz").status(), 200);
    assert_eq!(problem(&server.get("/v1/identify")), (405, "method_not_allowed".into()));
}

#[test]
fn the_data_are_not_served() {
    let dir = tempdir().unwrap();
    let data = dir.path().join("data");
    fs::create_dir(&data).unwrap();
    let root = dir.path().to_str().unwrap();
    let output = command(&data).args(["--web-root", root]).output().unwrap();
    assert!(!output.status.success());
    let says = String::from_utf8(output.stderr).unwrap();
    assert!(says.contains("--data lies inside --web-root"), "{says}");
}
