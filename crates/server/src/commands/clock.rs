//! `causeway clock advance`: moves the business time of a running sandbox.

use serde_json::{Value, json};

use super::{block_on, say};
use crate::failure::{Failure, Outcome};
use crate::limits::{CLIENT_TIMEOUT, CLOCK_ADVANCE_SECONDS_MAX};

/// Runs the command.
pub(crate) fn advance(duration: &str, url: &str, as_json: bool) -> Outcome {
    let seconds = seconds(duration).ok_or_else(|| {
        Failure::usage(format!(
            "{duration:?} is no duration; use seconds or units such as 90s, 15m, 2h, 1d, 1h30m, \
             at most two years"
        ))
    })?;
    let url = format!("{}/sandbox/v1/clock", url.trim_end_matches('/'));
    let answer = block_on(post(&url, &json!({ "advance_seconds": seconds })))?;
    let now = answer.get("now").and_then(Value::as_str).unwrap_or_default();
    say(as_json, &format!("business time is {now}"), &answer)
}

async fn post(url: &str, body: &Value) -> Result<Value, Failure> {
    let client = egress::Client::new(egress::Policy::sandbox(), egress::Limits::default(), None)
        .map_err(|error| Failure::at("the client cannot be started", error))?;
    let request = egress::Request::post(url, body.to_string())
        .header("content-type", "application/json")
        .timeout(CLIENT_TIMEOUT);
    let answer = client.send(request).await.map_err(|error| {
        Failure::new(format!("no sandbox answers at {url} ({error}); is causeway sandbox running?"))
    })?;
    let value: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
    if answer.status == 200 {
        return Ok(value);
    }
    let said = value.get("error").and_then(Value::as_str);
    let said = said.unwrap_or("it is no sandbox of this program; check --url");
    Err(Failure::new(format!("{url} answered {}: {said}", answer.status)))
}

/// Seconds of a text such as `10`, `90s`, `1h30m`, `2d`; above 0 and within the bound.
fn seconds(text: &str) -> Option<i64> {
    if let Ok(seconds) = text.parse::<i64>() {
        return within(seconds);
    }
    let mut total = 0_i64;
    let mut digits = String::new();
    for character in text.chars() {
        if character.is_ascii_digit() {
            digits.push(character);
            continue;
        }
        let unit = match character {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            _ => return None,
        };
        let count: i64 = std::mem::take(&mut digits).parse().ok()?;
        total = total.checked_add(count.checked_mul(unit)?)?;
    }
    if digits.is_empty() { within(total) } else { None }
}

fn within(seconds: i64) -> Option<i64> {
    (1..=CLOCK_ADVANCE_SECONDS_MAX).contains(&seconds).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_with_units() {
        for (text, expected) in
            [("10", 10), ("90s", 90), ("15m", 900), ("1h30m", 5_400), ("2d", 172_800)]
        {
            assert_eq!(seconds(text), Some(expected), "{text}");
        }
        for text in ["", "0", "-5", "h", "5x", "1h30", "1.5h", "800d", "99999999999999999999"] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
