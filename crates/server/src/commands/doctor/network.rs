//! Ports and partners: who listens, who can be reached.

use std::time::Duration;

use app::directory::DirectoryData;
use egress::{Client, Limits, Policy, Request};

use super::{Patient, Report};
use crate::failure::Failure;
use crate::files;
use crate::limits::CONFIG_BYTES_MAX;
use crate::listen::{bind, reachable};
use crate::sandbox::document::{FILE_NAME, SandboxDocument};

/// How long a partner may take to answer anything at all.
const REACH_WAIT: Duration = Duration::from_secs(5);

fn client(patient: &Patient) -> Result<Client, Failure> {
    let policy = patient.config.as_ref().map_or_else(Policy::sandbox, |it| it.egress.clone());
    Client::new(policy, Limits::default(), None)
        .map_err(|error| Failure::at("the client cannot be started", error))
}

/// Whether the platform serves, or could.
pub(super) async fn ports(patient: &Patient, report: &mut Report) -> Result<(), Failure> {
    let local = Client::new(Policy::sandbox(), Limits::default(), None)
        .map_err(|error| Failure::at("the client cannot be started", error))?;
    if let Some(config) = &patient.config {
        let url = format!("http://{}", reachable(config.listen));
        if answers(&local, &format!("{url}/healthz")).await.is_ok() {
            report.good("port", format!("something serves at {}", config.listen));
        } else {
            match bind(config.listen, "the platform").await {
                Ok(_) => report.good("port", format!("{} is free", config.listen)),
                Err(failure) => report.bad("port", failure.to_string()),
            }
        }
        return Ok(());
    }
    let Some(folder) = &patient.folder else { return Ok(()) };
    let Ok(text) = files::read_text(&folder.join(FILE_NAME), CONFIG_BYTES_MAX) else {
        return Ok(());
    };
    let Ok(document) = serde_json::from_str::<SandboxDocument>(&text) else {
        report.bad("sandbox.json", "it is damaged; start the sandbox again to write it anew");
        return Ok(());
    };
    match answers(&local, &format!("{}/readyz", document.base_url)).await {
        Ok(200) => report.good("sandbox", format!("it runs at {}", document.base_url)),
        Ok(status) => report.bad("sandbox", format!("{} says {status}", document.base_url)),
        Err(_) => report.good("sandbox", "it does not run"),
    }
    Ok(())
}

/// Whether the partners of the directory can be reached. Any answer will do.
pub(super) async fn partners(directory: &DirectoryData, patient: &Patient, report: &mut Report) {
    let client = match client(patient) {
        Ok(client) => client,
        Err(failure) => return report.bad("partners", failure.to_string()),
    };
    let channels = directory.channels.iter().map(|it| (it.name.clone(), &it.base_url));
    let industries = directory.industries.iter().map(|it| (it.name.clone(), &it.index_url));
    let acquirers =
        directory.acquirers.iter().map(|it| (format!("acquirer {}", it.iin), &it.downstream_url));
    for (name, url) in channels.chain(industries).chain(acquirers) {
        match answers(&client, url).await {
            Ok(_) => report.good("partners", format!("{name} answers")),
            Err(error) => report.warn("partners", format!("{name} cannot be reached: {error}")),
        }
    }
}

async fn answers(client: &Client, url: &str) -> Result<u16, String> {
    let answer = client.send(Request::get(url).timeout(REACH_WAIT)).await;
    answer.map(|answer| answer.status).map_err(|error| error.to_string())
}
