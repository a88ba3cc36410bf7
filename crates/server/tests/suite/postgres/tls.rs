//! TLS to PostgreSQL, as libpq has it.

use std::path::Path;
use std::process::Command;

use super::{open, refused};
use crate::cluster::{Cluster, done};
use crate::support::*;

/// A certificate and its key, made by openssl: signed by `signer`, or by itself.
fn certificate(folder: &Path, name: &str, kind: &str, signer: Option<&str>) {
    const KINDS: &str = "[req]\ndistinguished_name = name\n[name]\n\
         [authority]\nbasicConstraints = critical, CA:TRUE\n\
         [server]\nbasicConstraints = CA:FALSE\nsubjectAltName = DNS:localhost\n\
         [alone]\nbasicConstraints = critical, CA:TRUE\nsubjectAltName = DNS:localhost\n";
    std::fs::write(folder.join("kinds"), KINDS).unwrap();
    let mut command = Command::new("openssl");
    command.current_dir(folder).args(["req", "-x509", "-config", "kinds", "-extensions", kind, "-nodes"]);
    command.args(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-days", "2"]);
    command.args(["-subj", &format!("/CN={name}")]);
    command.args(["-keyout", &format!("{name}.key"), "-out", &format!("{name}.crt")]);
    if let Some(signer) = signer {
        command.args(["-CA", &format!("{signer}.crt"), "-CAkey", &format!("{signer}.key")]);
    }
    done(&mut command);
}

#[test]
fn tls_as_libpq_has_it() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
        for authority in ["root", "stranger"] {
            certificate(folder.path(), authority, "authority", None);
        }
        certificate(folder.path(), "server", "server", Some("root"));
        certificate(folder.path(), "alone", "alone", None);
        let root =
            |name: &str| format!("&sslrootcert={}", folder.path().join(name).display()).replace('/', "%2F");

        let cluster = Cluster::new(&[]);
        cluster.ask("create role teller superuser login password 'pass:word'").await;
        let port = cluster.address().rsplit_once(':').unwrap().1.to_owned();
        let url =
            |host: &str, rest: &str| format!("postgres://postgres@{host}:{port}/postgres?sslmode={rest}");
        // Without TLS.
        open(&url("localhost", "prefer")).await.unwrap();
        let why = refused(&url("localhost", "require")).await.to_string();
        assert!(why.contains("server does not support TLS"), "{why}");

        let serve = async |name: &str, settings: &[&str]| {
            cluster.write("data/server.crt", &read(&format!("{name}.crt")));
            cluster.write("data/server.key", &read(&format!("{name}.key")));
            cluster.set(settings).await;
        };
        const ENCRYPTED_ONLY: &str = "host template1 postgres 127.0.0.1/32 trust\n\
             hostssl all teller 127.0.0.1/32 scram-sha-256\nhostssl all all 127.0.0.1/32 trust\n";
        cluster.write("data/pg_hba.conf", ENCRYPTED_ONLY);
        serve("server", &["ssl = on"]).await;
        let (right, wrong) = (root("root.crt"), root("stranger.crt"));
        let cases = [
            ("localhost", "disable".into(), Some("28000")),
            ("localhost", "prefer".into(), None),
            ("localhost", "require".into(), None),
            ("127.0.0.1", "require".into(), None),
            ("127.0.0.1", format!("require{right}"), None),
            ("localhost", format!("require{wrong}"), Some("UnknownIssuer")),
            ("127.0.0.1", format!("verify-ca{right}"), None),
            ("localhost", format!("verify-ca{wrong}"), Some("UnknownIssuer")),
            ("localhost", "verify-ca".into(), Some("sslrootcert")),
            ("localhost", format!("verify-full{right}"), None),
            ("127.0.0.1", format!("verify-full{right}"), Some("not valid for name")),
            ("localhost", format!("verify-full{wrong}"), Some("UnknownIssuer")),
            ("localhost", "verify-full".into(), Some("UnknownIssuer")),
            ("localhost", format!("verify-full{}", root("none.crt")), Some("none.crt")),
            ("localhost", "allow".into(), Some("verify-full")),
        ];
        for (host, rest, problem) in cases {
            let opened = open(&url(host, &rest)).await.err().map(|error| error.to_string());
            match (&opened, problem) {
                (None, None) => {}
                (Some(why), Some(problem)) if why.contains(problem) => {}
                _ => panic!("{host} {rest}: {opened:?}, not {problem:?}"),
            }
        }
        // A password, bound to this very connection.
        let teller = |password: &str| {
            let rest = "sslmode=require&channel_binding=require";
            format!("postgres://teller:{password}@localhost:{port}/postgres?{rest}")
        };
        open(&teller("pass%3Aword")).await.unwrap();
        let why = refused(&teller("drowssap")).await.to_string();
        assert!(why.contains("28P01") && !why.contains("drowssap"), "{why}");

        // A certificate that is its own authority, as PostgreSQL's manual makes it.
        serve("alone", &[]).await;
        open(&url("localhost", &format!("verify-full{}", root("alone.crt")))).await.unwrap();
        let why = refused(&url("127.0.0.1", &format!("verify-full{}", root("alone.crt")))).await.to_string();
        assert!(why.contains("not valid for name"), "{why}");
        refused(&url("localhost", &format!("verify-full{right}"))).await;
        // A TLS that is too old: preferred is what works.
        cluster.write("data/pg_hba.conf", "host all all 127.0.0.1/32 trust\n");
        serve("server", &["ssl_min_protocol_version = 'TLSv1'", "ssl_max_protocol_version = 'TLSv1.1'"])
            .await;
        open(&url("localhost", "prefer")).await.unwrap();
        refused(&url("localhost", "require")).await;
    });
}
