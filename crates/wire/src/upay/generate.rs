//! Valid and invalid requests made from the declarations, for tests of any crate.
//!
//! Deterministic: the same seed gives the same request.

use serde_json::{Map, Value, json};

use super::fault::Rule;
use super::goods::GoodsDetail;
use super::row::{Call, Check, Kind, Need, Row};
use crate::generate::Random;

/// Texts longer than this are not made at random, save at the bound itself.
const RANDOM_CHARS_MAX: usize = 24;
/// A bound above this is not made either: several of such texts would not fit into one body.
const BOUND_CHARS_MAX: usize = 8 * 1024;

/// An invalid request: a valid one with one flaw.
#[derive(Clone, Debug)]
pub struct Variant {
    /// Where the flaw is, as a fault names it.
    pub path: String,
    /// The rule that must be reported there.
    pub rule: Rule,
    /// The whole request.
    pub value: Value,
}

/// A valid request; optional members come and go with the seed, and so do the ways in which
/// clients write the same value (null, numbers, objects, JSON texts).
#[must_use]
pub fn valid(call: &Call, seed: u64) -> Value {
    let mut random = Random::new(seed);
    let mut object = Map::new();
    for row in call.rows {
        let coin = random.below(4);
        let bound = call.checks.iter().any(|check| names(check, row.id));
        if row.need == Need::No && !bound && coin == 0 {
            continue;
        }
        let value = if row.need == Need::No && !bound && coin == 1 {
            [Value::Null, json!("")][random.below(2)].clone()
        } else if call.checks.iter().any(|check| bars(check, row.id)) {
            example(row)
        } else {
            value(row, call.by_query, &mut random)
        };
        object.insert(row.id.to_owned(), value);
    }
    if !call.by_query {
        object.insert("type".to_owned(), json!(2));
    }
    Value::Object(object)
}

/// A valid request with every member that is declared, all as strings where they may be.
#[must_use]
pub fn full(call: &Call) -> Value {
    let member = |row: &Row| (row.id.to_owned(), example(row));
    Value::Object(call.rows.iter().map(member).collect())
}

/// The value that the reference shows.
#[must_use]
pub fn example(row: &Row) -> Value {
    match row.kind {
        Kind::Extended => json!({"goods_tag": "WXG"}),
        Kind::Goods => {
            let member = |row: &Row| (row.id.to_owned(), example(row));
            json!([Value::Object(GoodsDetail::ROWS.iter().map(member).collect())])
        }
        Kind::Id
        | Kind::Text
        | Kind::Digits
        | Kind::Amount
        | Kind::Number
        | Kind::Quantity
        | Kind::Echo => json!(row.example),
    }
}

/// For every declared member: the request without it where it is needed, with a value of a wrong
/// type, too long, with wrong characters; and each rule over several members broken.
#[must_use]
pub fn invalid_variants(call: &Call) -> Vec<Variant> {
    let base = full(call);
    let mut variants = Vec::new();
    let mut add = |path: &str, rule, member: &str, value: Option<Value>| {
        let mut changed = base.clone();
        if let Value::Object(object) = &mut changed {
            match value {
                Some(value) => object.insert(member.to_owned(), value),
                None => object.shift_remove(member),
            };
        }
        variants.push(Variant { path: path.to_owned(), rule, value: changed });
    };
    for row in call.rows {
        if row.need == Need::Yes {
            for absent in [None, Some(Value::Null), Some(json!(""))] {
                add(row.id, Rule::Empty, row.id, absent);
            }
        }
        for (value, rule) in flaws(row) {
            add(row.id, rule, row.id, Some(value));
        }
        if row.kind == Kind::Goods {
            for (member, value, rule) in goods_flaws() {
                let mut goods = example(row);
                goods[0][member] = value;
                add(&format!("goods_details[0].{member}"), rule, row.id, Some(goods));
            }
        }
    }
    for check in call.checks {
        match *check {
            Check::Together(one, other) => add(one, Rule::Apart(other), other, None),
            Check::Never(member, value) => {
                let rule = Rule::Never(value);
                for value in [json!(value), json!(format!("0{value}"))] {
                    add(member, rule, member, Some(value));
                }
            }
            Check::AnyOf(_) | Check::PayerForWap(_) => {}
        }
    }
    variants
}

/// Whether a check bars some value of a member.
fn bars(check: &Check, id: &str) -> bool {
    matches!(*check, Check::Never(member, _) if member == id)
}

/// What can be wrong with a member of the first line of what is sold.
fn goods_flaws() -> Vec<(&'static str, Value, Rule)> {
    let mut flaws = vec![
        ("price", json!(null), Rule::Empty),
        ("goods_id", json!("x".repeat(33)), Rule::TooManyBytes(32)),
        ("goods_name", json!("披".repeat(33)), Rule::TooManyCharacters(32)),
        ("goods_name", json!(CARD), Rule::CardNumber),
    ];
    for (member, max) in [("quantity", 10), ("price", 9)] {
        flaws.extend([
            (member, json!(-1), Rule::Negative),
            (member, json!("-0.5"), Rule::Negative),
            (member, json!("many"), Rule::NotNumber(max)),
            (member, json!("9".repeat(max + 1)), Rule::NotNumber(max)),
            (member, json!(1e300), Rule::NotNumber(max)),
        ]);
    }
    flaws
}

fn names(check: &Check, id: &str) -> bool {
    match *check {
        Check::Together(one, other) => id == one || id == other,
        Check::AnyOf(members) => members.contains(&id),
        Check::PayerForWap(_) | Check::Never(..) => false,
    }
}

fn value(row: &Row, by_query: bool, random: &mut Random) -> Value {
    let text = |length: usize, random: &mut Random| -> String {
        const LETTERS: [char; 12] = ['0', '9', 'A', 'z', '-', '_', ' ', '/', '"', '\\', '披', '😀'];
        let plain = row.kind == Kind::Id;
        (0..length).map(|_| random.pick(if plain { &LETTERS[..6] } else { &LETTERS })).collect()
    };
    let length = match random.below(6) {
        0 => 1,
        1 => row.max.min(BOUND_CHARS_MAX),
        _ => 1 + random.below(row.max.min(RANDOM_CHARS_MAX)),
    };
    match row.kind {
        Kind::Echo if random.below(3) == 0 && !by_query => json!({"a": {"b": 1.50}, "c": []}),
        Kind::Id | Kind::Text | Kind::Echo => json!(text(length, random)),
        Kind::Digits => as_number(&random.below(10).to_string(), by_query, random),
        Kind::Amount => {
            let amount = [1, 9_999_999_999, 1000].get(random.below(5)).copied();
            let amount = amount.unwrap_or_else(|| 1 + random.draw() % 1_000_000);
            as_number(&amount.to_string(), by_query, random)
        }
        Kind::Number | Kind::Quantity => {
            as_number(random.pick(&["1.5", "2", "100"]), by_query, random)
        }
        Kind::Extended => either(json!({"k": "v", "n": 5}), by_query, random),
        Kind::Goods => {
            let goods = |random: &mut Random| {
                let member = |row: &Row| (row.id.to_owned(), value(row, by_query, random));
                Value::Object(GoodsDetail::ROWS.iter().map(member).collect())
            };
            let all = (0..=random.below(3)).map(|_| goods(random)).collect();
            either(all, by_query, random)
        }
    }
}

/// Digits as a string or as a JSON number.
fn as_number(digits: &str, by_query: bool, random: &mut Random) -> Value {
    if by_query || random.below(2) == 0 {
        json!(digits)
    } else {
        serde_json::from_str(digits).unwrap_or(Value::Null)
    }
}

/// JSON as it is, or as a text that holds it.
fn either(value: Value, by_query: bool, random: &mut Random) -> Value {
    if by_query || random.below(3) == 0 { json!(value.to_string()) } else { value }
}

/// A number that every payer knows and no issuer gives out.
const CARD: &str = "4111 1111 1111 1111";

fn flaws(row: &Row) -> Vec<(Value, Rule)> {
    let max = row.max;
    match row.kind {
        Kind::Id => vec![
            (json!(true), Rule::NotText),
            (json!({}), Rule::NotText),
            (json!(1.5), Rule::NotText),
            (json!("x".repeat(max + 1)), Rule::TooManyBytes(max)),
            (json!("披".repeat(max / 3 + 1)), Rule::TooManyBytes(max)),
            (json!("a\u{0}"), Rule::ControlCharacter),
        ],
        Kind::Text => vec![
            (json!(["a"]), Rule::NotText),
            (json!("披".repeat(max + 1)), Rule::TooManyCharacters(max)),
            (json!("a\u{1b}"), Rule::ControlCharacter),
            (json!(CARD), Rule::CardNumber),
        ],
        Kind::Echo => vec![
            (json!(true), Rule::NotText),
            (json!("披".repeat(max + 1)), Rule::TooManyCharacters(max)),
            (json!({"a": "x".repeat(max)}), Rule::TooManyCharacters(max)),
            (json!({"a": CARD}), Rule::CardNumber),
        ],
        Kind::Digits => vec![
            (json!("1a"), Rule::NotDigits(max)),
            (json!(-1), Rule::NotDigits(max)),
            (json!("1".repeat(max + 1)), Rule::NotDigits(max)),
        ],
        Kind::Amount => vec![
            (json!("0"), Rule::Zero),
            (json!(0), Rule::Zero),
            (json!("-1"), Rule::Negative),
            (json!(-1), Rule::Negative),
            (json!(1.5), Rule::NotAmount),
            (json!("1.5"), Rule::NotAmount),
            (json!("01234567890"), Rule::NotAmount),
            (json!(10_000_000_000_u64), Rule::NotAmount),
            (json!("１"), Rule::NotAmount),
            (json!([1]), Rule::NotAmount),
            (json!(1e3), Rule::NotAmount),
        ],
        Kind::Number => vec![
            (json!("east"), Rule::NotNumber(max)),
            (json!("1."), Rule::NotNumber(max)),
            (json!("1".repeat(max + 2)), Rule::NotNumber(max)),
        ],
        Kind::Quantity => Vec::new(),
        Kind::Extended => vec![
            (json!("a=b"), Rule::NotObject),
            (json!(7), Rule::NotObject),
            (json!([1]), Rule::NotObject),
            (json!({"k".repeat(65): "v"}), Rule::ExtendedTooLarge),
            (json!({"k": "v".repeat(257)}), Rule::ExtendedTooLarge),
            (json!({"k": CARD}), Rule::CardNumber),
            (json!("x".repeat(max + 1)), Rule::TooManyBytes(max)),
        ],
        Kind::Goods => vec![
            (json!("pizza"), Rule::NotArray),
            (json!({}), Rule::NotArray),
            (json!([1]), Rule::NotArray),
            (json!(vec![json!({}); max + 1]), Rule::TooManyElements(max)),
        ],
    }
}
