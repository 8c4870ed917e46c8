//! Rooms of the lanes, by tables and by any order of events.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

type TestLanes<L> = Lanes<L, usize, usize, usize>;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

/// Offers so many jobs; how many started, wait, and found no place.
fn offered<L: Eq + Hash + Clone>(lanes: &mut TestLanes<L>, lane: &L, count: usize) -> [usize; 3] {
    let mut found = [0; 3];
    for job in 0..count {
        let place = match lanes.offer(lane, job) {
            Offer::Start(_) => 0,
            Offer::Waits => 1,
            Offer::Full(_) => 2,
        };
        found[place] += 1;
    }
    found
}

#[test]
fn a_full_lane_leaves_the_others_alone() {
    let mut lanes = TestLanes::new();
    let found = offered(&mut lanes, &"dead", 3_000);
    let (running, waiting) = (UNPROVEN_RUNNING_COUNT_MAX, UNPROVEN_WAITING_COUNT_MAX);
    assert_eq!(found, [running, waiting, 3_000 - running - waiting]);
    assert_eq!(lanes.offer(&"alive", 1), Offer::Start(1));
    assert!(!lanes.is_ahead(), "what waits for a lane that does not move keeps nobody waiting");
}

#[test]
fn a_lane_runs_more_when_one_of_its_jobs_ended_soon() {
    let mut lanes = TestLanes::new();
    offered(&mut lanes, &"lane", 36);
    assert!(lanes.start_more().is_empty());
    let after = lanes.ended(&"lane", End::Soon, at(0));
    assert_eq!(after, After { next: Some(UNPROVEN_RUNNING_COUNT_MAX), back: Vec::new() });
    let more: Vec<usize> = lanes.start_more().into_iter().map(|(_, job)| job).collect();
    let first = UNPROVEN_RUNNING_COUNT_MAX + 1;
    assert!(more.into_iter().eq(first..=LANE_RUNNING_COUNT_MAX));
    let found = offered(&mut lanes, &"lane", 3_000);
    assert_eq!(found[1], 817, "a quarter of what is free, the less the more wait");
    // It falls silent: its places are free again as its jobs end, but for the first few.
    for _ in UNPROVEN_RUNNING_COUNT_MAX..LANE_RUNNING_COUNT_MAX {
        assert_eq!(lanes.ended(&"lane", End::Slow, at(0)).next, None);
    }
    assert!(lanes.ended(&"lane", End::Slow, at(0)).next.is_some());
    assert_eq!(lanes.running, UNPROVEN_RUNNING_COUNT_MAX);
}

#[test]
fn many_lanes_that_do_not_move_leave_room_of_every_kind() {
    let mut lanes = TestLanes::new();
    for lane in 0..100 {
        offered(&mut lanes, &lane, 1_000);
        while lanes.park(&lane, at(9), 0, false) {}
    }
    let [running, waiting, _] = offered(&mut lanes, &1_000, 36);
    assert!(running > 0 && waiting > 0, "{running}, {waiting}");
    assert!(lanes.park(&1_000, at(9), 0, false));
}

#[test]
fn of_very_many_dead_lanes_a_hundred_run_something() {
    let mut lanes = TestLanes::new();
    for lane in 0..RUNNING_COUNT_MAX {
        offered(&mut lanes, &lane, 40);
    }
    assert!(lanes.running <= RUNNING_COUNT_MAX);
    let last = lanes.by_name.values().filter(|lane| lane.running > 0).count();
    assert!(last >= 100, "{last} lanes run something");
}

#[test]
fn parked_jobs_come_back_as_the_lane_moves() {
    let mut lanes = TestLanes::new();
    offered(&mut lanes, &"lane", UNPROVEN_RUNNING_COUNT_MAX);
    for job in 100..103 {
        assert!(lanes.park(&"lane", at(job), usize::try_from(job).unwrap(), false));
    }
    assert!(lanes.park(&"lane", at(50), 50, true));
    let after = lanes.ended(&"lane", End::Soon, at(20));
    assert_eq!(after, After { next: None, back: vec![50, 100] }, "who had a turn before is first");
    let after = lanes.ended(&"lane", End::Soon, at(101));
    assert_eq!(after, After { next: None, back: vec![102] }, "a lease that is over is left alone");
    assert_eq!(lanes.parked, 0);
}

#[test]
fn what_waits_is_begun_before_what_is_parked_comes_back() {
    let mut lanes = TestLanes::new();
    offered(&mut lanes, &"lane", UNPROVEN_RUNNING_COUNT_MAX + LANE_WAITING_LOW + 1);
    assert!(lanes.park(&"lane", at(9), 7, false));
    assert_eq!(lanes.ended(&"lane", End::Slow, at(0)).back, [0; 0]);
    assert_eq!(lanes.ended(&"lane", End::Slow, at(0)).back, [7]);
}

#[test]
fn lapsed_names_are_forgotten() {
    let mut lanes = TestLanes::new();
    assert!(lanes.park(&"lane", at(5), 1, false));
    assert!(lanes.park(&"lane", at(9), 2, false));
    lanes.forget_lapsed(at(6));
    assert_eq!((lanes.parked, lanes.by_name.len()), (1, 1));
    lanes.forget_lapsed(at(9));
    assert_eq!((lanes.parked, lanes.by_name.len()), (0, 0));
}

#[test]
fn only_many_lanes_that_move_are_ahead() {
    let mut lanes = TestLanes::new();
    let needed = AHEAD_COUNT_MAX / LANE_AHEAD_COUNT_MAX;
    for lane in 0..needed {
        assert!(!lanes.is_ahead(), "{lane} lanes");
        offered(&mut lanes, &lane, 1);
        lanes.ended(&lane, End::Soon, at(0));
        offered(&mut lanes, &lane, 36);
        lanes.ended(&lane, End::Soon, at(0));
        offered(&mut lanes, &lane, 100);
    }
    assert!(lanes.is_ahead());
}

#[test]
fn a_job_is_in_hand_once() {
    let mut lanes: TestLanes<&str> = Lanes::new();
    assert!(lanes.take(7, at(9), || 1));
    assert!(!lanes.take(7, at(9), || 2));
    assert!(!lanes.take(7, at(10), || 3));
    assert_eq!(lanes.give_up(&7, at(9)), Some(3), "the newest claim is given back");
    assert_eq!(lanes.give_up(&7, at(9)), None);
    assert!(lanes.take(7, at(9), || 4));
    assert_eq!(lanes.give_up(&7, at(9)), None, "it was claimed once");
    assert!(lanes.take(7, at(9), || 5));
    assert!(!lanes.take(7, at(9), || 6));
    assert_eq!(lanes.give_up(&7, at(9)), None, "its lease is nearly over");
}

#[derive(Debug, Clone)]
enum Step {
    Offer(u8),
    Park(u8),
    End(u8, End),
    StartMore,
}

fn step() -> impl Strategy<Value = Step> {
    let end = prop_oneof![Just(End::Soon), Just(End::Slow), Just(End::Unbegun)];
    prop_oneof![
        6 => (0_u8..4).prop_map(Step::Offer),
        1 => (0_u8..4).prop_map(Step::Park),
        4 => (0_u8..4, end).prop_map(|(lane, end)| Step::End(lane, end)),
        1 => Just(Step::StartMore),
    ]
}

proptest! {
    /// Any order of events: the counts agree, a lane is served in order, none runs more than its
    /// share, and where something waits something runs.
    #[test]
    fn lanes_keep_order_and_count(steps in prop::collection::vec(step(), 0..2000)) {
        let mut lanes: TestLanes<u8> = Lanes::new();
        let mut running: BTreeMap<u8, usize> = BTreeMap::new();
        let mut waiting: BTreeMap<u8, VecDeque<usize>> = BTreeMap::new();
        for (job, step) in steps.into_iter().enumerate() {
            match step {
                Step::Offer(lane) => match lanes.offer(&lane, job) {
                    Offer::Start(started) => {
                        prop_assert_eq!(started, job);
                        prop_assert!(waiting.get(&lane).is_none_or(VecDeque::is_empty));
                        *running.entry(lane).or_default() += 1;
                    }
                    Offer::Waits => waiting.entry(lane).or_default().push_back(job),
                    Offer::Full(back) => prop_assert_eq!(back, job),
                },
                Step::Park(lane) => prop_assert!(lanes.park(&lane, at(9), job, false)),
                Step::End(lane, end) if running.get(&lane).is_some_and(|count| *count > 0) => {
                    let after = lanes.ended(&lane, end, at(0));
                    match after.next {
                        Some(next) => {
                            let first = waiting.entry(lane).or_default().pop_front();
                            prop_assert_eq!(Some(next), first);
                        }
                        None => *running.entry(lane).or_default() -= 1,
                    }
                }
                Step::End(..) => {}
                Step::StartMore => for (lane, job) in lanes.start_more() {
                    let first = waiting.entry(lane).or_default().pop_front();
                    prop_assert_eq!(Some(job), first);
                    *running.entry(lane).or_default() += 1;
                },
            }
            prop_assert_eq!(lanes.running, running.values().sum::<usize>());
            prop_assert_eq!(lanes.waiting, waiting.values().map(VecDeque::len).sum::<usize>());
            let all = || lanes.by_name.values();
            prop_assert_eq!(lanes.parked, all().map(|lane| lane.parked.len()).sum::<usize>());
            prop_assert_eq!(lanes.ahead, all().map(Lane::ahead).sum::<usize>());
            prop_assert!(all().all(|lane| lane.running > 0 || lane.waiting.is_empty()));
            prop_assert!(all().all(|lane| lane.running <= LANE_RUNNING_COUNT_MAX));
        }
    }
}
