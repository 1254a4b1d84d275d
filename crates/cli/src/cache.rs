//! What a machine token opened, kept in a file for when its server cannot be reached. Nothing is kept
//! unless `KEYARC_CACHE` says for how long it may be used.
//!
//! What is kept is sealed under a key of the token's own, and the token is never in the file. A
//! second file remembers the newest state that was seen, and a copy that is older is not used.

use std::{
    env,
    ffi::OsStr,
    fs::{self, TryLockError},
    io::{ErrorKind, Read as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    time::Duration,
};

use keyarc_client::{ClientError, Host as _, KeptCopy, KeptError, KeptFloor, Machine, NativeHost};
use keyarc_crypto::{MAX_PLAINTEXT, MachineToken};
use keyarc_lookup::printable;
use keyarc_wire::MachineTokenId;
use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};

use crate::{
    args::span,
    failure::Failure,
    home::{given, private_file},
    machine::OpenedCopy,
    output,
    private::refuse_others,
};

/// The variable that says for how long what is kept may be used.
pub const MAX_AGE: &str = "KEYARC_CACHE";
/// The variable with the folder.
const FOLDER: &str = "KEYARC_CACHE_HOME";
/// The longest time that may be said, in seconds: 30 days.
const LONGEST: u64 = 30 * 86_400;
/// How long another command may take that writes.
const TURN: Duration = Duration::from_secs(5);
/// How often it is looked at.
const TURN_STEP: Duration = Duration::from_millis(20);
/// What did not change is written anew after a part of the time for which it may be used, and after a
/// minute at the latest.
const ANEW_PART: u64 = 60;
const ANEW_MS: u64 = 60_000;
/// Bytes of the largest file that is read: an envelope, its padding and what it holds.
const FILE_MAX: u64 = (MAX_PLAINTEXT + MAX_PLAINTEXT / 8) as u64;
/// Files of this beginning are what a command that was killed left.
const TEMPORARY: &str = ".tmp";

/// For how long something that is kept may be used; `None` when nothing is to be kept.
pub fn max_age() -> Result<Option<Duration>, Failure> {
    match env::var_os(MAX_AGE).filter(|value| !value.is_empty()) {
        None => Ok(None),
        Some(value) => age(&value).map(Some),
    }
}

/// Reads `90s`, `15m`, `24h`, `7d`.
fn age(value: &OsStr) -> Result<Duration, Failure> {
    const UNITS: [(char, u64); 4] = [('s', 1), ('m', 60), ('h', 3_600), ('d', 86_400)];
    let read = value.to_str().and_then(|text| span(text, &UNITS, LONGEST));
    read.ok_or_else(|| {
        Failure::Usage(format!(
            "{MAX_AGE} is a number and s, m, h or d, as in 24h; at least 1s and at most 30d"
        ))
    })
}

/// Why what is kept is not used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotUsed {
    /// There is nothing.
    #[error("there is none")]
    None,
    /// The file or its folder is not for its owner alone, or cannot be read.
    #[error("{0}")]
    File(String),
    /// What it says, or how old it is.
    #[error("{}", in_words(*.0))]
    Kept(#[from] KeptError),
}

fn in_words(why: KeptError) -> String {
    match why {
        KeptError::TooOld { by_ms } => format!(
            "it is older than {MAX_AGE} says, by {}",
            ago(by_ms.div_ceil(1_000))
        ),
        other => other.to_string(),
    }
}

/// Where a token's copy is kept.
pub struct Cache {
    folder: PathBuf,
    token: MachineTokenId,
    max_age: Duration,
}

/// What there is to say of something that is kept. The JSON of `status` is made of it and keeps its
/// members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The file; absent for what a process has in memory.
    pub path: Option<String>,
    /// Sealed bytes.
    pub bytes: u64,
    /// How old it is, in seconds; absent where it does not open.
    pub age_seconds: Option<u64>,
    /// For how long it may be used, in seconds.
    pub max_age_seconds: u64,
    /// Why it would not be used; absent where it would be.
    pub not_used: Option<String>,
}

impl Kept {
    /// In words, for whoever reads them.
    pub fn in_words(&self) -> String {
        let place = match &self.path {
            Some(path) => format!("in {}", printable(path)),
            None => "in memory".to_owned(),
        };
        let age = self.age_seconds.map(|age| format!(", {} old", ago(age)));
        format!(
            "{} bytes {place}{}, for {} while the server cannot be reached",
            self.bytes,
            age.unwrap_or_default(),
            ago(self.max_age_seconds),
        )
    }
}

impl Cache {
    /// That of a token, if something is to be kept.
    pub fn of(token: &MachineToken) -> Result<Option<Self>, Failure> {
        let Some(max_age) = max_age()? else {
            return Ok(None);
        };
        let folder = given(FOLDER)
            .or_else(|| given("XDG_CACHE_HOME").map(|folder| folder.join("keyarc")))
            .or_else(|| given("HOME").map(|folder| folder.join(OF_HOME)));
        match folder {
            Some(folder) => Ok(Some(Self {
                // Its own, since what commands leave there is removed.
                folder: folder.join("tokens"),
                token: MachineTokenId(token.id()),
                max_age,
            })),
            None => Err(Failure::Machine(format!(
                "{MAX_AGE} is set: set {FOLDER}, XDG_CACHE_HOME or HOME too, so that there is a place for what is kept"
            ))),
        }
    }

    /// The newest state that was seen, if one is remembered.
    pub fn floor(&self, token: &MachineToken) -> Option<KeptFloor> {
        let sealed = self.read(&self.floor_path()).ok()?;
        KeptFloor::open(token, &sealed).ok()
    }

    /// Opens what is kept, and tells how old it is, in seconds.
    pub fn open(&self, token: &MachineToken, server: &str) -> Result<(OpenedCopy, u64), NotUsed> {
        let kept = self.kept(token)?;
        let most = self.max_age_ms();
        let age = kept.age_ms(server, NativeHost.now_ms(), most)?;
        // Without it an older copy could have been put in the place of a newer one.
        let floor = self.floor(token).ok_or(KeptError::Damaged)?;
        let copy = Machine::open_kept(NativeHost, token, &kept, &floor)?;
        Ok((copy, age / 1_000))
    }

    /// Keeps what was read this moment. What was kept before stays whole until it is replaced, and
    /// when that fails.
    pub async fn keep(&self, token: &MachineToken, copy: &OpenedCopy) -> Result<(), Failure> {
        let before = self.kept(token).ok();
        let floor = self.floor(token);
        if floor.as_ref() == Some(&copy.floor())
            && before
                .as_ref()
                .is_some_and(|kept| self.is_young(kept, copy))
        {
            return Ok(());
        }
        let kept = copy.keep(before.as_ref()).await?;
        let sealed = kept.seal(token, &mut NativeHost.rng());
        let sealed = sealed.map_err(|error| match error {
            ClientError::TooLarge => {
                Failure::Machine("it is larger than the 64 MB that are kept".to_owned())
            }
            other => other.into(),
        })?;
        let own = copy.floor();
        let sealed_floor = own.seal(token, &mut NativeHost.rng())?;
        self.make()?;
        let lock = self.turn().await?;
        // Another command may have seen a newer state meanwhile.
        let KeptFloor(own) = own;
        if self
            .floor(token)
            .is_none_or(|KeptFloor(seen)| seen.version <= own.version)
        {
            self.tidy();
            output::private_file(&self.path(), &sealed)?;
            // Only then: a copy that could not be written leaves the one before in use.
            output::private_file(&self.floor_path(), &sealed_floor)?;
        }
        drop(lock);
        Ok(())
    }

    /// Forgets the copy. What was seen is remembered: that a token is over is the server's word.
    pub fn forget(&self) {
        let _ = fs::remove_file(self.path());
    }

    /// What there is to say of it; `None` when nothing is there.
    pub fn report(&self, token: &MachineToken, server: &str) -> Option<Kept> {
        let path = self.path();
        let known = fs::symlink_metadata(&path).ok()?;
        let age = |kept: KeptCopy| NativeHost.now_ms().checked_sub(kept.fetched_at_ms);
        let age = self.kept(token).ok().and_then(age);
        let not_used = self.open(token, server).err();
        Some(Kept {
            path: Some(path.display().to_string()),
            bytes: known.len(),
            age_seconds: age.map(|age| age / 1_000),
            max_age_seconds: self.max_age.as_secs(),
            not_used: not_used.map(|why| why.to_string()),
        })
    }

    /// Where it is kept.
    pub fn path(&self) -> PathBuf {
        self.folder.join(format!("{}.copy", self.token))
    }

    fn floor_path(&self) -> PathBuf {
        self.folder.join(format!("{}.floor", self.token))
    }

    fn max_age_ms(&self) -> u64 {
        self.max_age.as_secs().saturating_mul(1_000)
    }

    fn kept(&self, token: &MachineToken) -> Result<KeptCopy, NotUsed> {
        let sealed = self.read(&self.path())?;
        Ok(KeptCopy::open(token, &sealed)?)
    }

    /// Whether the same is kept, and is to stay as it is for now.
    fn is_young(&self, kept: &KeptCopy, copy: &OpenedCopy) -> bool {
        let most = (self.max_age_ms() / ANEW_PART).min(ANEW_MS);
        let KeptFloor(seen) = copy.floor();
        let age = kept.age_ms(copy.origin(), NativeHost.now_ms(), most);
        age.is_ok() && kept.version == seen.version
    }

    /// A file of the folder. What others may read or write, or what is somebody else's, is refused.
    fn read(&self, path: &Path) -> Result<Vec<u8>, NotUsed> {
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let opened = fs::OpenOptions::new()
            .read(true)
            // Of the system's own width, and without the sign.
            .custom_flags(i32::try_from(flags.bits()).unwrap_or_default())
            .open(path);
        let shown = printable(&path.display().to_string());
        let failed = |error: std::io::Error| NotUsed::File(format!("cannot read {shown}: {error}"));
        let file = match opened {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(NotUsed::None),
            Err(error) => return Err(failed(error)),
        };
        let folder = fs::metadata(&self.folder).map_err(failed)?;
        refuse_others(&self.folder, &folder).map_err(NotUsed::File)?;
        let known = file.metadata().map_err(failed)?;
        refuse_others(path, &known).map_err(NotUsed::File)?;
        if !known.is_file() || known.len() > FILE_MAX {
            return Err(KeptError::Damaged.into());
        }
        let mut sealed = Vec::new();
        file.take(FILE_MAX)
            .read_to_end(&mut sealed)
            .map_err(failed)?;
        Ok(sealed)
    }

    /// Makes the folder, for its owner alone.
    fn make(&self) -> Result<(), Failure> {
        let failed = |error| Failure::of_file("cannot make", &self.folder, &error);
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true).mode(0o700);
        builder.create(&self.folder).map_err(failed)?;
        let known = fs::metadata(&self.folder).map_err(failed)?;
        refuse_others(&self.folder, &known).map_err(Failure::Machine)
    }

    /// Waits until no other command writes. It ends with the file.
    async fn turn(&self) -> Result<fs::File, Failure> {
        let path = self.folder.join("lock");
        let file = private_file(&path)?;
        let mut waited = Duration::ZERO;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::Error(error)) => {
                    return Err(Failure::of_file("cannot lock", &path, &error));
                }
                Err(TryLockError::WouldBlock) if waited >= TURN => {
                    return Err(Failure::Machine(format!(
                        "another command has been writing for {}",
                        ago(TURN.as_secs())
                    )));
                }
                Err(TryLockError::WouldBlock) => {
                    tokio::time::sleep(TURN_STEP).await;
                    waited += TURN_STEP;
                }
            }
        }
    }

    /// Removes what a command that was killed left. Nobody else writes here now.
    fn tidy(&self) {
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with(TEMPORARY) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

/// In the home of a user.
const OF_HOME: &str = match cfg!(target_os = "macos") {
    true => "Library/Caches/keyarc",
    false => ".cache/keyarc",
};

/// A time in words: `40 s`, `12 min`, `3 h 5 min`, `2 days 4 h`.
pub fn ago(seconds: u64) -> String {
    let (minutes, hours) = (seconds / 60, seconds / 3_600);
    match (hours, minutes) {
        (0, 0) => format!("{seconds} s"),
        (0, _) => format!("{minutes} min"),
        (1..48, _) => match minutes % 60 {
            0 => format!("{hours} h"),
            rest => format!("{hours} h {rest} min"),
        },
        _ => match hours % 24 {
            0 => format!("{} days", hours / 24),
            rest => format!("{} days {rest} h", hours / 24),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use rustix::process::geteuid;

    use super::*;

    fn cache(folder: &Path) -> Cache {
        Cache {
            folder: folder.join("kept"),
            token: MachineTokenId([1; 16]),
            max_age: Duration::from_secs(60),
        }
    }

    #[test]
    fn ages_are_read_and_others_refused() {
        for (text, seconds) in [("1s", 1), ("15m", 900), ("24h", 86_400), ("30d", LONGEST)] {
            assert_eq!(age(text.as_ref()), Ok(Duration::from_secs(seconds)));
        }
        for text in [
            "24", "0s", "31d", "721h", "-1h", "1w", "h", "1 h", "off", "٣h",
        ] {
            let told = age(text.as_ref()).expect_err(text);
            assert_eq!(told.exit_code(), 2);
        }
    }

    #[test]
    fn times_are_said_in_words() {
        for (seconds, words) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (3_600, "1 h"),
            (11_100, "3 h 5 min"),
            (172_800, "2 days"),
            (187_200, "2 days 4 h"),
        ] {
            assert_eq!(ago(seconds), words);
        }
    }

    #[test]
    fn a_file_is_read_only_where_it_is_its_owners_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = cache(folder.path());
        let path = cache.path();
        assert_eq!(cache.read(&path), Err(NotUsed::None));
        cache.make().expect("makes");
        cache.make().expect("and again");
        assert_eq!(cache.read(&path), Err(NotUsed::None));
        output::private_file(&path, b"sealed").expect("writes");
        assert_eq!(cache.read(&path), Ok(b"sealed".to_vec()));
        let refused = || match cache.read(&path) {
            Err(NotUsed::File(why)) => why,
            other => panic!("{other:?}"),
        };
        for (at, open, closed) in [(&path, 0o640, 0o600), (&cache.folder, 0o705, 0o700)] {
            let change = |mode| fs::set_permissions(at, fs::Permissions::from_mode(mode));
            change(open).expect("changes");
            assert!(refused().contains("chmod"), "{}", refused());
            change(closed).expect("changes back");
        }
        // A link leads out of the folder, whoever made it.
        let elsewhere = folder.path().join("elsewhere");
        fs::rename(&path, &elsewhere).expect("moves");
        std::os::unix::fs::symlink(&elsewhere, &path).expect("links");
        assert!(refused().contains("cannot read"), "{}", refused());
        fs::remove_file(&path).expect("removes");
        fs::create_dir(&path).expect("makes");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).expect("changes");
        assert_eq!(cache.read(&path), Err(KeptError::Damaged.into()));
        if geteuid().is_root() {
            fs::remove_dir(&path).expect("removes");
            output::private_file(&path, b"sealed").expect("writes");
            std::os::unix::fs::chown(&path, Some(12_345), None).expect("gives away");
            assert!(refused().contains("another user"), "{}", refused());
        }
    }

    #[test]
    fn what_a_killed_command_left_is_removed_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = cache(folder.path());
        cache.make().expect("makes");
        for name in [".tmpA1b2", "a.copy", "lock"] {
            fs::write(cache.folder.join(name), b"x").expect("writes");
        }
        cache.tidy();
        let left = |name: &str| cache.folder.join(name).exists();
        assert!(!left(".tmpA1b2") && left("a.copy") && left("lock"));
    }
}
