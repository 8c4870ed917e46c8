//! Nodes that their directory files describe: signed messages and the ring of keys.

use std::path::Path;
use std::sync::Arc;

use jose::cert::{Certificate, Identity};
use serde_json::{Value, json};

use super::group::Node;
use crate::harness::http::Http;
use crate::harness::messages::{INQUIRE, order_id, stamp, wrapped};
use crate::harness::partner::{Keys, real_now};
use crate::harness::sandbox::{free_block, run};
use crate::harness::wait::until;
use crate::harness::{Partner, database};
use crate::production::{code, directory, identity, write_master_key};

fn configure(folder: &Path, database: &str, port: u16) -> String {
    let at = |name: &str| folder.join(name).to_str().expect("UTF-8").to_owned();
    let text = format!(
        "listen = \"127.0.0.1:{port}\"\npublic_url = \"http://127.0.0.1:{port}\"\n\
         database_url = \"{database}\"\n[master_key]\nfile = \"{}\"\n[directory]\nfile = \"{}\"\n\
         [metrics]\nlisten = \"127.0.0.1:{}\"\n[egress]\nallow_private = [\"127.0.0.0/8\"]\n",
        at("master.key"),
        at("directory.json"),
        port + 1
    );
    let file = at(&format!("node-{port}.toml"));
    std::fs::write(&file, text).expect("a file");
    file
}

/// Two nodes, and a partner of theirs.
struct Pair {
    nodes: Vec<Node>,
    partner: Partner,
    /// The partner with a signing key that no node knows yet.
    renewed: Partner,
    document: Value,
    folder: tempfile::TempDir,
}

impl Pair {
    async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let at = folder.path();
        let keys: Vec<(Identity, Identity)> =
            (0..3).map(|index| (identity(1000 + index), identity(2000 + index))).collect();
        let mut document = directory(&keys);
        std::fs::write(at.join("directory.json"), document.to_string()).expect("a file");
        write_master_key(at);
        let database = database::made(at);
        let ports = [free_block(), free_block()];
        let configs = ports.map(|port| configure(at, &database, port));
        let migrated = run(&["migrate", "--config", &configs[0], "--json"]);
        assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));
        let report: Value = serde_json::from_slice(&migrated.stdout).expect("a report");
        let nodes: Vec<Node> =
            configs.iter().zip(ports).map(|(config, port)| Node::start(config, port)).collect();
        for node in &nodes {
            node.ready().await;
        }
        let fresh = identity(3000);
        let (sign, encrypt) = &keys[0];
        let partner = |sign: &Identity| partner(sign, encrypt, &report, nodes[0].base.clone());
        let (partner, renewed) = (partner(sign), partner(&fresh));
        let certificate =
            json!({ "id": fresh.id().as_str(), "key_use": "sign", "pem": fresh.cert().pem() });
        let application = document["applications"]
            .as_array_mut()
            .expect("applications")
            .iter_mut()
            .find(|application| application["id"] == "00100000");
        let certificates = &mut application.expect("the application")["certificates"];
        // The old one stays good for a week (docs/ops/runbook.md).
        let week = jiff::SignedDuration::from_hours(7 * 24);
        certificates[0]["retires_at"] = (real_now() + week).to_string().into();
        certificates.as_array_mut().expect("a list").push(certificate);
        Self { nodes, partner, renewed, document, folder }
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        self.nodes.clear();
        database::drop_made(self.folder.path());
    }
}

/// The first service with this key, as the report of `migrate` tells it the platform's.
fn partner(sign: &Identity, encrypt: &Identity, report: &Value, base: String) -> Partner {
    let certificate = |purpose: &str| {
        let all = report["certificates"].as_array().expect("certificates");
        let one = all.iter().find(|one| one["use"] == purpose).expect(purpose);
        Arc::new(Certificate::from_pem(one["pem"].as_str().expect("PEM")).expect("PEM"))
    };
    let seed = json!({
        "app_id": "00100000", "industry_code": code(0), "sign_cert_id": sign.id().as_str(),
        "enc_cert_id": encrypt.id().as_str(), "mer_id": "100000010000010", "acq_iin": "00010344",
    });
    let keys = Keys::of(sign, encrypt, certificate("sign"), certificate("encrypt"));
    Partner::with(seed, "industry_code", base, Http::new(), keys)
}

/// A signed question about an order that does not exist.
fn question(partner: &Partner) -> String {
    let trx_info = json!({
        "orderId": order_id(), "txnTime": stamp(),
        "merId": partner.seed("mer_id"), "acqIIN": partner.seed("acq_iin"),
    });
    wrapped(partner, INQUIRE, &trx_info).to_string()
}

/// The same signed bytes are a replay at the node that took them. A question changes nothing and is
/// not written down, so that another node answers it once as well (docs/reliability.md).
#[tokio::test]
async fn a_question_is_taken_once_by_each_node() {
    let pair = Pair::start().await;
    let body = question(&pair.partner);
    let header = pair.partner.header(INQUIRE, body.as_bytes());
    for node in &pair.nodes {
        let there = pair.partner.at(&node.base);
        there.accept(&there.post(INQUIRE, &header, &body).await).expect("34");
        let again = there.post(INQUIRE, &header, &body).await;
        assert_eq!(again.status, 401, "{}", again.text());
    }
}

/// A certificate that one node's operator adds is good at all of them within the poll.
#[tokio::test]
async fn a_new_certificate_is_honoured_by_all() {
    let mut pair = Pair::start().await;
    let asks = async |node: &Node, partner: &Partner| {
        let there = partner.at(&node.base);
        let reply = there.post_signed(INQUIRE, &question(&there)).await;
        if reply.status == 200 { Ok(there.accept(&reply).expect("34")) } else { Err(reply.text()) }
    };
    for node in &pair.nodes {
        asks(node, &pair.partner).await.expect("a known key");
        asks(node, &pair.renewed).await.expect_err("nobody knows that key");
    }
    // The file is imported when a node starts: the other one is not started again.
    let text = pair.document.to_string();
    std::fs::write(pair.folder.path().join("directory.json"), text).expect("a file");
    pair.nodes[0].stop().await;
    pair.nodes[0].start_again().await;
    asks(&pair.nodes[0], &pair.renewed).await.expect("it was started with the file");
    until("the other node knows the key", async || asks(&pair.nodes[1], &pair.renewed).await).await;
    asks(&pair.nodes[1], &pair.partner).await.expect("the old key is still good");
}

/// Of nodes that start at the same time over an empty database one makes the keys, and all sign
/// with them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_start_at_once_have_one_set_of_keys() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    std::fs::write(at.join("directory.json"), directory(&[]).to_string()).expect("a file");
    write_master_key(at);
    let database = database::made(at);
    let start = |port| Node::start(&configure(at, &database, port), port);
    let nodes: Vec<Node> = (0..3).map(|_| start(free_block())).collect();
    for node in &nodes {
        node.ready().await;
    }
    let count =
        "SELECT space, count(*) FROM records WHERE space LIKE '%key%' GROUP BY 1 ORDER BY 1";
    assert_eq!(database::rows(at, count), ["callback_key|1", "key_ring|2"]);
    drop(nodes);
    database::drop_made(at);
}
