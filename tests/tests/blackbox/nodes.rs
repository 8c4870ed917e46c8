//! Several nodes over one PostgreSQL database: one is killed, one is stopped, all are rolled, and
//! the others go on answering.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use jose::cert::{Certificate, Identity};
use serde_json::{Value, json};

use crate::harness::http::Http;
use crate::harness::messages::{INQUIRE, order_id, stamp, wrapped};
use crate::harness::partner::Keys;
use crate::harness::sandbox::{binary, free_block, run};
use crate::harness::wait::until;
use crate::harness::{Partner, database};
use crate::production::{code, directory, identity, write_master_key};

const NODES: usize = 3;

/// `causeway serve` on a port of its own; killed when dropped.
struct Node {
    child: Child,
    config: String,
    base: String,
}

impl Node {
    fn start(config: &str, port: u16) -> Self {
        let child = serve(config);
        Self { child, config: config.to_owned(), base: format!("http://127.0.0.1:{port}") }
    }

    async fn ready(&self) {
        let (http, url) = (Http::new(), format!("{}/readyz", self.base));
        until("ready", async || match http.get(&url).await {
            Ok(reply) if reply.status == 200 => Ok(()),
            other => Err(format!("{other:?}")),
        })
        .await;
    }

    async fn start_again(&mut self) {
        self.child = serve(&self.config);
        self.ready().await;
    }

    /// SIGTERM, and waits for a clean end.
    async fn stop(&mut self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", "TERM", &id]).status().unwrap().success());
        let child = Mutex::new(&mut self.child);
        let code = until("the end of a node", async || {
            let ended = child.lock().unwrap().try_wait().unwrap();
            ended.map(|status| status.code()).ok_or_else(|| "it runs".to_owned())
        })
        .await;
        assert_eq!(code, Some(0), "a graceful end");
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn serve(config: &str) -> Child {
    let mut command = Command::new(binary());
    command.args(["serve", "--config", config]).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("the binary starts")
}

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

/// The nodes, and a partner of theirs at the first of them.
async fn install(folder: &Path) -> (Vec<Node>, Partner) {
    let keys: Vec<(Identity, Identity)> =
        (0..3).map(|index| (identity(1000 + index), identity(2000 + index))).collect();
    std::fs::write(folder.join("directory.json"), directory(&keys).to_string()).expect("a file");
    write_master_key(folder);
    let database = database::made(folder);
    let ports: Vec<u16> = (0..NODES).map(|_| free_block()).collect();
    let configs: Vec<String> =
        ports.iter().map(|port| configure(folder, &database, *port)).collect();
    let migrated = run(&["migrate", "--config", &configs[0], "--json"]);
    assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));
    let report: Value = serde_json::from_slice(&migrated.stdout).expect("a report");
    let certificate = |purpose: &str| {
        let all = report["certificates"].as_array().expect("certificates");
        let one = all.iter().find(|one| one["use"] == purpose).expect(purpose);
        Arc::new(Certificate::from_pem(one["pem"].as_str().expect("PEM")).expect("PEM"))
    };
    let nodes: Vec<Node> =
        configs.iter().zip(&ports).map(|(config, port)| Node::start(config, *port)).collect();
    for node in &nodes {
        node.ready().await;
    }
    let (sign, encrypt) = &keys[0];
    let seed = json!({
        "app_id": "00100000", "industry_code": code(0), "sign_cert_id": sign.id().as_str(),
        "enc_cert_id": encrypt.id().as_str(), "mer_id": "100000010000010", "acq_iin": "00010344",
    });
    let keys = Keys::of(sign, encrypt, certificate("sign"), certificate("encrypt"));
    let partner = Partner::with(seed, "industry_code", nodes[0].base.clone(), Http::new(), keys);
    (nodes, partner)
}

/// A signed question about an order that does not exist.
fn question(partner: &Partner) -> String {
    let trx_info = json!({
        "orderId": order_id(), "txnTime": stamp(),
        "merId": partner.seed("mer_id"), "acqIIN": partner.seed("acq_iin"),
    });
    wrapped(partner, INQUIRE, &trx_info).to_string()
}

/// What the load saw.
#[derive(Default)]
struct Seen {
    stop: AtomicBool,
    answered: AtomicUsize,
    broken: Mutex<Vec<String>>,
}

/// Asks like a balancer: a node that refuses connections is passed over, anything else counts.
async fn ask(partner: Partner, bases: Vec<String>, lane: usize, seen: Arc<Seen>) {
    let mut turn = lane;
    while !seen.stop.load(Ordering::Relaxed) {
        turn += 1;
        let mut partner = partner.clone();
        partner.base.clone_from(&bases[turn % bases.len()]);
        // An idle connection that a stopping node closes may meet a request half way; a fresh one
        // is either refused or served.
        partner.http = Http::new();
        let body = question(&partner);
        match partner.try_post(INQUIRE, &body, &[]).await {
            Ok(reply) => {
                partner.accept(&reply).expect("34");
                seen.answered.fetch_add(1, Ordering::Relaxed);
            }
            Err(error) if error.contains("ConnectionRefused") => {}
            Err(error) => seen.broken.lock().unwrap().push(error),
        }
    }
}

async fn more_answers(seen: &Seen) {
    let target = seen.answered.load(Ordering::Relaxed) + 60;
    until("the others answer", async || {
        let count = seen.answered.load(Ordering::Relaxed);
        if count >= target { Ok(()) } else { Err(format!("{count} answers")) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_is_killed_one_is_stopped_all_are_rolled() {
    const LANES: usize = 4;
    let folder = tempfile::tempdir().expect("a folder");
    let (mut nodes, partner) = install(folder.path()).await;
    a_question_is_taken_once_by_a_node(&partner).await;
    let bases: Vec<String> = nodes.iter().map(|node| node.base.clone()).collect();
    let seen = Arc::new(Seen::default());
    let lanes: Vec<_> = (0..LANES)
        .map(|lane| tokio::spawn(ask(partner.clone(), bases.clone(), lane, Arc::clone(&seen))))
        .collect();
    more_answers(&seen).await;
    nodes[0].child.kill().expect("a running node");
    nodes[0].child.wait().expect("its end");
    more_answers(&seen).await;
    let by_kill = std::mem::take(&mut *seen.broken.lock().unwrap());
    assert!(by_kill.len() <= LANES, "requests broke with one node: {by_kill:?}");
    nodes[0].start_again().await;
    for node in &mut nodes {
        node.stop().await;
        more_answers(&seen).await;
        node.start_again().await;
    }
    more_answers(&seen).await;
    seen.stop.store(true, Ordering::Relaxed);
    for lane in lanes {
        lane.await.expect("only good answers");
    }
    // Between the last connection that a node takes and the end of its listener the system may
    // reset one: at most one a lane and stop.
    let broken = seen.broken.lock().unwrap().clone();
    assert!(broken.len() <= LANES * nodes.len(), "rolled nodes broke requests: {broken:?}");
    database::drop_made(folder.path());
}

/// The same signed bytes are a replay at the node that took them. A question changes nothing and is
/// not written down, so another node answers it again; what changes something is refused by all.
async fn a_question_is_taken_once_by_a_node(partner: &Partner) {
    let body = question(partner);
    let header = partner.header(INQUIRE, body.as_bytes());
    let reply = partner.post(INQUIRE, &header, &body).await;
    partner.accept(&reply).expect("34");
    let again = partner.post(INQUIRE, &header, &body).await;
    assert_eq!(again.status, 401, "{}", again.text());
}
