//! `latchkey user …`

use super::control::{Secret, UserLine, VerbReply, VerbRequest, ask, ask_with_secret};
use super::out::{print, remark};
use super::{Common, Failure};
use clap::{Subcommand, ValueEnum};
use service::accounts::operator::new_password;
use std::io::Read;
use zeroize::Zeroizing;

/// The most bytes that are read as a password.
const LIMIT: u64 = 4096;

/// What a sub-user may do with its keys
#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum RoleName {
    /// Generates, shows, changes and deletes them
    #[default]
    ManagesKeys,
    /// Sees them
    ReadsOnly,
}

#[derive(Subcommand)]
pub(super) enum Verb {
    /// Add a user who owns an account, or a sub-user with --owner; prints a password unless one is given
    Add {
        /// Its username
        name: String,
        /// The user whose account it joins
        #[arg(long, value_name = "OWNER")]
        owner: Option<String>,
        /// What a sub-user may do with its keys
        #[arg(long, value_enum, default_value_t, requires = "owner")]
        role: RoleName,
        /// Where it is written to
        #[arg(long, value_name = "MAIL")]
        email: Option<String>,
        /// Read the password from standard input
        #[arg(long)]
        password_stdin: bool,
        #[command(flatten)]
        common: Common,
    },
    /// List all users
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        common: Common,
    },
    /// Refuse a user's login and keys, and those of its sub-users, from the next request on
    Disable {
        /// Its username
        name: String,
        #[command(flatten)]
        common: Common,
    },
    /// Let a disabled user in again
    Enable {
        /// Its username
        name: String,
        #[command(flatten)]
        common: Common,
    },
    /// Let a sub-user manage its keys, or only see them
    SetRole {
        /// Its username
        name: String,
        /// The role
        role: RoleName,
        #[command(flatten)]
        common: Common,
    },
    /// End all sessions of a user
    EndSessions {
        /// Its username
        name: String,
        #[command(flatten)]
        common: Common,
    },
    /// Set a new password and end the user's sessions; prints the password unless one is given
    ResetPassword {
        /// Its username
        name: String,
        /// Read the password from standard input
        #[arg(long)]
        password_stdin: bool,
        #[command(flatten)]
        common: Common,
    },
    /// Take a user's second factor and recovery codes away and end its sessions, when its device is lost
    #[command(name = "reset-2fa")]
    ResetTwoFactor {
        /// Its username
        name: String,
        #[command(flatten)]
        common: Common,
    },
}

pub(super) fn run(verb: Verb) -> Result<(), Failure> {
    let (common, request, json) = match verb {
        Verb::Add { name, owner, role, email, password_stdin, common } => {
            let (given, reads_only) = (read_password(password_stdin)?, role == RoleName::ReadsOnly);
            return with_password(&common, given, |password| VerbRequest::AddUser {
                name: name.clone(),
                owner: owner.clone(),
                reads_only,
                email: email.clone(),
                password,
            });
        }
        Verb::ResetPassword { name, password_stdin, common } => {
            let given = read_password(password_stdin)?;
            return with_password(&common, given, |password| VerbRequest::ResetPassword {
                name: name.clone(),
                password,
            });
        }
        Verb::SetRole { name, role, common } => {
            (common, VerbRequest::SetRole { name, reads_only: role == RoleName::ReadsOnly }, false)
        }
        Verb::EndSessions { name, common } => (common, VerbRequest::EndSessions { name }, false),
        Verb::List { json, common } => (common, VerbRequest::ListUsers, json),
        Verb::Disable { name, common } => {
            (common, VerbRequest::SetUserDisabled { name, disabled: true }, false)
        }
        Verb::Enable { name, common } => {
            (common, VerbRequest::SetUserDisabled { name, disabled: false }, false)
        }
        Verb::ResetTwoFactor { name, common } => (common, VerbRequest::ResetTwoFactor { name }, false),
    };
    match ask(&common.settings()?, &request)? {
        VerbReply::Said(what) => print(format_args!("{what}\n")),
        VerbReply::Users(users) if json => print(format_args!("{}\n", serde_json::to_string_pretty(&users)?)),
        VerbReply::Users(users) if users.is_empty() => {
            remark("There are no users yet; `latchkey user add NAME` adds one.");
            Ok(())
        }
        VerbReply::Users(users) => print(table(&users)),
        _ => Ok(()),
    }
}

/// Carries out a request with a password: the given one, or one that is drawn and printed first.
fn with_password(
    common: &Common,
    given: Option<Secret>,
    request: impl Fn(Secret) -> VerbRequest,
) -> Result<(), Failure> {
    let settings = common.settings()?;
    match given {
        Some(password) => ask(&settings, &request(password)).map(drop),
        None => {
            remark("The password, which is not shown again:");
            ask_with_secret(&settings, &new_password()?, request)
        }
    }
}

/// Reads the first line of standard input, if it is wanted.
fn read_password(wanted: bool) -> Result<Option<Secret>, Failure> {
    if !wanted {
        return Ok(None);
    }
    let mut text = Zeroizing::new(String::new());
    std::io::stdin().take(LIMIT).read_to_string(&mut text)?;
    let password = text.lines().next().unwrap_or_default();
    if password.is_empty() {
        return Err("standard input holds no password; pipe one in, or leave --password-stdin out".into());
    }
    Ok(Some(password.to_owned().into()))
}

fn table(users: &[UserLine]) -> String {
    let width = users.iter().map(|u| u.username.len()).max().unwrap_or(0).max(8);
    let mail_width = users.iter().filter_map(|u| u.email.as_ref()).map(String::len).max().unwrap_or(0).max(4);
    let mut table = format!(
        "{:width$}  {:20}  {:8}  {:12}  {:3}  {:mail_width$}  OWNER\n",
        "USERNAME", "CREATED", "STATE", "ROLE", "2FA", "MAIL"
    );
    for user in users {
        let state = if user.disabled { "disabled" } else { "active" };
        let owner = user.owner.as_deref().unwrap_or("-");
        let (role, two_factor) = (&user.role, if user.two_factor { "on" } else { "off" });
        let mail = user.email.as_deref().unwrap_or("-");
        table += &format!(
            "{:width$}  {:20}  {state:8}  {role:12}  {two_factor:3}  {mail:mail_width$}  {owner}\n",
            user.username, user.created_at
        );
    }
    table
}
