//! A PostgreSQL of a test's own, which it may stop, freeze and change.

use std::fs::File;
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;
use tokio_postgres::NoTls;

/// A PostgreSQL server and its files, gone at the end.
pub struct Cluster {
    folder: TempDir,
    port: u16,
    /// PostgreSQL refuses to run as root.
    as_root: bool,
}

/// Processes that stand still until this is dropped.
pub struct Frozen(Vec<String>);

impl Cluster {
    /// A new server that runs with these settings. It waits for no disk, but what is committed survives whatever
    /// happens to its processes.
    pub fn new(settings: &[&str]) -> Self {
        let cluster = Cluster::in_new_folder();
        cluster
            .run("initdb", &["-D", "data", "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-sync"]);
        const COMMON: &[&str] = &[
            "fsync = off",
            "shared_buffers = 16MB",
            "max_connections = 60",
            "listen_addresses = '127.0.0.1'",
            "unix_socket_directories = ''",
        ];
        let lines = [COMMON, settings].concat().join("\n");
        std::fs::write(cluster.path("data/postgresql.auto.conf"), lines + "\n").unwrap();
        cluster.start();
        cluster
    }

    /// A standby that follows this one.
    pub fn standby(&self) -> Self {
        let standby = Cluster::in_new_folder();
        let from = format!("host=127.0.0.1 port={} user=postgres application_name=standby", self.port);
        standby.run("pg_basebackup", &["-D", "data", "-d", &from, "-R", "-c", "fast", "--no-sync"]);
        standby.start();
        standby
    }

    fn in_new_folder() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let as_root = folder.path().metadata().unwrap().uid() == 0;
        // Not one of those that the system gives to whoever connects: it is to be free after a stop, too.
        let free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
        let port = std::iter::repeat_with(|| rand::random_range(20_000..32_000)).find(free).unwrap();
        let cluster = Cluster { folder, port, as_root };
        cluster.hand_over(cluster.folder.path());
        cluster
    }

    /// A file of it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file that the server alone may read.
    pub fn write(&self, name: &str, content: &str) {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        done(Command::new("chmod").arg("600").arg(&path));
        self.hand_over(&path);
    }

    fn hand_over(&self, path: &Path) {
        if self.as_root {
            done(Command::new("chown").arg("postgres").arg(path));
        }
    }

    /// Where it listens.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The address of the database that the tests use.
    pub fn url(&self) -> String {
        format!("postgres://postgres@{}/postgres", self.address())
    }

    /// Starts it, and comes back when it takes connections.
    pub fn start(&self) {
        let port = format!("-p {}", self.port);
        self.run("pg_ctl", &["-D", "data", "-l", "log", "-w", "-s", "-o", &port, "start"]);
    }

    /// Stops it in that mode: `fast` says goodbye, `immediate` is a crash.
    pub fn stop(&self, mode: &str) {
        self.run("pg_ctl", &["-D", "data", "-m", mode, "-w", "-s", "stop"]);
    }

    /// Makes a standby the primary.
    pub fn promote(&self) {
        self.run("pg_ctl", &["-D", "data", "-w", "-s", "promote"]);
    }

    /// Starts it anew with these settings.
    pub async fn set(&self, settings: &[&str]) {
        for setting in settings {
            self.ask(&format!("alter system set {setting}")).await;
        }
        self.stop("fast");
        self.start();
    }

    /// Stops its processes in their tracks: it neither answers nor goes away.
    pub async fn freeze(&self) -> Frozen {
        const WORKERS: &str =
            "select string_agg(pid::text, ' ') from pg_stat_activity where datname = 'postgres'";
        let workers = self.ask(WORKERS).await.unwrap_or_default();
        let file = std::fs::read_to_string(self.path("data/postmaster.pid")).unwrap();
        let all = file.lines().take(1).chain(workers.split_whitespace()).map(str::to_owned).collect();
        done(Command::new("kill").args(["-s", "STOP"]).args(&all));
        Frozen(all)
    }

    /// Ends every connection to the tests' database.
    pub async fn hang_up(&self) {
        const ALL: &str = "select count(pg_terminate_backend(pid))::text from pg_stat_activity where datname = $$postgres$$";
        self.ask(ALL).await;
    }

    /// Asks in another database than the tests', as the owner of all; gives the first text of the answer.
    pub async fn ask(&self, sql: &str) -> Option<String> {
        let url = format!("postgres://postgres@{}/template1?sslmode=disable", self.address());
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
        let connection = tokio::spawn(connection);
        let rows = client.query(sql, &[]).await.unwrap();
        drop(client);
        connection.await.unwrap().unwrap();
        rows.first().and_then(|row| row.get(0))
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        self.try_run(program, arguments).unwrap_or_else(|why| panic!("{why}"));
    }

    /// Runs one of PostgreSQL's programs.
    fn try_run(&self, program: &str, arguments: &[&str]) -> Result<(), String> {
        let folder = std::env::var("TOUSU_TEST_PG_BIN").map_err(
            |_| "TOUSU_TEST_PG_BIN names no folder: run `make test`, or `scripts/with-services cargo test`",
        )?;
        let program = Path::new(&folder).join(program);
        let mut command = Command::new(&program);
        if self.as_root {
            command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(&program);
        }
        // Not a pipe, which the server would hold open.
        let said = File::options().create(true).append(true).open(self.path("said")).unwrap();
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null());
        let status = command.stdout(said.try_clone().unwrap()).stderr(said).status().unwrap();
        let read = |name: &str| std::fs::read_to_string(self.path(name)).unwrap_or_default();
        match status.success() {
            true => Ok(()),
            false => Err(format!("{}: {status}\n{}\n{}", program.display(), read("said"), read("log"))),
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if self.path("data/postmaster.pid").exists() {
            let _ = self.try_run("pg_ctl", &["-D", "data", "-m", "immediate", "-w", "-s", "stop"]);
        }
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-s", "CONT"]).args(&self.0).status();
    }
}

/// Runs a command that must go well.
pub fn done(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
}
