//! What the config says about handing over the contexts of one mechanism: by which kind of token, to whom, from whom.

use super::error::TransferError;
use crate::config::{Account, MechanismLine, Settings, TransferKind};
use crate::token::Audience;
use nix::unistd::{Group, User};
use once_cell::race::OnceBox;
use std::sync::Arc;

/// The rules of one mechanism.
#[derive(Debug)]
pub(crate) struct Rules {
    pub(crate) kind: TransferKind,
    pub(super) settings: Arc<Settings>,
    group: Option<Account>,
    from: Vec<Account>,
    /// What `group` and `from` are on this host, once they have been found.
    gid: OnceBox<u32>,
    uids: OnceBox<Vec<u32>>,
}

impl Rules {
    pub(crate) fn of(line: &MechanismLine) -> Self {
        Self {
            kind: line.transfer_kind(),
            settings: Arc::clone(&line.settings),
            group: line.import_group.clone(),
            from: line.import_from.clone(),
            gid: OnceBox::new(),
            uids: OnceBox::new(),
        }
    }

    /// Who may import what this process exports.
    pub(super) fn audience(&self, euid: u32) -> Result<Audience, TransferError> {
        let Some(group) = &self.group else {
            return Ok(Audience::User(euid));
        };
        let gid = self.gid.get_or_try_init(|| match group {
            Account::Id(gid) => Ok(Box::new(*gid)),
            Account::Name(name) => match Group::from_name(name) {
                Ok(Some(group)) => Ok(Box::new(group.gid.as_raw())),
                _ => Err(TransferError::NoAccount {
                    option: "gss.import-group",
                    account: Account::Name(name.clone()),
                    kind: "group",
                }),
            },
        });
        gid.map(|gid| Audience::Group(*gid))
    }

    /// Whether an entry that this user wrote may be imported: root's, one's own, and those that the line names. Whoever
    /// wrote an entry also chose its key, so that its contents say nothing about who he is.
    pub(super) fn accepts_from(&self, owner: u32, euid: u32) -> Result<bool, TransferError> {
        if owner == 0 || owner == euid {
            return Ok(true);
        }
        let uids = self.uids.get_or_try_init(|| self.from.iter().map(uid).collect::<Result<_, _>>().map(Box::new))?;
        Ok(uids.contains(&owner))
    }
}

fn uid(account: &Account) -> Result<u32, TransferError> {
    match account {
        Account::Id(uid) => Ok(*uid),
        Account::Name(name) => match User::from_name(name) {
            Ok(Some(user)) => Ok(user.uid.as_raw()),
            _ => Err(TransferError::NoAccount { option: "gss.import-from", account: account.clone(), kind: "user" }),
        },
    }
}

/// Whether this process is one of those who may import.
pub(super) fn is_in(audience: Audience, euid: u32) -> bool {
    match audience {
        Audience::User(uid) => uid == euid,
        Audience::Group(gid) => {
            rustix::process::getegid().as_raw() == gid
                || rustix::process::getgroups().is_ok_and(|groups| groups.iter().any(|group| group.as_raw() == gid))
        }
    }
}
