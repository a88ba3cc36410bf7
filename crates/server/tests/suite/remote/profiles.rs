//! Logging in and out, and where secrets lie.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::json;
use tousu_client::Credentials;

use super::Desk;
use crate::program::Ran;
use crate::support::*;

#[test]
fn a_profile_is_checked_before_it_is_kept() {
    on_each_database(async |database| {
        let desk = Desk::open(database).await;
        let Credentials { app_id, client_id, secret_key } = &desk.credentials;
        let kept = desk.program.read("config/tousu/profiles.toml");
        for part in [&desk.server.url, app_id, client_id.as_ref().unwrap(), "secret = \"file\""] {
            assert!(kept.contains(part), "{kept}");
        }
        assert!(!kept.contains(secret_key));
        let secret = desk.program.path("config/tousu/secrets/main");
        assert_eq!(fs::read_to_string(&secret).unwrap(), *secret_key);
        assert_eq!(fs::metadata(&secret).unwrap().permissions().mode() & 0o777, 0o600);

        // What is wrong is not kept.
        let wrong = desk.login("other", &desk.server.url, "WrongSecret");
        assert_eq!(wrong.code, Some(4), "{wrong:?}");
        assert!(wrong.err.contains("2004") && !wrong.err.contains("WrongSecret"), "{}", wrong.err);
        let nobody = desk.login("other", "http://127.0.0.1:1", secret_key);
        assert_eq!(nobody.code, Some(8), "{nobody:?}");
        assert_eq!(desk.program.read("config/tousu/profiles.toml"), kept);
        // What lacks the permission set is, since it can be granted later.
        let bare = desk.server.app_with(&desk.shop, |_| {}, &[]).await;
        let flags = [
            "login",
            "bare",
            "--url",
            &desk.server.url,
            "--app-id",
            app_id,
            "--client-id",
            bare.client_id.as_deref().unwrap(),
            "--secret-stdin",
        ];
        let ran = desk.program.typing(&flags, &bare.secret_key);
        assert!(ran.code == Some(0) && ran.err.contains("投诉管理-查询"), "{ran:?}");
        assert_eq!(desk.program.run(&["list", "--profile", "bare"]).code, Some(5));
        assert_eq!(desk.program.run(&["list"]).code, Some(0), "the first is the default");
        let mut by_name = desk.program.command(&["list"]);
        assert_eq!(Ran::of(by_name.env("TOUSU_PROFILE", "bare").output().unwrap()).code, Some(5));

        let out = desk.program.json(&["logout", "main"]);
        assert_eq!(out, json!({ "profile": "main" }));
        assert!(!secret.exists() && !desk.program.path("cache/tousu/main.token").exists());
        let gone = desk.program.run(&["list", "--profile", "main"]);
        assert!(gone.code == Some(3) && gone.err.contains("bare"), "{gone:?}");
        desk.program.json(&["logout", "bare"]);
        let none = desk.program.run(&["list", "--lang", "en"]);
        assert!(none.code == Some(3) && none.err.contains("tousu login"), "{none:?}");
    });
}

#[test]
fn nobody_is_asked_where_nobody_is() {
    on_sqlite(async |database| {
        let desk = Desk::open(database).await;
        for (arguments, said) in [
            (&["login", "new"][..], "--app-id"),
            (&["login", "new", "--app-id", "appShop"], "--secret-stdin"),
            (&["login", "a b", "--app-id", "appShop", "--secret-stdin", "--no-check"], "a b"),
        ] {
            let ran = desk.program.typing(arguments, "secret");
            assert!(ran.code == Some(2) && ran.err.contains(said), "{ran:?}");
        }
        let clear = [
            "login",
            "clear",
            "--url",
            "http://203.0.113.1",
            "--app-id",
            "appShop",
            "--secret-stdin",
            "--no-check",
        ];
        let ran = desk.program.typing(&clear, "secret");
        assert!(ran.code == Some(0) && ran.err.contains("明文"), "{ran:?}");
    });
}

/// The token is fetched once for all processes, and again when the server no longer knows it.
#[test]
fn processes_share_a_token() {
    on_sqlite(async |database| {
        let desk = Desk::open(database).await;
        for _ in 0..3 {
            desk.out(&["list"]);
        }
        // Without its secret the program goes on, since the token is kept.
        let secret = desk.program.path("config/tousu/secrets/main");
        fs::remove_file(&secret).unwrap();
        desk.out(&["list"]);
        let kept = fs::read_dir(desk.program.path("cache/tousu")).unwrap();
        for file in kept {
            let file = file.unwrap();
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o077, 0, "{:?}", file.path());
        }
        desk.server.clock.set(desk.now + 7300);
        let stale = desk.program.run(&["list"]);
        assert!(stale.code != Some(0) && stale.err.contains("tousu login main"), "{stale:?}");
    });
}

/// Through the program that speaks to the keyring, of which nothing is an argument but the profile's name.
#[test]
fn a_keyring_keeps_the_secret() {
    on_sqlite(async |database| {
        let desk = Desk::open(database).await;
        desk.program.write(
            "secret-tool",
            "#!/bin/sh\necho \"$@\" >> \"$KEYRING.log\"\ncase $1 in\nstore) cat > \"$KEYRING\" ;;\nlookup) cat \"$KEYRING\" ;;\nclear) rm \"$KEYRING\" ;;\nesac\n",
        );
        fs::set_permissions(desk.program.path("secret-tool"), fs::Permissions::from_mode(0o755)).unwrap();
        let with_keyring = |arguments: &[&str]| {
            let mut command = desk.program.command(arguments);
            let path = format!("{}:{}", desk.program.path("").display(), std::env::var("PATH").unwrap());
            command.env("PATH", path).env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere");
            command.env("KEYRING", desk.program.path("keyring"));
            command
        };
        let Credentials { app_id, client_id, secret_key } = &desk.credentials;
        let flags = [
            "login",
            "kept",
            "--url",
            &desk.server.url,
            "--app-id",
            app_id,
            "--client-id",
            client_id.as_deref().unwrap(),
            "--secret-stdin",
            "--json",
        ];
        desk.program.write("typed", secret_key);
        let mut login = with_keyring(&flags);
        let ran = Ran::of(login.stdin(fs::File::open(desk.program.path("typed")).unwrap()).output().unwrap());
        assert!(ran.code == Some(0) && ran.out.contains("\"secret\":\"keyring\""), "{ran:?}");
        assert_eq!(desk.program.read("keyring"), *secret_key);
        assert!(!desk.program.path("config/tousu/secrets/kept").exists());
        let listed = Ran::of(with_keyring(&["list", "--profile", "kept"]).output().unwrap());
        assert_eq!(listed.code, Some(0), "{listed:?}");
        let out = Ran::of(with_keyring(&["logout", "kept"]).output().unwrap());
        assert!(out.code == Some(0) && !desk.program.path("keyring").exists(), "{out:?}");
        let log = desk.program.read("keyring.log");
        assert!(log.contains("service tousu profile kept") && !log.contains(secret_key.as_str()), "{log}");
    });
}
