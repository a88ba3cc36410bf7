//! Profiles: which server, as which app. They lie in the user's config folder; secrets beside them or in the keyring.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::Context;
use etcetera::BaseStrategy;
use serde::{Deserialize, Serialize};
use tousu_wire::{Lang, Text};

use super::exit::{Exit, Failure, usage};
use super::keyring;
use crate::secrets::Secret;

/// Which server, as which app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Profile {
    /// The server's address.
    pub(super) url: String,
    /// The shop's id.
    pub(super) app_id: String,
    /// The app's id; none for apps flagged legacy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) client_id: Option<String>,
    /// Where the secret is.
    pub(super) secret: Place,
}

/// Where a secret is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(super) enum Place {
    // Not documented here: completion scripts would have both languages. The flag's help tells what they are.
    Keyring,
    File,
}

/// What is in the file.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Content {
    /// The profile that is meant when none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    default: Option<String>,
    #[serde(default)]
    profiles: BTreeMap<String, Profile>,
}

/// All profiles of this user.
#[derive(Debug)]
pub(super) struct Profiles {
    folder: PathBuf,
    content: Content,
}

/// What a profile's name may have at most.
const NAME_LENGTH: usize = 64;

impl Profiles {
    /// Those that are there; none if there is no file.
    pub(super) fn load() -> anyhow::Result<Self> {
        Profiles::load_from(base()?.config_dir().join("tousu"))
    }

    fn load_from(folder: PathBuf) -> anyhow::Result<Self> {
        let file = folder.join("profiles.toml");
        let content = match fs::read_to_string(&file) {
            Ok(text) => toml::from_str(&text)
                .with_context(|| format!("{0} 格式有误 ¦ {0} is not as it should be", file.display()))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Content::default(),
            Err(error) => {
                return Err(error)
                    .with_context(|| format!("{0} 无法读取 ¦ {0} cannot be read", file.display()));
            }
        };
        Ok(Profiles { folder, content })
    }

    /// The profile of that name, or the default one; with its name.
    pub(super) fn get(&self, name: Option<&str>) -> Result<(&str, &Profile), Failure> {
        let Content { default, profiles } = &self.content;
        let only = (profiles.len() == 1).then(|| profiles.keys().next()).flatten();
        let name = name.or(default.as_deref()).or(only.map(String::as_str));
        if let Some((name, profile)) = name.and_then(|name| profiles.get_key_value(name)) {
            return Ok((name, profile));
        }
        let known = profiles.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        let said = match name {
            _ if profiles.is_empty() => {
                "还没有配置，请先执行 tousu login ¦ there is no profile yet: make one with tousu login"
                    .to_owned()
            }
            Some(name) => {
                format!("没有配置 {name}，已有：{known} ¦ there is no profile {name}; there are: {known}")
            }
            None => format!(
                "请用 --profile 指明配置，已有：{known} ¦ say which profile is meant with --profile; there are: {known}"
            ),
        };
        Err(Failure::new(Exit::NoProfile, said))
    }

    /// The profile's secret.
    pub(super) fn secret(&self, name: &str, profile: &Profile) -> Result<Secret, Failure> {
        let kept: anyhow::Result<Option<String>> = match profile.secret {
            Place::Keyring => keyring::get(name).map(Some),
            Place::File => match fs::read_to_string(self.secret_file(name)) {
                Ok(text) => Ok(Some(text)),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(error.into()),
            },
        };
        let why = match kept {
            Ok(Some(text)) => return Ok(Secret::new(text.trim())),
            Ok(None) => "文件不在 ¦ there is no file".to_owned(),
            Err(error) => error.to_string(),
        };
        let why = Text::from(why);
        let (zh, en) = (why.pick(Lang::Zh), why.pick(Lang::En));
        Err(Failure::new(
            Exit::NoProfile,
            format!(
                "读不到配置 {name} 的密钥（{zh}），请重新执行 tousu login {name} ¦ the secret of the profile {name} is not to be had ({en}): tousu login {name} again"
            ),
        ))
    }

    /// Keeps a profile and its secret, which stay if the process dies meanwhile or are those from before. The first
    /// one is the default. Gives where the secret is now.
    pub(super) fn put(
        &mut self,
        name: &str,
        profile: Profile,
        secret: &Secret,
        make_default: bool,
    ) -> anyhow::Result<()> {
        check_name(name)?;
        private_folder(&self.folder)?;
        match profile.secret {
            Place::Keyring => keyring::put(name, secret)?,
            Place::File => {
                private_folder(&self.folder.join("secrets"))?;
                write_privately(&self.secret_file(name), secret.reveal().as_bytes())?;
            }
        }
        let before = self.content.profiles.insert(name.to_owned(), profile);
        if make_default || self.content.default.is_none() {
            self.content.default = Some(name.to_owned());
        }
        self.save()?;
        let now = self.content.profiles.get(name).map(|profile| profile.secret);
        if let Some(before) = before.filter(|before| Some(before.secret) != now) {
            self.forget_secret(name, before.secret)?;
        }
        Ok(())
    }

    /// Forgets a profile and its secret.
    pub(super) fn remove(&mut self, name: &str) -> anyhow::Result<()> {
        if let Some(gone) = self.content.profiles.remove(name) {
            if self.content.default.as_deref() == Some(name) {
                self.content.default = None;
            }
            self.save()?;
            self.forget_secret(name, gone.secret)?;
        }
        Ok(())
    }

    fn forget_secret(&self, name: &str, place: Place) -> anyhow::Result<()> {
        match place {
            Place::Keyring => keyring::remove(name),
            Place::File => match fs::remove_file(self.secret_file(name)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
                _ => Ok(()),
            },
        }
    }

    fn save(&self) -> anyhow::Result<()> {
        let text = toml::to_string_pretty(&self.content)?;
        write_privately(&self.folder.join("profiles.toml"), text.as_bytes())
    }

    fn secret_file(&self, name: &str) -> PathBuf {
        self.folder.join("secrets").join(name)
    }
}

/// Where the profile's token is shared between processes.
pub(super) fn token_file(name: &str) -> anyhow::Result<PathBuf> {
    let folder = base()?.cache_dir().join("tousu");
    private_folder(&folder)?;
    Ok(folder.join(format!("{name}.token")))
}

/// A name that can be a file's.
fn check_name(name: &str) -> Result<(), Failure> {
    let fits = |character: char| character.is_alphanumeric() || matches!(character, '_' | '-');
    if name.is_empty() || name.chars().count() > NAME_LENGTH || !name.chars().all(fits) {
        return Err(usage(format!(
            "配置名 {name} 应为 1 到 {NAME_LENGTH} 个文字、数字、_ 或 - ¦ the profile's name {name} must be 1 to {NAME_LENGTH} letters, digits, _ or -"
        )));
    }
    Ok(())
}

fn base() -> anyhow::Result<impl BaseStrategy> {
    etcetera::choose_base_strategy().context("找不到用户主目录 ¦ there is no home folder")
}

fn private_folder(folder: &Path) -> anyhow::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("{0} 无法创建 ¦ {0} cannot be made", folder.display()))
}

/// Writes a file that only its owner can read, whole or not at all.
fn write_privately(file: &Path, content: &[u8]) -> anyhow::Result<()> {
    let told = || format!("{0} 无法写入 ¦ {0} cannot be written", file.display());
    let partial = super::super::export::beside(file, ".part");
    let write = || -> std::io::Result<()> {
        let mut out =
            fs::File::options().write(true).create(true).truncate(true).mode(0o600).open(&partial)?;
        // One that was left behind may have had another mode.
        out.set_permissions(fs::Permissions::from_mode(0o600))?;
        out.write_all(content)?;
        out.sync_all()?;
        fs::rename(&partial, file)
    };
    write().with_context(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(url: &str) -> Profile {
        Profile {
            url: url.into(),
            app_id: "appShop".into(),
            client_id: Some("xopApp".into()),
            secret: Place::File,
        }
    }

    #[test]
    fn they_are_kept_and_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().join("deep/tousu");
        let load = || Profiles::load_from(at.clone()).unwrap();
        assert!(load().get(None).unwrap_err().to_string().contains("tousu login"));
        let secret = Secret::new("very secret");
        load().put("main", profile("https://a.example"), &secret, false).unwrap();
        load().put("测试", profile("https://b.example"), &secret, false).unwrap();
        let profiles = load();
        assert_eq!(profiles.get(None).unwrap(), ("main", &profile("https://a.example")));
        assert_eq!(profiles.get(Some("测试")).unwrap().1.url, "https://b.example");
        let unknown = profiles.get(Some("other")).unwrap_err().to_string();
        assert!(unknown.contains("main, 测试"), "{unknown}");
        load().put("third", profile("https://c.example"), &secret, false).unwrap();
        load().remove("main").unwrap();
        let unsaid = load().get(None).unwrap_err().to_string();
        assert!(unsaid.contains("--profile") && unsaid.contains("third, 测试"), "{unsaid}");
        load().remove("third").unwrap();
        load().put("main", profile("https://a.example"), &secret, false).unwrap();
        assert_eq!(profiles.secret("main", &profile("")).unwrap().reveal(), "very secret");
        for file in ["profiles.toml", "secrets/main", "secrets", "."] {
            let mode = fs::metadata(at.join(file)).unwrap().permissions().mode() & 0o077;
            assert_eq!(mode, 0, "{file} is its owner's alone");
        }
        let mut profiles = load();
        profiles.remove("main").unwrap();
        assert!(!at.join("secrets/main").exists());
        let profiles = load();
        assert_eq!(profiles.get(None).unwrap().0, "测试", "the only one there is");
        assert!(profiles.secret("main", &profile("")).is_err());
    }

    #[test]
    fn no_name_leads_elsewhere() {
        for name in ["", "..", "a/b", "a b", "a.b", &"a".repeat(65)] {
            assert!(check_name(name).is_err(), "{name}");
        }
        assert!(check_name("main-2_x").is_ok() && check_name("正式").is_ok());
    }
}
