//! Where master keys come from: the environment or files, and how one takes over from another.
//!
//! ```text
//! FILE            the one that wraps; made where it is missing
//! FILE.previous   while it is there: the one before, which still opens
//! ```
//! To change: [`begin_rotation`], load again, [`crate::rewrap`] and what other rooms have, then
//! [`end_rotation`]. Killed at any point, the files still open everything.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::error::KeysError;
use crate::master::{MasterKey, MasterKeys};

/// The environment variable of the master key, as 64 hexadecimal digits.
pub const VARIABLE: &str = "ONMON_MASTER_KEY";

/// The environment variable of the one before, while it is needed.
pub const VARIABLE_PREVIOUS: &str = "ONMON_MASTER_KEY_PREVIOUS";

impl MasterKeys {
    /// From the environment where it has one, else from `file`, which is made, for its owner alone,
    /// where it is missing.
    ///
    /// A file that was lost is made anew too: then [`crate::check_masters`] tells that what is in
    /// the database does not open.
    ///
    /// # Errors
    /// A file that cannot be read or made, that others may read, or that holds no key.
    pub fn load(file: &Path) -> Result<MasterKeys, KeysError> {
        let variable = |name| std::env::var(name).ok().map(Zeroizing::new);
        if let Some(current) = variable(VARIABLE) {
            let previous = variable(VARIABLE_PREVIOUS);
            return MasterKeys::from_texts(&current, previous.as_ref().map(|text| text.as_str()));
        }
        make(file).map_err(KeysError::MasterFile)?;
        let previous = match read(&beside(file, PREVIOUS)) {
            Err(KeysError::MasterFile(error)) if error.kind() == io::ErrorKind::NotFound => None,
            read => Some(read?),
        };
        Ok(MasterKeys::new(read(file)?, previous))
    }

    /// From 64 hexadecimal digits each.
    ///
    /// # Errors
    /// [`KeysError::MasterMalformed`].
    pub fn from_texts(current: &str, previous: Option<&str>) -> Result<MasterKeys, KeysError> {
        let previous = previous.map(MasterKey::from_text).transpose()?;
        Ok(MasterKeys::new(MasterKey::from_text(current)?, previous))
    }
}

/// Makes a new master key in `file`; the one that was there goes on in `FILE.previous`.
///
/// # Errors
/// [`KeysError::RotationUnderWay`] while there is a previous one; a file that cannot be written.
pub fn begin_rotation(file: &Path) -> Result<(), KeysError> {
    let previous = beside(file, PREVIOUS);
    if previous.try_exists().map_err(KeysError::MasterFile)? {
        return Err(KeysError::RotationUnderWay);
    }
    // Read, so that a file that is no key is not put aside as one.
    read(file)?;
    let rotated = || -> io::Result<()> {
        fs::rename(file, &previous)?;
        // Killed here, the next `load` makes the new one: the old one opens all the same.
        make(file)?;
        sync_folder(file)
    };
    rotated().map_err(KeysError::MasterFile)
}

/// Removes the previous master key. What is still wrapped by it can never be opened again: first
/// [`crate::rewrap`] and what other rooms have must find nothing more to do.
///
/// # Errors
/// A file that cannot be removed. None to remove is no error.
pub fn end_rotation(file: &Path) -> Result<(), KeysError> {
    match fs::remove_file(beside(file, PREVIOUS)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(KeysError::MasterFile(error)),
        _ => sync_folder(file).map_err(KeysError::MasterFile),
    }
}

const PREVIOUS: &str = ".previous";

/// Read by everyone, or written by others than the owner. A group may read: that is how
/// containers are handed their secrets.
#[cfg(unix)]
const EXPOSED: u32 = 0o027;

/// Nobody writes longer ones.
const FILE_BYTES_MAX: u64 = 1024;

fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(file.as_os_str());
    name.push(ending);
    name.into()
}

fn read(file: &Path) -> Result<MasterKey, KeysError> {
    let file = File::open(file).map_err(KeysError::MasterFile)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = file.metadata().map_err(KeysError::MasterFile)?.permissions().mode();
        if mode & EXPOSED != 0 {
            return Err(KeysError::MasterExposed);
        }
    }
    let mut text = Zeroizing::new(String::with_capacity(FILE_BYTES_MAX as usize));
    file.take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(KeysError::MasterFile)?;
    MasterKey::from_text(&text)
}

/// Makes the file, readable by its owner alone, unless it is there. It appears whole or not at
/// all: it is written under another name first.
fn make(file: &Path) -> io::Result<()> {
    if file.try_exists()? {
        return Ok(());
    }
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let key = MasterKey::random().map_err(|_| io::Error::other("no random bytes"))?;
    let draft = beside(file, &format!(".{}.new", key.id()));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut out = options.open(&draft)?;
    let written = out.write_all(key.to_text().as_bytes()).and_then(|()| out.sync_all());
    // A link, not a rename: of two programs that start at once, one makes the key of both.
    let linked = written.and_then(|()| match fs::hard_link(&draft, file) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    });
    fs::remove_file(&draft)?;
    linked?;
    sync_folder(file)
}

/// Makes a new name survive a loss of power.
fn sync_folder(file: &Path) -> io::Result<()> {
    let folder = match file.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_once_for_the_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("deep").join("master-key");
        let first = MasterKeys::load(&file).unwrap();
        assert_eq!(MasterKeys::load(&file).unwrap().current(), first.current());
        assert_eq!(fs::read_to_string(&file).unwrap().len(), 64);
        assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 1, "no draft is left");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
            for (mode, good) in [(0o640, true), (0o400, true), (0o644, false), (0o620, false)] {
                fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
                let loaded = MasterKeys::load(&file);
                assert_eq!(loaded.is_ok(), good, "{mode:o} {loaded:?}");
            }
        }
    }

    #[test]
    fn many_that_start_at_once_have_one_key() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("master-key");
        let ids: Vec<_> = std::thread::scope(|scope| {
            let load = || MasterKeys::load(&file).unwrap().current();
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(load)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(ids.iter().all(|id| *id == ids[0]));
    }

    #[test]
    fn rotation_keeps_the_old_key_until_it_is_ended() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("master-key");
        let before = MasterKeys::load(&file).unwrap();
        begin_rotation(&file).unwrap();
        let during = MasterKeys::load(&file).unwrap();
        assert!(during.current() != before.current() && during.has(before.current()));
        assert!(matches!(begin_rotation(&file), Err(KeysError::RotationUnderWay)));
        // Killed between its two steps: the old key is put aside, a new one is not made yet.
        fs::remove_file(&file).unwrap();
        let after_kill = MasterKeys::load(&file).unwrap();
        assert!(after_kill.has(before.current()));
        end_rotation(&file).unwrap();
        end_rotation(&file).unwrap();
        assert!(!MasterKeys::load(&file).unwrap().has(before.current()));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in ["", "00", &"g".repeat(64), &"0".repeat(63), &"0".repeat(65)] {
            assert!(matches!(MasterKeys::from_texts(text, None), Err(KeysError::MasterMalformed)));
        }
        let text = format!("{}\n", "0f".repeat(32));
        let masters = MasterKeys::from_texts(&text, Some(&"1f".repeat(32))).unwrap();
        assert!(!masters.has(MasterKey::from_bytes(&[0; 32]).id()));
        assert!(masters.has(MasterKey::from_bytes(&[0x1f; 32]).id()));
    }
}
