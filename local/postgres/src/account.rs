//! The user that the server runs as: the current one, except that PostgreSQL rejects root.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use crate::error::{Error, POSTGRESQL};

/// The user that the server and `initdb` run as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Account {
    uid: u32,
    gid: u32,
    /// Whether the user differs from that of this process, which is then root.
    is_other: bool,
}

impl Account {
    /// The current user, or `postgres` or `nobody` if that is root.
    pub(crate) fn for_server() -> Result<Self, Error> {
        let uid = rustix::process::geteuid().as_raw();
        if uid != 0 {
            return Ok(Self { uid, gid: rustix::process::getegid().as_raw(), is_other: false });
        }
        let passwd = fs::read_to_string("/etc/passwd").map_err(Error::io("read /etc/passwd"))?;
        ["postgres", "_postgres", "nobody"]
            .iter()
            .find_map(|name| ids_of(&passwd, name))
            .ok_or_else(|| Error::NotStarted {
                server: POSTGRESQL,
                reason: "it does not run as root, and /etc/passwd has no user postgres or nobody"
                    .to_owned(),
            })
    }

    /// As root, the owner of existing data, since PostgreSQL requires that.
    pub(crate) fn or_owner_of(self, data: &Path) -> Self {
        match fs::metadata(data) {
            Ok(owner) if self.is_other && owner.uid() != 0 => {
                Self { uid: owner.uid(), gid: owner.gid(), is_other: true }
            }
            Ok(_) | Err(_) => self,
        }
    }

    /// Makes `command` run as this user. std also drops the supplementary groups of root.
    pub(crate) fn apply_to(self, command: &mut Command) {
        if self.is_other {
            command.uid(self.uid).gid(self.gid);
        }
    }

    /// Changes the owner of a new file or folder to this user.
    pub(crate) fn make_owner_of(self, path: &Path) -> Result<(), Error> {
        if self.is_other {
            chown(path, Some(self.uid), Some(self.gid)).map_err(Error::io(format!(
                "change the owner of {} to the server's user",
                path.display()
            )))?;
        }
        Ok(())
    }

    /// Whether this user may enter every existing folder above `path`.
    pub(crate) fn may_reach(self, path: &Path) -> bool {
        if !self.is_other {
            return true;
        }
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let existing = absolute.ancestors().skip(1).find(|folder| folder.exists());
        let Some(existing) = existing.and_then(|folder| folder.canonicalize().ok()) else {
            return false;
        };
        existing.ancestors().all(|folder| self.has(folder, 0o1))
    }

    /// Whether this user may add and remove entries of `folder`.
    pub(crate) fn may_write_in(self, folder: &Path) -> bool {
        !self.is_other || self.has(folder, 0o3)
    }

    /// Whether this user has all of these permission bits (read 4, write 2, execute 1).
    fn has(self, path: &Path, bits: u32) -> bool {
        fs::metadata(path).is_ok_and(|found| {
            let shift = if found.uid() == self.uid {
                6
            } else if found.gid() == self.gid {
                3
            } else {
                0
            };
            (found.mode() >> shift) & bits == bits
        })
    }

    /// Whether the user differs from that of this process.
    pub(crate) fn is_other(self) -> bool {
        self.is_other
    }
}

/// Finds `name` in the text of `/etc/passwd`. Ignores other names of root.
fn ids_of(passwd: &str, name: &str) -> Option<Account> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        if fields.next() != Some(name) {
            return None;
        }
        let uid = fields.nth(1)?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        (uid != 0).then_some(Account { uid, gid, is_other: true })
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash\n\
        nobody:*:65534:65533:Unprivileged User:/var/empty:/usr/bin/false\n\
        postgres:x:101:104:PostgreSQL administrator,,,:/var/lib/postgresql:/bin/bash\n\
        toor:x:0:0::/root:/bin/sh\n";

    #[test]
    fn ids_are_read_from_passwd() {
        let postgres = Account { uid: 101, gid: 104, is_other: true };
        assert_eq!(ids_of(PASSWD, "postgres"), Some(postgres));
        let nobody = Account { uid: 65534, gid: 65533, is_other: true };
        assert_eq!(ids_of(PASSWD, "nobody"), Some(nobody));
    }

    #[test]
    fn unknown_name_and_second_root_have_no_ids() {
        assert_eq!(ids_of(PASSWD, "post"), None);
        assert_eq!(ids_of(PASSWD, "toor"), None);
    }

    #[test]
    fn other_user_cannot_reach_a_path_below_a_closed_folder() {
        let open = tempfile::tempdir().unwrap();
        fs::set_permissions(open.path(), fs::Permissions::from_mode(0o711)).unwrap();
        let closed = open.path().join("closed");
        fs::create_dir(&closed).unwrap();
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
        let other = Account { uid: 4_000_000, gid: 4_000_000, is_other: true };
        assert!(other.may_reach(&open.path().join("data")));
        assert!(!other.may_reach(&closed.join("not-there/data")));
    }
}
