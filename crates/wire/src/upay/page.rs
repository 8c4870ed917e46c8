//! The reference of the terminal dialect in Markdown, and one call as plain text.

use std::fmt::Write as _;

use super::codes::{
    BizError, BizResult, OrderStatus, PayForm, Provider, TransactionStatus, Trouble,
};
use super::generate::{example, full};
use super::goods::GoodsDetail;
use super::reply::DATA_ROWS;
use super::row::{Call, Check, Row, Signer};
use super::{CALLS, UPLOAD_LOG_PATH};
use crate::spec::pretty;

const HEAD: &str = "\
<!-- Generated from the declarations in crates/wire: change those, run cargo xtask generate -->

# Upay reference

Messages between terminals and the platform. The machine-readable twin is `openapi/upay.json`.

## Rules for all calls

- `Authorization: <sn> <sign>` with one blank; `sign` is the hex of MD5 over the body's bytes
  followed by the key, in either case. The vendor signs activate, the terminal all else, with its
  current or its previous key. Nothing is read before the signature was verified.
- Any `Content-Type`; UTF-8; at most 256 KiB (uploadLog 10 MiB).
- HTTP status 200 for every envelope, also where the body is too large. The result stands in
  `result_code`.
- Texts, `reflect` and `extended` must not hold the number of a card; numbers of orders and payers
  are not looked at.
- Requests: null and \"\" count as absent; unknown members are ignored; integers are taken where
  strings are declared; all faults are listed at once, joined by `；`.
- Replies: every scalar is a string; absent members are left out; amounts are digits.

Needed: yes, no, or strict: documented as needed, but existing clients leave it out, so that the
platform asks for it in strict mode only. A length after `/` holds in strict mode. Source: empty
for the published tables, C observed on the wire, X general knowledge, R decided for this
platform, Dn a disagreement of the published texts.

";

const LOG_KEPT: &str = r#"{"result_code":"200","error_code":"SUCCESS","error_message":"ok"}"#;

/// The call of this name.
#[must_use]
pub fn call(name: &str) -> Option<&'static Call> {
    CALLS.into_iter().find(|call| call.name.eq_ignore_ascii_case(name.trim()))
}

/// The whole reference of the dialect.
#[must_use]
pub fn reference() -> String {
    let mut out = String::from(HEAD);
    for call in CALLS {
        section(&mut out, call);
    }
    out.push_str("## goods_details\n\n");
    markdown_table(&mut out, GoodsDetail::ROWS);
    let _ = write!(
        out,
        "\n## uploadLog\n\n`POST {UPLOAD_LOG_PATH}`, signed by the terminal. The body is the \
         compressed log, bytes of any kind.\n\n```json\n{LOG_KEPT}\n```\n\n"
    );
    replies(&mut out);
    lists(&mut out);
    out
}

/// One call for a terminal: what it is for, its fields.
#[must_use]
pub fn text(call: &Call) -> String {
    let mut out = format!("{}: {}\n{}\n\n", call.name, way(call), call.summary);
    for row in call.rows {
        let length = length(row);
        let (kind, need) = (row.kind.words(), row.need.words());
        let _ = writeln!(out, "{:18} {kind:20} {length:12} {need:7} {}", row.id, row.note);
    }
    for check in call.checks {
        let _ = writeln!(out, "{}", rule(check));
    }
    out
}

fn way(call: &Call) -> String {
    let method = if call.by_query { "GET" } else { "POST" };
    let paths: Vec<String> = call.paths.iter().map(|path| format!("`{method} {path}`")).collect();
    let signer = match call.signer {
        Signer::Vendor => "vendor",
        Signer::Terminal => "terminal",
    };
    format!("{}, signed by the {signer}", paths.join(" and "))
}

fn length(row: &Row) -> String {
    let unit = row.kind.unit();
    if row.strict_max == row.max {
        format!("{} {unit}", row.max)
    } else {
        format!("{}/{} {unit}", row.max, row.strict_max)
    }
}

fn rule(check: &Check) -> String {
    match *check {
        Check::Together(one, other) => format!("- `{one}` and `{other}` together or neither."),
        Check::AnyOf(members) => format!("- At least one of `{}`.", members.join("`, `")),
        Check::PayerForWap(needed) => {
            format!("- In strict mode `{needed}` is needed with sub_payway 3 and 4.")
        }
        Check::Never(member, value) => format!("- `{member}` is not {value}."),
    }
}

fn section(out: &mut String, call: &Call) {
    let _ = write!(out, "## {}\n\n{}. {}\n\n", call.name, way(call), call.summary);
    markdown_table(out, call.rows);
    for check in call.checks {
        let _ = write!(out, "\n{}", rule(check));
    }
    if !call.checks.is_empty() {
        out.push('\n');
    }
    if call.by_query {
        out.push('\n');
        return;
    }
    let _ = write!(out, "\n```json\n{}\n```\n\n", pretty(&full(call)));
}

fn markdown_table(out: &mut String, rows: &[Row]) {
    out.push_str("| member | type | longest | needed | note | example | source |\n");
    out.push_str("|---|---|---|---|---|---|---|\n");
    for row in rows {
        let shown = example(row);
        let shown = shown.as_str().map_or_else(|| shown.to_string(), str::to_owned);
        let _ = writeln!(
            out,
            "| `{}` | {} | {} | {} | {} | `{shown}` | {} |",
            row.id,
            row.kind.words(),
            length(row),
            row.need.words(),
            row.note,
            row.source
        );
    }
}

fn replies(out: &mut String) {
    out.push_str(
        "## Replies\n\nA request that failed itself has `result_code` 400 or 500, `error_code` \
         and `error_message`. All others\nhave `result_code` 200 and `biz_response`: \
         `terminal_sn` and `terminal_key` for activate and checkin; for\n`/upay/v2/*` a \
         `result_code`, where something is to be said `error_code` and `error_message`, and \
         `data`\nwhere an order was found or made. A callback is `data` alone, signed in \
         `Authorization` with the\ninstallation's RSA key over the raw body.\n\n\
         | member of data | longest | meaning |\n|---|---|---|\n",
    );
    for (name, max, note) in DATA_ROWS {
        let _ = writeln!(out, "| `{name}` | {max} | {note} |");
    }
    out.push_str("| `payment_list` | | array of `{type, amount_total}`, adds up to the total |\n");
}

fn lists(out: &mut String) {
    macro_rules! list {
        ($title:literal, $codes:ident) => {
            let _ = write!(out, "\n## {}\n\n| code | meaning |\n|---|---|\n", $title);
            for one in $codes::ALL {
                let _ = writeln!(out, "| {} | {} |", one.code(), one.message());
            }
        };
    }
    list!("error_code of a failed request", Trouble);
    list!("result_code of biz_response", BizResult);
    list!("error_code of biz_response", BizError);
    list!("order_status", OrderStatus);
    list!("status", TransactionStatus);
    list!("payway", Provider);
    list!("sub_payway", PayForm);
}
