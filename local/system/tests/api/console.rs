//! The pages of the console and of the API's documentation, as files. Browser tests show that they
//! work.

use reqwest::Method;

use crate::shared_system::Tenant;
use crate::support::Api;

async fn without_key() -> Api {
    Tenant::new("console").await.api.with_key(None)
}

#[tokio::test]
async fn page_is_served_without_a_key_under_a_strict_policy() {
    let api = without_key().await;
    let page = api.get("/console").await;
    assert_eq!(page.status, 200);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(page.header("x-content-type-options"), "nosniff");
    let policy = page.header("content-security-policy");
    for directive in ["default-src 'none'", "script-src 'self';", "frame-ancestors 'none'"] {
        assert!(policy.contains(directive), "{policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    // Every file that the page names exists; so do those of the documentation.
    for (page, folder) in [("/console", "/"), ("/api/docs", "/api/")] {
        let text = api.get(page).await.text;
        let links = text.split([' ', '>']).filter_map(|word| {
            let value = word.strip_prefix("src=\"").or(word.strip_prefix("href=\""))?;
            value.strip_suffix('"').filter(|value| !value.starts_with(['#', '.']))
        });
        let links: Vec<_> = links.collect();
        assert!(!links.is_empty(), "{text}");
        for link in links {
            assert_eq!(api.get(&format!("{folder}{link}")).await.status, 200, "{link}");
        }
    }
}

#[tokio::test]
async fn path_with_a_trailing_slash_redirects_to_the_one_without() {
    let api = without_key().await;
    for (path, target) in [("/console/", "../console"), ("/api/docs/", "../docs")] {
        let response = api.send_once(Method::GET, path).await;
        assert_eq!((response.status, response.header("location")), (308, target), "{path}");
    }
}

#[tokio::test]
async fn unchanged_file_is_not_sent_again() {
    let api = without_key().await;
    let first = api.get("/console").await;
    let tag = first.header("etag").to_owned();
    let again = api.send(Method::GET, "/console", &[("if-none-match", &tag)], None).await;
    assert_eq!((again.status, again.text.as_str()), (304, ""));
    let other = api.send(Method::GET, "/console", &[("if-none-match", "W/\"0\"")], None).await;
    assert_eq!((other.status, other.text), (200, first.text));
}

#[tokio::test]
async fn unknown_file_is_404() {
    let api = without_key().await;
    for path in ["/console/nothing.js", "/api/docs/nothing.js", "/console/..%2fCargo.toml"] {
        api.get(path).await.assert_problem(404);
    }
    api.send(Method::POST, "/console", &[], None).await.assert_problem(405);
}
