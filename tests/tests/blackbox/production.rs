//! `causeway serve`: an installation from a configuration file, with services that sign in the
//! body, as the setting of their application says.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use jose::cert::{Certificate, Identity};
use serde_json::{Value, json};

use crate::harness::http::Http;
use crate::harness::messages::{INQUIRE, order_id, stamp, wrapped};
use crate::harness::partner::{Keys, real_now};
use crate::harness::sandbox::{binary, free_block, run};
use crate::harness::wait::until;
use crate::harness::{Partner, Report};

const MODES: [&str; 3] = ["jws", "body", "both"];

/// A running installation; killed when dropped.
struct Installation {
    child: Child,
    partners: Vec<Partner>,
    _folder: tempfile::TempDir,
}

impl Drop for Installation {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn identity(serial: u64) -> Identity {
    Identity::generate("stranger", serial, real_now(), 30).expect("a key pair")
}

pub(crate) fn code(index: usize) -> String {
    format!("1000000{index}")
}

/// The directory of parties: one service for each way to sign.
pub(crate) fn directory(keys: &[(Identity, Identity)]) -> Value {
    let certificate = |identity: &Identity, purpose: &str| {
        let pem = identity.cert().pem();
        json!({ "id": identity.id().as_str(), "key_use": purpose, "pem": pem })
    };
    let mut document = json!({
        "applications": [{
            "id": "00900001", "owner": { "kind": "downstream", "code": "00010344" },
            "active": true, "sandbox": false, "certificates": [],
        }],
        "channels": [], "industries": [], "merchants": [], "openings": [],
        "acquirers": [{
            "iin": "00010344", "zone": "Asia/Shanghai",
            "downstream_url": "http://127.0.0.1:9", "downstream_app": "00900001",
        }],
    });
    let mut add = |list: &str, entry: Value| {
        document[list].as_array_mut().expect("a list").push(entry);
    };
    for (index, (mode, (sign, encrypt))) in MODES.iter().zip(keys).enumerate() {
        add(
            "applications",
            json!({
                "id": format!("0010000{index}"),
                "owner": { "kind": "industry", "code": code(index) },
                "active": true, "sandbox": false, "security": mode,
                "certificates": [certificate(sign, "sign"), certificate(encrypt, "encrypt")],
            }),
        );
        add(
            "industries",
            json!({
                "code": code(index), "name": "A service", "app": format!("0010000{index}"),
                "index_url": "http://127.0.0.1:9/open", "back_url": "http://127.0.0.1:9/notice",
                "active": true,
            }),
        );
        add(
            "merchants",
            json!({
                "id": format!("10000001000001{index}"), "name": "A shop", "industry": code(index),
                "acquirer": "00010344", "currencies": ["156"], "active": true,
            }),
        );
    }
    document
}

fn configure(folder: &Path, port: u16) -> String {
    let at = |name: &str| folder.join(name).to_str().expect("UTF-8").to_owned();
    let text = format!(
        "listen = \"127.0.0.1:{port}\"\npublic_url = \"http://127.0.0.1:{port}\"\n\
         data = \"{}\"\n[master_key]\nfile = \"{}\"\n[directory]\nfile = \"{}\"\n\
         [metrics]\nlisten = \"127.0.0.1:{}\"\n[egress]\nallow_private = [\"127.0.0.0/8\"]\n",
        at("data"),
        at("master.key"),
        at("directory.json"),
        port + 1
    );
    std::fs::write(at("causeway.toml"), text).expect("a file");
    at("causeway.toml")
}

pub(crate) fn write_master_key(folder: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let path = folder.join("master.key");
    std::fs::write(&path, "5a".repeat(32)).expect("a file");
    let owner_only = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(path, owner_only).expect("a mode");
}

async fn install() -> Installation {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let keys: Vec<(Identity, Identity)> =
        (0..3).map(|index| (identity(1000 + index), identity(2000 + index))).collect();
    let text = directory(&keys).to_string();
    std::fs::write(folder.path().join("directory.json"), text).expect("a file");
    write_master_key(folder.path());
    let port = free_block();
    let config = configure(folder.path(), port);
    for arguments in [vec!["config", "check"], vec!["migrate"]] {
        let mut all = arguments.clone();
        all.extend(["--config", &config]);
        let output = run(&all);
        assert!(output.status.success(), "{all:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    let migrated = run(&["migrate", "--config", &config, "--json"]);
    let report: Value = serde_json::from_slice(&migrated.stdout).expect("a report");
    let certificate = |purpose: &str| {
        let all = report["certificates"].as_array().expect("certificates");
        let one = all.iter().find(|one| one["use"] == purpose).expect(purpose);
        Arc::new(Certificate::from_pem(one["pem"].as_str().expect("PEM")).expect("PEM"))
    };
    let child = Command::new(binary())
        .args(["serve", "--config", &config])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts");
    let (http, base) = (Http::new(), format!("http://127.0.0.1:{port}"));
    let partner = |(index, (sign, encrypt)): (usize, &(Identity, Identity))| {
        let seed = json!({
            "app_id": format!("0010000{index}"),
            "industry_code": code(index),
            "sign_cert_id": sign.id().as_str(),
            "enc_cert_id": encrypt.id().as_str(),
            "mer_id": format!("10000001000001{index}"),
            "acq_iin": "00010344",
        });
        let keys = Keys::of(sign, encrypt, certificate("sign"), certificate("encrypt"));
        Partner::with(seed, "industry_code", base.clone(), http.clone(), keys)
    };
    let partners = keys.iter().enumerate().map(partner).collect();
    let installation = Installation { child, partners, _folder: folder };
    until("ready", async || match http.get(&format!("{base}/readyz")).await {
        Ok(reply) if reply.status == 200 => Ok(()),
        other => Err(format!("{other:?}")),
    })
    .await;
    installation
}

/// An inquiry about an order that does not exist, with a place for a signature.
fn question(partner: &Partner) -> Value {
    let trx_info = json!({
        "orderId": order_id(), "txnTime": stamp(),
        "merId": partner.seed("mer_id"), "acqIIN": partner.seed("acq_iin"),
    });
    let mut message = wrapped(partner, INQUIRE, &trx_info);
    let id = partner.seed("sign_cert_id");
    message["certificateSignature"] = json!({ "appSignCertID": id, "signature": "00000000" });
    message
}

#[tokio::test]
async fn each_way_to_sign_is_demanded_and_answered_in_kind() {
    let mut installation = install().await;
    let mut report = Report::default();
    let [jws, body, both] = &installation.partners[..] else { panic!("three partners") };
    let mut plain = question(jws);
    plain.as_object_mut().expect("an object").remove("certificateSignature");
    jws.call(INQUIRE, &plain).await.expect("34");
    let mut plain = question(both);
    plain.as_object_mut().expect("an object").remove("certificateSignature");
    both.call(INQUIRE, &plain).await.expect_detail("11", "certificateSignature");

    let signed = both.sign_in_body(&question(both));
    let reply = both.post_signed(INQUIRE, &signed).await;
    let answer = both.accept(&reply).expect("34");
    report.check(both.check_in_body(&reply.text()).is_ok(), || format!("both: {}", answer.0));
    let unsigned = both.post(INQUIRE, "", &both.sign_in_body(&question(both))).await;
    report.check(unsigned.status == 401, || format!("both, no header: {}", unsigned.text()));

    in_the_body_alone(&mut report, body).await;
    let other = body.post(INQUIRE, "", &jws.sign_in_body(&question(jws))).await;
    report.check(other.status == 401, || format!("jws, no header: {}", other.text()));
    report.done();
    let id = installation.child.id().to_string();
    assert!(Command::new("kill").args(["-s", "TERM", &id]).status().expect("kill").success());
    assert_eq!(installation.child.wait().expect("its end").code(), Some(0));
}

/// The setting `body`: no header either way; failures are 200 with code 11.
async fn in_the_body_alone(report: &mut Report, partner: &Partner) {
    let good = partner.sign_in_body(&question(partner));
    let mut old = question(partner);
    old["msgInfo"]["timeStamp"] = "20200101000000".into();
    let old = partner.sign_in_body(&old);
    let mut unsigned = question(partner);
    unsigned.as_object_mut().expect("an object").remove("certificateSignature");
    let changed = partner.sign_in_body(&question(partner)).replace("00010344", "00010345");
    for (row, text, code) in [
        ("good", good.clone(), "34"),
        ("the same message again", good, "11"),
        ("changed", changed, "11"),
        ("old", old, "11"),
        ("unsigned", unsigned.to_string(), "11"),
    ] {
        let reply = partner.post(INQUIRE, "", &text).await;
        let told = reply.text();
        let answer: Value = serde_json::from_str(&told).unwrap_or_default();
        let fits = reply.status == 200 && answer["msgResponse"]["responseCode"] == code;
        report.check(fits, || format!("{row}: HTTP {} {told}", reply.status));
        let signature = partner.check_in_body(&told);
        report.check(signature.is_ok(), || format!("{row}: {signature:?} {told}"));
        report.check(reply.header("UPI-JWS").is_empty(), || format!("{row}: has a header"));
    }
}
