//! Where the keys come from under which personal data is sealed: the settings, or on SQLite a file beside the
//! database's.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use zeroize::Zeroizing;

use super::Vault;
use crate::secrets;
use crate::settings::Settings;

/// The vault of the keys that are set (`privacy.keys`). Without any, on SQLite, of those in the file `FILE.key`
/// beside the database, which is made if it is not there, with a new key, for its owner alone; on PostgreSQL there is
/// none then, since every node must have the same. Fails if a key is none, or if others may read the file.
pub fn vault(settings: &Settings) -> anyhow::Result<Option<Vault>> {
    let file = file(settings);
    if let (true, Some(file)) = (settings.privacy.keys.0.is_empty(), &file) {
        make(file).with_context(|| {
            format!("密钥文件 {0} 无法建立 ¦ the key file {0} cannot be made", file.display())
        })?;
    }
    existing(settings)
}

/// As [`vault`], without making a file that is not there.
pub fn existing(settings: &Settings) -> anyhow::Result<Option<Vault>> {
    let keys = &settings.privacy.keys.0;
    if !keys.is_empty() {
        return Vault::new(keys).map(Some).context("privacy.keys");
    }
    let Some(file) = file(settings).filter(|file| file.exists()) else { return Ok(None) };
    let shown = file.display();
    let keys = read(&file)
        .with_context(|| format!("密钥文件 {shown} 无法使用 ¦ the key file {shown} cannot be used"))?;
    Vault::new(&keys).map(Some).with_context(|| format!("{shown}"))
}

/// The file in which SQLite's keys lie, one a line; a new one is put first.
pub fn file(settings: &Settings) -> Option<PathBuf> {
    settings.database.0.strip_prefix("sqlite:").map(|file| format!("{file}.key").into())
}

fn read(file: &Path) -> anyhow::Result<Zeroizing<Vec<String>>> {
    let mode = fs::metadata(file)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        bail!(
            "其他用户可以访问（权限 {mode:o}），请执行 chmod 600 ¦ others may use it (mode {mode:o}): run chmod 600 on it"
        );
    }
    let text = Zeroizing::new(fs::read_to_string(file)?);
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    Ok(Zeroizing::new(lines.map(str::to_owned).collect()))
}

/// Makes the file with a new key, unless it is there. Whoever comes second uses the first one's; nobody sees half a
/// file, and none is ever written over.
fn make(file: &Path) -> anyhow::Result<()> {
    if file.exists() {
        return Ok(());
    }
    let key = Zeroizing::new(Vault::generate_key(&mut rand::rng()));
    let mut name = file.as_os_str().to_owned();
    name.push(format!(".{}", secrets::random_text(8)));
    let draft = PathBuf::from(name);
    let mut written = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    let made = written
        .write_all(format!("{}\n", *key).as_bytes())
        .and_then(|()| written.sync_all())
        .and_then(|()| fs::hard_link(&draft, file));
    fs::remove_file(&draft)?;
    match made {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error.into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::privacy::Place;
    use crate::settings::Keys;

    const PLACE: Place<'_> = Place { shop_id: "app1", owner: "c_1" };

    #[test]
    fn a_key_is_made_once_and_for_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = Settings::default();
        settings.database.0 = format!("sqlite:{}", folder.path().join("tousu.db").display());
        assert!(existing(&settings).unwrap().is_none());
        let made: Vec<String> = std::thread::scope(|scope| {
            let makers: Vec<_> =
                (0..8).map(|_| scope.spawn(|| vault(&settings).unwrap().unwrap().seal(PLACE, "1"))).collect();
            makers.into_iter().map(|maker| maker.join().unwrap()).collect()
        });
        let opened = existing(&settings).unwrap().unwrap();
        assert!(made.iter().all(|sealed| opened.open(PLACE, sealed).unwrap().reveal() == "1"));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left");

        let file = file(&settings).unwrap();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        // A new key in front takes over, the old one goes on opening.
        let old = fs::read_to_string(&file).unwrap();
        fs::write(&file, format!("# keys\n\n{}\n{old}", Vault::generate_key(&mut rand::rng()))).unwrap();
        let both = vault(&settings).unwrap().unwrap();
        assert!(both.needs_resealing(&made[0]));
        assert_eq!(both.open(PLACE, &made[0]).unwrap().reveal(), "1");

        for mode in [0o640, 0o604, 0o660] {
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            let error = format!("{:#}", vault(&settings).unwrap_err());
            assert!(error.contains("chmod 600") && error.contains(".key"), "{error}");
        }
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&file, "no key").unwrap();
        assert!(vault(&settings).is_err());
        assert_eq!(fs::read_to_string(&file).unwrap(), "no key", "it is never written over");

        // What is set goes before the file.
        settings.privacy.keys = Keys(vec![Vault::generate_key(&mut rand::rng())]);
        assert!(vault(&settings).unwrap().unwrap().open(PLACE, &made[0]).is_err());
        settings.database.0 = "postgres://localhost/tousu".into();
        assert!(vault(&settings).unwrap().is_some());
        settings.privacy.keys = Keys::default();
        assert!(vault(&settings).unwrap().is_none());
    }
}
