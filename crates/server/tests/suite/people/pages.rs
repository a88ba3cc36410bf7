//! The console's pages: where they are, and under what policy.

use super::*;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                      img-src 'self' data: https:; connect-src 'self'; font-src 'self'; manifest-src 'self'; \
                      base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

#[test]
fn every_place_in_the_console_is_one_page_under_a_strict_policy() {
    on_sqlite(async |database| {
        let server = Server::start(database).await;
        let get = async |path: &str| server.http.get(format!("{}{path}", server.url)).send().await.unwrap();
        let first = get("/").await.text().await.unwrap();
        // With the console or, where it was not built, with how to build it.
        assert!(
            first.contains("<div id=") || (first.contains("尚未构建") && first.contains("not built yet"))
        );
        for path in [
            "/",
            "/sign-in",
            "/queue?state=0",
            "/complaints/c_661a9d66b6733_qTRys2mU",
            "/dashboard",
            "/settings",
            "/settings/members",
            "/settings/apps/xop1",
            "/import",
        ] {
            let page = get(path).await;
            assert_eq!(page.status(), 200, "{path}");
            let header = |name: &str| page.headers()[name].to_str().unwrap().to_owned();
            assert_eq!(header("content-type"), "text/html; charset=utf-8", "{path}");
            assert_eq!(header("content-security-policy"), POLICY, "{path}");
            assert_eq!(header("x-content-type-options"), "nosniff");
            assert_eq!(header("referrer-policy"), "no-referrer");
            assert!(["no-cache", "no-store"].contains(&header("cache-control").as_str()));
            assert_eq!(page.text().await.unwrap(), first, "{path}");
        }
        let missing = get("/assets/nothing-1234.js").await;
        assert_eq!(missing.status(), 404);
        assert_eq!(missing.headers()["content-security-policy"], POLICY);
        for path in ["/index.html", "/queues", "/complaints", "/complaints/a/b", "/..%2Findex.html"] {
            let code = server.get(path).await.code();
            assert_eq!(code, tousu_wire::ReturnCode::NoSuchInterface.number(), "{path}");
        }
    });
}

#[test]
fn the_sign_in_page_learns_what_it_has_to_know() {
    on_sqlite(async |database| {
        let server = Server::start(database).await;
        let known = server.post("/tousu.console.get/1.0.0", &json!({})).await;
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(*known.data(), json!({ "oidc": null, "demo": false, "version": version }));
        let with = Server::start_with(database, |settings| {
            settings.oidc.issuer = "https://login.example.com".into();
            settings.oidc.name = "企业账号".into();
        })
        .await;
        let known = with.post("/tousu.console.get/1.0.0", &json!({})).await;
        assert_eq!(known.data()["oidc"], json!({ "name": "企业账号" }));
        // Without a provider there is nowhere to go.
        for path in ["/oidc/start", "/oidc/callback"] {
            let code = server.get(path).await.code();
            assert_eq!(code, tousu_wire::ReturnCode::NoSuchInterface.number(), "{path}");
        }
    });
}
