//! `latchkey gateway …`

use super::control::{VerbReply, VerbRequest, ask, ask_with_secret};
use super::out::{print, remark};
use super::{Common, Failure};
use clap::Subcommand;
use service::accounts::operator::new_gateway_token;

#[derive(Subcommand)]
pub(super) enum Verb {
    /// Add a gateway; prints its token once, alone on standard output
    Add {
        /// Its name
        name: String,
        #[command(flatten)]
        common: Common,
    },
    /// List all gateways
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        common: Common,
    },
    /// Remove a gateway; its token is refused from the next request on
    Remove {
        /// Its name
        name: String,
        #[command(flatten)]
        common: Common,
    },
}

pub(super) fn run(verb: Verb) -> Result<(), Failure> {
    let (common, request, json) = match verb {
        Verb::Add { name, common } => {
            let request = |token| VerbRequest::AddGateway { name: name.clone(), token };
            return ask_with_secret(&common.settings()?, &new_gateway_token()?, request);
        }
        Verb::List { json, common } => (common, VerbRequest::ListGateways, json),
        Verb::Remove { name, common } => (common, VerbRequest::RemoveGateway { name }, false),
    };
    match ask(&common.settings()?, &request)? {
        VerbReply::Said(what) => print(format_args!("{what}\n")),
        VerbReply::Gateways(gateways) if json => {
            print(format_args!("{}\n", serde_json::to_string_pretty(&gateways)?))
        }
        VerbReply::Gateways(gateways) if gateways.is_empty() => {
            remark("There are no gateways yet; `latchkey gateway add NAME` adds one.");
            Ok(())
        }
        VerbReply::Gateways(gateways) => {
            let width = gateways.iter().map(|g| g.name.len()).max().unwrap_or(0).max(4);
            let mut table = format!("{:width$}  CREATED\n", "NAME");
            gateways.iter().for_each(|g| table += &format!("{:width$}  {}\n", g.name, g.created_at));
            print(table)
        }
        _ => Ok(()),
    }
}
