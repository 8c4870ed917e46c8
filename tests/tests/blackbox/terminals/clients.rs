//! Point 24: what the clients that exist send, as they send it, and a stranger's own till.
//!
//! Each row is the form of a request as a known client makes it: its header, its path, its way
//! with members that it has no value for. The harness holds every reply against the typing rules.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::harness::till::{BARCODE, client_sn, code};
use crate::harness::{Report, Sandbox, Till, Vendor};

/// How a client writes its requests.
struct Client {
    name: &'static str,
    content_type: &'static str,
    /// What it puts behind every path.
    behind: &'static str,
    /// What it sends for a member without a value; `None` leaves the member out.
    absent: fn() -> Option<Value>,
    /// Whether it sends numbers where the documentation says strings.
    integers: bool,
    /// Whether it writes slashes and other scripts with escapes.
    escapes: bool,
}

const CLIENTS: [Client; 7] = [
    Client {
        name: "Python",
        content_type: "application/json",
        behind: "",
        absent: || None,
        integers: false,
        escapes: true,
    },
    Client {
        name: "Java",
        content_type: "application/json",
        behind: "",
        absent: || None,
        integers: false,
        escapes: false,
    },
    Client {
        name: "Go",
        content_type: "application/json",
        behind: "",
        absent: || Some(json!("")),
        integers: false,
        escapes: false,
    },
    Client {
        name: "PHP",
        content_type: "application/json",
        behind: "",
        absent: || Some(Value::Null),
        integers: true,
        escapes: true,
    },
    Client {
        name: "Ruby",
        content_type: "application/json",
        behind: "?",
        absent: || Some(Value::Null),
        integers: true,
        escapes: false,
    },
    Client {
        name: "C#",
        content_type: "application/json; charset=utf-8",
        behind: "",
        absent: || None,
        integers: false,
        escapes: false,
    },
    Client {
        name: "vantis",
        content_type: "Application/json",
        behind: "",
        absent: || None,
        integers: false,
        escapes: false,
    },
];

const OPTIONAL: [&str; 12] = [
    "sn",
    "client_sn",
    "payway",
    "sub_payway",
    "payer_uid",
    "operator",
    "description",
    "longitude",
    "latitude",
    "extended",
    "goods_details",
    "notify_url",
];

impl Client {
    /// A body as the client writes it: its members, and those that it has no value for.
    fn body(&self, till: &Till, members: &Value) -> String {
        let mut message = till.message(members);
        for name in OPTIONAL {
            if let (None, Some(absent)) = (message.get(name), (self.absent)()) {
                message[name] = absent;
            }
        }
        for name in ["total_amount", "refund_amount", "payway"] {
            let text = message[name].as_str().unwrap_or_default();
            if let (true, Ok(number)) = (self.integers, text.parse::<u64>()) {
                message[name] = number.into();
            }
        }
        message["type"] = "2".into();
        message["client_tsn_of_caller"] = "x".into();
        let text = message.to_string();
        if !self.escapes {
            return text;
        }
        let mut escaped = String::new();
        for one in text.chars() {
            if one == '/' {
                escaped.push_str("\\/");
            } else if one.is_ascii() {
                escaped.push(one);
            } else {
                for unit in one.encode_utf16(&mut [0; 2]) {
                    let _ = write!(escaped, "\\u{unit:04x}");
                }
            }
        }
        escaped
    }

    /// Makes a call and notes it unless its `result_code` is as expected.
    async fn call(&self, till: &Till, call: (&str, Value, &str), report: &mut Report) -> Value {
        let (path, members, expected) = call;
        let body = self.body(till, &members);
        let authorization = till.authorization(body.as_bytes());
        let fields = [("authorization", &*authorization), ("content-type", self.content_type)];
        let reply = till.post_as(&format!("{path}{}", self.behind), body, &fields).await;
        let seen = if path.starts_with("/upay") { reply.biz().0 } else { reply.outer().0 };
        report.check(seen == expected, || format!("{} {path}: {}", self.name, reply.0));
        reply.0
    }

    /// From check-in to cancel.
    async fn journey(&self, till: &Till, report: &mut Report) {
        let device = json!({ "device_id": crate::harness::till::DEVICE });
        let answer = self.call(till, ("/terminal/checkin", device, "200"), report).await;
        let key = answer["biz_response"]["terminal_key"].as_str().unwrap_or(&till.key).to_owned();
        let till = &till.with_key(&key);
        let (paid, offered) = (client_sn(), client_sn());
        let mut sale = Till::sale(&paid, BARCODE);
        sale["subject"] = "披萨/Pizza".into();
        sale["goods_details"] = json!([{
            "goods_id": "1", "goods_name": "苹果", "quantity": 1.5, "price": "50",
            "promotion_type": 0,
        }]);
        let mut offer = Till::offer(&offered);
        offer["sub_payway"] = "3".into();
        let named = |number: &str| json!({ "client_sn": number });
        let refund = |number: &str, amount: &str| {
            json!({
                "client_sn": number, "refund_request_no": "r1", "refund_amount": amount,
            })
        };
        let mut mixed = named(&offered);
        mixed["refund_request_no"] = "".into();
        let calls = [
            ("/upay/v2/pay", sale.clone(), "PAY_SUCCESS"),
            ("/upay/v2/pay", sale, "FAIL"),
            ("/upay/v2/query", named(&paid), "SUCCESS"),
            ("/upay/v2/refund", refund(&paid, "40"), "REFUND_SUCCESS"),
            ("/upay/v2/refund", refund(&paid, "40"), "FAIL"),
            ("/upay/v2/precreate", offer, "PRECREATE_SUCCESS"),
            ("/upay/v2/query", mixed, "SUCCESS"),
            ("/upay/v2/cancel", named(&offered), "CANCEL_ABORT_SUCCESS"),
            ("/upay/v2/revoke", named(&paid), "FAIL"),
            ("/upay/v2/query", named("none"), "FAIL"),
        ];
        for call in calls {
            self.call(till, call, report).await;
        }
    }
}

#[tokio::test]
async fn acceptance_24_the_habits_of_the_clients_that_exist() {
    let sandbox = Sandbox::start();
    let vendor = Vendor::of(&sandbox);
    let mut report = Report::default();
    for client in &CLIENTS {
        let body = json!({
            "app_id": vendor.app_id,
            "code": code(&sandbox, 0),
            "device_id": crate::harness::till::DEVICE,
            "name": (client.absent)(),
            "client_sn": (client.absent)(),
            "type": "2",
            "os_info": "Linux/5",
        });
        let till = vendor.till(&vendor.send(&body).await);
        client.journey(&till, &mut report).await;
    }
    // PHP asks for a refund by its number alone.
    let till = Till::first(&sandbox).await;
    let (number, _) = till.paid().await;
    till.refund(&number, "alone-1", "1").await.is("REFUND_SUCCESS", "");
    let question = json!({ "refund_request_no": "alone-1", "sn": null, "client_sn": null });
    till.call("/upay/v2/query", &question).await.is("SUCCESS", "");
    report.done();
    sandbox.verify_books();
}

#[test]
fn acceptance_24_a_strangers_till_walks_the_journey() {
    let python = std::env::var_os("CAUSEWAY_INTEROP_PYTHON");
    let python =
        python.expect("CAUSEWAY_INTEROP_PYTHON is not set: run the tests with `cargo xtask test`");
    let sandbox = Sandbox::start();
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("stranger/till.py");
    let output = Command::new(python)
        .arg(program)
        .arg(sandbox.folder.join("sandbox.json"))
        .output()
        .expect("the program starts");
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}{errors}");
    assert!(told.trim_end().ends_with("done"), "{told}");
    sandbox.verify_books();
}
