//! `latchkey gateway …`

use super::control::{Reply, Request, ask};
use super::{Common, Failure};
use clap::Subcommand;

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
        Verb::Add { name, common } => (common, Request::AddGateway { name }, false),
        Verb::List { json, common } => (common, Request::ListGateways, json),
        Verb::Remove { name, common } => (common, Request::RemoveGateway { name }, false),
    };
    match ask(&common.settings()?, &request)? {
        Reply::Secret(token) => println!("{token}"),
        Reply::Gateways(gateways) if json => println!("{}", serde_json::to_string_pretty(&gateways)?),
        Reply::Gateways(gateways) if gateways.is_empty() => {
            eprintln!("There are no gateways yet; `latchkey gateway add NAME` adds one.");
        }
        Reply::Gateways(gateways) => {
            let width = gateways.iter().map(|g| g.name.len()).max().unwrap_or(0).max(4);
            println!("{:width$}  CREATED", "NAME");
            gateways.iter().for_each(|g| println!("{:width$}  {}", g.name, g.created_at));
        }
        _ => {}
    }
    Ok(())
}
