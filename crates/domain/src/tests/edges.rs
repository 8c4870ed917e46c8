//! Edges: trade days, gaps, notices.

use jiff::civil::date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::ids::QueryId;
use crate::inquiry::gap;
use crate::notice::{Notice, NoticeAttempt, NoticeState, Receiver, repeat_gap};
use crate::order::{DownstreamResult, Order, WalletResult};
use crate::trade_day::trade_day;
use crate::{Event, apply, samples};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn a_trade_day_ends_at_eleven_in_the_evening_of_its_zone() {
    let shanghai = TimeZone::get("Asia/Shanghai").unwrap();
    let day = |text| trade_day(at(text), &shanghai);
    assert_eq!(day("2026-01-05T14:59:59.999Z"), date(2026, 1, 5));
    assert_eq!(day("2026-01-05T15:00:00Z"), date(2026, 1, 6));
    assert_eq!(day("2026-01-05T16:30:00Z"), date(2026, 1, 6));
    assert_eq!(day("2025-12-31T15:00:00Z"), date(2026, 1, 1));
    let new_york = TimeZone::get("America/New_York").unwrap();
    assert_eq!(trade_day(at("2026-07-01T02:59:59Z"), &new_york), date(2026, 6, 30));
    assert_eq!(trade_day(at("2026-07-01T03:00:00Z"), &new_york), date(2026, 7, 1));
}

#[test]
fn inquiries_follow_the_schedule_and_never_end() {
    let first: Vec<i64> = (0..8).map(|asked| gap(asked).as_secs()).collect();
    assert_eq!(first, [0, 1, 2, 4, 8, 16, 32, 60]);
    assert_eq!(gap(66), SignedDuration::from_mins(1));
    assert_eq!(gap(67), SignedDuration::from_mins(10));
    assert_eq!(gap(210), SignedDuration::from_mins(10));
    assert_eq!(gap(211), SignedDuration::from_hours(1));
    assert_eq!(gap(u32::MAX), SignedDuration::from_hours(1));
}

#[test]
fn a_payment_is_unknown_until_somebody_says_what_became_of_it() {
    let orders = samples::orders().into_iter();
    let unknown = orders.filter(|(_, order)| order.unknown_since() == Some(samples::now()));
    let unknown: Vec<_> = unknown.map(|(label, _)| label).collect();
    assert_eq!(unknown, ["unknown", "aborting, unknown", "aborting, refused"]);
}

fn sample(label: &str) -> Order {
    let mut orders = samples::orders().into_iter();
    orders.find(|(found, _)| *found == label).unwrap().1
}

#[test]
fn not_found_proves_nothing_of_what_was_taken_on_once() {
    let until = Some(samples::attempt().valid_until);
    for (label, reversal, after) in [
        ("created", false, None),
        ("paying", false, until),
        ("unknown", false, until),
        ("paying, accepted", false, None),
        ("paid", true, None),
        ("paid, refund open", true, until),
        ("paid, refund unknown", true, until),
    ] {
        let reversal = reversal.then(|| QueryId::from(samples::REVERSAL));
        assert_eq!(sample(label).absent_after(reversal.as_ref()), after, "{label}");
    }
    let (query_id, at) = (QueryId::from(samples::REVERSAL), samples::now());
    let accepted = Event::ReversalAccepted { query_id: query_id.clone(), at };
    let taken_on = apply(sample("paid, refund open"), &accepted).unwrap();
    assert_eq!(taken_on.absent_after(Some(&query_id)), None);
}

#[test]
fn only_a_payment_after_the_end_of_an_abort_contradicts_it() {
    let paid = |finished_at| {
        let wallet = WalletResult { finished_at, ..WalletResult::default() };
        DownstreamResult { wallet: Some(Box::new(wallet)), ..samples::result("00") }
    };
    let aborted = sample("aborted");
    assert!(aborted.was_paid_after_abort(&paid(Some(samples::later(1)))));
    assert!(!aborted.was_paid_after_abort(&paid(Some(samples::now()))));
    assert!(!aborted.was_paid_after_abort(&paid(None)));
    assert!(!aborted.was_paid_after_abort(&samples::result("00")));
    assert!(!sample("aborting").was_paid_after_abort(&paid(Some(samples::later(1)))));
}

fn notice() -> Notice {
    Notice {
        id: "n".into(),
        receiver: Receiver::Industry,
        transaction: "q".into(),
        after: None,
        copies: 1,
        body: None,
        created_at: samples::now(),
        state: NoticeState::Queued,
        attempts: Vec::new(),
    }
}

fn attempt(error: Option<&str>) -> NoticeAttempt {
    let error = error.map(str::to_owned);
    NoticeAttempt { at: samples::now(), status: Some(200), latency_ms: 3, error }
}

#[test]
fn a_notice_is_repeated_five_times_and_then_given_up() {
    let mut notice = notice();
    let mut ended = samples::now();
    let mut gaps = Vec::new();
    let mut counts = Vec::new();
    loop {
        counts.push(notice.next_count());
        notice = notice.attempted(attempt(Some("503")), ended);
        match notice.state {
            NoticeState::Retrying { due_at } => {
                gaps.push(due_at.duration_since(ended).as_mins());
                ended = due_at;
            }
            NoticeState::Undelivered { at } => {
                assert_eq!(at, ended);
                break;
            }
            NoticeState::Queued | NoticeState::Confirmed { .. } => panic!("not a failure's state"),
        }
    }
    assert_eq!(gaps, [1, 2, 4, 8, 16]);
    assert_eq!(counts, [1, 2, 3, 4, 5, 6]);
    assert_eq!(repeat_gap(0), None);
    assert_eq!(repeat_gap(6), None);
}

#[test]
fn a_notice_resent_by_hand_can_still_be_confirmed_and_stays_so() {
    let mut notice = notice();
    for _ in 0..6 {
        notice = notice.attempted(attempt(Some("down")), samples::now());
    }
    assert_eq!(notice.state.name(), "UNDELIVERED");
    notice = notice.attempted(attempt(Some("still down")), samples::later(60));
    assert_eq!(notice.state.name(), "UNDELIVERED");
    notice = notice.attempted(attempt(None), samples::later(90));
    assert_eq!(notice.state, NoticeState::Confirmed { at: samples::later(90) });
    notice = notice.attempted(attempt(Some("down again")), samples::later(99));
    assert_eq!(notice.state, NoticeState::Confirmed { at: samples::later(90) });
    assert_eq!(notice.next_count(), 6);
}

#[test]
fn a_callback_goes_out_four_times() {
    let mut notice = Notice { receiver: Receiver::Merchant, ..notice() };
    assert_eq!(notice.receiver.first_gap(), SignedDuration::from_secs(1));
    let mut gaps = Vec::new();
    loop {
        notice = notice.attempted(attempt(Some("refused")), samples::now());
        let NoticeState::Retrying { due_at } = notice.state else { break };
        gaps.push(due_at.duration_since(samples::now()).as_secs());
    }
    assert_eq!(gaps, [5, 30, 600]);
    assert_eq!(notice.state.name(), "UNDELIVERED");
}
